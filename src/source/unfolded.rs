//! Several rows of one, where whoever reads them says how many: each with the same cells, and with its share of the row.
//!
//! What a share is of is not known here: the cells are the same in all of them.

use std::sync::Arc;

use super::columns::{Columns, Keys};
use super::made::{Made, Passed, passed_by};
use super::record::Record;
use super::{Read, RowReader, Source};

/// Which of several rows that one row comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    /// From 1.
    pub number: usize,
    pub count: usize,
}

/// Says how many rows one comes to.
pub(crate) trait Unfold: Send + Sync {
    /// At least 1.
    fn count(&self, record: &Record) -> usize;
}

/// See the module's text.
pub(super) struct Unfolded {
    inner: Box<Source>,
    how: Arc<dyn Unfold>,
    /// The row that comes to several.
    held: Record,
    /// The last share of it that was given.
    last: Share,
}

impl Unfolded {
    /// A source of the rows that come of those of another.
    pub(super) fn source(mut inner: Source, how: Arc<dyn Unfold>) -> Source {
        let keys = std::mem::replace(&mut inner.keys, Keys::new(Columns::default()));
        let (name, stamp) = (Arc::clone(&inner.name), inner.stamp);
        let lacking = std::mem::take(&mut inner.lacking);
        let (held, last) = (Record::default(), Share { number: 1, count: 1 });
        let made = Self { inner: Box::new(inner), how, held, last };
        let rows = RowReader::Made(Box::new(made));
        Source { keys, stamp, lacking, ..Source::new(name, Columns::default(), rows) }
    }

    /// Makes a record the share that was given last.
    fn mark(&self, record: &mut Record) {
        let Share { number, count } = self.last;
        record.share = Some(self.last);
        let within = match &record.place.within {
            Some(within) => format!("{within}, part {number} of {count}"),
            None => format!("part {number} of {count}"),
        };
        record.place.within = Some(within.into());
    }
}

impl Made for Unfolded {
    fn next(&mut self, record: &mut Record, keys: &mut Keys) -> Read {
        if self.last.number < self.last.count {
            self.last.number += 1;
            record.clone_from(&self.held);
            self.mark(record);
            return Read::Row;
        }
        // Which columns there are is known outside; the rows are read inside.
        std::mem::swap(keys, &mut self.inner.keys);
        let read = self.inner.next(record);
        std::mem::swap(keys, &mut self.inner.keys);
        if matches!(read, Read::Row) {
            record.share = None;
            self.last = Share { number: 1, count: self.how.count(record) };
            if self.last.count > 1 {
                self.held.clone_from(record);
                self.mark(record);
            }
        }
        read
    }

    fn ask(&mut self, name: &str) {
        if let RowReader::Made(made) = &mut self.inner.rows {
            made.ask(name);
        }
    }

    fn passed(&self) -> Vec<Passed> {
        passed_by(&self.inner)
    }

    fn tells(&self) -> bool {
        self.inner.tells()
    }

    fn keeps_numbers(&self) -> bool {
        matches!(&self.inner.rows, RowReader::Made(made) if made.keeps_numbers())
    }
}
