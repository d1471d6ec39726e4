//! The same in words.

use std::path::Path;

use super::{
    Kind, Matter, NOT_COMPARED, SampleTaken, SourceSays, VerifiedRow, VerifyCost, VerifyFindings,
};
use crate::ledger::LedgerError;
use crate::report::paint::Paint;
use crate::report::refusal::of_ledger;
use crate::report::remote::{
    Difference, RemoteEnd, changed_text, lists_of, minute, not_known, silence,
};
use crate::report::words::{about, cause, counted, number, obstacle, one_line, rows};
use crate::text::command::CommandLine;
use crate::text::diagnostic::{Diagnostic, Severity};

/// So many rows of a kind are shown where nobody asks for more.
const SHOWN: usize = 3;

/// What is verified.
#[derive(Debug, Clone)]
pub(crate) struct Verifying<'a> {
    /// The job's name.
    pub job: &'a str,
    /// Base URL and account.
    pub target: &'a str,
    /// What one row makes, in a word of the connector's.
    pub item: &'a str,
    /// The command as it was given.
    pub command: &'a CommandLine,
    /// Which lists are a sample, in words.
    pub sample: Option<&'a str>,
    /// All rows are named.
    pub all: bool,
    /// What no row has made is named.
    pub strange: bool,
}

/// What it will cost, before it begins.
pub(crate) fn verify_begins(cost: &VerifyCost) -> String {
    let noun = cost.noun.as_deref();
    let what = match cost.lists == cost.of {
        true => lists_of(cost.lists, noun),
        false => format!("{} of {}", number(cost.lists), lists_of(cost.of, noun)),
    };
    if cost.lists == 0 {
        return format!("There is nothing to read back for {}.", rows(cost.rows));
    }
    let since = cost.known_since.as_ref().map(|since| format!(", from {} on", minute(since)));
    let known = match cost.known {
        0 => String::new(),
        known => {
            let since = since.unwrap_or_default();
            format!(" ({} read by the call before{since})", number(known))
        }
    };
    let binds = cost.limited_by.as_ref().map(|quota| format!(", {quota} is the quota that binds"));
    format!(
        "Reading back {what}{known} for {}: at least {}, {} or longer{}; a list with a difference is read a second time. \
         Nothing but reads is sent.",
        rows(cost.rows),
        counted(cost.requests, "request"),
        about(cost.duration),
        binds.unwrap_or_default()
    )
}

/// What was found, for a person.
pub(crate) fn verified(findings: &VerifyFindings, of: &Verifying<'_>, color: bool) -> String {
    let paint = Paint(color);
    let mut text = head(findings, of, paint);
    // Where nothing was read, there is nothing to say of any row.
    if findings.has_read() {
        text.push_str(&by_kind(findings, of));
    }
    text.push_str(&changes(findings, of, paint));
    text.push_str(&aside(findings, of));
    text.push_str(&end(findings, of));
    text
}

fn head(findings: &VerifyFindings, of: &Verifying<'_>, paint: Paint) -> String {
    let lists = &findings.lists;
    let read = lists_of(lists.answered, lists.noun.as_deref());
    let job = paint.bold(&one_line(of.job));
    let earlier = lists.known_since.as_ref().map(|since| {
        format!("Some lists were read by an earlier call, from {} on.\n", minute(since))
    });
    let sample = of.sample.map(|sample| format!("A sample: {sample}.\n"));
    format!(
        "{job} to {}: {} compared with {read}.\n{}{}",
        one_line(of.target),
        rows(findings.rows()),
        sample.unwrap_or_default(),
        earlier.unwrap_or_default()
    )
}

fn by_kind(findings: &VerifyFindings, of: &Verifying<'_>) -> String {
    let noun = findings.lists.noun.as_deref().unwrap_or("list");
    let kinds: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| findings.count(*kind) > 0).collect();
    let width = kinds.iter().map(|kind| number(findings.count(*kind)).len()).max().unwrap_or(0);
    let mut text = String::new();
    for kind in kinds {
        let count = findings.count(kind);
        text.push_str(&format!("  {:>width$}  {}\n", number(count), kind_words(kind, noun)));
        let most = if of.all { usize::MAX } else { SHOWN };
        let mut named = 0;
        for row in findings.named_of(kind).take(most) {
            text.push_str(&format!("  {:width$}    {}\n", "", named_row(row)));
            named += 1;
        }
        if named > 0 && count > named {
            let more = number(count - named);
            let all = if of.all { "--format json tells all" } else { "-v tells more" };
            text.push_str(&format!("  {:width$}    and {more} more ({all})\n", ""));
        }
    }
    text
}

