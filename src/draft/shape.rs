//! What a value looks like: an id, a truth value, HTML, a name with an address. Not what it is for.

/// Tags that tell HTML from a text in which `<` just stands.
const TAGS: [&str; 24] = [
    "p",
    "div",
    "br",
    "b",
    "i",
    "u",
    "a",
    "span",
    "ul",
    "ol",
    "li",
    "table",
    "tr",
    "td",
    "strong",
    "em",
    "blockquote",
    "img",
    "h1",
    "h2",
    "h3",
    "pre",
    "html",
    "body",
];

/// Whether a text has marks of HTML in it.
pub(super) fn has_html(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let is_tag = |rest: &str| {
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (name, behind) = rest.split_at(end);
        TAGS.contains(&name) && behind.starts_with(['>', ' ', '/', '\n', '\r'])
    };
    let has_tag = lower.contains('>') && lower.split('<').skip(1).any(is_tag);
    has_tag || lower.contains("&nbsp;") || lower.contains("&lt;")
}

/// Whether a text is an id as machines give them: digits, or letters with digits among them, and no blank.
pub(super) fn is_id(text: &str) -> bool {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || ":-_.".contains(letter);
    let has_digit = text.contains(|letter: char| letter.is_ascii_digit());
    text.len() <= 64 && has_digit && text.chars().all(is_part)
}

/// Whether a text is an id of Salesforce, in either length.
pub(super) fn is_salesforce_id(text: &str) -> bool {
    matches!(text.len(), 15 | 18)
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && text.starts_with(|first: char| first.is_ascii_digit())
        && text.contains(|letter: char| letter.is_ascii_alphabetic())
}

/// Whether a text is a name with an address behind it: `Lan (lan@cskh.example)`.
pub(super) fn is_name_and_address(text: &str) -> bool {
    let Some((name, address)) = text.split_once(" (") else { return false };
    !name.trim().is_empty() && address.ends_with(')') && address.contains('@')
}

/// Whether a text is what no column is called: a number, a time, an address.
pub(super) fn is_value(text: &str) -> bool {
    let is_figure = |letter: char| letter.is_ascii_digit() || "+-.,/: TZ".contains(letter);
    let has_digit = text.contains(|letter: char| letter.is_ascii_digit());
    (has_digit && text.chars().all(is_figure))
        || text.contains("://")
        || text.contains('@')
        || text.chars().count() > 60
}

const TRUE: [&str; 15] =
    ["true", "1", "yes", "y", "x", "t", "có", "co", "đúng", "on", "✓", "✔", "v", "wahr", "oui"];
const FALSE: [&str; 12] =
    ["false", "0", "no", "n", "không", "khong", "ko", "k", "sai", "off", "f", "non"];
const INTERNAL: [&str; 8] =
    ["internal", "private", "nội bộ", "noi bo", "riêng tư", "intern", "internal note", "note"];
const VISIBLE: [&str; 8] =
    ["public", "công khai", "cong khai", "external", "visible", "khách hàng", "customer", "reply"];

/// Whether a text says yes or no; none where it says neither.
pub(super) fn truth(text: &str) -> Option<bool> {
    let lower = text.trim().to_lowercase();
    let is_in = |words: &[&str]| words.contains(&lower.as_str());
    if is_in(&TRUE) { Some(true) } else { is_in(&FALSE).then_some(false) }
}

/// Which pair of words a truth value is of: a column uses one pair.
pub(super) fn pair(text: &str) -> Option<usize> {
    const PAIRS: [&[&str]; 8] = [
        &["true", "false", "t", "f", "wahr"],
        &["1", "0"],
        &["yes", "no", "y", "n"],
        &["có", "co", "đúng", "không", "khong", "ko", "k", "sai"],
        &["on", "off"],
        &["x"],
        &["✓", "✔", "v"],
        &["oui", "non"],
    ];
    let lower = text.trim().to_lowercase();
    PAIRS.iter().position(|words| words.contains(&lower.as_str()))
}

/// Whether a text says of a note that it is not finished, or not shown.
pub(super) fn is_unfinished(text: &str) -> bool {
    let lower = text.trim().to_lowercase();
    [
        "draft",
        "drafted",
        "nháp",
        "bản nháp",
        "nhap",
        "ban nhap",
        "unpublished",
        "hidden",
        "ẩn",
        "scheduled",
        "trash",
    ]
    .contains(&lower.as_str())
}

/// Whether a text says by itself who may see what it is written beside: true where only agents may.
pub(super) fn is_internal(text: &str) -> Option<bool> {
    let lower = text.trim().to_lowercase();
    let is_in = |words: &[&str]| words.contains(&lower.as_str());
    if is_in(&INTERNAL) { Some(true) } else { is_in(&VISIBLE).then_some(false) }
}

/// The word that stands for the other truth value, where one is written so.
pub(super) fn counterpart(text: &str) -> Option<&'static str> {
    const PAIRS: [(&str, &str); 6] = [
        ("true", "false"),
        ("True", "False"),
        ("TRUE", "FALSE"),
        ("1", "0"),
        ("yes", "no"),
        ("Có", "Không"),
    ];
    PAIRS.iter().find_map(|(one, other)| {
        if *one == text { Some(*other) } else { (*other == text).then_some(*one) }
    })
}

/// Whether a row of a table is its totals, by the cell that should hold a number of a ticket.
pub(super) fn is_total(text: &str) -> bool {
    let lower = text.trim().trim_end_matches(':').to_lowercase();
    ["tổng", "tổng cộng", "tổng số", "total", "totals", "sum", "grand total", "cộng"]
        .contains(&lower.as_str())
}
