//! A chart of rows over time, drawn as SVG without a script: by day, by month or by year, whichever lets one see the most.
//!
//! What it is for is a hole: an export that lacks a month looks like any other until somebody sees it.

use jiff::civil::Date;
use serde::Serialize;

use super::super::words::{counted, number, one_line, rows};
use crate::plan::{Days, SourceProfile};

const WIDTH: i64 = 640;
const HEIGHT: i64 = 200;
/// Where the axis lies, and how far above it the highest bar ends.
const GROUND: i64 = 168;
const ROOM: i64 = 136;
/// No more bars than this can be told apart.
const MOST_BARS: i64 = 72;
/// So many times without a row are named.
const NAMED_GAPS: usize = 4;

/// A chart and its sentences.
#[derive(Debug, Serialize)]
pub(super) struct TimeChart {
    svg: String,
    says: String,
    gaps: Vec<String>,
    unit: &'static str,
    bars: Vec<Bar>,
}

#[derive(Debug, Serialize)]
struct Bar {
    name: String,
    rows: String,
    #[serde(skip)]
    count: u64,
}

/// How much time a bar stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Day,
    Month,
    Year,
}

impl Unit {
    /// The number of the bar that a day is in.
    fn of(self, day: Date) -> i64 {
        match self {
            Self::Day => day.duration_since(Date::ZERO).as_hours() / 24,
            Self::Month => i64::from(day.year()) * 12 + i64::from(day.month()) - 1,
            Self::Year => i64::from(day.year()),
        }
    }

    fn name(self, bar: i64) -> String {
        match self {
            Self::Day => {
                let day = Date::ZERO.checked_add(jiff::SignedDuration::from_hours(bar * 24));
                day.map(|day| day.to_string()).unwrap_or_default()
            }
            Self::Month => format!("{:04}-{:02}", bar.div_euclid(12), bar.rem_euclid(12) + 1),
            Self::Year => bar.to_string(),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Day => "Day",
            Self::Month => "Month",
            Self::Year => "Year",
        }
    }
}

/// The rows over time, as far as anything says when they are from: what the job puts them in order by, or else a column
/// whose every cell is a date.
pub(super) fn over_time(profile: &SourceProfile) -> Option<TimeChart> {
    if !profile.turns.is_empty() {
        return draw(&profile.turns, "what the job puts its rows in order by");
    }
    let dated = || profile.columns.iter().filter_map(|one| Some((one, one.days.as_ref()?)));
    // When something was made says more than when it was last read.
    let is_creation = |name: &str| name.to_ascii_lowercase().contains("creat");
    let (column, days) =
        dated().find(|(column, _)| is_creation(&column.name)).or_else(|| dated().next())?;
    draw(days, &format!("column `{}`", one_line(&column.name)))
}

fn draw(days: &Days, by: &str) -> Option<TimeChart> {
    let (first, last) = (days.iter().next()?.0, days.iter().next_back()?.0);
    let span = |unit: Unit| unit.of(last) - unit.of(first) + 1;
    let fits = |unit: &Unit| span(*unit) <= MOST_BARS;
    let unit = [Unit::Day, Unit::Month].into_iter().find(fits).unwrap_or(Unit::Year);
    let end = unit.of(last);
    let begin = unit.of(first).max(end - MOST_BARS + 1);
    let mut counts = vec![0_u64; usize::try_from(end - begin + 1).ok()?];
    let (mut all, mut older) = (0, 0);
    for (day, count) in days.iter() {
        let at = usize::try_from(unit.of(day) - begin).ok();
        match at.and_then(|at| counts.get_mut(at)) {
            Some(bar) => *bar += count,
            None => older += count,
        }
        all += count;
    }
    let bar = |(at, count): (usize, &u64)| Bar {
        name: unit.name(begin + at as i64),
        rows: number(*count),
        count: *count,
    };
    let bars: Vec<Bar> = counts.iter().enumerate().map(bar).collect();
    let most = bars.iter().max_by_key(|bar| bar.count)?;
    let mut says = format!(
        "{} by {}, as {by} says: from {first} to {last}, the most in {} ({}).",
        rows(all),
        unit.word(),
        most.name,
        most.rows
    );
    if older > 0 {
        says.push_str(&format!(" {} from before {} not drawn.", rows(older), unit.name(begin)));
    }
    let svg = svg(&bars, unit);
    Some(TimeChart { svg, says, gaps: gaps(&bars, unit), unit: unit.title(), bars })
}

/// The times between the first row and the last of which there is none, where that is not the rule.
fn gaps(bars: &[Bar], unit: Unit) -> Vec<String> {
    let empty = bars.iter().filter(|bar| bar.count == 0).count();
    if empty == 0 || empty * 3 > bars.len() {
        return Vec::new();
    }
    let names = bars.iter().filter(|bar| bar.count == 0).map(|bar| bar.name.as_str());
    let mut names: Vec<&str> = names.take(NAMED_GAPS + 1).collect();
    if names.len() > NAMED_GAPS {
        names[NAMED_GAPS] = "…";
    }
    let without = format!("{} without a row", counted(empty as u64, unit.word()));
    vec![format!("{without}: {}. Is something missing from the export?", names.join(", "))]
}

