//! How a job's file is written, from what the job says under `source`.
//!
//! Whether the file is written so shows when it is read.

use std::num::NonZeroU32;

use serde_json::Value;

use crate::source::{Encoding, Manner, Nulls, RowLimit, Table, sign_of};
use crate::text::document::Content;
use crate::text::pointer::Pointer;

use super::file::{NullsFile, SourceFile};
use super::given::clashes;
use super::resolve::Resolver;

/// How people write that cells have no quotes.
pub(crate) const NO_QUOTE: &str = "none";

/// A quote as people write it: the sign, or none. None of what is neither.
pub(crate) fn quote_of(written: &str) -> Option<Option<u8>> {
    match written {
        NO_QUOTE => Some(None),
        sign => sign_of(sign).filter(|sign| !sign.is_ascii_alphanumeric()).map(Some),
    }
}

impl Resolver<'_> {
    /// How the source's file is written; `delimiter` is what the job says of that. None where the job cannot mean it so.
    pub(super) fn manner(&mut self, source: &SourceFile, delimiter: Option<u8>) -> Option<Manner> {
        let before = self.problems.len();
        self.refuse_of_other_formats(source);
        let usual = Table::default();
        let quote = source.quote.as_deref().map(|text| (text, quote_of(text)));
        if matches!(quote, Some((_, None))) {
            let message = "a quote is one ASCII sign, or the word none";
            self.refuse(&["source", "quote"], message, "as in \"'\"");
        }
        let header_row = source.header_row.map(NonZeroU32::new);
        if header_row == Some(None) {
            let message = "lines are counted from 1";
            self.refuse(&["source", "header_row"], message, "as in header_row: 4");
        }
        let table = Table {
            quote: quote.and_then(|(_, quote)| quote).unwrap_or(usual.quote),
            escape: self.sign("escape", source.escape.as_deref()),
            comment: self.sign("comment", source.comment.as_deref()),
            header: source
                .header
                .as_ref()
                .map(|names| names.iter().map(|name| name.as_str().into()).collect()),
            header_row: header_row.flatten(),
            nulls: source.nulls.as_ref().map_or_else(Nulls::default, |nulls| self.nulls(nulls)),
        };
        if source.header.as_ref().is_some_and(Vec::is_empty) {
            let hint = "name the columns, as in header: [id, note]";
            self.refuse(&["source", "header"], "a header has at least one name", hint);
        }
        for (key, message) in clashes(delimiter.or(Some(b',')), &table) {
            self.refuse(&["source", key], message, "correct or leave out one of the two");
        }
        let (encoding, longest) = (self.encoding(source), self.longest_row(source));
        (self.problems.len() == before).then_some(Manner { encoding, table, longest })
    }

    fn encoding(&mut self, source: &SourceFile) -> Encoding {
        let Some(label) = &source.encoding else { return Encoding::default() };
        Encoding::of_label(label).unwrap_or_else(|| {
            self.refuse(&["source", "encoding"], "there is no such encoding", ENCODINGS);
            Encoding::default()
        })
    }

    fn sign(&mut self, key: &str, written: Option<&str>) -> Option<u8> {
        let sign = sign_of(written?);
        if sign.is_none() {
            let message = format!("`{key}` is one ASCII sign");
            self.refuse(&["source", key], &message, "as in \"\\\\\" or \"#\"");
        }
        sign
    }

    /// Complains of what only tables have.
    fn refuse_of_other_formats(&mut self, source: &SourceFile) {
        if source.csv.is_some() {
            return;
        }
        let said = [
            ("delimiter", source.delimiter.is_some()),
            ("quote", source.quote.is_some()),
            ("escape", source.escape.is_some()),
            ("comment", source.comment.is_some()),
            ("header", source.header.is_some()),
            ("header_row", source.header_row.is_some()),
            ("nulls", source.nulls.is_some()),
        ];
        for (key, _) in said.into_iter().filter(|(_, is_said)| *is_said) {
            let message = format!("`{key}` is for csv, and the source is none");
            self.refuse(&["source", key], &message, "leave it out");
        }
    }

    fn longest_row(&mut self, source: &SourceFile) -> RowLimit {
        let Some(mebibytes) = source.longest_row_mib else { return RowLimit::default() };
        u16::try_from(mebibytes).ok().and_then(RowLimit::of_mebibytes).unwrap_or_else(|| {
            self.refuse(&["source", "longest_row_mib"], "this must be from 1 to 1024", "as in 64");
            RowLimit::default()
        })
    }

    fn nulls(&mut self, nulls: &NullsFile) -> Nulls {
        let at = Pointer::of(["source", "nulls"]);
        match nulls {
            NullsFile::Everywhere(texts) => Nulls::Everywhere(self.null_texts(&at, texts)),
            NullsFile::In(columns) => {
                let of_column = |(name, texts): (&String, &Vec<Value>)| {
                    (name.as_str().into(), self.null_texts(&at.join(name.as_str()), texts))
                };
                Nulls::In(columns.iter().map(of_column).collect())
            }
        }
    }

    /// Texts as they stand in the job: `NULL` without quotes is the very text that is meant, and so is `0`.
    fn null_texts(&mut self, at: &Pointer, texts: &[Value]) -> Vec<Box<str>> {
        let mut found = Vec::new();
        for index in 0..texts.len() {
            let at = at.join(index);
            let Some(node) = self.document.at(&at) else { continue };
            match &node.content {
                Content::Text(text) | Content::Number(text) => found.push(text.clone()),
                Content::Null | Content::Bool(_) => {
                    let written = self.document.source().text.get(node.span.clone());
                    found.push(written.unwrap_or_default().trim().into());
                }
                Content::List(_) | Content::Map(_) => {
                    let hint = "as in nulls: [NULL, \"\\\\N\"]";
                    self.refuse_at(&at, "what stands for nothing is a text", hint);
                }
            }
        }
        found
    }
}

/// What to name, where an encoding is not known.
pub(crate) const ENCODINGS: &str = "known here are those of the web, as in windows-1258, windows-1252, utf-16, shift_jis, gb18030, and tcvn3 and vni";
