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

    /// All words after a beginning, in the sources of the rooms that tell events.
    fn words_after(beginning: &str) -> Vec<String> {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut words = Vec::new();
        let mut folders = vec![root.join("report"), root.join("cli"), root.join("text")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|end| end == "rs") {
                    let text = std::fs::read_to_string(path).unwrap();
                    let found = text.split(beginning).skip(1);
                    words.extend(
                        found.filter_map(|after| Some(after.split_once('"')?.0.to_owned())),
                    );
                }
            }
        }
        words
    }

    #[test]
    fn every_word_that_the_output_has_for_a_state_a_reason_or_an_event_is_explained() {
        use crate::event::{Ending, Obstacle, RowEnd};
        use crate::plan::Kept;
        use crate::report::tests::{full_disk, illegal_step};
        use crate::row::{Cause, Totals};
        let obstacle = || Obstacle::Request(Cause::default());
        let endings = [
            Ending::InOtherHands { rows: 1 },
            Ending::NothingDeleted(Kept::NoneFound { missing: 2 }),
            Ending::NothingDeleted(Kept::FilesGone { missing: 2, files: [].into() }),
            Ending::Interrupted { signal: 2 },
            Ending::Unauthorized(obstacle()),
            Ending::Outage(obstacle()),
            Ending::WrongAddress(obstacle()),
            Ending::NoLoginThere(obstacle()),
            Ending::TooManyFailures { allowed: 1 },
            Ending::Deadline,
            Ending::MaxDuration,
            Ending::LedgerFailed(full_disk()),
            Ending::RecorderGone,
            Ending::SourceFailed(Vec::new()),
            Ending::NoRuntime(String::new()),
            Ending::Fault(illegal_step()),
        ];
        let ends = [RowEnd::Succeeded, RowEnd::Failed, RowEnd::InDoubt, RowEnd::Invalid];
        let totals = crate::report::ndjson::counts(&Totals::default());
        let mut words: Vec<String> = Vec::new();
        words.extend(endings.iter().filter_map(crate::report::reason).map(str::to_owned));
        words.extend(ends.map(|end| end.word().to_owned()));
        words.extend(totals.iter().skip(1).map(|(name, _)| (*name).to_owned()));
        words.extend(crate::report::status::ends());
        words.extend(crate::report::plan::words());
        words.extend(crate::report::verify::kinds());
        words.extend(
            ["uncounted", "miscounted", "changed", "repeated", "under_way"].map(str::to_owned),
        );
        for beginning in
            ["\"event\": \"", "event: \"", "\"event\".into(), \"", "event_of_nothing(\""]
        {
            words.extend(words_after(beginning));
        }
        for word in &words {
            let is_explained = term::of_word(word).is_some() || Code::of_word(word).is_some();
            assert!(is_explained, "`noteferry explain {word}` knows nothing of it");
        }
        assert!(words.len() > 60, "{words:?}");
    }

    #[test]
    fn all_codes_are_listed() {
        insta::assert_snapshot!(all_codes(false));
    }
}
