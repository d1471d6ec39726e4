//! Files as they are handed over: packed, in old encodings, from databases, piped in, under other names.

use std::io::Write as _;

use crate::desk::{Desk, NOTES_JOB, requests, sandbox, texts};

const NOTES: [&str; 3] = ["Tiếng Việt", "Nguyễn Đức: \"đã gọi\"", "Phở, ướp"];

/// Rows for the job in some encoding: a base and a tone for Windows-1258, as Windows itself writes it.
fn rows(encode: &dyn Fn(&str) -> Vec<u8>) -> Vec<u8> {
    let mut rows = b"id,ticket,body\n".to_vec();
    for (at, note) in NOTES.iter().enumerate() {
        let cell = note.replace('"', "\"\"");
        rows.extend(encode(&format!("{at},tk_1,\"{cell}\"\n")));
    }
    rows
}

/// Each letter as the bytes that stand beside it.
fn by_table<'t>(table: &'t [(char, &'t [u8])]) -> impl Fn(&str) -> Vec<u8> + 't {
    |text| {
        let bytes = |letter: char| match table.iter().find(|(known, _)| *known == letter) {
            Some((_, bytes)) => bytes.to_vec(),
            None => vec![u8::try_from(letter).unwrap()],
        };
        text.chars().flat_map(bytes).collect()
    }
}

fn packed(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

const IN_1258: [(char, &[u8]); 11] = [
    ('ã', b"a\xde"),
    ('Đ', b"\xd0"),
    ('đ', b"\xf0"),
    ('ư', b"\xfd"),
    ('ế', b"\xea\xec"),
    ('ễ', b"\xea\xde"),
    ('ệ', b"\xea\xf2"),
    ('ọ', b"o\xf2"),
    ('ớ', b"\xf5\xec"),
    ('ở', b"\xf5\xd2"),
    ('ứ', b"\xfd\xec"),
];
const IN_TCVN3: [(char, &[u8]); 11] = [
    ('ã', b"\xb7"),
    ('Đ', b"\xa7"),
    ('đ', b"\xae"),
    ('ư', b"\xad"),
    ('ế', b"\xd5"),
    ('ễ', b"\xd4"),
    ('ệ', b"\xd6"),
    ('ọ', b"\xe4"),
    ('ớ', b"\xed"),
    ('ở', b"\xeb"),
    ('ứ', b"\xf8"),
];
const IN_VNI: [(char, &[u8]); 11] = [
    ('ã', b"a\xf5"),
    ('Đ', b"\xd1"),
    ('đ', b"\xf1"),
    ('ư', b"\xf6"),
    ('ế', b"e\xe1"),
    ('ễ', b"e\xe3"),
    ('ệ', b"e\xe4"),
    ('ọ', b"o\xef"),
    ('ớ', b"\xf4\xf9"),
    ('ở', b"\xf4\xfb"),
    ('ứ', b"\xf6\xf9"),
];

#[test]
fn letters_arrive_whatever_the_encoding() {
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let head = utf16("\u{feff}id,ticket,body\n");
    let utf16_rows = [head, rows(&utf16)[b"id,ticket,body\n".len()..].to_vec()].concat();
    for (encoding, file) in [
        ("windows-1258", rows(&by_table(&IN_1258))),
        ("tcvn3", rows(&by_table(&IN_TCVN3))),
        ("vni", rows(&by_table(&IN_VNI))),
        ("utf-16", utf16_rows),
        ("utf-8", rows(&|text| text.as_bytes().to_vec())),
    ] {
        let source = format!("{{ csv: notes.csv, encoding: {encoding} }}");
        let job = NOTES_JOB.replace("{ csv: notes.csv }", &source);
        for file in [packed(&file), file] {
            let (desk, sandbox) = (Desk::with_notes(&file).file("job.yaml", &job), sandbox(""));
            desk.run(&sandbox, "job.yaml").exits(0).counts("rows=3 succeeded=3");
            assert_eq!(texts(&sandbox), NOTES, "{encoding}");
            // The whole is in the ledger: another reading knows every row again.
            desk.run(&sandbox, "job.yaml").exits(0).counts("rows=3 already_done=3");
        }
    }
}

#[test]
fn a_byte_that_is_no_letter_is_told_with_its_place_and_nothing_is_sent() {
    let mut file = rows(&by_table(&IN_1258));
    file.extend(b"3,tk_1,\"two\nlines \x8a\"\n4,tk_1,fine\n");
    let job = NOTES_JOB.replace("notes.csv }", "notes.csv, encoding: windows-1258 }");
    let (desk, sandbox) = (Desk::with_notes(file).file("job.yaml", job), sandbox(""));
    let outcome = desk.call_at(&sandbox, "run job.yaml").exits(3);
    for part in [
        "error[unfit-byte]: the text is not windows-1258, which has no letter 8A (on line 6, byte ",
        "--> notes.csv:5 (row 4, column `body`)",
        "1 of 5 rows is invalid; 4 valid",
    ] {
        assert!(outcome.stderr.contains(part), "{part}: {outcome}");
    }
    assert_eq!(requests(&sandbox), 0);
}

#[test]
fn a_packed_file_is_its_text_and_a_broken_one_is_none() {
    let text = "id,ticket,body\n1,tk_1,a\n2,tk_2,b\n";
    let whole = packed(text.as_bytes());
    let (desk, sandbox) = (Desk::with_notes(&whole), sandbox(""));
    // Rows are sent in a second reading, which reads through what cannot be gone into.
    desk.run(&sandbox, "job.yaml").exits(0).counts("rows=2 succeeded=2");
    for broken in [whole[..whole.len() - 9].to_vec(), [&whole[..], b"x,y,z\n"].concat()] {
        desk.write("notes.csv", broken);
        let outcome = desk.call("check job.yaml").exits(2);
        assert!(outcome.stderr.contains("error[damaged-packing]"), "{outcome}");
        assert!(outcome.stderr.contains("notes.csv"), "{outcome}");
    }
    // A data file is the same job, packed or not.
    let desk =
        Desk::new().file("rows.csv.gz", packed(b"ticket_id,note,is_internal_note\ntk_1,a,true\n"));
    desk.run(&sandbox, "rows.csv.gz --operation ticket_note.create").exits(0);
    desk.write("rows.csv", "ticket_id,note,is_internal_note\ntk_1,a,true\n");
    let again = desk.run(&sandbox, "rows.csv --operation ticket_note.create").exits(0);
    again.counts("rows=1 already_done=1");
}

#[test]
fn rows_may_be_piped_in() {
    let text = b"ticket_id,note,is_internal_note\ntk_1,a,true\ntk_2,b,true\n";
    let (desk, sandbox) = (Desk::new(), sandbox(""));
    let flags = "- --input csv --operation ticket_note.create";
    desk.call_piped(&sandbox, &format!("check {flags}"), text).exits(0);
    let run = desk.call_piped(&sandbox, &format!("run {flags} --limit 1"), text).exits(0);
    assert!(run.stderr.contains("noteferry run - --input csv"), "{run}");
    desk.call_piped(&sandbox, &format!("run {flags}"), text).exits(0);
    assert_eq!(texts(&sandbox), ["a", "b"]);
    let status = desk.call_piped(&sandbox, &format!("status {flags}"), text).exits(0);
    assert!(status.stdout.starts_with("stdin to "), "{status}");
    // A packed file may be piped in as well, and a job may name what is piped in.
    let gz = packed(b"id,ticket,body\n1,tk_1,c\n");
    let desk = Desk::new().file("job.yaml", NOTES_JOB);
    desk.call_piped(&sandbox, "run job.yaml --source -", &gz).exits(0);
    assert_eq!(texts(&sandbox), ["a", "c", "b"]);
    let unnamed = desk.call_piped(&sandbox, "check -", text).exits(2);
    assert!(unnamed.stderr.contains("--input csv"), "{unnamed}");
    let open = b"ticket_id,note,is_internal_note\ntk_1,\"a,true\n";
    let broken = desk.call_piped(&sandbox, &format!("check {flags}"), open).exits(3);
    assert!(broken.stderr.contains("--> standard input:2 "), "{broken}");
}

#[test]
fn another_file_leaves_the_job_the_same() {
    let (desk, sandbox) = (Desk::with_notes("id,ticket,body\n1,tk_1,a\n"), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    desk.write("in/more.csv", "id,ticket,body\n1,tk_1,a\n2,tk_1,b\n3,tk_1,c\n");
    let flags = "job.yaml --source in/more.csv";
    desk.call(&format!("check {flags}")).exits(0);
    let plan = desk.call_at(&sandbox, &format!("plan {flags}")).exits(0);
    assert!(plan.stdout.contains("skip    1  already done"), "{plan}");
    let part = desk.call_at(&sandbox, &format!("run {flags} --limit 1")).exits(0);
    assert!(part.stderr.contains(&format!("noteferry run {flags}")), "{part}");
    desk.run(&sandbox, flags).exits(0).counts("rows=3 succeeded=1 already_done=2");
    let status = desk.call_at(&sandbox, &format!("status {flags}")).exits(0);
    assert!(status.stdout.contains("3 of 3 rows"), "{status}");
    assert_eq!(texts(&sandbox), ["a", "b", "c"]);
    for (source, part) in [
        ("in/none.csv", "error[unreadable-file]"),
        ("in/more.json", "of another format than the job's csv"),
    ] {
        let outcome = desk.call(&format!("check job.yaml --source {source}")).exits(2);
        assert!(outcome.stderr.contains(part) && outcome.stderr.contains(source), "{outcome}");
    }
    let inline =
        NOTES_JOB.replace("{ csv: notes.csv }", "{ rows: [{ id: 1, ticket: tk_1, body: a }] }");
    let desk = Desk::new().file("job.yaml", inline);
    let outcome = desk.call("check job.yaml --source in/more.csv").exits(2);
    assert!(outcome.stderr.contains("stand in the job itself"), "{outcome}");
}

#[test]
fn variables_stand_in_expressions_and_in_names_of_files() {
    let job = NOTES_JOB
        .replace("{ csv: notes.csv }", "{ csv: \"notes-{{ var.day }}.csv\" }")
        .replace("{{ body }}", "{{ body }} ({{ var.day }}, {{ var['by'] | upper }})")
        .replace("job: notes", "job: notes\nvars: { day: 26, by: an }");
    let rows = |text: &str| format!("id,ticket,body\n{text},tk_1,{text}\n");
    let desk = Desk::new().file("job.yaml", &job);
    let desk = desk.file("notes-26.csv", rows("a")).file("notes-27.csv", rows("b"));
    let sandbox = sandbox("");
    desk.run(&sandbox, "job.yaml").exits(0);
    let run = desk.call_at(&sandbox, "run job.yaml --var day=27 --var by=bình").exits(0);
    assert_eq!(texts(&sandbox), ["a (26, AN)", "b (27, BÌNH)"], "{run}");
    let failed = desk.call("run job.yaml --var day=27 --limit 1 --sandbox").exits(0);
    assert!(failed.stderr.contains("job.yaml --var day=27"), "{failed}");
    let mut shown = String::new();
    for (name, call, from, to) in [
        ("unknown", "--var dya=27", "", ""),
        ("not used", "--var by=x", " ({{ var.day }}, {{ var['by'] | upper }})", ""),
        ("without a value", "", "day: 26", "day:"),
        ("unknown in an expression", "", "{{ var.day }},", "{{ var.dya }},"),
        ("unknown in a file's name", "", "notes-{{ var.day", "notes-{{ var.dya"),
        ("not a variable in a file's name", "", "notes-{{ var.day", "notes-{{ body"),
        ("none at all", "--var day=27", "vars: { day: 26, by: an }\n", ""),
        ("a list", "", "by: an", "by: [an]"),
    ] {
        let changed = if from.is_empty() { job.clone() } else { job.replacen(from, to, 1) };
        assert!(from.is_empty() || changed != job, "{name}");
        desk.write("job.yaml", changed);
        let outcome = desk.call(&format!("check job.yaml {call}"));
        shown.push_str(&format!("=== {name}\n{outcome}\n"));
    }
    crate::desk::assert_reads("broken_variables", shown);
}

#[test]
fn tables_of_databases_arrive_as_they_were_meant() {
    // As phpMyAdmin exports them: nothing is unquoted.
    let job = NOTES_JOB
        .replace("notes.csv }", "notes.csv, nulls: [NULL] }")
        .replace("{{ body }}", "{{ body }}{{ ': ' ~ title if title else '' }}");
    let csv = "\"id\",\"ticket\",\"title\",\"body\"\n\"1\",\"tk_1\",NULL,\"a\"\n\"2\",\"tk_1\",\"NULL\",\"b\"\n";
    let (desk, sandbox) = (Desk::with_notes(csv).file("job.yaml", job), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    assert_eq!(texts(&sandbox), ["a", "b: NULL"]);
    // As `INTO OUTFILE` of MySQL writes them, by flags alone.
    let sandbox = crate::desk::sandbox("");
    let desk = Desk::new().file("out.txt", "tk_1\ta\\\tb\\\nc\\\\\t1\ntk_1\tsecond\t\\N\n");
    let flags = "out.txt --operation ticket_note.create --delimiter tab --quote none --escape \\ \
                 --header ticket_id,note,is_internal_note";
    desk.run(&sandbox, flags).exits(0).counts("rows=2 succeeded=2");
    assert_eq!(texts(&sandbox), ["a\tb\nc\\", "second"]);
    let check = desk.call(&format!("check {flags}")).exits(0);
    assert!(check.stderr.contains("2 rows: all valid"), "{check}");
    let status = desk.call_at(&sandbox, &format!("status {flags}")).exits(0);
    assert!(status.stdout.contains("2 of 2 rows"), "{status}");
}

#[test]
fn what_does_not_fit_a_layout_is_told() {
    let mut shown = String::new();
    for (name, source) in [
        ("unknown encoding", "{ csv: notes.csv, encoding: utf-61 }"),
        ("bad quote", "{ csv: notes.csv, quote: xx }"),
        ("bad signs", "{ csv: notes.csv, escape: ab, comment: \"\" }"),
        ("the same sign twice", "{ csv: notes.csv, quote: \";\", delimiter: \";\" }"),
        ("a header and none", "{ csv: notes.csv, header: [a], header_row: 2 }"),
        ("no header", "{ csv: notes.csv, header: [], header_row: 0 }"),
        ("an unknown column", "{ csv: notes.csv, nulls: { bdoy: [NULL] } }"),
        ("nulls of another kind", "{ csv: notes.csv, nulls: [[a]] }"),
        ("no table", "{ jsonl: notes.jsonl, quote: \"'\", nulls: [NULL], header_row: 2 }"),
        ("too few lines", "{ csv: notes.csv, header_row: 9 }"),
    ] {
        let job = NOTES_JOB.replace("{ csv: notes.csv }", source);
        let desk = Desk::with_notes("id,ticket,body\n1,tk_1,a\n").file("job.yaml", job);
        let desk = desk.file("notes.jsonl", "{\"id\":1,\"ticket\":\"tk_1\",\"body\":\"a\"}\n");
        let outcome = desk.call("check job.yaml");
        shown.push_str(&format!("=== {name}\n{outcome}\n"));
    }
    let desk = Desk::with_notes("id,ticket,body\n1,tk_1,a\n").file("notes.jsonl", "{}\n");
    for call in [
        "job.yaml --encoding vni --quote none --input csv",
        "notes.jsonl --quote none --delimiter ; --header a,b --operation ticket_note.create",
        "notes.csv --quote , --operation ticket_note.create",
        "notes.csv --var a=b --operation ticket_note.create",
        "notes.csv --encoding klingon",
        "notes.txt --operation ticket_note.create",
        "- --operation ticket_note.create",
    ] {
        shown.push_str(&format!("=== {call}\n{}\n", desk.call(&format!("check {call}"))));
    }
    crate::desk::assert_reads("broken_layouts", shown);
}

#[test]
fn a_name_of_several_columns_is_told_apart_by_place() {
    let csv = "id,ticket,body,Labels,Labels\n1,tk_1,a,x,y\n";
    let job = NOTES_JOB.replace("{{ body }}", "{{ body }} {{ row['Labels[2]'] }}");
    let (desk, sandbox) = (Desk::with_notes(csv).file("job.yaml", job), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    assert_eq!(texts(&sandbox), ["a y"]);
    for used in
        ["{{ Labels }}", "{{ row.Labels }}", "{{ row['Labels'] | trim }}", "{{ Labels ~ 'x' }}"]
    {
        desk.write("job.yaml", NOTES_JOB.replace("{{ body }}", used));
        let outcome = desk.call("check job.yaml").exits(2);
        for part in
            ["error[duplicate-column]", "of 2 columns", "row['Labels[1]'], row['Labels[2]']"]
        {
            assert!(outcome.stderr.contains(part), "{used}: {outcome}");
        }
    }
    // Without a map a field's name must mean one column.
    desk.write("rows.csv", "ticket_id,note,note,is_internal_note\ntk_1,a,b,true\n");
    let outcome = desk.call("check rows.csv --operation ticket_note.create").exits(2);
    assert!(outcome.stderr.contains("error[duplicate-column]"), "{outcome}");
    // A letter of another script is named.
    desk.write("job.yaml", NOTES_JOB);
    desk.write("notes.csv", "id,ticket,b\u{43e}dy\n1,tk_1,a\n");
    let outcome = desk.call("check job.yaml").exits(2);
    assert!(outcome.stderr.contains("U+043E"), "{outcome}");
}
