//! What may stand above a header: a line that says the delimiter, and lines that are none of the table.
//!
//! Not for the header itself, and not for finding where it is: the job says that.

use std::num::NonZeroU32;

use crate::source::fault::Fault;
use crate::source::window::Window;
use crate::text::code::Code;

/// How Excel begins the line that says the delimiter.
const SEPARATOR: &[u8] = b"sep=";

/// Passes what stands above the header, and tells what parts the cells: a first line `sep=;` says that itself, and programs
/// go by it.
pub(super) fn pass(
    window: &mut Window,
    delimiter: u8,
    header_row: Option<NonZeroU32>,
) -> Result<u8, Fault> {
    let told = separator(window.bytes());
    if let Some((_, length)) = told {
        window.pass(length, 1);
    }
    if let Some(row) = header_row {
        go_to_line(window, u64::from(row.get()))?;
    }
    Ok(told.map_or(delimiter, |(delimiter, _)| delimiter))
}

fn go_to_line(window: &mut Window, line: u64) -> Result<(), Fault> {
    while window.line() < line {
        if window.first_not(|byte| byte != b'\n').map_err(Fault::io)?.is_none() {
            let lines = window.line();
            let message = format!(
                "the header is said to stand on line {line}, and the file ends on line {lines}"
            );
            return Err(Fault::file(Code::EmptyFile, message).hint(
                "correct `header_row` (--header-row): it counts the lines of the file from 1",
            ));
        }
        window.pass_counting(1);
    }
    Ok(())
}

/// The delimiter that the first line says, and how long that line is with its end; none where it is another line.
fn separator(bytes: &[u8]) -> Option<(u8, usize)> {
    let quoted = bytes.first() == Some(&b'"');
    let at = usize::from(quoted);
    let begins = bytes.get(at..at + SEPARATOR.len())?.eq_ignore_ascii_case(SEPARATOR);
    let delimiter = *bytes.get(at + SEPARATOR.len())?;
    let mut rest = bytes.get(at + SEPARATOR.len() + 1..)?;
    if quoted {
        rest = rest.strip_prefix(b"\"")?;
    }
    // Blanks behind it say nothing, unless one of them is what is said.
    while let [b' ' | b'\t', behind @ ..] = rest {
        rest = behind;
    }
    let end = match rest {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        [] => 0,
        _ => return None,
    };
    let can_part = delimiter.is_ascii() && !b"\"\r\n\0".contains(&delimiter);
    (begins && can_part).then_some((delimiter, bytes.len() - rest.len() + end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_says_the_delimiter_is_known() {
        for (text, told) in [
            ("sep=;\na;b", Some((b';', 6))),
            ("SEP=\t\r\na", Some((b'\t', 7))),
            ("\"sep=|\"\na|b", Some((b'|', 8))),
            ("sep=,\ra,b", Some((b',', 6))),
            ("sep=;", Some((b';', 5))),
            ("sep=;;\na", None),
            ("sep=; \t\na", Some((b';', 8))),
            ("\"sep=;\" \r\na", Some((b';', 10))),
            ("sep= \na b", Some((b' ', 6))),
            ("sep=\t\na", Some((b'\t', 6))),
            ("sep=\na", None),
            ("sep,note\n", None),
            ("sep=\"\n", None),
            ("", None),
        ] {
            assert_eq!(separator(text.as_bytes()), told, "{text:?}");
        }
    }
}
