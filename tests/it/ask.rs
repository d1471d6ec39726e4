//! A request to a sandbox and its answer, in as little HTTP as that takes.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use noteferry::sandbox::{EMAIL, PASSWORD};
use serde_json::{Value, json};

/// Sends a request to a path on the address of `base_url`; gives the JSON of the answer.
pub fn ask(base_url: &str, method: &str, path: &str, token: &str, body: &Value) -> Value {
    let address = base_url.trim_start_matches("http://").split('/').next().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let body = body.to_string();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nX-STRINGEE-AUTH: {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

/// A token of the sandbox.
pub fn log_in(base_url: &str) -> String {
    let answer =
        ask(base_url, "POST", "/v1/account", "", &json!({"email": EMAIL, "password": PASSWORD}));
    answer["portals"][0]["auth_token"].as_str().unwrap().to_owned()
}

/// What a sandbox holds and has done.
pub fn books(base_url: &str) -> Value {
    ask(base_url, "GET", "/_sandbox/books", "", &Value::Null)
}
