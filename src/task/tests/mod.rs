//! Tasks, driven as a verb drives them.

mod deadline;
mod nights;
mod run;
