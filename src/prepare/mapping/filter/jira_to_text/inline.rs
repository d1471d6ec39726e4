//! Markup within a line: links, mentions, images, marks of style, escapes.

/// A longer run is no markup: the end of one is looked for no further.
const LONGEST: usize = 1000;

/// The text of a line.
pub(super) fn text(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut at = 0;
    while let Some(found) = line[at..].find(['[', '!', '*', '_', '{', '\\']) {
        out.push_str(&line[at..at + found]);
        at += found;
        let rest = &line[at..];
        let taken = match rest.as_bytes()[0] {
            b'[' => link(rest, &mut out),
            b'!' => image(rest, &out, at, line).map(|(name, length)| {
                out.push_str(&name);
                length
            }),
            b'{' => brace(rest, &mut out),
            b'\\' => escape(rest, &mut out),
            mark => style(rest, mark, &line[..at], &mut out),
        };
        at += taken.unwrap_or_else(|| {
            out.push_str(&rest[..1]);
            1
        });
    }
    out.push_str(&line[at..]);
    out
}

/// What stands up to a letter, not too far away.
pub(super) fn until(text: &str, end: char) -> Option<&str> {
    let mut longest = text.len().min(LONGEST);
    while !text.is_char_boundary(longest) {
        longest -= 1;
    }
    text[..longest].split_once(end).map(|(inside, _)| inside)
}

/// `[text|address]`, `[address]`, `[~name]`, `[^file]`.
fn link(rest: &str, out: &mut String) -> Option<usize> {
    let inside = until(&rest[1..], ']').filter(|inside| !inside.contains('['))?;
    let length = inside.len() + 2;
    if let Some(name) = inside.strip_prefix('~').filter(|name| !name.is_empty()) {
        out.push('@');
        out.push_str(name.strip_prefix("accountid:").unwrap_or(name));
        return Some(length);
    }
    if let Some(file) = inside.strip_prefix('^').filter(|file| !file.is_empty()) {
        out.push_str(&format!("[file: {file}]"));
        return Some(length);
    }
    let mut parts = inside.split('|');
    let (first, second) = (parts.next()?.trim(), parts.next().map(str::trim));
    match (first, second) {
        (text, Some(address)) if is_address(address) && !text.is_empty() => {
            out.push_str(&text_of_link(text));
            if address != text && is_web(address) {
                out.push_str(&format!(" ({address})"));
            }
        }
        (address, None) if is_address(address) => {
            out.push_str(address.strip_prefix("mailto:").unwrap_or(address));
        }
        _ => return None,
    }
    Some(length)
}

/// Marks of style go from the text of a link, too; other markup does not stand there.
fn text_of_link(text: &str) -> String {
    let inside = text.strip_prefix('*').and_then(|text| text.strip_suffix('*'));
    inside.unwrap_or(text).to_owned()
}

fn is_web(address: &str) -> bool {
    address.starts_with("http://") || address.starts_with("https://")
}

fn is_address(address: &str) -> bool {
    let starts = ["mailto:", "ftp://", "file:", "#", "/"];
    is_web(address) || starts.iter().any(|start| address.starts_with(start))
}

/// `!file.png!` and `!file.png|width=640!`, where it is no exclamation.
fn image(rest: &str, out: &str, at: usize, line: &str) -> Option<(String, usize)> {
    if out.ends_with(char::is_alphanumeric) || (at > 0 && line[..at].ends_with('!')) {
        return None;
    }
    let inside = until(&rest[1..], '!')?;
    let name = inside.split('|').next()?;
    let is_tight = !name.starts_with(char::is_whitespace) && !name.ends_with(char::is_whitespace);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_ending =
        (2..=5).contains(&ending.len()) && ending.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let name = if is_web(name) { name.rsplit('/').next().unwrap_or(name) } else { name };
    (is_tight && is_ending).then(|| (format!("[image: {name}]"), inside.len() + 2))
}

/// `{color:red}`, `{anchor:a}` and the like go; `{{fixed}}` is its text.
fn brace(rest: &str, out: &mut String) -> Option<usize> {
    if let Some(fixed) = rest.strip_prefix("{{") {
        let inside = until(fixed, '}').filter(|inside| !inside.is_empty())?;
        let is_closed = fixed[inside.len()..].starts_with("}}");
        return is_closed.then(|| {
            out.push_str(inside);
            inside.len() + 4
        });
    }
    let inside = until(&rest[1..], '}')?;
    let name = inside.split(':').next()?;
    matches!(name, "color" | "anchor" | "panel" | "adf").then_some(inside.len() + 2)
}

/// A backslash before a sign keeps it from being markup; two at the end are a line break.
fn escape(rest: &str, out: &mut String) -> Option<usize> {
    if let Some(after) = rest.strip_prefix("\\\\") {
        let blanks = after.len() - after.trim_start_matches(' ').len();
        return (blanks > 0 || after.is_empty()).then(|| {
            out.push('\n');
            2 + blanks
        });
    }
    let sign = rest[1..].chars().next()?;
    "[]{}*_!-|#+^~".contains(sign).then(|| {
        out.push(sign);
        2
    })
}

/// `*bold*` and `_italic_`, where both marks stand at the ends of words.
fn style(rest: &str, mark: u8, before: &str, out: &mut String) -> Option<usize> {
    if before.ends_with(|letter: char| letter.is_alphanumeric() || letter == '*' || letter == '_') {
        return None;
    }
    let inside = until(&rest[1..], char::from(mark))?;
    let after = &rest[inside.len() + 2..];
    let is_tight = !inside.is_empty()
        && !inside.starts_with(char::is_whitespace)
        && !inside.ends_with(char::is_whitespace);
    let is_word = !after.starts_with(|letter: char| letter.is_alphanumeric())
        && after.as_bytes().first() != Some(&mark);
    // Other markup may stand in it; it is deeper by one and shorter by two.
    (is_tight && is_word && !inside.contains(['[', '!', '{', '\\'])).then(|| {
        out.push_str(inside);
        inside.len() + 2
    })
}
