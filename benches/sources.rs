//! What other sources than a plain table cost: workbooks, nested JSON, lookups, an order; and text of HTML.
//!
//!     cargo bench --bench sources
//!
//! Everything is measured in one run, so that ratios hold whatever the machine does. Nothing here judges: whoever runs it
//! compares with the aims below.
//!
//! | what | aim |
//! |---|---|
//! | a workbook of 200,000 rows and 8 columns, with a million shared texts | at most 32 MiB |
//! | 150 MB of JSON, comments within tickets | at most 16 MiB, and 1.5 times a visitor of serde over the same file |
//! | a million rows put in order by a number | 32 bytes a row beside what a check takes |
//! | a lookup of 3 million entries | at most 150 MiB |
//! | `html_to_text` of ordinary mail | at least 50 MB a second |

mod measure;
#[path = "data/workbook.rs"]
mod workbook;

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;
use std::time::Instant;

const HEAD: &str = "job: measured\noperation: ticket_note.create\n";

fn main() {
    if !measure::is_wanted() {
        return;
    }
    let folder = measure::folder();
    sheet(folder.path());
    nested(folder.path());
    ordered(folder.path());
    looked_up(folder.path());
    html();
}

fn check(what: &str, folder: &Path, job: &str, count: u64) -> f64 {
    let path = folder.join("job.yaml");
    std::fs::write(&path, format!("{HEAD}{job}")).expect("the disk has room");
    println!("check, {what}");
    let mut least = f64::MAX;
    for _ in 0..measure::runs() {
        let mut command = measure::noteferry();
        command.arg("check").arg("--no-progress").arg(&path);
        let cost = measure::cost(&mut command, folder);
        println!("  {}", cost.words(count, "rows"));
        least = least.min(cost.wall.as_secs_f64());
    }
    least
}

fn sheet(folder: &Path) {
    const ROWS: u32 = 200_000;
    workbook::write(&folder.join("book.xlsx"), ROWS).expect("the disk has room");
    let job = "source: { xlsx: book.xlsx }\nmap: { ticket_id: '{{ ticket_id }}', note: '{{ note }}', is_internal_note: true }\n";
    check("a workbook", folder, job, u64::from(ROWS));
}

fn nested(folder: &Path) {
    const TICKETS: u32 = 125_000;
    let path = folder.join("tickets.json");
    let mut file = BufWriter::new(File::create(&path).expect("the disk has room"));
    let mut write = |text: &str| file.write_all(text.as_bytes()).expect("the disk has room");
    write("{\"tickets\": [");
    let body = "Khách báo không đăng nhập được, đã gọi lại và hẹn ngày mai. ".repeat(4);
    for ticket in 0..TICKETS {
        write(if ticket > 0 { "," } else { "" });
        write(&format!("{{\"id\": \"tk_{ticket}\", \"subject\": \"{body}\", \"comments\": ["));
        for comment in 0..3 {
            write(if comment > 0 { "," } else { "" });
            write(&format!("{{\"id\": {}{comment}, \"body\": \"{body}\"}}", ticket + 1));
        }
        write("]}");
    }
    write("]}");
    drop(file);
    let job = "source: { json: tickets.json, at: /tickets, each: /comments }\nmap: { ticket_id: '{{ parent.id }}', note: '{{ body }}', is_internal_note: true }\n";
    let ours = check("nested JSON", folder, job, u64::from(TICKETS) * 3);
    let began = Instant::now();
    let comments = visited(&path);
    let visitor = began.elapsed().as_secs_f64();
    println!(
        "  a visitor of serde: {visitor:.3} s, {comments} comments; the check takes {:.2} times that",
        ours / visitor
    );
}

