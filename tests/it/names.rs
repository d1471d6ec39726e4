//! Names that would steer a terminal, in every place where something is named, reach no output as they are; and lines that
//! are made to be pasted run nothing.

use crate::desk::{Desk, Outcome, notes_csv, sandbox};
use crate::stand::Stand;

/// Clears the screen, sets a color by C1, turns the direction, has no width.
const NASTY: &str = "x\u{1b}[2J\u{9b}31m\u{202e}\u{200b}\u{7}y";

#[track_caller]
fn is_tame(outcome: &Outcome) {
    for text in [&outcome.stdout, &outcome.stderr] {
        let raw = text.chars().find(|letter| {
            (letter.is_control() && !matches!(letter, '\n' | '\t'))
                || matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        });
        assert_eq!(raw, None, "{outcome:#?}");
    }
}

#[test]
fn no_name_steers_a_terminal() {
    let file = format!("{NASTY}.yaml");
    let job = crate::desk::NOTES_JOB.replace("notes.csv", &format!("\"{}.csv\"", escaped(NASTY)));
    let rows = notes_csv(3, 3).replacen('\n', &format!(",{NASTY}\n"), 1);
    let stand = Stand::open(|_| {
        Some((400, serde_json::json!({"r": NASTY, "msg": NASTY, "code": NASTY}).to_string()))
    });
    let desk = Desk::new().file(&file, job).file(&format!("{NASTY}.csv"), rows);
    let desk = desk.env("STRINGEEX_TOKEN", "t");
    let at = format!("--base-url {}", stand.address());
    for format in ["text", "json"] {
        for call in [
            format!("check {file} -v"),
            format!("plan {file} -v {at} --ledger {NASTY}.db"),
            format!("run {file} -v {at} --ledger {NASTY}.db --limit 1 --give-up-after 1s"),
            format!("run {file} -v {at} --ledger {NASTY}.db --connectors {NASTY}"),
            format!("status {file} -v {at} --ledger {NASTY}.db"),
            format!("ledger check {file} --ledger {NASTY}.db"),
            format!("run {file} -v --base-url http://{NASTY}/"),
            format!("run {file} --operation {NASTY}"),
            format!("run {NASTY}.missing"),
            format!("run {file} {NASTY}"),
            NASTY.to_owned(),
            format!("explain {NASTY}"),
            format!("run {file} --rate {NASTY}"),
            format!("run {file} {at} --ca-file {NASTY}"),
        ] {
            is_tame(&desk.call(&format!("{call} --format {format}")));
        }
    }
}

fn escaped(text: &str) -> String {
    text.chars().map(|letter| format!("\\U{:08X}", u32::from(letter))).collect()
}

/// The shell that would run it.
#[cfg(unix)]
#[test]
fn the_lines_of_advice_run_nothing_when_pasted() {
    let sandbox = sandbox("");
    let name = "a$(touch${IFS}owned)`touch${IFS}owned`;touch${IFS}owned;'\"&touch${IFS}owned.csv";
    let desk = Desk::new().file(name, notes_csv(3, 3));
    let desk = desk.env("STRINGEEX_TOKEN", "t");
    let outcome = desk.call(&format!(
        "run {name} --operation ticket_note.create --limit 1 --base-url {}",
        sandbox.base_url()
    ));
    let lines: Vec<&str> = outcome
        .stderr
        .lines()
        .filter_map(|line| line.find("noteferry ").map(|at| &line[at..]))
        .collect();
    assert!(!lines.is_empty(), "{outcome}");
    for line in lines {
        let mut shell = std::process::Command::new("sh");
        let script = format!("noteferry() {{ :; }}; {line}");
        shell.arg("-c").arg(script).current_dir(desk.path("."));
        let _ = shell.output();
        assert!(!desk.path("owned").exists(), "{line}");
    }
}
