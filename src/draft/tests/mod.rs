//! What columns are for, by tables written by hand, and what must never be guessed.

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;

use super::compose::sources::pattern;
use super::names::{Role, fits, plain};
use super::seen::ColumnSeen;
use super::time::{Reading, recognise};
use super::*;
use crate::source::Format;
use crate::text::code::Code;

mod strictness;

const TODAY: jiff::civil::Date = jiff::civil::date(2026, 11, 27);

/// A table of texts, its names in the first line.
fn seen(name: &str, lines: &[&str]) -> FileSeen {
    let mut lines = lines.iter().map(|line| line.split('|'));
    let mut columns: Vec<ColumnSeen> = lines.next().unwrap().map(ColumnSeen::new).collect();
    let mut rows = 0;
    for line in lines {
        rows += 1;
        columns.iter_mut().zip(line).for_each(|(column, text)| column.add_text(text));
    }
    FileSeen {
        path: Path::new(name).into(),
        name: Arc::from(name),
        format: Format::Csv { delimiter: b',' },
        traits: Vec::new(),
        columns,
        around: Vec::new(),
        rows,
        is_whole: true,
        problems: Vec::new(),
    }
}

fn drafted(files: &[FileSeen], answers: &Answers) -> Draft {
    compose(files, &[], answers, TODAY).unwrap()
}

fn entries(draft: &Draft) -> Vec<(String, bool)> {
    match &draft.visibility {
        Visibility::AllInternal(_) => Vec::new(),
        Visibility::ByColumn { entries, .. } => {
            entries.iter().map(|(text, is_internal, _)| (text.clone(), *is_internal)).collect()
        }
    }
}

#[test]
fn names_are_known_in_both_languages() {
    for (role, name) in [
        (Role::Ticket, "Mã phiếu"),
        (Role::Ticket, "Ticket ID"),
        (Role::Text, "Nội dung"),
        (Role::Text, "Comment body"),
        (Role::Internal, "Nội bộ"),
        (Role::Internal, "is_private"),
        (Role::Visible, "IsPublished"),
        (Role::Author, "Người ghi"),
        (Role::Time, "Ngày tạo"),
        (Role::Time, "createdAt"),
        (Role::Reminder, "Nhắc lại"),
        (Role::Due, "Hạn xử lý"),
    ] {
        assert!(fits(role, name) >= 100, "{name}: {}", plain(name));
    }
    assert_eq!(fits(Role::Internal, "Nội dung"), 0);
    assert!(fits(Role::Name, "Agent Name") > fits(Role::Name, "Email"));
    assert_eq!(plain("Đã xoá?"), "daxoa");
}

#[test]
fn times_are_read_by_what_stands_in_the_column() {
    let formats =
        |formats: &[&str]| Reading::Formats(formats.iter().map(|one| (*one).to_owned()).collect());
    struct Case(&'static [&'static str], Option<Reading>, DayOrder);
    for Case(values, reading, order) in [
        Case(
            &["2024-03-04T02:11:09Z", "2024-03-05T08:30:00+07:00"],
            Some(Reading::Iso),
            DayOrder::NoChoice,
        ),
        Case(&["2024-03-04 02:11:09"], Some(Reading::Iso), DayOrder::NoChoice),
        Case(&["2024-03-04"], Some(formats(&["%Y-%m-%d"])), DayOrder::NoChoice),
        Case(
            &["05/03/2024 08:15", "25/03/2024 9:00"],
            Some(formats(&["%d/%m/%Y %H:%M"])),
            DayOrder::Sure { day_first: true },
        ),
        Case(
            &["03/25/2024", "03/05/2024"],
            Some(formats(&["%m/%d/%Y"])),
            DayOrder::Sure { day_first: false },
        ),
        Case(&["05/03/2024"], Some(formats(&["%d/%m/%Y"])), DayOrder::Open { day_first: true }),
        Case(&["25/03/2024", "03/25/2024"], Some(formats(&["%d/%m/%Y"])), DayOrder::Mixed),
        Case(
            &["05/03/2024 8:12 SA"],
            Some(formats(&["%d/%m/%Y %I:%M %p"])),
            DayOrder::Open { day_first: true },
        ),
        Case(
            &["25-3-24", "1.4.2024 7:05:09"],
            Some(formats(&["%d.%m.%Y %H:%M:%S", "%d-%m-%y"])),
            DayOrder::Sure { day_first: true },
        ),
        Case(&["05/Mar/24 8:15 AM"], Some(formats(&["%d/%b/%y %I:%M %p"])), DayOrder::NoChoice),
        Case(
            &["08:15 25/03/2024"],
            Some(formats(&["%H:%M %d/%m/%Y"])),
            DayOrder::Sure { day_first: true },
        ),
        Case(&["1709601300", "1709601301"], Some(Reading::Seconds), DayOrder::NoChoice),
        Case(&["1709601300000"], Some(Reading::Milliseconds), DayOrder::NoChoice),
        Case(&["PH-0001", "12", "xin chào"], None, DayOrder::NoChoice),
        Case(&["12345"], None, DayOrder::NoChoice),
        Case(&[], None, DayOrder::NoChoice),
    ] {
        let found = recognise(values.iter().copied(), None, false);
        assert_eq!(found.as_ref().map(|seen| &seen.reading), reading.as_ref(), "{values:?}");
        assert!(found.is_none_or(|seen| seen.order == order), "{values:?}");
    }
    let told = recognise(["05/03/2024"].into_iter(), Some(false), false).unwrap();
    assert_eq!(told.reading, formats(&["%m/%d/%Y"]));
    let sheet = recognise(["45356.5", "05/03/2024", "2024-03-05T08:00:00"].into_iter(), None, true)
        .unwrap();
    assert_eq!(sheet.reading, Reading::Workbook(vec!["%d/%m/%Y".to_owned()]));
}