fn changes(findings: &VerifyFindings, of: &Verifying<'_>, paint: Paint) -> String {
    let most = if of.all { usize::MAX } else { SHOWN };
    let changed = findings.named.iter().filter(|row| row.change.is_some()).take(most);
    let mut text = String::new();
    for row in changed {
        let Some((sent, there)) = &row.change else { continue };
        text.push_str(&format!("\n{}\n  ", paint.faint(&place(row))));
        text.push_str(&changed_text(sent, there, paint));
        text.push('\n');
    }
    if text.is_empty() {
        return text;
    }
    format!("\nTexts that differ: [-was sent-]{{+is there+}}\n{text}")
}

/// What is no part of the comparison.
fn aside(findings: &VerifyFindings, of: &Verifying<'_>) -> String {
    let (aside, item) = (&findings.aside, one_line(of.item));
    let noun = findings.lists.noun.as_deref().unwrap_or("list");
    let mut lines: Vec<String> = Vec::new();
    let mut tell = |count: u64, words: &dyn Fn(String) -> String| {
        if count > 0 {
            lines.push(words(rows(count)));
        }
    };
    tell(aside.in_doubt, &|rows| {
        format!(
            "{rows} in doubt, of which the ledger does not know what became: a run looks for that."
        )
    });
    tell(aside.failed, &|rows| format!("{rows} failed and made nothing: `status` says why."));
    tell(aside.not_sent, &|rows| {
        format!(
            "{rows} of the source not done yet, which the other side lacks: a run sends what can be sent."
        )
    });
    tell(aside.dismissed, &|rows| format!("{rows} dismissed by a person."));
    tell(aside.undone, &|rows| format!("{rows} undone: what they had done was taken back."));
    tell(aside.superseded, &|rows| {
        format!("{rows} whose work later rows of the job have changed or deleted: those count.")
    });
    tell(aside.not_in_sample, &|rows| format!("{rows} on a {noun} that is not in the sample."));
    let order = &findings.order;
    if !order.is_declared && findings.rows() > 0 {
        lines.push(format!(
            "The order of {item}s is not known: the connector does not say where an item has when it was made."
        ));
    } else if order.undated > 0 {
        lines.push(format!(
            "The order of {item}s is not known on {}: the list does not say when they were made.",
            counted(order.undated, noun)
        ));
    }
    let uncompared = findings.uncompared.iter().map(|(name, rows)| (name.as_str(), *rows));
    lines.extend(uncompared_words(uncompared));
    if findings.strange > 0 {
        let told = if of.strange { "" } else { " (--strange names them)" };
        let count = counted(findings.strange, &item);
        lines.push(format!("{count} there that no row of this ledger has made{told}."));
        let strangers = findings.strangers.iter().filter(|_| of.strange);
        lines.extend(
            strangers.map(|(list, id)| format!("    {} on {}", one_line(id), one_line(list))),
        );
    }
    if lines.is_empty() {
        return String::new();
    }
    format!("\n{}\n", lines.join("\n"))
}

/// Whether all is right, and what to do where it is not.
fn end(findings: &VerifyFindings, of: &Verifying<'_>) -> String {
    let (lists, item) = (&findings.lists, one_line(of.item));
    let goes_on = |is_kept: bool| match is_kept {
        true => format!("The same command goes on where this one ended: {}", of.command),
        false => "Nothing could be kept: the same command begins anew.".to_owned(),
    };
    let so_far = format!("{} of {}", number(lists.answered), counted(lists.wanted, "list"));
    match &findings.end {
        RemoteEnd::Interrupted { is_kept, .. } => {
            format!("\nInterrupted after {so_far}. {}\n", goes_on(*is_kept))
        }
        RemoteEnd::Stopped { obstacle: why, after, is_kept } => format!(
            "\nStopped after {so_far}: {}{}. {}\n",
            one_line(&obstacle(why)),
            silence(*after),
            goes_on(*is_kept)
        ),
        RemoteEnd::Whole if lists.unanswered > 0 => format!(
            "\nNot all could be read: {} gave no answer. The same command asks for those again: {}\n",
            counted(lists.unanswered, "list"),
            of.command
        ),
        RemoteEnd::Whole if findings.rows() == 0 => {
            "\nThe ledger knows of no row that is done: there is nothing to verify.\n".to_owned()
        }
        RemoteEnd::Whole if findings.is_all_right() => {
            match (findings.right(), findings.count(Kind::ById)) {
                (_, 0) => format!(
                    "\nAll is right: each of {} is there, once, as it was sent.\n",
                    rows(findings.rows())
                ),
                (right, by_id) => format!(
                    "\nNothing is wrong as far as was compared: {} compared by what was sent, {} by the id alone, as --by-id \
                     allows. That those say what was sent, and to whom they show, is not known.\n",
                    rows(right),
                    number(by_id)
                ),
            }
        }
        RemoteEnd::Whole => amiss(findings, &item),
    }
}

