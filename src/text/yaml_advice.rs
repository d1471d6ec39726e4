//! What people who write YAML by hand mean when it cannot be read: the line as it has to be written.
//!
//! Looks at the text alone, at the line where reading stopped and the one before; where nothing is recognised, the
//! parser's own words have to do.

use std::ops::Range;

use super::lookalike::Lookalike;

/// What is wrong with a line, and how it is written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Advice {
    pub message: String,
    pub hint: String,
    /// Where, in bytes of the text.
    pub at: Range<usize>,
}

/// A line of a text.
#[derive(Debug, Clone, Copy)]
struct Line<'t> {
    text: &'t str,
    start: usize,
}

/// What is wrong where reading a text stopped; none where nothing is recognised.
pub(super) fn advice(text: &str, offset: usize) -> Option<Advice> {
    let here = Line::at(text, offset);
    let before = here.before(text);
    let of_line = |line: Line<'_>| line.missing_key().or_else(|| line.value());
    here.lookalike()
        .or_else(|| before?.lookalike())
        .or_else(|| here.tab())
        .or_else(|| of_line(here))
        .or_else(|| before.and_then(|line| line.colon().or_else(|| of_line(line))))
        .or_else(|| here.colon())
        .or_else(|| here.indent(before?))
}

impl<'t> Line<'t> {
    fn at(text: &'t str, offset: usize) -> Self {
        let offset = text.floor_char_boundary(offset.min(text.len()));
        let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
        let end = text[offset..].find('\n').map_or(text.len(), |at| offset + at);
        Self { text: text[start..end].trim_end(), start }
    }

    /// The line before, passing over empty ones.
    fn before(self, text: &'t str) -> Option<Self> {
        let mut start = self.start;
        while start > 0 {
            let line = Self::at(text, start - 1);
            if !line.text.trim().is_empty() {
                return Some(line);
            }
            start = line.start;
        }
        None
    }

    fn advice(self, at: usize, length: usize, message: &str, hint: String) -> Option<Advice> {
        // A letter may be longer than the sign that was expected there.
        let end = self.text.ceil_char_boundary((at + length).min(self.text.len()));
        Some(Advice { message: message.to_owned(), hint, at: self.start + at..self.start + end })
    }

    fn lookalike(self) -> Option<Advice> {
        let found = Lookalike::of_signs(self.text)?;
        // Inside of usual quotes it may stand.
        let before = &self.text[..found.at];
        let is_open = |quote: char| before.matches(quote).count() % 2 == 1;
        if is_open('"') || is_open('\'') {
            return None;
        }
        let message = format!("this is no sign of YAML: {}", found.named());
        self.advice(found.at, found.letter.len_utf8(), &message, found.advice())
    }

    fn tab(self) -> Option<Advice> {
        let at = self.text.find(|letter: char| letter != ' ')?;
        let hint = "put two blanks in its place".to_owned();
        let is_tab = self.text[at..].starts_with('\t');
        is_tab.then(|| self.advice(at, 1, "a tab cannot indent a line of YAML", hint))?
    }

    fn missing_key(self) -> Option<Advice> {
        let at = self.text.find(|letter: char| letter != ' ')?;
        let content = &self.text[at..];
        let is_nothing = |key: &str| {
            content
                .strip_prefix(key)
                .is_some_and(|rest| rest.starts_with([' ', ':']) || rest.is_empty())
        };
        let key = ["~:", "null:", ":", "?"].into_iter().find(|key| is_nothing(key))?;
        let hint = "write the name before the colon, as in note: \"{{ body }}\"".to_owned();
        self.advice(at, key.len(), "a name is missing before the colon", hint)
    }

    /// A key without its colon, or without a blank behind that.
    fn colon(self) -> Option<Advice> {
        let at = self.text.find(|letter: char| letter != ' ')?;
        let content = &self.text[at..];
        let length =
            content.find(|letter: char| !is_in_keys(letter)).filter(|length| *length > 0)?;
        let (key, rest) = content.split_at(length);
        if let Some(value) = rest
            .strip_prefix(':')
            .filter(|value| value.starts_with(|next| !matches!(next, ' ' | '/')))
        {
            let hint = format!("write {key}: {value}");
            return self.advice(at + length, 1, "a blank is missing behind the colon", hint);
        }
        let value = rest.trim_start();
        (rest.starts_with(' ') && value.starts_with(['"', '\'', '{', '['])).then(|| {
            self.advice(
                at,
                length,
                "a colon is missing behind the name",
                format!("write {key}: {value}"),
            )
        })?
    }

