//! How a run ended, as metrics: OpenMetrics text, which the textfile collector of node_exporter reads as well.
//!
//! Names are promised; families may be added.

use std::fmt::Write as _;

use super::ndjson::counts;
use crate::row::Totals;

/// What is told of a run that is over, or that did not begin.
#[derive(Debug, Clone, Default)]
pub(crate) struct RunFigures {
    /// The job's name, or its file where nothing else is known of it.
    pub job: String,
    /// Where it goes to; empty where that is not known.
    pub target: String,
    /// Its number in the ledger.
    pub run: Option<i64>,
    pub totals: Totals,
    pub exit: u8,
    /// Why it has that code, in a word.
    pub reason: Option<String>,
    /// Unix milliseconds.
    pub started_at: i64,
    pub ended_at: i64,
}

/// All of it as one text.
pub(crate) fn metrics(figures: &RunFigures) -> String {
    let mut text = String::new();
    let labels =
        format!("job=\"{}\",target=\"{}\"", escaped(&figures.job), escaped(&figures.target));
    // Of a run that did not begin nobody has counted the rows, and 0 would be a lie.
    if figures.run.is_some() || figures.totals.rows > 0 {
        head(
            &mut text,
            "noteferry_rows",
            "Rows of the job by where they stand after its last run.",
        );
        for (state, count) in counts(&figures.totals).into_iter().skip(1) {
            let _ = writeln!(text, "noteferry_rows{{{labels},state=\"{state}\"}} {count}");
        }
    }
    let mut one = |name: &str, help: &str, value: String| {
        head(&mut text, name, help);
        let _ = writeln!(text, "{name}{{{labels}}} {value}");
    };
    let seconds = |milliseconds: i64| {
        let sign = if milliseconds < 0 { "-" } else { "" };
        let whole = milliseconds.unsigned_abs();
        format!("{sign}{}.{:03}", whole / 1000, whole % 1000)
    };
    let took = figures.ended_at.saturating_sub(figures.started_at).max(0);
    one("noteferry_run_requests", "Requests of the last run.", figures.totals.requests.to_string());
    one("noteferry_run_exit_code", "The exit code of the last run.", figures.exit.to_string());
    one(
        "noteferry_run_success",
        "1 where the exit code is 0.",
        u8::from(figures.exit == 0).to_string(),
    );
    one(
        "noteferry_run_started_timestamp_seconds",
        "When the last run began.",
        seconds(figures.started_at),
    );
    one(
        "noteferry_run_ended_timestamp_seconds",
        "When the last run ended.",
        seconds(figures.ended_at),
    );
    one("noteferry_run_duration_seconds", "How long the last run took.", seconds(took));
    head(&mut text, "noteferry_run_details", "The last run: its number, and why it stopped.");
    let run = figures.run.map(|run| run.to_string()).unwrap_or_default();
    let reason = escaped(figures.reason.as_deref().unwrap_or_default());
    let version = env!("CARGO_PKG_VERSION");
    let _ = writeln!(
        text,
        "noteferry_run_details{{{labels},run=\"{run}\",reason=\"{reason}\",version=\"{version}\"}} 1"
    );
    text.push_str("# EOF\n");
    text
}

fn head(text: &mut String, name: &str, help: &str) {
    let _ = writeln!(text, "# TYPE {name} gauge");
    for unit in ["seconds"] {
        if name.ends_with(unit) {
            let _ = writeln!(text, "# UNIT {name} {unit}");
        }
    }
    let _ = writeln!(text, "# HELP {name} {help}");
}

/// A text within quotes.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::report::tests::totals;

    /// Reads the text as strictly as OpenMetrics wants it: families in one piece, their heads before them, one `# EOF`.
    fn read(text: &str) -> BTreeMap<String, f64> {
        let body = text.strip_suffix("# EOF\n").expect("ends with # EOF");
        let (mut samples, mut family, mut families) = (BTreeMap::new(), String::new(), Vec::new());
        for line in body.lines() {
            if let Some(head) = line.strip_prefix("# ") {
                let words: Vec<&str> = head.splitn(3, ' ').collect();
                let [kind, name, rest] = words[..] else { panic!("{line}") };
                match kind {
                    "TYPE" => {
                        assert!(!families.contains(&name.to_owned()), "{name} twice");
                        assert_eq!(rest, "gauge");
                        families.push(name.to_owned());
                        name.clone_into(&mut family);
                    }
                    "UNIT" => {
                        assert!(name == family && name.ends_with(&format!("_{rest}")), "{line}")
                    }
                    "HELP" => assert_eq!(name, family, "{line}"),
                    other => panic!("{other}"),
                }
                continue;
            }
            let (name, rest) = line.split_once('{').expect(line);
            assert_eq!(name, family, "{line}");
            assert!(
                name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_'),
                "{line}"
            );
            // Within quotes a brace may stand.
            let (labels, value) = rest.rsplit_once("} ").expect(line);
            let mut rest = labels;
            loop {
                let (label, after) = rest.split_once("=\"").expect(line);
                assert!(label.chars().all(|letter| letter.is_ascii_lowercase()), "{line}");
                let mut escaped = false;
                let end = after.find(|letter| {
                    let is_end = letter == '"' && !escaped;
                    escaped = letter == '\\' && !escaped;
                    is_end
                });
                let end = end.expect(line);
                match after[end + 1..].strip_prefix(',') {
                    Some(next) => rest = next,
                    None => {
                        assert_eq!(&after[end + 1..], "", "{line}");
                        break;
                    }
                }
            }
            assert!(
                samples.insert(format!("{name}{{{labels}}}"), value.parse().unwrap()).is_none()
            );
        }
        samples
    }

    #[test]
    fn the_figures_read_as_open_metrics() {
        let figures = RunFigures {
            job: "no \"tes\"\\\n} 1".into(),
            target: "https://api.example.com as a@b".into(),
            run: Some(12),
            totals: totals(),
            exit: 4,
            reason: Some("deadline".into()),
            started_at: 1_795_358_400_000,
            ended_at: 1_795_358_461_500,
        };
        let text = metrics(&figures);
        let samples = read(&text);
        let of = |name: &str| {
            let found = samples.iter().find(|(sample, _)| sample.starts_with(name));
            *found.unwrap_or_else(|| panic!("no {name} in {text}")).1
        };
        assert_eq!(of("noteferry_run_exit_code"), 4.0);
        assert_eq!(of("noteferry_run_duration_seconds"), 61.5);
        assert_eq!(of("noteferry_run_started_timestamp_seconds"), 1_795_358_400.0);
        let rows: f64 = samples
            .iter()
            .filter(|(name, _)| name.starts_with("noteferry_rows{"))
            .map(|(_, rows)| rows)
            .sum();
        assert_eq!(rows, 50_320.0);
        let plain = RunFigures { job: "notes".into(), ..figures };
        insta::assert_snapshot!(metrics(&plain).replace(env!("CARGO_PKG_VERSION"), "[version]"));
    }
}
