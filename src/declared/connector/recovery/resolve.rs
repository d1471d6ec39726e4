//! From `recover` as written to what is meant, now that all operations are known.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::row::Field;
use crate::text::code::Code;
use crate::text::diagnostic::Diagnostic;
use crate::text::pointer::Pointer;

use super::super::reader::Reader;
use super::super::{Effect, FieldSet, Operation};
use super::written::{CutsFile, PagesFile, RecoverFile};
use super::{Cuts, Pages, Recover};

/// Resolves how an operation settles its lost answers; none where its list is told to the reader as missing.
pub(in super::super) fn resolve(
    file: RecoverFile,
    operation: &Operation,
    all: &[Arc<Operation>],
    reader: &mut Reader<'_>,
) -> Option<Recover> {
    let at = Pointer::of(["recover"]);
    let list = list(&file, all, reader)?;
    let mut with = Vec::new();
    for (to, from) in &file.with {
        let at = at.join("with").join(to);
        let to = reader.field(&at, to, &list.fields);
        let from = reader.field(&at, from, &operation.fields);
        with.extend(to.zip(from));
    }
    one_lane_a_list(operation, &with, reader);
    let mut newest_first = Vec::new();
    for (name, value) in file.newest_first {
        let field = reader.field(&at.join("newest_first").join(&name), &name, &list.fields);
        newest_first.extend(field.map(|field| (field, value.into())));
    }
    let fields = places(&at.join("match"), &file.fields, operation, reader);
    let kinds = places(&at.join("kinds"), &file.kinds, operation, reader);
    let id = reader.pointers(&at.join("id"), &file.id);
    let created = reader.pointers(&at.join("created"), &file.created);
    let marker = file.marker.and_then(|name| marker(&name, &fields, &operation.fields, reader));
    Some(Recover {
        list: Arc::clone(list),
        lists_lane: with.iter().all(|(_, from)| operation.lane.fields().any(|lane| lane == *from)),
        with,
        newest_first,
        fields,
        kinds,
        id,
        created,
        text: file.text,
        cuts: file.cuts.map(cuts),
        pages: file.pages.map(pages),
        marker,
    })
}

/// Fields of the operation, and where an item has them.
fn places(
    at: &Pointer,
    written: &IndexMap<String, Vec<String>>,
    operation: &Operation,
    reader: &mut Reader<'_>,
) -> Vec<(Field, Vec<Pointer>)> {
    let mut places = Vec::new();
    for (name, pointers) in written {
        let at = at.join(name);
        let field = reader.field(&at, name, &operation.fields);
        let pointers = reader.pointers(&at, pointers);
        places.extend(field.map(|field| (field, pointers)));
    }
    places
}

/// Finds the reading operation that shows what is there.
fn list<'a>(
    file: &RecoverFile,
    all: &'a [Arc<Operation>],
    reader: &mut Reader<'_>,
) -> Option<&'a Arc<Operation>> {
    let lists = || all.iter().filter(|operation| operation.effect == Effect::Read);
    let found = lists().find(|operation| *operation.name == *file.list);
    if found.is_none() {
        let place = reader.document.place_at(&Pointer::of(["recover", "list"]));
        let message = format!("there is no reading operation `{}`", file.list);
        let problem = Diagnostic::error(Code::UnknownOperation, place, message);
        let known = lists().map(|operation| &*operation.name);
        reader.problems.push(problem.hint_names(&file.list, known));
    }
    found
}

/// Complains of a list that shows items of several lanes. Rows of those are under way at once, and one could be taken
/// for the other's.
fn one_lane_a_list(operation: &Operation, with: &[(Field, Field)], reader: &mut Reader<'_>) {
    let is_told = |field: &Field| with.iter().any(|(_, from)| from == field);
    for field in operation.lane.fields().filter(|field| !is_told(field)) {
        let name = operation.fields.name(field);
        let message = format!("the list is not told `{name}`, so it shows items of several lanes");
        let hint = format!("fill a field of the list with `{name}`, or leave it out of `lane`");
        reader.refuse(&Pointer::of(["recover", "with"]), Code::SeveralLanes, message, &hint);
    }
}

/// Finds the field that takes a marker, and complains of one that cannot.
fn marker(
    name: &str,
    matched: &[(Field, Vec<Pointer>)],
    fields: &FieldSet,
    reader: &mut Reader<'_>,
) -> Option<Field> {
    let at = &Pointer::of(["recover", "marker"]);
    let found = fields.find(name).filter(|field| matched.iter().any(|(known, _)| known == field));
    if found.is_none() {
        let message = format!("`{name}` is not among the fields that an item is known by");
        let hint = "name a field that stands under match";
        reader.refuse(at, Code::InvalidValue, message, hint);
    } else if !fields.is_text(name) {
        let message = format!("`{name}` is no text, and cannot take a marker");
        reader.refuse(at, Code::InvalidValue, message, "name a field of type string");
    }
    found
}

fn cuts(file: CutsFile) -> Cuts {
    Cuts { letters: file.letters, ending: file.ending }
}

fn pages(file: PagesFile) -> Pages {
    Pages { page: file.page, size: file.size, items: file.items }
}
