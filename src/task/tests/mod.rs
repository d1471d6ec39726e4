//! Tasks, driven as a verb drives them.

mod deadline;
mod run;
