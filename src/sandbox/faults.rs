//! What goes wrong, and how often: the notation (`503=5%,reset-after=2%`) and the draw.
//!
//! Not what a fault does to a request: that is the books' business.

use std::fmt;
use std::str::FromStr;

use hyper::StatusCode;

/// One way for a call to go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Refused as if over the quota; not acted on.
    PushBack,
    /// Refused as if the token were bad; not acted on.
    Unauthorized,
    /// Refused with HTTP 200 and `r` 1; not acted on.
    Refuse,
    /// Answered with this status; not acted on.
    Fail(StatusCode),
    /// Acted on, then answered with this status.
    FailAfter(StatusCode),
    /// The connection is dropped; not acted on.
    Reset,
    /// Acted on, then the connection is dropped.
    ResetAfter,
    /// Acted on, then answered with less than the length announced.
    CutAfter,
    /// Answered by a gateway, with a page; not acted on.
    Html,
    /// Acted on, and answered late.
    Slow,
    /// The connection is dropped; acted on late.
    ResetLate,
    /// Acted on twice, as where somebody on the way sends it again; the first answer is given.
    Twice,
    /// Acted on, and the answer names nothing.
    Nameless,
    /// Acted on, and answered with success and what is no JSON.
    Garbled,
}

const KNOWN: [(&str, Fault); 20] = [
    ("429", Fault::PushBack),
    ("401", Fault::Unauthorized),
    ("refuse", Fault::Refuse),
    ("500", Fault::Fail(StatusCode::INTERNAL_SERVER_ERROR)),
    ("502", Fault::Fail(StatusCode::BAD_GATEWAY)),
    ("503", Fault::Fail(StatusCode::SERVICE_UNAVAILABLE)),
    ("504", Fault::Fail(StatusCode::GATEWAY_TIMEOUT)),
    ("500-after", Fault::FailAfter(StatusCode::INTERNAL_SERVER_ERROR)),
    ("502-after", Fault::FailAfter(StatusCode::BAD_GATEWAY)),
    ("503-after", Fault::FailAfter(StatusCode::SERVICE_UNAVAILABLE)),
    ("504-after", Fault::FailAfter(StatusCode::GATEWAY_TIMEOUT)),
    ("reset", Fault::Reset),
    ("reset-after", Fault::ResetAfter),
    ("cut-after", Fault::CutAfter),
    ("html", Fault::Html),
    ("slow", Fault::Slow),
    ("reset-late", Fault::ResetLate),
    ("twice", Fault::Twice),
    ("no-id", Fault::Nameless),
    ("garbled-after", Fault::Garbled),
];

impl Fault {
    /// The name it is asked for by.
    pub(super) fn name(self) -> &'static str {
        KNOWN.iter().find(|(_, fault)| *fault == self).map_or("", |(name, _)| name)
    }
}

/// Certainty, in the unit that chances are held in: a ten-thousandth of a percent.
const CERTAIN: u32 = 1_000_000;

/// Faults with their chances, which never add up to more than 100 %. The default is none.
///
/// Written `503=5%,reset-after=0.5%`. A name that ends in `-after` lets the call do its work first:
///
/// | name | what the caller sees |
/// |---|---|
/// | `429` | a push-back, one second long |
/// | `401` | a good token refused |
/// | `refuse` | HTTP 200 with `r` 1, "internal error" |
/// | `500` `502` `503` `504`, each also `-after` | that status |
/// | `html` | a gateway's page with status 502 |
/// | `reset`, `reset-after` | the connection reset instead of an answer |
/// | `cut-after` | half an answer, then the end of the connection |
/// | `slow` | the right answer, late |
/// | `reset-late` | the connection reset; a create acts later than that |
/// | `twice` | the right answer; the call was done twice |
/// | `no-id` | a create's answer without the id |
/// | `garbled-after` | status 200 and a page |
///
/// They meet calls of notes alone, not logins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults(Vec<(Fault, u32)>);

impl Faults {
    /// At most one fault, drawn once for every call. Without faults nothing is drawn.
    pub(super) fn draw(&self, random: &mut fastrand::Rng) -> Option<Fault> {
        if self.0.is_empty() {
            return None;
        }
        let mut left = random.u32(0..CERTAIN);
        for (fault, chance) in &self.0 {
            if left < *chance {
                return Some(*fault);
            }
            left -= chance;
        }
        None
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (fault, chance)) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            let percent = f64::from(*chance) / 10_000.0;
            write!(formatter, "{comma}{}={percent}%", fault.name())?;
        }
        Ok(())
    }
}

/// Why a text names no faults. Its words are for the person who wrote the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultsError {
    /// This part is not `fault=percent%`.
    #[error("`{0}` is not a fault and its chance")]
    Notation(String),
    /// No fault has this name.
    #[error("no fault is called `{0}`")]
    Unknown(String),
    /// This is no percentage from 0 to 100.
    #[error("`{0}` is not a chance")]
    Chance(String),
    /// This fault is asked for twice.
    #[error("the fault `{0}` is given twice")]
    Twice(String),
    /// All faults together come to more than 100 %.
    #[error("the chances add up to more than 100%")]
    TooMuch,
}

