//! What is wrong with a ledger, in words that say what is safe, and what to do.
//!
//! What is found by looking one through is in `problem`.

use std::path::Path;

use super::contradiction;
use super::problem::{misfit, missing};
use crate::ledger::{
    Deed, LedgerError, LedgerFault, Location, LostOutcome, NoCopy, SpecialFile, StorageFault,
};

/// What is wrong with the ledger, and what to do, in one sentence without a full stop.
pub(crate) fn ledger_failure(error: &LedgerError) -> String {
    format!("{}; {}", ledger_error(error), ledger_hint(error))
}

/// What is wrong with the ledger: `the ledger ledger.db cannot be written: the disk is full`.
pub(crate) fn ledger_error(error: &LedgerError) -> String {
    match error {
        LedgerError::Newer { ledger, found, known } => format!(
            "the ledger {} was written by a newer noteferry (format {found}, this one knows {known})",
            location(ledger)
        ),
        LedgerError::NotALedger { ledger } => {
            format!("{} is no ledger of noteferry", location(ledger))
        }
        LedgerError::Emptied { path } => {
            format!("the ledger {} is empty, though runs have used it before", path.display())
        }
        LedgerError::PutBack { path } => put_back(path),
        LedgerError::Replaced { path, kept } => replaced(path, kept),
        LedgerError::Lost { path, cause } => format!(
            "the ledger {} was deleted while the run used it, and cannot be written again: {}",
            path.display(),
            no_copy(cause)
        ),
        LedgerError::Moved { path } => {
            format!("the ledger {} was deleted or replaced while the run began", path.display())
        }
        LedgerError::Superseded { path, kept } => superseded(path, kept),
        LedgerError::Busy { holder } => {
            format!("another run of this job is under way{}", in_brackets(holder.as_deref()))
        }
        LedgerError::TwoNames { path } => {
            format!("the ledger {} has a second name: a hard link", path.display())
        }
        LedgerError::Overtaken { .. } => {
            "another run of this job has taken the job over while this run had it in hand"
                .to_owned()
        }
        LedgerError::OlderInUse { ledger, holder } => format!(
            "the ledger {} is of an older format, and another run uses it{}",
            location(ledger),
            in_brackets(holder.as_deref())
        ),
        LedgerError::Fault { ledger, fault } => {
            format!("the ledger {}: {}", location(ledger), ledger_fault(*fault))
        }
        LedgerError::KeyTwice { ledger, key } => {
            format!("two rows in the ledger {} have the key {key}", location(ledger))
        }
        LedgerError::Storage { ledger, deed, fault, cause } => {
            format!("the ledger {} {}", location(ledger), cannot_be(*deed, *fault, cause))
        }
        LedgerError::Rescue { path, deed, fault, cause } => {
            format!("the rescue file {} {}", path.display(), cannot_be(*deed, *fault, cause))
        }
        LedgerError::RescueMisfit { path } => {
            format!("the rescue file {} does not belong to the ledger beside it", path.display())
        }
        LedgerError::Unrecorded { cause, rescue, known, count } => {
            let (cause, more) = (ledger_error(cause), and_more(*count, known.len()));
            unrecorded(&cause, rescue, &format!("{}{more}", listed(known)))
        }
        LedgerError::Misfit { ledger, misfit } => {
            format!("the ledger {} is damaged: {}", location(ledger), self::misfit(misfit.as_ref()))
        }
        LedgerError::Incomplete { ledger, missing } => {
            format!("the ledger {} is damaged: {}", location(ledger), self::missing(missing))
        }
        LedgerError::NumberTaken { ledger, row, number } => format!(
            "the ledger {} has another attempt {number} of the row with the id {row} already",
            location(ledger)
        ),
        LedgerError::Inconsistent { ledger, key, cause } => {
            let cause = contradiction(cause);
            format!("the ledger {} contradicts itself at row {key}: {cause}", location(ledger))
        }
        LedgerError::OwnersMissing { ledger, starts } => owners_missing(ledger, *starts),
        LedgerError::StartsMissing { ledger, ends } => starts_missing(ledger, *ends),
        LedgerError::OutcomesGone { ledger, run, told, found } => {
            outcomes_gone(ledger, *run, (*told, *found))
        }
        LedgerError::RunSum { ledger, run, rows, sum } => run_sum(ledger, *run, (*rows, *sum)),
        LedgerError::WentBack { ledger } => went_back(ledger),
    }
}

