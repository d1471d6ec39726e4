//! `status --watch`: follows runs of other processes until they end.
//!
//! It looks whether the job is held and reads what the run says of itself; it waits for nobody and keeps nobody waiting.

use std::io::IsTerminal as _;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::engine::Stop;
use crate::ledger::JobName;
use crate::report::{Watched, at, exit};
use crate::task::{JobStanding, look_on};

use super::output::Output;
use super::{signals, streams};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(500);
/// Between two lines where nothing can be drawn anew.
const LINE: Duration = Duration::from_secs(5);

/// What came of following.
pub(super) enum Followed {
    /// No run was under way.
    Nothing,
    ToTheEnd,
    /// Somebody wants no more of it: the exit code.
    Interrupted(u8),
}

/// A run, and what it was called when it was first seen.
struct Run {
    name: JobName,
    holder: String,
}

/// Follows all runs that are under way among these jobs.
pub(super) fn follow(ledger: &Path, jobs: &[JobStanding], output: &Output<'_>) -> Followed {
    let run = |job: &JobStanding| {
        Some(Run { name: job.status.job.clone(), holder: job.running.clone()? })
    };
    let runs: Vec<Run> = jobs.iter().filter_map(run).collect();
    if runs.is_empty() {
        return Followed::Nothing;
    }
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return Followed::Nothing;
    };
    runtime.block_on(async {
        let mut stops = signals::stops();
        let mut screen = Screen::new(*output);
        loop {
            let seen: Vec<Watched> = runs.iter().filter_map(|run| look(ledger, run)).collect();
            if seen.is_empty() {
                screen.clear();
                return Followed::ToTheEnd;
            }
            screen.show(&seen);
            if let Some(code) = rest(&mut stops).await {
                return Followed::Interrupted(code);
            }
        }
    })
}

/// Waits until it is time for another look, or somebody wants no more.
async fn rest(stops: &mut UnboundedReceiver<Stop>) -> Option<u8> {
    tokio::select! {
        Some(Stop::Drain { signal } | Stop::Now { signal }) = stops.recv() => Some(exit::interrupted(signal)),
        () = tokio::time::sleep(LOOK) => None,
    }
}

/// How a run goes; none where it is over. Another process that holds the job is another run.
fn look(ledger: &Path, run: &Run) -> Option<Watched> {
    let (holder, pulse) = look_on(ledger, &run.name)?;
    // Some systems let nobody read who it is.
    if holder != run.holder && !holder.is_empty() && !run.holder.is_empty() {
        return None;
    }
    let (job, target) = (run.name.name.clone(), run.name.base_url.clone());
    Some(Watched { job, target, holder, pulse })
}

/// Where it is shown.
struct Screen<'o> {
    output: Output<'o>,
    is_drawn: bool,
    /// Lines that the next drawing takes the place of.
    lines: usize,
    told: Option<(Instant, Vec<String>)>,
}

impl<'o> Screen<'o> {
    fn new(output: Output<'o>) -> Self {
        let is_drawn = !output.is_json() && std::io::stdout().is_terminal() && !output.is_dumb;
        Self { output, is_drawn, lines: 0, told: None }
    }

    fn show(&mut self, seen: &[Watched]) {
        let lines: Vec<String> = seen.iter().map(Watched::line).collect();
        if self.is_drawn {
            streams::redraw(self.lines, &lines);
            self.lines = lines.len();
            return;
        }
        let is_due = self.told.as_ref().is_none_or(|(when, told)| {
            when.elapsed() >= LINE && (*told != lines || self.output.is_json())
        });
        if is_due {
            let now = Timestamp::now();
            seen.iter().for_each(|one| self.output.event(&at(one.event(), now)));
            if !self.output.is_json() {
                lines.iter().for_each(|line| self.output.show(&format!("{line}\n")));
            }
            self.told = Some((Instant::now(), lines));
        }
    }

    /// What was drawn makes room for what comes after it.
    fn clear(&mut self) {
        if self.is_drawn {
            streams::redraw(self.lines, &[]);
        }
    }
}
