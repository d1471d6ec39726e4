//! What time it is, for all processes of this machine alike, and whether a process is still there.
//!
//! The wall clock, since that is the one that all share. Where the system tells how long it has been up, a clock that was set
//! meanwhile is noticed.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::traffic::pace::Process;

/// The time up is told in hundredths of a second.
const COARSE: i64 = 50;

/// A moment, in unix milliseconds, and what tells whether the clock was set since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Clock {
    pub now: u64,
    /// Which start of the system, and the wall clock at it.
    started: Option<(String, i64)>,
}

impl Clock {
    pub(super) fn read() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        Self { now, started: started(now) }
    }

    /// By how much the clock was set since it was read before.
    pub(super) fn set_since(&self, before: &Self) -> i64 {
        match (&self.started, &before.started) {
            (Some((boot, now)), Some((boot_before, then))) if boot == boot_before => {
                let by = now.saturating_sub(*then);
                if by.abs() > COARSE { by } else { 0 }
            }
            _ => 0,
        }
    }

    /// The same, with the start as it was known before: it is told a little differently each time.
    pub(super) fn steady(self, before: &Self) -> Self {
        match self.set_since(before) {
            0 if before.started.as_ref().map(|(boot, _)| boot)
                == self.started.as_ref().map(|(boot, _)| boot) =>
            {
                Self { started: before.started.clone(), ..self }
            }
            _ => self,
        }
    }
}

#[cfg(target_os = "linux")]
fn started(now: u64) -> Option<(String, i64)> {
    let up = std::fs::read_to_string("/proc/uptime").ok()?;
    let up: f64 = up.split(' ').next()?.parse().ok()?;
    Some((boot()?, i64::try_from(now).ok()?.saturating_sub((up * 1_000.0) as i64)))
}

#[cfg(not(target_os = "linux"))]
fn started(_now: u64) -> Option<(String, i64)> {
    None
}

#[cfg(target_os = "linux")]
fn boot() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(boot.trim().to_owned())
}

/// What others can know a process by.
#[cfg(target_os = "linux")]
pub(super) fn process(number: u32) -> Option<Process> {
    let space = std::fs::read_link("/proc/self/ns/pid").ok()?;
    Some(Process { number, space: format!("{} {}", boot()?, space.display()) })
}

#[cfg(not(target_os = "linux"))]
pub(super) fn process(_number: u32) -> Option<Process> {
    None
}

/// Whether a process is known to be no more. `own` says in which space numbers can be looked up.
pub(super) fn has_died(process: &Process, own: Option<&Process>) -> bool {
    own.is_some_and(|own| own.space == process.space)
        && !std::path::Path::new("/proc").join(process.number.to_string()).exists()
}
