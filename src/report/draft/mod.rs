//! A drafted job as YAML: with what was guessed and why, what to check, and what only a person can decide, as comments.
//!
//! What is guessed is decided in `draft`; here it is written down.

mod said;
mod words;
mod yaml;

#[cfg(test)]
mod tests;

pub(crate) use self::said::{drafted_line, next_after_draft};
use self::words::{Weight, how, part, reason, remark, weighed};
use self::yaml::{comment, expression, line, quoted, scalar};
use super::words::{number, rows};
use crate::draft::{
    Draft, EachSeen, KeyDraft, Named, NoteDraft, Remark, ReminderDraft, SourceDraft, TicketMap,
    Trait, Visibility,
};
use crate::source::Format;

/// So many letters of a name are padded to.
const PADDED: usize = 30;

/// The job, ready to be written to a file.
pub(crate) fn draft_text(draft: &Draft) -> String {
    let mut text = head(draft);
    text.push_str(&format!("job: {}\noperation: ticket_note.create\n", scalar(&draft.job)));
    if !draft.is_zone_told {
        let doubt = "CHECK: the zone of times that name none, and of those that are written into the notes.";
        text.push_str(&comment(doubt, 0));
    }
    text.push_str(&format!("timezone: {}\n\n", scalar(&draft.timezone)));
    text.push_str(&sources(&draft.sources));
    text.push_str(&lookups(draft));
    text.push_str(&lets(&draft.lets));
    if !draft.keeps.is_empty() {
        text.push_str("# Rows of which one of these is not true are left out, and counted with the reason.\nwhere:\n");
        for (keep, why) in &draft.keeps {
            text.push_str(&format!(
                "  - {{ keep: {}, why: {} }}\n",
                expression(keep),
                quoted(reason(*why))
            ));
        }
        text.push('\n');
    }
    text.push_str(&key(draft));
    match &draft.order_by {
        Some(name) => text.push_str(&format!("order_by: \"{{{{ {name} }}}}\"\n\n")),
        None => {
            text.push_str(&said(&[Remark::NoTime], 0));
            text.push('\n');
        }
    }
    text.push_str("map:\n");
    text.push_str(&ticket(draft));
    text.push_str(&visibility(&draft.visibility));
    text.push_str(&note(&draft.note));
    text.push_str(&draft.reminder.as_ref().map(reminder).unwrap_or_default());
    text.push_str(&left_out(draft));
    text
}

/// How many lines of a job say CHECK, and how many DECIDE.
pub(crate) fn doubts(job: &str) -> (usize, usize) {
    let count = |word: &str| job.lines().skip(1).filter(|line| line.contains(word)).count();
    (count("# CHECK: "), count("# DECIDE: "))
}

fn head(draft: &Draft) -> String {
    let mut text = comment("A first job, made by `noteferry init`. Nothing has been sent.", 0);
    text.push_str("#\n");
    let known = match &draft.system {
        Some((name, marks)) => {
            let marks: Vec<String> = marks.iter().map(|mark| format!("`{mark}`")).collect();
            format!("Recognised: an export of {name}, by its columns {}.", marks.join(", "))
        }
        None => "No export that is known by its columns, so they go by their names and what stands in them.".to_owned(),
    };
    text.push_str(&comment(&known, 0));
    text.push_str("# Looked at:\n");
    for looked in &draft.looked {
        let count = match looked.is_whole {
            true => rows(looked.rows),
            false => format!("the first {} rows", number(looked.rows)),
        };
        text.push_str(&format!("#   {}: {count}; {}\n", line(&looked.name), part(looked.part)));
    }
    text.push_str("#\n");
    let todo = "Before you send anything, look at each line that says CHECK, and decide where one says DECIDE.";
    text.push_str(&comment(todo, 0));
    text.push('\n');
    text
}

/// What remarks say, a comment for each.
fn said(remarks: &[Remark], indent: usize) -> String {
    let words = remarks.iter().filter_map(remark);
    words.map(|said| comment(&weighed(said), indent)).collect()
}

