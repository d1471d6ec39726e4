//! Canaries: a server that repeats secrets in any spelling, wherever an answer has room for words, gets none of them into an
//! output, the ledger or what lies beside it.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::desk::{Desk, Outcome, notes_csv};
use crate::hostile::{Hostile, http};
use crate::stand::Stand;

const TOKEN: &str = "eyJoZWFkZXIiOjF9Zz.Y2xhaW1zLWNsYWltcw-_x.c2lnbmF0dXJl-_sigNAture";
const PASSWORD: &str = "Zq9=t+/é \"x<&>'\\%41-Kw";

fn between(text: &str, what: &str) -> String {
    text.chars().flat_map(|letter| [letter.to_string(), what.to_owned()]).collect()
}

fn base64(bytes: &[u8], letters: &[u8; 64]) -> String {
    bytes
        .chunks(3)
        .flat_map(|group| {
            let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
            let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
            (0..=group.len()).map(move |at| letters[(bits >> (18 - 6 * at) & 63) as usize] as char)
        })
        .collect()
}

/// A secret in every way that somebody may write it.
fn spellings(secret: &str) -> Vec<String> {
    const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let percent: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let units = |text: &str| -> String {
        text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect()
    };
    let entities: String = secret.chars().map(|it| format!("&#x{:x};", u32::from(it))).collect();
    let mut all = vec![
        secret.to_owned(),
        secret.to_uppercase(),
        secret.to_lowercase(),
        secret.chars().rev().collect(),
        hex.to_uppercase(),
        hex,
        percent,
        url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        units(secret),
        entities,
        between(secret, " "),
        between(secret, "\n"),
        between(secret, "\u{ad}"),
        between(secret, "\u{200b}"),
    ];
    for before in ["", "a", "ab"] {
        let bytes = [before, secret].concat().into_bytes();
        all.extend([base64(&bytes, STANDARD), base64(&bytes, URL)]);
    }
    all.extend(secret.split('.').filter(|part| part.len() > 8).map(str::to_owned));
    all
}

/// The texts of a value, its names among them.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            found.push(name.clone());
            texts(value, found);
        }),
        _ => {}
    }
}

/// Asserts that a spelling is in no output, as it is or as JSON shows it, and in no file that a run leaves.
#[track_caller]
fn is_clean(desk: &Desk, outcome: &Outcome, spellings: &[String]) {
    let mut all = vec![outcome.stderr.clone(), outcome.stdout.clone()];
    for line in outcome.stdout.lines() {
        if let Ok(event) = serde_json::from_str(line) {
            texts(&event, &mut all);
        }
    }
    all.extend(desk.all_files().iter().map(|(_, bytes)| String::from_utf8_lossy(bytes).into()));
    for spelling in spellings {
        // What base 64 makes of the last bytes depends on what follows, and so may stay.
        let spelling: String = spelling.chars().take(spelling.chars().count() - 3).collect();
        let shown = all.iter().find(|text| text.contains(&spelling));
        assert!(shown.is_none(), "{spelling:?} in {shown:?}");
    }
}

/// One row for each spelling.
fn desk(rows: usize) -> Desk {
    let job = format!("{}limits: {{ attempts: 1 }}\n", crate::desk::NOTES_JOB);
    Desk::with_notes(notes_csv(rows, rows)).file("job.yaml", job).with_connector(|text| {
        text.replace("request: 30s", "request: 2s").replace("sure_after: 10s", "sure_after: 0s")
    })
}

fn run(desk: &Desk, address: &str, format: &str) -> Outcome {
    desk.call(&format!(
        "run job.yaml -v --rate 100000/s --give-up-after 1s --base-url {address} --format {format}"
    ))
}

