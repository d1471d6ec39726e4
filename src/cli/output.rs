//! Where words go: data to stdout, everything else to stderr.

use std::io::{IsTerminal as _, Write, stderr, stdout};

use serde_json::Value;

use crate::event::Ending;
use crate::report::exit;
use crate::report::{Outlet, Problems, at, finished_event};
use crate::row::Totals;
use crate::text::diagnostic::Diagnostic;

use super::arguments::{Color, CommonArguments, Format};
use super::environment::Environment;
use super::streams::{self, data};
use super::tagged::Tagged;

/// How to speak to this user.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output<'j> {
    /// The job that events are of, where there are several.
    pub job: Option<&'j str>,
    pub format: Format,
    /// Color on stderr.
    pub color: bool,
    /// Color on stdout.
    pub data_color: bool,
    pub quiet: bool,
    pub verbose: bool,
    /// Where a run stands is shown now and then.
    pub progress: bool,
    /// A bar can be drawn on stderr.
    pub bar: bool,
    /// Terminals cannot move their cursors.
    pub is_dumb: bool,
}

impl<'j> Output<'j> {
    pub(super) fn new(arguments: &CommonArguments, environment: &Environment) -> Self {
        let progress = !arguments.no_progress && !arguments.quiet;
        Self {
            quiet: arguments.quiet,
            verbose: arguments.verbose,
            progress,
            // Where events go to the same terminal, the bar would be drawn over them.
            bar: stderr().is_terminal()
                && progress
                && !environment.is_dumb()
                && !(arguments.format == Format::Json && stdout().is_terminal()),
            ..Self::plain(arguments.format, arguments.color, environment)
        }
    }

    /// For a verb that has nothing to show but its answer.
    pub(super) fn plain(format: Format, color: Color, environment: &Environment) -> Self {
        let colored = |terminal: bool| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !environment.no_color() && !environment.is_dumb(),
        };
        Self {
            format,
            job: None,
            color: colored(stderr().is_terminal()),
            data_color: colored(stdout().is_terminal()),
            quiet: false,
            verbose: false,
            progress: false,
            bar: false,
            is_dumb: environment.is_dumb(),
        }
    }

    /// The same for one job of several, by which its events are told apart.
    pub(super) fn of_job(self, job: &'j str) -> Self {
        Self { job: Some(job), ..self }
    }

    /// Standard output, for events.
    pub(super) fn events(&self) -> Box<dyn Write + Send> {
        match self.job {
            Some(job) => Box::new(Tagged::new(data(), job)),
            None => data(),
        }
    }

    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Where diagnostics go: events on stdout, or text on stderr.
    pub(super) fn problems(&self) -> Problems {
        match self.format {
            Format::Json => Problems::ndjson(streams::and_log(self.events())),
            Format::Text => {
                Problems::text(streams::and_log(streams::words()), self.color, self.verbose)
            }
        }
    }

    /// Tells some diagnostics.
    pub(super) fn tell(&self, problems: &[Diagnostic]) {
        let mut outlet = self.problems();
        problems.iter().for_each(|problem| outlet.tell(problem));
        outlet.finish();
    }

    /// Tells some diagnostics to the log, and to programs.
    pub(super) fn keep(&self, problems: &[Diagnostic]) {
        let mut outlet = match self.format {
            Format::Json => self.problems(),
            Format::Text => Problems::text(streams::log(), false, self.verbose),
        };
        problems.iter().for_each(|problem| outlet.tell(problem));
        outlet.finish();
    }

    /// Says a line to people; to programs and to the quiet, nothing.
    pub(super) fn say(&self, text: &str) {
        match (self.is_json(), self.quiet) {
            (true, _) => {}
            (false, false) => self.warn(text),
            (false, true) => streams::write(streams::log(), &format!("{text}\n")),
        }
    }

    /// Says a line to whoever wants to hear more.
    pub(super) fn detail(&self, text: &str) {
        if self.verbose {
            self.say(text);
        }
    }

    /// Says a line that nobody should miss, however quiet they want it.
    pub(super) fn warn(&self, text: &str) {
        let to = match self.is_json() {
            true => streams::words(),
            false => streams::and_log(streams::words()),
        };
        streams::write(to, &format!("{text}\n"));
    }

    /// Shows the answer of a verb, on stdout.
    pub(super) fn show(&self, text: &str) {
        streams::write(data(), text);
    }

    /// Writes an event to stdout, where programs listen.
    pub(super) fn event(&self, event: &Value) {
        if self.is_json() {
            let mut outlet = Outlet::new(streams::and_log(self.events()));
            outlet.event(event);
            outlet.flush();
        }
    }
}

/// Closes the events of a command line that could not be read.
pub(super) fn close_unread() {
    let mut outlet = Outlet::new(data());
    let finished = finished_event(&Totals::default(), &Ending::Finished, exit::USAGE);
    outlet.event(&at(finished, jiff::Timestamp::now()));
    outlet.flush();
}
