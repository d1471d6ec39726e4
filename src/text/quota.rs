//! What an API allows: so many requests in so long, as in `30/10s`.
//!
//! The value and its notation, and the notation of durations. Not the keeping of a quota: that is `pace`
//! (for us) and `sandbox` (for the other side).

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// At most `requests` in every `window`, wherever the window is laid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// So many at the most in any window.
    pub requests: NonZeroU32,
    /// Longer than zero.
    pub window: Duration,
}

impl Quota {
    /// Requests a second that the quota allows in the long run.
    pub fn per_second(&self) -> f64 {
        f64::from(self.requests.get()) / self.window.as_secs_f64()
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.requests, duration_text(self.window))
    }
}

/// Why a text is no quota or no duration. Its words are for the person who wrote the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotationError {
    #[error("`{0}` is not a quota")]
    Quota(String),
    #[error("`{0}` is not a duration")]
    Duration(String),
}

impl NotationError {
    /// What to write instead.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Quota(_) => {
                "a quota is a number of requests and a time, as in 50/s, 30/10s or 9000/1h"
            }
            Self::Duration(_) => "a duration is a number and a unit, as in 80ms, 10s, 5m, 1h or 1d",
        }
    }
}

impl FromStr for Quota {
    type Err = NotationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || NotationError::Quota(text.to_owned());
        let (requests, window) = text.trim().split_once('/').ok_or_else(refuse)?;
        let requests = requests.trim().parse().map_err(|_| refuse())?;
        let window = window.trim();
        let window = if window.starts_with(|first: char| first.is_ascii_digit()) {
            parse_duration(window)
        } else {
            parse_duration(&format!("1{window}"))
        };
        match window {
            Ok(window) if !window.is_zero() => Ok(Self { requests, window }),
            _ => Err(refuse()),
        }
    }
}

impl<'de> Deserialize<'de> for Quota {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error: NotationError| {
            serde::de::Error::custom(format!("{error}: {}", error.hint()))
        })
    }
}

impl Serialize for Quota {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

const UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads `80ms`, `10s`, `5m`, `1h` or `1d`; whole numbers only.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, NotationError> {
    let refuse = || NotationError::Duration(text.to_owned());
    let trimmed = text.trim();
    let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = trimmed.split_at(digits);
    let number: u64 = number.parse().map_err(|_| refuse())?;
    let (_, milliseconds) =
        UNITS.iter().find(|(name, _)| *name == unit.trim()).ok_or_else(refuse)?;
    let milliseconds = number.checked_mul(*milliseconds).ok_or_else(refuse)?;
    Ok(Duration::from_millis(milliseconds))
}

/// The notation that [`parse_duration`] reads, in the largest unit that loses nothing.
/// Less than a millisecond is dropped.
pub(crate) fn duration_text(duration: Duration) -> String {
    let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let (unit, size) = UNITS
        .iter()
        .find(|(_, size)| milliseconds != 0 && milliseconds.is_multiple_of(*size))
        .unwrap_or(&("s", 1_000));
    format!("{}{unit}", milliseconds / size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_read_and_print_alike() {
        for (text, requests, milliseconds, printed) in [
            ("30/10s", 30, 10_000, "30/10s"),
            ("9000/1h", 9000, 3_600_000, "9000/1h"),
            ("50/s", 50, 1_000, "50/1s"),
            (" 5 / 250ms ", 5, 250, "5/250ms"),
            ("100/90s", 100, 90_000, "100/90s"),
            ("7/2m", 7, 120_000, "7/2m"),
        ] {
            let quota: Quota = text.parse().unwrap();
            assert_eq!(quota.requests.get(), requests, "{text}");
            assert_eq!(quota.window, Duration::from_millis(milliseconds), "{text}");
            assert_eq!(quota.to_string(), printed);
            assert_eq!(printed.parse::<Quota>(), Ok(quota));
        }
    }

    #[test]
    fn what_is_no_quota_is_refused() {
        for text in [
            "",
            "30",
            "30/",
            "0/1s",
            "-1/s",
            "30/0s",
            "30/10",
            "a/s",
            "30/10 parsecs",
            "1/99999999999999999d",
        ] {
            assert_eq!(text.parse::<Quota>(), Err(NotationError::Quota(text.to_owned())), "{text}");
        }
    }
}
