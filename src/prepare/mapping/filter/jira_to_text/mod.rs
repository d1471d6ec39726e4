//! `jira_to_text`: the text of Jira's wiki markup.
//!
//! Line by line: what a whole line is stands here, what stands within a line in `inline`. Markup that is not known stays as it
//! is, so that nothing is lost; nothing is looked for further than a line.

mod inline;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use minijinja::{Environment, Value};

use super::{Example, Filter, Setting, map_text};

pub(super) const FILTER: Filter = Filter {
    name: "jira_to_text",
    about: "the text of Jira's wiki markup",
    details: "Links become `text (address)`, mentions `@name`, images `[image: file]`, attached files `[file: name]`; headings \
              are lines, items have `- ` or `1. ` and two blanks a level, cells ` | ` between them, quotes `> ` before each \
              line. Colours, panels, anchors and the marks of `*bold*`, `_italic_` and `{{fixed}}` text go; what stands between \
              `{code}` or `{noformat}` is left alone. Markup that is not known stays as it is. A mention has the person's id: \
              to write a name, look the id up before.",
    arguments: &[],
    examples: &[
        Example {
            given: &[(
                "comment",
                "*Đã sửa.* Xem [hướng dẫn|https://wiki.example/vpn]\n# Tắt máy\n# Bật lại",
            )],
            expression: "{{ comment | jira_to_text }}",
            gives: "Đã sửa. Xem hướng dẫn (https://wiki.example/vpn)\n1. Tắt máy\n2. Bật lại",
        },
        Example {
            given: &[(
                "comment",
                "h3. Lỗi\n{color:red}502{color} !loi-502.png|width=640! [~accountid:712020:6f1d]",
            )],
            expression: "{{ comment | jira_to_text }}",
            gives: "Lỗi\n502 [image: loi-502.png] @712020:6f1d",
        },
    ],
    add: Some(add),
    short: None,
};

fn add(environment: &mut Environment<'static>, _: &Arc<Setting>) {
    environment.add_filter("jira_to_text", |value: Value| {
        map_text("jira_to_text", &value, |markup| Ok(jira_to_text(markup).into()))
    });
}

/// Deeper lists are not set off any further.
const DEEPEST: usize = 8;

/// The text of wiki markup. Takes time and memory in proportion to its length.
pub fn jira_to_text(markup: &str) -> String {
    let mut reader = Reader { out: String::with_capacity(markup.len()), ..Reader::default() };
    markup.lines().for_each(|line| reader.line(line));
    reader.out.truncate(reader.out.trim_end().len());
    reader.out
}

#[derive(Debug, Default)]
struct Reader {
    out: String,
    /// What ends the block that is open and whose content is left alone.
    verbatim: Option<&'static str>,
    in_quote: bool,
    /// The numbers that items of each level have come to.
    numbers: [u32; DEEPEST],
    /// How deep the list goes that the line before was an item of; 0 for none.
    depth: usize,
}

impl Reader {
    fn line(&mut self, line: &str) {
        let mut rest = Some(line);
        while let Some(part) = rest {
            rest = self.part(part).filter(|rest| !rest.trim().is_empty());
        }
    }

