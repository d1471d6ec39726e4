//! The command line as it was given, as values: for the advice that names commands.
//!
//! It is read off what clap has found, not flag by flag, so that no flag can be forgotten. What a flag means is for the
//! other files here.

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

use crate::text::command::CommandLine;

/// The verb with its job and all flags that were given. `command` is the whole program's.
pub(super) fn command_line(command: &Command, matches: &ArgMatches) -> CommandLine {
    let mut verbs = Vec::new();
    let (mut command, mut matches) = (command, matches);
    while let Some((verb, below)) = matches.subcommand() {
        verbs.push(verb);
        matches = below;
        match command.find_subcommand(verb) {
            Some(found) => command = found,
            None => break,
        }
    }
    let is_given = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    let given = command.get_arguments().filter(|argument| is_given(argument.get_id().as_str()));
    let mut words: Vec<Word> = given.flat_map(|argument| words_of(argument, matches)).collect();
    words.sort_by_key(|word| word.at);
    let job = words.iter().find(|word| word.flag.is_none()).and_then(|word| word.value.as_deref());
    let mut line = CommandLine::new(&verbs.join(" "), job);
    for Word { flag, value, .. } in &words {
        flag.iter().for_each(|flag| line.push(flag, value.as_deref()));
    }
    line
}

/// A value or a flag as it was given.
struct Word {
    /// Where it stood.
    at: usize,
    /// None for what is named by its place: the job.
    flag: Option<String>,
    value: Option<String>,
}

