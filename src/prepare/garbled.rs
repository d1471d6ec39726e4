//! Texts that were read in the wrong encoding before they came here: `Tiáº¿ng Viá»‡t`. Counted by field, so that one warning
//! tells of all of them.
//!
//! Only what is surely such is told: letters that are UTF-8 if each is taken for a byte, tones of windows-1258 that stand beside
//! their vowels, signs within words where TCVN3 has letters. Nothing is repaired: where one text is garbled, others have lost
//! letters for good, and only a new export has them.

use std::sync::Arc;

use crate::source::Lines;
use crate::text::code::Code;
use crate::text::diagnostic::{CellPlace, Diagnostic, Place};
use crate::text::pointer::Pointer;

use super::Preparer;
use super::fields::UncheckedRow;
use super::prepared::Findings;

/// So many letters of a garbled word are shown.
const SHOWN: usize = 40;

/// See the module's text.
#[derive(Debug, Default)]
pub(super) struct Garbled(Vec<Found>);

/// What a text was before it was read as something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Was {
    Utf8,
    Windows1258,
    Tcvn3,
}

impl Was {
    fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Windows1258 => "windows-1258",
            Self::Tcvn3 => "tcvn3",
        }
    }

    /// What to do about it; `read_as` is the encoding that the job names, if it names one.
    fn hint(self, read_as: Option<&str>) -> String {
        match (self, read_as) {
            (Self::Utf8, Some(read_as)) => {
                format!(
                    "the file is read as {read_as}, as the job says, and is UTF-8 itself, most likely: leave the encoding out"
                )
            }
            (was, Some(read_as)) => {
                let was = was.name();
                format!(
                    "the file is read as {read_as}, as the job says, and is {was}, most likely: name that as its encoding"
                )
            }
            (was, None) => format!(
                "a program before this one has read {} as windows-1252: export the data anew as UTF-8, or the notes will \
                 be sent as they are",
                was.name()
            ),
        }
    }
}

#[derive(Debug)]
struct Found {
    field: Arc<str>,
    was: Was,
    /// The encoding that the job names.
    read_as: Option<Arc<str>>,
    /// What was found first of all.
    word: String,
    first: CellPlace,
    rows: Lines,
}

impl Garbled {
    /// A row's field has a garbled word.
    fn add(
        &mut self,
        (field, was, word): (&str, Was, &str),
        read_as: Option<&Arc<str>>,
        line: u64,
        place: impl FnOnce() -> CellPlace,
    ) {
        if let Some(known) = self.0.iter_mut().find(|found| *found.field == *field) {
            known.rows.add(line);
            return;
        }
        let mut rows = Lines::default();
        rows.add(line);
        let word = word.chars().take(SHOWN).collect();
        let (field, read_as) = (field.into(), read_as.cloned());
        self.0.push(Found { field, was, read_as, word, first: place(), rows });
    }

    /// Takes in what was found in rows that come later.
    pub(super) fn append(&mut self, later: Self) {
        for found in later.0 {
            match self.0.iter_mut().find(|known| known.field == found.field) {
                Some(known) => known.rows.append(&found.rows),
                None => self.0.push(found),
            }
        }
    }

    /// A warning for each field.
    pub(super) fn warnings(&self) -> impl Iterator<Item = Diagnostic> {
        self.0.iter().map(|Found { field, was, read_as, word, first, rows }| {
            let count = match rows.count {
                1 => "1 row".to_owned(),
                count => format!("{count} rows"),
            };
            let message = format!(
                "`{field}` has garbled letters in {count}, as in \"{word}\": {}",
                rows.lines()
            );
            let place = Place::Row(first.clone());
            let warning = Diagnostic::warning(Code::GarbledText, place, message);
            let warning = warning.hint(was.hint(read_as.as_deref()));
            Diagnostic { once: true, ..warning }
        })
    }
}

