//! What can be known to be wrong with a format of times before any row is read, and what was meant instead.
//!
//! A format is written as for `strftime`. How a time is read by one is for `time`.

/// Why a format is of no use.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FormatFault {
    pub message: String,
    pub hint: String,
}

/// The directives that a time can be read by.
const DIRECTIVES: &str = "%AaBbCDdeFfGgHhIjklMmNnPpQRSsTtUuVWwYyz";
/// Those without one of which nobody knows the day.
const YEARS: &str = "YyCDFGgs";
/// Those without one of which minutes mean nothing.
const HOURS: &str = "HIkl";
const MONTHS: &str = "mBbhDFjUVWs";

/// Words of the formats of Java, .NET, Excel, moment.js and others, with the directive for each; longer ones first.
const FOREIGN: [(&str, &str); 34] = [
    ("yyyy", "%Y"),
    ("YYYY", "%Y"),
    ("MMMM", "%B"),
    ("EEEE", "%A"),
    ("dddd", "%A"),
    ("MMM", "%b"),
    ("EEE", "%a"),
    ("ddd", "%a"),
    ("SSS", "%f"),
    ("fff", "%f"),
    ("XXX", "%:z"),
    ("zzz", "%:z"),
    ("yy", "%y"),
    ("YY", "%y"),
    ("MM", "%m"),
    ("DD", "%d"),
    ("dd", "%d"),
    ("HH", "%H"),
    ("hh", "%I"),
    ("mm", "%M"),
    ("ss", "%S"),
    ("SS", "%S"),
    ("tt", "%p"),
    ("ZZ", "%z"),
    ("M", "%m"),
    ("d", "%d"),
    ("D", "%d"),
    ("H", "%H"),
    ("h", "%I"),
    ("m", "%M"),
    ("s", "%S"),
    ("a", "%p"),
    ("A", "%p"),
    ("Z", "%z"),
];

/// A piece of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// A directive by its letter, and where it begins.
    Directive(char, usize),
    /// A letter that stands for itself.
    Letter(char, usize),
}

/// What is wrong with a format that times are written by; none where nothing is.
pub(super) fn fault_of_writing(format: &str) -> Option<FormatFault> {
    if !format.contains('%') {
        return Some(without_directives(format));
    }
    let pieces = pieces(format);
    let unknown = pieces.iter().find_map(|piece| piece.unknown());
    // What cannot be read may be written.
    if let Some((letter, at)) = unknown.filter(|(letter, _)| !"ZQqNLcrxXvEO".contains(*letter)) {
        return Some(unknown_directive(format, letter, at));
    }
    let wrong = [("%H:%m", "%H:%M"), ("%I:%m", "%I:%M")];
    wrong.into_iter().find(|(wrong, _)| format.contains(wrong)).map(|(wrong, right)| FormatFault {
        message: format!("in the format `{format}`, %m is the month"),
        hint: format!("for minutes write '{}'", format.replace(wrong, right)),
    })
}

