//! Canaries: no password, token or signing secret shows anywhere, whatever the other side does with it; and notes show
//! only where they are meant to.

use crate::desk::{Desk, Outcome, notes_csv, sandbox};
use crate::stand::{Seen, Stand};

// With every character that somebody escapes.
const PASSWORD: &str = "canary-pass\"word\\é+/=&<>'%-canary";
const TOKEN: &str = "canary-token\"\\+/=&<>'%-canary";
const KEY_SECRET: &str = "canary-key\"\\é+/=&<>'%-canary";
/// What a secret shows itself by: as it is, in base 64 wherever it begins, in hexadecimal and in JSON's longest form.
const MARKS: [&str; 6] =
    ["canary", "Y2FuYXJ5", "NhbmFye", "jYW5hcn", "63616e617279", "\\u0063\\u0061\\u006e"];
/// What a signed token shows itself by.
const SIGNED: &str = "eyJ0eXAi";
const NOTE: &str = "Note 1";

/// Asserts that no output and no file has a secret in it.
#[track_caller]
fn is_clean(desk: &Desk, outcome: &Outcome) {
    let outputs = [&outcome.stdout, &outcome.stderr].map(|text| ("the output", text.clone()));
    for (place, text) in outputs.into_iter().chain(files(desk)) {
        for mark in MARKS.into_iter().chain([SIGNED]) {
            let found = text.find(mark).map(|at| text[at..].chars().take(80).collect::<String>());
            assert_eq!(found, None, "{mark} in {place}\n{outcome}");
        }
    }
    assert!(!outcome.stderr.contains("panicked"), "{outcome}");
}

fn files(desk: &Desk) -> impl Iterator<Item = (&'static str, String)> {
    let text = |content: &[u8]| String::from_utf8_lossy(content).into_owned();
    desk.all_files().into_iter().map(move |(_, content)| ("a file", text(&content)))
}

/// Who asks, and what for: the variables that are set.
type Credentials = [(&'static str, &'static str)];
const READY: [(&str, &str); 1] = [("STRINGEEX_TOKEN", TOKEN)];
const LOGIN: [(&str, &str); 2] = [("STRINGEEX_EMAIL", "ann"), ("STRINGEEX_PASSWORD", PASSWORD)];
const KEY: [(&str, &str); 2] = [("STRINGEE_KEY_SID", "SK"), ("STRINGEE_KEY_SECRET", KEY_SECRET)];

/// One row, little patience, and an environment that asks for all there is to be told.
fn desk(credentials: &Credentials) -> Desk {
    let job = format!("{}limits: {{ attempts: 2 }}\n", crate::desk::NOTES_JOB);
    let desk = Desk::with_notes(notes_csv(1, 1))
        .file("job.yaml", job)
        .with_connector(|text| {
            text.replace("request: 30s", "request: 300ms")
                .replace("sure_after: 10s", "sure_after: 0s")
        })
        .env("RUST_LOG", "trace")
        .env("RUST_BACKTRACE", "full");
    credentials.iter().fold(desk, |desk, (name, value)| desk.env(name, value))
}

fn run(address: &str, format: &str) -> String {
    format!(
        "run job.yaml -v --rate 100000/s --give-up-after 1s --base-url {address} --format {format}"
    )
}

/// How a server writes what it repeats: a text of JSON.
#[derive(Debug, Clone, Copy)]
enum Style {
    Plain,
    /// As libraries do that fear for the page around it.
    Escaped,
    /// As it would stand in an address.
    Percent,
}

impl Style {
    fn write(self, text: &str) -> String {
        match self {
            Self::Plain => serde_json::Value::from(text).to_string(),
            Self::Escaped => {
                let units = text.encode_utf16().map(|unit| match u8::try_from(unit) {
                    Ok(byte) if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
                    _ => format!("\\u{unit:04x}"),
                });
                format!("\"{}\"", units.collect::<String>())
            }
            Self::Percent => {
                let encoded: String =
                    url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
                format!("\"{encoded}\"")
            }
        }
    }

    /// The token of a request, and the secret that stands behind it, which a server may know from the login.
    fn repeat(self, request: &Seen, secret: &str) -> String {
        let token = request.headers.get("x-stringee-auth").cloned().unwrap_or_default();
        self.write(&format!("{token} {secret}"))
    }
}

/// What a server answers; it is told what is asked for, and what it hears, as a text of JSON.
type Play = fn(&Seen, &str) -> Option<(u16, String)>;

