//! From a connector as written to a connector as meant; finds every mistake it can.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use serde_json::Value;

use crate::text::code::Code;
use crate::text::diagnostic::Diagnostic;
use crate::text::document::Document;
use crate::text::pointer::Pointer;
use crate::text::quota::{Quota, parse_duration};

use super::file::{
    AnswersFile, Condition, ConnectorFile, Effect, MethodFile, OperationFile, RecoverFile, RuleFile,
};
use super::template::Template;
use super::{Answers, Connector, NotFound, Operation, Recover};

const CONCURRENCY: u32 = 8;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Reads the files of a connector, `connector.yaml` first.
pub fn connector(
    files: impl Iterator<Item = Result<Document, Diagnostic>>,
) -> Result<Connector, Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let documents: Vec<Document> =
        files.filter_map(|file| file.map_err(|problem| problems.push(problem)).ok()).collect();
    let Some((head, operations)) = documents.split_first().filter(|_| problems.is_empty()) else {
        return Err(problems);
    };
    let read = operations.iter().filter_map(|document| match operation(document) {
        Ok((operation, recover)) => Some((operation.name.clone(), (Arc::new(operation), recover))),
        Err(found) => {
            problems.extend(found);
            None
        }
    });
    let read: IndexMap<String, (Arc<Operation>, Option<RecoverFile>)> = read.collect();
    let operations = with_recovery(&read, &mut problems);
    let connector = resolve_head(head, operations, &mut problems);
    match connector {
        Some(connector) if problems.is_empty() => Ok(connector),
        _ => Err(problems),
    }
}

