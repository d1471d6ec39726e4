//! Which files a name in a job stands for: one, or all that fit a pattern, in the order that people give numbers.
//!
//! Not for what is in them. A name that is there to the letter is that file, whatever signs it has.

use std::cmp::Ordering;
use std::io;
use std::path::{Component, Path, PathBuf};

/// The files that fit, in natural order; none where the name is no pattern.
pub(super) fn matching(path: &Path) -> Option<io::Result<Vec<PathBuf>>> {
    let is_pattern = path.components().any(|part| is_pattern(&part));
    (is_pattern && !path.exists()).then(|| expand(path))
}

pub(super) fn is_pattern(part: &Component<'_>) -> bool {
    part.as_os_str().to_str().is_some_and(|text| text.contains(['*', '?', '[']))
}

fn expand(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = vec![PathBuf::new()];
    for part in path.components() {
        let Some(pattern) = part.as_os_str().to_str().filter(|_| is_pattern(&part)) else {
            found.iter_mut().for_each(|path| path.push(part));
            continue;
        };
        let pattern: Vec<char> = pattern.chars().collect();
        let mut deeper = Vec::new();
        for folder in found {
            let here = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
            let entries = match std::fs::read_dir(here) {
                Ok(entries) => entries,
                // What is no folder holds no files.
                Err(error) if is_none_there(&error) => continue,
                Err(error) => return Err(error),
            };
            for entry in entries {
                let name = entry?.file_name();
                let fits = name.to_str().is_some_and(|name| {
                    let is_hidden = name.starts_with('.') && pattern.first() != Some(&'.');
                    !is_hidden && fits(&pattern, &name.chars().collect::<Vec<_>>())
                });
                if fits {
                    deeper.push(folder.join(name));
                }
            }
        }
        found = deeper;
    }
    found.retain(|path| !path.is_dir());
    found.sort_by(|one, other| natural(&one.to_string_lossy(), &other.to_string_lossy()));
    Ok(found)
}

fn is_none_there(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Whether a name fits a pattern: `*` is any letters, `?` one, `[a-c]` one of some. Takes steps in the product of their lengths
/// at the most.
fn fits(pattern: &[char], name: &[char]) -> bool {
    let (mut at, mut here) = (0, 0);
    // Where the last star stands, and how many letters it has taken.
    let mut star: Option<(usize, usize)> = None;
    while here < name.len() {
        match one(&pattern[at..], name[here]) {
            Some(length) => {
                at += length;
                here += 1;
            }
            None if pattern.get(at) == Some(&'*') => {
                star = Some((at, here));
                at += 1;
            }
            None => match star {
                Some((before, taken)) => {
                    star = Some((before, taken + 1));
                    (at, here) = (before + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|sign| *sign == '*')
}

/// The length of what the pattern begins with, if that is for one letter and this is such a one.
fn one(pattern: &[char], letter: char) -> Option<usize> {
    match pattern.first()? {
        '*' => None,
        '?' => Some(1),
        '[' => {
            let close = pattern.iter().skip(2).position(|sign| *sign == ']').map(|at| at + 2);
            let Some(close) = close else { return (letter == '[').then_some(1) };
            let (negated, inside) = match pattern[1] {
                '!' | '^' => (true, &pattern[2..close]),
                _ => (false, &pattern[1..close]),
            };
            let mut among = false;
            let mut at = 0;
            while let Some(from) = inside.get(at) {
                match (inside.get(at + 1), inside.get(at + 2)) {
                    (Some('-'), Some(to)) => {
                        among |= (*from..=*to).contains(&letter);
                        at += 3;
                    }
                    _ => {
                        among |= *from == letter;
                        at += 1;
                    }
                }
            }
            (among != negated).then_some(close + 1)
        }
        sign => (*sign == letter).then_some(1),
    }
}

/// The order in which people number things: 2 before 10. Names that differ in leading zeros alone keep an order, too.
fn natural(one: &str, other: &str) -> Ordering {
    let (mut left, mut right) = (one, other);
    loop {
        let (first, second) = (digits(left), digits(right));
        if !first.is_empty() && !second.is_empty() {
            let (a, b) = (first.trim_start_matches('0'), second.trim_start_matches('0'));
            match a.len().cmp(&b.len()).then_with(|| a.cmp(b)) {
                Ordering::Equal => {}
                order => return order,
            }
            (left, right) = (&left[first.len()..], &right[second.len()..]);
            continue;
        }
        let mut letters = (left.chars(), right.chars());
        match (letters.0.next(), letters.1.next()) {
            (None, None) => return one.cmp(other),
            (a, b) if a == b => (left, right) = (letters.0.as_str(), letters.1.as_str()),
            (a, b) => return a.cmp(&b),
        }
    }
}

fn digits(text: &str) -> &str {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_fits_what_people_expect() {
        for (pattern, name, expected) in [
            ("*.csv", "a.csv", true),
            ("*.csv", ".csv", true),
            ("*.csv", "a.csv.gz", false),
            ("Tickets?.json", "Tickets1.json", true),
            ("Tickets?.json", "Tickets12.json", false),
            ("t[0-3].csv", "t2.csv", true),
            ("t[0-3].csv", "t4.csv", false),
            ("t[!0-3].csv", "t4.csv", true),
            ("t[ab-].csv", "t-.csv", true),
            ("t[.csv", "t[.csv", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("*", "ghi chú 1", true),
            ("ghi ch? *", "ghi chú 1", true),
        ] {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            assert_eq!(fits(&letters(pattern), &letters(name)), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn two_comes_before_ten() {
        let mut names =
            vec!["t10.json", "t2.json", "t1.json", "t02.json", "a9", "t.json", "t2b.json"];
        names.sort_by(|one, other| natural(one, other));
        assert_eq!(
            names,
            ["a9", "t.json", "t1.json", "t02.json", "t2.json", "t2b.json", "t10.json"]
        );
    }
}