impl Preparer {
    /// Counts the row where letters of its texts were read in the wrong encoding.
    pub(super) fn note_garbled(&self, row: &UncheckedRow<'_>, findings: &mut Findings) {
        for (field, value) in row.fields.iter() {
            let Some((was, word)) = value.as_str().and_then(garbled) else { continue };
            let name = row.intake.checker.operation().fields.name(field);
            let filled = self.fields.iter().find(|field| *field.field == *name);
            let place = || CellPlace {
                column: filled.and_then(|field| field.column.clone()),
                ..self.place(row.row.record, None, Some(Pointer::of([name])))
            };
            let (read_as, line) = (self.read_as.as_ref(), row.row.record.place.line);
            findings.remarks.garbled.add((name, was, word), read_as, line, place);
        }
    }
}

/// What a text surely was, and a word of it that shows it.
fn garbled(text: &str) -> Option<(Was, &str)> {
    // Every sign of it is beyond ASCII, in which there is but one way to read a text.
    if text.is_ascii() {
        return None;
    }
    let utf8 = garbled_word(text).map(|word| (Was::Utf8, word));
    utf8.or_else(|| split_tones(text).map(|word| (Was::Windows1258, word)))
        .or_else(|| signs_in_words(text).map(|word| (Was::Tcvn3, word)))
}

/// Windows-1258 has tones as letters of their own, which others take for `Ì`, `ì`, `Ò`, `Þ` and `ò`: behind most vowels no
/// language has those.
fn split_tones(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let mut weight = 0;
    for at in memchr::memchr_iter(0xc3, bytes) {
        // Capitals among small letters are no word at all.
        let of_tone = match bytes.get(at + 1) {
            Some(0x8c | 0x92 | 0x9e) => 2,
            Some(0xac | 0xb2) => 1,
            _ => continue,
        };
        let before = text[..at].chars().next_back();
        if before.is_some_and(|vowel| "aâãeêoôõýy".contains(vowel)) {
            weight += of_tone;
        }
        if weight >= 3 {
            return Some(word_at(text, at));
        }
    }
    None
}

/// TCVN3 has letters where others have signs, which then stand in the midst of words.
fn signs_in_words(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let (mut count, mut first) = (0, None);
    let (mut has_others, mut is_within) = (false, false);
    for at in memchr::memchr_iter(0xc2, bytes) {
        // ¨ © ª ¬ soft hyphen ® µ ¶ · ¸ ¹ ¼ ½ ¾, but none of those that quotes and ordinals are written with.
        let Some(sign @ (0xa8..=0xaa | 0xac..=0xae | 0xb5..=0xb9 | 0xbc..=0xbe)) =
            bytes.get(at + 1)
        else {
            continue;
        };
        let behind = text[at + 2..].chars().next();
        if !behind.is_some_and(char::is_alphabetic) {
            continue;
        }
        // Units begin with such a sign; words have letters on both sides of it.
        is_within |= text[..at].chars().next_back().is_some_and(char::is_alphabetic);
        count += 1;
        has_others |= first.is_some_and(|first| first != sign);
        first = first.or(Some(sign));
        if count >= 3 && has_others && is_within {
            return Some(word_at(text, at));
        }
    }
    None
}

/// The first word of a text that is surely UTF-8.
fn garbled_word(text: &str) -> Option<&str> {
    // Vietnamese cannot be garbled without a sign of this block, and hardly any text has one.
    memchr::memchr(0xc2, text.as_bytes())?;
    let mut halves = None;
    for (at, letter) in text.char_indices() {
        let weight = sequence(letter, &text[at + letter.len_utf8()..]);
        match (weight, halves) {
            (0, _) => {}
            (1, None) => halves = Some(at),
            _ => return Some(word_at(text, halves.unwrap_or(at))),
        }
    }
    None
}

