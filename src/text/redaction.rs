//! Secrets taken out of texts that come from elsewhere: the second line, behind [`Secret`] itself.
//!
//! Whoever repeats a secret may write it in many ways. A text is therefore read in a plain form, in which letters are small and
//! what is unseen, blanks and line breaks are gone, and again after each round of undoing what addresses, JSON and HTML
//! write; and in each of these readings all forms of all secrets are looked for at once. What is encrypted, summed up or
//! cut to pieces by other means is not found. Whether a text may hold a secret at all is for whoever shows it.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use serde_json::Value;

use super::secret::Secret;
use super::visible::is_unseen;

/// What stands where a secret stood.
pub(crate) const REDACTED: &str = "[redacted]";
/// A shorter text is looked for as a word of its own only: anywhere it would hide half of every message.
const SHORTEST: usize = 4;
/// So often what addresses, JSON and HTML write is undone.
const ROUNDS: usize = 4;
/// So many secrets are remembered: those of the run, and the latest tokens.
const MOST_SECRETS: usize = 64;
/// What addresses, JSON and HTML write begins with one of these.
const SIGNS: [u8; 3] = *b"%\\&";
/// A part of a token that is shorter tells nothing.
const SHORTEST_PART: usize = 8;

/// Takes secrets out of texts. Clones share what is known of them.
#[derive(Clone, Default)]
pub(crate) struct Redactor {
    secrets: Arc<[Secret]>,
    /// Made when a text is first looked through.
    forms: Arc<OnceLock<Forms>>,
}

/// What is looked for.
struct Forms {
    /// In any letters, in plain form.
    finder: Option<AhoCorasick>,
    /// Of each form, whether it counts only as a word of its own.
    are_words: Vec<bool>,
}

impl Redactor {
    pub(crate) fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        Self { secrets: secrets.into_iter().collect(), forms: Arc::default() }
    }

    /// One that knows another secret, too; where they become too many it forgets the earliest but the first few.
    pub(crate) fn with(&self, secret: &Secret) -> Self {
        if self.secrets.iter().any(|known| known.expose() == secret.expose()) {
            return self.clone();
        }
        let too_many = self.secrets.len() >= MOST_SECRETS;
        let forgotten = too_many.then_some(MOST_SECRETS / 2);
        let kept = self.secrets.iter().enumerate().filter(|(at, _)| Some(*at) != forgotten);
        Self::new(kept.map(|(_, known)| known.clone()).chain([secret.clone()]))
    }

    /// Words without a secret in them. Owned only where there was one.
    pub(crate) fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.without(text, true)
    }

    /// The same for a name or data, in which a word of few letters is no secret, but what it says.
    pub(crate) fn redact_data<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.without(text, false)
    }

    /// Takes secrets out of all texts and names of a value.
    pub(crate) fn redact_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(clean) = self.redact_data(text) {
                    *text = clean;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.redact_value(item)),
            Value::Object(fields) => {
                fields.values_mut().for_each(|value| self.redact_value(value));
                let is_told = |name: &String| matches!(self.redact_data(name), Cow::Owned(_));
                if fields.keys().any(is_told) {
                    let renamed = std::mem::take(fields).into_iter();
                    let renamed =
                        renamed.map(|(name, value)| (self.redact_data(&name).into_owned(), value));
                    *fields = renamed.collect();
                }
            }
            // A secret of digits may come as a number.
            Value::Number(number) => {
                if let Cow::Owned(clean) = self.redact_data(&number.to_string()) {
                    *value = Value::String(clean);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn without<'t>(&self, text: &'t str, words_too: bool) -> Cow<'t, str> {
        if self.secrets.is_empty() {
            return Cow::Borrowed(text);
        }
        let forms = self.forms.get_or_init(|| Forms::of(&self.secrets));
        let Some(finder) = &forms.finder else { return Cow::Borrowed(text) };
        // Where the text is in plain form but for capitals, one look is enough.
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !SIGNS.contains(&byte));
        let holds_one = match is_plain {
            true => finder.is_match(text),
            false => Reading::all::<false>(text).any(|reading| finder.is_match(&reading.letters)),
        };
        if !holds_one {
            return Cow::Borrowed(text);
        }
        let mut found = forms.found(finder, text, words_too);
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        found.sort_by_key(|range| range.start);
        let (mut clean, mut rest) = (String::with_capacity(text.len()), 0);
        for range in found {
            if range.start >= rest {
                clean.push_str(&text[rest..range.start]);
                clean.push_str(REDACTED);
            }
            rest = rest.max(range.end);
        }
        clean.push_str(&text[rest..]);
        Cow::Owned(clean)
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(REDACTED)
    }
}

