//! What of a list has been read, and on which side of what the ledger owns an item stands.
//!
//! Rows of a lane go one at a time, so the last thing that the ledger owns there is a fence: what was made later stands on
//! its newer side, whatever clocks say. What follows from where an item stands is for the search.

use std::cmp::Ordering;

use super::likeness::{Kind, Likeness};
use super::since::{DISAGREEMENT_MILLISECONDS, Dated, Since};
use crate::row::{Holdings, Made};

/// So many items in order are so by no chance.
const SURELY_IN_ORDER: usize = 6;

/// An item that has been read.
#[derive(Debug)]
pub(super) struct Item {
    pub id: String,
    /// When it was made, by the clock that dates items.
    pub made: Option<i64>,
    /// Whether a row owns it, and what is known of that.
    pub owner: Option<Option<Made>>,
    pub likeness: Likeness,
    pub kind: Kind,
    /// Whether that is said, and is not that of what is looked for.
    pub differs_in_kind: bool,
}

/// Where an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Where the attempt's would be.
    Newer,
    /// Nobody can tell.
    Unclear,
    /// It is older than the attempt.
    Older,
}

/// In which order a list shows its items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    NewestFirst,
    OldestFirst,
    /// In none of them.
    Mixed,
    /// There is too little to tell.
    Unknown,
}

/// What of a list has been read.
#[derive(Debug, Default)]
pub(super) struct List {
    items: Vec<Item>,
}

impl List {
    pub(super) fn push(&mut self, item: Item) {
        self.items.push(item);
    }

    /// An item is somebody's from now on.
    pub(super) fn give(&mut self, id: &str) {
        let items = self.items.iter_mut().filter(|item| item.id == id);
        items.for_each(|item| item.owner = item.owner.or(Some(None)));
    }

    pub(super) fn clear(&mut self) {
        self.items.clear();
    }

    /// Where the last thing stands that the ledger owns in the lane.
    pub(super) fn fence(&self, holdings: &Holdings) -> Option<usize> {
        let newest = holdings.newest.as_ref()?;
        self.items.iter().position(|item| item.id == newest.id)
    }

    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }

    pub(super) fn get(&self, at: usize) -> Option<&Item> {
        self.items.get(at)
    }

    /// The order of what rows own in the lane; where that does not tell, the order in which items were made.
    pub(super) fn direction(&self) -> Direction {
        let of_turns = direction(&self.turns());
        let of_moments = self.made().map_or(Direction::Unknown, |made| direction(&made));
        match (of_turns, of_moments) {
            (Direction::Unknown, known) => known,
            (Direction::Mixed, Direction::Unknown | Direction::Mixed) => Direction::Mixed,
            (Direction::Mixed, known) => known,
            (known, _) => known,
        }
    }

    /// Likewise, where so many items stand in that order that it cannot be chance.
    pub(super) fn sure_direction(&self) -> Direction {
        let (turns, made) = (self.turns(), self.made().unwrap_or_default());
        let known = self.direction();
        let is_known = matches!(known, Direction::NewestFirst | Direction::OldestFirst);
        let is_sure =
            |count: usize, seen: Direction| is_known && count >= SURELY_IN_ORDER && seen == known;
        match is_sure(turns.len(), direction(&turns)) || is_sure(made.len(), direction(&made)) {
            true => known,
            false => Direction::Unknown,
        }
    }

    /// When what rows own in the lane was sent, compared with one another.
    fn turns(&self) -> Vec<(i64, u64)> {
        let owned = self.items.iter().filter_map(|item| item.owner.flatten());
        owned.filter(|made| made.in_lane).map(|made| made.turn).collect()
    }

    /// When items were made, if all of them are dated.
    fn made(&self) -> Option<Vec<i64>> {
        self.items.iter().map(|item| item.made).collect()
    }

    /// Whether the list shows something of a kind that a row owns.
    pub(super) fn shows_owned(&self, kind: &Kind) -> bool {
        self.items.iter().any(|item| item.owner.is_some() && item.kind == *kind)
    }

    /// The latest item of which is known when it was sent and when it was made.
    pub(super) fn dated(&self) -> Option<Dated> {
        let dated = self.items.iter().filter_map(|item| {
            let owner = item.owner.flatten()?;
            Some((owner.turn, Dated { made: item.made?, sent: owner.attempted }))
        });
        dated.max_by_key(|(turn, _)| *turn).map(|(_, dated)| dated)
    }

    /// Whether what follows is older by the clock that dates items than a moment, as far as they are dated.
    pub(super) fn goes_back_to(&self, moment: i64) -> bool {
        self.items.last().is_none_or(|last| last.made.is_none_or(|made| made < moment))
    }

    /// Likewise, where the list is seen to begin with the newest by that clock.
    pub(super) fn reaches_back_to(&self, moment: i64) -> bool {
        self.made().is_some_and(|made| {
            direction(&made) == Direction::NewestFirst
                && made.last().is_some_and(|last| *last < moment)
        })
    }

    /// Items that no row owns and that are like what was sent, with where they stand.
    pub(super) fn candidates(
        &self,
        fence: Option<usize>,
        since: Since,
        is_calibrated: bool,
    ) -> impl Iterator<Item = (&Item, Side)> {
        self.nobodys(fence, since, is_calibrated)
            .filter(|(item, _)| item.likeness != Likeness::Other)
    }

    /// Whether something that no row owns stands where the attempt's would be, and is not like what was sent.
    pub(super) fn shows_strangers(
        &self,
        fence: Option<usize>,
        since: Since,
        is_calibrated: bool,
    ) -> bool {
        self.nobodys(fence, since, is_calibrated)
            .any(|(item, side)| item.likeness == Likeness::Other && side != Side::Older)
    }

    /// Items that no row owns, with where they stand.
    fn nobodys(
        &self,
        fence: Option<usize>,
        since: Since,
        is_calibrated: bool,
    ) -> impl Iterator<Item = (&Item, Side)> {
        let (direction, sure) = (self.direction(), self.sure_direction());
        let items = self.items.iter().enumerate();
        let nobodys = items.filter(|(_, item)| item.owner.is_none());
        nobodys.map(move |(at, item)| {
            let side = match fence.and_then(|fence| Some((fence, self.items.get(fence)?))) {
                Some((fence, wall)) => beside(at.cmp(&fence), item, wall, (direction, sure)),
                None => by_time(item, since, is_calibrated),
            };
            (item, side)
        })
    }
}

