//! What a pilot has made, row by row: for whoever goes and looks at it on the other side before the rest is sent.

use super::RunView;
use super::words::{counted, number, one_line};
use crate::event::{RowEnd, RowEnded};

/// So many are named: as many as somebody looks at.
const NAMED: usize = 20;

/// The rows of a pilot that succeeded.
#[derive(Debug, Default)]
pub(super) struct Pilot {
    count: u64,
    /// The first of them, a line each.
    lines: Vec<String>,
}

impl Pilot {
    /// Hears of a row's end.
    pub(super) fn hear(&mut self, row: &RowEnded) {
        if row.end != RowEnd::Succeeded {
            return;
        }
        self.count += 1;
        if self.lines.len() < NAMED {
            let lane = one_line(&row.lane);
            let lane = if lane.is_empty() { lane } else { format!(", {lane}") };
            let id = row.id.as_deref().map(|id| format!(": {}", one_line(id))).unwrap_or_default();
            self.lines.push(format!("  row {} (line {}{lane}){id}", row.place.row, row.place.line));
        }
    }

    /// What there is to look at; nothing where the run is no pilot, or has made nothing. What a rehearsal makes is gone with it.
    pub(super) fn text(&self, view: &RunView) -> String {
        if view.sandbox || view.beyond_limit() == 0 || self.count == 0 {
            return String::new();
        }
        let what = counted(self.count, &view.item);
        let mut text = format!(
            "\nThis pilot has done {what}; look at {}:\n",
            if self.count == 1 { "it" } else { "them" }
        );
        for line in &self.lines {
            text.push_str(line);
            text.push('\n');
        }
        let more = self.count - self.lines.len() as u64;
        if more > 0 {
            text.push_str(&format!("  and {} more\n", number(more)));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::plan::{Fate, Sending, Tally};
    use crate::report::tests::{DONE, SENT, refused, view};

    fn row(number: u64, id: Option<&str>) -> RowEnded {
        let Event::Row(row) = refused(number) else { unreachable!() };
        RowEnded { end: RowEnd::Succeeded, id: id.map(str::to_owned), cause: None, ..row }
    }

    #[test]
    fn what_a_pilot_has_made_is_told_by_row_ticket_and_id() {
        let tally = Tally::from_iter([(SENT, 3), (DONE, 1), (Fate::Later(Sending::Fresh), 90)]);
        let pilot_view = RunView { tally, ..view() };
        let mut pilot = Pilot::default();
        let Event::Row(failed) = refused(9) else { unreachable!() };
        [row(1, Some("tn_1")), failed, row(5, None)].iter().for_each(|row| pilot.hear(row));
        assert_eq!(
            pilot.text(&pilot_view),
            "\nThis pilot has done 2 notes; look at them:\n  row 1 (line 2, ticket tk_1): tn_1\n  row 5 (line 6, ticket tk_5)\n"
        );
        // Whoever sends everything has no need of a list.
        assert_eq!(pilot.text(&view()), "");
        assert_eq!(pilot.text(&RunView { sandbox: true, ..pilot_view.clone() }), "");
        (10..40).for_each(|number| pilot.hear(&row(number, Some("tn"))));
        let text = pilot.text(&pilot_view);
        assert_eq!(text.lines().count(), 2 + NAMED + 1);
        assert!(text.ends_with("  and 12 more\n"), "{text}");
    }
}