impl FaultsError {
    /// What to write instead.
    pub fn hint(&self) -> String {
        match self {
            Self::Notation(_) => {
                "write a name and a percentage, as in 503=5% or 503=5%,reset-after=0.5%".to_owned()
            }
            Self::Unknown(_) => {
                let names: Vec<&str> = KNOWN.iter().map(|(name, _)| *name).collect();
                format!("the faults are {}", names.join(", "))
            }
            Self::Chance(_) => {
                "a chance is a percentage from 0% to 100%, as in 5% or 0.5%".to_owned()
            }
            Self::Twice(_) => "give each fault once, with its whole chance".to_owned(),
            Self::TooMuch => {
                "a request meets one fault at most, so keep the sum within 100%".to_owned()
            }
        }
    }
}

impl FromStr for Faults {
    type Err = FaultsError;

    /// Reads `NAME=5%`, separated by commas; an empty text is no fault at all.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut faults = Self::default();
        if text.trim().is_empty() {
            return Ok(faults);
        }
        for item in text.split(',') {
            let (fault, chance) = read(item.trim())?;
            if faults.0.iter().any(|(earlier, _)| *earlier == fault) {
                return Err(FaultsError::Twice(fault.name().to_owned()));
            }
            faults.0.push((fault, chance));
        }
        let sum: u64 = faults.0.iter().map(|(_, chance)| u64::from(*chance)).sum();
        if sum > u64::from(CERTAIN) { Err(FaultsError::TooMuch) } else { Ok(faults) }
    }
}

/// One `NAME=5%`.
fn read(item: &str) -> Result<(Fault, u32), FaultsError> {
    let (name, chance) =
        item.split_once('=').ok_or_else(|| FaultsError::Notation(item.to_owned()))?;
    let (name, chance) = (name.trim(), chance.trim());
    let known = KNOWN.iter().find(|(known, _)| *known == name);
    let (_, fault) = known.ok_or_else(|| FaultsError::Unknown(name.to_owned()))?;
    let chance = read_chance(chance).ok_or_else(|| FaultsError::Chance(chance.to_owned()))?;
    Ok((*fault, chance))
}

fn read_chance(text: &str) -> Option<u32> {
    let number = text.strip_suffix('%')?.trim_end();
    // Of what a float may look like, only digits and a point: no sign, exponent or `inf`.
    if !number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    let percent: f64 = number.parse().ok()?;
    // In range, so the conversion loses nothing but what is smaller than the unit.
    (0.0..=100.0).contains(&percent).then(|| (percent * 10_000.0).round() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_read_and_print_alike() {
        for (text, printed) in [
            ("", ""),
            ("503=5%", "503=5%"),
            (" 503 = 5 % , reset-after=0.5%", "503=5%,reset-after=0.5%"),
            ("slow=100%", "slow=100%"),
            ("html=0%", "html=0%"),
            ("500=33.3%,502=33.3%,504=33.4%", "500=33.3%,502=33.3%,504=33.4%"),
            ("429=0.0001%", "429=0.0001%"),
        ] {
            let faults: Faults = text.parse().unwrap();
            assert_eq!(faults.to_string(), printed);
            assert_eq!(printed.parse(), Ok(faults));
        }
    }

    #[test]
    fn what_names_no_fault_is_refused() {
        use FaultsError::{Chance, Notation, TooMuch, Twice, Unknown};
        for (text, expected) in [
            ("503", Notation("503".to_owned())),
            ("503=5%,", Notation(String::new())),
            ("teapot=5%", Unknown("teapot".to_owned())),
            ("503=5", Chance("5".to_owned())),
            ("503=-5%", Chance("-5%".to_owned())),
            ("503=%", Chance("%".to_owned())),
            ("503=1e1%", Chance("1e1%".to_owned())),
            ("503=nan%", Chance("nan%".to_owned())),
            ("503=100.1%", Chance("100.1%".to_owned())),
            ("503=5%,503=6%", Twice("503".to_owned())),
            ("503=60%,500=40.1%", TooMuch),
        ] {
            assert_eq!(text.parse::<Faults>(), Err(expected), "{text}");
        }
    }

    #[test]
    fn an_unknown_name_is_told_the_known_ones() {
        let hint = "teapot=5%".parse::<Faults>().unwrap_err().hint();
        assert!(KNOWN.iter().all(|(name, _)| hint.contains(name)), "{hint}");
    }

    #[test]
    fn the_same_seed_draws_the_same_faults() {
        let faults: Faults = "503=20%,reset-after=10%,slow=5%".parse().unwrap();
        let draws = |seed| {
            let mut random = fastrand::Rng::with_seed(seed);
            (0..200).map(|_| faults.draw(&mut random)).collect::<Vec<_>>()
        };
        assert_eq!(draws(7), draws(7));
        assert_ne!(draws(7), draws(8));
    }

    #[test]
    fn chances_are_kept() {
        let faults: Faults = "503=20%,reset=10%,slow=0%".parse().unwrap();
        let mut random = fastrand::Rng::with_seed(1);
        let draws: Vec<_> = (0..10_000).map(|_| faults.draw(&mut random)).collect();
        let count = |fault| draws.iter().filter(|drawn| **drawn == fault).count();
        assert!(
            (1_800..2_200).contains(&count(Some(Fault::Fail(StatusCode::SERVICE_UNAVAILABLE))))
        );
        assert!((850..1_150).contains(&count(Some(Fault::Reset))));
        assert_eq!(count(Some(Fault::Slow)), 0);
        let certain: Faults = "500=60%,html=40%".parse().unwrap();
        assert!((0..1_000).all(|_| certain.draw(&mut random).is_some()));
    }
}
