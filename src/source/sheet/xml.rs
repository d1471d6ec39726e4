//! The elements of a part of a workbook, one after the other, in memory that does not grow with the part.
//!
//! A tag or a text may have so many bytes, and elements may be so deep in each other; beyond that reading ends with an error
//! that says so. Not for what elements mean.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read};

use quick_xml::XmlVersion;
use quick_xml::events::{BytesEnd, BytesStart, Event};

use super::zip::broken;
use crate::source::fault::Fault;
use crate::source::scratch::NoRoom;

/// A tag, a text or a comment may have so many bytes, …
pub(super) const LONGEST_PIECE: u64 = 8 << 20;
/// … an element may be within so many others, …
const DEEPEST: usize = 200;
/// … and its name may have so many.
const LONGEST_NAME: usize = 500;

/// Elements, as they come.
pub(super) struct Xml<R> {
    reader: quick_xml::Reader<Metered<BufReader<R>>>,
    buffer: Vec<u8>,
    depth: usize,
}

/// What comes next.
pub(super) enum Node<'b> {
    Start(Tag<'b>),
    End(EndTag<'b>),
    Text(Cow<'b, str>),
    /// A comment or the like.
    Nothing,
    /// There is no more.
    Over,
}

/// A name of an element.
#[derive(Clone, Copy)]
pub(super) struct Name<'b>(&'b str);

impl<'b> Name<'b> {
    /// Without what stands before its colon.
    pub(super) fn local(self) -> &'b str {
        self.0.rsplit(':').next().unwrap_or(self.0)
    }

    pub(super) fn whole(self) -> &'b str {
        self.0
    }
}

/// An element begins; one without anything in it ends right after.
pub(super) struct Tag<'b>(BytesStart<'b>);

/// An element ends.
pub(super) struct EndTag<'b>(BytesEnd<'b>);

impl EndTag<'_> {
    pub(super) fn name(&self) -> Name<'_> {
        Name(self.0.name().0)
    }
}

impl Tag<'_> {
    pub(super) fn name(&self) -> Name<'_> {
        Name(self.0.name().0)
    }

    /// What is written for an attribute; none where nothing is, or nothing that can be read.
    pub(super) fn attribute(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut attributes = self.0.attributes();
        let mut found = attributes.with_checks(false).flatten();
        let found = found.find(|attribute| attribute.key.0 == name)?;
        found.normalized_value(XmlVersion::Explicit1_0).ok()
    }

    /// The same, of whatever comes before the colon.
    pub(super) fn local_attribute(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut attributes = self.0.attributes();
        let mut found = attributes.with_checks(false).flatten();
        let found = found.find(|attribute| Name(attribute.key.0).local() == name)?;
        found.normalized_value(XmlVersion::Explicit1_0).ok()
    }
}

impl<R: Read> Xml<R> {
    pub(super) fn new(part: R) -> Self {
        let metered = Metered { input: BufReader::with_capacity(64 * 1024, part), left: 0 };
        let mut reader = quick_xml::Reader::from_reader(metered);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_comments = false;
        Self { reader, buffer: Vec::new(), depth: 0 }
    }