fn run_sum(ledger: &Location, run: i64, (rows, sum): (i64, i64)) -> String {
    format!(
        "run {run} in the ledger {} knew of {rows} rows, and its counts add up to {sum}",
        location(ledger)
    )
}

fn owners_missing(ledger: &Location, starts: u64) -> String {
    let (attempts, them) =
        if starts == 1 { ("attempt", "it was") } else { ("attempts", "they were") };
    format!(
        "{starts} {attempts} in the ledger {} do not say any more for which job {them}",
        location(ledger)
    )
}

fn outcomes_gone(ledger: &Location, run: i64, (told, found): (u64, u64)) -> String {
    format!(
        "run {run} in the ledger {} says that {told} of its rows were done, and the ledger has the outcomes of {found}",
        location(ledger)
    )
}

fn went_back(ledger: &Location) -> String {
    format!(
        "the ledger {} went back to an earlier time while the run used it: it no longer knows attempts that it had \
         acknowledged",
        location(ledger)
    )
}

fn replaced(path: &Path, kept: &Path) -> String {
    let (path, kept) = (path.display(), kept.display());
    format!(
        "the ledger {path} or its log was replaced while the run used it; all that is known is in {kept}"
    )
}

fn superseded(path: &Path, kept: &Path) -> String {
    let (path, kept) = (path.display(), kept.display());
    format!("the ledger {path} was replaced during an earlier run, and what it knew is in {kept}")
}

fn unrecorded(cause: &str, rescue: &str, known: &str) -> String {
    format!("{cause}; nor can its rescue file: {rescue}. Known and written nowhere: {known}")
}

/// What to do about it.
pub(crate) fn ledger_hint(error: &LedgerError) -> &'static str {
    match error {
        LedgerError::Newer { .. } => {
            "use that version of noteferry; another ledger knows nothing of what was sent, and all would be sent again"
        }
        LedgerError::NotALedger { .. } => {
            "name the ledger's own file with --ledger, or one that does not exist yet"
        }
        LedgerError::Emptied { .. } => {
            "put it back from a copy, with the -wal file beside it; to begin anew, which sends everything again, delete it"
        }
        LedgerError::Moved { .. } => "nothing was sent; look what is there now, then run again",
        LedgerError::PutBack { .. } => {
            "find out what deletes it, such as a clean-up or `git clean`, then run again: nothing is lost"
        }
        LedgerError::Replaced { .. } | LedgerError::Superseded { .. } => {
            "put that one in its place, delete the -wal and -shm files that are there, then run again: with any other \
             ledger all that it does not know would be sent again"
        }
        LedgerError::Lost { .. } => {
            "put it back from a copy, and do not run this job without it: all that the copy does not know would be sent \
             again"
        }
        LedgerError::TwoNames { .. } => {
            "delete one of the names, or make a copy in its place: under two names two runs could send the same rows at once"
        }
        LedgerError::Overtaken { .. } => {
            "find out what deletes the .lock files beside the ledger, such as a clean-up, then run again: what each run \
             has done is in the ledger"
        }
        LedgerError::OlderInUse { .. } => {
            "wait until that run ends: the first run of this version brings the ledger up to date, and an older version \
             could not write to it any more"
        }
        LedgerError::Fault { .. } => {
            "this is a fault of noteferry: please report it. Run again: rows whose outcome was not recorded are in doubt \
             and are looked for"
        }
        LedgerError::Busy { .. } => {
            "wait until it ends; a run that was killed leaves no lock behind"
        }
        LedgerError::Storage { fault, .. } => storage_hint(*fault),
        LedgerError::Rescue { .. } => {
            "it holds outcomes that the last run could not write to the ledger: let this user read and write it, then \
             run again"
        }
        LedgerError::RescueMisfit { .. } => {
            "it holds outcomes of rows that this ledger does not know: put the ledger back that it belongs to, or move \
             the file away if they do not matter"
        }
        LedgerError::Unrecorded { .. } => {
            "keep this message; the next run does not know these outcomes and treats their rows as in doubt"
        }
        LedgerError::Misfit { .. } => {
            "somebody edited the file, or the disk is failing: look it through with `noteferry ledger check`, then put \
             back a copy from after the last run"
        }
        LedgerError::NumberTaken { .. } => {
            "something else writes attempts of this job to it: find out what, then run again; nothing was sent that is \
             not recorded"
        }
        LedgerError::WentBack { .. } => {
            "find out what writes to it, such as a copy that was put back; put the newest state in its place before the \
             next run: rows that it does not know would be sent again"
        }
        LedgerError::StartsMissing { .. }
        | LedgerError::OutcomesGone { .. }
        | LedgerError::RunSum { .. }
        | LedgerError::Incomplete { .. }
        | LedgerError::OwnersMissing { .. }
        | LedgerError::KeyTwice { .. } => {
            "somebody edited the file, or the disk is failing: put a copy back; a run with this file would send again \
             what rows have done"
        }
        LedgerError::Inconsistent { .. } => {
            "keep the file for an inquiry, and do not run this job with it"
        }
    }
}

