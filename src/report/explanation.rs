//! What the codes of diagnostics and the words of the output mean: one of them explained, or the list of all.

use serde_json::{Value, json};

use super::paint::Paint;
use crate::text::code::Code;
use crate::text::term::{self, Term};

/// Lines of an explanation are no longer than this many characters, unless a single word is.
const WIDTH: usize = 80;

/// One code, for a person.
pub(crate) fn explanation(code: Code, color: bool) -> String {
    let paint = Paint(color);
    let head = format!("{}: {}", paint.bold(code.word()), code.summary());
    format!("{head}\n\n{}\n", wrapped(code.explanation()))
}

/// A word of the output, for a person.
pub(crate) fn explanation_of_term(term: &Term, color: bool) -> String {
    let head = format!("{}: {}", Paint(color).bold(term.word), term.summary);
    format!("{head}\n\n{}\n", wrapped(term.explanation))
}

/// The `explanation` event of a word of the output; its `code` is the word.
pub(crate) fn explanation_of_term_event(term: &Term) -> Value {
    json!({
        "event": "explanation",
        "code": term.word,
        "summary": term.summary,
        "explanation": term.explanation,
    })
}

/// Every code in a line, under headings of what it is about.
pub(crate) fn all_codes(color: bool) -> String {
    let paint = Paint(color);
    let widest = Code::all().map(|code| code.word().len()).max().unwrap_or_default();
    let mut text = String::new();
    for (about, codes) in Code::GROUPS {
        text.push_str(&format!("{}\n", paint.bold(about)));
        for code in *codes {
            text.push_str(&format!("  {:widest$}  {}\n", code.word(), code.summary()));
        }
        text.push('\n');
    }
    for (about, terms) in term::GROUPS {
        text.push_str(&format!("{}\n", paint.bold(about)));
        for term in *terms {
            text.push_str(&format!("  {:widest$}  {}\n", term.word, term.summary));
        }
        text.push('\n');
    }
    text.push_str("Explained by: noteferry explain CODE\n");
    text
}

/// The `explanation` event of a code.
pub(crate) fn explanation_event(code: Code) -> Value {
    json!({
        "event": "explanation",
        "code": code.word(),
        "summary": code.summary(),
        "explanation": code.explanation(),
    })
}

/// Where a person finds out more about an error that was shown. Without a line break.
pub(super) fn more_about(code: Code) -> String {
    format!("More about an error: noteferry explain {code}")
}

pub(super) fn wrapped(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_explained() {
        insta::assert_snapshot!(explanation(Code::PastTime, false));
        insta::assert_json_snapshot!(explanation_event(Code::PastTime));
    }

    #[test]
    fn all_codes_are_listed() {
        insta::assert_snapshot!(all_codes(false));
    }
}
