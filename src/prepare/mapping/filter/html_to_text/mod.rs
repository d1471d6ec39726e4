//! `html_to_text`: the text of an HTML mail or note, laid out in lines.
//!
//! Tags are read as browsers read them (html5gum), one after the other; none of them is waited for, so tags that are never
//! closed, or nested ten thousand deep, cost nothing. How lines are laid out is for `layout`. No HTML is shown as such, and
//! nothing is fetched.

mod layout;
mod tag;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::Arc;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};
use minijinja::{Environment, Value};

use super::{Example, Filter, Setting, map_text};
use layout::Layout;
use tag::{Attributes, Tag};

pub(super) const FILTER: Filter = Filter {
    name: "html_to_text",
    about: "the text of HTML, laid out in lines",
    details: "Entities are decoded once. Blanks and line breaks in the source become one blank, but in `<pre>`. Paragraphs, \
              headings, tables and lists stand between blank lines, never more than one; items have `- ` or `1. `, cells ` | ` \
              between them, quotes `> ` before each line, `<hr>` is `---`. A link is `text (address)`, unless both are the same \
              or the address is not http; an image is `[image: what it shows]`, else its file's name. Scripts, styles and the \
              title are left out, and so are images of one pixel. Text that is hidden by its style is kept, so that nothing is \
              lost. `<name@host>`, which is no tag, is kept as it stands.",
    arguments: &[],
    examples: &[
        Example {
            given: &[(
                "body",
                "<p>Chào anh,<br>em đã <b>hoàn tiền</b>.</p><ul><li>đơn &amp; phí</ul>",
            )],
            expression: "{{ body | html_to_text }}",
            gives: "Chào anh,\nem đã hoàn tiền.\n\n- đơn & phí",
        },
        Example {
            given: &[("body", "Xem <a href=\"https://wiki.example/vpn\">hướng dẫn</a>")],
            expression: "{{ body | html_to_text }}",
            gives: "Xem hướng dẫn (https://wiki.example/vpn)",
        },
    ],
    add: Some(add),
    short: None,
};

fn add(environment: &mut Environment<'static>, _: &Arc<Setting>) {
    environment.add_filter("html_to_text", |value: Value| {
        map_text("html_to_text", &value, |html| Ok(html_to_text(html).into()))
    });
}

/// The text of HTML. Takes time and memory in proportion to its length, whatever stands in it.
pub fn html_to_text(html: &str) -> String {
    let (html, sign) = with_ends(html);
    let html = &*html;
    let mut reader = Reader { sign, ..Reader::new(html.len()) };
    let mut emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, _: Span<()>| {
        reader.take(event);
        None::<Infallible>
    });
    // Else tags within scripts would count.
    emitter.naively_switch_states(true);
    let Ok(()) = Tokenizer::new_with_emitter(html, emitter).finish();
    reader.end()
}

/// Letters that no text has, since they are none.
const UNUSED: std::ops::RangeInclusive<char> = '\u{fdd0}'..='\u{fdef}';

/// A `<` that begins no tag is a letter to whoever reads the text: one before another, and one of a tag or a comment that never
/// ends. The tokenizer would find that out, too, but takes long for each. So a sign stands for them that the text does not have.
fn with_ends(html: &str) -> (Cow<'_, str>, Option<char>) {
    let comment = html.rfind("<!--").filter(|at| !html[*at..].contains("-->"));
    let closed = html.rfind('>').map_or(0, |at| at + 1);
    let bytes = html.as_bytes();
    let is_letter =
        |at: &usize| *at >= closed || comment == Some(*at) || bytes.get(at + 1) == Some(&b'<');
    let mut letters = memchr::memchr_iter(b'<', bytes).filter(is_letter).peekable();
    let unused = letters.peek().and_then(|_| UNUSED.into_iter().find(|sign| !html.contains(*sign)));
    let Some(sign) = unused else { return (html.into(), None) };
    let mut text = String::with_capacity(html.len() + html.len() / 8);
    let mut copied = 0;
    for at in letters {
        text.push_str(&html[copied..at]);
        text.push(sign);
        copied = at + 1;
    }
    text.push_str(&html[copied..]);
    (text.into(), Some(sign))
}

/// Takes what the tokenizer finds.
struct Reader {
    layout: Layout,
    /// The tag that is being read.
    tag: Tag,
    attributes: Attributes,
    /// Within an element whose text is not shown: that text, which is shown after all where the element has no end.
    dropped: Option<String>,
    /// How many `<pre>` are open.
    preformatted: usize,
    /// Whether a line break would be the first thing in a `<pre>`, where it does not count.
    at_start: bool,
    /// What stands for a `<` that begins no tag.
    sign: Option<char>,
}