/// A ledger, as a person names it.
fn location(ledger: &Location) -> String {
    match ledger {
        Location::File(path) => path.display().to_string(),
    }
}

/// ` (process 42 since noon)`; nothing where that is not known.
fn in_brackets(holder: Option<&str>) -> String {
    holder.map_or_else(String::new, |holder| format!(" ({holder})"))
}

fn cannot_be(deed: Deed, fault: StorageFault, cause: &str) -> String {
    let done = match deed {
        Deed::Make => "made",
        Deed::Open => "opened",
        Deed::Read => "read",
        Deed::Write => "written",
        Deed::Upgrade => "brought up to date",
        Deed::Lock => "locked",
        Deed::Empty => "emptied",
        Deed::Move => "moved",
        Deed::Find => "looked for",
    };
    format!("cannot be {done}: {}", storage_fault(fault, cause))
}

fn storage_fault(fault: StorageFault, cause: &str) -> String {
    let words = match fault {
        StorageFault::Full => return "the disk is full".to_owned(),
        StorageFault::FileLimit => {
            return "this process may make no larger file (`ulimit -f`)".to_owned();
        }
        StorageFault::Contended => return "another process is writing to it".to_owned(),
        StorageFault::Folder => return "it is a folder".to_owned(),
        StorageFault::Special(what) => return format!("it is {}, not a file", special_file(what)),
        StorageFault::Other => return cause.to_owned(),
        StorageFault::ReadOnly => "it is read-only for this user",
        StorageFault::InputOutput => "the disk reports an error",
        StorageFault::Damaged => "the file is damaged",
        StorageFault::Altered => "it is not laid out as a ledger is",
        StorageFault::Unopened => "one of its files cannot be opened",
        StorageFault::Misplaced => "there can be no ledger",
    };
    format!("{words} ({cause})")
}