    /// Takes a line up to where a block begins or ends in it, and gives the rest.
    fn part<'l>(&mut self, line: &'l str) -> Option<&'l str> {
        if let Some(block) = self.verbatim {
            let Some(at) = line.find(block) else {
                self.put("", line);
                return None;
            };
            self.verbatim = None;
            if !line[..at].trim().is_empty() {
                self.put("", &line[..at]);
            }
            return Some(&line[at + block.len()..]);
        }
        let Some((at, length, mark)) = mark(line) else {
            self.text(line);
            return None;
        };
        if !line[..at].trim().is_empty() {
            self.text(&line[..at]);
        }
        match mark {
            Mark::Quote => self.in_quote = !self.in_quote,
            Mark::Verbatim(end) => self.verbatim = Some(end),
        }
        self.depth = 0;
        Some(&line[at + length..])
    }

    /// A line outside of blocks.
    fn text(&mut self, line: &str) {
        let trimmed = line.trim_start();
        if let Some((depth, is_counted, text)) = item(trimmed) {
            return self.item(depth, is_counted, text);
        }
        self.depth = 0;
        if let Some(title) = panel(trimmed) {
            if !title.is_empty() {
                self.put("", &inline::text(title));
            }
        } else if trimmed.starts_with("||") || (trimmed.starts_with('|') && trimmed.len() > 1) {
            self.put("", &row(trimmed));
        } else if let Some(title) = heading(trimmed) {
            self.put("", &inline::text(title));
        } else if let Some(quoted) = trimmed.strip_prefix("bq. ") {
            self.put("> ", &inline::text(quoted));
        } else if trimmed.trim_end() == "----" {
            self.put("", "---");
        } else {
            self.put("", &inline::text(line));
        }
    }

    fn item(&mut self, depth: usize, is_counted: bool, text: &str) {
        let depth = depth.min(DEEPEST);
        // A list that begins anew counts anew, and so do the lists in it.
        let kept = depth.min(self.depth);
        self.numbers[kept..].fill(0);
        self.depth = depth;
        let number = &mut self.numbers[depth - 1];
        *number += 1;
        let mark = if is_counted { format!("{number}. ") } else { "- ".to_owned() };
        let prefix = format!("{}{mark}", "  ".repeat(depth - 1));
        self.put(&prefix, &inline::text(text));
    }

    fn put(&mut self, prefix: &str, text: &str) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        if self.in_quote {
            self.out.push_str(if text.is_empty() { ">" } else { "> " });
        }
        self.out.push_str(prefix);
        self.out.push_str(text.trim_end());
    }
}

/// Where a block begins or ends in a line.
enum Mark {
    Quote,
    /// With what ends it.
    Verbatim(&'static str),
}

/// The first mark of a line: its place and its length.
fn mark(line: &str) -> Option<(usize, usize, Mark)> {
    line.match_indices('{').find_map(|(at, _)| {
        let rest = &line[at..];
        if rest.starts_with("{quote}") {
            return Some((at, "{quote}".len(), Mark::Quote));
        }
        let blocks = [("{code", "{code}"), ("{noformat", "{noformat}")];
        let (begin, end) = blocks.into_iter().find(|(begin, _)| rest.starts_with(begin))?;
        let after = &rest[begin.len()..];
        // `{code:bash|title=x}`
        let settings = inline::until(after, '}')?;
        let is_mark = settings.is_empty() || settings.starts_with(':');
        is_mark.then(|| (at, begin.len() + settings.len() + 1, Mark::Verbatim(end)))
    })
}

/// The depth of an item, whether it is counted, and its text.
fn item(line: &str) -> Option<(usize, bool, &str)> {
    let marks = line.find(|letter| !matches!(letter, '*' | '#' | '-'))?;
    let text = line[marks..].strip_prefix(' ')?;
    let last = *line.as_bytes().get(marks.checked_sub(1)?)?;
    // `---- ` is no item.
    (last != b'-' || marks == 1).then_some((marks, last == b'#', text.trim_start()))
}

/// The title of a panel that begins or ends on a line of its own; empty where it has none.
fn panel(line: &str) -> Option<&str> {
    let inside = line.trim_end().strip_prefix("{panel")?.strip_suffix('}')?;
    if inside.contains('}') || !(inside.is_empty() || inside.starts_with(':')) {
        return None;
    }
    let mut settings = inside.trim_start_matches(':').split('|');
    Some(settings.find_map(|setting| setting.trim().strip_prefix("title=")).unwrap_or_default())
}

fn heading(line: &str) -> Option<&str> {
    let title = line.strip_prefix('h')?.strip_prefix(|digit: char| ('1'..='6').contains(&digit))?;
    title.strip_prefix(". ").map(str::trim_start)
}

/// A row of a table: `||a||b||` and `|a|b|`.
fn row(line: &str) -> String {
    let line = line.trim();
    let text = inline::text(line.trim_matches('|'));
    let text = text.replace("||", "|");
    let cells: Vec<&str> = text.split('|').map(str::trim).collect();
    cells.join(" | ")
}