/// On which side of another item one stands that no row owns.
pub(super) fn side_of(
    (at, item): (usize, &Item),
    (fence_at, fence): (usize, &Item),
    order: (Direction, Direction),
) -> Side {
    beside(at.cmp(&fence_at), item, fence, order)
}

/// On which side of the fence an item stands. Machines of the other side may have dated, and so sorted, what was made
/// shortly after one another the other way round.
fn beside(
    order: Ordering,
    item: &Item,
    fence: &Item,
    (direction, sure): (Direction, Direction),
) -> Side {
    let newer = match direction {
        Direction::NewestFirst => order == Ordering::Less,
        Direction::OldestFirst => order == Ordering::Greater,
        Direction::Mixed | Direction::Unknown => false,
    };
    let is_in_no_order = matches!(direction, Direction::Mixed | Direction::Unknown);
    match (newer, item.made.zip(fence.made)) {
        (true, _) => Side::Newer,
        (false, Some((made, fence))) if made < fence - DISAGREEMENT_MILLISECONDS => Side::Older,
        (false, Some((made, fence))) if is_in_no_order && made > fence => Side::Newer,
        // Of one moment, in a list of which the order cannot be told: it may begin with the newest, as it was asked to, and
        // then what is like the fence itself may be a double of that.
        (false, Some((made, of_fence))) if is_in_no_order && made == of_fence => {
            match (direction, order, fence.likeness) {
                (_, _, Likeness::Other)
                | (Direction::Mixed, _, _)
                | (_, Ordering::Less | Ordering::Equal, _) => Side::Newer,
                _ => Side::Unclear,
            }
        }
        (false, None) if sure != Direction::Unknown => Side::Older,
        (false, _) => Side::Unclear,
    }
}

/// Without a fence there are but clocks. One that nothing has shown to go right tells of nothing that it is too old.
pub(super) fn by_time(item: &Item, since: Since, is_calibrated: bool) -> Side {
    match item.made {
        Some(made) if made >= since.moment => Side::Newer,
        Some(made) if is_calibrated && made < since.earliest() => Side::Older,
        _ => Side::Unclear,
    }
}

/// Moments or turns that follow one another, if they all do so the same way.
fn direction<T: Ord>(moments: &[T]) -> Direction {
    match (moments.is_sorted_by(|one, next| one >= next), moments.is_sorted()) {
        (true, true) => Direction::Unknown,
        (true, false) => Direction::NewestFirst,
        (false, true) => Direction::OldestFirst,
        (false, false) => Direction::Mixed,
    }
}