fn words_of(argument: &Arg, matches: &ArgMatches) -> Vec<Word> {
    let id = argument.get_id().as_str();
    let places = matches.indices_of(id).into_iter().flatten();
    let values = matches.get_raw(id).into_iter().flatten();
    let takes_values = argument.get_action().takes_values();
    let word = |(at, value): (usize, &std::ffi::OsStr)| Word {
        at,
        flag: argument.get_long().map(str::to_owned),
        value: takes_values.then(|| value.to_string_lossy().into_owned()),
    };
    places.zip(values).map(word).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::{CommandFactory as _, FromArgMatches as _};

    use super::*;
    use crate::cli::arguments::Arguments;
    use crate::event::Ending;
    use crate::plan::{Fate, Sending, Tally};
    use crate::report::tests::view;
    use crate::report::{Causes, RunView, summary};
    use crate::row::Totals;

    /// What clap makes of a command line, and the command line as it was given.
    fn read<S: AsRef<str>>(words: &[S]) -> (String, CommandLine) {
        let words = words.iter().map(AsRef::as_ref);
        let matches = Arguments::command().try_get_matches_from(words).unwrap();
        let meant = format!("{:?}", Arguments::from_arg_matches(&matches).unwrap());
        (meant, command_line(&Arguments::command(), &matches))
    }

    /// The words of a line that holds no quotes.
    fn words(line: &CommandLine) -> Vec<String> {
        line.to_string().split(' ').map(str::to_owned).collect()
    }

    fn value_of(flag: &str) -> &'static str {
        match flag {
            "rate" => "30/10s",
            "concurrency" | "limit" | "max-failures" | "sample" | "row" => "7",
            "give-up-after" | "max-duration" => "90s",
            "deadline" => "2036-11-25T06:00",
            "format" => "json",
            "if-locked" => "wait",
            "color" => "never",
            "delimiter" => "tab",
            "encoding" => "tcvn3",
            "input" => "jsonl",
            "quote" => "none",
            "escape" | "comment" => "%",
            "var" => "day=26",
            "min-rows" | "header-row" => "1",
            "at" | "each" => "/a",
            "state" => "failed",
            _ => "some/where",
        }
    }

    /// What has to be given with a flag: without a page, say, there is nothing to hide.
    fn needed_by(flag: &str) -> &'static [&'static str] {
        match flag {
            "mask" => &["--html", "page.html"],
            "spread" => &["--limit", "7"],
            "approval-comment" => &["--approved-by", "somebody"],
            _ => &[],
        }
    }

    #[test]
    fn every_flag_of_every_verb_with_a_job_is_known_again() {
        for verb in ["check", "plan", "run", "status", "verify"] {
            let mut all = Arguments::command();
            all.build();
            let command = all.find_subcommand(verb).unwrap();
            let named = command.get_arguments().filter(|argument| {
                !matches!(argument.get_long(), None | Some("help" | "verbose" | "version"))
            });
            for argument in named {
                let name = argument.get_long().unwrap();
                let flag = format!("--{name}");
                let mut given = vec!["noteferry", verb, "job.csv", &flag];
                given.extend(argument.get_action().takes_values().then(|| value_of(name)));
                given.extend(needed_by(name));
                if verb == "plan" && matches!(name, "ca-file" | "own-pace" | "give-up-after") {
                    given.push("--remote");
                }
                let (meant, line) = read(&given);
                assert_eq!(read(&words(&line)).0, meant);
                let as_given: BTreeSet<String> =
                    given.iter().map(|word| (*word).to_owned()).collect();
                assert_eq!(words(&line).into_iter().collect::<BTreeSet<_>>(), as_given);
            }
        }
    }

    /// How a flag of `run` stands in the line that goes on with a run that has stopped.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Resumed {
        /// As it was given: without it the run that goes on would be another one.
        AsGiven,
        /// As `summary` makes it of what is left, or not at all: so it stands there in the run of this test.
        Made(&'static str),
    }

    /// A new flag has to be decided on here. What must not stand there as it was given, `summary` has to take out or change.
    const RESUMED: &[(&str, Resumed)] = &[
        ("allow-http", Resumed::AsGiven),
        ("approval-comment", Resumed::AsGiven),
        ("approved-by", Resumed::AsGiven),
        // What was looked at by then is no more owed; what the run has left since is.
        ("as-counted", Resumed::Made("")),
        ("as-new", Resumed::AsGiven),
        ("at", Resumed::AsGiven),
        ("base-url", Resumed::AsGiven),
        ("ca-file", Resumed::AsGiven),
        ("color", Resumed::AsGiven),
        ("comment", Resumed::AsGiven),
        ("concurrency", Resumed::AsGiven),
        ("connectors", Resumed::AsGiven),
        // What has passed is left out, and a time of day gets its day.
        ("deadline", Resumed::Made(" --deadline 2026-11-23T06:00:00+07:00")),
        ("delimiter", Resumed::AsGiven),
        ("each", Resumed::AsGiven),
        ("encoding", Resumed::AsGiven),
        ("escape", Resumed::AsGiven),
        ("format", Resumed::AsGiven),
        ("from", Resumed::AsGiven),
        ("give-up-after", Resumed::AsGiven),
        ("gone", Resumed::AsGiven),
        ("header", Resumed::AsGiven),
        ("header-row", Resumed::AsGiven),
        ("if-locked", Resumed::AsGiven),
        ("input", Resumed::AsGiven),
        ("ledger", Resumed::AsGiven),
        // As many as the pilot has left.
        ("limit", Resumed::Made(" --limit 3")),
        ("log-file", Resumed::AsGiven),
        ("max-duration", Resumed::AsGiven),
        ("max-failures", Resumed::AsGiven),
        ("metrics-file", Resumed::AsGiven),
        ("min-rows", Resumed::AsGiven),
        ("no-progress", Resumed::AsGiven),
        ("null", Resumed::AsGiven),
        ("operation", Resumed::AsGiven),
        ("own-pace", Resumed::AsGiven),
        // Its address is a secret.
        ("ping", Resumed::Made("")),
        ("quiet", Resumed::AsGiven),
        ("quote", Resumed::AsGiven),
        ("rate", Resumed::AsGiven),
        ("retry-failed", Resumed::AsGiven),
        ("sandbox", Resumed::AsGiven),
        ("sheet", Resumed::AsGiven),
        ("skip-invalid", Resumed::AsGiven),
        ("source", Resumed::AsGiven),
        ("spread", Resumed::AsGiven),
        ("summary-file", Resumed::AsGiven),
        ("undone", Resumed::AsGiven),
        ("var", Resumed::AsGiven),
        ("verbose", Resumed::AsGiven),
        ("yes", Resumed::AsGiven),
    ];

    #[test]
    fn every_flag_of_run_is_decided_on_for_the_line_that_goes_on_with_it() {
        let mut all = Arguments::command();
        all.build();
        let run = all.find_subcommand("run").unwrap();
        let flags = run.get_arguments().filter_map(|flag| Some((flag, flag.get_long()?)));
        let flags: Vec<_> =
            flags.filter(|(_, name)| !matches!(*name, "help" | "version")).collect();
        let mut names: Vec<&str> = flags.iter().map(|(_, name)| *name).collect();
        names.sort_unstable();
        let decided: Vec<&str> = RESUMED.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, decided, "decide for each whether `Resume:` carries it");
        let part = Totals { rows: 50, succeeded: 4, not_started: 46, ..Totals::default() };
        let (sent, later) = (Fate::Send(Sending::Fresh), Fate::Later(Sending::Fresh));
        for (flag, name) in flags {
            let mut given = vec!["noteferry".to_owned(), "run".to_owned(), "job.csv".to_owned()];
            given.push(format!("--{name}"));
            let value = if name == "deadline" { "06:00" } else { value_of(name) };
            given.extend(flag.get_action().takes_values().then(|| value.to_owned()));
            given.extend(needed_by(name).iter().map(|word| (*word).to_owned()));
            let (_, line) = read(&given);
            let tally = match name {
                "limit" => Tally::from_iter([(sent, 7), (later, 43)]),
                _ => Tally::from_iter([(sent, 50)]),
            };
            let view = RunView { command: line, tally, ..view() };
            let told = summary(
                &view,
                &part,
                &Ending::Interrupted { signal: 2 },
                (std::time::Duration::ZERO, &Causes::default()),
            );
            let resume = told.lines().find(|line| line.starts_with("Resume: ")).unwrap();
            let how = RESUMED.iter().find(|(known, _)| *known == name).unwrap().1;
            let expected = match how {
                Resumed::AsGiven => given.join(" "),
                Resumed::Made(flag) => format!("noteferry run job.csv{flag}"),
            };
            assert_eq!(resume, format!("Resume: {expected}"));
        }
    }

    #[test]
    fn every_command_that_is_made_of_another_can_be_given() {
        let flags = "--operation a.b --source s --var a=b --input csv --delimiter tab --encoding vni --quote none --escape % \
                     --comment @ --header a,b --header-row 2 --null NULL --null - --at /a --each /b --sheet 2 --min-rows 1 --ledger l --base-url http://x --connectors c --connectors d --quiet --rate 1/s \
                     --concurrency 2 --limit 3 --spread --skip-invalid --retry-failed --undone --as-new --allow-http --sandbox";
        let run = format!(
            "noteferry run job.csv {flags} --max-failures 5% --give-up-after 5m --deadline 06:00 --max-duration 4h \
             --ca-file f --approved-by me --own-pace --as-counted --no-progress --color never"
        );
        for given in [run.clone(), format!("noteferry plan job.csv {flags}")] {
            let line = read(&given.split_whitespace().collect::<Vec<_>>()).1;
            for verb in ["run", "plan", "check", "status"] {
                let sorted = |line: &CommandLine| {
                    let mut words = words(line);
                    words.sort();
                    words
                };
                let made = line.of(verb);
                assert_eq!(sorted(&read(&words(&made)).1), sorted(&made));
            }
        }
        let line = read(&run.split_whitespace().collect::<Vec<_>>()).1;
        insta::assert_snapshot!(
            ["run", "plan", "check", "status"].map(|verb| line.of(verb).to_string()).join("\n")
        );
    }

    #[test]
    fn what_is_not_given_is_not_said() {
        assert_eq!(read(&["noteferry", "status"]).1.to_string(), "noteferry status");
        let check = read(&["noteferry", "ledger", "check", "job.yaml"]).1;
        assert_eq!(check.to_string(), "noteferry ledger check job.yaml");
    }
}
