//! What is said of a row: where it stands, what names it and its content, its attempts and what came of them, how
//! rows add up, and what is told of them.
//!
//! Values only. Whoever reads sources, keeps ledgers, sends or reports says what it has to say in these words; what
//! is to be done with a row is decided elsewhere.

mod attempt;
mod cause;
mod digest;
mod fields;
mod holdings;
mod key;
mod known;
mod lane;
mod life;
mod plight;
mod position;
mod reference;
mod settlement;
mod snapshot;
pub(crate) mod state;
mod totals;

pub use attempt::Attempted;
pub(crate) use attempt::{AttemptEnd, AttemptStart, Outcome};
pub use cause::Doubt;
pub(crate) use cause::{Cause, Look, Reason};
pub(crate) use digest::Digest;
pub(crate) use fields::{Field, FieldValue, Fields, Instance, RowJson};
pub(crate) use holdings::{Elsewhere, Maker, Making, Page, Sought, Uncounted};
pub use holdings::{Holdings, Made, Newest};
pub(crate) use key::{KeyHash, content_key};
pub(crate) use known::{Earlier, Known, RowId, Standing};
pub(crate) use lane::Lane;
pub(crate) use life::{Begun, CameTo, Contradiction, Life, Undoing};
pub(crate) use plight::Plight;
#[cfg(test)]
pub(crate) use position::Follows;
pub(crate) use position::{Next, Position, Purpose};
pub(crate) use reference::{Fingerprint, Identity, PlaceMark, Reference};
pub(crate) use settlement::Settlement;
pub(crate) use snapshot::Snapshot;
pub(crate) use state::{IllegalTransition, RowEvent, RowState};
pub(crate) use totals::Totals;