/// What is wrong with a format; none where nothing is.
pub(super) fn fault(format: &str) -> Option<FormatFault> {
    if !format.contains('%') {
        return Some(without_directives(format));
    }
    let pieces = pieces(format);
    let letters: Vec<char> = pieces.iter().filter_map(|piece| piece.directive()).collect();
    let has = |any: &str| letters.iter().any(|letter| any.contains(*letter));
    let unknown = pieces.iter().find_map(|piece| piece.unknown());
    if let Some((letter, at)) = unknown {
        return Some(unknown_directive(format, letter, at));
    }
    if let Some(at) = zulu(&pieces) {
        let (before, after) = (&format[..at], &format[at + 1..]);
        return Some(FormatFault {
            message: format!(
                "the format `{format}` passes the letter Z over, which says that a time is UTC: it would be read in the \
                 job's zone"
            ),
            hint: format!("`%z` reads Z and offsets such as +07:00: write '{before}%z{after}'"),
        });
    }
    let swapped = |wrong: &str, right: &str, says: &str, means: &str| {
        Some(FormatFault {
            message: format!("in the format `{format}`, {wrong} is {says}"),
            hint: format!("for {means} write '{}'", format.replace(wrong, right)),
        })
    };
    if has("s") && letters.len() > 1 && has("YymdHMF") {
        return swapped("%s", "%S", "seconds since 1970, a time of its own", "seconds");
    }
    if has("M") && !has(HOURS) && !has(MONTHS) {
        return swapped("%M", "%m", "minutes", "the month");
    }
    if format.contains("%H:%m") || format.contains("%I:%m") {
        return swapped(":%m", ":%M", "the month", "minutes");
    }
    if let Some(hour) = ["%I", "%l"].into_iter().find(|hour| format.contains(hour))
        && !has("pP")
    {
        let says = "an hour from 1 to 12, and nothing says which half of the day";
        let right = "%H";
        return swapped(hour, right, says, "an hour from 0 to 23 (or add %p for AM and PM)");
    }
    (!has(YEARS)).then(|| FormatFault {
        message: format!("the format `{format}` names no year, so no time can be read by it"),
        hint: "%Y is a year of four digits, %y one of two".to_owned(),
    })
}

impl Piece {
    fn directive(self) -> Option<char> {
        match self {
            Self::Directive(letter, _) => Some(letter),
            Self::Letter(..) => None,
        }
    }

    fn unknown(self) -> Option<(char, usize)> {
        match self {
            Self::Directive(letter, at) if !DIRECTIVES.contains(letter) => Some((letter, at)),
            _ => None,
        }
    }
}

fn pieces(format: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut letters = format.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        if letter != '%' {
            pieces.push(Piece::Letter(letter, at));
            continue;
        }
        // Flags, a width, colons, the point of a fraction.
        let is_between = |letter: char| "-_0^#:.".contains(letter) || letter.is_ascii_digit();
        while letters.next_if(|(_, letter)| is_between(*letter)).is_some() {}
        pieces.push(Piece::Directive(letters.next().map_or(' ', |(_, letter)| letter), at));
    }
    pieces
}

/// Where a Z stands for itself behind a part of the time.
fn zulu(pieces: &[Piece]) -> Option<usize> {
    pieces.iter().enumerate().find_map(|(index, piece)| {
        let Piece::Letter('Z', at) = *piece else { return None };
        let is_letter = |piece: Option<&Piece>| {
            matches!(piece, Some(Piece::Letter(letter, _)) if letter.is_alphabetic())
        };
        let before = index.checked_sub(1).and_then(|before| pieces.get(before));
        (before.is_some() && !is_letter(before) && !is_letter(pieces.get(index + 1))).then_some(at)
    })
}

fn without_directives(format: &str) -> FormatFault {
    let meant = translated(format).filter(|meant| meant.contains('%'));
    let hint = match meant {
        Some(meant) => format!("here it is '{meant}'"),
        None => "as in '%d/%m/%Y %H:%M'".to_owned(),
    };
    FormatFault {
        message: format!("`{format}` is no format that is understood: its parts begin with %"),
        hint,
    }
}

/// A format of another language in ours; none where that is no such format.
fn translated(format: &str) -> Option<String> {
    let mut out = String::with_capacity(format.len() + 8);
    let mut rest = format;
    while let Some(letter) = rest.chars().next() {
        if let Some(quoted) = rest.strip_prefix('\'') {
            let end = quoted.find('\'')?;
            out.push_str(&quoted[..end]);
            rest = &quoted[end + 1..];
            continue;
        }
        if letter == 'T' || !letter.is_ascii_alphabetic() {
            out.push(letter);
            rest = &rest[letter.len_utf8()..];
            continue;
        }
        let (word, directive) = FOREIGN.iter().find(|(word, _)| rest.starts_with(word))?;
        rest = &rest[word.len()..];
        out.push_str(match *word {
            // Who writes dd/mm/yyyy means the month; minutes stand behind hours.
            "mm" | "m" if !out.contains("%H") && !out.contains("%I") => "%m",
            "MM" | "M" if out.ends_with("%H:") || out.ends_with("%I:") => "%M",
            _ => directive,
        });
    }
    // Without a half of the day an hour is one of 24, however it was written.
    Some(if out.contains("%p") { out } else { out.replace("%I", "%H") })
}