impl Reader {
    fn new(length: usize) -> Self {
        Self {
            layout: Layout::new(length / 2),
            tag: Tag::Other,
            attributes: Attributes::default(),
            dropped: None,
            preformatted: 0,
            at_start: false,
            sign: None,
        }
    }

    /// A text with each `<` that is a letter.
    fn meant<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.sign.filter(|sign| text.contains(*sign)) {
            Some(sign) => text.replace(sign, "<").into(),
            None => text.into(),
        }
    }

    fn take(&mut self, event: CallbackEvent<'_>) {
        match event {
            CallbackEvent::OpenStartTag { name } => {
                self.attributes.clear();
                self.tag = Tag::of(name);
                if self.tag == Tag::Address {
                    self.attributes.name = self.meant(&String::from_utf8_lossy(name)).into_owned();
                }
            }
            CallbackEvent::AttributeName { name } => self.attributes.begin(name),
            CallbackEvent::AttributeValue { value } => {
                let value = String::from_utf8_lossy(value);
                let meant = self.meant(&value);
                self.attributes.set(&meant);
            }
            CallbackEvent::CloseStartTag { .. } => self.start(),
            CallbackEvent::EndTag { name } => self.finish(Tag::of(name)),
            CallbackEvent::String { value } => match std::str::from_utf8(value) {
                Ok(text) => self.text(text),
                Err(_) => self.text(&String::from_utf8_lossy(value)),
            },
            CallbackEvent::Comment { .. }
            | CallbackEvent::Doctype { .. }
            | CallbackEvent::Error(_) => {}
        }
    }

    fn text(&mut self, text: &str) {
        let text = &*self.meant(text);
        if let Some(dropped) = &mut self.dropped {
            dropped.push_str(text);
        } else if self.preformatted > 0 {
            let text = if self.at_start { text.strip_prefix('\n').unwrap_or(text) } else { text };
            self.layout.preformatted(text);
        } else {
            self.layout.flow(text);
        }
        self.at_start = false;
    }

    fn start(&mut self) {
        if self.dropped.is_some() {
            return;
        }
        self.at_start = false;
        match self.tag {
            Tag::Break => self.layout.line_break(),
            Tag::Rule => self.layout.rule(),
            Tag::Paragraph => self.layout.apart(2),
            Tag::Line => self.layout.apart(1),
            Tag::List { ordered } => {
                self.layout.begin_list(ordered.then_some(self.attributes.start.unwrap_or(1)));
            }
            Tag::Item => self.layout.begin_item(),
            Tag::Quote => self.layout.begin_quote(),
            Tag::Table => self.layout.begin_table(),
            Tag::Row => self.layout.begin_row(),
            Tag::Cell => self.layout.begin_cell(),
            Tag::Preformatted => {
                self.layout.apart(2);
                self.preformatted += 1;
                self.at_start = true;
            }
            Tag::Link => self.layout.begin_link(std::mem::take(&mut self.attributes.address)),
            Tag::Image => {
                if !self.attributes.is_a_dot() {
                    let shown = self.attributes.image();
                    self.layout.inline(&shown);
                }
            }
            Tag::Address => {
                let address = format!("<{}>", self.attributes.name);
                self.layout.inline(&address);
            }
            Tag::Unseen => self.dropped = Some(String::new()),
            Tag::Other => {}
        }
    }

    fn finish(&mut self, tag: Tag) {
        if self.dropped.is_some() {
            if tag == Tag::Unseen {
                self.dropped = None;
            }
            return;
        }
        self.at_start = false;
        match tag {
            Tag::Paragraph => self.layout.apart(2),
            Tag::Line => self.layout.apart(1),
            Tag::List { .. } => self.layout.end_list(),
            Tag::Item => self.layout.end_item(),
            Tag::Quote => self.layout.end_quote(),
            Tag::Table => self.layout.end_table(),
            Tag::Row => self.layout.end_row(),
            Tag::Cell => self.layout.end_cell(),
            Tag::Preformatted => {
                self.preformatted = self.preformatted.saturating_sub(1);
                self.layout.end_preformatted();
            }
            Tag::Link => self.layout.end_link(),
            // Browsers take `</br>` for `<br>`.
            Tag::Break => self.layout.line_break(),
            Tag::Rule | Tag::Image | Tag::Address | Tag::Unseen | Tag::Other => {}
        }
    }

    fn end(mut self) -> String {
        // `<script` without its end is more likely a word of somebody's text than a script.
        if let Some(text) = self.dropped.take() {
            self.layout.flow(&text);
        }
        self.layout.end()
    }
}
