//! What is sent of a row that is done and has changed since: the update of what it has made, and what has to be there before.
//!
//! Whether it is sent is for `decide`.

use std::sync::Arc;

use crate::declared::connector::{Counterpart, Operation};
use crate::prepare::{Ready, request};
use crate::row::{Digest, Field, FieldValue, Fields, Known};

/// What has to be there before: what was sent, where nothing of the row but what an update carries has changed since.
#[derive(Debug, Clone)]
pub(crate) struct SentBefore {
    /// What has made it.
    pub maker: Arc<Operation>,
    /// The row's fields for that, as they are now.
    pub fields: Fields<'static>,
    /// Those of them that an update carries.
    pub carried: Vec<Field>,
    /// Names what was sent; one of these is there.
    pub contents: Vec<Digest>,
}

/// The update of what a row has made.
pub(super) struct Update {
    pub ready: Ready,
    pub expects: SentBefore,
}

impl Update {
    /// None where no request can be made of it. `ready` is the row as it would be made anew; its digest stays what names the
    /// row's content, and its lane the one that the row goes in, so that nothing of the lane overtakes.
    pub(super) fn of(by: &Counterpart, ready: Ready, known: &Known) -> Option<Self> {
        let id = known.thing.as_ref()?;
        let mut fields = Fields::default();
        fields.set(by.id, FieldValue::Text(id.clone().into()));
        for (from, own) in &by.carried {
            if let Some(value) = ready.fields.get(*from) {
                fields.set(*own, value.clone());
            }
        }
        let request = request::build(&by.operation, &fields)?;
        let expects = SentBefore {
            maker: Arc::clone(&ready.operation),
            fields: ready.fields,
            carried: by.carried.iter().map(|(from, _)| *from).collect(),
            contents: known.there.clone(),
        };
        let ready = Ready {
            operation: Arc::clone(&by.operation),
            request,
            fields,
            send_before: None,
            reminder: Default::default(),
            marker: None,
            place: ready.place,
            lane: ready.lane,
            digest: ready.digest,
            valid: ready.valid,
        };
        Some(Self { ready, expects })
    }
}
