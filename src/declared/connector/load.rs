//! Finds connectors: built in, or in the user's folders.

use std::path::{Path, PathBuf};

use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};
use crate::text::document::Document;

use super::built_in::BUILT_IN;
use super::{Connector, resolve};

const CONNECTOR_FILE: &str = "connector.yaml";

/// Where connectors are looked for, in this order; the built-in ones come last.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    folders: Vec<PathBuf>,
}

impl Catalogue {
    /// Folders that hold connector folders; those that do not exist are passed over.
    pub fn new(folders: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { folders: folders.into_iter().filter(|folder| folder.is_dir()).collect() }
    }

    /// The names of all connectors within reach, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = BUILT_IN.iter().map(|(name, _)| (*name).to_owned()).collect();
        for folder in &self.folders {
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
        let folder = self
            .folders
            .iter()
            .map(|folder| folder.join(name))
            .find(|folder| folder.join(CONNECTOR_FILE).is_file());
        if let Some(folder) = folder {
            return load_folder(&folder);
        }
        if let Some((_, texts)) = BUILT_IN.iter().find(|(built_in, _)| *built_in == name) {
            return resolve::connector(
                texts.iter().map(|file| Document::parse(file.name.into(), file.text.into())),
            );
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

fn load_folder(folder: &Path) -> Result<Connector, Vec<Diagnostic>> {
    let unreadable = |error: std::io::Error| {
        let place = Place::File(folder.display().to_string().into());
        vec![Diagnostic::error(
            Code::UnreadableFile,
            place,
            format!("the connector's folder cannot be read: {error}"),
        )]
    };
    let mut operations: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(unreadable)?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
        })
        .filter(|path| path.file_name().is_some_and(|name| name != CONNECTOR_FILE))
        .collect();
    operations.sort();
    let files = std::iter::once(folder.join(CONNECTOR_FILE)).chain(operations);
    resolve::connector(files.map(|path| Document::read(&path)))
}
