//! JSON pointers (RFC 6901): where a value stands, as in `/map/note` or `/rows/0/body`.
//!
//! A pointer is built of tokens and escapes them itself: the field `note/text` is `/note~1text` everywhere. It
//! knows nothing of what it points into; a text of the user's becomes one by [`Pointer::parse`].

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

/// A JSON pointer. The empty one, which is the default, points at the whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pointer {
    /// Escaped: each token after a slash.
    text: String,
}

/// A step into a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferenceToken<'a> {
    /// Into an object, by a key as it is, not escaped.
    Name(&'a str),
    /// Into an array, counting from 0.
    Index(usize),
}

/// A text that is no JSON pointer: it is neither empty nor begins with a slash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a JSON pointer begins with a slash")]
pub struct NoPointer;

impl Pointer {
    /// Points at the whole.
    pub const fn root() -> Self {
        Self { text: String::new() }
    }

    /// A pointer of these tokens, as in `Pointer::of(["limits", "rate"])`.
    pub fn of<'a, T: Into<ReferenceToken<'a>>>(tokens: impl IntoIterator<Item = T>) -> Self {
        let mut pointer = Self::root();
        tokens.into_iter().for_each(|token| pointer.push(token));
        pointer
    }

    /// Reads a pointer as somebody wrote it. A tilde that escapes nothing is taken for itself.
    pub fn parse(text: &str) -> Result<Self, NoPointer> {
        if !text.is_empty() && !text.starts_with('/') {
            return Err(NoPointer);
        }
        let mut pointer = Self::root();
        for token in text.split('/').skip(1) {
            pointer.push(&*unescaped(token));
        }
        Ok(pointer)
    }

    /// Goes one step further in.
    pub fn push<'a>(&mut self, token: impl Into<ReferenceToken<'a>>) {
        self.text.push('/');
        match token.into() {
            ReferenceToken::Index(index) => self.text.push_str(&index.to_string()),
            ReferenceToken::Name(name) => name.chars().for_each(|character| match character {
                '~' => self.text.push_str("~0"),
                '/' => self.text.push_str("~1"),
                other => self.text.push(other),
            }),
        }
    }

    /// The pointer that goes one step further in.
    #[must_use]
    pub fn join<'a>(&self, token: impl Into<ReferenceToken<'a>>) -> Self {
        let mut joined = self.clone();
        joined.push(token);
        joined
    }

    /// The pointer that goes on with the tokens of another.
    #[must_use]
    pub fn append(mut self, other: &Self) -> Self {
        self.text.push_str(&other.text);
        self
    }

    /// The tokens in order, as names without escapes; an index is its digits.
    pub fn tokens(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.text.split('/').skip(1).map(unescaped)
    }

    /// The token that all begins with; none for the whole.
    pub fn first(&self) -> Option<Cow<'_, str>> {
        self.tokens().next()
    }

    /// The token that is pointed at, and what it is in; none for the whole.
    pub fn split_last(&self) -> Option<(Self, Cow<'_, str>)> {
        let (parent, last) = self.text.rsplit_once('/')?;
        Some((Self { text: parent.to_owned() }, unescaped(last)))
    }

    /// The pointer to what this value is in; none for the whole.
    pub fn parent(&self) -> Option<Self> {
        self.split_last().map(|(parent, _)| parent)
    }

    /// Whether this is what another points at, or is within it.
    pub fn starts_with(&self, other: &Self) -> bool {
        let rest = self.text.strip_prefix(&other.text);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// As it is written in JSON, with escapes.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The value that stands there.
    pub fn find<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        value.pointer(&self.text)
    }

    /// The value that stands there, to be changed.
    pub fn find_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        value.pointer_mut(&self.text)
    }
}

fn unescaped(token: &str) -> Cow<'_, str> {
    if !token.contains('~') {
        return Cow::Borrowed(token);
    }
    // In this order: `~01` is the name `~1`.
    Cow::Owned(token.replace("~1", "/").replace("~0", "~"))
}

impl fmt::Display for Pointer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Serialize for Pointer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'a> From<&'a str> for ReferenceToken<'a> {
    fn from(name: &'a str) -> Self {
        Self::Name(name)
    }
}

impl<'a> From<&'a String> for ReferenceToken<'a> {
    fn from(name: &'a String) -> Self {
        Self::Name(name)
    }
}

impl From<usize> for ReferenceToken<'_> {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn tokens_are_escaped_and_come_back() {
        for (tokens, text) in [
            (vec![], ""),
            (vec!["map", "note"], "/map/note"),
            (vec!["note/text"], "/note~1text"),
            (vec!["a~b", "~1"], "/a~0b/~01"),
            (vec!["", ""], "//"),
            (vec!["nội dung"], "/nội dung"),
        ] {
            let pointer = Pointer::of(tokens.iter().copied());
            assert_eq!(pointer.as_str(), text);
            assert_eq!(Pointer::parse(text), Ok(pointer.clone()));
            assert_eq!(pointer.tokens().collect::<Vec<_>>(), tokens, "{text}");
            assert_eq!(pointer.first().as_deref(), tokens.first().copied(), "{text}");
            assert_eq!(
                pointer.split_last().map(|(_, last)| last).as_deref(),
                tokens.last().copied()
            );
        }
    }

    #[test]
    fn what_was_written_is_read_as_it_was_meant() {
        for (text, meant) in [
            ("/data/id", Ok("/data/id")),
            ("", Ok("")),
            ("/a~1b", Ok("/a~1b")),
            ("/a~b", Ok("/a~0b")),
            ("data/id", Err(NoPointer)),
            ("$.data", Err(NoPointer)),
        ] {
            assert_eq!(
                Pointer::parse(text).as_ref().map(Pointer::as_str),
                meant.as_ref().copied(),
                "{text}"
            );
        }
    }

    #[test]
    fn a_pointer_leads_into_objects_and_lists() {
        let mut value = json!({"rows": [{"a/b": 1}, {"a/b": 2}]});
        let pointer = Pointer::of(["rows"]).join(1).join("a/b");
        assert_eq!(pointer.as_str(), "/rows/1/a~1b");
        assert_eq!(pointer.find(&value), Some(&json!(2)));
        assert_eq!(Pointer::of(["rows"]).append(&Pointer::of(["x"])).as_str(), "/rows/x");
        if let Some(found) = pointer.find_mut(&mut value) {
            *found = json!(3);
        }
        assert_eq!(value["rows"][1]["a/b"], 3);
        assert_eq!(pointer.parent().map(|parent| parent.to_string()).as_deref(), Some("/rows/1"));
        assert_eq!(Pointer::root().parent(), None);
    }

    proptest! {
        #[test]
        fn any_names_come_back(names in proptest::collection::vec("[a~/01 ế]{0,6}", 0..4)) {
            let pointer = Pointer::of(&names);
            prop_assert_eq!(pointer.tokens().collect::<Vec<_>>(), names.clone());
            prop_assert_eq!(Pointer::parse(pointer.as_str()), Ok(pointer));
        }
    }
}
