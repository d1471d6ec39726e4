//! The connectors that are built into the binary, and the one that is meant where none is named: data, nothing else.

/// The connector of a job that names none, and of a data file.
pub(crate) const DEFAULT_CONNECTOR: &str = "stringeex";

/// A file of a connector that is built into the binary.
pub(super) struct ConnectorText {
    pub(super) name: &'static str,
    pub(super) text: &'static str,
}

impl ConnectorText {
    /// The file's name in its folder.
    pub(super) fn file(&self) -> &'static str {
        let path = self.name.split(' ').next().unwrap_or(self.name);
        path.rsplit('/').next().unwrap_or(path)
    }
}

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        &[$(ConnectorText {
            name: concat!($path, " (built in)"),
            text: include_str!(concat!("../../../schemas/", $path)),
        }),*]
    };
}

/// The name of each connector, and its files, `connector.yaml` first.
pub(super) const BUILT_IN: &[(&str, &[ConnectorText])] = &[(
    "stringeex",
    files![
        "stringeex/connector.yaml",
        "stringeex/ticket_note.create.yaml",
        "stringeex/ticket_note.update.yaml",
        "stringeex/ticket_note.delete.yaml",
        "stringeex/ticket_note.list.yaml",
    ],
)];