/// How many comments there are, by nothing but serde.
fn visited(path: &Path) -> usize {
    #[derive(serde::Deserialize)]
    struct File_ {
        tickets: Count,
    }
    struct Count(usize);
    #[derive(serde::Deserialize)]
    struct Ticket {
        comments: Vec<Comment>,
    }
    #[derive(serde::Deserialize)]
    struct Comment {
        id: u64,
        body: String,
    }
    struct Visitor;
    impl<'de> serde::de::Visitor<'de> for Visitor {
        type Value = Count;
        fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("a list")
        }
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut all: A) -> Result<Count, A::Error> {
            let mut count = 0;
            while let Some(Ticket { comments }) = all.next_element()? {
                let comments: Vec<Comment> = comments;
                count +=
                    comments.iter().filter(|one| one.id < u64::MAX && !one.body.is_empty()).count();
            }
            Ok(Count(count))
        }
    }
    impl<'de> serde::Deserialize<'de> for Count {
        fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            from.deserialize_seq(Visitor)
        }
    }
    let file = BufReader::with_capacity(1 << 18, File::open(path).expect("it was written"));
    serde_json::from_reader::<_, File_>(file).expect("it is JSON").tickets.0
}

fn ordered(folder: &Path) {
    let rows = measure::rows(1_000_000);
    let mut file =
        BufWriter::new(File::create(folder.join("rows.csv")).expect("the disk has room"));
    writeln!(file, "ticket,when,body").expect("the disk has room");
    for row in 0..rows {
        let when = row * 2_654_435_761 % 4_294_967_296;
        writeln!(file, "tk_{},{when},Ghi chú số {row}", row % 1000).expect("the disk has room");
    }
    drop(file);
    let map = "map: { ticket_id: '{{ ticket }}', note: '{{ body }}', is_internal_note: true }\n";
    check("rows as they come", folder, &format!("source: {{ csv: rows.csv }}\n{map}"), rows);
    let job = format!("source: {{ csv: rows.csv }}\n{map}order_by: '{{{{ when | int }}}}'\n");
    check("rows in order", folder, &job, rows);
}

fn looked_up(folder: &Path) {
    const ENTRIES: u32 = 3_000_000;
    let mut file =
        BufWriter::new(File::create(folder.join("table.csv")).expect("the disk has room"));
    writeln!(file, "old,new").expect("the disk has room");
    for entry in 0..ENTRIES {
        writeln!(file, "{entry},tk_{}", entry.wrapping_mul(2_654_435_761))
            .expect("the disk has room");
    }
    drop(file);
    let job = "source: { rows: [{ ticket: 17, body: x }, { ticket: 2999999, body: y }] }\n\
               lookups: { tickets: { csv: table.csv, key: old, value: new } }\n\
               map: { ticket_id: \"{{ ticket | lookup('tickets') }}\", note: '{{ body }}', is_internal_note: true }\n";
    check("a lookup of 3 million entries", folder, job, ENTRIES.into());
}

fn html() {
    let mail = "<html><body><div class=\"m\"><p>Chào anh,<br>em đã <b>hoàn tiền</b> cho đơn &amp; phí.</p><ul><li>một<li>hai</ul>\
                <p>Xem <a href=\"https://wiki.example/vpn\">hướng dẫn</a>, cảm ơn anh đã chờ. Có gì anh gọi lại giúp em.</p></div></body></html>\n";
    let text = mail.repeat(40);
    println!("html_to_text, mails of {} bytes", text.len());
    let began = Instant::now();
    let mut bytes = 0;
    while bytes < 50_000_000 {
        bytes +=
            std::hint::black_box(noteferry::proofs::html_to_text(&text)).len().min(1) * text.len();
    }
    let seconds = began.elapsed().as_secs_f64();
    println!("  {:.0} MB/s", bytes as f64 / 1e6 / seconds);
    let open = "<".repeat(5_000_000);
    let began = Instant::now();
    drop(std::hint::black_box(noteferry::proofs::html_to_text(&open)));
    println!("  5 MB of < take {:.3} s", began.elapsed().as_secs_f64());
}
