//! Why a row is worth a look, in a word or two.

use crate::plan::Notable;

pub(in crate::report) fn notable(why: Notable) -> &'static str {
    match why {
        Notable::OddSigns => "signs that cannot be seen",
        Notable::Markup => "looks like markup",
        Notable::Longest => "the longest text",
        Notable::MostLines => "the most lines",
        Notable::Linked => "has a link",
        Notable::Shortest => "the shortest text",
        Notable::First => "the first row",
        Notable::Last => "the last row",
        Notable::OneOfItsKind => "one of its kind",
    }
}