fn storage_hint(fault: StorageFault) -> &'static str {
    match fault {
        StorageFault::Full => {
            "make room on the ledger's disk, then run again: nothing was sent that is not recorded"
        }
        StorageFault::FileLimit => {
            "raise that limit in the shell or the script that starts noteferry, as with `ulimit -f unlimited`, then run \
             again: nothing was sent that is not recorded"
        }
        StorageFault::ReadOnly => {
            "let this user write the file, those beside it and their folder, then run again: nothing was sent that is \
             not recorded"
        }
        StorageFault::InputOutput => {
            "look in the system's log for a failing disk or a lost network drive, and copy the ledger's folder to a \
             safe place; then run again: nothing was sent that is not recorded"
        }
        StorageFault::Damaged => {
            "do not delete it, it alone knows what was sent: copy its folder, then put back a copy from after the last \
             run, or recover this one with sqlite3's .recover"
        }
        StorageFault::Altered => {
            "somebody edited the file with another program: look it through with `noteferry ledger check`, then put back \
             a copy from after the last run"
        }
        StorageFault::Contended => {
            "close what holds it, such as a database browser or a backup, then run again: nothing is lost"
        }
        StorageFault::Unopened => {
            "look at its folder's permissions, and for too many open files; then run again: nothing is lost"
        }
        StorageFault::Special(SpecialFile::DanglingLink) => {
            "bring back what the link leads to, as by mounting its disk; or delete the link, if there was no ledger yet: a \
             new one knows nothing of what was sent"
        }
        StorageFault::Folder | StorageFault::Misplaced | StorageFault::Special(_) => {
            "name a file with --ledger, in a folder that exists or can be made"
        }
        StorageFault::Other => {
            "look for a full disk, missing permissions, or a network drive; then run again: nothing is lost"
        }
    }
}

fn ledger_fault(fault: LedgerFault) -> &'static str {
    match fault {
        LedgerFault::UnknownRow => "its recorder was given an entry of a row that it does not know",
        LedgerFault::ReaderGone => "what reads it ended before the run",
    }
}

fn no_copy(cause: &NoCopy) -> &str {
    match cause {
        NoCopy::PathNotUtf8 => "its path is not UTF-8",
        NoCopy::Told(cause) => cause,
    }
}

fn put_back(path: &Path) -> String {
    format!(
        "the ledger {} was deleted while the run used it, and has been written there again with all that is known",
        path.display()
    )
}

fn starts_missing(ledger: &Location, ends: u64) -> String {
    let (outcomes, belong) =
        if ends == 1 { ("outcome", "belongs") } else { ("outcomes", "belong") };
    let ledger = location(ledger);
    format!("{ends} {outcomes} in the ledger {ledger} {belong} to rows that are not there any more")
}

/// `k7 succeeded as tn_12, k8 refused`.
fn listed(known: &[LostOutcome]) -> String {
    let words = known.iter().map(|lost| {
        let key = match &lost.key {
            Some(key) => key.clone(),
            None => format!("the row with the ledger's id {}", lost.row),
        };
        match &lost.id {
            Some(id) => format!("{key} {} as {id}", lost.outcome.word()),
            None => format!("{key} {}", lost.outcome.word()),
        }
    });
    words.collect::<Vec<String>>().join(", ")
}

fn and_more(count: usize, told: usize) -> String {
    match count.saturating_sub(told) {
        0 => String::new(),
        more => format!(" and {more} more"),
    }
}

