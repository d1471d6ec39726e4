//! The register of all runs of one account at one target on this machine: where it lies, and who may write it when.
//!
//! A file in the user's state folder, locked for as long as it takes to read and write it. A thread of its own does that, so
//! that a disk that hangs holds nothing up. What the register says, and what follows, is for `pace`. It is never needed: where
//! it cannot be had, a run goes by a pace of its own, and says so.

mod clock;
mod file;

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;

use super::pace::{Report, Run, View};
use file::RegisterFile;

/// How long a run that has ended waits for its last word to be written.
const LAST_WORD: Duration = Duration::from_secs(1);
/// How long an answer may take. Nothing leaves meanwhile.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// What was heard of other runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heard {
    pub view: View,
    /// The file, where what was in it could not be read and was begun anew.
    pub begun_anew: Option<PathBuf>,
}

/// Why nothing can be heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unheard {
    /// Nobody knows where the state folder is.
    NoFolder,
    /// In the system's words.
    File { path: PathBuf, cause: String },
    /// The folder of the file is none, or a link to one: others could put another file there.
    FolderElsewhere { path: PathBuf },
    /// The file has another name elsewhere, so others may write to it.
    TwoNames { path: PathBuf },
    /// A newer version has written it.
    Newer { path: PathBuf },
    /// Somebody holds its lock, or the disk does not answer.
    Stuck { path: PathBuf },
}

/// This run's way to the register.
pub(crate) struct SharedPace {
    asks: mpsc::Sender<Ask>,
    done: mpsc::Receiver<()>,
    path: PathBuf,
}

struct Ask {
    report: Report,
    answer: oneshot::Sender<Result<Heard, Unheard>>,
}

/// Where the register of an account at a target lies within a state folder. Its name shows neither.
pub(crate) fn place(folder: &Path, base_url: &str, account: &str) -> PathBuf {
    let mut hasher = Sha256::new();
    for part in ["noteferry pace", base_url, account] {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    let hash: String = hasher.finalize()[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    folder.join("pace").join(format!("{hash}.json"))
}

impl SharedPace {
    /// `number` tells this run from all others; `process` is its process.
    pub(crate) fn start(path: PathBuf, number: u64, process: u32) -> std::io::Result<Self> {
        let (asks, asked) = mpsc::channel::<Ask>();
        let (say_done, done) = mpsc::channel();
        let run = Run { number, process: clock::process(process) };
        let mut file = RegisterFile::new(path.clone(), run);
        std::thread::Builder::new().name("pace".to_owned()).spawn(move || {
            for ask in asked {
                // Whoever has asked may be gone.
                drop(ask.answer.send(file.come(&ask.report)));
            }
            drop(say_done);
        })?;
        Ok(Self { asks, done, path })
    }

    /// Says how this run stands; what the others do will be answered.
    pub(crate) fn come(
        &self,
        report: Report,
    ) -> impl Future<Output = Result<Heard, Unheard>> + 'static {
        let (answer, answered) = oneshot::channel();
        let sent = self.asks.send(Ask { report, answer }).is_ok();
        let path = self.path.clone();
        async move {
            match tokio::time::timeout(PATIENCE, answered).await {
                Ok(Ok(heard)) if sent => heard,
                _ => Err(Unheard::Stuck { path }),
            }
        }
    }

    /// Says a last word.
    pub(crate) fn leave(self, report: Option<Report>) {
        if let Some(report) = report {
            let (answer, _answered) = oneshot::channel();
            // A thread that is gone writes nothing.
            drop(self.asks.send(Ask { report, answer }));
        }
        drop(self.asks);
        let _ = self.done.recv_timeout(LAST_WORD);
    }
}