fn sources(sources: &[SourceDraft]) -> String {
    match sources {
        [source] => format!("source:\n{}\n", source_lines(source, "  ", "  ")),
        several => {
            let all: String =
                several.iter().map(|source| source_lines(source, "  - ", "    ")).collect();
            format!("sources:\n{all}\n")
        }
    }
}

fn source_lines(source: &SourceDraft, first: &str, indent: &str) -> String {
    let file = file_name(&source.path);
    let mut text = format!("{first}{}: {file}\n", format_key(source));
    for one in &source.traits {
        let (key, value) = &one.said;
        let words = how(key, &one.how).map(|said| comment(&weighed(said), indent.len()));
        text.push_str(&words.unwrap_or_default());
        text.push_str(&format!("{indent}{key}: {}\n", trait_value(value)));
    }
    text
}

/// A path as a job writes it.
fn file_name(path: &std::path::Path) -> String {
    let name = path.to_string_lossy();
    // Elsewhere the sign is a letter of a name.
    scalar(&if cfg!(windows) { std::borrow::Cow::from(name.replace('\\', "/")) } else { name })
}

fn format_key(source: &SourceDraft) -> &'static str {
    key_of(source.format, &source.path)
}

fn key_of(format: Format, path: &std::path::Path) -> &'static str {
    let is_ods = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("ods"));
    match format {
        Format::Csv { .. } => "csv",
        Format::JsonLines => "jsonl",
        Format::Json => "json",
        Format::Workbook if is_ods => "ods",
        Format::Workbook => "xlsx",
    }
}

fn trait_value(value: &EachSeen) -> String {
    match value {
        EachSeen::Text(text) => scalar(text),
        EachSeen::Number(number) => number.to_string(),
        EachSeen::Texts(texts) => {
            let texts: Vec<String> = texts.iter().map(|text| scalar(text)).collect();
            format!("[{}]", texts.join(", "))
        }
        EachSeen::Columns(name) => format!("{{ columns: {} }}", scalar(name)),
        EachSeen::Split { column, by } => {
            format!("{{ split: {}, by: {} }}", scalar(column), quoted(by))
        }
    }
}

fn lookups(draft: &Draft) -> String {
    if draft.lookups.is_empty() {
        return String::new();
    }
    let mut text = "lookups:\n".to_owned();
    for table in &draft.lookups {
        text.push_str(&said(std::slice::from_ref(&table.remark), 2));
        if let TicketMap::ToFill { examples } = &draft.map
            && table.remark == Remark::MapToFill
        {
            let examples: Vec<String> =
                examples.iter().map(|text| format!("\"{}\"", line(text))).collect();
            text.push_str(&comment(
                &format!("The first numbers that it will be asked for: {}.", examples.join(", ")),
                2,
            ));
        }
        let file = file_name(&table.path);
        let traits: String = table
            .traits
            .iter()
            .map(|Trait { said: (key, value), .. }| format!(", {key}: {}", trait_value(value)))
            .collect();
        text.push_str(&format!(
            "  {}: {{ {}: {file}{traits}, key: {}, value: {} }}\n",
            scalar(&table.name),
            key_of(table.format, &table.path),
            scalar(&table.key),
            scalar(&table.value),
        ));
    }
    text.push('\n');
    text
}

fn lets(lets: &[Named]) -> String {
    let mut text = "let:\n".to_owned();
    for named in lets {
        text.push_str(&said(&named.remarks, 2));
        text.push_str(&format!("  {}: {}\n", named.name, expression(&named.expression)));
    }
    text.push('\n');
    text
}

fn key(draft: &Draft) -> String {
    let mut text = String::new();
    if draft.is_same_once {
        let why = "A note that stands in two exports is sent once.";
        text.push_str(&comment(why, 0));
        text.push_str("duplicates: same_once\n");
    }
    match &draft.key {
        KeyDraft::Text(key, why) => {
            text.push_str("# What makes a note the same one when the job runs again.\n");
            text.push_str(&said(std::slice::from_ref(why), 0));
            text.push_str(&format!("key: {}\n", quoted(key)));
        }
        KeyDraft::None => {
            let doubt = "CHECK: no column that is called an id has another value in every row, so a note is known by its content: one that is \
                         corrected later is another note. If a column says which is which: --key COLUMN.";
            text.push_str(&comment(doubt, 0));
        }
    }
    text
}

