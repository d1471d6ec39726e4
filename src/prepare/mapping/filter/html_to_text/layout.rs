//! Text on its way into lines: breaks, quotes, items, cells, and links with their addresses.
//!
//! Everything that is only asked for (a break, a blank, the mark of an item) waits until there is text to stand behind it,
//! so nothing is left hanging at an end. Counts have bounds, so a line's beginning is never longer than a few words.

/// Deeper quotes and lists are not set off any further.
const DEEPEST: usize = 8;
/// Tables in tables beyond this are laid out as if they were part of the last.
const TABLES: usize = 64;

/// A text under way.
#[derive(Debug, Default)]
pub(super) struct Layout {
    out: String,
    /// How many line breaks stand before the next text: two are a blank line.
    breaks: usize,
    /// Whether a blank stands before the next text.
    blank: bool,
    quotes: usize,
    /// How many quotes the last line stood in.
    quotes_before: usize,
    lists: Vec<List>,
    /// Lists beyond those.
    deeper_lists: usize,
    /// What stands before the next text, which begins an item.
    mark: Option<String>,
    tables: Vec<Table>,
    /// Tables beyond those.
    deeper_tables: usize,
    link: Option<Link>,
}

#[derive(Debug)]
struct List {
    /// The number of the next item; none where items are not counted.
    next: Option<i64>,
}

#[derive(Debug, Default)]
struct Table {
    /// Whether there is text in it.
    has_text: bool,
    /// Whether there is text in the row.
    row_has_text: bool,
    /// Cells that began since the last text.
    cells: usize,
    /// Whether a cell has begun and has no text yet.
    is_fresh: bool,
}

#[derive(Debug)]
struct Link {
    address: String,
    /// Where its text begins.
    start: Option<usize>,
}

impl Layout {
    pub(super) fn new(capacity: usize) -> Self {
        Self { out: String::with_capacity(capacity), ..Self::default() }
    }

