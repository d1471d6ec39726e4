//! Questions on a terminal: what was not said by flags, with what was guessed as the default. Nothing is decided here.

use std::io;
use std::path::PathBuf;

use dialoguer::console::Term;
use dialoguer::{Confirm, Input, Select};

use crate::draft::{
    Answers, Draft, MapAnswer, Remark, TableAnswer, TicketMap, Visibility, VisibilityAnswer,
};
use crate::text::diagnostic::Diagnostic;
use crate::text::visible::shown;

type Asked<T> = Result<T, io::Error>;

/// Asks; `make` drafts anew, where the next question hangs on the answer before. Columns are those of the notes.
pub(super) fn ask(
    draft: &Draft,
    columns: &[String],
    mut answers: Answers,
    make: &dyn Fn(&Answers) -> Result<Draft, Vec<Diagnostic>>,
) -> Asked<Answers> {
    let terminal = Term::stderr();
    terminal.write_line("A few questions; Enter takes what is guessed.")?;
    if answers.ticket.is_none() {
        answers.ticket = column(
            &terminal,
            "Column with the number of the ticket",
            columns,
            &draft.columns.ticket,
        )?;
    }
    if answers.note.is_none() {
        answers.note =
            column(&terminal, "Column with the text of the note", columns, &draft.columns.text)?;
    }
    if answers.timezone.is_none() {
        let zone: String = Input::new()
            .with_prompt("Zone of times that name none")
            .default(draft.timezone.clone())
            .validate_with(|zone: &String| match jiff::tz::TimeZone::get(zone) {
                Ok(_) => Ok(()),
                Err(_) => Err(
                    "there is no such zone; one is called as in Asia/Ho_Chi_Minh or Europe/Berlin",
                ),
            })
            .interact_text_on(&terminal)
            .map_err(told)?;
        answers.timezone = Some(zone);
    }
    ask_visibility(&terminal, columns, &mut answers, make)?;
    if matches!(draft.map, TicketMap::ToFill { .. }) && answers.map.is_none() {
        ask_map(&terminal, &mut answers)?;
    }
    Ok(answers)
}

fn told(error: dialoguer::Error) -> io::Error {
    let dialoguer::Error::IO(error) = error;
    error
}

fn column(
    terminal: &Term,
    question: &str,
    columns: &[String],
    guessed: &str,
) -> Asked<Option<String>> {
    let names: Vec<String> = columns.iter().map(|name| shown(name).into_owned()).collect();
    let Some(default) = columns.iter().position(|name| name == guessed) else { return Ok(None) };
    let chosen = Select::new()
        .with_prompt(question)
        .items(&names)
        .default(default)
        .max_length(12)
        .interact_on(terminal)
        .map_err(told)?;
    // What is guessed keeps its reason.
    Ok(columns.get(chosen).filter(|name| *name != guessed).cloned())
}

fn ask_visibility(
    terminal: &Term,
    columns: &[String],
    answers: &mut Answers,
    make: &dyn Fn(&Answers) -> Result<Draft, Vec<Diagnostic>>,
) -> Asked<()> {
    let Ok(draft) = make(answers) else { return Ok(()) };
    if answers.visibility.is_none()
        && matches!(&draft.visibility, Visibility::AllInternal(Remark::NobodySays))
    {
        let mut choices = vec!["none: all notes are internal".to_owned()];
        choices.extend(columns.iter().map(|name| shown(name).into_owned()));
        let chosen = Select::new()
            .with_prompt("Column that says whether customers may see the note")
            .items(&choices)
            .default(0)
            .max_length(12)
            .interact_on(terminal)
            .map_err(told)?;
        answers.visibility = Some(match chosen.checked_sub(1).and_then(|at| columns.get(at)) {
            Some(column) => VisibilityAnswer::Column(column.clone()),
            None => VisibilityAnswer::AllInternal,
        });
    }
    let Ok(draft) = make(answers) else { return Ok(()) };
    let Visibility::ByColumn { from, entries, .. } = draft.visibility else { return Ok(()) };
    for (value, ..) in entries.iter().filter(|(_, _, doubt)| *doubt == Some(Remark::Unsure)) {
        let value_shown =
            if value.is_empty() { "nothing".to_owned() } else { format!("\"{}\"", shown(value)) };
        let question =
            format!("Where {} says {value_shown}: may customers see the note?", shown(&from));
        let is_visible = Confirm::new()
            .with_prompt(question)
            .default(false)
            .interact_on(terminal)
            .map_err(told)?;
        let values =
            if is_visible { &mut answers.visible_values } else { &mut answers.internal_values };
        values.push(value.clone());
    }
    Ok(())
}

fn ask_map(terminal: &Term, answers: &mut Answers) -> Asked<()> {
    let choices = [
        "a table that is still to be made: the job names ticket-map.csv",
        "a table that is there already",
        "nothing: the tickets have the same ids in StringeeX",
    ];
    let chosen = Select::new()
        .with_prompt("What leads from the old numbers of tickets to those of StringeeX")
        .items(choices)
        .default(0)
        .interact_on(terminal)
        .map_err(told)?;
    match chosen {
        1 => {
            let file: String =
                Input::new().with_prompt("File").interact_text_on(terminal).map_err(told)?;
            answers.tables.push(TableAnswer {
                name: "tickets".to_owned(),
                path: PathBuf::from(file),
                columns: None,
            });
        }
        2 => answers.map = Some(MapAnswer::TheSame),
        _ => {}
    }
    Ok(())
}