impl Forms {
    fn of(secrets: &[Secret]) -> Self {
        let (mut forms, mut are_words): (Vec<Vec<u8>>, Vec<bool>) = Default::default();
        for secret in secrets {
            let is_word = letters(secret.expose()).len() < SHORTEST;
            for form in forms_of(secret.expose()) {
                if is_word || form.len() >= SHORTEST {
                    forms.push(form);
                    are_words.push(is_word);
                }
            }
        }
        // It needs little memory even for many long forms, and what it is made of is no more than a few hundred.
        let finder = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .ascii_case_insensitive(true)
            .build(forms);
        Self { finder: finder.ok().filter(|finder| finder.patterns_len() > 0), are_words }
    }

    /// Where the forms stand in a text.
    fn found(&self, finder: &AhoCorasick, text: &str, words_too: bool) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        for reading in Reading::all::<true>(text) {
            for hit in finder.find_overlapping_iter(&reading.letters) {
                let places = (reading.places.get(hit.start()), reading.places.get(hit.end() - 1));
                let (Some(first), Some(last)) = places else { continue };
                let range = first.start as usize..last.end as usize;
                let is_word = self.are_words.get(hit.pattern().as_usize()) == Some(&true);
                if !is_word || (words_too && is_a_word(text, &range)) {
                    found.push(range);
                }
            }
        }
        found
    }
}

/// Whether no letter or digit stands right beside a part of a text.
fn is_a_word(text: &str, range: &Range<usize>) -> bool {
    let before = text[..range.start].chars().next_back();
    let after = text[range.end..].chars().next();
    !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
}

/// The ways in which a secret may be written, in plain form.
fn forms_of(secret: &str) -> Vec<Vec<u8>> {
    let parts: Vec<&str> = secret.split('.').collect();
    let is_token = parts.len() == 3 && parts.iter().all(|part| part.len() >= SHORTEST_PART);
    let parts = parts.into_iter().filter(|_| is_token);
    let mut forms = Vec::new();
    for text in std::iter::once(secret).chain(parts) {
        let mut readings: Vec<Vec<u8>> =
            Reading::all::<false>(text).map(|reading| reading.letters).collect();
        // A form writes a blank as a plus.
        readings.push(letters(&text.replace(' ', "+")));
        readings.push(letters(&text.chars().rev().collect::<String>()));
        let digits: Vec<String> = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        readings.extend(["", ":", "-"].map(|between| digits.join(between).into_bytes()));
        readings.push(digits.iter().flat_map(|digits| ["\\x", digits]).collect::<String>().into());
        for skipped in 0..3 {
            let encoded = base64(text.as_bytes(), skipped);
            let other = encoded.replace('+', "-").replace('/', "_");
            readings.extend([encoded, other].map(|form| form.to_ascii_lowercase().into_bytes()));
        }
        forms.append(&mut readings);
    }
    forms.retain(|form| !form.is_empty());
    forms.sort_unstable();
    forms.dedup();
    forms
}

/// What base 64 makes of bytes, whatever stands around them, when so many bytes stand before them in their group of three.
fn base64(bytes: &[u8], skipped: usize) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let all: Vec<u8> = std::iter::repeat_n(0, skipped).chain(bytes.iter().copied()).collect();
    let mut text = String::new();
    for group in all.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        // Of an incomplete group only what depends on nothing else.
        for at in 0..group.len() * 8 / 6 {
            let sextet = (bits >> (18 - 6 * at)) & 63;
            text.extend(LETTERS.get(sextet as usize).map(|letter| char::from(*letter)));
        }
    }
    // Of few bytes all may depend on what stands around them.
    text.get((skipped * 8).div_ceil(6)..).unwrap_or_default().to_owned()
}

fn letters(text: &str) -> Vec<u8> {
    Reading::first::<false>(text).letters
}

/// A text in plain form, with where each of its bytes comes from, where that is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Reading {
    letters: Vec<u8>,
    places: Vec<Place>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Place {
    start: u32,
    end: u32,
}