    /// The value behind a key or a dash.
    fn value(self) -> Option<Advice> {
        let (at, key) = self.value_start()?;
        let (line, value) = (self.text, self.text[at..].trim_end());
        let is_plain = !value.starts_with(['{', '[']);
        if let Some(open) = unquoted_braces(line).filter(|open| !is_plain || *open == at) {
            return self.braces(open, key, at);
        }
        if let Some(quote) = value.chars().next().filter(|first| matches!(first, '"' | '\'')) {
            return self.quoted(at, key, quote);
        }
        if let Some(colon) = value.find(": ").or_else(|| value.strip_suffix(':').map(str::len))
            && !value.starts_with(['{', '[', '&', '*', '|', '>', '#'])
        {
            let message = "a colon followed by a blank stands in a text without quotes";
            let hint = format!("write {key}{}", in_quotes(value));
            return self.advice(at + colon, 1, message, hint);
        }
        let first = value.chars().next()?;
        let message = format!("a text cannot begin with {first} unless it is in quotes");
        "%@`&*!".contains(first).then(|| {
            self.advice(at, first.len_utf8(), &message, format!("write {key}{}", in_quotes(value)))
        })?
    }

    /// Where the value begins, and what stands before it without blanks.
    fn value_start(self) -> Option<(usize, String)> {
        let line = self.text;
        let indent = line.find(|letter: char| letter != ' ')?;
        let dash = if line[indent..].starts_with("- ") { 2 } else { 0 };
        let inside = indent + dash;
        let key = line[inside..].find(": ").filter(|length| {
            line[inside..inside + length].chars().all(|letter| is_in_keys(letter) || letter == ' ')
        });
        match (key, dash) {
            (Some(length), _) => {
                let after = inside + length + 2;
                let blanks = line[after..].len() - line[after..].trim_start().len();
                Some((after + blanks, line[indent..after].to_owned()))
            }
            (None, 2) => Some((inside, "- ".to_owned())),
            (None, _) => None,
        }
    }

    fn braces(self, open: usize, key: String, at: usize) -> Option<Advice> {
        let message = "an expression has to stand in quotes, for to YAML a brace begins a mapping";
        let rest = &self.text[open..];
        let hint = if open == at {
            format!("write {key}{}", in_quotes(rest.trim_end()))
        } else {
            let end = rest.find("}}").map_or(rest.len(), |end| end + 2);
            format!("write {} there", in_quotes(&rest[..end]))
        };
        self.advice(open, 2, message, hint)
    }

    /// A value that begins with a quote, and has another in it or a backslash.
    fn quoted(self, at: usize, key: String, quote: char) -> Option<Advice> {
        let whole = self.text[at..].trim_end();
        let inner = whole.strip_prefix(quote)?;
        let inner = inner.strip_suffix(quote).unwrap_or(inner);
        let write = |inner: &str| format!("write {key}{}", in_quotes(inner));
        if let Some(inside) = inner.find(quote).filter(|_| whole.ends_with(quote)) {
            let message = format!("the quote {quote} ends the text, and more follows");
            return self.advice(at + 1 + inside, 1, &message, write(inner));
        }
        let escape = (quote == '"').then(|| wrong_escape(inner)).flatten()?;
        let message = "in double quotes a backslash begins an escape, and this is none";
        let hint = format!("{}, or double each backslash", write(inner));
        self.advice(at + 1 + escape, 2, message, hint)
    }

    /// A line that stands between two levels.
    fn indent(self, before: Line<'_>) -> Option<Advice> {
        let depth = |line: &str| line.len() - line.trim_start_matches(' ').len();
        let (here, there) = (depth(self.text), depth(before.text));
        (here != there && self.text.contains(':')).then(|| {
            let hint = format!(
                "the line before has {there} blanks and this one {here}: names of one mapping stand exactly below each other"
            );
            self.advice(here, 1, "the line is not indented like those that it belongs to", hint)
        })?
    }
}

