//! Where requests go: to the base URL and what lies behind it, whatever connectors, cells and the command line say.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::desk::{Desk, notes_csv, sandbox, texts};
use crate::stand::Stand;

/// A server that nothing may be sent to.
fn other_server() -> Stand {
    Stand::open(|_| Some((200, json!({"r": 0, "id": "tn_1"}).to_string())))
}

fn host(stand: &Stand) -> &str {
    stand.address().trim_start_matches("http://")
}

#[test]
fn a_path_of_a_connector_leads_to_no_other_host() {
    let (sandbox, other) = (sandbox(""), other_server());
    for (file, from, to) in [
        ("ticket_note.create", "path: /ticketNote", "path: '@HOST/x'"),
        ("ticket_note.create", "path: /ticketNote", "path: //HOST/x"),
        ("ticket_note.create", "path: /ticketNote", "path: '{ticket_id}/x'"),
        ("ticket_note.create", "path: /ticketNote", "path: /../../x"),
        ("ticket_note.list", "path: /ticketNote", "path: '@HOST/x'"),
        ("connector", "path: /account", "path: '@HOST/x'"),
        ("connector", "path: /account", "path: .HOST/x"),
    ] {
        let desk = Desk::with_notes(notes_csv(2, 1));
        let to = to.replace("HOST", host(&other));
        let desk = desk.with_connector(|text| {
            match text.contains(&format!(": {file}\n"))
                || (file == "connector" && text.contains("/account"))
            {
                true => text.replace(from, &to),
                false => text,
            }
        });
        let outcome = desk.run(&sandbox, "job.yaml").exits(2);
        assert!(outcome.stdout.contains("the path"), "{to}: {outcome}");
    }
    assert!(other.seen().is_empty() && texts(&sandbox).is_empty());
}

const DELETE: &str = "job: gone\noperation: ticket_note.delete\nsource: { csv: gone.csv }\nmap: { note_id: \"{{ note }}\" }\n";

#[test]
fn a_cell_leads_to_no_other_path() {
    let stand = other_server();
    let cells = ["a/../../b", "@evil.example", "//evil.example/", "..\\x", "a#b?c", "%2e%2e"];
    let rows: String = cells.iter().map(|cell| format!("{cell}\n")).collect();
    let desk = Desk::new()
        .file("job.yaml", DELETE)
        .file("gone.csv", format!("note\n{rows}"))
        .env("STRINGEEX_TOKEN", "t");
    let run = format!("run job.yaml --rate 1000/s --format json --base-url {}/v1", stand.address());
    desk.call(&run).exits(0).counts("succeeded=6");
    let seen = stand.seen();
    assert!(seen.iter().all(|seen| seen.path.starts_with("/v1/ticketNote/")), "{seen:?}");
    assert!(seen.iter().all(|seen| seen.path.matches('/').count() == 3), "{seen:?}");
    for cell in ["..", "."] {
        desk.write("gone.csv", format!("note\n{cell}\n"));
        let outcome = desk.call(&run.replace("--format json", "")).exits(3);
        assert!(outcome.stderr.contains("cannot stand in the path"), "{outcome}");
    }
    assert_eq!(stand.seen().len(), seen.len());
}

#[test]
fn two_spellings_are_one_target() {
    let count = AtomicUsize::new(0);
    let stand = Stand::open(move |_| {
        let id = format!("tn_{}", count.fetch_add(1, Ordering::Relaxed));
        Some((200, json!({"r": 0, "id": id}).to_string()))
    });
    let desk = Desk::with_notes(notes_csv(3, 1)).env("STRINGEEX_TOKEN", "t");
    let run = |address: &str| {
        desk.call(&format!("run job.yaml --rate 1000/s --format json --base-url {address}"))
            .exits(0)
    };
    run(&format!("{}/v1", stand.address())).counts("succeeded=3");
    for address in [
        format!("{}/v1/", stand.address().replace("http", "HTTP")),
        format!("{}/./v1", stand.address()),
        format!("{}/x/../v1//", stand.address()),
    ] {
        run(&address).counts("already_done=3 requests=0");
    }
    // As a version before this one has written it down.
    let written = format!("{}/./v1", stand.address().replace("http", "HTTP"));
    desk.ledger().execute("UPDATE jobs SET base_url = ?1", [&written]).unwrap();
    run(&written).counts("already_done=3 requests=0");
    run(&format!("{}/v1", stand.address())).counts("already_done=3 requests=0");
    let plan = desk.call(&format!("plan job.yaml --base-url {}/v1", stand.address())).exits(0);
    assert!(plan.stdout.contains("skip    3  already done"), "{plan}");
    assert_eq!(stand.seen().len(), 3);
}