/// That not all is right, and what to do.
fn amiss(findings: &VerifyFindings, item: &str) -> String {
    let by_id = findings.count(Kind::ById);
    let mut text = match findings.wrong() {
        0 if by_id > 0 => "\nNothing wrong was found, and not all is known.".to_owned(),
        0 => "\nNot all is known.".to_owned(),
        1 => "\n1 row is not as it was sent, or that is not known.".to_owned(),
        wrong => {
            format!("\n{} rows are not as they were sent, or that is not known.", number(wrong))
        }
    };
    if findings.count(Kind::Missing) > 0 {
        text.push_str(&format!(
            " What is missing the other side lacks, and the ledger has it as done: no run sends it again. Give such rows \
             another key, or send them as a job of their own, where the {item} is to be made anew."
        ));
    }
    if findings.count(Kind::ExposedCopy) > 0 {
        text.push_str(&format!(
            " Look first at each copy that others may see: somebody, or something on the way, has made it. Where it should \
             not be there, delete it on the other side: no run touches a {item} that no row has made."
        ));
    }
    if findings.count(Kind::Exposed) > 0 {
        text.push_str(&format!(
            " A {item} that the wrong people see has to be mended there: no operation here changes that."
        ));
    }
    if by_id > 0 && !findings.takes_ids {
        text.push_str(&format!(
            " {} compared by what was sent, and {} by the id alone: what these say, and who sees them, is not known. \
             Give verify the source that they were sent from, for rows that came back corrected that file, too (--from); \
             or say --by-id where it is enough that they are there.",
            rows(findings.right()),
            number(by_id)
        ));
    }
    text.push_str(" More: noteferry explain verified-row\n");
    text
}

/// Which lists were a sample.
pub(crate) fn sample_words(sample: &SampleTaken) -> String {
    let noun = sample.noun.as_deref().unwrap_or("list");
    format!(
        "{} of {}, chosen by the SHA-256 of what is asked for: the same ones each time",
        number(sample.lists),
        counted(sample.of, noun)
    )
}

/// What could not be compared; nothing where all could.
fn uncompared_words<'a>(fields: impl Iterator<Item = (&'a str, u64)>) -> Option<String> {
    let of = fields.map(|(name, count)| format!("`{}` of {}", one_line(name), rows(count)));
    let of: Vec<String> = of.collect();
    (!of.is_empty()).then(|| {
        format!(
            "Not compared, since the lists do not show it, or it may have been sent otherwise: {}.",
            of.join(", ")
        )
    })
}

/// Likewise, as the ledger keeps it.
pub(in crate::report) fn not_compared_words(found: &[(String, u64)]) -> Option<String> {
    let fields = found.iter().map(|(kind, rows)| (kind.strip_suffix(NOT_COMPARED), *rows));
    uncompared_words(fields.filter_map(|(name, rows)| Some((name?, rows))))
}

pub(in crate::report) fn findings_words(found: &[(String, u64)]) -> String {
    let kinds = found.iter().filter(|(kind, _)| !kind.ends_with(NOT_COMPARED));
    let words = kinds.map(|(kind, count)| format!("{} {}", number(*count), kind.replace('_', " ")));
    words.collect::<Vec<_>>().join(", ")
}

