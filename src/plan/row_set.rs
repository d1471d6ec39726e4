//! Rows of a source by their numbers, a bit each.

const BITS: u64 = u64::BITS as u64;

/// See the module's text.
#[derive(Debug, Default)]
pub(super) struct RowSet(Vec<u64>);

impl RowSet {
    pub(super) fn insert(&mut self, row: u64) {
        let Some((at, bit)) = place(row) else { return };
        if self.0.len() <= at {
            self.0.resize(at + 1, 0);
        }
        if let Some(bits) = self.0.get_mut(at) {
            *bits |= bit;
        }
    }

    /// Gives whether it was there.
    pub(super) fn remove(&mut self, row: u64) -> bool {
        let bits = place(row).and_then(|(at, bit)| Some((self.0.get_mut(at)?, bit)));
        let Some((bits, bit)) = bits else { return false };
        let was_there = *bits & bit != 0;
        *bits &= !bit;
        was_there
    }
}

fn place(row: u64) -> Option<(usize, u64)> {
    Some((usize::try_from(row / BITS).ok()?, 1 << (row % BITS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_there_until_it_is_taken_out() {
        let mut rows = RowSet::default();
        for row in [0, 1, 63, 64, 1_000] {
            rows.insert(row);
        }
        let there = [0, 1, 2, 63, 64, 65, 1_000, 5_000].map(|row| rows.remove(row));
        assert_eq!(there, [true, true, false, true, true, false, true, false]);
        assert!(!rows.remove(64));
    }
}