fn is_in_keys(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.')
}

/// Where `{{` begins a value outside of quotes.
fn unquoted_braces(line: &str) -> Option<usize> {
    let open = line.find("{{")?;
    let before = line[..open].trim_end();
    before.ends_with([':', '-', ',', '[', '{']).then_some(open)
}

/// Where a backslash stands that begins no escape of YAML.
fn wrong_escape(text: &str) -> Option<usize> {
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        if letter == '\\' {
            let (_, next) = letters.next()?;
            let digits = match next {
                'x' => 2,
                'u' => 4,
                'U' => 8,
                _ => 0,
            };
            let are_there =
                text[at..].chars().skip(2).take(digits).filter(char::is_ascii_hexdigit).count();
            if !"0abtnvfre \"/\\N_LPxuU\t".contains(next) || are_there < digits {
                return Some(at);
            }
        }
    }
    None
}

/// A text as YAML in quotes that leave it as it is.
fn in_quotes(text: &str) -> String {
    match (text.contains(['"', '\\']), text.contains('\'')) {
        (false, _) => format!("\"{text}\""),
        (true, false) => format!("'{text}'"),
        (true, true) => format!("'{}'", text.replace('\'', "''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_shown_as_it_has_to_be_written() {
        for (line, hint) in [
            ("  ticket_id: {{ ticket }}", "ticket_id: \"{{ ticket }}\""),
            ("  note: {{ body }} and more", "note: \"{{ body }} and more\""),
            ("map: { ticket_id: {{ ticket }}, note: hi }", "write \"{{ ticket }}\" there"),
            ("  ticket_id: \"{{ row[\"ticket\"] }}\"", "ticket_id: '{{ row[\"ticket\"] }}'"),
            ("  ticket_id: '{{ row['ticket'] }}'", "ticket_id: \"{{ row['ticket'] }}\""),
            ("  note: \"it's a \"note\"\"", "note: 'it''s a \"note\"'"),
            ("  note: Re: hello", "note: \"Re: hello\""),
            ("  note: Gọi lại: {{ body }}", "note: \"Gọi lại: {{ body }}\""),
            ("  csv: \"C:\\data\\notes.csv\"", "csv: 'C:\\data\\notes.csv'"),
            ("  a: \"{{ t | replace('\\d', '') }}\"", "double each backslash"),
            ("  : foo", "name before the colon"),
            ("  ~: foo", "name before the colon"),
            ("  ticket_id \"{{ ticket }}\"", "write ticket_id: \"{{ ticket }}\""),
            ("  ticket_id:\"{{ ticket }}\"", "write ticket_id: \"{{ ticket }}\""),
            ("\tticket_id: a", "two blanks"),
            ("  ticket_id\u{ff1a} a", "write : in its place"),
            ("  ticket_id:\u{a0}a", "a usual blank"),
            ("  note: %d hi", "note: \"%d hi\""),
            ("  - @a", "write - \"@a\""),
        ] {
            let found = advice(line, line.len() / 2);
            assert!(
                found.as_ref().is_some_and(|found| found.hint.contains(hint)),
                "{line}: {found:?}"
            );
        }
    }

    #[test]
    fn a_place_ends_with_a_letter() {
        for text in ["a: \"\\é\"", "a:é", "é: a\n é: a", "-\té"] {
            if let Some(found) = advice(text, text.len()) {
                assert!(text.get(found.at).is_some(), "{text}");
            }
        }
    }

    #[test]
    fn what_is_read_is_what_was_advised() {
        for text in ["{{ row[\"a\"] }}", "it's a \"note\"", "C:\\data", "Re: hello", "plain"] {
            let read: String = serde_yaml::from_str(&in_quotes(text)).unwrap();
            assert_eq!(read, text);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_odd(text in "[a:{}\"'\\\\ \n\t“\u{a0}é-]{0,40}", offset in 0_usize..60) {
            if let Some(found) = advice(&text, offset) {
                assert!(text.get(found.at).is_some());
            }
        }
    }
}