fn unknown_directive(format: &str, letter: char, at: usize) -> FormatFault {
    let instead = match letter {
        'i' => Some("%M"),
        'o' => Some("%z"),
        'E' | 'O' => None,
        _ => None,
    };
    let written: String = format[at..].chars().take_while(|next| *next != letter).collect();
    let written = format!("{written}{letter}");
    let hint = match (letter, instead) {
        ('Z', _) => {
            "leave the zone's name out of format and text and set the job's `timezone`; %z reads offsets such as +0700 and \
             Z, %Q names such as Asia/Ho_Chi_Minh"
                .to_owned()
        }
        (_, Some(instead)) => {
            format!("write {instead}: '{}'", format.replacen(&written, instead, 1))
        }
        _ => "%d %m %Y are day, month and year, %H %M %S hour, minute and second, %z an offset, %s \
              seconds since 1970"
            .to_owned(),
    };
    FormatFault {
        message: format!("`{}` is nothing that a time can be read by", written.trim()),
        hint,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_that_are_good_are_left_alone() {
        for format in [
            "%d/%m/%Y",
            "%d/%m/%y %H:%M",
            "%Y-%m-%dT%H:%M:%S%z",
            "%Y-%m-%d %H:%M:%S%.f %:z",
            "%s",
            "%F %T",
            "%-d.%-m.%Y",
            "%d %B %Y %I:%M %p",
            "Ngày %d tháng %m năm %Y",
            "%Y-%m-%d %H:%M:%S %Q",
            "Zeit: %d.%m.%Y",
        ] {
            assert_eq!(fault(format), None, "{format}");
        }
    }

    #[test]
    fn what_was_meant_is_said() {
        for (format, hint) in [
            ("dd/MM/yyyy", "'%d/%m/%Y'"),
            ("dd/mm/yyyy", "'%d/%m/%Y'"),
            ("DD/MM/YYYY HH:mm", "'%d/%m/%Y %H:%M'"),
            ("yyyy-MM-dd'T'HH:mm:ssZ", "'%Y-%m-%dT%H:%M:%S%z'"),
            ("yyyy-MM-ddTHH:mm:ss.SSSXXX", "'%Y-%m-%dT%H:%M:%S.%f%:z'"),
            ("d.M.yy", "'%d.%m.%y'"),
            ("hh:mm a dd/MM/yyyy", "'%I:%M %p %d/%m/%Y'"),
            ("dd/mm/yyyy hh:mm", "'%d/%m/%Y %H:%M'"),
            ("%d/%m/%Y %I:%M", "'%d/%m/%Y %H:%M'"),
            ("iso", "as in '%d/%m/%Y %H:%M'"),
            ("%Y-%m-%dT%H:%M:%SZ", "'%Y-%m-%dT%H:%M:%S%z'"),
            ("%Y-%m-%d %H:%M Z", "'%Y-%m-%d %H:%M %z'"),
            ("%Y-%m-%d %H:%M %Z", "`timezone`"),
            ("%d/%M/%Y", "'%d/%m/%Y'"),
            ("%d/%m/%Y %H:%m", "'%d/%m/%Y %H:%M'"),
            ("%d/%m/%Y %H:%i", "'%d/%m/%Y %H:%M'"),
            ("%d/%m/%Y %H:%M:%s", "'%d/%m/%Y %H:%M:%S'"),
            ("%d/%m %H:%M", "%Y is a year"),
            ("%d/%m/%Y %", "%d %m %Y are"),
        ] {
            let found = fault(format);
            assert!(found.as_ref().is_some_and(|found| found.hint.contains(hint)), "{found:?}");
        }
    }
}