fn svg(bars: &[Bar], unit: Unit) -> String {
    let highest = bars.iter().map(|bar| bar.count).max().unwrap_or(1).max(1);
    let count = bars.len().max(1) as i64;
    let mut svg = String::new();
    for (at, bar) in bars.iter().enumerate() {
        let (left, right) = (at as i64 * WIDTH / count, (at as i64 + 1) * WIDTH / count);
        // Of what is there something is seen.
        let share = i64::try_from(bar.count.saturating_mul(ROOM as u64).div_ceil(highest));
        let height = share.unwrap_or(ROOM);
        let width = (right - left - 1).clamp(1, 60);
        svg.push_str(&format!(
            "<rect class=\"bar\" x=\"{left}\" y=\"{}\" width=\"{width}\" height=\"{height}\"/>",
            GROUND - height
        ));
    }
    let label = |x: i64, anchor: &str, text: &str| {
        let y = HEIGHT - 8;
        format!("<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{text}</text>")
    };
    let names: Vec<&str> = bars.iter().map(|bar| bar.name.as_str()).collect();
    if let [first, .., last] = names.as_slice() {
        svg.push_str(&label(0, "start", first));
        svg.push_str(&label(WIDTH, "end", last));
        if let Some(middle) = names.get(names.len() / 2).filter(|_| names.len() >= 12) {
            svg.push_str(&label(WIDTH / 2, "middle", middle));
        }
    } else if let Some(only) = names.first() {
        svg.push_str(&label(0, "start", only));
    }
    let unit = unit.word();
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Rows by {unit}, as a bar chart\">\
         <text x=\"0\" y=\"20\">{} at the most</text>\
         <line class=\"axis\" x1=\"0\" y1=\"{GROUND}\" x2=\"{WIDTH}\" y2=\"{GROUND}\"/>{svg}</svg>",
        number(highest)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::ColumnProfile;

    fn days(days: &[(&str, u64)]) -> Days {
        let mut counted = Days::default();
        for (day, count) in days {
            (0..*count).for_each(|_| counted.add(day.parse().unwrap()));
        }
        counted
    }

    fn told(of: &[(&str, u64)]) -> (String, Vec<String>, Vec<(String, u64)>) {
        let chart = draw(&days(of), "column `at`").unwrap();
        assert!(chart.svg.starts_with("<svg viewBox") && chart.svg.ends_with("</svg>"));
        let bars = chart.bars.into_iter().map(|bar| (bar.name, bar.count)).collect();
        (chart.says, chart.gaps, bars)
    }

    #[test]
    fn a_bar_is_a_day_a_month_or_a_year() {
        let (says, gaps, bars) = told(&[("2026-02-27", 2), ("2026-03-01", 1)]);
        assert_eq!(
            says,
            "3 rows by day, as column `at` says: from 2026-02-27 to 2026-03-01, the most in 2026-02-27 (2)."
        );
        let named = |name: &str, count| (name.to_owned(), count);
        let expected = [named("2026-02-27", 2), named("2026-02-28", 0), named("2026-03-01", 1)];
        assert_eq!(bars, expected);
        assert_eq!(
            gaps,
            ["1 day without a row: 2026-02-28. Is something missing from the export?"]
        );
        let (_, gaps, bars) = told(&[("2023-12-31", 1), ("2024-01-01", 3), ("2024-03-05", 1)]);
        assert_eq!(bars.len(), 66, "66 days are told apart");
        assert_eq!(gaps, Vec::<String>::new(), "days without a row are the rule there");
        let (_, _, bars) = told(&[("2022-12-31", 1), ("2023-01-01", 3), ("2024-03-05", 1)]);
        assert_eq!(bars[..2], [named("2022-12", 1), named("2023-01", 3)]);
        assert_eq!((bars.len(), bars.last()), (16, Some(&named("2024-03", 1))));
        let (says, _, bars) = told(&[("0001-01-01", 1), ("2024-03-05", 1)]);
        assert_eq!(bars.len(), 72);
        assert!(says.ends_with(" 1 row from before 1953 not drawn."), "{says}");
        let (_, _, bars) = told(&[("2024-03-05", 9)]);
        assert_eq!(bars, [named("2024-03-05", 9)]);
    }

    #[test]
    fn what_the_job_goes_by_counts_before_a_column_and_a_creation_before_other_dates() {
        let column = |name: &str, of: &[(&str, u64)]| ColumnProfile {
            name: name.into(),
            is_used: false,
            filled: 1,
            examples: Vec::new(),
            values: None,
            days: (!of.is_empty()).then(|| days(of)),
        };
        let mut profile = SourceProfile {
            rows: 1,
            columns: vec![
                column("body", &[]),
                column("read_at", &[("2024-01-01", 1)]),
                column("Created", &[("2024-01-02", 1)]),
            ],
            ..SourceProfile::default()
        };
        let by = |profile: &SourceProfile| over_time(profile).map(|chart| chart.says).unwrap();
        assert!(by(&profile).contains("column `Created`"));
        profile.columns.pop();
        assert!(by(&profile).contains("column `read_at`"));
        profile.turns = days(&[("2024-01-03", 1)]);
        assert!(by(&profile).contains("what the job puts its rows in order by"));
        assert!(over_time(&SourceProfile::default()).is_none());
    }
}
