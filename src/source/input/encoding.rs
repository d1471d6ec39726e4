//! The encodings that a job may name: those of the WHATWG, by their many labels, and two of Vietnamese fonts.
//!
//! Not for finding out which one a file has.

use super::decoding::Decoder;

/// How the letters of a file are written as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Encoding(Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Kind {
    #[default]
    Utf8,
    /// Which half of a letter comes first is told by the file's mark; without one it is the lower.
    Utf16,
    Known(&'static encoding_rs::Encoding),
    Tcvn3,
    Vni,
}

impl Encoding {
    /// The encoding of this label, as in `windows-1258`; capitals do not matter. None where there is none, or none that tells
    /// one letter from another.
    pub fn of_label(label: &str) -> Option<Self> {
        let kind = match label.trim().to_ascii_lowercase().as_str() {
            "tcvn3" | "tcvn-3" | "abc" => Kind::Tcvn3,
            "vni" | "vni-windows" | "vni-win" => Kind::Vni,
            "utf-16" | "utf16" | "unicode" => Kind::Utf16,
            label => {
                let known = encoding_rs::Encoding::for_label_no_replacement(label.as_bytes())?;
                if known == encoding_rs::X_USER_DEFINED {
                    return None;
                }
                if known == encoding_rs::UTF_8 { Kind::Utf8 } else { Kind::Known(known) }
            }
        };
        Some(Self(kind))
    }

    pub(in crate::source) fn is_utf8(self) -> bool {
        self.0 == Kind::Utf8
    }

    /// As messages call it.
    pub(in crate::source) fn name(self) -> String {
        match self.0 {
            Kind::Utf8 => "UTF-8".to_owned(),
            Kind::Utf16 => "UTF-16".to_owned(),
            Kind::Known(known) => known.name().to_owned(),
            Kind::Tcvn3 => "TCVN3".to_owned(),
            Kind::Vni => "VNI".to_owned(),
        }
    }

    /// As messages call it, where it is not what is read without a word.
    pub(crate) fn named(self) -> Option<String> {
        (!self.is_utf8()).then(|| self.name())
    }

    /// Whether the mark of an encoding is its own.
    pub(super) fn has_mark_of(self, name: &str) -> bool {
        match self.0 {
            Kind::Utf8 => name == "utf-8",
            Kind::Utf16 => name.starts_with("utf-16"),
            Kind::Known(known) => known.name().eq_ignore_ascii_case(name),
            Kind::Tcvn3 | Kind::Vni => false,
        }
    }

    /// What decodes a text that begins so.
    pub(super) fn decoder(self, head: &[u8]) -> Decoder {
        match self.0 {
            Kind::Utf8 => Decoder::many(encoding_rs::UTF_8),
            Kind::Utf16 if head.starts_with(b"\xfe\xff") => Decoder::many(encoding_rs::UTF_16BE),
            Kind::Utf16 => Decoder::many(encoding_rs::UTF_16LE),
            Kind::Known(known) if known.is_single_byte() => Decoder::of_single_bytes(known),
            Kind::Known(known) => Decoder::many(known),
            Kind::Tcvn3 => Decoder::of_table(super::tcvn3::table()),
            Kind::Vni => Decoder::Vni,
        }
    }
}
