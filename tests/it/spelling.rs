//! Which row a row is does not depend on how its text is spelt: ends of lines and the form of letters with marks, which
//! programs change unasked. What is sent is the text as it is written.

use rusqlite::params;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::desk::{Desk, sandbox, texts};

const BY_CONTENT: &str = "job: notes\noperation: ticket_note.create\nsource: { csv: notes.csv }\n\
    map: { ticket_id: \"{{ ticket }}\", note: \"{{ body }}\", is_internal_note: true }\n";

/// A text with all that has several spellings.
const TEXT: &str = "Kh\u{e1}ch Vi\u{1ec7}t\nd\u{f2}ng hai";

fn decomposed(text: &str) -> String {
    text.replace('\u{e1}', "a\u{301}")
        .replace('\u{1ec7}', "e\u{323}\u{302}")
        .replace('\u{f2}', "o\u{300}")
        .replace('\u{e3}', "a\u{303}")
}

fn spellings() -> [String; 5] {
    [
        TEXT.to_owned(),
        TEXT.replace('\n', "\r\n"),
        TEXT.replace('\n', "\r"),
        decomposed(TEXT),
        decomposed(TEXT).replace('\n', "\r\n"),
    ]
}

/// Two rows, the first with this text.
fn rows(text: &str) -> String {
    format!("id,ticket,body\nm\u{e3}-1,tk_1,\"{text}\"\nm\u{e3}-2,tk_2,plain\n")
}

fn desk(job: &str, rows: String) -> Desk {
    let desk = Desk::with_notes(rows);
    if !job.is_empty() {
        desk.write("job.yaml", job);
    }
    desk
}

#[test]
fn a_file_that_is_saved_in_another_spelling_has_the_same_rows() {
    for job in ["", BY_CONTENT] {
        for first in spellings() {
            let (desk, sandbox) = (desk(job, rows(&first)), sandbox(""));
            desk.run(&sandbox, "job.yaml").exits(0).counts("rows=2 succeeded=2");
            assert_eq!(texts(&sandbox), [&*first, "plain"]);
            for again in spellings() {
                for keys in [rows(&again), rows(&again).replace("m\u{e3}", "ma\u{303}")] {
                    desk.write("notes.csv", keys);
                    let outcome = desk.run(&sandbox, "job.yaml").exits(0);
                    outcome.counts("rows=2 already_done=2 requests=0");
                    assert_eq!(outcome.finished().get("changed").unwrap_or(&json!(0)), 0);
                }
            }
        }
    }
}

#[test]
fn rows_that_differ_in_more_than_their_spelling_are_others() {
    let (desk, sandbox) = (desk(BY_CONTENT, rows(TEXT)), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=2 succeeded=2");
    for other in
        [TEXT.replace('\n', "\n\n"), TEXT.replace('\u{1ec7}', "e"), TEXT.replace('\n', " ")]
    {
        desk.write("notes.csv", rows(&other));
        desk.run(&sandbox, "job.yaml").exits(0).counts("rows=2 succeeded=1 already_done=1");
    }
}

#[test]
fn the_same_text_in_two_spellings_is_two_rows_of_one_content() {
    let csv = |one: &str, other: &str| {
        format!("id,ticket,body\n1,tk_1,\"{one}\"\n2,tk_1,\"{other}\"\n3,tk_1,\"{one}\"\n")
    };
    let [one, other, ..] = spellings();
    let (desk, sandbox) = (desk(BY_CONTENT, csv(&one, &other)), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=3 succeeded=3");
    for (one, other) in [(&one, &other), (&other, &one), (&one, &one)] {
        desk.write("notes.csv", csv(one, other));
        desk.run(&sandbox, "job.yaml").exits(0).counts("rows=3 already_done=3 requests=0");
    }
}

#[test]
fn keys_that_differ_in_their_spelling_alone_are_one_key() {
    let csv = "id,ticket,body\nm\u{e3}-1,tk_1,a\nma\u{303}-1,tk_1,b\n";
    let (desk, sandbox) = (desk("", csv.to_owned()), sandbox(""));
    let outcome = desk.call("check job.yaml --format json").exits(3);
    let problem = outcome.all("problem").pop().unwrap();
    assert_eq!((&problem["code"], &problem["row"]), (&json!("repeated-key"), &json!(2)));
    assert!(problem["message"].as_str().unwrap().contains("NFD"), "{problem}");
    desk.run(&sandbox, "job.yaml").exits(3).counts("rows=2 invalid=1 not_started=1 requests=0");
    desk.run(&sandbox, "job.yaml --skip-invalid").exits(1).counts("rows=2 succeeded=1 invalid=1");
    assert_eq!(texts(&sandbox), ["a"]);
}

/// The content's name as earlier versions made it: byte for byte.
fn literal_digest(body: &str) -> [u8; 16] {
    let text = serde_json::to_string(body).unwrap();
    let request = format!(
        "ticket_note.create\nPOST\n/ticketNote\n{{\"ticket_id\":\"tk_1\",\"note\":{text},\"is_internal_note\":true}}"
    );
    Sha256::digest(request)[..16].try_into().unwrap()
}

/// Has the ledger know the row of ticket tk_1 as an earlier version would have written it.
fn as_earlier(desk: &Desk, text: &str, keyed: bool) {
    let digest = literal_digest(text);
    let key: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let key = if keyed { "ma\u{303}-1".to_owned() } else { key };
    let query = "UPDATE starts SET key = ?1, digest = ?2 WHERE row = 1";
    assert_eq!(desk.ledger().execute(query, params![key, digest]).unwrap(), 1);
}

#[test]
fn what_an_earlier_version_has_sent_is_known_in_any_spelling() {
    for keyed in [true, false] {
        for sent in spellings() {
            let (desk, sandbox) =
                (desk(if keyed { "" } else { BY_CONTENT }, rows(&sent)), sandbox(""));
            desk.run(&sandbox, "job.yaml").exits(0).counts("rows=2 succeeded=2");
            if sent == TEXT && !keyed {
                // What is plain has had the same name before.
                let digest: Vec<u8> = desk
                    .ledger()
                    .query_row("SELECT digest FROM starts WHERE row = 1", [], |row| row.get(0))
                    .unwrap();
                assert_eq!(digest, literal_digest(TEXT));
            }
            as_earlier(&desk, &sent, keyed);
            for again in spellings() {
                // A file with returns alone is none that any version has been given for one with line feeds.
                if sent.contains('\r') && !sent.contains('\n') && again != sent {
                    continue;
                }
                desk.write("notes.csv", rows(&again));
                let outcome = desk.run(&sandbox, "job.yaml").exits(0);
                outcome.counts("rows=2 already_done=2 requests=0");
                assert_eq!(outcome.finished().get("changed").unwrap_or(&json!(0)), 0, "{outcome}");
                let status = desk.call("status job.yaml --format json").exits(0);
                assert!(status.stdout.contains("\"succeeded\":2"), "{status}");
            }
        }
    }
}
