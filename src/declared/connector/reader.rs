//! Collects what is wrong while a file of a connector is read, and reads the small things that every concept has.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use crate::row::Field;
use crate::text::address::{Query, check_path};
use crate::text::code::Code;
use crate::text::diagnostic::Diagnostic;
use crate::text::document::{Document, Unsound};
use crate::text::pointer::Pointer;
use crate::text::quota::{Quota, parse_duration};

use super::fields::FieldSet;
use super::template::Template;

/// Headers that follow from a request's address, its body and its connection.
const HEADERS_OF_THE_MESSAGE: [&str; 11] = [
    "connection",
    "content-encoding",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A file and what has been found wrong with it.
pub(super) struct Reader<'a> {
    pub(super) document: &'a Document,
    pub(super) problems: &'a mut Vec<Diagnostic>,
    /// Where what is read is not what was written: nothing is said of that.
    pub(super) unsound: &'a Unsound,
}

impl Reader<'_> {
    /// Notes that the value at a place will not do.
    pub(super) fn refuse(
        &mut self,
        at: &Pointer,
        code: Code,
        message: impl Into<String>,
        hint: &str,
    ) {
        if !self.unsound.covers(at) {
            let place = self.document.place_at(at);
            self.problems.push(Diagnostic::error(code, place, message).hint(hint));
        }
    }

    /// Complains of a name that is not the one that its file or folder bears; false where it does.
    pub(super) fn named_like(
        &mut self,
        at: &Pointer,
        name: &str,
        part: fn(&Path) -> Option<&Path>,
    ) -> bool {
        let document = self.document;
        let bearer = part(Path::new(document.name())).and_then(Path::file_name);
        if let Some(bearer) = bearer.and_then(OsStr::to_str).filter(|bearer| *bearer != name) {
            let message = format!("this is called `{name}`, but stands in `{bearer}`");
            self.refuse(at, Code::WrongName, message, "both must have the same name");
            return false;
        }
        true
    }

    /// Reads a list of JSON pointers; those that are none are complained of and left out.
    pub(super) fn pointers(&mut self, at: &Pointer, texts: &[String]) -> Vec<Pointer> {
        let read = texts.iter().enumerate();
        read.filter_map(|(number, text)| self.pointer(&at.join(number), text)).collect()
    }

    /// Reads a JSON pointer, and complains of a text that is none.
    pub(super) fn pointer(&mut self, at: &Pointer, text: &str) -> Option<Pointer> {
        let read = Pointer::parse(text).ok();
        if read.is_none() {
            let message = format!("`{text}` is no JSON pointer");
            self.refuse(at, Code::InvalidPointer, message, "as in /data/id");
        }
        read
    }

    pub(super) fn quota(&mut self, at: &Pointer, text: &str) -> Option<Quota> {
        let read = text.parse::<Quota>();
        read.map_err(|error| self.refuse(at, Code::InvalidQuota, error.to_string(), error.hint()))
            .ok()
    }

    /// Reads a length of time; none where none is written, or one that cannot be read.
    pub(super) fn duration(&mut self, at: &Pointer, text: Option<&str>) -> Option<Duration> {
        let read = parse_duration(text?);
        read.map_err(|error| {
            self.refuse(at, Code::InvalidDuration, error.to_string(), error.hint())
        })
        .ok()
    }

    /// Reads a text with `{field}` in it, and complains of fields that are not declared.
    pub(super) fn template(
        &mut self,
        at: &Pointer,
        text: &str,
        fields: &FieldSet,
    ) -> Option<Template> {
        let read = Template::parse(text, |name| self.field(at, name, fields));
        read.map_err(|message| {
            self.refuse(at, Code::InvalidTemplate, message, "write a field as {field}");
        })
        .ok()
    }

    /// Complains of a path that leads elsewhere than behind the base URL.
    pub(super) fn path(&mut self, at: &Pointer, path: &str, query: Query) {
        if let Err(error) = check_path(path, query) {
            self.refuse(at, Code::InvalidValue, error.to_string(), error.hint());
        }
    }

    /// Complains of a header that says how the message itself is sent: whoever could set that could send another message.
    pub(super) fn header(&mut self, at: &Pointer, name: &str) {
        if HEADERS_OF_THE_MESSAGE.contains(&name.to_ascii_lowercase().as_str()) {
            let message = format!("the header `{name}` is not a connector's to set");
            let hint = "it follows from the address and the body of each request; leave it out";
            self.refuse(at, Code::InvalidValue, message, hint);
        }
    }

    /// Whether the fields that are declared are not those that were written.
    pub(super) fn fields_are_unsound(&self) -> bool {
        self.unsound.covers(&Pointer::of(["fields"]))
    }

    /// Finds a field by its name, and complains of a name that is none.
    pub(super) fn field(&mut self, at: &Pointer, name: &str, fields: &FieldSet) -> Option<Field> {
        let found = fields.find(name);
        let is_declared = found.is_some() || self.fields_are_unsound();
        if !is_declared && !self.unsound.covers(at) {
            let message = format!("the operation has no field `{name}`");
            let place = self.document.place_at(at);
            let problem = Diagnostic::error(Code::UnknownField, place, message);
            self.problems.push(problem.hint_names(name, fields.names()));
        }
        found
    }

    /// Finds fields by their names, and complains of each name that is none.
    pub(super) fn fields(
        &mut self,
        at: &Pointer,
        names: &[String],
        fields: &FieldSet,
    ) -> Vec<Field> {
        let names = names.iter().enumerate();
        names.filter_map(|(number, name)| self.field(&at.join(number), name, fields)).collect()
    }
}