#[test]
fn what_is_no_base_url_says_what_to_write() {
    let desk = Desk::with_notes(notes_csv(1, 1)).env("STRINGEEX_TOKEN", "t");
    for (address, parts) in [
        ("api.example.com/v1", ["no scheme", "write https://api.example.com/v1"]),
        ("htps://api.example.com", ["not with `htps:`", "https://api.example.com/v1"]),
        ("https://api.example.com/v1#a", ["a `#`", "leave out"]),
        ("https://api.example.com/v1?a", ["a `?`", "leave out"]),
        ("https://api.example.com\\v1", ["a `\\`", "write /"]),
    ] {
        for verb in ["check", "plan", "run"] {
            let outcome = desk.call(&format!("{verb} job.yaml --base-url {address}")).exits(2);
            assert!(parts.iter().all(|part| outcome.stderr.contains(part)), "{outcome}");
        }
    }
    assert!(!desk.path(".noteferry").exists());
}

#[test]
fn credentials_go_to_another_machine_over_plain_http_only_with_leave() {
    let desk = Desk::with_notes(notes_csv(1, 1)).env("STRINGEEX_TOKEN", "t");
    for verb in ["plan", "run"] {
        let outcome =
            desk.call(&format!("{verb} job.yaml --base-url http://192.0.2.1/v1")).exits(2);
        for part in ["plain http", "192.0.2.1", "--allow-http", "plain-http"] {
            assert!(outcome.stderr.contains(part), "{outcome}");
        }
    }
    desk.call("plan job.yaml --allow-http --base-url http://192.0.2.1/v1").exits(0);
}

#[test]
fn what_cannot_get_better_is_no_outage() {
    let plain = plain_server();
    let (folder, mut server, port) = tls_server();
    let tls = format!("https://127.0.0.1:{port}");
    for (address, parts) in [
        (format!("https://{plain}"), ["does not speak TLS", "http://"]),
        (tls, ["certificate is not trusted", "--ca-file"]),
    ] {
        for ways in [
            &[("STRINGEEX_TOKEN", "t")][..],
            &[("STRINGEEX_EMAIL", "a"), ("STRINGEEX_PASSWORD", "p")],
        ] {
            let desk =
                ways.iter().fold(Desk::with_notes(notes_csv(3, 3)), |desk, (name, value)| {
                    desk.env(name, value)
                });
            let run = format!("run job.yaml --give-up-after 2s --base-url {address}/v1");
            let outcome = desk.call(&run).exits(2);
            assert!(parts.iter().all(|part| outcome.stderr.contains(part)), "{outcome}");
            let outcome = desk.call(&format!("{run} --format json")).exits(2);
            outcome.counts("not_started=3");
            assert_eq!(outcome.finished()["reason"], "wrong-address");
        }
    }
    server.kill().unwrap();
    server.wait().unwrap();
    drop(folder);
}

/// A server that answers whatever comes with an HTTP error. Gives its address.
fn plain_server() -> std::net::SocketAddr {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        }
    });
    address
}

/// A server with a certificate that nobody has signed but itself.
fn tls_server() -> (tempfile::TempDir, std::process::Child, u16) {
    use std::process::{Command, Stdio};
    let folder = tempfile::tempdir().unwrap();
    let port = {
        let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        free.local_addr().unwrap().port()
    };
    let openssl = |arguments: &str| {
        let mut command = Command::new("openssl");
        command.args(arguments.split(' ')).current_dir(folder.path());
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let made = openssl(
        "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \
         -addext subjectAltName=IP:127.0.0.1,DNS:localhost",
    );
    let mut made = made;
    assert!(made.status().unwrap().success());
    let mut server =
        openssl(&format!("s_server -accept {port} -cert cert.pem -key key.pem -quiet"));
    let server = server.spawn().unwrap();
    for _ in 0..100 {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    (folder, server, port)
}
