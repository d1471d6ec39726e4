//! Whether a run shares its pace with others of the same account, and by what file.

use std::path::PathBuf;

use crate::traffic::pace::{Pace, Report};
use crate::traffic::shared_pace::{SharedPace, Unheard, place};

use crate::task::target::Target;

/// Where what runs share is kept, as the user wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StateFolder {
    At(PathBuf),
    /// Likewise, and the run only says there what it sends.
    TellingAt(PathBuf),
    /// Nobody knows where it would be.
    Unknown,
    /// Nothing is shared.
    None,
}

/// What a run shares with others.
#[derive(Debug)]
pub(in crate::task) enum Sharing {
    By(PathBuf),
    /// It says what it sends, and goes by its own pace.
    Telling(PathBuf),
    /// It would, and cannot.
    Not(Unheard),
    /// It need not.
    Alone,
}

/// The same, when it has begun.
pub(in crate::task) enum Started {
    By(SharedPace),
    Telling(SharedPace),
    Not(Unheard),
    Alone,
}

impl StateFolder {
    /// For a run that goes by its own pace.
    pub(crate) fn telling(self) -> Self {
        match self {
            Self::At(folder) | Self::TellingAt(folder) => Self::TellingAt(folder),
            Self::Unknown | Self::None => Self::None,
        }
    }
}

impl Sharing {
    /// A rehearsal goes to a sandbox of its own.
    pub(in crate::task) fn new(folder: &StateFolder, target: &Target) -> Self {
        let account = target.account_served.as_deref().unwrap_or_default();
        match folder {
            _ if target.is_sandbox => Self::Alone,
            StateFolder::None => Self::Alone,
            StateFolder::Unknown => Self::Not(Unheard::NoFolder),
            StateFolder::At(folder) => Self::By(place(folder, &target.base_url, account)),
            StateFolder::TellingAt(folder) => {
                Self::Telling(place(folder, &target.base_url, account))
            }
        }
    }

    pub(in crate::task) fn start(&self, chance: f64, process: u32) -> Started {
        let path = match self {
            Self::By(path) | Self::Telling(path) => path,
            Self::Not(why) => return Started::Not(why.clone()),
            Self::Alone => return Started::Alone,
        };
        // What JSON can hold everywhere, and nobody else will draw.
        let number = (chance * (1_u64 << 53) as f64) as u64;
        match SharedPace::start(path.clone(), number, process) {
            Ok(shared_pace) => match self {
                Self::Telling(_) => Started::Telling(shared_pace),
                _ => Started::By(shared_pace),
            },
            // Whoever goes by its own pace has lost nothing.
            Err(_) if matches!(self, Self::Telling(_)) => Started::Alone,
            Err(error) => {
                Started::Not(Unheard::File { path: path.clone(), cause: error.to_string() })
            }
        }
    }
}

impl Started {
    /// The pace of a run, as it stands to those of others.
    pub(in crate::task) fn apply(&self, pace: Pace) -> Pace {
        match self {
            Self::By(_) => pace.shared(),
            Self::Telling(_) => pace.told(),
            Self::Not(_) | Self::Alone => pace,
        }
    }

    pub(in crate::task) fn shared_pace(&self) -> Option<&SharedPace> {
        match self {
            Self::By(shared_pace) | Self::Telling(shared_pace) => Some(shared_pace),
            Self::Not(_) | Self::Alone => None,
        }
    }

    pub(in crate::task) fn why_not(&self) -> Option<Unheard> {
        match self {
            Self::Not(why) => Some(why.clone()),
            Self::By(_) | Self::Telling(_) | Self::Alone => None,
        }
    }

    /// The last word to the others.
    pub(in crate::task) fn leave(self, report: Option<Report>) {
        if let Self::By(shared_pace) | Self::Telling(shared_pace) = self {
            shared_pace.leave(report);
        }
    }
}
