//! What the process asks of the system for itself: that it leaves no image of its memory behind, and that a limit on the
//! size of files is an error and no end. Where a system has no such thing, nothing is asked.

/// Secrets are in the memory: no core dump has them, and on Linux no other process of this user may look into it. A system
/// that refuses is none that can be helped.
#[cfg(unix)]
pub(super) fn leave_no_core() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// Windows writes no memory of a program anywhere unless its administrator says so.
#[cfg(not(unix))]
pub(super) fn leave_no_core() {}

/// A write over a limit on the size of files brings a signal, of which a process dies. Where somebody listens for it, it does
/// not, and the write fails, as on a full disk.
#[cfg(unix)]
pub(super) fn outlive_file_limits() {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
    if let Ok(runtime) = runtime {
        let _context = runtime.enter();
        // Whoever listens once listens for the life of the process.
        let _ = signal(SignalKind::from_raw(libc::SIGXFSZ));
    }
}

/// There is no such signal.
#[cfg(not(unix))]
pub(super) fn outlive_file_limits() {}
