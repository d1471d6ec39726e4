//! From `recover` as written to what is meant, now that all operations are known.

use std::sync::Arc;

use crate::text::code::Code;
use crate::text::diagnostic::Diagnostic;
use crate::text::pointer::Pointer;

use super::super::reader::Reader;
use super::super::template::Template;
use super::super::{Effect, FieldSet, Operation};
use super::written::{PagesFile, RecoverFile};
use super::{Pages, Recover};

/// Resolves how an operation settles its lost answers; none where its list is told to the reader as missing.
pub(in super::super) fn resolve(
    file: RecoverFile,
    operation: &Operation,
    all: &[Arc<Operation>],
    reader: &mut Reader<'_>,
) -> Option<Recover> {
    let at = Pointer::of(["recover"]);
    let list = list(&file, all, reader)?;
    for (to, from) in &file.with {
        reader.field(&at.join("with").join(to), to, &list.fields);
        reader.field(&at.join("with").join(to), from, &operation.fields);
    }
    one_lane_a_list(&operation.lane, &file, reader);
    for name in file.newest_first.keys() {
        reader.field(&at.join("newest_first").join(name), name, &list.fields);
    }
    let mut fields = Vec::new();
    for (name, pointers) in &file.fields {
        let at = at.join("match").join(name);
        reader.field(&at, name, &operation.fields);
        fields.push((name.clone(), reader.pointers(&at, pointers)));
    }
    let id = reader.pointers(&at.join("id"), &file.id);
    let created = reader.pointers(&at.join("created"), &file.created);
    if let Some(name) = &file.marker {
        markable(name, &file, &operation.fields, reader);
    }
    let lists_lane =
        file.with.values().all(|from| operation.lane.fields().any(|name| name == from));
    Some(Recover {
        list: Arc::clone(list),
        with: file.with.into_iter().collect(),
        lists_lane,
        newest_first: file.newest_first,
        fields,
        id,
        created,
        text: file.text,
        pages: file.pages.map(pages),
        marker: file.marker,
    })
}

/// Finds the reading operation that shows what is there.
fn list<'a>(
    file: &RecoverFile,
    all: &'a [Arc<Operation>],
    reader: &mut Reader<'_>,
) -> Option<&'a Arc<Operation>> {
    let lists = || all.iter().filter(|operation| operation.effect == Effect::Read);
    let found = lists().find(|operation| operation.name == file.list);
    if found.is_none() {
        let place = reader.document.place_at(&Pointer::of(["recover", "list"]));
        let message = format!("there is no reading operation `{}`", file.list);
        let problem = Diagnostic::error(Code::UnknownOperation, place, message);
        let known = lists().map(|operation| operation.name.as_str());
        reader.problems.push(problem.hint_names(&file.list, known));
    }
    found
}

/// Complains of a list that shows items of several lanes. Rows of those are under way at once, and one could be taken
/// for the other's.
fn one_lane_a_list(lane: &Template, file: &RecoverFile, reader: &mut Reader<'_>) {
    for name in lane.fields().filter(|name| file.with.values().all(|from| from != name)) {
        let message = format!("the list is not told `{name}`, so it shows items of several lanes");
        let hint = format!("fill a field of the list with `{name}`, or leave it out of `lane`");
        reader.refuse(&Pointer::of(["recover", "with"]), Code::SeveralLanes, message, &hint);
    }
}

/// Complains of a field that cannot take a marker.
fn markable(name: &str, file: &RecoverFile, fields: &FieldSet, reader: &mut Reader<'_>) {
    let at = &Pointer::of(["recover", "marker"]);
    if !file.fields.contains_key(name) {
        let message = format!("`{name}` is not among the fields that an item is known by");
        let hint = "name a field that stands under match";
        reader.refuse(at, Code::InvalidValue, message, hint);
    } else if !fields.is_text(name) {
        let message = format!("`{name}` is no text, and cannot take a marker");
        reader.refuse(at, Code::InvalidValue, message, "name a field of type string");
    }
}

fn pages(file: PagesFile) -> Pages {
    Pages { page: file.page, size: file.size, items: file.items }
}
