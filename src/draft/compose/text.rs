//! The named values of a note: its text, who wrote it and when, and what is attached to it.

use super::pick::Pick;
use super::{Composing, Names, has_all};
use crate::draft::drafted::{FilesDraft, Named, Remark, remarks_on};
use crate::draft::names::plain;
use crate::draft::seen::ColumnSeen;
use crate::draft::system::{FileKeys, TableEach};
use crate::draft::time::{self, Reading, TimeSeen};
use crate::draft::{TextAnswer, shape};
use crate::source::Format;
use crate::text::expression::{quoted, term};

/// How plain texts are taken: ends of lines as everywhere, and no blanks around them.
const PLAIN: &str = "replace('\\r\\n', '\\n') | trim";
/// What the keys of attached files are called in other systems.
const FILE_KEYS: FileKeys =
    FileKeys { name: "", size: None, address: None, without: &["inline", "deleted"] };
const NAMES: [&str; 5] = ["file_name", "filename", "content_file_name", "name", "title"];
const SIZES: [&str; 4] = ["size", "file_size", "content_file_size", "filesize"];
const ADDRESSES: [&str; 5] = ["content_url", "attachment_url", "url", "download_url", "link"];

impl Composing<'_> {
    pub(super) fn text_let(&mut self, text: &Pick, names: &Names) -> Named {
        self.use_column(text);
        let (expression, remarks) = self.text_of(text);
        Named { name: names.text.to_owned(), expression, remarks }
    }

    fn text_of(&mut self, text: &Pick) -> (String, Vec<Remark>) {
        let (term_of, column) = (&text.term, &text.column);
        let filtered = |filter: &str| format!("{term_of} | {filter}");
        match self.answers.text {
            Some(TextAnswer::Plain) => return (filtered(PLAIN), vec![Remark::Told]),
            Some(TextAnswer::Html) => return (filtered("html_to_text"), vec![Remark::Told]),
            Some(TextAnswer::Jira) => return (filtered("jira_to_text"), vec![Remark::Told]),
            None => {}
        }
        if let Some(TableEach::Cells(_)) = self.table_each() {
            return (filtered("jira_to_text"), vec![Remark::Jira]);
        }
        if let Some((format, word)) = self.format_column(column) {
            self.used.push(format.clone());
            let html =
                format!("{} if {} == {}", filtered("html_to_text"), term(&format), quoted(&word));
            let expression = format!("{html} else {}", filtered(PLAIN));
            return (expression, vec![Remark::HtmlByColumn(format)]);
        }
        let is_known = plain(&column.name).contains("html")
            || self.system.is_some_and(|system| system.is_html);
        let (html, of) = (column.html, column.texts);
        match (is_known || html * 2 >= of && html > 0, html) {
            (true, html) if is_known || html == of => (filtered("html_to_text"), Vec::new()),
            (true, _) => (filtered("html_to_text"), vec![Remark::MostlyHtml { html, of }]),
            (false, 0) => (filtered(PLAIN), Vec::new()),
            (false, _) => (filtered(PLAIN), vec![Remark::HardlyHtml { html, of }]),
        }
    }

    /// The column that says which texts are HTML, and the word for that.
    fn format_column(&self, text: &ColumnSeen) -> Option<(String, String)> {
        let is_format = |column: &&ColumnSeen| {
            let name = plain(&column.name);
            let is_called_so =
                ["format", "contenttype", "bodyformat", "texttype"].contains(&name.as_str());
            is_called_so && column.name != text.name
        };
        self.main.columns.iter().filter(is_format).find_map(|column| {
            let is_html = |word: &&str| matches!(*word, "html" | "text/html" | "HTML");
            Some((column.name.clone(), column.texts().find(is_html)?.to_owned()))
        })
    }

    pub(super) fn written(&mut self, names: &Names) -> Option<Named> {
        let pick = self.picked.time.clone()?;
        let is_workbook = self.main.format == Format::Workbook;
        let seen = time::recognise(pick.column.texts(), self.answers.day_first, is_workbook)?;
        self.use_column(&pick);
        let zone = self.system.and_then(|system| system.zone);
        let mut remarks = vec![pick.by.clone()];
        remarks.extend(remarks_on(&seen, zone));
        let expression = format!("{} | {}", pick.term, epoch(&seen, zone));
        Some(Named { name: names.written.to_owned(), expression, remarks })
    }

    /// Who wrote a note; `people` are the tables that ids are looked up in.
    pub(super) fn author(&mut self, people: &[String], names: &Names) -> Option<Named> {
        let named = |expression: String, remarks: Vec<Remark>| {
            Some(Named { name: names.author.to_owned(), expression, remarks })
        };
        let of_system = self.system.and_then(|system| system.author_of);
        if let Some((needs, expression)) = of_system
            && self.answers.author.is_none()
            && has_all(self.main, needs)
        {
            self.used.extend(needs.iter().map(|name| (*name).to_owned()));
            return named(expression.to_owned(), vec![Remark::OfSystem]);
        }
        let pick = self.picked.author.clone()?;
        self.use_column(&pick);
        let (column, term) = (&pick.column, &pick.term);
        let unknown = |expression: String| match column.empty > 0 {
            true => format!("{expression} if {term} else '(unknown)'"),
            false => expression,
        };
        if column.nested > 0 {
            return match name_in(column, term) {
                Some(name) => named(unknown(name), vec![pick.by.clone()]),
                None => {
                    self.doubts.push(Remark::AuthorIsObject(column.name.clone()));
                    None
                }
            };
        }
        if let Some((last, others)) = people.split_last() {
            let tried = others
                .iter()
                .map(|table| format!("{term} | lookup({}, default='') or ", quoted(table)));
            let chain: String = tried.collect();
            let last = format!("{term} | lookup({}, default='#' ~ {term})", quoted(last));
            return named(unknown(format!("{chain}{last}")), vec![pick.by.clone()]);
        }
        if column.share(is_bare_id) >= 80 {
            let expression = unknown(format!("'#' ~ {term}"));
            return named(expression, vec![pick.by.clone(), Remark::NoPeople(column.name.clone())]);
        }
        let expression = match column.share(shape::is_name_and_address) >= 50 {
            true => format!("{term} | before(' (')"),
            false => term.clone(),
        };
        let expression = match column.empty > 0 {
            true => format!("{expression} or '(unknown)'"),
            false => expression,
        };
        named(expression, vec![pick.by.clone()])
    }

    /// The files that are attached to a note, and how they are listed.
    pub(super) fn attached(&mut self, names: &Names) -> Option<(Named, FilesDraft)> {
        let column = self.main.column("attachments").filter(|column| column.nested > 0)?;
        let keys = self.system.and_then(|system| system.files);
        let is_seen = !column.item_keys.is_empty();
        let has = |key: &str| column.item_keys.contains(key);
        let first = |keys: &[&'static str]| keys.iter().copied().find(|key| has(key));
        let keys = match keys.filter(|keys| !is_seen || has(keys.name)) {
            Some(keys) => keys,
            None => FileKeys {
                name: first(&NAMES)?,
                size: first(&SIZES),
                address: first(&ADDRESSES),
                ..FILE_KEYS
            },
        };
        let without = keys.without.iter().filter(|key| !is_seen || has(key));
        let filters: String = without.map(|key| format!(" | rejectattr('{key}')")).collect();
        let missing = if column.rows() > column.nested { " | default([], true)" } else { "" };
        self.used.push("attachments".to_owned());
        let named = Named {
            name: names.files.to_owned(),
            expression: format!("attachments{missing}{filters} | list"),
            remarks: Vec::new(),
        };
        let files = FilesDraft {
            list: names.files.to_owned(),
            name: keys.name.to_owned(),
            size: keys.size.filter(|key| !is_seen || has(key)).map(str::to_owned),
            address: keys.address.filter(|key| !is_seen || has(key)).map(str::to_owned),
        };
        Some((named, files))
    }
}

