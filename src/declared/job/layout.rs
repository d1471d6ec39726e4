//! How a job's file is written and where its rows are, from what the job says under `source`.
//!
//! Whether the file is written so shows when it is read.

use std::num::NonZeroU32;

use serde_json::Value;

use crate::source::{
    DataPath, Each, Encoding, Format, Manner, Nulls, RowLimit, Shape, SheetName, Table, sign_of,
};
use crate::text::document::Content;
use crate::text::pointer::Pointer;

use super::file::{EachFile, NullsFile, SheetFile, SourceFile};
use super::given::clashes;
use super::resolve::Resolver;
use super::word::{self, Word};

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
    /// How a file of a source is written that stands at `at` in the job. None where the job cannot mean it so.
    pub(super) fn manner(
        &mut self,
        source: &SourceFile,
        format: Format,
        at: &Pointer,
    ) -> Option<Manner> {
        let before = self.problems.len();
        for word in words(source).into_iter().filter(|word| !word.fits(format)) {
            let (message, hint) = word.misfit_in_job(format);
            self.refuse_at(&at.join(word.key), &message, hint);
        }
        let manner = Manner {
            encoding: self.encoding(source, at),
            table: self.table(source, format, at),
            shape: self.shape(source, at),
            longest: self.longest_row(source, at),
        };
        (self.problems.len() == before).then_some(manner)
    }

    fn table(&mut self, source: &SourceFile, format: Format, at: &Pointer) -> Table {
        let usual = Table::default();
        let quote = source.quote.as_deref().map(quote_of);
        if quote == Some(None) {
            let message = "a quote is one ASCII sign, or the word none";
            self.refuse_at(&at.join("quote"), message, "as in \"'\"");
        }
        let header_row = source.header_row.map(NonZeroU32::new);
        if header_row == Some(None) {
            let message = "lines and rows are counted from 1";
            self.refuse_at(&at.join("header_row"), message, "as in header_row: 4");
        }
        let names = source.header.as_ref();
        let table = Table {
            quote: quote.flatten().unwrap_or(usual.quote),
            escape: self.sign("escape", source.escape.as_deref(), at),
            comment: self.sign("comment", source.comment.as_deref(), at),
            header: names.map(|names| names.iter().map(|name| name.as_str().into()).collect()),
            header_row: header_row.flatten(),
            nulls: source.nulls.as_ref().map_or_else(Nulls::default, |nulls| self.nulls(nulls, at)),
        };
        if names.is_some_and(Vec::is_empty) {
            let hint = "name the columns, as in header: [id, note]";
            self.refuse_at(&at.join("header"), "a header has at least one name", hint);
        }
        let delimiter = match format {
            Format::Csv { delimiter } => Some(delimiter),
            Format::JsonLines | Format::Json | Format::Workbook => None,
        };
        for (key, message) in clashes(delimiter, &table) {
            self.refuse_at(&at.join(key), message, "correct or leave out one of the two");
        }
        table
    }

    fn shape(&mut self, source: &SourceFile, at: &Pointer) -> Shape {
        Shape {
            at: source.at.as_ref().and_then(|path| self.path(path, &at.join("at"), "/tickets")),
            each: source.each.as_ref().and_then(|each| self.each(each, &at.join("each"))),
            sheet: source.sheet.as_ref().map(|sheet| match sheet {
                SheetFile::Name(name) => SheetName::parse(name),
                SheetFile::Number(number) => SheetName::parse(&number.to_string()),
            }),
        }
    }

    fn each(&mut self, each: &EachFile, at: &Pointer) -> Option<Each> {
        match each {
            EachFile::Path(written) => self.path(written, at, "/comments").map(Each::Within),
            EachFile::Columns { columns } => Some(Each::Columns(columns.clone())),
            EachFile::Split { split, by } => {
                let by = by.clone().unwrap_or_else(|| ";".to_owned());
                if by.is_empty() {
                    let message = "what stands between two parts cannot be nothing";
                    self.refuse_at(&at.join("by"), message, "as in \";\"");
                }
                Some(Each::Split { column: split.clone(), by })
            }
        }
    }

    fn path(&mut self, written: &str, at: &Pointer, example: &str) -> Option<DataPath> {
        match DataPath::parse(written) {
            Ok(path) => Some(path),
            Err(reason) => {
                self.refuse_at(at, reason, &format!("as in {example}"));
                None
            }
        }
    }

    fn encoding(&mut self, source: &SourceFile, at: &Pointer) -> Encoding {
        let Some(label) = &source.encoding else { return Encoding::default() };
        Encoding::of_label(label).unwrap_or_else(|| {
            self.refuse_at(&at.join("encoding"), "there is no such encoding", ENCODINGS);
            Encoding::default()
        })
    }

    fn sign(&mut self, key: &str, written: Option<&str>, at: &Pointer) -> Option<u8> {
        let sign = sign_of(written?);
        if sign.is_none() {
            let message = format!("`{key}` is one ASCII sign");
            self.refuse_at(&at.join(key), &message, "as in \"\\\\\" or \"#\"");
        }
        sign
    }

    fn longest_row(&mut self, source: &SourceFile, at: &Pointer) -> RowLimit {
        let Some(mebibytes) = source.longest_row_mib else { return RowLimit::default() };
        u16::try_from(mebibytes).ok().and_then(RowLimit::of_mebibytes).unwrap_or_else(|| {
            self.refuse_at(&at.join("longest_row_mib"), "this must be from 1 to 1024", "as in 64");
            RowLimit::default()
        })
    }

    fn nulls(&mut self, nulls: &NullsFile, at: &Pointer) -> Nulls {
        let at = at.join("nulls");
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

/// The words that a source says.
fn words(source: &SourceFile) -> Vec<Word> {
    let each = source.each.as_ref().map(|each| word::of_each(matches!(each, EachFile::Path(_))));
    let said = |is_said: bool, word: Word| is_said.then_some(word);
    let all = [
        said(source.delimiter.is_some(), word::DELIMITER),
        said(source.quote.is_some(), word::QUOTE),
        said(source.escape.is_some(), word::ESCAPE),
        said(source.comment.is_some(), word::COMMENT),
        said(source.header.is_some(), word::HEADER),
        said(source.header_row.is_some(), word::HEADER_ROW),
        said(source.nulls.is_some(), word::NULLS),
        said(source.at.is_some(), word::AT),
        each,
        said(source.sheet.is_some(), word::SHEET),
        said(source.encoding.is_some(), word::ENCODING),
        said(source.longest_row_mib.is_some(), word::LONGEST_ROW),
    ];
    all.into_iter().flatten().collect()
}

/// What to name, where an encoding is not known.
pub(crate) const ENCODINGS: &str = "known here are those of the web, as in windows-1258, windows-1252, utf-16, shift_jis, gb18030, and tcvn3 and vni";
