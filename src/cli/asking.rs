//! What a plan, a verification and an export have in common: the world that lists are asked for in, and how far that is.

use std::path::PathBuf;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::tz::TimeZone;
use serde_json::json;

use crate::event::Note;
use crate::report::{of_note, remote_line};
use crate::task::{AskProgress, RemoteCost, RemoteWorld, SendingOptions};

use super::arguments::AskingArguments;
use super::environment::Environment;
use super::output::Output;
use super::{signals, wall_clock};

/// What of the world the arguments decide.
#[derive(Debug, Clone, Default)]
pub(super) struct Wishes {
    pub own_pace: bool,
    pub ca_file: Option<PathBuf>,
    pub give_up_after: Option<Duration>,
}

impl From<&AskingArguments> for Wishes {
    fn from(arguments: &AskingArguments) -> Self {
        Self {
            own_pace: arguments.own_pace,
            ca_file: arguments.ca_file.clone(),
            give_up_after: arguments.give_up_after,
        }
    }
}

/// How fast lists are asked for.
pub(super) fn sending(arguments: &AskingArguments) -> SendingOptions {
    SendingOptions {
        rate: arguments.rate.clone(),
        concurrency: arguments.concurrency,
        ..SendingOptions::default()
    }
}

/// The world that lists are asked for in.
pub(super) fn world<'w>(
    wishes: Wishes,
    environment: &Environment,
    begins: &'w dyn Fn(&RemoteCost) -> AskProgress,
    tell: &'w dyn Fn(&Note),
) -> RemoteWorld<'w> {
    RemoteWorld {
        wall: &wall_clock,
        chance: &fastrand::f64,
        process: std::process::id(),
        stops: &signals::stops,
        begins,
        tell,
        zone: TimeZone::system(),
        state_folder: match wishes.own_pace {
            true => environment.state_folder().telling(),
            false => environment.state_folder(),
        },
        ca_file: wishes.ca_file,
        give_up_after: wishes.give_up_after,
    }
}

/// Says something worth telling while lists are asked for.
pub(super) fn remark(output: Output<'_>, note: &Note) {
    let note = of_note(note);
    output.say(&format!("note: {note}"));
    output.event(&json!({"event": "note", "message": note}));
}

/// Shows how far asking is, where a bar can be drawn.
pub(super) fn progress(output: Output<'_>, lists: u64, known: u64) -> AskProgress {
    if !output.bar || lists == known {
        return Box::new(|_, _| {});
    }
    let bar = ProgressBar::with_draw_target(Some(lists), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{wide_bar} {msg}");
    let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let mut shown = None;
    Box::new(move |answered, requests| {
        if shown != Some((answered, requests)) {
            shown = Some((answered, requests));
            bar.set_message(remote_line(answered, lists, requests));
            bar.set_position(answered);
        }
        if answered == lists {
            bar.finish_and_clear();
        }
    })
}
