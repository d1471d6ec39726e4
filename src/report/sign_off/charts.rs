//! What was sent over time, drawn as SVG without a script: one run after the other, without the time between them.

use serde::Serialize;

use super::SignOff;
use super::says::milliseconds;
use super::traffic::{Column, Slot};
use crate::report::status::moment;
use crate::report::words::number;

const WIDTH: f64 = 720.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = 12.0;
/// Where the axis of a chart lies, and where its highest mark.
const GROUND: f64 = 170.0;
const TOP: f64 = 22.0;
const HEIGHT: f64 = 196.0;
/// More columns than this cannot be told apart.
pub(super) const MOST: usize = 160;
/// So many lines has a table of the same.
const TABLE: usize = 40;
/// A run's name takes so much room.
const NAME: f64 = 56.0;

/// All charts of a report.
#[derive(Debug, Serialize)]
pub(super) struct Charts {
    pub requests: String,
    pub latency: Option<String>,
    pub troubles: Option<String>,
    pub rows: Vec<TableRow>,
}

/// A part of the time, in words.
#[derive(Debug, Serialize)]
pub(super) struct TableRow {
    pub at: String,
    pub run: i64,
    pub requests: String,
    pub succeeded: String,
    pub refused: String,
    pub other: String,
    pub again: String,
    pub half: String,
    pub most: String,
}

struct Frame<'c> {
    columns: &'c [Column],
    step: f64,
}

impl Frame<'_> {
    fn left(&self, at: usize) -> f64 {
        LEFT + at as f64 * self.step
    }

    fn middle(&self, at: usize) -> f64 {
        self.left(at) + self.step / 2.0
    }

    /// Where each run begins, with its name where there is room.
    fn runs(&self, ground: f64) -> String {
        let mut svg = String::new();
        let mut free_from = 0.0;
        for (at, column) in self.columns.iter().enumerate().filter(|(_, one)| one.begins_run) {
            let left = self.left(at);
            svg.push_str(&format!(
                "<line class=\"run\" x1=\"{left:.1}\" x2=\"{left:.1}\" y1=\"{TOP}\" y2=\"{ground}\"/>"
            ));
            if left >= free_from && left < WIDTH - RIGHT - NAME {
                svg.push_str(&format!(
                    "<text x=\"{:.1}\" y=\"{:.1}\">run {}</text>",
                    left + 3.0,
                    ground + 18.0,
                    column.run
                ));
                free_from = left + NAME + 20.0;
            }
        }
        svg
    }
}

fn axis(most: &str, ground: f64) -> String {
    format!(
        "<line class=\"axis\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{ground}\" y2=\"{ground}\"/>\
         <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{most}</text>\
         <text x=\"{}\" y=\"{}\" text-anchor=\"end\">0</text>",
        WIDTH - RIGHT,
        LEFT - 6.0,
        TOP + 10.0,
        LEFT - 6.0,
        ground
    )
}

fn picture(height: f64, label: &str, inside: &str) -> String {
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{label}\">{inside}</svg>"
    )
}

impl SignOff {
    /// The charts; none where nothing was sent, or by no run that is drawn.
    pub(super) fn charts(&self) -> Option<(i64, Charts, Vec<Column>)> {
        let (width, columns) = self.traffic.columns(MOST);
        if columns.is_empty() {
            return None;
        }
        let frame =
            Frame { columns: &columns, step: (WIDTH - LEFT - RIGHT) / columns.len() as f64 };
        let charts = Charts {
            requests: self.requests_chart(&frame, width),
            latency: latency_chart(&frame),
            troubles: troubles_chart(&frame),
            rows: self.table(),
        };
        Some((width, charts, columns))
    }

    fn requests_chart(&self, frame: &Frame<'_>, width: i64) -> String {
        let per_second = self.quotas.iter().map(crate::text::quota::Quota::per_second);
        let quota = per_second.fold(f64::INFINITY, f64::min) * width as f64 / 1000.0;
        let most =
            frame.columns.iter().map(|one| one.slot.requests).max().unwrap_or(1).max(1) as f64;
        // A quota far above all that was sent would flatten it.
        let shows_quota = quota.is_finite() && quota <= most * 4.0;
        let highest = if shows_quota { most.max(quota) } else { most };
        let scale = (GROUND - TOP) / highest;
        let mut svg = axis(&number(highest.ceil() as u64), GROUND);
        for (at, column) in frame.columns.iter().enumerate() {
            let Slot { succeeded, refused, deferred, lost, settled, .. } = &column.slot;
            let mut foot = GROUND;
            for (class, count) in
                [("done", *succeeded), ("no", *refused), ("late", deferred + lost + settled)]
            {
                let height = count as f64 * scale;
                if count > 0 {
                    foot -= height;
                    svg.push_str(&format!(
                        "<rect class=\"{class}\" x=\"{:.1}\" y=\"{foot:.1}\" width=\"{:.1}\" height=\"{height:.1}\"/>",
                        frame.left(at),
                        (frame.step - 0.4).max(0.6)
                    ));
                }
            }
        }
        svg.push_str(&frame.runs(GROUND));
        if shows_quota {
            let level = GROUND - quota * scale;
            // Above the highest line there is no room for letters, the less where they are large on a phone.
            let words = if level < TOP + 12.0 { level + 20.0 } else { level - 5.0 };
            svg.push_str(&format!(
                "<line class=\"quota\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{level:.1}\" y2=\"{level:.1}\"/>\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">the quota</text>",
                WIDTH - RIGHT,
                WIDTH - RIGHT,
                words
            ));
        }
        picture(HEIGHT, "Requests over time, as a bar chart", &svg)
    }

