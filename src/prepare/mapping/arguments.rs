//! What is wrong with the arguments of filters that the job itself says: formats, zones, regular expressions.
//!
//! They are wrong for all rows alike, so that is told before any row is read.

use std::ops::Range;

use jiff::tz::TimeZone;
use minijinja::Environment;

use crate::text::code::Code;

use super::filter::{LONGEST_PATTERN, Setting};
use super::scan_calls::{Argument, Call, calls};
use super::time_format::{self, FormatFault};

/// A mistake in an argument.
pub(super) struct Fault {
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    /// Where in the expression.
    pub(super) at: Range<usize>,
}

/// All that is wrong with the arguments in an expression.
pub(super) fn faults(text: &str, setting: &Setting) -> Vec<Fault> {
    let of_call = |call: Call<'_>| match call.name {
        "epoch_ms" => of_times(text, &call, time_format::fault),
        "date" => of_times(text, &call, time_format::fault_of_writing),
        "regex_replace" => of_pattern(text, call.argument(0), setting).into_iter().collect(),
        "before" | "after" => {
            let regex = call.named("regex").map(|regex| &text[regex.value.clone()]);
            let pattern = call.argument(0).filter(|_| matches!(regex, Some("true" | "True")));
            of_pattern(text, pattern, setting).into_iter().collect()
        }
        _ => Vec::new(),
    };
    calls(text).into_iter().flat_map(of_call).collect()
}

fn of_times(text: &str, call: &Call<'_>, fault: fn(&str) -> Option<FormatFault>) -> Vec<Fault> {
    let formats = call.argument(0).into_iter().flat_map(|argument| &argument.texts);
    let formats = formats.filter_map(|range| {
        let format = said(&text[range.clone()])?;
        let FormatFault { message, hint } = fault(&format)?;
        Some(Fault { code: Code::TimeFormat, message, hint: Some(hint), at: range.clone() })
    });
    let zones = call.named("zone").into_iter().flat_map(|argument| &argument.texts);
    let zones = zones.filter(|range| TimeZone::get(&text[(*range).clone()]).is_err());
    let zones = zones.map(|range| Fault {
        code: Code::UnknownTimezone,
        message: format!("there is no time zone `{}`", &text[range.clone()]),
        hint: Some("a zone is named as in Asia/Ho_Chi_Minh, Europe/Berlin or UTC".to_owned()),
        at: range.clone(),
    });
    formats.chain(zones).collect()
}

fn of_pattern(text: &str, argument: Option<&Argument<'_>>, setting: &Setting) -> Option<Fault> {
    let range = argument?.texts.first()?;
    let pattern = said(&text[range.clone()])?;
    let message = setting.patterns.get(&pattern).err()?;
    Some(Fault { code: Code::ExpressionSyntax, message, hint: None, at: range.clone() })
}

/// What a text of the language says, with its escapes read.
fn said(inside: &str) -> Option<String> {
    if !inside.contains('\\') {
        return Some(inside.to_owned());
    }
    // Longer ones are refused anyway.
    let inside = Some(inside).filter(|inside| inside.len() <= 2 * LONGEST_PATTERN)?;
    let quote = if inside.contains('"') { '\'' } else { '"' };
    let literal = format!("{quote}{inside}{quote}");
    let environment = Environment::empty();
    let value = environment.compile_expression(&literal).ok()?.eval(()).ok()?;
    value.as_str().map(str::to_owned)
}
