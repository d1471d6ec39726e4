//! When somebody is reminded: only where a reminder is still to come, for one in the past is refused.

use super::Composing;
use super::text::epoch;
use crate::draft::drafted::{Remark, ReminderDraft};
use crate::draft::seen::ColumnSeen;
use crate::draft::time::{self, TimeSeen, date_in};
use crate::source::Format;

impl Composing<'_> {
    pub(super) fn reminder(&mut self) -> Option<ReminderDraft> {
        let pick = self.picked.reminder.clone()?;
        let times = self.times_of(&pick.column)?;
        self.use_column(&pick);
        let due = self.picked.due.clone().and_then(|due| {
            let times = self.times_of(&due.column)?;
            self.use_column(&due);
            Some(format!("{} | {}", due.term, epoch(&times, None)))
        });
        let days = pick.column.texts().filter_map(|text| date_in(text, &times));
        let (mut of, mut to_come) = (0, 0);
        for day in days {
            of += 1;
            to_come += usize::from(day > self.today);
        }
        let remarks = vec![match to_come {
            0 => Remark::RemindersPast,
            to_come => Remark::RemindersToCome { to_come, of },
        }];
        Some(ReminderDraft {
            column: pick.term.clone(),
            remind: format!("{} | {}", pick.term, epoch(&times, None)),
            due,
            remarks,
        })
    }

    fn times_of(&self, column: &ColumnSeen) -> Option<TimeSeen> {
        time::recognise(
            column.texts(),
            self.answers.day_first,
            self.main.format == Format::Workbook,
        )
    }
}