    /// What comes next.
    pub(super) fn next(&mut self) -> Result<Node<'_>, quick_xml::Error> {
        self.buffer.clear();
        self.reader.get_mut().left = LONGEST_PIECE;
        Ok(match self.reader.read_event_into(&mut self.buffer)? {
            Event::Start(tag) => {
                self.depth += 1;
                if self.depth > DEEPEST {
                    let message = format!("it has more than {DEEPEST} elements within each other");
                    return Err(broken(message).into());
                }
                if tag.name().0.len() > LONGEST_NAME {
                    let message = format!("it has a name of more than {LONGEST_NAME} bytes");
                    return Err(broken(message).into());
                }
                Node::Start(Tag(tag))
            }
            Event::End(end) => {
                self.depth = self.depth.saturating_sub(1);
                Node::End(EndTag(end))
            }
            Event::Text(text) => Node::Text(text.xml10_content()),
            Event::CData(text) => Node::Text(text.xml10_content()),
            Event::GeneralRef(reference) => match reference.resolve_char_ref()? {
                Some(letter) => Node::Text(letter.to_string().into()),
                None => Node::Text(entity(&reference)?.into()),
            },
            // What it calls things may stand in any text, and nothing else needs one.
            Event::DocType(_) => {
                let message = "it has a document type (DTD), and those are not read";
                return Err(broken(message.to_owned()).into());
            }
            Event::Eof => Node::Over,
            _ => Node::Nothing,
        })
    }

    /// Reads what is left of the part, whatever it is: whether a part is sound shows at its end.
    pub(super) fn finish(&mut self) -> Result<(), quick_xml::Error> {
        let part = self.reader.get_mut();
        part.left = u64::MAX;
        io::copy(part, &mut io::sink()).map(drop).map_err(Into::into)
    }

    /// Passes everything up to the end of the element that has begun.
    pub(super) fn pass(&mut self) -> Result<(), quick_xml::Error> {
        let within = self.depth;
        while self.depth >= within {
            if matches!(self.next()?, Node::Over) {
                return Err(early_end());
            }
        }
        Ok(())
    }

    /// Adds the text up to the end of the element that has begun, without what is in elements within it.
    pub(super) fn text(&mut self, most: usize, text: &mut String) -> Result<(), quick_xml::Error> {
        let within = self.depth;
        loop {
            let depth = self.depth;
            match self.next()? {
                Node::Text(more) if depth == within => {
                    if text.len() + more.len() > most {
                        return Err(too_long(most));
                    }
                    text.push_str(&more);
                }
                Node::End(_) if depth == within => return Ok(()),
                Node::Over => return Err(early_end()),
                _ => {}
            }
        }
    }
}

/// A text that is longer than one may be.
pub(super) fn too_long(most: usize) -> quick_xml::Error {
    broken(format!("it has a text of more than {most} bytes")).into()
}

/// One thing is there in several versions, for programs that know more or less; which of them people see cannot be told.
pub(super) fn versions() -> quick_xml::Error {
    broken("it has a text in several versions (AlternateContent)".to_owned()).into()
}

/// The end of a part comes before that of its elements.
pub(super) fn early_end() -> quick_xml::Error {
    broken("it ends in the midst of an element".to_owned()).into()
}

/// What is wrong with a part, as it is told.
pub(super) fn fault(error: &quick_xml::Error, what: &str) -> Fault {
    if let quick_xml::Error::Io(error) = error
        && let Some(number) = error.raw_os_error()
    {
        return Fault::io(io::Error::from_raw_os_error(number));
    }
    if let quick_xml::Error::Io(error) = error
        && NoRoom::of(error).is_some()
    {
        return Fault::io(io::Error::new(error.kind(), std::sync::Arc::clone(error)));
    }
    let reason = match error {
        quick_xml::Error::Io(error) => error.to_string(),
        other => other.to_string(),
    };
    super::open::no_workbook(&format!("{what}: {reason}"), super::open::SAVE_ANEW)
}

/// What a name stands for that XML knows by itself.
fn entity(name: &str) -> Result<&'static str, quick_xml::Error> {
    Ok(match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        other => {
            let shown: String = other.chars().take(30).collect();
            return Err(broken(format!("it has &{shown}; in it, which stands for nothing")).into());
        }
    })
}

/// Gives no more than it is allowed to, until it is allowed more.
struct Metered<R> {
    input: R,
    left: u64,
}

impl<R: BufRead> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Metered<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(broken(format!(
                "it has a tag, a text or a comment of more than {LONGEST_PIECE} bytes"
            )));
        }
        self.input.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.left = self.left.saturating_sub(count as u64);
        self.input.consume(count);
    }
}
