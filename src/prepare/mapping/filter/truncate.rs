//! `truncate`: the beginning of a text, cut between letters.

use std::sync::Arc;

use minijinja::value::Kwargs;
use minijinja::{Environment, Error, Value};
use unicode_segmentation::UnicodeSegmentation as _;

use super::{Argument, Example, Filter, Setting, map_text, refusal, text_of};

/// A longer ending is no ending.
const LONGEST_ENDING: usize = 200;

pub(super) const FILTER: Filter = Filter {
    name: "truncate",
    about: "the beginning of a text that is too long, with an ending",
    details: "Letters are counted as people see them: ễ is one however it is written, and so is a flag. The ending is counted, \
              too. What is cut off is lost without a further word.",
    arguments: &[
        Argument { name: "length", about: "how many letters there may be" },
        Argument {
            name: "ending",
            about: "what stands where something was cut off; without it, …",
        },
    ],
    examples: &[
        Example {
            given: &[("note", "Không đăng nhập được")],
            expression: "{{ note | truncate(10) }}",
            gives: "Không đăn…",
        },
        Example {
            given: &[("note", "Không đăng nhập được")],
            expression: "{{ note | truncate(11, ' [...]') }}",
            gives: "Không [...]",
        },
    ],
    add: Some(add),
    short: None,
};

fn add(environment: &mut Environment<'static>, _: &Arc<Setting>) {
    environment.add_filter(
        "truncate",
        |value: Value, length: Option<i64>, ending: Option<Value>, options: Kwargs| {
            let named: Option<Value> = options.get("end")?;
            options.assert_all_used()?;
            let ending = ending.or(named);
            let ending = match &ending {
                Some(ending) => text_of("truncate", ending)?.unwrap_or_default(),
                None => "…".into(),
            };
            let length = length.and_then(|length| usize::try_from(length).ok());
            let length =
                length.ok_or_else(|| refusal("truncate asks for a length, as in truncate(100)"))?;
            if ending.len() > LONGEST_ENDING {
                return Err(refusal(format!(
                    "the ending of truncate is longer than {LONGEST_ENDING} bytes"
                )));
            }
            map_text("truncate", &value, |text| Ok(truncated(text, length, &ending)?.into()))
        },
    );
}

fn truncated(text: &str, length: usize, ending: &str) -> Result<String, Error> {
    if text.len() <= length || text.graphemes(true).nth(length).is_none() {
        return Ok(text.to_owned());
    }
    let kept = length.checked_sub(ending.graphemes(true).count());
    let kept = kept.ok_or_else(|| {
        refusal(format!("truncate({length}) leaves no room for its ending `{ending}`"))
    })?;
    let end = text.grapheme_indices(true).nth(kept).map_or(text.len(), |(at, _)| at);
    Ok(format!("{}{ending}", text[..end].trim_end()))
}
