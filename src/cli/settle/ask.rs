//! `settle` on a terminal: asks of one row after the other. Nothing is decided here.

use std::io;
use std::time::Duration;

use dialoguer::console::Term;
use dialoguer::{Confirm, Select};

use crate::event::{Note, Obstacle};
use crate::report::{
    Choice, ListedItem, Turn, WHAT_BECAME_OF_IT, WHICH_OF_THE_OTHERS, doubles_question, exit,
    interviewed, reading_lists, refused_question, settled_line, unread_lists,
};
use crate::row::Settlement;
use crate::task::{
    self, Answer, AskProgress, InterviewEnd, InterviewOptions, Interviewer, JobOptions, RemoteCost,
    Selection, SettleOptions, SettleOutcome, TargetOptions,
};
use crate::text::command::CommandLine;
use crate::text::diagnostic::Diagnostic;

use super::arguments::SettleArguments;
use super::next;
use crate::cli::environment::Environment;
use crate::cli::hearing::Hearing;
use crate::cli::output::Output;
use crate::cli::{asking, gather, signals};

/// So many choices are shown at once.
const CHOICES: usize = 16;
/// So long the closing words may take after a signal.
const LAST_WORDS: Duration = Duration::from_millis(500);

pub(super) fn ask(
    (arguments, given, environment): (&SettleArguments, &CommandLine, &Environment),
    settle: SettleOptions,
    which: Selection,
    output: Output<'_>,
) -> u8 {
    let options = InterviewOptions {
        which,
        source: JobOptions {
            path: settle.job.clone(),
            from: None,
            given: settle.given.clone(),
            // A source that has fewer rows by now is asked about as well.
            min_rows: Some(0),
            connectors: settle.connectors.clone(),
            ledger: settle.ledger.clone(),
        },
        target: TargetOptions {
            base_url: None,
            allow_http: arguments.asking.allow_http,
            secrets: &gather::secrets(false, environment),
            rehearsal: None,
        },
        sending: asking::sending(&arguments.asking),
        settle,
    };
    let begins = |cost: &RemoteCost| -> AskProgress {
        output.say(&reading_lists(cost.lists));
        asking::progress(output, cost.lists, cost.known)
    };
    let tell = |note: &Note| asking::remark(output, note);
    let world = asking::world((&arguments.asking).into(), environment, &begins, &tell);
    let terminal = Term::stderr();
    end_at_a_signal(terminal.clone());
    let mut hearing = Hearing::new(output);
    let mut person = Person { terminal, output };
    let found = task::interview(&options, &world, &mut |told| hearing.hear(told), &mut person);
    match found {
        Ok(found) => {
            let next = next(given, &found.job);
            output.show(&interviewed(&found.counts, &options.settle.by, &next));
            match found.end {
                InterviewEnd::Over => exit::DONE,
                InterviewEnd::Interrupted(signal) => exit::interrupted(signal),
                InterviewEnd::Failed(failure) => {
                    output.tell(&failure.problems());
                    failure.exit()
                }
            }
        }
        Err(failure) => {
            output.tell(&failure.problems());
            failure.exit()
        }
    }
}

/// What was said is durable, so there is nothing to wait for; but whoever asks has hidden the cursor.
fn end_at_a_signal(terminal: Term) {
    std::thread::spawn(move || {
        let Some(signal) = signals::first() else { return };
        std::thread::sleep(LAST_WORDS);
        let _ = terminal.show_cursor();
        std::process::exit(i32::from(exit::interrupted(signal)));
    });
}

/// Whoever sits at the terminal.
struct Person<'o> {
    terminal: Term,
    output: Output<'o>,
}

impl Person<'_> {
    fn choose(&self, turn: &Turn) -> io::Result<Answer> {
        self.terminal.write_str(&turn.text(self.output.color, self.output.verbose))?;
        loop {
            let choices = turn.choices();
            let words = choices.iter().map(|choice| turn.choice_words(*choice));
            // Whoever presses Enter once too often decides nothing.
            let default = choices.iter().position(|choice| *choice == Choice::Skip);
            let chosen = self.select(WHAT_BECAME_OF_IT, words.collect(), default)?;
            let there =
                |item: &ListedItem| Answer::Said(Settlement::There { id: Some(item.id.clone()) });
            return Ok(match chosen.and_then(|chosen| choices.get(chosen)) {
                None | Some(Choice::Stop) => Answer::Stop,
                Some(Choice::Skip) => Answer::Skip,
                Some(Choice::There(item)) => there(item),
                Some(Choice::ThereAmongOthers) => {
                    let others: Vec<&ListedItem> = turn.others().collect();
                    let labels = others.iter().map(|item| item.label()).collect();
                    let chosen = self.select(WHICH_OF_THE_OTHERS, labels, None)?;
                    match chosen.and_then(|chosen| others.get(chosen)) {
                        Some(item) => there(item),
                        None => continue,
                    }
                }
                Some(Choice::ThereSomehow) => Answer::Said(Settlement::There { id: None }),
                Some(Choice::Absent) => match turn.would_double() {
                    Some(item) if !self.confirm(&doubles_question(item))? => continue,
                    _ => Answer::Said(Settlement::Absent),
                },
                Some(Choice::Dismiss) => Answer::Said(Settlement::Dismissed),
            });
        }
    }

    /// None where Escape was pressed.
    fn select(
        &self,
        prompt: &str,
        words: Vec<String>,
        default: Option<usize>,
    ) -> io::Result<Option<usize>> {
        let select = Select::new().with_prompt(prompt).items(&words).max_length(CHOICES);
        let select = select.default(default.unwrap_or_default());
        select.interact_on_opt(&self.terminal).map_err(told)
    }

    fn confirm(&self, question: &str) -> io::Result<bool> {
        let confirm = Confirm::new().with_prompt(question).default(false);
        confirm.interact_on(&self.terminal).map_err(told)
    }
}

impl Interviewer for Person<'_> {
    fn ask(&mut self, turn: &Turn) -> Answer {
        // A terminal that is gone, or Ctrl-C, which leaves the cursor hidden.
        self.choose(turn).unwrap_or_else(|_| {
            let _ = self.terminal.show_cursor();
            Answer::Interrupted
        })
    }

    fn wants_refused(&mut self, rows: u64) -> bool {
        self.confirm(&refused_question(rows)).unwrap_or(false)
    }

    fn settled(&mut self, settled: &SettleOutcome) {
        self.output.say(&settled_line(&settled.said, settled.run));
    }

    fn refused(&mut self, problems: &[Diagnostic]) {
        self.output.tell(problems);
    }

    fn unread(&mut self, obstacle: &Obstacle) {
        self.output.say(&format!("note: {}", unread_lists(obstacle)));
    }
}

fn told(error: dialoguer::Error) -> io::Error {
    let dialoguer::Error::IO(error) = error;
    error
}
