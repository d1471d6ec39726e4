//! Which cells of a workbook of Excel are moments: the format of a number says so, and nothing else does.
//!
//! Not for how anything looks.

use std::collections::HashMap;
use std::io::Read;

use super::xml::{Node, Tag, Xml};
use super::zip::broken;

/// More than Excel writes.
const MOST_STYLES: usize = 1 << 17;

/// What the number of a cell is, by its format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Moment,
    Length,
}

/// The styles of cells, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Styles(Vec<Kind>);

impl Styles {
    pub(super) fn read<R: Read>(xml: &mut Xml<R>) -> Result<Self, quick_xml::Error> {
        let mut own: HashMap<u32, Kind> = HashMap::new();
        let mut styles = Vec::new();
        let (mut among_formats, mut among_styles) = (false, false);
        loop {
            match xml.next()? {
                Node::Start(tag) => match tag.name().local() {
                    "numFmts" => among_formats = true,
                    "cellXfs" => among_styles = true,
                    "numFmt" if among_formats => {
                        if let Some((number, kind)) = own_format(&tag) {
                            own.insert(number, kind);
                        }
                    }
                    "xf" if among_styles => {
                        let number = tag.attribute("numFmtId").and_then(|id| id.parse().ok());
                        let kind = number.map_or(Kind::Number, |number| {
                            own.get(&number).copied().unwrap_or_else(|| built_in(number))
                        });
                        styles.push(kind);
                    }
                    _ => {}
                },
                Node::End(tag) => match tag.name().local() {
                    "numFmts" => among_formats = false,
                    "cellXfs" => among_styles = false,
                    _ => {}
                },
                Node::Over => return Ok(Self(styles)),
                _ => {}
            }
            if own.len() > MOST_STYLES || styles.len() > MOST_STYLES {
                return Err(broken(format!("it has more than {MOST_STYLES} styles")).into());
            }
        }
    }

    /// What a number in a cell of this style is; none where there is no such style. A cell without one has the first.
    pub(super) fn kind(&self, style: Option<&str>) -> Option<Kind> {
        match style.map_or(Some(0), |style| style.trim().parse::<usize>().ok())? {
            // A workbook without styles has that one all the same.
            0 => Some(self.0.first().copied().unwrap_or(Kind::Number)),
            number => self.0.get(number).copied(),
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }
}

fn own_format(tag: &Tag<'_>) -> Option<(u32, Kind)> {
    Some((tag.attribute("numFmtId")?.parse().ok()?, of_code(&tag.attribute("formatCode")?)))
}

/// Formats that have a number and no code (ECMA-376, 18.8.30), those of East Asia among them.
fn built_in(number: u32) -> Kind {
    match number {
        14..=22 | 27..=36 | 45 | 47 | 50..=58 => Kind::Moment,
        46 => Kind::Length,
        _ => Kind::Number,
    }
}

/// What a format makes of a number: a moment where it has a letter of one outside of quotes and brackets, a length of time where
/// such a letter stands alone in brackets.
fn of_code(code: &str) -> Kind {
    // What is negative or a text has its own part, behind the first.
    let mut letters = code.chars();
    let mut has_half_of_day = false;
    while let Some(letter) = letters.next() {
        match letter {
            ';' => break,
            // The next one is shown, left out or repeated as it is.
            '\\' | '_' | '*' => drop(letters.next()),
            '"' => drop(letters.find(|letter| *letter == '"')),
            '[' => {
                let within: String = letters.by_ref().take_while(|letter| *letter != ']').collect();
                let within = within.to_ascii_lowercase();
                let first = within.chars().next();
                if first.is_some_and(|first| "hms".contains(first))
                    && within.chars().all(|letter| Some(letter) == first)
                {
                    return Kind::Length;
                }
            }
            'a' | 'A' if !has_half_of_day => has_half_of_day = true,
            'p' | 'P' | 'm' | 'M' | '/' if has_half_of_day => return Kind::Moment,
            _ if "dmhysDMHYS".contains(letter) && !has_half_of_day => return Kind::Moment,
            _ => {}
        }
    }
    Kind::Number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_that_show_moments_are_told_from_others() {
        for (code, kind) in [
            ("DD/MM/YY", Kind::Moment),
            ("H:MM:SS;@", Kind::Moment),
            ("#,##0\\ [$\u{20bd}-46D]", Kind::Number),
            ("m\"M\"d\"D\";@", Kind::Moment),
            ("[h]:mm:ss", Kind::Length),
            ("\"Y: \"0.00\"m\";\"Y: \"-0.00\"m\"", Kind::Number),
            ("\"$\"#,##0_);[Red](\"$\"#,##0)", Kind::Number),
            ("[$-404]e\"x\"m\"x\"d\"x\"", Kind::Moment),
            ("0_ ;[Red]\\-0\\ ", Kind::Number),
            ("\\Y000000", Kind::Number),
            ("[ss]", Kind::Length),
            ("[>=100][Magenta][s].00", Kind::Length),
            ("[>=100][Magenta]General", Kind::Number),
            ("ha/p\\\\m", Kind::Moment),
            ("#,##0*y", Kind::Number),
            ("*-yyyy-mm-dd", Kind::Moment),
            ("General", Kind::Number),
            ("@", Kind::Number),
            ("[", Kind::Number),
            ("\"", Kind::Number),
        ] {
            assert_eq!(of_code(code), kind, "{code}");
        }
    }
}