fn resolve_head(
    document: &Document,
    operations: IndexMap<String, Arc<Operation>>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Connector> {
    let (file, found) = document.read_as::<ConnectorFile>();
    problems.extend(found);
    let file = file?;
    let reader = Reader { document, problems };
    Some(reader.connector(file, operations))
}

/// Collects what is wrong while values are read.
struct Reader<'a> {
    document: &'a Document,
    problems: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn refuse(&mut self, pointer: &Pointer, code: Code, message: String, hint: Option<&str>) {
        let mut problem = Diagnostic::error(code, self.document.place_at(pointer), message);
        problem.hint = hint.map(str::to_owned);
        self.problems.push(problem);
    }

    fn connector(
        mut self,
        file: ConnectorFile,
        operations: IndexMap<String, Arc<Operation>>,
    ) -> Connector {
        let base_url = file.base_url.trim_end_matches('/').to_owned();
        if !base_url.starts_with("https://") && !base_url.starts_with("http://") {
            let hint = Some("as in https://api.example.com/v1");
            self.refuse(
                &Pointer::of(["base_url"]),
                Code::InvalidValue,
                "the base URL must start with https:// or http://".into(),
                hint,
            );
        }
        self.named_like(&Pointer::of(["connector"]), &file.connector, Path::parent);
        if file.concurrency.is_some_and(|n| !(1..=1024).contains(&n)) {
            let message = "this must be from 1 to 1024".to_owned();
            self.refuse(
                &Pointer::of(["concurrency"]),
                Code::InvalidValue,
                message,
                Some("as in 8"),
            );
        }
        let answers = self.answers(file.answers);
        let quotas = file
            .quotas
            .iter()
            .enumerate()
            .filter_map(|(at, text)| self.quota(&Pointer::of(["quotas"]).join(at), text));
        let quotas = quotas.collect();
        let timeouts = file.timeouts.as_ref();
        let connect = timeouts.and_then(|timeouts| timeouts.connect.as_deref());
        let request = timeouts.and_then(|timeouts| timeouts.request.as_deref());
        let connect_timeout = self
            .duration(&Pointer::of(["timeouts", "connect"]), connect)
            .unwrap_or(CONNECT_TIMEOUT);
        let request_timeout = self
            .duration(&Pointer::of(["timeouts", "request"]), request)
            .unwrap_or(REQUEST_TIMEOUT);
        for (at, method) in file
            .authentication
            .iter()
            .flat_map(|authentication| &authentication.methods)
            .enumerate()
        {
            if let MethodFile::SignedToken(signed) = method {
                self.duration(
                    &Pointer::of(["authentication", "methods"])
                        .join(at)
                        .join("signed_token")
                        .join("lifetime"),
                    signed.lifetime.as_deref(),
                );
            }
        }
        Connector {
            name: file.connector,
            base_url,
            quotas,
            concurrency: file.concurrency.unwrap_or(CONCURRENCY),
            connect_timeout,
            request_timeout,
            headers: file.headers.into_iter().collect(),
            authentication: file.authentication,
            answers,
            operations,
        }
    }

    /// Complains of a name that is not the one that its file or folder bears.
    fn named_like(&mut self, at: &Pointer, name: &str, part: fn(&Path) -> Option<&Path>) {
        let document = self.document;
        let bearer = part(Path::new(document.name())).and_then(Path::file_name);
        if let Some(bearer) = bearer.and_then(OsStr::to_str).filter(|bearer| *bearer != name) {
            let message = format!("this is called `{name}`, but stands in `{bearer}`");
            self.refuse(at, Code::WrongName, message, Some("both must have the same name"));
        }
    }

    fn answers(&mut self, file: AnswersFile) -> Answers {
        let at = Pointer::of(["answers"]);
        let success_at = at.join("success").join("at");
        Answers {
            success: file.success.and_then(|success| {
                Some((self.pointer(&success_at, &success.at)?, success.equals))
            }),
            code: self.pointers(&at.join("code"), &file.code),
            message: self.pointers(&at.join("message"), &file.message),
            retry: file.retry.unwrap_or_else(|| vec![429]),
            unauthorized: file.unauthorized.unwrap_or_else(|| vec![401]),
            not_found: NotFound {
                status: file.not_found.status.unwrap_or_else(|| vec![404]),
                code: file.not_found.code,
                message: file.not_found.message.iter().map(|part| part.to_lowercase()).collect(),
            },
        }
    }

    fn pointers(&mut self, at: &Pointer, texts: &[String]) -> Vec<Pointer> {
        let read = texts.iter().enumerate();
        read.filter_map(|(number, text)| self.pointer(&at.join(number), text)).collect()
    }

    /// Reads a JSON pointer, and complains of a text that is none.
    fn pointer(&mut self, at: &Pointer, text: &str) -> Option<Pointer> {
        let read = Pointer::parse(text).ok();
        if read.is_none() {
            let message = format!("`{text}` is no JSON pointer");
            self.refuse(at, Code::InvalidPointer, message, Some("as in /data/id"));
        }
        read
    }

    fn quota(&mut self, pointer: &Pointer, text: &str) -> Option<Quota> {
        text.parse::<Quota>()
            .map_err(|error| {
                self.refuse(pointer, Code::InvalidQuota, error.to_string(), Some(error.hint()))
            })
            .ok()
    }

    fn duration(&mut self, pointer: &Pointer, text: Option<&str>) -> Option<Duration> {
        parse_duration(text?)
            .map_err(|error| {
                self.refuse(pointer, Code::InvalidDuration, error.to_string(), Some(error.hint()))
            })
            .ok()
    }

    /// Complains of a list that shows items of several lanes. Rows of those are under way at once, and one could be taken
    /// for the other's.
    fn one_lane_a_list(&mut self, lane: &Template, file: &RecoverFile) {
        for name in lane.fields().filter(|name| file.with.values().all(|from| from != name)) {
            let message =
                format!("the list is not told `{name}`, so it shows items of several lanes");
            let hint = format!("fill a field of the list with `{name}`, or leave it out of `lane`");
            self.refuse(
                &Pointer::of(["recover", "with"]),
                Code::SeveralLanes,
                message,
                Some(&hint),
            );
        }
    }

    /// Complains of a field that cannot take a marker.
    fn markable(&mut self, name: &str, file: &RecoverFile, fields: &Value) {
        let at = &Pointer::of(["recover", "marker"]);
        let kind = Pointer::of(["properties", name, "type"]).find(fields);
        if !file.fields.contains_key(name) {
            let message = format!("`{name}` is not among the fields that an item is known by");
            self.refuse(
                at,
                Code::InvalidValue,
                message,
                Some("name a field that stands under match"),
            );
        } else if kind.is_none_or(|kind| kind != "string") {
            let message = format!("`{name}` is no text, and cannot take a marker");
            self.refuse(at, Code::InvalidValue, message, Some("name a field of type string"));
        }
    }

    fn template(&mut self, pointer: &Pointer, text: &str, fields: &Value) -> Option<Template> {
        let template = match Template::parse(text) {
            Ok(template) => template,
            Err(message) => {
                self.refuse(
                    pointer,
                    Code::InvalidTemplate,
                    message,
                    Some("write a field as {field}"),
                );
                return None;
            }
        };
        for name in template.fields() {
            self.field(pointer, name, fields);
        }
        Some(template)
    }

    /// Complains of a name that is no field.
    fn field(&mut self, pointer: &Pointer, name: &str, fields: &Value) {
        let known = fields.get("properties").and_then(Value::as_object);
        if known.is_some_and(|known| known.contains_key(name)) {
            return;
        }
        let known = known.into_iter().flatten().map(|(name, _)| name.as_str());
        let place = self.document.place_at(pointer);
        let problem = Diagnostic::error(
            Code::UnknownField,
            place,
            format!("the operation has no field `{name}`"),
        );
        self.problems.push(problem.hint_names(name, known));
    }

    fn condition(&mut self, pointer: &Pointer, condition: &Condition, fields: &Value) {
        for name in condition.keys() {
            self.field(&pointer.join(name), name, fields);
        }
    }

    fn rule(&mut self, pointer: &Pointer, rule: &RuleFile, fields: &Value) {
        match rule {
            RuleFile::Required(rule) => {
                self.all_fields(&pointer.join("required").join("fields"), &rule.fields, fields);
                self.condition(&pointer.join("required").join("when"), &rule.when, fields);
            }
            RuleFile::Time(rule) => {
                self.field(&pointer.join("time").join("field"), &rule.field, fields);
                self.condition(&pointer.join("time").join("when"), &rule.when, fields);
            }
            RuleFile::Order(rule) => {
                self.field(&pointer.join("order").join("first"), &rule.first, fields);
                self.field(&pointer.join("order").join("then"), &rule.then, fields);
                self.condition(&pointer.join("order").join("when"), &rule.when, fields);
            }
            RuleFile::Idle(rule) => {
                self.all_fields(&pointer.join("idle").join("fields"), &rule.fields, fields);
                self.condition(&pointer.join("idle").join("unless"), &rule.unless, fields);
            }
            RuleFile::Unusual(rule) => {
                self.field(&pointer.join("unusual").join("field"), &rule.field, fields)
            }
            RuleFile::Explicit(rule) => {
                self.field(&pointer.join("explicit").join("field"), &rule.field, fields)
            }
        }
    }

    fn all_fields(&mut self, pointer: &Pointer, names: &[String], fields: &Value) {
        for (at, name) in names.iter().enumerate() {
            self.field(&pointer.join(at), name, fields);
        }
    }
}

