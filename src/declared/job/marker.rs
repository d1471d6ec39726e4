//! A text that tells a row's note from all others: written into it, and looked for when an answer is lost.

/// What stands in a marker for the row's key.
const KEY: &str = "key";

/// A marker as meant: the row's key, with texts around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    before: String,
    after: String,
}

impl Marker {
    /// Reads `[ref {{ key }}]`: one line of text in which `{{ key }}` stands once, and no other expression.
    pub fn parse(text: &str) -> Option<Self> {
        let (before, rest) = text.split_once("{{")?;
        let (inside, after) = rest.split_once("}}")?;
        let plain = |text: &str| !text.contains(['\n', '\r']) && !text.contains("{{");
        let is_marker = inside.trim() == KEY && plain(before) && plain(after);
        is_marker.then(|| Self {
            before: before.trim_start().to_owned(),
            after: after.trim_end().to_owned(),
        })
    }

    /// The marker of the row with this key.
    pub fn of(&self, key: &str) -> String {
        [&self.before, key, &self.after].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_a_line_of_text_around_the_key() {
        let marker = |text| Marker::parse(text).map(|marker| marker.of("HD-7"));
        for (text, expected) in [
            ("[ref {{ key }}]", Some("[ref HD-7]")),
            ("{{key}}", Some("HD-7")),
            (" #{{  key}} ", Some("#HD-7")),
            ("[ref]", None),
            ("[ref {{ legacy_id }}]", None),
            ("{{ key }} {{ key }}", None),
            ("[ref {{ key ]", None),
            ("a\n{{ key }}", None),
        ] {
            assert_eq!(marker(text).as_deref(), expected, "{text}");
        }
    }
}
