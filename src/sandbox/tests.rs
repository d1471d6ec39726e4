//! The sandbox over real loopback sockets. Its rules are tested in `books`, without sockets.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

fn sandbox(faults: &str) -> Sandbox {
    let faults = faults.parse().unwrap();
    Sandbox::start(Options { faults, ..Options::default() }).unwrap()
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn post(
    client: &reqwest::Client,
    url: String,
    token: &str,
    body: &Value,
) -> reqwest::Response {
    let request = client.post(url).header("X-STRINGEE-AUTH", token);
    let request = request.header("Content-Type", "application/json");
    request.body(body.to_string()).send().await.unwrap()
}

async fn value(response: reqwest::Response) -> Value {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

async fn token(client: &reqwest::Client, sandbox: &Sandbox) -> String {
    let credentials = json!({"email": EMAIL, "password": PASSWORD});
    let url = format!("{}/account", sandbox.base_url());
    let answer = value(post(client, url, "", &credentials).await).await;
    answer["portals"][0]["auth_token"].as_str().unwrap().to_owned()
}

/// Sends one create over a connection of its own and reads until it ends: what came, and how it ended.
async fn raw_create(sandbox: &Sandbox, token: &str) -> (String, std::io::Result<()>) {
    let address = sandbox.base_url().strip_prefix("http://").unwrap().strip_suffix("/v1").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let body = r#"{"ticket_id":"tk_1","note":"a"}"#;
    let request = format!(
        "POST /v1/ticketNote HTTP/1.1\r\nHost: sandbox\r\nX-STRINGEE-AUTH: {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let end = stream.read_to_end(&mut answer).await.map(drop);
    (String::from_utf8(answer).unwrap(), end)
}

#[tokio::test]
async fn a_note_lives_and_dies() {
    let sandbox = sandbox("");
    let client = client();
    let token = token(&client, &sandbox).await;
    let notes = format!("{}/ticketNote", sandbox.base_url());

    let created =
        post(&client, notes.clone(), &token, &json!({"ticket_id": "tk_1", "note": "đầu"})).await;
    assert_eq!(created.status(), 200);
    assert!(created.headers().contains_key("date"));
    assert_eq!(created.headers()["content-type"], "application/json");
    let created = value(created).await;
    let id = created["id"].as_str().unwrap();
    assert_eq!(created, json!({"id": id, "r": 0, "msg": "Success"}));

    let updated = client.put(format!("{notes}/{id}")).header("X-STRINGEE-AUTH", &token);
    let updated = updated.header("Content-Type", "application/json").body(r#"{"note":"sau"}"#);
    assert_eq!(value(updated.send().await.unwrap()).await["msg"], "Success");

    let listed = client.get(format!("{notes}?ticket=tk_1&sort_by=created&sort_order=asc"));
    let listed = listed.header("X-STRINGEE-AUTH", &token).send().await.unwrap();
    let listed = value(listed).await;
    assert_eq!(listed["data"]["total"], 1);
    assert_eq!(listed["data"]["rows"][0]["note"], "sau");

    let deleted = client.delete(format!("{notes}/{id}")).header("X-STRINGEE-AUTH", &token);
    assert_eq!(value(deleted.send().await.unwrap()).await["msg"], "Delete success");

    let shown = client.get(sandbox.base_url().replace("/v1", "/_sandbox/books"));
    let shown = value(shown.send().await.unwrap()).await;
    assert_eq!(shown, sandbox.books());
    assert_eq!((&shown["requests"], &shown["logins"]), (&json!(5), &json!(1)));
    assert_eq!(shown["notes"], json!([]));
    assert_eq!((&shown["updated"], &shown["deleted"]), (&json!([id]), &json!([id])));
    let shown = shown.to_string();
    assert!(!shown.contains(&token) && !shown.contains(PASSWORD));
}

#[tokio::test]
async fn connections_end_badly_when_asked_to() {
    let client = client();
    for (fault, acted) in [("reset", 0), ("reset-after", 1)] {
        let sandbox = sandbox(&format!("{fault}=100%"));
        let token = token(&client, &sandbox).await;
        let (answer, end) = raw_create(&sandbox, &token).await;
        assert_eq!(answer, "", "{fault}");
        assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset, "{fault}");
        assert_eq!(sandbox.books()["notes"].as_array().unwrap().len(), acted, "{fault}");
    }
}

#[tokio::test]
async fn an_answer_is_cut_short() {
    let sandbox = sandbox("cut-after=100%");
    let token = token(&client(), &sandbox).await;
    let (answer, end) = raw_create(&sandbox, &token).await;
    end.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    assert!(head.to_ascii_lowercase().contains("content-length: 50"), "{head}");
    assert_eq!(body.len(), 25);
    assert!(body.starts_with(r#"{"id":"tn_"#), "{body}");
    assert_eq!(sandbox.books()["notes"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_slow_answer_is_acted_on_before_it_comes() {
    let faults = "slow=100%".parse().unwrap();
    let slow = Duration::from_secs(600);
    let sandbox = Sandbox::start(Options { faults, slow, ..Options::default() }).unwrap();
    let token = token(&client(), &sandbox).await;
    let answer = raw_create(&sandbox, &token);
    tokio::pin!(answer);
    loop {
        tokio::select! {
            biased;
            _ = &mut answer => panic!("answered before its time"),
            () = tokio::task::yield_now() => {}
        }
        if sandbox.books()["notes"].as_array().unwrap().len() == 1 {
            break;
        }
    }
}

#[tokio::test]
async fn too_large_a_body_is_answered_all_the_same() {
    let sandbox = sandbox("");
    let client = client();
    let token = token(&client, &sandbox).await;
    let notes = format!("{}/ticketNote", sandbox.base_url());
    for (length, status) in [((1 << 20) - 60, 200), (1 << 20, 413)] {
        let body = json!({"ticket_id": "tk_1", "note": "a".repeat(length)});
        assert_eq!(post(&client, notes.clone(), &token, &body).await.status(), status);
    }
}

#[tokio::test]
async fn the_date_follows_the_clock() {
    let sandbox = sandbox("");
    let client = client();
    let clock = sandbox.base_url().replace("/v1", "/_sandbox/clock");
    let day = 86_400_000_i64;
    let answer = post(&client, clock, "", &json!({"offset_ms": 10 * day})).await;
    let date = httpdate::parse_http_date(answer.headers()["date"].to_str().unwrap()).unwrap();
    let ahead = date.duration_since(std::time::SystemTime::now()).unwrap();
    assert!(ahead > Duration::from_secs(9 * 86_400), "{ahead:?}");
}

#[tokio::test]
async fn the_quota_tells_how_long_to_wait() {
    let quotas = vec!["1/1d".parse().unwrap()];
    let sandbox = Sandbox::start(Options { quotas, ..Options::default() }).unwrap();
    let client = client();
    // The day may end between two requests, but not between each of three.
    let mut answers = Vec::new();
    for _ in 0..3 {
        let url = format!("{}/ticketNote?ticket=tk_1", sandbox.base_url());
        answers.push(client.get(url).send().await.unwrap());
    }
    let refused = answers.iter().find(|answer| answer.status() == 429).unwrap();
    let seconds: u32 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=86_400).contains(&seconds), "{seconds}");
    assert_ne!(sandbox.books()["pushbacks"], 0);
}

#[test]
fn a_port_is_free_again_after_the_stop_and_taken_until_then() {
    let sandbox = sandbox("");
    let port = sandbox.base_url().rsplit([':', '/']).nth(1).unwrap().parse().unwrap();
    let again = || Sandbox::start(Options { port, ..Options::default() });
    assert_eq!(again().err().unwrap().kind(), std::io::ErrorKind::AddrInUse);
    sandbox.stop();
    let sandbox = again().unwrap();
    let stopper = sandbox.stopper();
    stopper.stop();
    sandbox.wait();
    stopper.stop();
}