    /// Text in which a run of blanks and line breaks is one blank.
    pub(super) fn flow(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let blank = blank_length(&bytes[at..]);
            if blank > 0 {
                self.blank = true;
                at += blank;
                continue;
            }
            let start = at;
            while at < bytes.len() && blank_length(&bytes[at..]) == 0 {
                at += 1;
            }
            self.inline(&text[start..at]);
        }
    }

    /// Text as it is, in which only ends of lines mean something.
    pub(super) fn preformatted(&mut self, text: &str) {
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                self.breaks += 1;
            }
            let line = line.trim_end_matches('\r');
            if !line.is_empty() {
                self.inline(line);
            }
        }
    }

    pub(super) fn end_preformatted(&mut self) {
        self.breaks = self.breaks.min(2);
        self.apart(2);
    }

    /// Text that stays in one piece.
    pub(super) fn inline(&mut self, text: &str) {
        self.begin();
        if let Some(link) = &mut self.link {
            link.start.get_or_insert(self.out.len());
        }
        self.out.push_str(text);
    }

    /// Asks that the next text stands so many line breaks apart. Not at the beginning of a cell, whose text goes on behind
    /// that of the cell before.
    pub(super) fn apart(&mut self, breaks: usize) {
        if !self.tables.last().is_some_and(|table| table.is_fresh) {
            self.breaks = self.breaks.max(breaks);
        }
    }

    pub(super) fn line_break(&mut self) {
        if !self.tables.last().is_some_and(|table| table.is_fresh) {
            self.breaks = (self.breaks + 1).min(2);
        }
    }

    pub(super) fn rule(&mut self) {
        self.apart(2);
        self.inline("---");
        self.apart(2);
    }

    pub(super) fn begin_list(&mut self, next: Option<i64>) {
        self.apart(if self.lists.is_empty() { 2 } else { 1 });
        match self.lists.len() {
            DEEPEST => self.deeper_lists += 1,
            _ => self.lists.push(List { next }),
        }
    }

    pub(super) fn end_list(&mut self) {
        match self.deeper_lists {
            0 => drop(self.lists.pop()),
            _ => self.deeper_lists -= 1,
        }
        self.mark = None;
        self.apart(if self.lists.is_empty() { 2 } else { 1 });
    }

    pub(super) fn begin_item(&mut self) {
        self.apart(1);
        self.mark = Some(match self.lists.last_mut().and_then(|list| list.next.as_mut()) {
            Some(next) => {
                let number = *next;
                *next = next.saturating_add(1);
                format!("{number}. ")
            }
            None => "- ".to_owned(),
        });
    }

    pub(super) fn end_item(&mut self) {
        self.mark = None;
        self.apart(1);
    }

    pub(super) fn begin_quote(&mut self) {
        self.apart(2);
        self.quotes += 1;
    }

    pub(super) fn end_quote(&mut self) {
        self.apart(2);
        self.quotes = self.quotes.saturating_sub(1);
    }

    pub(super) fn begin_table(&mut self) {
        // A table in a cell begins on a line of its own.
        if let Some(table) = self.tables.last_mut() {
            (table.cells, table.is_fresh) = (0, false);
        }
        self.apart(2);
        match self.tables.len() {
            TABLES => self.deeper_tables += 1,
            _ => self.tables.push(Table::default()),
        }
    }

    pub(super) fn end_table(&mut self) {
        if self.deeper_tables > 0 {
            self.deeper_tables -= 1;
        } else if let Some(ended) = self.tables.pop()
            && let Some(around) = self.tables.last_mut()
            && ended.has_text
        {
            (around.has_text, around.row_has_text, around.is_fresh) = (true, true, false);
        }
        self.apart(2);
    }

    pub(super) fn begin_row(&mut self) {
        if let Some(table) = self.tables.last_mut() {
            *table = Table { has_text: table.has_text, ..Table::default() };
        }
        self.apart(1);
    }

    pub(super) fn end_row(&mut self) {
        if let Some(table) = self.tables.last_mut() {
            table.is_fresh = false;
        }
        self.apart(1);
    }

    pub(super) fn begin_cell(&mut self) {
        self.blank = true;
        let Some(table) = self.tables.last_mut() else { return };
        if table.row_has_text {
            table.cells += 1;
            self.breaks = 0;
        }
        table.is_fresh = true;
    }

    pub(super) fn end_cell(&mut self) {
        let Some(table) = self.tables.last_mut() else { return };
        // Paragraphs within cells do not set the cells apart.
        if !table.is_fresh {
            self.breaks = 0;
        }
        table.is_fresh = false;
    }

    pub(super) fn begin_link(&mut self, address: String) {
        self.end_link();
        let is_web = ["http://", "https://"].iter().any(|scheme| {
            address.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
        });
        self.link = is_web.then_some(Link { address, start: None });
    }

    pub(super) fn end_link(&mut self) {
        let Some(Link { address, start: Some(start) }) = self.link.take() else { return };
        if bare(&self.out[start..]) != bare(&address) {
            self.out.push_str(" (");
            self.out.extend(address.chars().filter(|letter| !letter.is_whitespace()));
            self.out.push(')');
        }
    }

    pub(super) fn end(mut self) -> String {
        self.end_link();
        self.out.truncate(self.out.trim_end().len());
        self.out
    }

    /// Writes what has been waiting for text.
    fn begin(&mut self) {
        if let Some(table) = self.tables.last_mut() {
            if table.cells > 0 {
                for _ in 0..table.cells {
                    self.out.push_str(" |");
                }
                self.out.push(' ');
                (self.breaks, self.blank) = (0, false);
            }
            *table = Table { has_text: true, row_has_text: true, cells: 0, is_fresh: false };
        }
        if self.breaks > 0 || self.out.is_empty() {
            self.begin_line();
        } else if self.blank {
            self.out.push(' ');
        }
        // Of an item that goes on behind other text, as at the beginning of a cell.
        if let Some(mark) = self.mark.take() {
            self.out.push_str(&mark);
        }
        (self.breaks, self.blank) = (0, false);
    }

    fn begin_line(&mut self) {
        let quotes = self.quotes.min(DEEPEST);
        if !self.out.is_empty() {
            for _ in 1..self.breaks {
                self.out.push('\n');
                let around = quotes.min(self.quotes_before);
                self.out.push_str("> ".repeat(around).trim_end());
            }
            self.out.push('\n');
        }
        self.quotes_before = quotes;
        let mark = self.mark.take();
        let depth = self.lists.len() - usize::from(mark.is_some() && !self.lists.is_empty());
        for _ in 0..quotes {
            self.out.push_str("> ");
        }
        for _ in 0..depth {
            self.out.push_str("  ");
        }
        self.out.push_str(mark.as_deref().unwrap_or_default());
    }
}

/// The length of a blank at the beginning: of a usual one, a break, or one that keeps words together.
fn blank_length(bytes: &[u8]) -> usize {
    match bytes {
        [b' ' | b'\t' | b'\n' | b'\r' | b'\x0c', ..] => 1,
        [0xc2, 0xa0, ..] => 2,
        _ => 0,
    }
}

/// An address without what people leave out of it when they write it.
fn bare(address: &str) -> &str {
    let address = address.trim().trim_end_matches('/');
    ["https://", "http://"]
        .iter()
        .find_map(|scheme| address.strip_prefix(scheme))
        .unwrap_or(address)
}
