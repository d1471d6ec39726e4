//! What changes or deletes what a create has made: the operations that look for their things among what it makes.
//!
//! No more than which operation and which fields. Whether a thing may be changed or deleted is for `plan`.

use std::sync::Arc;

use crate::row::Field;

use super::super::{Connector, Effect, Operation};

/// The operation that changes, or that deletes, what a create has made.
#[derive(Debug, Clone)]
pub struct Counterpart {
    /// What it is.
    pub operation: Arc<Operation>,
    /// The field of it that takes the id of what was made.
    pub id: Field,
    /// What it sends beside the id: a field of the create, and its own of the same name.
    pub carried: Vec<(Field, Field)>,
}

impl Connector {
    /// What changes what a create has made; none where nothing does, or several do.
    pub(crate) fn update_of(&self, create: &Operation) -> Option<Counterpart> {
        self.counterpart(create, Effect::Update)
    }

    /// What deletes what a create has made; none where nothing does, or several do.
    pub(crate) fn delete_of(&self, create: &Operation) -> Option<Counterpart> {
        self.counterpart(create, Effect::Delete)
    }

    fn counterpart(&self, create: &Operation, effect: Effect) -> Option<Counterpart> {
        let claims = |other: &&Arc<Operation>| {
            let look = other.look.as_ref();
            other.effect == effect && look.is_some_and(|look| look.made_by == create.name)
        };
        let mut claiming = self.operations.values().filter(claims);
        match (create.effect, claiming.next(), claiming.next()) {
            (Effect::Create, Some(only), None) => Counterpart::of(only, create),
            _ => None,
        }
    }
}

impl Counterpart {
    /// None where the operation needs more than the id and what the create has, too.
    fn of(operation: &Arc<Operation>, create: &Operation) -> Option<Self> {
        let id = operation.look.as_ref()?.id;
        let others = || operation.fields.properties().filter(|(field, ..)| *field != id);
        let carried = others().filter_map(|(own, name, _)| Some((create.fields.find(name)?, own)));
        let carried: Vec<_> = carried.collect();
        let is_carried = |field: Field| carried.iter().any(|(_, own)| *own == field);
        let is_complete =
            others().all(|(own, name, _)| is_carried(own) || !operation.fields.is_required(name));
        is_complete.then(|| Self { operation: Arc::clone(operation), id, carried })
    }
}

#[cfg(test)]
mod tests {
    use crate::declared::connector::{Connector, resolve};
    use crate::text::document::Document;

    const HEAD: &str = "connector: crm\nbase_url: http://a\n";
    const CREATE: &str = "operation: a.create\neffect: create\nmethod: POST\npath: /a\nlane: a\nrepeat: harmful\n\
                          fields: {type: object, properties: {text: {type: string}, kind: {type: string}}}\n";

    /// An operation that names what it is about as `id`.
    fn about(name: &str, effect: &str, properties: &str, required: &str) -> String {
        format!(
            "operation: {name}\neffect: {effect}\nmethod: PUT\npath: \"/a/{{id}}\"\nlane: a\nrepeat: harmless\n\
             look: {{ made_by: a.create, id: id }}\n\
             fields: {{type: object, required: [{required}], properties: {{id: {{type: string}}{properties}}}}}\n"
        )
    }

    fn connector(others: &[(&str, String)]) -> Connector {
        let own = [("connector.yaml", HEAD.to_owned()), ("a.create.yaml", CREATE.to_owned())];
        let files = own.into_iter().chain(others.iter().cloned());
        let files = files.map(|(name, text)| Document::parse(name.into(), text));
        resolve::connector(files).unwrap()
    }

    #[test]
    fn what_changes_and_deletes_what_a_create_makes_is_found() {
        let text = ", text: {type: string}";
        let change = about("a.change", "update", text, "id, text");
        let connector = connector(&[
            ("a.change.yaml", change),
            ("a.remove.yaml", about("a.remove", "delete", "", "id")),
        ]);
        let create = &connector.operations["a.create"];
        let update = connector.update_of(create).unwrap();
        let names = |field| update.operation.fields.name(field);
        assert_eq!((&*update.operation.name, names(update.id)), ("a.change", "id"));
        let carried: Vec<_> = update.carried.iter().map(|(from, own)| (*from, *own)).collect();
        let [(from, own)] = carried[..] else { panic!("{carried:?}") };
        assert_eq!((create.fields.name(from), names(own)), ("text", "text"));
        let delete = connector.delete_of(create).unwrap();
        assert_eq!((&*delete.operation.name, delete.carried.len()), ("a.remove", 0));
        assert!(connector.update_of(&delete.operation).is_none());
    }

    #[test]
    fn none_is_found_where_several_may_be_meant_or_more_is_needed() {
        let text = ", text: {type: string}";
        let change = || about("a.change", "update", text, "id");
        let other = about("a.other", "update", "", "id");
        let needy = about("a.change", "update", ", why: {type: string}", "id, why");
        for files in [
            vec![("a.change.yaml", change()), ("a.other.yaml", other)],
            vec![("a.change.yaml", needy)],
            vec![],
        ] {
            let connector = connector(&files);
            assert!(connector.update_of(&connector.operations["a.create"]).is_none());
        }
    }
}
