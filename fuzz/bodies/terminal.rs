//! A text on its way to a terminal: nothing in it steers that, but for colors.

use noteferry::proofs::safe_for_terminals;

pub(crate) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let safe = safe_for_terminals(&text);
    let mut rest = safe.as_str();
    while let Some(at) = rest.find('\u{1b}') {
        rest = &rest[at + 1..];
        let codes =
            rest.strip_prefix('[').and_then(|rest| rest.split_once('m')).expect("a color").0;
        assert!(codes.bytes().all(|byte| byte.is_ascii_digit() || byte == b';'), "{safe:?}");
    }
    let steers = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t' | '\u{1b}');
    assert!(!safe.contains(steers), "{safe:?}");
    assert!(!safe.contains(['\u{202e}', '\u{200b}', '\u{2066}']), "{safe:?}");
    assert_eq!(safe_for_terminals(&safe), safe);
}