#[test]
fn who_sees_a_note_is_told_by_the_column_and_otherwise_nobody_does() {
    struct Case(&'static str, &'static [&'static str], &'static [(&'static str, bool)]);
    for Case(column, values, wanted) in [
        Case("internal", &["yes", "no"], &[("yes", true), ("no", false)]),
        Case("Nội bộ", &["Có", "Không", ""], &[("Có", true), ("Không", false), ("", true)]),
        Case("public", &["true"], &[("true", false), ("false", true)]),
        Case("private", &["1"], &[("1", true), ("0", false)]),
        Case("Nội bộ", &["x", "chưa rõ"], &[("x", true), ("chưa rõ", true)]),
        // What is internal need not be the note.
        Case("is_internal_user", &["1", "0"], &[("1", true), ("0", true)]),
        Case(
            "author_is_internal",
            &["true", "customer"],
            &[("true", true), ("customer", true), ("false", true)],
        ),
        // A kind of note says of itself what it is, but not that customers may see the others.
        Case(
            "type",
            &["internal", "reply", "phone"],
            &[("internal", true), ("reply", true), ("phone", true)],
        ),
        // Too many values to say yes or no.
        Case("priority", &["yes", "no"], &[]),
    ] {
        let lines: Vec<String> = [format!("ticket|note|{column}")]
            .into_iter()
            .chain(
                values
                    .iter()
                    .enumerate()
                    .map(|(at, value)| format!("t{at}|a text of some length {at}|{value}")),
            )
            .collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let found = entries(&drafted(&[seen("notes.csv", &lines)], &Answers::default()));
        let found: Vec<(&str, bool)> =
            found.iter().map(|(text, internal)| (text.as_str(), *internal)).collect();
        assert_eq!(found, wanted, "{column} {values:?}");
    }
}

/// Names that say of a column whether notes are internal, whether they are visible, and others that only look so.
const COLUMNS: &str = "internal|private|public|type|Nội bộ|x|is_internal_user|author_is_internal|private_group|\
                       not_public|is_published_elsewhere|people nội bộ|secret";

/// What nobody needs to guess: the name says exactly what a yes means, or the value says it by itself.
fn is_sure(column: &str, value: &str) -> bool {
    let is_named = [Role::Internal, Role::Visible].iter().any(|role| fits(*role, column) >= 100);
    shape::is_internal(value).is_some() || (is_named && shape::truth(value).is_some())
}

proptest! {
    /// What is not sure is never taken to mean that customers may see the note, whether the column is named or found.
    #[test]
    fn what_is_not_sure_is_internal(
        value in "[a-zà-ỹ]{3,12}|0|1|yes|no|true|false|có|không",
        other in "true|false|0|1|có|internal",
        column in COLUMNS,
        is_told in any::<bool>(),
    ) {
        prop_assume!(!is_sure(&column, &value));
        let file = seen("notes.csv", &[
            &format!("ticket|note|{column}"),
            &format!("t1|a text of some length|{value}"),
            &format!("t2|another text of some length|{other}"),
        ]);
        let visibility = is_told.then_some(VisibilityAnswer::Column(column));
        let draft = drafted(&[file], &Answers { visibility, ..Answers::default() });
        let entries = entries(&draft);
        prop_assert!(entries.iter().all(|(text, is_internal)| *text != value || *is_internal), "{entries:?}");
    }

    /// Whatever stands in a table, a job comes of it or a reason why not.
    #[test]
    fn any_table_gives_a_job_or_a_reason(cells in proptest::collection::vec("[^|\n]{0,20}", 9)) {
        let lines: Vec<String> = cells.chunks(3).map(|row| row.join("|")).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        if let Err(problems) = compose(&[seen("a.csv", &lines)], &[], &Answers::default(), TODAY) {
            prop_assert!(problems.iter().all(|problem| problem.hint.is_some()));
        }
    }
}

#[test]
fn each_file_is_given_its_part() {
    let notes = seen(
        "notes.csv",
        &[
            "id|ticket_id|user_id|created_at|body",
            "1|77|501|2024-03-04T02:11:09Z|the first text of all",
            "2|78|502|2024-03-04T02:12:09Z|the second text of all",
        ],
    );
    let map = seen("x.csv", &["old|new", "77|tk_1", "78|tk_2"]);
    let people = seen("y.csv", &["id|name", "501|Lan", "502|Tú"]);
    let other = seen("z.csv", &["colour|weight", "red|7"]);
    let draft = drafted(&[other, people, map, notes], &Answers::default());
    let parts: Vec<Part> = draft.looked.iter().map(|looked| looked.part).collect();
    assert_eq!(parts, [Part::Unused, Part::People, Part::Tickets, Part::Main]);
    assert_eq!(draft.ticket.expression, "ticket_id | lookup('tickets')");
    assert_eq!(draft.map, TicketMap::Found);
    let table = &draft.lookups[0];
    assert_eq!((table.key.as_str(), table.value.as_str()), ("old", "new"));
    let author = draft.lets.iter().find(|named| named.name == "author").unwrap();
    assert_eq!(author.expression, "user_id | lookup('ys', default='#' ~ user_id)");
}

/// Tables of a database: an article is in another one than its text, and knows its ticket by a number that nobody is told.
#[test]
fn two_tables_lead_to_the_map_where_values_prove_it() {
    let notes = [
        "id|article_id|a_from|a_body|incoming_time",
        "1|71|lan@example.vn|Khách đã gọi lại hai lần hôm nay|2024-03-05 09:00:00",
        "2|72|minh@example.vn|Đã gửi báo giá mới cho khách hàng|2024-03-06 10:00:00",
        "3|73|lan@example.vn|Khách đồng ý với báo giá đã gửi|2024-03-07 11:00:00",
    ];
    let articles =
        ["id|ticket_id|article_sender_type_id", "71|501|1", "72|502|1", "73|501|3", "74|503|3"];
    let tickets = [
        "id|tn|title",
        "501|2024030500017|Máy in",
        "502|2024030600021|Báo giá",
        "503|2024030600022|Khác",
    ];
    let map = ["tn|stringee_id", "2024030500017|tk_1", "2024030600021|tk_2"];
    let answers = Answers { ticket: Some("article_id".into()), ..Answers::default() };
    let of = |articles: &[&str]| {
        let files = [
            seen("article_data_mime.csv", &notes),
            seen("article.csv", articles),
            seen("ticket.csv", &tickets),
            seen("ticket-map.csv", &map),
        ];
        drafted(&files, &answers)
    };
    let draft = of(&articles);
    assert_eq!(
        draft.ticket.expression,
        "article_id | lookup('articles') | lookup('tickets2') | lookup('tickets')"
    );
    let told = draft.lookups.iter().map(|table| (table.key.as_str(), table.value.as_str()));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [("tn", "stringee_id"), ("id", "ticket_id"), ("id", "tn")]
    );
    let parts: Vec<Part> = draft.looked.iter().map(|looked| looked.part).collect();
    assert_eq!(parts, [Part::Main, Part::Bridge, Part::Bridge, Part::Tickets]);
    // A table in which too few are found proves nothing.
    let draft = of(&["id|ticket_id|article_sender_type_id", "71|501|1", "99|502|1"]);
    assert!(!draft.ticket.expression.contains("tickets2"), "{}", draft.ticket.expression);
}

#[test]
fn files_that_differ_by_digits_are_one_pattern() {
    for (paths, wanted) in [
        (&["Tickets0.json", "Tickets1.json", "Tickets10.json"][..], Some("Tickets*.json")),
        (&["a/t-2024-01.jsonl", "a/t-2024-02.jsonl"], Some("a/t-*.jsonl")),
        (&["a/t1.csv", "b/t2.csv"], None),
        // Where a folder is called so, the name would stand for others as well.
        (&["a*b/t1.csv", "a*b/t2.csv"], None),
        (&["t1[a].csv", "t2[a].csv"], None),
        (&["one.csv", "two.csv"], None),
        (&["t1.csv", "u2.csv"], None),
    ] {
        let paths: Vec<&Path> = paths.iter().map(Path::new).collect();
        assert_eq!(pattern(&paths).as_deref(), wanted.map(Path::new), "{paths:?}");
    }
}

#[test]
fn what_somebody_says_comes_before_any_guess() {
    let file = || {
        seen(
            "notes.csv",
            &[
                "a|b|ticket|note|when",
                "7|the text that is meant, long enough|t1|n|05/03/2024",
                "8|another text that is meant here|t2|m|06/03/2024",
            ],
        )
    };
    let answers = Answers {
        ticket: Some("a".into()),
        note: Some("B".into()),
        visibility: Some(VisibilityAnswer::AllInternal),
        day_first: Some(false),
        map: Some(MapAnswer::TheSame),
        text: Some(TextAnswer::Html),
        ..Answers::default()
    };
    let draft = drafted(&[file()], &answers);
    assert_eq!(draft.ticket.expression, "a");
    assert!(draft.lookups.is_empty());
    let of =
        |name: &str| draft.lets.iter().find(|named| named.name == name).unwrap().expression.clone();
    assert_eq!(
        (of("text"), of("written")),
        ("b | html_to_text".into(), "when | epoch_ms('%m/%d/%Y')".into())
    );
    let wrong = Answers {
        ticket: Some("tiket".into()),
        note: Some("nothing".into()),
        ..Answers::default()
    };
    let problems = compose(&[file()], &[], &wrong, TODAY).unwrap_err();
    let codes: Vec<Code> = problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes[..2], [Code::UnknownColumn, Code::UnknownColumn]);
    assert_eq!(problems[0].hint.as_deref(), Some("did you mean `ticket`?"));
}

#[test]
fn a_table_is_named_with_its_columns() {
    let parsed = |text: &str| {
        TableAnswer::parse(text).map(|table| (table.path.display().to_string(), table.columns))
    };
    assert_eq!(parsed("tickets=a.csv"), Ok(("a.csv".into(), None)));
    assert_eq!(
        parsed("tickets=a.csv:old:new"),
        Ok(("a.csv".into(), Some(("old".into(), "new".into()))))
    );
    assert_eq!(
        parsed("tickets=C:/a.csv:old:new"),
        Ok(("C:/a.csv".into(), Some(("old".into(), "new".into()))))
    );
    assert_eq!(parsed("tickets=C:/a.csv"), Ok(("C:/a.csv".into(), None)));
    for wrong in ["", "a.csv", "=a.csv", "tickets="] {
        assert!(parsed(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn reminders_that_are_past_are_not_sent() {
    let file = |day: &str| {
        seen(
            "notes.csv",
            &[
                "ticket|note|remind_at",
                &format!("t1|a text of some length|{day}"),
                "t2|another text of some length|",
            ],
        )
    };
    let of = |day: &str| drafted(&[file(day)], &Answers::default()).reminder.unwrap().remarks;
    assert_eq!(of("25/03/2024 08:00"), [Remark::RemindersPast]);
    assert_eq!(of("25/03/2027 08:00"), [Remark::RemindersToCome { to_come: 1, of: 1 }]);
}
