//! The words by which rows and runs are told in summaries, plans, `status` and events, and what each means for whoever
//! reads it.
//!
//! Not the codes of diagnostics, which say what is wrong with what a person has written: those are in [`super::code`].

/// A word of the output.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Term {
    /// As it is asked for, as in `in-doubt`.
    pub word: &'static str,
    /// Other words that mean the same in some place.
    pub also: &'static [&'static str],
    pub summary: &'static str,
    pub explanation: &'static str,
}

/// The words, under the headings of what they are said of.
pub(crate) const GROUPS: &[(&str, &[Term])] = &[
    ("Where a row stands", ROWS),
    ("What a plan does with a row", FATES),
    ("How a run ended", ENDS),
];

const fn term(
    word: &'static str,
    also: &'static [&'static str],
    summary: &'static str,
    explanation: &'static str,
) -> Term {
    Term { word, also, summary, explanation }
}

const ROWS: &[Term] = &[
    term(
        "succeeded",
        &["done"],
        "the row is done, by the other side's own answer",
        "The answer said so, or what was sent was found on the other side. No run sends the row again.",
    ),
    term(
        "already-done",
        &[],
        "an earlier run has done the row",
        "Its key, or its content where the job has no key, is in the ledger as done at this target, so nothing was sent.",
    ),
    term(
        "changed",
        &[],
        "the row is done, and its content is another since",
        "It is not sent again, for it would be there twice. To change what was sent, run a job of an operation that changes \
         things, with the ids that `noteferry plan` shows; to send it as another one, give the row another key.",
    ),
    term(
        "repeated",
        &["by-content"],
        "rows of a job without a key that say what old ones said",
        "Without a key nobody can tell such a row from an old one, so it is passed over. Where it is a new one, put it into \
         a file of its own under another job name, and send that with --as-new.",
    ),
    term(
        "failed",
        &["refused", "given-up"],
        "the other side refused the row, or it could not be sent as often as it was tried",
        "It surely did not act. `noteferry status` names each such row and why. Correct it and run again; --retry-failed \
         sends rows that were refused once more as they are.",
    ),
    term(
        "invalid",
        &["reject"],
        "the row breaks a rule, so nothing was sent of it",
        "`noteferry check` names each with line, column and a hint. A run sends nothing at all while one is invalid, unless \
         --skip-invalid has it send the others.",
    ),
    term(
        "in-doubt",
        &["doubt"],
        "a request left, and no answer says what became of it",
        "What was sent may or may not exist on the other side. With `in_doubt: verify`, which is the default, the next run \
         looks for it and sends again only what surely is not there; `in_doubt: hold` leaves it alone until you have looked \
         yourself; `in_doubt: resend` sends it again, and it may be there twice. `noteferry plan` says why a row is held and \
         `noteferry status` what came of its request.",
    ),
    term(
        "not-started",
        &["some-done"],
        "nothing of the row was sent yet",
        "The run ended before, its limit was reached, or the row waits behind another one of its lane that is in doubt or was \
         given up. The next run sends it.",
    ),
    term(
        "under-way",
        &["running"],
        "a run is at work on the row at this moment",
        "Its request may be on its way. Wait for that run: one job is never sent by two.",
    ),
];

const FATES: &[Term] = &[
    term(
        "send",
        &[],
        "a run would send the row",
        "Its request is what the plan shows, byte for byte.",
    ),
    term(
        "skip",
        &[],
        "the row is done already",
        "A run passes it over. Where the row has changed since, that is said.",
    ),
    term(
        "hold",
        &["held", "behind"],
        "a run would not send the row before somebody has decided",
        "It is in doubt, was refused earlier and has not changed since, waits behind a row that is in doubt, or is in the \
         hands of another run; the plan says which. See in-doubt and failed.",
    ),
    term(
        "later",
        &["beyond-limit"],
        "the row is beyond the limit of the pilot",
        "With --limit a run sends the first rows that are still to do; without, it sends this one, too.",
    ),
];

const ENDS: &[Term] = &[
    term(
        "interrupted",
        &[],
        "somebody stopped the run",
        "Ctrl-C, SIGTERM or a terminal that was closed. What was under way was waited for; run again to go on.",
    ),
    term(
        "killed",
        &[],
        "the run ended without a last word",
        "It was killed, or the machine stopped. What was under way then is looked for by the next run before anything is \
         sent again.",
    ),
    term(
        "unauthorized",
        &["token"],
        "the credentials were refused",
        "No row is marked failed for it. Correct the credentials and run again.",
    ),
    term(
        "outage",
        &[],
        "nothing got through for too long",
        "The run tried one row at a time until --give-up-after had passed. No row is marked failed for it; run again when the \
         server is back.",
    ),
    term(
        "wrong-address",
        &[],
        "nothing can ever answer at this address",
        "There is no such host, no TLS at this port, or a certificate that is not trusted. Correct the base URL, or name the \
         certificate by --ca-file.",
    ),
    term(
        "too-many-failures",
        &["budget"],
        "more rows failed than --max-failures allows",
        "The run stopped so that the others can be looked at first. Find the cause with `noteferry status`, then run again.",
    ),
    term(
        "time-over",
        &["deadline"],
        "the time of --deadline or --max-duration was over",
        "The run started nothing more early enough for what was under way to end. The next run goes on.",
    ),
    term(
        "in-other-hands",
        &[],
        "rows are in the hands of another process that has started them",
        "What it has started is its own until it ends, or until the time that the ledger has for it. Nothing of it is sent; \
         run again then, and the rest goes on.",
    ),
    term(
        "ledger-failed",
        &[],
        "the ledger could not be written",
        "Without it nothing is sent. Make room or give leave, as the message says, and run again: nothing that is known is \
         lost.",
    ),
    term(
        "source-failed",
        &["source"],
        "the source could not be read a second time, or is not what it was",
        "Nothing more was taken from it. Let nobody write to it while a run reads it, and run again.",
    ),
    term(
        "no-runtime",
        &[],
        "the system did not give the run what it needs to begin",
        "Nothing was sent. The message has the system's own words.",
    ),
    term(
        "fault",
        &[],
        "something went wrong in noteferry itself",
        "Your data is not at fault, and what had left was waited for. Keep the message for whoever looks after noteferry.",
    ),
    term(
        "all-done",
        &["some-failed", "some-invalid", "some-in-doubt", "ended", "stopped"],
        "the run came to its end",
        "`status` says with it whether all rows were done then, or some failed, were invalid or in doubt.",
    ),
];

/// The term of a word, however it is spelt: `in-doubt`, `in_doubt`, `In doubt`.
pub(crate) fn of_word(word: &str) -> Option<&'static Term> {
    let word = word.trim().to_lowercase().replace(['_', ' '], "-");
    all().find(|term| term.word == word || term.also.contains(&word.as_str()))
}

/// All terms, in the order of their groups.
pub(crate) fn all() -> impl Iterator<Item = &'static Term> {
    GROUPS.iter().flat_map(|(_, terms)| *terms)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_word_means_one_thing_and_is_found_however_it_is_spelt() {
        let mut words = HashSet::new();
        for term in all() {
            for word in term.also.iter().chain([&term.word]) {
                assert!(words.insert(*word), "{word}");
                assert_eq!(of_word(&word.replace('-', "_")), Some(term));
            }
            assert!(term.summary.len() <= 90 && !term.summary.ends_with('.'), "{}", term.word);
            assert!(term.explanation.ends_with('.'), "{}", term.word);
        }
        assert_eq!(of_word("In doubt").map(|term| term.word), Some("in-doubt"));
        assert_eq!(of_word("past-time"), None);
    }
}
