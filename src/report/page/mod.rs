//! A plan as one page for whoever has to approve it: on a desktop, on a phone, on paper.
//!
//! The page is complete by itself and asks nothing of any server; what a cell holds is never markup there. It is told in
//! the order of what matters: what will happen and who will see it, where every row goes and why, samples that were
//! chosen for what may go wrong, and last the rows, to be searched. It never grows beyond [`MOST_BYTES`], and says what
//! it leaves out. It decides nothing and knows no file.

mod chart;
mod columns;
mod mask;
mod problems;
mod remote;
mod row;
mod rows;
mod samples;
mod says;
#[cfg(test)]
mod tests;
mod time_chart;

use std::collections::HashMap;

use jiff::Zoned;
use minijinja::value::Serde;
use minijinja::{Environment, Value, context};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

pub(in crate::report) use self::mask::Mask;
use self::row::Reading;
use self::rows::PageRows;
use self::samples::Samples;
use super::plan::{Group, PlanTotals, to_do};
use super::words::{number, stamp};
use crate::plan::{Done, Fate, Step, Tally};
use crate::text::command::CommandLine;

pub(crate) use problems::PageProblems;

/// What a page begins with.
pub(crate) const PAGE_BEGINS: &str = "<!doctype html>\n<html lang=\"en\">";
/// A page is no larger, whatever it tells of.
pub(in crate::report) const MOST_BYTES: usize = 5_000_000;

/// What a page is about.
#[derive(Debug, Clone)]
pub(crate) struct PageHead {
    /// The job's name.
    pub job: String,
    /// Base URL and account.
    pub target: String,
    /// What holds the rows.
    pub source: String,
    pub made_at: Zoned,
    /// The command as it was given, from which the one that does it is made.
    pub command: CommandLine,
    /// The same of the saved plan, where one is to be saved.
    pub saving: Option<CommandLine>,
    /// Texts and keys are hidden.
    pub mask: bool,
}

/// Takes the rows of a plan in, and makes a page of them.
#[derive(Debug)]
pub(crate) struct PreviewPage {
    head: PageHead,
    reading: Reading,
    rows: PageRows,
    samples: Samples,
    /// How many rows would be sent in each lane.
    lanes: HashMap<Box<str>, u32>,
}

impl PreviewPage {
    /// For a plan whose rows have been counted.
    pub(crate) fn new(head: PageHead, tally: &Tally) -> Self {
        let reading = Reading { mask: head.mask.then(Mask::default) };
        Self {
            head,
            reading,
            rows: PageRows::for_rows(tally.sum(Self::wants)),
            samples: Samples::default(),
            lanes: HashMap::new(),
        }
    }

    /// Whether a row with this fate has a place on the page.
    pub(crate) fn wants(fate: Fate) -> bool {
        match Group::of(fate) {
            Group::Send | Group::Hold | Group::Reject => true,
            Group::Skip => fate == Fate::Skip(Done::Changed),
            Group::Later | Group::Filter | Group::Duplicate | Group::Dismissed | Group::Undone => {
                false
            }
        }
    }

    /// Takes a row in. Rows come in the order of the source.
    pub(crate) fn step(&mut self, step: &Step) {
        let row = self.reading.row(step);
        if row.group == Group::Send {
            match self.lanes.get_mut(&*row.lane) {
                Some(count) => *count = count.saturating_add(1),
                None => drop(self.lanes.insert(row.lane.as_str().into(), 1)),
            }
            self.samples.see(&row);
        }
        self.rows.see(row);
    }

    /// The page, in HTML.
    ///
    /// # Errors
    /// The template's own, which a test excludes.
    pub(crate) fn html(
        self,
        totals: &PlanTotals,
        problems: &PageProblems,
    ) -> Result<String, minijinja::Error> {
        let script = include_str!("search.js");
        let zone = totals.zone.as_ref();
        let noun = says::lane_noun(&totals.contents);
        let timelines = self.rows.timelines(&self.lanes, &noun);
        let chart = chart::of_lanes(self.lanes.values().copied(), &noun);
        let data = self.rows.data();
        // It must be known to nobody who writes a cell.
        let nonce = nonce(&[&data, &stamp(&self.head.made_at)]);
        let title = format!("{}: preview", self.head.job);
        rendered(
            include_str!("preview.html"),
            context! {
                document_head => document_head(&nonce, &title, &[], true)?,
                nonce,
                head => context! {
                    job => self.head.job,
                    target => self.head.target,
                    source => self.head.source,
                    made_at => stamp(&self.head.made_at),
                    command => to_do(totals, &self.head.command, self.head.saving.as_ref()).to_string(),
                    is_exact => totals.plan.is_some(),
                    version => env!("CARGO_PKG_VERSION"),
                },
                masked => self.head.mask,
                script, data,
                operations => told(says::operations(&totals.contents, zone)),
                timelines => told(timelines),
                chart => told(chart),
                columns => told(columns::columns(&totals.profile, self.head.mask)),
                remote => told(totals.remote.as_ref().map(|found| remote::remote(found, self.head.mask))),
                over_time => told(time_chart::over_time(&totals.profile)),
                visible => says::visible(&totals.contents),
                irreversible => says::irreversible(&totals.contents),
                attention => says::attention(totals),
                time => says::time(totals),
                equation => told(says::equation(totals)),
                all_rows => number(totals.tally.rows()),
                problems => told(problems.told(self.head.mask)),
                samples => told(self.samples.told()),
                lane_noun => noun,
                lanes_differ => totals.contents.operations.len() > 1,
                rows_say => self.rows.says(),
            },
        )
    }
}

/// The head of a page: its title, its style with what a kind of page adds, and that it asks nothing of anybody.
pub(in crate::report) fn document_head(
    nonce: &str,
    title: &str,
    added_styles: &[&str],
    scripted: bool,
) -> Result<String, minijinja::Error> {
    let mut styles = vec![include_str!("style.css").to_owned()];
    styles.extend(added_styles.iter().map(|style| (*style).to_owned()));
    rendered(include_str!("head.html"), context! { nonce, title, styles, scripted })
}

/// A template with values, of which none is ever markup.
pub(in crate::report) fn rendered(
    template: &str,
    values: Value,
) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::Html);
    environment.add_filter("code", code);
    environment.add_template("page", template)?;
    environment.get_template("page")?.render(values)
}

/// A sentence of ours with what stands between backquotes as code, as commands are.
fn code(sentence: &str) -> Value {
    let parts: Vec<&str> = sentence.split('`').collect();
    let is_paired = parts.len() % 2 == 1;
    let mut html = String::new();
    for (at, part) in parts.into_iter().enumerate() {
        let part = minijinja::HtmlEscape(part);
        html.push_str(&match (is_paired, at % 2) {
            (true, 1) => format!("<code>{part}</code>"),
            (false, _) if at > 0 => format!("`{part}"),
            _ => part.to_string(),
        });
    }
    Value::from_safe_string(html)
}

/// What scripts and styles of a page are known by. Nobody who writes a cell can know it.
pub(in crate::report) fn nonce(parts: &[&str]) -> String {
    let hash = parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part));
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(in crate::report) fn told(value: impl Serialize) -> Value {
    Value::from(Serde(value))
}
