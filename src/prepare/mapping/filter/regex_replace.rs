//! `regex_replace`: a text in which all that fits a regular expression is replaced.

use std::sync::Arc;

use minijinja::{Environment, State, Value};

use super::search::searchable;
use super::{Argument, Example, Filter, Setting, map_text, refusal, text_of};

pub(super) const FILTER: Filter = Filter {
    name: "regex_replace",
    about: "a text in which all that fits a regular expression is replaced",
    details: "The expressions are those of Rust's crate regex, which know no look-around and no references back, and never take \
              long. `(?i)` at the beginning takes no notice of capitals, `(?m)` lets `^` and `$` stand for the ends of lines, `(?s)` \
              lets the point stand for line breaks, too. In the text that stands there instead, `$1` is what the first \
              parentheses fit, `${name}` what `(?<name>…)` fits, `$$` a dollar sign; `\\b` is the end of a word. In a YAML text \
              in double quotes, each `\\` is written twice.",
    arguments: &[
        Argument { name: "pattern", about: "what is looked for" },
        Argument { name: "by", about: "what stands there instead" },
    ],
    examples: &[
        Example {
            given: &[("note", "Đơn DH-0001 và DH-0002")],
            expression: "{{ note | regex_replace('DH-0*([0-9]+)', '#$1') }}",
            gives: "Đơn #1 và #2",
        },
        Example {
            given: &[("note", "Gọi lại\n-- \nLan\nCSKH")],
            expression: "{{ note | regex_replace('(?s)\\n-- \\n.*', '') }}",
            gives: "Gọi lại",
        },
    ],
    add: Some(add),
    short: None,
};

fn add(environment: &mut Environment<'static>, setting: &Arc<Setting>) {
    let setting = Arc::clone(setting);
    environment.add_filter(
        "regex_replace",
        move |state: &State, value: Value, pattern: Value, by: Value| {
            let pattern = text_of("regex_replace", &pattern)?.unwrap_or_default();
            let pattern = setting.patterns.get(&pattern).map_err(refusal)?;
            let by = text_of("regex_replace", &by)?.unwrap_or_default();
            map_text("regex_replace", &value, |text| {
                let text = searchable(text)?;
                let (mut out, mut at) = (String::with_capacity(text.len()), 0);
                for found in pattern.captures_iter(text) {
                    let Some(whole) = found.get(0) else { continue };
                    out.push_str(&text[at..whole.start()]);
                    let before = out.len();
                    found.expand(&by, &mut out);
                    // A short text can be replaced by a long one ever so often.
                    state.consume_fuel(((out.len() - before) as u64 / 64).max(1))?;
                    at = whole.end();
                }
                out.push_str(&text[at..]);
                Ok(out.into())
            })
        },
    );
}