fn ticket(draft: &Draft) -> String {
    format!(
        "{}  ticket_id: {}\n",
        said(&draft.ticket.remarks, 2),
        expression(&draft.ticket.expression)
    )
}

fn visibility(visibility: &Visibility) -> String {
    match visibility {
        Visibility::AllInternal(why) => {
            format!("{}  is_internal_note: true\n", said(std::slice::from_ref(why), 2))
        }
        Visibility::ByColumn { from, entries, remarks } => {
            let mut text = "  # Who sees the note: true is for agents alone, false is for the customer, too.\n".to_owned();
            text.push_str(&said(remarks, 2));
            let from = if from.starts_with("{{") { quoted(from) } else { scalar(from) };
            text.push_str(&format!("  is_internal_note:\n    from: {from}\n    values:\n"));
            for (value, is_internal, doubt) in entries {
                let doubt =
                    doubt.as_ref().and_then(remark).filter(|(weight, _)| *weight != Weight::Why);
                let doubt = doubt.map(|said| format!("  # {}", weighed(said))).unwrap_or_default();
                text.push_str(&format!("      {}: {is_internal}{doubt}\n", quoted(value)));
            }
            text
        }
    }
}

fn note(note: &NoteDraft) -> String {
    let mut text = said(&note.remarks, 2);
    let who = note.author.as_ref().map(|name| format!("{{{{ {name} }}}}"));
    let when = note.time.as_ref().map(|name| format!("{{{{ {name} | date('%d/%m/%Y %H:%M') }}}}"));
    let head: Vec<String> = who.into_iter().chain(when).collect();
    text.push_str("  note: |-\n");
    if !head.is_empty() {
        text.push_str(&format!("    [{}]\n", head.join(", ")));
    }
    let body = &note.text;
    let Some(files) = &note.files else {
        text.push_str(&format!("    {{{{ {body} }}}}\n"));
        return text;
    };
    let size =
        files.size.as_ref().map(|key| format!(" ({{{{ file.{key} }}}} bytes)")).unwrap_or_default();
    let address =
        files.address.as_ref().map(|key| format!(" {{{{ file.{key} }}}}")).unwrap_or_default();
    let (list, name) = (&files.list, &files.name);
    text.push_str(&format!("    {{{{ {body} }}}}{{% if {list} %}}{{% if {body} %}}\n\n"));
    text.push_str(&format!("    {{% endif %}}Attachments:{{% for file in {list} %}}\n"));
    text.push_str(&format!(
        "    - {{{{ file.{name} }}}}{size}{address}{{% endfor %}}{{% endif %}}\n"
    ));
    text
}

fn reminder(reminder: &ReminderDraft) -> String {
    let is_past = reminder.remarks.contains(&Remark::RemindersPast);
    let sign = if is_past { "# " } else { "" };
    let mut text = said(&reminder.remarks, 2);
    let ReminderDraft { column, remind, due, .. } = reminder;
    let mut entry = |field: &str, value: &str| {
        text.push_str(&format!("  {sign}{field}: {}\n", expression(value)));
    };
    entry("task_type", &format!("1 if {column} else 0"));
    entry("task_reminder_time", remind);
    entry("task_due_date", due.as_ref().unwrap_or(remind));
    if due.is_none() {
        text.push_str(&comment(
            "CHECK: no column says by when it is due, so that is when the reminder comes.",
            2,
        ));
    }
    text
}

fn left_out(draft: &Draft) -> String {
    if draft.left_out.is_empty() {
        return String::new();
    }
    let mut text = "\n# Columns that no note has anything of, each with a value:\n".to_owned();
    for left_out in &draft.left_out {
        let name = format!("`{}`", line(&left_out.column));
        let example = left_out.example.as_ref().map_or("(empty)".to_owned(), |text| line(text));
        text.push_str(&format!("#   {name:PADDED$} {example}\n"));
    }
    text
}
