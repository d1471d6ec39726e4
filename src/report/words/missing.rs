//! What stays there though its rows are missing from the source, as a person reads it, and what to do about it.

use super::{counted, number, one_line};
use crate::plan::{GoneFile, Kept, Stays, WhyGone};

/// So many files are named.
const NAMED: usize = 5;

/// All that there is to say of what stays.
pub(crate) fn stays(stays: &Stays) -> Vec<String> {
    let Stays { kept, unprovable, unfinished } = stays;
    let kept = kept.as_ref().map(nothing_deleted);
    let unprovable = (*unprovable > 0).then(|| not_shown_as_sent(*unprovable));
    let unfinished = (*unfinished > 0).then(|| self::unfinished(*unfinished));
    kept.into_iter().chain(unprovable).chain(unfinished).collect()
}

/// Why nothing of what missing rows have made is deleted, though the job says so.
pub(crate) fn nothing_deleted(kept: &Kept) -> String {
    let why = match kept {
        Kept::Partly => {
            "not all rows of the job's own source are read here (a limit, a saved plan, --from or --source)".to_owned()
        }
        Kept::Problems => {
            "something is wrong with rows of the source, so one of them may be what is missing".to_owned()
        }
        Kept::NoRows { missing } => {
            format!("the source has no rows at all, and {} of the job would go", counted(*missing, "row"))
        }
        Kept::FilesGone { missing, files } => {
            let have = if *missing == 1 { "has" } else { "have" };
            let mut why = format!("{} of the job {have} not been found, and {}", counted(*missing, "row"), gone(files));
            if files.len() > NAMED {
                why.push_str(&format!("; and {} more", number((files.len() - NAMED) as u64)));
            }
            why
        }
        Kept::NoneFound { missing } => format!(
            "not one of the rows is in the source of which the job has something there ({}): have the keys changed?",
            number(*missing)
        ),
        Kept::TooMany { missing, most, of, share } => format!(
            "{} of {} of the job {} missing from the source, and `on_missing` lets no more than {} ({share}) be deleted",
            number(*missing),
            counted(*of, "row"),
            if *missing == 1 { "is" } else { "are" },
            number(*most),
        ),
    };
    format!("nothing is deleted that is missing from the source: {why}")
}

fn gone(files: &[GoneFile]) -> String {
    let all = files.iter().take(NAMED).map(|GoneFile { name, why }| {
        let name = one_line(name);
        match why {
            WhyGone::NotRead => {
                format!("{name}, in which earlier runs have read rows, is not read any more")
            }
            WhyGone::NoRows => {
                format!("{name}, in which earlier runs have read rows, has none now")
            }
            WhyGone::ReadOtherwise { then, now } => format!(
                "{name} is read otherwise than by earlier runs (then {}, now {})",
                manner(then),
                manner(now)
            ),
            WhyGone::Unknown => {
                format!("which files earlier runs have read for {name} is not known")
            }
        }
    });
    all.collect::<Vec<_>>().join("; ")
}

fn manner(said: &str) -> String {
    if said.is_empty() { "as usual".to_owned() } else { one_line(said) }
}

/// What to do where rows are missing from a source that is likelier to be wrong than they are.
pub(crate) fn way_out_of_missing(kept: &Kept) -> String {
    match kept {
        Kept::FilesGone { files, .. } => {
            let flags = files.iter().take(NAMED).map(|file| format!("--gone '{}'", one_line(&file.name)));
            format!(
                "Bring back what is not there. What is gone on purpose, and its rows with it, may be named once: {}",
                flags.collect::<Vec<_>>().join(" ")
            )
        }
        Kept::NoneFound { .. } | Kept::NoRows { .. } => {
            "Look whether the source is whole, and its keys are what they were. Where all of it is to go, `noteferry undo` takes \
             back what runs have made."
                .to_owned()
        }
        Kept::TooMany { .. } | Kept::Partly | Kept::Problems => {
            "Look whether the source is whole; where so much is to go, raise `at_most` of the job's `on_missing`, if only for one \
             run."
                .to_owned()
        }
    }
}

/// That rows are missing and what they have made stays.
pub(crate) fn not_shown_as_sent(rows: u64) -> String {
    let (is, it) = if rows == 1 { ("is", "it has") } else { ("are", "they have") };
    format!(
        "{} {is} missing from the source, and what {it} made stays: an older version has sent {}, and kept nothing by which it \
         could be seen that nobody has changed it since",
        counted(rows, "row"),
        if rows == 1 { "it" } else { "them" }
    )
}

/// Likewise, since what was sent last for them has not come about.
pub(crate) fn unfinished(rows: u64) -> String {
    let (is, it, them) = match rows {
        1 => ("is", "it has", "it"),
        _ => ("are", "they have", "them"),
    };
    format!(
        "{} {is} missing from the source, and what {it} made stays: what was sent last for {them} was refused or given up, or \
         nobody knows whether it has acted; `noteferry status` names {them}",
        counted(rows, "row"),
    )
}
