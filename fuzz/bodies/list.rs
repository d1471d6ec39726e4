//! A list that is searched for a note: only what no row owns is found, and only if it is what was sent.

use noteferry::proofs::Doubt;
use noteferry::proofs::Place;
use noteferry::proofs::{Attempted, Circumstances, Holdings, Lookup, Search, item_id};
use noteferry::proofs::{Catalogue, Connector, TextChange};
use serde_json::{Value, json};

const OWNED: &str = "tn_owned";
const NOW: i64 = 1_800_000_000_000;

thread_local! {
    static STRINGEEX: Connector =
        Catalogue::default().load("stringeex", Place::Nowhere).expect("it is built in");
}

pub(crate) fn run(data: &[u8]) {
    let Ok(Value::Array(items)) = serde_json::from_slice(data) else { return };
    STRINGEEX.with(|connector| {
        let create = &connector.operations["ticket_note.create"];
        let mut recover = create.recover.clone().expect("it has one");
        for escapes in [false, true] {
            if escapes {
                recover.text.push(TextChange::HtmlEscapes);
            }
            for (note, marker) in [("a < b", None), ("a < b\n[ref 1]", Some("[ref 1]"))] {
                let fields = create.fields.values(&json!({"note": note}));
                let mut search = Search::new(&recover, &fields, marker);
                let known = Circumstances {
                    holdings: Holdings {
                        ids: [(OWNED.to_owned(), None)].into(),
                        ..Holdings::default()
                    },
                    attempted: Attempted { at: NOW, remote_at: Some(NOW) },
                    wall: NOW,
                    remote: Some(NOW),
                    dated: None,
                    span: std::time::Duration::from_secs(40),
                };
                let mut step = search.take(&recover, &items, known.clone());
                if step == Lookup::NextPage {
                    step = search.take(&recover, &[], known);
                }
                check(step, &items, |item| item_id(&recover, item));
            }
        }
    });
}

fn check(step: Lookup, items: &[Value], id_of: impl Fn(&Value) -> Option<String>) {
    match step {
        Lookup::Found { id } => {
            assert_ne!(id, OWNED);
            let item = items.iter().find(|item| id_of(item).as_ref() == Some(&id));
            let text = item.and_then(|item| item["note"].as_str()).expect("it has a text");
            assert!(text.contains('a') || text.contains("[ref 1]"), "{text}");
        }
        Lookup::Absent { .. } => {
            assert!(items.iter().all(|item| id_of(item).is_some()), "an item cannot be told");
        }
        Lookup::Unsure { doubt } => assert_eq!(Doubt::parse(&doubt.word()), Some(doubt)),
        Lookup::NextPage => panic!("an empty page is the last"),
    }
}
