//! `noteferry run` against the fastest server there is: requests a second, processor time, peak memory; and
//! how long a small job takes from its start to its first request.
//!
//!     cargo bench --bench run
//!     cargo bench --bench run -- 1000000
//!
//! The server is a sandbox without quota and latency, in a process of its own whose cost is not counted,
//! though it takes its share of the machine. It gets 100,000 creates on 20,000 tickets, or as many as the
//! argument or NOTEFERRY_BENCH_ROWS says, 64 at once. The ledger is on the disk of the target folder and as
//! durable as it always is; both readings of the source are part of the run. The moment of the first request, a
//! login, is by the sandbox's journal, to the millisecond. Nothing here judges: whoever runs it compares with
//! the figures below. The aims are 3.5 s of processor time for 100,000 requests and 30 ms to the first.
//!
//! # Figures
//!
//! November 2026, two shared cores of an AMD EPYC (Zen 5, KVM) for program and server together, ext4, Linux 6.18,
//! release profile with symbols, middle of three (of 21 for the small job); the machine's noise is about 10 % either way, and
//! more while others use it.
//!
//! | what | figure |
//! |---|---|
//! | requests/s | 36,000 |
//! | cpu, 100k requests | 3.4 s |
//! | peak | 42 MiB |
//! | start to first request | 10 ms |
//! | start to end, one create | 13 ms |
//!
//! A third of the processor time is the ledger's thread. An index over the keys, which are digests here and land on
//! another page each, took another second.

mod data;
mod measure;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::SystemTime;

use serde_json::Value;

const REQUESTS: u64 = 100_000;
/// How often a small job is started for each run of the large one.
const STARTS: u64 = 7;

fn main() {
    if !measure::is_wanted() {
        return;
    }
    let requests = measure::rows(REQUESTS);
    let folder = measure::folder();
    let (large, small) = (folder.path().join("large.csv"), folder.path().join("small.csv"));
    data::write_notes(&large, requests, false).expect("the disk has room");
    data::write_notes(&small, 1, false).expect("the disk has room");
    println!("run, {requests} creates, 64 at once");
    for _ in 0..measure::runs() {
        let sandbox = Sandbox::start();
        let cost = measure::cost(&mut run(&large, &sandbox), folder.path());
        println!("  {}", cost.words(requests, "requests"));
        forget(folder.path());
    }
    println!("run, one create, from its start to its first request and to its end");
    let sandbox = Sandbox::start();
    for _ in 0..measure::runs() * STARTS {
        let began = SystemTime::now();
        let cost = measure::cost(&mut run(&small, &sandbox), folder.path());
        let first = sandbox.first_request_since(began);
        println!("  {first:3} ms  {:5.1} ms", cost.wall.as_secs_f64() * 1e3);
        forget(folder.path());
    }
}

fn run(job: &Path, sandbox: &Sandbox) -> Command {
    let mut command = measure::noteferry();
    command.args(["run", "--operation", "ticket_note.create", "--no-progress"]);
    command.args(["--rate", "1000000/s", "--concurrency", "64"]);
    command.args(["--base-url", sandbox.text("base_url")]).arg(job);
    command.env("STRINGEEX_EMAIL", sandbox.text("email"));
    command.env("STRINGEEX_PASSWORD", sandbox.text("password"));
    command
}

/// Removes the ledger, so that the next run begins anew.
fn forget(folder: &Path) {
    std::fs::remove_dir_all(folder.join(".noteferry")).expect("the run has made a ledger");
}

/// A sandbox in a process of its own; gone when this is dropped.
struct Sandbox {
    process: Child,
    /// What it said of itself when it began.
    event: Value,
}

impl Sandbox {
    fn start() -> Self {
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

    fn text(&self, name: &str) -> &str {
        self.event[name].as_str().expect("the sandbox's event has it")
    }

    /// When the first request after a moment came, in milliseconds after that moment.
    fn first_request_since(&self, began: SystemTime) -> i64 {
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
