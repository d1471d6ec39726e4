//! What a ledger knows of the requests that earlier runs have made lately: whoever sends next begins its pace after them.
//!
//! What went with other ledgers is not known here; of that, runs of one account tell each other.

use std::time::Duration;

use crate::ledger::{Ledger, LedgerError, Reader as _};
use crate::text::quota::Quota;
use crate::traffic::pace::{EndedRequests, Moment, Pace, Past};

/// A pace that goes on after what has left for an address. `now` is in unix milliseconds.
pub(super) fn continued(
    mut pace: Pace,
    quotas: &[Quota],
    (ledger, base_url): (&Ledger, &str),
    now: i64,
) -> Result<Pace, LedgerError> {
    if let Some(longest) = Pace::longest_window(quotas)
        && let Some(past) = past(ledger, base_url, longest, now)?
    {
        pace.continue_after(Moment::default(), &past);
    }
    Ok(pace)
}

/// What the ledger knows of the requests of earlier runs in a window until now.
fn past(
    ledger: &Ledger,
    base_url: &str,
    window: Duration,
    now: i64,
) -> Result<Option<Past>, LedgerError> {
    let Some(last) = ledger.last_request(base_url)? else { return Ok(None) };
    let ago =
        |moment| Duration::from_millis(u64::try_from(now.saturating_sub(moment)).unwrap_or(0));
    if ago(last) > window {
        return Ok(None);
    }
    let window = i64::try_from(window.as_millis()).unwrap_or(i64::MAX);
    let known = ledger.requests_since(base_url, now.saturating_sub(window))?;
    let counts =
        known.ended.iter().map(|(at, count)| EndedRequests { ago: ago(*at), count: *count });
    Ok(Some(match known.is_whole {
        true => Past::All(counts.collect()),
        false => Past::About(ago(last), counts.collect()),
    }))
}