/// The name in an object that says who somebody is; none where not all are objects, or they have no name.
fn name_in(column: &ColumnSeen, term: &str) -> Option<String> {
    if column.objects < column.filled {
        return None;
    }
    let has = |key: &&str| column.item_keys.contains(*key);
    if let Some(key) =
        ["name", "display_name", "displayName", "full_name"].iter().find(|key| has(key))
    {
        return Some(format!("{term}.{key} | default('(unknown)', true)"));
    }
    let pairs = [("first_name", "last_name"), ("firstName", "lastName"), ("first", "last")];
    let (first, last) = pairs.iter().find(|(first, last)| has(first) && has(last))?;
    let part = |key: &str| format!("({term}.{key} | default('', true))");
    Some(format!("({} ~ ' ' ~ {}) | trim", part(first), part(last)))
}

/// Whether a text can be no name: digits alone, or a long id.
fn is_bare_id(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number || (text.len() >= 15 && shape::is_id(text))
}

/// The filter that reads such times.
pub(super) fn epoch(seen: &TimeSeen, zone: Option<&str>) -> String {
    let list = |formats: &[String]| match formats {
        [] => None,
        [one] => Some(quoted(one)),
        several => {
            let several: Vec<String> = several.iter().map(|format| quoted(format)).collect();
            Some(format!("[{}]", several.join(", ")))
        }
    };
    let mut arguments: Vec<String> = Vec::new();
    match &seen.reading {
        Reading::Iso => {}
        Reading::Formats(formats) => arguments.extend(list(formats)),
        Reading::Workbook(formats) => {
            arguments.extend(list(formats));
            arguments.push("excel=true".to_owned());
        }
        Reading::Seconds => arguments.push("unit='s'".to_owned()),
        Reading::Milliseconds => arguments.push("unit='ms'".to_owned()),
    }
    arguments.extend(zone.filter(|_| seen.is_civil).map(|zone| format!("zone={}", quoted(zone))));
    match arguments.is_empty() {
        true => "epoch_ms".to_owned(),
        false => format!("epoch_ms({})", arguments.join(", ")),
    }
}