/// How sure it is that a letter and those behind it are bytes of one: 2 surely, 1 together with another, 0 not at all.
fn sequence(letter: char, rest: &str) -> u8 {
    let length = match letter {
        // Windows-1258 has `Ă` where windows-1252 has `Ã`.
        'Ã'..='Æ' | 'Ă' => 2,
        'á' | 'â' => 3,
        'ð' => 4,
        _ => return 0,
    };
    let mut bytes = [0; 4];
    bytes[0] = byte(letter).unwrap_or_default();
    let mut letters = rest.chars();
    for place in &mut bytes[1..length] {
        match letters.next().and_then(byte) {
            Some(byte @ 0x80..=0xbf) => *place = byte,
            _ => return 0,
        }
    }
    let meant = std::str::from_utf8(&bytes[..length]).ok().and_then(|text| text.chars().next());
    match meant {
        // `Ã` before a blank that keeps words together ends many a word in capitals.
        Some('à' | '\u{ed}') if length == 2 => 0,
        Some('\u{c0}'..='\u{1b0}') => 1,
        Some(
            '\u{1ea0}'..='\u{1ef9}' | '\u{2010}'..='\u{2044}' | '₫' | '\u{1f300}'..='\u{1faff}',
        ) => 2,
        _ => 0,
    }
}

/// The byte that windows-1252, or Latin 1, has for a letter.
fn byte(letter: char) -> Option<u8> {
    const SPECIALS: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";
    if letter == 'Ă' {
        return Some(0xc3);
    }
    if let Ok(byte) = u8::try_from(u32::from(letter)) {
        return Some(byte);
    }
    let at = SPECIALS.chars().position(|special| special == letter)?;
    u8::try_from(at + 0x80).ok()
}

fn word_at(text: &str, at: usize) -> &str {
    let is_end = |letter: char| letter == ' ' || letter == '\n' || letter == '\t';
    let start = text[..at].rfind(is_end).map_or(0, |before| before + 1);
    let end = text[at..].find(is_end).map_or(text.len(), |end| at + end);
    &text[start..end]
}

#[cfg(test)]
mod tests {
    use super::{Was, garbled, garbled_word};

    #[test]
    fn what_was_read_as_another_encoding_is_told_apart() {
        for (text, was) in [
            ("KhaÌch haÌng goòi laòi, ðaÞ xong", Some(Was::Windows1258)),
            ("Khách hàng goòi laòi, đêì", Some(Was::Windows1258)),
            ("Kh¸ch hµng ®· gäi l¹i", Some(Was::Tcvn3)),
            ("Céng hßa x· héi chñ nghÜa, ®éc lËp", None),
            ("khĂ¡ch hĂ©o", Some(Was::Utf8)),
            ("Khách hàng đã gọi lại, giò chả, quì gối", None),
            ("perché così ciò, però più", None),
            ("«une» «deux» «trois» ©Autre", None),
            ("Windows® Office® Word®", None),
            ("5 µm, 10 µs, 1½ m², ¼l", None),
        ] {
            assert_eq!(garbled(text).map(|(was, _)| was), was, "{text}");
        }
    }

    #[test]
    fn what_is_surely_garbled_is_found() {
        for (text, word) in [
            ("Mojibake: Tiáº¿ng Viá»‡t", Some("Tiáº¿ng")),
            ("ÄÃ£ gá»\u{8d}i khÃ¡ch", Some("ÄÃ£")),
            ("khÃ¡ch hÃ©o", Some("khÃ¡ch")),
            ("khÃ¡ch", None),
            ("giÃ¡ 45.000â‚«", Some("giÃ¡")),
            ("Tiếng Việt, THỊ XÃ\u{a0}SƠN TÂY, 5 º, «á» 2²", None),
            ("Tie\u{302}\u{301}ng Vie\u{323}\u{302}t\u{a0}", None),
            ("plain", None),
            ("français, déjà\u{a0}vu, 20\u{a0}°C", None),
        ] {
            assert_eq!(garbled_word(text), word, "{text}");
        }
    }
}
