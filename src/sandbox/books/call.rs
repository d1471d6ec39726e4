//! Which call of the API a method and a path are.
//!
//! Not for what comes of one.

use std::borrow::Cow;

use hyper::{Method, StatusCode};

use super::super::answer::Answer;
use super::super::query;

/// What a request asks for.
pub(super) enum Call<'a> {
    LogIn,
    Note(NoteCall<'a>),
}

pub(super) enum NoteCall<'a> {
    Create,
    List,
    Update(Cow<'a, str>),
    Delete(Cow<'a, str>),
}

impl<'a> Call<'a> {
    /// Finds the call of a method and a path under `/v1/`, or the 404 or 405 there is instead.
    pub(super) fn route(method: &Method, path: &'a str) -> Result<Self, Answer> {
        match (path, method) {
            ("account", &Method::POST) => Ok(Self::LogIn),
            ("account", _) => Err(not_allowed("POST")),
            ("ticketNote", &Method::POST) => Ok(Self::Note(NoteCall::Create)),
            ("ticketNote", &Method::GET) => Ok(Self::Note(NoteCall::List)),
            ("ticketNote", _) => Err(not_allowed("GET, POST")),
            _ => Self::route_note(method, path).map(Self::Note),
        }
    }

    fn route_note(method: &Method, path: &'a str) -> Result<NoteCall<'a>, Answer> {
        let id = path.strip_prefix("ticketNote/").and_then(note_id).ok_or_else(not_found)?;
        match *method {
            Method::PUT => Ok(NoteCall::Update(id)),
            Method::DELETE => Ok(NoteCall::Delete(id)),
            _ => Err(not_allowed("PUT, DELETE")),
        }
    }
}

/// The id in the last segment of a path; none when that is empty, broken or not the last.
fn note_id(segment: &str) -> Option<Cow<'_, str>> {
    if segment.is_empty() || segment.contains('/') {
        return None;
    }
    if !segment.contains('%') {
        return Some(Cow::Borrowed(segment));
    }
    query::segment(segment).map(Cow::Owned)
}

pub(super) fn not_found() -> Answer {
    Answer::failure(StatusCode::NOT_FOUND)
}

pub(super) fn not_allowed(allow: &'static str) -> Answer {
    Answer { allow: Some(allow), ..Answer::failure(StatusCode::METHOD_NOT_ALLOWED) }
}
