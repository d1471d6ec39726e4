//! HTML and wiki markup: whatever it is, it becomes a text in proportion to it.

use noteferry::proofs::{html_to_text, jira_to_text};

pub(crate) fn run(data: &[u8]) {
    let markup = String::from_utf8_lossy(data);
    let text = html_to_text(&markup);
    assert!(text.len() <= 64 * markup.len() + 64);
    assert!(!text.ends_with(char::is_whitespace));
    let text = jira_to_text(&markup);
    assert!(text.len() <= 24 * markup.len() + 64);
}