/// Gives each operation its way to settle lost answers, now that all operations are known.
fn with_recovery(
    read: &IndexMap<String, (Arc<Operation>, Option<RecoverFile>)>,
    problems: &mut Vec<Diagnostic>,
) -> IndexMap<String, Arc<Operation>> {
    let mut operations = IndexMap::new();
    for (name, (operation, recover)) in read {
        let recover = recover.as_ref().and_then(|file| recovery(operation, file, read, problems));
        let operation = match recover {
            Some(recover) => {
                Arc::new(Operation { recover: Some(recover), ..operation.as_ref().clone() })
            }
            None => Arc::clone(operation),
        };
        operations.insert(name.clone(), operation);
    }
    operations
}

fn recovery(
    operation: &Operation,
    file: &RecoverFile,
    read: &IndexMap<String, (Arc<Operation>, Option<RecoverFile>)>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Recover> {
    let mut reader = Reader { document: &operation.document, problems };
    let Some((list, _)) = read.get(&file.list).filter(|(list, _)| list.effect == Effect::Read)
    else {
        let known = read
            .iter()
            .filter(|(_, (list, _))| list.effect == Effect::Read)
            .map(|(name, _)| name.as_str());
        let place = operation.document.place_at(&Pointer::of(["recover", "list"]));
        let message = format!("there is no reading operation `{}`", file.list);
        problems.push(
            Diagnostic::error(Code::UnknownOperation, place, message).hint_names(&file.list, known),
        );
        return None;
    };
    for (to, from) in &file.with {
        reader.field(&Pointer::of(["recover", "with"]).join(to), to, &list.fields);
        reader.field(&Pointer::of(["recover", "with"]).join(to), from, &operation.fields);
    }
    reader.one_lane_a_list(&operation.lane, file);
    for name in file.newest_first.keys() {
        reader.field(&Pointer::of(["recover", "newest_first"]).join(name), name, &list.fields);
    }
    let mut fields = Vec::new();
    for (name, pointers) in &file.fields {
        let at = Pointer::of(["recover", "match"]).join(name);
        reader.field(&at, name, &operation.fields);
        fields.push((name.clone(), reader.pointers(&at, pointers)));
    }
    let id = reader.pointers(&Pointer::of(["recover", "id"]), &file.id);
    let created = reader.pointers(&Pointer::of(["recover", "created"]), &file.created);
    if let Some(name) = &file.marker {
        reader.markable(name, file, &operation.fields);
    }
    Some(Recover {
        list: Arc::clone(list),
        with: file.with.clone().into_iter().collect(),
        lists_lane: file.with.values().all(|from| operation.lane.fields().any(|name| name == from)),
        newest_first: file.newest_first.clone(),
        fields,
        id,
        created,
        text: file.text.clone(),
        pages: file.pages.clone(),
        marker: file.marker.clone(),
    })
}

/// Reads an operation; how it settles lost answers needs the others, and is given as it was written.
fn operation(document: &Document) -> Result<(Operation, Option<RecoverFile>), Vec<Diagnostic>> {
    let (file, mut problems) = document.read_as::<OperationFile>();
    let Some(file) = file else { return Err(problems) };
    let mut reader = Reader { document, problems: &mut problems };
    let fields = Value::Object(file.fields);
    let path = reader.template(&Pointer::of(["path"]), &file.path, &fields);
    let lane = reader.template(&Pointer::of(["lane"]), &file.lane, &fields);
    let query = file
        .query
        .iter()
        .filter_map(|(name, text)| {
            Some((
                name.clone(),
                reader.template(&Pointer::of(["query"]).join(name), text, &fields)?,
            ))
        })
        .collect();
    let sure_after = reader.duration(&Pointer::of(["sure_after"]), file.sure_after.as_deref());
    reader.named_like(&Pointer::of(["operation"]), &file.operation, stem);
    let id = file.id.as_ref().and_then(|id| reader.pointer(&Pointer::of(["id"]), id));
    let items = reader.pointers(&Pointer::of(["items"]), &file.items);
    for (at, rule) in file.rules.iter().enumerate() {
        reader.rule(&Pointer::of(["rules"]).join(at), rule, &fields);
    }
    let (Some(path), Some(lane)) = (path, lane) else { return Err(problems) };
    if !problems.is_empty() {
        return Err(problems);
    }
    let operation = Operation {
        name: file.operation,
        effect: file.effect,
        method: file.method,
        path,
        query,
        wrap: file.wrap,
        lane,
        repeat: file.repeat,
        sure_after: sure_after.unwrap_or_default(),
        id,
        recover: None,
        items,
        fields,
        rules: file.rules,
        document: document.clone(),
    };
    Ok((operation, file.recover))
}

/// A file's path without `.yaml`.
fn stem(path: &Path) -> Option<&Path> {
    path.file_stem().map(Path::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::declared::connector::Catalogue;
    use crate::text::diagnostic::Place;

    #[test]
    fn the_built_in_connector_is_whole() {
        let connector = Catalogue::default().load("stringeex", Place::Nowhere).unwrap();
        let names: Vec<&str> = connector.operations.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            ["ticket_note.create", "ticket_note.update", "ticket_note.delete", "ticket_note.list"]
        );
        assert_eq!(connector.quotas.len(), 3);
    }

    #[test]
    fn mistakes_are_told_with_file_line_and_column() {
        let head = "connector: crm\nbase_url: ftp://x\nquotas: [30/10s, many]\ntimeout: 3s\n";
        let operation = "operation: a.b\neffect: create\nmethod: POST\npath: /a/{idd}\nlane: \"{id\"\nrepeat: harmful\n\
                         fields: {type: object, properties: {id: {type: string}}}\n\
                         rules:\n  - time: {field: wen, unit: milliseconds}\n  - odd: {}\n";
        let mut shown = String::new();
        for (head, operation) in [
            (head.to_owned(), operation.replace("  - odd: {}\n", "")),
            (head.replace("timeout: 3s\n", ""), operation.to_owned()),
            ("a: [".to_owned(), operation.to_owned()),
        ] {
            let files = [("connector.yaml", head), ("a.b.yaml", operation)];
            let files = files.into_iter().map(|(name, text)| Document::parse(name.into(), text));
            for problem in connector(files).unwrap_err() {
                shown.push_str(&problem.render(false));
            }
            shown.push_str("----\n");
        }
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn an_unknown_connector_is_refused_with_the_nearest_name() {
        let problems = Catalogue::default().load("stringex", Place::Nowhere).unwrap_err();
        assert_eq!(problems[0].hint.as_deref(), Some("did you mean `stringeex`?"));
    }
}
