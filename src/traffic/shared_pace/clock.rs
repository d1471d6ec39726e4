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
    let started = i64::try_from(now).ok()?.saturating_sub((up * 1_000.0) as i64);
    Some((format!("{} {}", boot()?, spaces()), started))
}

#[cfg(not(target_os = "linux"))]
fn started(_now: u64) -> Option<(String, i64)> {
    None
}

/// Where that time counts: a container may have a time up of its own, by its time namespace or by another file in the place of the
/// system's. Between two of them no clock is compared.
#[cfg(target_os = "linux")]
fn spaces() -> String {
    let space = |name: &str| std::fs::read_link(format!("/proc/self/ns/{name}"));
    let spaces = ["time", "mnt"].map(|name| space(name).unwrap_or_default());
    spaces.map(|space| space.display().to_string()).join(" ")
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

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(now: u64, started: Option<(&str, i64)>) -> Clock {
        Clock { now, started: started.map(|(space, at)| (space.to_owned(), at)) }
    }

    #[test]
    fn a_clock_is_compared_only_with_itself() {
        let before = clock(1_000_000, Some(("boot a", 500_000)));
        for (space, at, set) in [
            ("boot a", 500_000, 0),
            ("boot a", 500_050, 0),
            ("boot a", 560_000, 60_000),
            ("boot a", 440_000, -60_000),
            // A container that counts from its own start.
            ("boot b", 990_000, 0),
        ] {
            assert_eq!(clock(1_000_001, Some((space, at))).set_since(&before), set, "{space} {at}");
        }
        assert_eq!(clock(1_000_001, None).set_since(&before), 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_read_names_where_the_time_up_counts() {
        let Some((space, _)) = Clock::read().started else { return };
        assert!(space.contains("time:[") && space.contains("mnt:["), "{space}");
    }
}
