//! Whether a run shares its pace with others of the same account, and by what file.

use std::path::PathBuf;

use crate::traffic::pace::Report;
use crate::traffic::shared_pace::{SharedPace, Unheard, place};

use crate::task::target::Target;

/// Where what runs share is kept, as the user wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StateFolder {
    At(PathBuf),
    /// Nobody knows where it would be.
    Unknown,
    /// Nothing is shared.
    None,
}

/// What a run shares with others.
#[derive(Debug)]
pub(in crate::task) enum Sharing {
    By(PathBuf),
    /// It would, and cannot.
    Not(Unheard),
    /// It need not.
    Alone,
}

/// The same, when it has begun.
pub(in crate::task) enum Started {
    By(SharedPace),
    Not(Unheard),
    Alone,
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
        }
    }

    pub(in crate::task) fn start(&self, chance: f64, process: u32) -> Started {
        let path = match self {
            Self::By(path) => path,
            Self::Not(why) => return Started::Not(why.clone()),
            Self::Alone => return Started::Alone,
        };
        // What JSON can hold everywhere, and nobody else will draw.
        let number = (chance * (1_u64 << 53) as f64) as u64;
        match SharedPace::start(path.clone(), number, process) {
            Ok(shared_pace) => Started::By(shared_pace),
            Err(error) => {
                Started::Not(Unheard::File { path: path.clone(), cause: error.to_string() })
            }
        }
    }
}

impl Started {
    pub(in crate::task) fn is_on(&self) -> bool {
        self.shared_pace().is_some()
    }

    pub(in crate::task) fn shared_pace(&self) -> Option<&SharedPace> {
        match self {
            Self::By(shared_pace) => Some(shared_pace),
            Self::Not(_) | Self::Alone => None,
        }
    }

    pub(in crate::task) fn why_not(&self) -> Option<Unheard> {
        match self {
            Self::Not(why) => Some(why.clone()),
            Self::By(_) | Self::Alone => None,
        }
    }

    /// The last word to the others.
    pub(in crate::task) fn leave(self, report: Option<Report>) {
        if let Self::By(shared_pace) = self {
            shared_pace.leave(report);
        }
    }
}
