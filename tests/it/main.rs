//! End to end: the binary, started as a user starts it, against a sandbox.
//!
//! [`desk`] starts the binary in a folder of its own, [`stand`] is an API that a test plays itself, [`ask`] is the
//! little HTTP that tests speak, [`browser`] looks at a page, `terminal` is one to be asked on. Everything else is a module of tests, named after what it is about.

mod after_undo;
mod answers;
mod ask;
mod browser;
mod desk;
mod stand;
#[cfg(target_os = "linux")]
mod terminal;

mod addresses;
mod advice;
mod bounds;
mod columns;
mod connectors;
mod corrections;
mod cron;
mod explanations;
mod export;
mod expressions;
mod fidelity;
#[cfg(unix)]
mod full_disk;
mod fuzz_seeds;
mod gone_files;
mod gone_sources;
mod history;
mod hostile;
mod in_step;
mod init;
mod job_files;
mod kill_loop;
mod layouts;
mod ledger;
mod ledger_check;
mod ledger_questions;
mod lost_answers;
mod mapping;

mod markers;
#[cfg(target_os = "linux")]
mod memory;
mod names;
mod next_steps;
mod nights;
#[cfg(target_os = "linux")]
mod outputs;
mod own_certificates;
mod pilots;
mod planning;
mod presets;
mod preview;
mod prune;
mod reasons;
mod reference;
mod rejects;
mod reminders;
mod remote;
mod repeats;
mod replay;
mod running;
mod samples;
mod saved_plans;
mod scheduling;
mod secrets;
mod settling;
#[cfg(target_os = "linux")]
mod settling_by_asking;
mod shapes;
mod shared_pace;
mod shipped;
mod sign_off;
#[cfg(unix)]
mod signals;
mod signing_in;
#[cfg(unix)]
mod special_files;
mod spelling;
mod spellings;
mod split_texts;
mod status;
mod targets;
mod tidy;
mod told;
mod totals;
mod undo;
mod unmeant;
#[cfg(unix)]
mod unread;
mod validation;
mod verify;
