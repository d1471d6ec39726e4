//! Where the rows of a JSON text are: a list of objects that look like notes, perhaps within others.
//!
//! Pure: the beginning of a text in, a way to the rows out. A text that is cut off is closed where it was whole last.

use indexmap::{IndexMap, IndexSet};
use serde_json::Value;

use crate::draft::names::{Role, fits};
use crate::source::Format;

/// So many objects of a list are looked at.
const ITEMS: usize = 50;
/// No export is deeper, or has more kinds of objects.
const DEEPEST: usize = 12;
const MOST_PATHS: usize = 500;
/// More columns say nothing more.
const MOST_KEYS: usize = 500;

/// How the rows of a JSON file are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct JsonGuess {
    pub format: Format,
    pub at: Option<String>,
    pub each: Option<String>,
}

/// A step into a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Step {
    Any,
    Key(String),
}

/// The objects that stand at one way in.
#[derive(Debug, Default)]
struct Objects {
    keys: IndexSet<String>,
    /// Keys with an object behind them.
    inner: IndexSet<String>,
}

type Outline = IndexMap<Vec<Step>, Objects>;

/// Finds the rows. None where the text is no JSON, or none that goes deep enough to have rows. `ending` is that of its name.
pub(super) fn guess(text: &str, is_whole: bool, ending: &str) -> Option<JsonGuess> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let first = text.chars().next().filter(|sign| matches!(sign, '{' | '['))?;
    if first == '{' && is_lines(text, is_whole, ending) {
        let mut outline = Outline::new();
        for line in text.lines().filter(|line| !line.trim().is_empty()).take(ITEMS) {
            if let Some(value) = value_of(line) {
                walk(&value, &mut Vec::new(), &mut outline);
            }
        }
        let path = best(&outline, |_| true)?;
        let last = path.iter().rposition(|step| *step == Step::Any);
        let each = last.map(|last| written(&path[..last]));
        return Some(JsonGuess { format: Format::JsonLines, at: None, each });
    }
    let mut outline = Outline::new();
    walk(&value_of(text)?, &mut Vec::new(), &mut outline);
    let path = best(&outline, |path| path.contains(&Step::Any));
    let (at, each) = path.map_or((None, None), |path| parted(path, &outline));
    Some(JsonGuess { format: Format::Json, at, each })
}

/// Whether each line is an object of its own.
fn is_lines(text: &str, is_whole: bool, ending: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    let next = lines.next();
    let is_object = serde_json::from_str::<Value>(first).is_ok();
    let is_cut = next.is_none() && !is_whole;
    match next {
        Some(next) => is_object && next.trim_start().starts_with('{'),
        None => (is_object || is_cut) && matches!(ending, "jsonl" | "ndjson"),
    }
}

/// A value that may be cut off.
fn value_of(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().or_else(|| serde_json::from_str(&closed(text)?).ok())
}

/// A text up to the last comma at which all before it was whole, with what is open there closed.
fn closed(text: &str) -> Option<String> {
    let (mut open, mut in_text, mut is_escaped) = (Vec::new(), false, false);
    let mut cut: Option<(usize, Vec<u8>)> = None;
    for (at, byte) in text.bytes().enumerate() {
        match (in_text, byte) {
            (true, _) if is_escaped => is_escaped = false,
            (true, b'\\') => is_escaped = true,
            (_, b'"') => in_text = !in_text,
            (true, _) => {}
            (false, b'{') => open.push(b'}'),
            (false, b'[') => open.push(b']'),
            (false, b'}' | b']') => drop(open.pop()),
            (false, b',') => match &mut cut {
                Some((place, kept)) => {
                    *place = at;
                    kept.clone_from(&open);
                }
                None => cut = Some((at, open.clone())),
            },
            (false, _) => {}
        }
    }
    let (at, open) = cut?;
    let mut text = text.get(..at)?.to_owned();
    text.extend(open.iter().rev().map(|sign| char::from(*sign)));
    Some(text)
}

fn walk(value: &Value, path: &mut Vec<Step>, outline: &mut Outline) {
    if path.len() > DEEPEST {
        return;
    }
    match value {
        Value::Object(object) => {
            if outline.len() < MOST_PATHS || outline.contains_key(path) {
                let objects = outline.entry(path.clone()).or_default();
                let room = MOST_KEYS.saturating_sub(objects.keys.len());
                objects.keys.extend(object.keys().take(room).cloned());
                let inner = object.iter().filter(|(_, value)| value.is_object());
                objects.inner.extend(inner.map(|(key, _)| key.clone()).take(room));
            }
            for (key, value) in object {
                path.push(Step::Key(key.clone()));
                walk(value, path, outline);
                path.pop();
            }
        }
        Value::Array(items) => {
            path.push(Step::Any);
            let objects = items.iter().filter(|item| item.is_object());
            objects.take(ITEMS).for_each(|item| walk(item, path, outline));
            path.pop();
        }
        _ => {}
    }
}

/// The way to the objects that look most like notes; else like people, else the first.
fn best(outline: &Outline, may_be: impl Fn(&[Step]) -> bool) -> Option<&Vec<Step>> {
    let all = outline.iter().filter(|(path, _)| may_be(path));
    all.max_by_key(|(path, objects)| (rate(&objects.keys), std::cmp::Reverse(path.len())))
        .map(|(path, _)| path)
}

/// How much objects with these keys look like rows.
fn rate(keys: &IndexSet<String>) -> usize {
    let most = |role: Role| keys.iter().map(|key| fits(role, key)).max().unwrap_or(0);
    let has = |role: Role| usize::from(most(role) >= 100);
    let text = most(Role::Text);
    let text = if text >= 100 { 2 + (text - 100) / 8 } else { 0 };
    let seen = 3 * has(Role::Internal).max(has(Role::Visible));
    // What has no text may be people: then the name is what counts, and not what lies around it.
    let name = if text == 0 { 3 } else { 1 } * has(Role::Name);
    text + seen + name + [Role::Time, Role::Author, Role::Key].map(has).iter().sum::<usize>()
}

/// A way in, as `at` and `each` say it.
fn parted(path: &[Step], outline: &Outline) -> (Option<String>, Option<String>) {
    let is_list = |step: &Step| *step == Step::Any;
    let (Some(first), Some(last)) = (path.iter().position(is_list), path.iter().rposition(is_list))
    else {
        return (None, None);
    };
    if first == last {
        // To the items of a list, or to what each of them holds.
        let at = if last + 1 == path.len() { &path[..last] } else { path };
        return ((!at.is_empty()).then(|| written(at)), None);
    }
    // What only wraps another object is passed on the way.
    let mut end = first + 1;
    while let Some(Step::Key(key)) = path.get(end).filter(|_| end + 1 < last) {
        let around = outline.get(&path[..end]);
        let wraps =
            around.is_some_and(|objects| objects.keys.len() <= 2 && objects.inner.contains(key));
        if !wraps {
            break;
        }
        end += 1;
    }
    let at = if end == first + 1 { &path[..first] } else { &path[..end] };
    ((!at.is_empty()).then(|| written(at)), Some(written(&path[end..last])))
}

fn written(path: &[Step]) -> String {
    let step = |step: &Step| match step {
        Step::Any => "/*".to_owned(),
        Step::Key(key) => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
    };
    path.iter().map(step).collect()
}
