//! The filters that the language brings itself, as they are offered here.
//!
//! How some of them are done without the language is for `texts`.

use std::sync::Arc;

use minijinja::value::{Kwargs, Value};
use minijinja::{Environment, Error, State};

use super::{Argument, Example, Filter, Setting, Short, refusal, texts};

const fn of_language(
    name: &'static str,
    about: &'static str,
    arguments: &'static [Argument],
    examples: &'static [Example],
) -> Filter {
    Filter { name, about, details: "", arguments, examples, add: None, short: None }
}

impl Filter {
    const fn with_short(self, short: Short) -> Self {
        Self { short: Some(short), ..self }
    }

    const fn with_own(self, add: fn(&mut Environment<'static>, &Arc<Setting>)) -> Self {
        Self { add: Some(add), ..self }
    }

    const fn with_details(self, details: &'static str) -> Self {
        Self { details, ..self }
    }
}

pub(super) const ABS: Filter = of_language(
    "abs",
    "a number without its sign",
    &[],
    &[Example { given: &[("n", "-3")], expression: "{{ n | int | abs }}", gives: "3" }],
);

pub(super) const DEFAULT: Filter = of_language(
    "default",
    "another value where there is none",
    &[
        Argument { name: "other", about: "the value instead" },
        Argument {
            name: "true",
            about: "also for an empty cell, an empty text, 0 and false; without it only for what an object does not have",
        },
    ],
    &[Example {
        given: &[("agent", "")],
        expression: "{{ agent | default('(unknown)', true) }}",
        gives: "(unknown)",
    }],
)
.with_details("`if_empty` is for cells: it leaves 0 and false as they are, and takes blanks alone for empty.")
.with_short(texts::default);

pub(super) const FIRST: Filter = of_language(
    "first",
    "the first item of a list, or character of a text",
    &[],
    &[Example {
        given: &[("tags", r#"["vip", "new"]"#)],
        expression: "{{ tags | first }}",
        gives: "vip",
    }],
);

pub(super) const FLOAT: Filter = of_language(
    "float",
    "a number of a text",
    &[],
    &[Example { given: &[("n", "1.5")], expression: "{{ (n | float) + 1 }}", gives: "2.5" }],
);

pub(super) const INT: Filter = of_language(
    "int",
    "a whole number of a text or a number",
    &[],
    &[Example { given: &[("n", "41")], expression: "{{ (n | int) + 1 }}", gives: "42" }],
)
.with_own(add_int);

pub(super) const JOIN: Filter = of_language(
    "join",
    "the items of a list as one text",
    &[Argument { name: "between", about: "what stands between two items; without it, nothing" }],
    &[
        Example {
            given: &[("tags", r#"["vip", "new"]"#)],
            expression: "{{ tags | join(', ') }}",
            gives: "vip, new",
        },
        Example {
            given: &[("files", r#"[{"name": "a.png"}, {"name": "b.pdf"}]"#)],
            expression: "{{ files | map(attribute='name') | join(', ') }}",
            gives: "a.png, b.pdf",
        },
    ],
);

pub(super) const LAST: Filter = of_language(
    "last",
    "the last item of a list, or character of a text",
    &[],
    &[Example {
        given: &[("tags", r#"["vip", "new"]"#)],
        expression: "{{ tags | last }}",
        gives: "new",
    }],
);

pub(super) const LENGTH: Filter = of_language(
    "length",
    "how many characters or items there are",
    &[],
    &[Example { given: &[("note", "cũ")], expression: "{{ note | length }}", gives: "2" }],
);

pub(super) const LOWER: Filter = of_language(
    "lower",
    "a text in small letters",
    &[],
    &[Example { given: &[("flag", "YES")], expression: "{{ flag | lower }}", gives: "yes" }],
)
.with_short(texts::lower);

pub(super) const REPLACE: Filter = of_language(
    "replace",
    "a text with each occurrence of a part replaced",
    &[
        Argument { name: "part", about: "what is looked for, letter by letter" },
        Argument { name: "by", about: "what stands there instead" },
    ],
    &[Example {
        given: &[("note", "a;b;c")],
        expression: "{{ note | replace(';', ', ') }}",
        gives: "a, b, c",
    }],
);

pub(super) const ROUND: Filter = of_language(
    "round",
    "a number rounded",
    &[Argument {
        name: "digits",
        about: "how many digits stay behind the point; without it, none",
    }],
    &[Example { given: &[("n", "2.345")], expression: "{{ n | float | round(1) }}", gives: "2.3" }],
);

pub(super) const SPLIT: Filter = of_language(
    "split",
    "a text cut into a list",
    &[
        Argument { name: "at", about: "where it is cut; without it, at blanks" },
        Argument { name: "times", about: "how often at the most; the last item has all the rest" },
    ],
    &[
        Example {
            given: &[("cell", "05/Mar/24 9:02 AM;557058:aa11;Thanks; still broken.")],
            expression: "{{ (cell | split(';', 2))[2] }}",
            gives: "Thanks; still broken.",
        },
        Example {
            given: &[("tags", "vip,new")],
            expression: "{{ tags | split(',') | join(' + ') }}",
            gives: "vip + new",
        },
    ],
);

pub(super) const STRING: Filter = of_language(
    "string",
    "any value as a text",
    &[],
    &[Example { given: &[("n", "[1]")], expression: "{{ n | first | string }}", gives: "1" }],
);

pub(super) const TITLE: Filter = of_language(
    "title",
    "a text with each word beginning with a capital",
    &[],
    &[Example {
        given: &[("name", "nguyễn văn tú")],
        expression: "{{ name | title }}",
        gives: "Nguyễn Văn Tú",
    }],
);

pub(super) const TRIM: Filter = of_language(
    "trim",
    "a text without blanks at its ends",
    &[Argument { name: "letters", about: "takes these letters away instead of blanks" }],
    &[
        Example { given: &[("note", "  x ")], expression: "{{ note | trim }}", gives: "x" },
        Example { given: &[("id", "#12")], expression: "{{ id | trim('#') }}", gives: "12" },
    ],
)
.with_short(texts::trim);

pub(super) const UPPER: Filter = of_language(
    "upper",
    "a text in capitals",
    &[],
    &[Example { given: &[("code", "vn-1")], expression: "{{ code | upper }}", gives: "VN-1" }],
)
.with_short(texts::upper);

/// The language's own, which makes of a number that is too long the longest it knows, and 0 of what is no number.
fn add_int(environment: &mut Environment<'static>, _: &Arc<Setting>) {
    environment.add_filter("int", int);
}

fn int(
    state: &State<'_, '_>,
    value: Value,
    default: Option<Value>,
    base: Option<u32>,
    named: Kwargs,
) -> Result<Value, Error> {
    let number = minijinja::filters::int(state, &value, default, base, named)?;
    let is_longest = matches!(i128::try_from(number.clone()), Ok(i128::MAX | i128::MIN));
    let no_number = |text: &str| text.trim().parse::<f64>().is_ok_and(|number| !number.is_finite());
    if is_longest || value.as_str().is_some_and(no_number) {
        return Err(refusal(
            "int takes a number of at most 38 digits, and this is none or a longer one",
        ));
    }
    Ok(number)
}
