//! A chart of how full lanes become, drawn as SVG without a script.

use serde::Serialize;

use super::super::words::number;

/// The upper ends of the bars; the last has none.
const ENDS: &[u32] = &[1, 2, 5, 10, 20, 50, 100, 500];
const BAR: u64 = 26;
const WIDTH: u64 = 640;
const LEFT: u64 = 140;
const RIGHT: u64 = 100;

/// A chart and its sentence.
#[derive(Debug, Serialize)]
pub(super) struct Chart {
    svg: String,
    says: String,
}

/// How many lanes get how many rows; none where there are no lanes.
pub(super) fn of_lanes(counts: impl Iterator<Item = u32>, noun: &str) -> Option<Chart> {
    let mut bars = vec![0_u64; ENDS.len() + 1];
    let (mut most, mut lanes) = (0, 0_u64);
    for count in counts {
        let at = ENDS.iter().position(|end| count <= *end).unwrap_or(ENDS.len());
        bars[at] += 1;
        most = most.max(count);
        lanes += 1;
    }
    let filled = bars.iter().rposition(|bar| *bar > 0)?;
    let highest = bars.iter().copied().max().unwrap_or(1).max(1);
    let mut svg = String::new();
    for (at, lanes) in bars.iter().take(filled + 1).enumerate() {
        let top = at as u64 * BAR;
        let width = (lanes * (WIDTH - LEFT - RIGHT)).div_ceil(highest);
        let middle = top + 17;
        svg.push_str(&format!(
            "<text x=\"{}\" y=\"{middle}\" text-anchor=\"end\">{}</text>\
             <rect class=\"bar\" x=\"{LEFT}\" y=\"{}\" width=\"{width}\" height=\"18\" rx=\"3\"/>\
             <text x=\"{}\" y=\"{middle}\">{}</text>",
            LEFT - 10,
            range(at),
            top + 4,
            LEFT + width + 8,
            number(*lanes)
        ));
    }
    let height = (filled as u64 + 1) * BAR;
    let lanes = number(lanes);
    let says = format!(
        "How many {noun}s get how many rows: {lanes} {noun}s in all, {} rows on the fullest.",
        number(u64::from(most))
    );
    let svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"Rows on a lane, as a bar chart\">{svg}</svg>"
    );
    Some(Chart { svg, says })
}

/// `3 to 5`, and from what the last begins.
fn range(at: usize) -> String {
    let from = if at == 0 { 1 } else { ENDS.get(at - 1).map_or(1, |end| end + 1) };
    match ENDS.get(at) {
        Some(end) if *end == from => from.to_string(),
        Some(end) => format!("{from} to {end}"),
        None => format!("{from} or more"),
    }
}