impl Reading {
    /// The text as it is, and after each round of undoing what others have written it as.
    fn all<const PLACES: bool>(text: &str) -> impl Iterator<Item = Self> {
        let first = Self::first::<PLACES>(text);
        let present: Vec<u8> =
            SIGNS.iter().copied().filter(|sign| first.letters.contains(sign)).collect();
        // All of them at once, as they come; and each alone, for it may be a secret's own letter that looks like another.
        let alone: Vec<Vec<u8>> = match present.len() {
            0 | 1 => Vec::new(),
            _ => present.iter().map(|sign| vec![*sign]).collect(),
        };
        let begin = Some(first.clone());
        let written = (!present.is_empty()).then(|| Self::written::<PLACES>(text));
        let chains = std::iter::once(SIGNS.to_vec()).chain(alone).flat_map(move |signs| {
            // Blanks may stand between what is undone, and may keep apart what is not to be.
            let of_blanks = signs.clone();
            let undone = move |reading: &Self| reading.undone::<PLACES>(&signs);
            let plain = move |reading: &Self| {
                reading.undone::<PLACES>(&of_blanks).map(|undone| undone.plain::<PLACES>())
            };
            let with_blanks = std::iter::successors(written.as_ref().and_then(&undone), undone);
            let with_blanks = with_blanks.map(|reading| reading.plain::<PLACES>()).take(ROUNDS);
            with_blanks.chain(std::iter::successors(plain(&first), plain).take(ROUNDS))
        });
        begin.into_iter().chain(chains)
    }

    /// As it is written.
    fn written<const PLACES: bool>(text: &str) -> Self {
        let mut reading = Self::default();
        for (at, letter) in text.char_indices() {
            let place = Place { start: small(at), end: small(at + letter.len_utf8()) };
            letter
                .encode_utf8(&mut [0; 4])
                .bytes()
                .for_each(|byte| reading.byte::<PLACES>(byte, place));
        }
        reading
    }

    fn first<const PLACES: bool>(text: &str) -> Self {
        let mut reading = Self::default();
        for (at, letter) in text.char_indices() {
            let place = Place { start: small(at), end: small(at + letter.len_utf8()) };
            reading.push::<PLACES>(letter, place);
        }
        reading
    }

    /// Adds a letter in plain form.
    fn push<const PLACES: bool>(&mut self, letter: char, place: Place) {
        if letter.is_whitespace() || is_unseen(letter) {
            return;
        }
        for letter in letter.to_lowercase() {
            let mut bytes = [0; 4];
            letter
                .encode_utf8(&mut bytes)
                .bytes()
                .for_each(|byte| self.byte::<PLACES>(byte, place));
        }
    }

    fn byte<const PLACES: bool>(&mut self, byte: u8, place: Place) {
        self.letters.push(byte);
        if PLACES {
            self.places.push(place);
        }
    }

    fn place(&self, range: Range<usize>) -> Place {
        let start = self.places.get(range.start).map_or(0, |place| place.start);
        Place { start, end: self.places.get(range.end - 1).map_or(0, |place| place.end) }
    }

    /// The next round, for what begins with one of these signs; none where there is nothing to undo.
    fn undone<const PLACES: bool>(&self, signs: &[u8]) -> Option<Self> {
        if !self.letters.iter().any(|byte| signs.contains(byte)) {
            return None;
        }
        let (mut raw, mut at, mut is_other) = (Self::default(), 0, false);
        while let Some(byte) = self.letters.get(at) {
            let rest = &self.letters[at..];
            let unwritten = if signs.contains(byte) { unwritten(rest) } else { None };
            match unwritten {
                Some((bytes, length)) => {
                    is_other = true;
                    let place = self.place(at..at + length);
                    bytes.into_iter().for_each(|byte| raw.byte::<PLACES>(byte, place));
                    at += length;
                }
                None => {
                    raw.byte::<PLACES>(*byte, self.place(at..at + 1));
                    at += 1;
                }
            }
        }
        is_other.then_some(raw)
    }

    /// The same in plain form: what was undone may be anything.
    fn plain<const PLACES: bool>(&self) -> Self {
        let (mut reading, mut at) = (Self::default(), 0);
        for chunk in self.letters.utf8_chunks() {
            for letter in chunk.valid().chars() {
                let end = at + letter.len_utf8();
                reading.push::<PLACES>(letter, self.place(at..end));
                at = end;
            }
            for byte in chunk.invalid() {
                reading.byte::<PLACES>(*byte, self.place(at..at + 1));
                at += 1;
            }
        }
        reading
    }
}

