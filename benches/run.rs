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
mod sandbox;

use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use sandbox::Sandbox;

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
