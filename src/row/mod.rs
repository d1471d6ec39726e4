//! What is said of a row: where it stands, what names it and its content, its attempts and what came of them, how
//! rows add up, and what is told of them.
//!
//! Values only. Whoever reads sources, keeps ledgers, sends or reports says what it has to say in these words; what
//! is to be done with a row is decided elsewhere.

mod attempt;
mod cause;
mod digest;
mod fields;
mod key;
mod known;
mod lane;
mod life;
pub mod state;
mod totals;

pub use attempt::{AttemptEnd, AttemptStart, Attempted, Outcome};
pub use cause::{Cause, Doubt, Look, Reason};
pub use digest::Digest;
pub use fields::{Field, FieldValue, Fields, Instance, RowJson};
pub use key::KeyHash;
pub use known::{Earlier, Known, RowId, Standing};
pub use lane::Lane;
pub use life::{Begun, Contradiction, Life};
pub use state::{IllegalTransition, RowEvent, RowState};
pub use totals::Totals;
