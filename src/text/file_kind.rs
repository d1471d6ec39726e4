//! What a file is that is no UTF-8 text, told from its first bytes: so that a message can call it by its name.
//!
//! Not a reader of any of them.

use crate::text::code::Code;
use crate::text::diagnostic::{Diagnostic, Place};

/// So many bytes from a file's start tell its kind.
pub(crate) const HEAD: usize = 16;

/// A kind of file that people take for a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    Utf16,
    Gzip,
    Zstandard,
    /// XLSX and ODS are ZIP archives, too.
    Zip,
    /// XLS, and workbooks with a password.
    OldWorkbook,
    Pdf,
    Sqlite,
}

const BEGINNINGS: [(&[u8], FileKind); 8] = [
    (b"\xff\xfe", FileKind::Utf16),
    (b"\xfe\xff", FileKind::Utf16),
    (b"\x1f\x8b", FileKind::Gzip),
    (b"\x28\xb5\x2f\xfd", FileKind::Zstandard),
    (b"PK\x03\x04", FileKind::Zip),
    (b"\xd0\xcf\x11\xe0", FileKind::OldWorkbook),
    (b"%PDF-", FileKind::Pdf),
    (b"SQLite format 3\0", FileKind::Sqlite),
];

impl FileKind {
    /// The kind of a file that begins so; none where it may be a UTF-8 text.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        let known = BEGINNINGS.iter().find(|(beginning, _)| head.starts_with(beginning));
        // In a text of Latin letters every other byte of UTF-16 is zero, and UTF-8 text never has one.
        let zero = || head.iter().take(4).any(|byte| *byte == 0).then_some(Self::Utf16);
        known.map(|(_, kind)| *kind).or_else(zero)
    }

    /// What is wrong with such a file at a place where a text is asked for.
    pub(crate) fn refused(self, place: Place) -> Diagnostic {
        Diagnostic::error(Code::Encoding, place, self.message()).hint(self.hint())
    }

    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::Utf16 => "the file is UTF-16, not UTF-8",
            Self::Gzip => "the file is compressed with gzip, and no text",
            Self::Zstandard => "the file is compressed with zstd, and no text",
            Self::Zip => "the file is a workbook (XLSX or ODS) or another ZIP archive, and no text",
            Self::OldWorkbook => {
                "the file is a workbook (XLS, or one with a password), and no text"
            }
            Self::Pdf => "the file is a PDF, and no text",
            Self::Sqlite => "the file is an SQLite database, as a ledger is, and no text",
        }
    }

    pub(crate) fn hint(self) -> &'static str {
        match self {
            Self::Utf16 => "save it again as UTF-8 (in Excel: CSV UTF-8, not Unicode text)",
            Self::Gzip | Self::Zstandard => "decompress it first",
            Self::Zip => {
                "read a workbook as what it is: in a job by `xlsx:` or `ods:`, or give it its ending, .xlsx or .ods"
            }
            Self::OldWorkbook => "save it as XLSX, or the sheet as CSV (in Excel: CSV UTF-8)",
            Self::Pdf => "export the data as CSV or JSON",
            Self::Sqlite => "name a ledger with --ledger",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_told_from_the_first_bytes() {
        for (head, kind) in [
            (&b"\x1f\x8b\x08\x00\x00\x00\x00\x00"[..], Some(FileKind::Gzip)),
            (b"\x28\xb5\x2f\xfd\x04\x58", Some(FileKind::Zstandard)),
            (b"PK\x03\x04\x14\x00\x06\x00", Some(FileKind::Zip)),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Some(FileKind::OldWorkbook)),
            (b"%PDF-1.7\n", Some(FileKind::Pdf)),
            (b"SQLite format 3\0", Some(FileKind::Sqlite)),
            (b"\xff\xfet\0i\0", Some(FileKind::Utf16)),
            (b"t\0i\0c\0k\0", Some(FileKind::Utf16)),
            (b"SQLite format,note\n", None),
            (b"PK,note\n", None),
            (b"\xef\xbb\xbfticket,note\n", None),
            (b"", None),
        ] {
            assert_eq!(FileKind::of(head), kind, "{head:?}");
        }
    }
}
