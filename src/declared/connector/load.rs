//! Finds connectors: built in, or in the user's folders.

use std::path::{Path, PathBuf};

use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::document::Document;

use super::built_in::{BUILT_IN, ConnectorText};
use super::{Connector, resolve};

const CONNECTOR_FILE: &str = "connector.yaml";

/// Where connectors are looked for: first in folders that the user has named, then near the job, last among the built-in
/// ones. What lies near the job came along with it, and takes no built-in connector's place unless it is named.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    named: Vec<PathBuf>,
    near: Vec<PathBuf>,
}

impl Catalogue {
    /// Folders that hold connector folders; those that do not exist are passed over.
    pub fn new(named: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { named: present(named), near: Vec::new() }
    }

    /// Likewise, and folders near the job.
    #[must_use]
    pub fn beside(self, near: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { near: present(near), ..self }
    }

    /// The names of all connectors within reach, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = BUILT_IN.iter().map(|(name, _)| (*name).to_owned()).collect();
        for folder in self.named.iter().chain(&self.near) {
            let Ok(entries) = std::fs::read_dir(folder) else { continue };
            names.extend(
                entries
                    .flatten()
                    .filter(|entry| entry.path().join(CONNECTOR_FILE).is_file())
                    .map(|entry| entry.file_name().to_string_lossy().into_owned()),
            );
        }
        names.sort();
        names.dedup();
        names
    }

    /// Loads a connector; `place` is where its name was written.
    pub fn load(&self, name: &str, place: Place) -> Result<Connector, Vec<Diagnostic>> {
        let built_in = BUILT_IN.iter().find(|(built_in, _)| *built_in == name);
        match (found(&self.named, name), found(&self.near, name), built_in) {
            (Some(folder), ..) | (None, Some(folder), None) => return load_folder(&folder),
            (None, Some(folder), Some((_, texts))) if !is_copy(&folder, texts) => {
                return Err(vec![replaced(name, &folder, place)]);
            }
            (None, _, Some((_, texts))) => {
                return resolve::connector(
                    texts.iter().map(|file| Document::parse(file.name.into(), file.text.into())),
                );
            }
            (None, None, None) => {}
        }
        let names = self.names();
        Err(vec![
            Diagnostic::error(
                Code::UnknownConnector,
                place,
                format!("there is no connector `{name}`"),
            )
            .hint_names(name, names.iter().map(String::as_str)),
        ])
    }
}

fn present(folders: impl IntoIterator<Item = PathBuf>) -> Vec<PathBuf> {
    folders.into_iter().filter(|folder| folder.is_dir()).collect()
}

fn found(folders: &[PathBuf], name: &str) -> Option<PathBuf> {
    let folders = folders.iter().map(|folder| folder.join(name));
    folders.into_iter().find(|folder| folder.join(CONNECTOR_FILE).is_file())
}

/// Whether a folder holds a built-in connector's own files and no others. How lines end does not count.
fn is_copy(folder: &Path, texts: &[ConnectorText]) -> bool {
    let Ok(files) = files_of(folder) else { return false };
    let is_same = |text: &ConnectorText| {
        let read = std::fs::read_to_string(folder.join(text.file()));
        read.is_ok_and(|read| read.lines().eq(text.text.lines()))
    };
    files.len() == texts.len() && texts.iter().all(is_same)
}

/// What came along with a job might send its rows, and the credentials, anywhere.
fn replaced(name: &str, folder: &Path, place: Place) -> Diagnostic {
    let message = format!(
        "{} would take the place of the built-in connector `{name}`, and was not named",
        folder.display()
    );
    let parent = folder.parent().unwrap_or(folder).display().to_string();
    Diagnostic::error(Code::BuiltInReplaced, place, message).hint(format!(
        "look what it sends and where to; if that is meant, add `--connectors {parent}`, otherwise remove or rename it"
    ))
}

fn load_folder(folder: &Path) -> Result<Connector, Vec<Diagnostic>> {
    let unreadable = |error: std::io::Error| {
        let place = Place::File(folder.display().to_string().into());
        vec![Diagnostic::error(
            Code::UnreadableFile,
            place,
            format!("the connector's folder cannot be read: {error}"),
        )]
    };
    let files = files_of(folder).map_err(unreadable)?;
    let connector = resolve::connector(files.into_iter().map(|path| Document::read(&path)))?;
    Ok(Connector { folder: Some(folder.to_owned()), ..connector })
}

/// The files of a connector's folder, `connector.yaml` first.
fn files_of(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut operations: Vec<PathBuf> = std::fs::read_dir(folder)?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
        })
        .filter(|path| path.file_name().is_some_and(|name| name != CONNECTOR_FILE))
        .collect();
    operations.sort();
    operations.insert(0, folder.join(CONNECTOR_FILE));
    Ok(operations)
}
