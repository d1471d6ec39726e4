//! `noteferry check` on a large file: rows a second, processor time, peak memory.
//!
//!     cargo bench --bench check
//!     cargo bench --bench check -- 10000000
//!
//! The file has the seven columns of `ticket_note.create` and a million rows, or as many as the argument or
//! NOTEFERRY_BENCH_ROWS says. It is checked as it is, and as the source of a job with a `key` and an
//! expression. Nothing here judges: whoever runs it compares with the figures below. The aims are 1.5 times
//! the rows a second of `qsv validate` (on machines as below 0.50 million on one core, 0.63 million on two) and
//! less than 32 MB, however many rows there are.
//!
//! # Figures
//!
//! November 2026, two shared cores of an AMD EPYC (Zen 5, KVM), Linux 6.18, release profile with symbols, middle of
//! three; the machine's noise is about 10 % either way, and more while others use it.
//!
//! | what | rows | cores | rows/s | cpu, 100k rows | peak |
//! |---|---|---|---|---|---|
//! | a data file | 1 M | 2 | 1.88 M | 0.08 s | 14 MiB |
//! | a data file | 1 M | 1 | 1.23 M | 0.08 s | 13 MiB |
//! | a data file | 10 M | 2 | 1.81 M | 0.09 s | 13 MiB |
//! | a job with a key and an expression | 1 M | 2 | 1.27 M | 0.13 s | 22 MiB |
//! | a job with a key and an expression | 1 M | 1 | 0.82 M | 0.12 s | 21 MiB |
//! | a job with a key and an expression | 10 M | 2 | 1.34 M | 0.13 s | 90 MiB |
//!
//! A key costs eight bytes a row, so the second aim does not hold for a job with a key from some 2 million rows on.
//! Lines with 10 M rows or one core are single runs; one core is `taskset -c 0`.

mod data;
mod measure;

use std::path::Path;

const ROWS: u64 = 1_000_000;

fn main() {
    if !measure::is_wanted() {
        return;
    }
    let rows = measure::rows(ROWS);
    let folder = measure::folder();
    let (plain, keyed) = (folder.path().join("plain.csv"), folder.path().join(data::KEYED_FILE));
    let job = folder.path().join("keyed.yaml");
    data::write_notes(&plain, rows, false).expect("the disk has room");
    data::write_notes(&keyed, rows, true).expect("the disk has room");
    std::fs::write(&job, data::KEYED_JOB).expect("the disk has room");
    measure("a data file", rows, &["--operation", "ticket_note.create"], &plain);
    measure("a job with a key and an expression", rows, &[], &job);
}

fn measure(what: &str, rows: u64, arguments: &[&str], job: &Path) {
    println!("check, {what}, {rows} rows");
    let folder = job.parent().expect("the job is in the bench's folder");
    for _ in 0..measure::runs() {
        let mut command = measure::noteferry();
        command.arg("check").args(arguments).arg("--no-progress").arg(job);
        println!("  {}", measure::cost(&mut command, folder).words(rows, "rows"));
    }
}
