//! From `answers` as written to what is meant.

use crate::text::pointer::Pointer;

use super::super::reader::Reader;
use super::written::{AnswersFile, NotFoundFile};
use super::{Answers, NotFound};

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
        retry: file.retry.unwrap_or_else(|| vec![429]),
        unauthorized: file.unauthorized.unwrap_or_else(|| vec![401]),
        not_found: not_found(file.not_found),
    }
}

fn not_found(file: NotFoundFile) -> NotFound {
    NotFound {
        status: file.status.unwrap_or_else(|| vec![404]),
        code: file.code,
        message: file.message.iter().map(|part| part.to_lowercase()).collect(),
    }
}