    /// The same in words, in fewer parts.
    fn table(&self) -> Vec<TableRow> {
        let (width, columns) = self.traffic.columns(TABLE);
        let format = if width < 60_000 { "%m-%d %H:%M:%S" } else { "%Y-%m-%d %H:%M" };
        let time =
            |percentile: Option<u64>| percentile.map_or_else(|| "–".to_owned(), milliseconds);
        let row = |column: &Column| TableRow {
            at: moment(column.at, &self.zone())
                .map_or_else(String::new, |at| at.strftime(format).to_string()),
            run: column.run,
            requests: number(column.slot.requests),
            succeeded: number(column.slot.succeeded),
            refused: number(column.slot.refused),
            other: number(column.slot.deferred + column.slot.lost + column.slot.settled),
            again: number(column.slot.again),
            half: time(column.slot.latencies.percentile(50)),
            most: time(column.slot.latencies.percentile(95)),
        };
        columns.iter().map(row).collect()
    }
}

/// How long half of the answers took, 95 and 99 of 100, over time.
fn latency_chart(frame: &Frame<'_>) -> Option<String> {
    let lines = [("half", 50), ("most", 95), ("nearly", 99)];
    let at_most = |column: &Column| column.slot.latencies.percentile(99);
    let highest = frame.columns.iter().filter_map(at_most).max()?.max(1);
    let scale = (GROUND - TOP) / highest as f64;
    let mut svg = axis(&milliseconds(highest), GROUND);
    for (class, percent) in lines {
        let mut points: Vec<String> = Vec::new();
        let flush = |points: &mut Vec<String>| {
            let line = match points.as_slice() {
                [] => String::new(),
                [only] => {
                    let (x, y) = only.split_once(',').unwrap_or_default();
                    format!("<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"2.5\"/>")
                }
                some => format!("<polyline class=\"{class}\" points=\"{}\"/>", some.join(" ")),
            };
            points.clear();
            line
        };
        for (at, column) in frame.columns.iter().enumerate() {
            if column.begins_run {
                svg.push_str(&flush(&mut points));
            }
            if let Some(took) = column.slot.latencies.percentile(percent) {
                let y = GROUND - took as f64 * scale;
                points.push(format!("{:.1},{y:.1}", frame.middle(at)));
            }
        }
        svg.push_str(&flush(&mut points));
    }
    svg.push_str(&frame.runs(GROUND));
    Some(picture(HEIGHT, "How long answers took over time, as lines", &svg))
}

/// Where requests were sent again, and where nothing was sent.
fn troubles_chart(frame: &Frame<'_>) -> Option<String> {
    const AGAIN: f64 = 74.0;
    const PAUSED: f64 = 104.0;
    let most = frame.columns.iter().map(|one| one.slot.again).max()?;
    let is_pause = |at: usize| {
        let after = frame.columns.get(at + 1..).unwrap_or_default();
        let goes_on =
            after.iter().take_while(|one| !one.begins_run).any(|one| one.slot.requests > 0);
        frame.columns[at].slot.requests == 0 && goes_on
    };
    let pauses: Vec<usize> = (0..frame.columns.len()).filter(|at| is_pause(*at)).collect();
    if most == 0 && pauses.is_empty() {
        return None;
    }
    let mut svg = axis(&number(most), AGAIN);
    let scale = (AGAIN - TOP) / most.max(1) as f64;
    for (at, column) in frame.columns.iter().enumerate().filter(|(_, one)| one.slot.again > 0) {
        let height = column.slot.again as f64 * scale;
        svg.push_str(&format!(
            "<rect class=\"late\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\"/>",
            frame.left(at),
            AGAIN - height,
            (frame.step - 0.4).max(0.6)
        ));
    }
    svg.push_str(&format!(
        "<rect class=\"trough\" x=\"{LEFT}\" y=\"{}\" width=\"{}\" height=\"12\"/>",
        AGAIN + 12.0,
        WIDTH - LEFT - RIGHT
    ));
    for at in pauses {
        svg.push_str(&format!(
            "<rect class=\"pause\" x=\"{:.1}\" y=\"{}\" width=\"{:.1}\" height=\"12\"/>",
            frame.left(at),
            AGAIN + 12.0,
            frame.step
        ));
    }
    svg.push_str(&format!(
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">idle</text>",
        LEFT - 6.0,
        AGAIN + 23.0
    ));
    svg.push_str(&frame.runs(PAUSED));
    Some(picture(128.0, "Requests sent again, and times without any, over time", &svg))
}