#[test]
fn a_token_shows_in_no_spelling_wherever_an_answer_has_words() {
    let all = spellings(TOKEN);
    type Say = fn(&str) -> (u16, String);
    let ways: [Say; 4] = [
        |said| (400, json!({"r": 7, "msg": format!("bad: {said}.")}).to_string()),
        |said| (400, json!({"r": said, "message": said}).to_string()),
        |said| (200, json!({"r": 0, "id": said}).to_string()),
        |said| (500, json!({"r": 7, "msg": said}).to_string()),
    ];
    for (at, say) in ways.into_iter().enumerate() {
        let (count, echoed) = (AtomicUsize::new(0), all.clone());
        let stand = Stand::open(move |_| {
            let next = count.fetch_add(1, Ordering::SeqCst) % echoed.len();
            Some(say(&echoed[next]))
        });
        let desk = desk(all.len()).env("STRINGEEX_TOKEN", TOKEN);
        let outcome = run(&desk, stand.address(), if at % 2 == 0 { "json" } else { "text" });
        assert!(outcome.stdout.contains("[redacted]") || at != 0, "{outcome}");
        is_clean(&desk, &outcome, &all);
        is_clean(&desk, &desk.call("status job.yaml -v"), &all);
    }
}

#[test]
fn an_address_that_a_server_names_holds_no_token() {
    for spelling in spellings(TOKEN).into_iter().filter(|it| !it.contains('\n')) {
        let said = spelling.clone();
        let server = Hostile::open(move |_, _| {
            http("302 Found", &format!("Location: http://other/{said}\r\n"), "")
        });
        let desk = desk(1).env("STRINGEEX_TOKEN", TOKEN);
        is_clean(&desk, &run(&desk, server.address(), "text"), &[spelling]);
    }
}

#[test]
fn former_tokens_and_the_password_stay_secret_after_another_login() {
    let tokens = ["first-token-Zq7Kp2Lw9", "second-token-Bv4Xn8Rt1"];
    let all: Vec<String> =
        [PASSWORD, tokens[0], tokens[1]].iter().flat_map(|it| spellings(it)).collect();
    let (logins, count, echoed) = (AtomicUsize::new(0), AtomicUsize::new(0), all.clone());
    let stand = Stand::open(move |request| {
        if request.path == "/account" {
            let token = tokens[logins.fetch_add(1, Ordering::SeqCst).min(1)];
            return Some((200, json!({"r": 0, "portals": [{"auth_token": token}]}).to_string()));
        }
        let next = count.fetch_add(1, Ordering::SeqCst);
        Some(match next {
            0 => (200, json!({"r": 0, "id": "tn_1"}).to_string()),
            1 => (401, json!({"r": 5, "msg": echoed[0]}).to_string()),
            _ => {
                let said = &echoed[(next - 2) % echoed.len()];
                (400, json!({"r": 7, "msg": said}).to_string())
            }
        })
    });
    let desk = desk(all.len() + 4)
        .env("STRINGEEX_EMAIL", "ann@example.vn")
        .env("STRINGEEX_PASSWORD", PASSWORD);
    let outcome = run(&desk, stand.address(), "json");
    assert!(stand.seen().iter().filter(|seen| seen.path == "/account").count() >= 2, "{outcome}");
    is_clean(&desk, &outcome, &all);
}

#[test]
fn a_password_of_few_letters_is_secret_where_it_stands_alone() {
    let stand = Stand::open(|request| {
        Some(match request.path.as_str() {
            "/account" => {
                (200, json!({"r": 1, "msg": "the password q7 is wrong, not Q7x"}).to_string())
            }
            _ => (500, String::new()),
        })
    });
    let desk = desk(1).env("STRINGEEX_EMAIL", "ann@example.vn").env("STRINGEEX_PASSWORD", "q7");
    let outcome = run(&desk, stand.address(), "text");
    assert!(outcome.stderr.contains("the password [redacted] is wrong, not Q7x"), "{outcome}");
}

/// What an answer means is seen before anything is taken out of it.
#[test]
fn a_password_that_is_a_word_of_the_answer_changes_nothing() {
    let stand = Stand::open(|request| {
        Some(match request.path.as_str() {
            "/account" => {
                (200, json!({"r": 0, "portals": [{"auth_token": "t0ken-t0ken"}]}).to_string())
            }
            _ => (200, json!({"r": 0, "id": "tn_1", "note": "note"}).to_string()),
        })
    });
    for password in ["r", "0", "id", "note", "auth_token", "tn"] {
        let desk =
            desk(2).env("STRINGEEX_EMAIL", "ann@example.vn").env("STRINGEEX_PASSWORD", password);
        run(&desk, stand.address(), "json").exits(0).counts("rows=2 succeeded=2");
    }
}