fn small(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// What the beginning of a text stands for, and how long that is, where it is written for an address, for JSON or for HTML.
fn unwritten(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let of_letter = |code: u32| char::from_u32(code).map(|letter| letter.to_string().into_bytes());
    match text {
        [b'%', rest @ ..] => Some((vec![u8::try_from(hexadecimal(rest, 2)?).ok()?], 3)),
        [b'\\', b'u', rest @ ..] => {
            let first = hexadecimal(rest, 4)?;
            let second = rest.get(4..).and_then(|rest| rest.strip_prefix(b"\\u"));
            let second = second.and_then(|rest| hexadecimal(rest, 4));
            match (first, second) {
                (0xd800..=0xdbff, Some(second @ 0xdc00..=0xdfff)) => {
                    let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                    Some((of_letter(code)?, 12))
                }
                _ => Some((of_letter(first)?, 6)),
            }
        }
        [b'\\', b'x', rest @ ..] => Some((of_letter(hexadecimal(rest, 2)?)?, 4)),
        // Line breaks and the like are dropped in any case.
        [b'\\', b'n' | b'r' | b't' | b'b' | b'f', ..] => Some((Vec::new(), 2)),
        [b'\\', next, ..] if next.is_ascii() => Some((vec![*next], 2)),
        [b'&', rest @ ..] => {
            let end = rest.iter().take(12).position(|byte| *byte == b';')?;
            Some((entity(std::str::from_utf8(&rest[..end]).ok()?)?, end + 2))
        }
        _ => None,
    }
}

fn hexadecimal(text: &[u8], digits: usize) -> Option<u32> {
    let digits = std::str::from_utf8(text.get(..digits)?).ok()?;
    let are_digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u32::from_str_radix(digits, 16).ok().filter(|_| are_digits)
}

/// What a name of HTML stands for.
fn entity(name: &str) -> Option<Vec<u8>> {
    let code = match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix('x') {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        },
        None => match name {
            "amp" => '&'.into(),
            "lt" => '<'.into(),
            "gt" => '>'.into(),
            "quot" => '"'.into(),
            "apos" => '\''.into(),
            "sol" => '/'.into(),
            "bsol" => '\\'.into(),
            "plus" => '+'.into(),
            "equals" => '='.into(),
            "percnt" => '%'.into(),
            "nbsp" | "shy" | "zwnj" | "zwj" => return Some(Vec::new()),
            _ => return None,
        },
    };
    char::from_u32(code).map(|letter| letter.to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "s3Cr=t+/é \"x<&>'\\%41-Z";

    fn redactor(secret: &str) -> Redactor {
        Redactor::new([Secret::new(secret.into())])
    }

    fn percent(text: &str) -> String {
        text.bytes().map(|byte| format!("%{byte:02X}")).collect()
    }

    fn usual_percent(text: &str) -> String {
        url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
    }

    fn escaped(text: &str) -> String {
        text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect()
    }

    fn html(text: &str) -> String {
        let named = |letter| match letter {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '"' => "&quot;".to_owned(),
            '\'' => "&#39;".to_owned(),
            '+' => "&#x2B;".to_owned(),
            other => other.to_string(),
        };
        text.chars().map(named).collect()
    }

    fn between(text: &str, what: &str) -> String {
        text.chars().flat_map(|letter| [letter.to_string(), what.to_owned()]).collect()
    }

    fn hexed(text: &str) -> String {
        text.bytes().map(|byte| format!("{byte:02x}")).collect()
    }

    fn hexed_with(text: &str, sign: &str) -> String {
        let bytes: Vec<String> = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        bytes.join(sign)
    }

    fn quoted(text: &str) -> String {
        let text = Value::from(text).to_string();
        text[1..text.len() - 1].to_owned()
    }

    /// The ways in which another side may repeat a text.
    fn spellings(text: &str) -> Vec<String> {
        vec![
            text.to_owned(),
            quoted(text),
            quoted(text).replace('/', "\\/"),
            escaped(text),
            percent(text),
            usual_percent(text),
            usual_percent(text).replace('+', "%20").to_lowercase(),
            percent(&percent(text)),
            percent(&quoted(text)),
            html(text),
            html(&html(text)),
            text.chars().map(|letter| format!("&#{};", u32::from(letter))).collect(),
            text.to_uppercase(),
            text.to_lowercase(),
            text.chars().rev().collect(),
            hexed(text),
            hexed(text).to_uppercase(),
            between(text, " "),
            between(text, "\n"),
            between(text, "\u{ad}"),
            between(text, "\u{200b}"),
            between(text, "&shy;"),
            between(text, "\\n"),
            between(&hexed(text), " "),
            hexed_with(text, ":"),
            hexed_with(text, "-").to_uppercase(),
            format!("\\x{}", hexed_with(text, "\\x")),
        ]
    }

    #[test]
    fn a_secret_is_known_however_it_is_written() {
        let redactor = redactor(SECRET);
        for spelling in spellings(SECRET) {
            let text = format!("bad: {spelling} there");
            let clean = redactor.redact(&text);
            // What stands between letters may stay behind the last of them.
            let is_clean = clean.starts_with("bad: [redacted]") && clean.ends_with(" there");
            assert!(is_clean && clean.len() < 40, "{spelling}: {clean}");
        }
    }

    #[test]
    fn a_secret_is_known_in_base_64_wherever_it_begins() {
        let redactor = redactor(SECRET);
        for before in ["", "a", "ab", "abc", "user:"] {
            let bytes: Vec<u8> = [before, SECRET, "!"].concat().into_bytes();
            for standard in [true, false] {
                let mut encoded = base64(&bytes, 0);
                if !standard {
                    encoded = encoded.replace('+', "-").replace('/', "_");
                }
                let wrapped = between(&encoded[..20], "\n") + &encoded[20..];
                for text in [encoded, wrapped] {
                    let clean = redactor.redact(&text).into_owned();
                    // What depends on what stands around it may stay: it is a part of a letter.
                    let core = base64(SECRET.as_bytes(), before.len() % 3).to_lowercase();
                    let plain = String::from_utf8(letters(&clean)).unwrap();
                    let is_left = (0..core.len() - 3).any(|at| plain.contains(&core[at..at + 4]));
                    assert!(clean.contains(REDACTED) && !is_left, "{text}: {clean}");
                }
            }
        }
        assert_eq!(base64(b"canary", 0), "Y2FuYXJ5");
        assert_eq!(base64(b"canary", 1), "NhbmFye");
        assert_eq!(base64(b"canary", 2), "jYW5hcn");
    }

    #[test]
    fn the_parts_of_a_token_are_secrets_too() {
        let token = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJTSyJ9.c2lnbmF0dXJl-x_y";
        for part in token.split('.') {
            assert_eq!(redactor(token).redact(&format!("<{part}>")), "<[redacted]>");
        }
    }

    #[test]
    fn few_letters_are_a_secret_where_they_stand_alone() {
        let short = redactor("ab");
        for (text, clean) in [
            ("wrong password ab.", "wrong password [redacted]."),
            ("\"AB\" is wrong", "\"[redacted]\" is wrong"),
            ("it is %61%62", "it is [redacted]"),
            ("6162 or YWI=", "[redacted] or YWI="),
            ("about abbots", "about abbots"),
        ] {
            assert_eq!(short.redact(text), clean);
        }
        assert_eq!(short.redact_data("ab"), "ab");
        assert_eq!(redactor("").redact("text"), "text");
        assert_eq!(Redactor::default().redact("text"), "text");
    }

    #[test]
    fn all_secrets_are_known_and_the_latest_tokens_stay() {
        let mut all = redactor("the-password");
        for number in 0..200 {
            all = all.with(&Secret::new(format!("token-number-{number}")));
        }
        let text = "the-password token-number-199 token-number-180";
        assert_eq!(all.redact(text), "[redacted] [redacted] [redacted]");
        assert!(all.secrets.len() <= MOST_SECRETS);
        assert_eq!(format!("{all:?}"), "[redacted]");
    }

    #[test]
    fn values_lose_secrets_in_names_and_deep_down_and_keep_all_else() {
        let redactor = redactor("pass-word");
        let mut value = serde_json::json!({"a": [1.5, {"Pass-Word": "drow-ssap"}], "b": true});
        redactor.redact_value(&mut value);
        let clean = serde_json::json!({"a": [1.5, {"[redacted]": "[redacted]"}], "b": true});
        assert_eq!(value, clean);
        let mut value = serde_json::json!({"pin": 48151623});
        super::Redactor::new([Secret::new("48151623".into())]).redact_value(&mut value);
        assert_eq!(value, serde_json::json!({"pin": "[redacted]"}));
    }

    proptest::proptest! {
        #[test]
        fn no_spelling_of_any_secret_is_left(
            secret in "[a-zA-Z0-9+/=%\\\\\"<&>' é😀-]{4,24}",
            before in "[ a-z:{\"%\\\\&;]{0,6}",
        ) {
            let plain = letters(&secret);
            proptest::prop_assume!(plain.len() >= 8);
            let redactor = redactor(&secret);
            // What is put between letters may be one of them.
            let spellings = spellings(&secret).into_iter().filter(|it| !it.contains("&shy;"));
            for spelling in spellings.take(19) {
                let text = format!("{before} {spelling}");
                let clean = redactor.redact(&text).into_owned();
                let is_left = clean.contains(&spelling);
                proptest::prop_assert!(clean.contains(REDACTED) && !is_left, "{}: {}", text, clean);
            }
        }

        #[test]
        fn any_text_is_read_to_its_end(text in "\\PC{0,40}", secret in "\\PC{0,12}") {
            let redactor = redactor(&secret);
            let clean = redactor.redact(&text);
            proptest::prop_assert!(redactor.redact(&clean).len() <= clean.len() * 4);
        }
    }
}
