//! What a tag means for the layout of a text, and what its attributes say.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// A tag by what it does to the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    Break,
    Rule,
    /// Stands between blank lines.
    Paragraph,
    /// Stands on lines of its own.
    Line,
    List {
        ordered: bool,
    },
    Item,
    Quote,
    Table,
    Row,
    Cell,
    Preformatted,
    Link,
    Image,
    /// A mail address in angle brackets, which only looks like a tag.
    Address,
    /// Its content is no text of the page.
    Unseen,
    Other,
}

impl Tag {
    /// The tag of a name, which is in small letters.
    pub(super) fn of(name: &[u8]) -> Self {
        match name {
            b"br" => Self::Break,
            b"hr" => Self::Rule,
            b"p" | b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" | b"dl" => Self::Paragraph,
            b"div" | b"section" | b"article" | b"header" | b"footer" | b"address" | b"aside"
            | b"body" | b"caption" | b"center" | b"dd" | b"details" | b"dt" | b"fieldset"
            | b"figcaption" | b"figure" | b"form" | b"html" | b"legend" | b"main" | b"nav"
            | b"option" | b"summary" | b"textarea" => Self::Line,
            b"ol" => Self::List { ordered: true },
            b"ul" | b"menu" | b"dir" => Self::List { ordered: false },
            b"li" => Self::Item,
            b"blockquote" => Self::Quote,
            b"table" => Self::Table,
            b"tr" => Self::Row,
            b"td" | b"th" => Self::Cell,
            b"pre" | b"xmp" | b"listing" | b"plaintext" => Self::Preformatted,
            b"a" => Self::Link,
            b"img" | b"image" => Self::Image,
            b"script" | b"style" | b"title" | b"iframe" | b"noembed" | b"noframes"
            | b"noscript" => Self::Unseen,
            _ if name.contains(&b'@') => Self::Address,
            _ => Self::Other,
        }
    }
}

/// Of what attributes are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attribute {
    Address,
    Source,
    Alternative,
    Start,
    Width,
    Height,
}

/// The attributes of one tag that matter.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    /// Which one comes next.
    next: Option<Attribute>,
    /// The tag's name, where that is shown.
    pub(super) name: String,
    pub(super) address: String,
    source: String,
    alternative: String,
    pub(super) start: Option<i64>,
    width: Option<u32>,
    height: Option<u32>,
}

impl Attributes {
    pub(super) fn clear(&mut self) {
        self.next = None;
        self.address.clear();
        self.source.clear();
        self.alternative.clear();
        (self.start, self.width, self.height) = (None, None, None);
    }

    pub(super) fn begin(&mut self, name: &[u8]) {
        self.next = match name {
            b"href" => Some(Attribute::Address),
            b"src" => Some(Attribute::Source),
            b"alt" => Some(Attribute::Alternative),
            b"start" => Some(Attribute::Start),
            b"width" => Some(Attribute::Width),
            b"height" => Some(Attribute::Height),
            _ => None,
        };
    }

    /// The first of several counts.
    pub(super) fn set(&mut self, value: &str) {
        let Some(attribute) = self.next.take() else { return };
        let text = match attribute {
            Attribute::Address => &mut self.address,
            Attribute::Source => &mut self.source,
            Attribute::Alternative => &mut self.alternative,
            Attribute::Start => {
                self.start = self.start.or_else(|| value.trim().parse().ok());
                return;
            }
            Attribute::Width => {
                self.width = self.width.or_else(|| pixels(value));
                return;
            }
            Attribute::Height => {
                self.height = self.height.or_else(|| pixels(value));
                return;
            }
        };
        if text.is_empty() {
            text.push_str(value.trim());
        }
    }

    /// Whether an image is too small to be seen: such are put into mails to learn who reads them.
    pub(super) fn is_a_dot(&self) -> bool {
        matches!((self.width, self.height), (Some(0..=1), Some(0..=1)))
    }

    /// An image, in words.
    pub(super) fn image(&self) -> String {
        let named = match self.alternative.is_empty() {
            false => Cow::Borrowed(&*self.alternative),
            true => file_name(&self.source),
        };
        let words: Vec<&str> = named.split_whitespace().collect();
        match words.as_slice() {
            [] => "[image]".to_owned(),
            words => format!("[image: {}]", words.join(" ")),
        }
    }
}

fn pixels(value: &str) -> Option<u32> {
    value.trim().trim_end_matches("px").parse().ok()
}

/// The name of the file that an address leads to; nothing where the address is the file itself.
fn file_name(address: &str) -> Cow<'_, str> {
    if address.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:")) {
        return Cow::Borrowed("");
    }
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let name = path.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or_default();
    percent_decode_str(name).decode_utf8_lossy()
}
