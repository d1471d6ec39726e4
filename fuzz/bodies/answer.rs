//! An answer: its status in two bytes, and its body. Nothing is done that does not say so.

use noteferry::proofs::Answer;
use noteferry::proofs::Place;
use noteferry::proofs::Reply;
use noteferry::proofs::{Catalogue, Connector};
use noteferry::proofs::{Verdict, judge};

thread_local! {
    static STRINGEEX: Connector =
        Catalogue::default().load("stringeex", Place::Nowhere).expect("it is built in");
}

pub(crate) fn run(data: &[u8]) {
    let Some((status, body)) = data.split_first_chunk::<2>() else { return };
    let status = 100 + u16::from_le_bytes(*status) % 500;
    STRINGEEX.with(|connector| {
        for operation in connector.operations.values() {
            let answer = Answer { status, body: body.to_vec(), ..Answer::default() };
            check(status, body, judge(&connector.answers, operation, Reply::Answer(answer)));
        }
    });
}

fn check(status: u16, body: &[u8], verdict: Verdict) {
    match verdict {
        Verdict::Done { .. } => {
            let read: serde_json::Value = serde_json::from_slice(body).expect("it says so");
            assert!(
                (200..300).contains(&status) && read["r"].as_f64() == Some(0.0),
                "{status} {read}"
            );
        }
        Verdict::Retry { cause, .. }
        | Verdict::Refused(cause)
        | Verdict::NotFound(cause)
        | Verdict::Unknown { cause, .. }
        | Verdict::Unauthorized(cause) => {
            assert!(
                cause.message.as_ref().is_none_or(|text| text.chars().count() <= 301),
                "{cause:?}"
            );
        }
    }
}
