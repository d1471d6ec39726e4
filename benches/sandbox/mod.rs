//! A sandbox in a process of its own, for benches that send.

// Each bench uses what it needs.
#![allow(dead_code)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::SystemTime;

use serde_json::Value;

use crate::measure;

/// A sandbox in a process of its own; gone when this is dropped.
pub(crate) struct Sandbox {
    process: Child,
    /// What it said of itself when it began.
    event: Value,
}

impl Sandbox {
    pub(crate) fn start() -> Self {
        let mut command = measure::noteferry();
        command.args(["sandbox", "--port", "0", "--no-quota", "--format", "json"]);
        let mut process = command
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program is there: cargo has built it");
        let mut line = String::new();
        let output = process.stdout.take().expect("it was asked for");
        BufReader::new(output).read_line(&mut line).expect("a sandbox says where it is");
        let event = serde_json::from_str(&line).expect("a sandbox says where it is in JSON");
        Self { process, event }
    }

    /// A text of what the sandbox said of itself when it began.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.event[name].as_str().expect("the sandbox's event has it")
    }

    /// When the first request after a moment came, in milliseconds after that moment.
    pub(crate) fn first_request_since(&self, began: SystemTime) -> i64 {
        let began = began.duration_since(SystemTime::UNIX_EPOCH).expect("it is past 1970");
        let began = i64::try_from(began.as_millis()).expect("it is not that far past 1970");
        let books = self.books();
        let journal = books["journal"].as_array().expect("the books have a journal");
        let moments = journal.iter().filter_map(|entry| entry["at"].as_i64());
        let first = moments.filter(|moment| *moment >= began).min();
        first.expect("the run has sent something") - began
    }

    fn books(&self) -> Value {
        let address = self.text("base_url").trim_start_matches("http://").trim_end_matches("/v1");
        let mut stream = TcpStream::connect(address).expect("the sandbox listens");
        write!(
            stream,
            "GET /_sandbox/books HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        )
        .expect("the sandbox listens");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the sandbox answers");
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        serde_json::from_str(body).expect("the books are JSON")
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // It may have died by itself; then there is nothing to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