pub(super) fn kind_words(kind: Kind, noun: &str) -> String {
    match kind {
        Kind::ExposedCopy => {
            "with a copy that lacks a flag, so that others may see its text: no row has made that"
                .into()
        }
        Kind::Exposed => {
            "without a flag that was sent, so that others may see what they should not".into()
        }
        Kind::Twice => {
            "there more than once: the same is in the list, and no row has made that".into()
        }
        Kind::Missing => {
            "missing: the list was read to its end, twice, and does not show it".into()
        }
        Kind::StillThere => "there although it was deleted".into(),
        Kind::Altered => "there with another text".into(),
        Kind::Otherwise => "there, and something else of it differs".into(),
        Kind::OutOfOrder => "out of the source's order".into(),
        Kind::NoLane => format!("on a {noun} that is not there"),
        Kind::NotKnown => "of which it is not known".into(),
        Kind::Changed => "there, while the source says something else than what was sent".into(),
        Kind::ById => {
            "there, compared by id alone: nobody says any more what exactly was sent".into()
        }
        Kind::Right => "as sent: there once, with its text and flags, in order".into(),
    }
}

fn named_row(row: &VerifiedRow) -> String {
    let mut matters: Vec<&Matter> = row.matters.iter().collect();
    matters.sort_by_key(|one| Kind::of(one));
    let said: Vec<String> = matters.into_iter().filter_map(matter).collect();
    let id = row.id.as_ref().map(|id| format!(", {}", one_line(id))).unwrap_or_default();
    match said.is_empty() {
        true => format!("{}{id}", place(row)),
        false => format!("{}{id}: {}", place(row), said.join("; ")),
    }
}

/// `row 12 (line 13, ticket tk_1, key L-12)`.
fn place(row: &VerifiedRow) -> String {
    let mut parts = Vec::new();
    if row.source == SourceSays::Nothing {
        parts.push("not in the source any more".to_owned());
    }
    if row.source == SourceSays::Corrected {
        parts.push("sent corrected".to_owned());
    }
    if row.source == SourceSays::OnlyInPart {
        parts.push("a row that made it or changed it before is not in the source".to_owned());
    }
    parts.push(format!("line {}", row.place.line));
    parts.extend(Some(one_line(&row.lane)).filter(|lane| !lane.is_empty()));
    if !row.key.is_empty() {
        parts.push(format!("key {}", one_line(&row.key)));
    }
    format!("row {} ({})", row.place.row, parts.join(", "))
}

/// What is to be said of what is the matter, beside its kind.
pub(super) fn matter(one: &Matter) -> Option<String> {
    match one {
        Matter::Exposed(differences) | Matter::Otherwise(differences) => {
            Some(differing(differences))
        }
        Matter::ExposedCopy(copies) => {
            let copies = copies.iter().map(|(id, difference)| {
                let differs = differing(std::slice::from_ref(difference));
                format!("the same text once more as {}: {differs}", one_line(id))
            });
            Some(copies.collect::<Vec<_>>().join("; "))
        }
        Matter::Twice { ids } => {
            let ids: Vec<String> = ids.iter().map(|id| one_line(id)).collect();
            Some(format!("once more as {}", ids.join(", ")))
        }
        Matter::Missing { of, alike } => {
            let shown = counted(*of as u64, "item");
            let alike = alike.as_ref().map(|id| {
                format!("; the same is there as {}, which no row has made", one_line(id))
            });
            Some(format!("none of the {shown} of the list{}", alike.unwrap_or_default()))
        }
        Matter::OutOfOrder { behind } => {
            Some(format!("made before row {behind}, which comes first"))
        }
        Matter::NoLane(why) => Some(one_line(&cause(why))),
        Matter::NotKnown(why) => Some(not_known(why)),
        Matter::Altered => Some("another text".to_owned()),
        Matter::StillThere => None,
        Matter::Changed => Some("the row has changed since it was sent".to_owned()),
    }
}

fn differing(differences: &[Difference]) -> String {
    let differs = differences.iter().map(|one| {
        let [field, there, row] = [&one.field, &one.there, &one.row].map(|it| one_line(it));
        format!("`{field}`: {there} there, {row} in the row")
    });
    differs.collect::<Vec<_>>().join("; ")
}

/// That a verification is not in the ledger.
pub(crate) fn of_unkept(ledger: &Path, error: &LedgerError) -> Diagnostic {
    let told = of_ledger(error);
    let message = format!(
        "that it was verified could not be written to the ledger {}: {}",
        ledger.display(),
        told.message
    );
    Diagnostic { severity: Severity::Warning, message, ..told }
}

/// That a run has sent rows while lists were read.
pub(crate) fn of_moved_while_verifying() -> &'static str {
    "a run of the job has begun meanwhile: what it has done since is not compared, and its rows may be among what no row has made"
}
