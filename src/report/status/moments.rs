//! Moments of a ledger, for people and for scripts.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

pub(in crate::report) fn moment(milliseconds: i64, zone: &TimeZone) -> Option<Zoned> {
    let moment = Timestamp::from_millisecond(milliseconds).ok()?;
    Some(moment.to_zoned(zone.clone()))
}

pub(in crate::report) fn rfc3339(milliseconds: i64) -> Option<String> {
    Timestamp::from_millisecond(milliseconds).ok().map(|moment| moment.to_string())
}
