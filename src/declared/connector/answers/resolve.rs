//! From `answers` as written to what is meant.

use crate::text::pointer::Pointer;

use super::super::reader::Reader;
use super::written::{AnswersFile, NotFoundFile, RetryFile, ToldRetryFile};
use super::{Answers, Told};

/// Resolves `answers`. Pointers that are none are told to the reader and left out.
pub(in super::super) fn resolve(file: AnswersFile, reader: &mut Reader<'_>) -> Answers {
    let at = Pointer::of(["answers"]);
    let success_at = at.join("success").join("at");
    Answers {
        success: file
            .success
            .and_then(|success| Some((reader.pointer(&success_at, &success.at)?, success.equals))),
        code: reader.pointers(&at.join("code"), &file.code),
        message: reader.pointers(&at.join("message"), &file.message),
        retry: retry(file.retry),
        unauthorized: file.unauthorized.unwrap_or_else(|| vec![401]),
        not_found: not_found(file.not_found),
    }
}

fn retry(file: Option<RetryFile>) -> Told {
    let file = match file {
        None => ToldRetryFile::default(),
        Some(RetryFile::Statuses(status)) => {
            ToldRetryFile { status: Some(status), ..ToldRetryFile::default() }
        }
        Some(RetryFile::Told(file)) => file,
    };
    told(file.status.unwrap_or_else(|| vec![429]), file.code, &file.message)
}

fn told(status: Vec<u16>, code: Vec<String>, message: &[String]) -> Told {
    Told { status, code, message: message.iter().map(|part| part.to_lowercase()).collect() }
}

fn not_found(file: NotFoundFile) -> Told {
    told(file.status.unwrap_or_else(|| vec![404]), file.code, &file.message)
}
