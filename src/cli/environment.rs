//! The environment, read once.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;

use crate::task::StateFolder;
use crate::text::secret::Secret;
use crate::text::visible::shown;
use crate::traffic::transport::{CredentialError, HeldSecret, SecretFile, without_mark};

/// The variables of the process. Values are shown nowhere.
pub(super) struct Environment {
    variables: HashMap<String, OsString>,
}

impl Environment {
    pub(super) fn read() -> Self {
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        Self { variables: variables.collect() }
    }

    /// The ledger that NOTEFERRY_LEDGER names.
    pub(super) fn ledger(&self) -> Option<PathBuf> {
        self.variables.get("NOTEFERRY_LEDGER").filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    /// Where what runs share is kept: the folder that NOTEFERRY_STATE names, or the user's usual one.
    pub(super) fn state_folder(&self) -> StateFolder {
        let of = |name: &str| {
            let value = self.variables.get(name).map(PathBuf::from);
            // One that depends on where the program was started is not the same for all.
            value.filter(|path| path.is_absolute())
        };
        let named = self.variables.get("NOTEFERRY_STATE").filter(|value| !value.is_empty());
        let usual = || {
            let in_home = |below: &str| of("HOME").map(|home| home.join(below));
            let place = match std::env::consts::OS {
                "macos" => in_home("Library/Application Support"),
                "windows" => of("LOCALAPPDATA"),
                _ => of("XDG_STATE_HOME").or_else(|| in_home(".local/state")),
            };
            place.map(|place| place.join("noteferry"))
        };
        named.map(PathBuf::from).or_else(usual).map_or(StateFolder::Unknown, StateFolder::At)
    }

    /// What the user is called here, if that is known.
    pub(super) fn user(&self) -> Option<String> {
        let of = |name: &str| Some(self.variables.get(name)?.to_str()?.trim().to_owned());
        let names = ["USER", "LOGNAME", "USERNAME"].into_iter().filter_map(of);
        names.into_iter().find(|name| !name.is_empty())
    }

    /// What this machine is called, if that is known.
    pub(super) fn host(&self) -> Option<String> {
        let of_variable = |name: &str| Some(self.variables.get(name)?.to_str()?.to_owned());
        let of_file = |path: &str| std::fs::read_to_string(path).ok();
        let name = of_file("/proc/sys/kernel/hostname")
            .or_else(|| of_file("/etc/hostname"))
            .or_else(|| of_variable("HOSTNAME"))
            .or_else(|| of_variable("COMPUTERNAME"))?;
        Some(shown(name.trim()).into_owned()).filter(|name| !name.is_empty())
    }

    /// Whom NOTEFERRY_PING wants told how a run goes.
    pub(super) fn ping(&self) -> Option<String> {
        let address = self.variables.get("NOTEFERRY_PING").filter(|value| !value.is_empty())?;
        Some(address.to_string_lossy().into_owned())
    }

    /// Whether the user wants no color anywhere (no-color.org).
    pub(super) fn no_color(&self) -> bool {
        self.variables.get("NO_COLOR").is_some_and(|value| !value.is_empty())
    }

    /// Whether the terminal can move its cursor.
    pub(super) fn is_dumb(&self) -> bool {
        self.variables.get("TERM").is_some_and(|value| value == "dumb")
    }

    /// A variable's value, or the content of the file that NAME_FILE names.
    pub(super) fn secret(&self, name: &str) -> Result<Option<HeldSecret>, CredentialError> {
        let variable = format!("{name}_FILE");
        let path = self.variables.get(&variable).filter(|value| !value.is_empty());
        if let Some(value) = self.variables.get(name).filter(|value| !value.is_empty()) {
            let text = value.to_str().ok_or_else(|| CredentialError::NotText(name.to_owned()))?;
            let secret = Secret::new(without_mark(text).to_owned());
            return Ok(Some(HeldSecret {
                secret,
                file: None,
                passed_over: path.map(|_| variable),
            }));
        }
        let Some(path) = path else { return Ok(None) };
        let file = SecretFile { variable, path: PathBuf::from(path) };
        Ok(Some(HeldSecret { secret: file.read()?, file: Some(file), passed_over: None }))
    }
}