fn special_file(what: SpecialFile) -> &'static str {
    match what {
        SpecialFile::Pipe => "a pipe",
        SpecialFile::Socket => "a socket",
        SpecialFile::Device => "a device",
        SpecialFile::Folder => "a folder",
        SpecialFile::Link => "a link",
        SpecialFile::DanglingLink => "a link to what is not there",
        SpecialFile::LinkLoop => "a link that leads back to itself",
        SpecialFile::Other => "something else",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Misfit;
    use crate::row::{Contradiction, Outcome, RowId};

    fn ledger() -> Location {
        std::path::Path::new("ledger.db").into()
    }

    fn told(errors: &[LedgerError]) -> String {
        let told = errors
            .iter()
            .map(|error| format!("{}\n = hint: {}\n", ledger_error(error), ledger_hint(error)));
        told.collect::<Vec<String>>().join("\n")
    }

    #[test]
    fn each_cause_says_what_happened_and_what_to_do() {
        use StorageFault as Fault;
        let faults = [
            Fault::Full,
            Fault::FileLimit,
            Fault::ReadOnly,
            Fault::InputOutput,
            Fault::Damaged,
            Fault::Contended,
            Fault::Altered,
            Fault::Unopened,
            Fault::Folder,
            Fault::Misplaced,
            Fault::Special(SpecialFile::DanglingLink),
            Fault::Other,
        ];
        let cause = || "what the system says".to_owned();
        let faults = faults.map(|fault| LedgerError::Storage {
            ledger: ledger(),
            deed: Deed::Write,
            fault,
            cause: cause(),
        });
        let path = || std::path::PathBuf::from("ledger.db");
        let kept = || std::path::PathBuf::from("ledger.db.kept");
        let gone = [
            LedgerError::PutBack { path: path() },
            LedgerError::Replaced { path: path(), kept: kept() },
            LedgerError::Superseded { path: path(), kept: kept() },
            LedgerError::Lost { path: path(), cause: NoCopy::Told(cause()) },
            LedgerError::Lost { path: path(), cause: NoCopy::PathNotUtf8 },
            LedgerError::Moved { path: path() },
            LedgerError::Emptied { path: path() },
        ];
        insta::assert_snapshot!([told(&faults), told(&gone)].join("\n"));
    }

    #[test]
    fn what_a_ledger_says_that_cannot_be_is_told_with_the_ledger() {
        let misfit = |id| Misfit { table: "starts", id, column: Some("digest".to_owned()) };
        let lost = |key: Option<&str>, id: Option<&str>| LostOutcome {
            row: RowId(4),
            key: key.map(str::to_owned),
            outcome: Outcome::Succeeded,
            id: id.map(str::to_owned),
        };
        insta::assert_snapshot!(told(&[
            LedgerError::Newer { ledger: ledger(), found: 9, known: 3 },
            LedgerError::NotALedger { ledger: ledger() },
            LedgerError::Misfit { ledger: ledger(), misfit: Some(misfit(Some(1))) },
            LedgerError::Misfit { ledger: ledger(), misfit: Some(misfit(None)) },
            LedgerError::Misfit { ledger: ledger(), misfit: None },
            LedgerError::NumberTaken { ledger: ledger(), row: RowId(4), number: 2 },
            LedgerError::Inconsistent {
                ledger: ledger(),
                key: "k1".to_owned(),
                cause: Contradiction::Gap { expected: 1, found: 2 },
            },
            LedgerError::StartsMissing { ledger: ledger(), ends: 1 },
            LedgerError::StartsMissing { ledger: ledger(), ends: 2 },
            LedgerError::OutcomesGone { ledger: ledger(), run: 3, told: 5, found: 4 },
            LedgerError::RunSum { ledger: ledger(), run: 3, rows: 5, sum: 4 },
            LedgerError::WentBack { ledger: ledger() },
            LedgerError::Busy { holder: None },
            LedgerError::Busy { holder: Some("process 42 since noon".to_owned()) },
            LedgerError::Overtaken { ledger: ledger() },
            LedgerError::OlderInUse { ledger: ledger(), holder: None },
            LedgerError::Fault { ledger: ledger(), fault: LedgerFault::UnknownRow },
            LedgerError::Fault { ledger: ledger(), fault: LedgerFault::ReaderGone },
            LedgerError::KeyTwice { ledger: ledger(), key: "k1".to_owned() },
            LedgerError::Rescue {
                path: "ledger.db.rescue".into(),
                deed: Deed::Empty,
                fault: StorageFault::ReadOnly,
                cause: "permission denied".to_owned(),
            },
            LedgerError::RescueMisfit { path: "ledger.db.rescue".into() },
            LedgerError::Unrecorded {
                cause: Box::new(LedgerError::WentBack { ledger: ledger() }),
                rescue: "no such folder".to_owned(),
                known: vec![lost(Some("k1"), Some("tn_1")), lost(None, None)],
                count: 4,
            },
        ]));
    }
}