/// Runs in every format against a server that repeats what it hears in every style, and looks everywhere.
#[track_caller]
fn every_run_is_clean(
    credentials: &Credentials,
    exit: i32,
    play: impl Fn(&Seen, &str) -> Option<(u16, String)> + Copy + Send + Sync + 'static,
) {
    for (format, style) in
        [("text", Style::Plain), ("json", Style::Escaped), ("text", Style::Percent)]
    {
        let secret = credentials.last().map_or(String::new(), |(_, secret)| (*secret).to_owned());
        let stand = Stand::open(move |request| play(request, &style.repeat(request, &secret)));
        let desk = desk(credentials);
        let outcome = desk.call(&run(stand.address(), format));
        is_clean(&desk, &outcome);
        outcome.exits(exit);
        if matches!(style, Style::Escaped) {
            for verb in ["status", "plan job.yaml -v", "check job.yaml -v"] {
                is_clean(&desk, &desk.call(&format!("{verb} --format {format}")));
            }
        }
    }
}

fn list(id: &str, note: &str) -> String {
    let now = jiff::Timestamp::now().as_millisecond();
    format!(r#"{{"r":0,"data":{{"rows":[{{"id":{id},"note":{note},"created":{now}}}]}}}}"#)
}

/// What may become of a row, by the exit code.
const PLAYS: [(i32, Play); 10] = [
    (0, |_, said| Some((200, format!(r#"{{"r":0,"id":{said},"msg":{said}}}"#)))),
    (6, |_, said| Some((200, format!(r#"{{"r":{said},"msg":{said}}}"#)))),
    (1, |_, said| Some((400, format!(r#"{{"r":7,"message":{said}}}"#)))),
    (6, |_, said| Some((503, format!(r#"{{"r":7,"msg":{said}}}"#)))),
    (4, |_, said| Some((401, format!(r#"{{"r":7,"msg":{said}}}"#)))),
    (6, |_, said| Some((500, format!(r#"{{"r":7,"msg":{said}}}"#)))),
    (6, |_, said| Some((200, said.to_owned()))),
    (6, |_, _| None),
    // What was lost is looked for: it is there, or another is.
    (0, |request, said| match request.method.as_str() {
        "GET" => Some((200, list(said, "\"Note 1\""))),
        _ => Some((500, said.to_owned())),
    }),
    (6, |request, said| match request.method.as_str() {
        "GET" => Some((200, list(said, said))),
        _ => Some((500, said.to_owned())),
    }),
];

/// A way in for those who need one, and what may become of a row behind it.
fn every_play_is_clean(credentials: &'static Credentials) {
    std::thread::scope(|scope| {
        for (exit, play) in PLAYS {
            scope.spawn(move || {
                every_run_is_clean(credentials, exit, move |request, said| {
                    match request.path.as_str() {
                        "/account" => Some((200, logged_in(said))),
                        _ => play(request, said),
                    }
                });
            });
        }
    });
}

/// A token, in an answer that repeats the password.
fn logged_in(said: &str) -> String {
    let token = serde_json::Value::from(TOKEN);
    format!(r#"{{"r":0,"msg":{said},"portals":[{{"auth_token":{token}}}]}}"#)
}

#[test]
fn a_ready_token_shows_nowhere() {
    every_play_is_clean(&READY);
}

#[test]
fn a_password_and_the_token_that_it_brings_show_nowhere() {
    every_play_is_clean(&LOGIN);
}

#[test]
fn a_signing_secret_and_its_tokens_show_nowhere() {
    every_play_is_clean(&KEY);
}

#[test]
fn a_refused_password_shows_nowhere_though_the_refusal_repeats_it() {
    let plays: [Play; 6] = [
        |_, said| Some((200, format!(r#"{{"r":1,"msg":{said}}}"#))),
        |_, said| Some((401, format!(r#"{{"error":{said}}}"#))),
        |_, said| Some((500, format!(r#"{{"message":{said}}}"#))),
        |_, said| Some((200, said.to_owned())),
        |_, said| {
            Some((200, format!(r#"{{"r":0,"portals":[{{"auth_token":"\n"}}],"msg":{said}}}"#)))
        },
        |_, _| None,
    ];
    std::thread::scope(|scope| {
        for play in plays {
            scope.spawn(move || every_run_is_clean(&LOGIN, 4, play));
        }
    });
}

#[test]
fn wrong_and_broken_credentials_show_nowhere() {
    let sandbox = sandbox("");
    for token in [TOKEN, "canary\nline", "canary\u{7f}", "canary-é"] {
        let desk = desk(&[("STRINGEEX_TOKEN", token)]);
        for format in ["text", "json"] {
            is_clean(&desk, &desk.call(&run(sandbox.base_url(), format)).exits(4));
        }
    }
}

#[test]
fn credentials_in_files_show_nowhere() {
    let sandbox = sandbox("");
    for content in [TOKEN.as_bytes(), b"canary\xff"] {
        let secrets = Desk::new().file("token", content);
        let path = secrets.path("token");
        let desk = desk(&[]).env("STRINGEEX_TOKEN_FILE", path.to_str().unwrap());
        is_clean(&desk, &desk.call(&run(sandbox.base_url(), "text")));
    }
}

#[test]
fn a_run_under_way_and_one_that_is_killed_show_no_secret() {
    let answers_logins_alone =
        |request: &Seen| (request.path == "/account").then(|| (200, logged_in("\"welcome\"")));
    for credentials in [&READY[..], &LOGIN, &KEY] {
        for format in ["text", "json"] {
            let stand = Stand::open(answers_logins_alone);
            // With the patience that the connector has as it is shipped.
            let desk = desk(credentials).with_connector(|text| text);
            let run = desk.start(&run(stand.address(), format));
            while stand.arrival().path == "/account" {}
            #[cfg(target_os = "linux")]
            assert!(!MARKS.iter().any(|mark| run.arguments().contains(mark)));
            let outcome = run.kill();
            assert!(desk.path(".noteferry/ledger.db-wal").is_file());
            is_clean(&desk, &outcome);
            is_clean(&desk, &desk.call("status"));
        }
    }
}

#[test]
fn a_sandbox_does_not_look_at_the_credentials_around_it() {
    for format in ["text", "json"] {
        let desk = desk(&[READY[0], LOGIN[0], LOGIN[1], KEY[0], KEY[1]]);
        let mut sandbox = desk.start(&format!("sandbox --port 0 --format {format}"));
        sandbox.line().unwrap();
        is_clean(&desk, &sandbox.kill());
        let rehearsal = format!("run job.yaml -v --sandbox --rate 100000/s --format {format}");
        is_clean(&desk, &desk.call(&rehearsal).exits(0));
    }
}

#[test]
fn an_address_with_a_password_in_it_is_refused_and_not_repeated() {
    let desk = desk(&READY);
    for format in ["text", "json"] {
        is_clean(&desk, &desk.call(&run("http://ann:canary@127.0.0.1:1/v1", format)).exits(2));
    }
}

#[test]
fn a_proxy_with_a_password_in_its_address_is_not_repeated() {
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        let desk = desk(&READY).env(name, "http://ann:canary@127.0.0.1:1");
        for format in ["text", "json"] {
            let run = run("http://noteferry.invalid/v1 --allow-http", format);
            is_clean(&desk, &desk.call(&run).exits(4));
        }
    }
}

/// Where the text of the note can be read, of what a call prints and of the ledger beside it.
fn where_the_note_is(desk: &Desk, outcome: &Outcome) -> Vec<&'static str> {
    let outputs = [("stdout", outcome.stdout.clone()), ("stderr", outcome.stderr.clone())];
    let ledger = desk
        .all_files()
        .into_iter()
        .filter(|(path, _)| path.parent().is_some_and(|folder| folder.ends_with(".noteferry")));
    let ledger: Vec<u8> = ledger.flat_map(|(_, content)| content).collect();
    let places = outputs.into_iter().chain([("ledger", String::from_utf8_lossy(&ledger).into())]);
    places.filter(|(_, text)| text.contains(NOTE)).map(|(place, _)| place).collect()
}

#[test]
fn a_note_shows_in_plans_alone() {
    let refusing = |request: &Seen| match request.method.as_str() {
        "GET" => Some((200, list("\"tn_1\"", "\"somebody else's\""))),
        _ => Some((500, String::new())),
    };
    let (sandbox, stand) = (sandbox(""), Stand::open(refusing));
    for (address, token) in [(sandbox.base_url(), None), (stand.address(), Some(READY[0]))] {
        for format in ["text", "json"] {
            let sign_in = [
                ("STRINGEEX_EMAIL", noteferry::sandbox::EMAIL),
                ("STRINGEEX_PASSWORD", noteferry::sandbox::PASSWORD),
            ];
            let desk = match token {
                Some(token) => desk(&[token]),
                None => desk(&sign_in),
            };
            for call in [
                format!("check job.yaml -v --format {format}"),
                run(address, format),
                format!("status job.yaml --base-url {address} --format {format}"),
            ] {
                let outcome = desk.call(&call);
                assert_eq!(where_the_note_is(&desk, &outcome), [""; 0], "{call}\n{outcome}");
            }
            let plan = self::desk(&sign_in).call(&format!("plan job.yaml --format {format}"));
            assert!(plan.stdout.contains(NOTE), "{plan}");
        }
    }
}

/// What a refusal quotes is why it refuses: it is told, and kept.
#[test]
fn a_note_that_a_refusal_quotes_shows_as_its_words() {
    let stand = Stand::open(|request| {
        let note = &request.body["note"];
        Some((200, format!(r#"{{"r":2,"msg":{note}}}"#)))
    });
    for (format, place) in [("text", "stderr"), ("json", "stdout")] {
        let desk = desk(&READY);
        let outcome = desk.call(&run(stand.address(), format)).exits(1);
        assert_eq!(where_the_note_is(&desk, &outcome), [place, "ledger"], "{outcome}");
    }
}
