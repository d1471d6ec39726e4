//! Mappings with filters and statements, from a file to what a sandbox is sent; and what is said of them.

use crate::desk::{Desk, assert_reads, sandbox, texts};

#[test]
fn a_text_with_statements_arrives_as_it_is_meant() {
    let job = r#"job: mails
operation: ticket_note.create
timezone: Asia/Ho_Chi_Minh
source: { jsonl: mails.jsonl }
key: "{% if id %}mail-{{ id }}{% endif %}"
map:
  ticket_id: "{{ ticket }}"
  is_internal_note: true
  note: |-
    [{{ by | if_empty('(unknown)') }}, {{ at | epoch_ms(['%d/%m/%Y %H:%M', '%d/%m/%Y']) | date('%Y-%m-%d %H:%M') }}]
    {{ body | html_to_text }}
    {% if files %}

    Attachments:
    {% for file in files %}
    - {{ file.name }} ({{ file.size }})
    {% endfor %}
    {% endif %}
"#;
    let rows = concat!(
        r#"{"id":1,"ticket":"tk_1","by":"Lan","at":"05/03/2024 08:15","body":"<p>Chào<br>anh</p>","files":[]}"#,
        "\n",
        r#"{"id":2,"ticket":"tk_2","by":null,"at":"05/03/2024","body":"<ul><li>a</ul>","files":[{"name":"x.png","size":2}]}"#,
        "\n",
    );
    let (desk, sandbox) =
        (Desk::new().file("job.yaml", job).file("mails.jsonl", rows), sandbox(""));
    desk.run(&sandbox, "job.yaml").exits(0);
    let mut sent = texts(&sandbox);
    sent.sort();
    assert_eq!(
        sent,
        [
            "[(unknown), 2024-03-05 00:00]\n- a\n\nAttachments:\n- x.png (2)\n",
            "[Lan, 2024-03-05 08:15]\nChào\nanh\n",
        ]
    );
}

#[test]
fn mistakes_in_statements_are_shown_where_they_stand() {
    let job = r#"job: mails
operation: ticket_note.create
source: { csv: notes.csv }
map:
  ticket_id: "{{ ticket }}"
  is_internal_note: true
  note: |
    {{ body | trimm }}
    {% if bodi %}
    {{ body | date('dd/MM/yyyy') | epoch_ms(zone='Asia/Hanoi') | regex_replace('(a', '') }}
    {% endif %}
"#;
    let desk = Desk::with_notes("id,ticket,body\n1,tk_1,a\n").file("job.yaml", job);
    assert_reads("statements_mistaken", desk.call("check job.yaml").exits(2));
    let open = job.replace("    {% endif %}\n", "").replace("bodi", "body");
    let desk = Desk::with_notes("id,ticket,body\n1,tk_1,a\n").file("job.yaml", open);
    assert_reads("statements_open", desk.call("check job.yaml").exits(2));
}

#[test]
fn a_loop_without_end_is_a_problem_of_the_row() {
    let job = r#"job: mails
operation: ticket_note.create
source: { csv: notes.csv }
map:
  ticket_id: "{{ ticket }}"
  is_internal_note: true
  note: "{% for a in range(9999) %}{% for b in range(9999) %}{{ body }}{% endfor %}{% endfor %}"
"#;
    let desk = Desk::with_notes("id,ticket,body\n1,tk_1,a\n").file("job.yaml", job);
    let outcome = desk.call("check job.yaml").exits(3);
    assert!(
        outcome.stderr.contains("takes too much work: a loop goes on for too long"),
        "{outcome}"
    );
    assert!(outcome.stderr.contains("notes.csv:2"), "{outcome}");
}

#[test]
fn what_is_likely_wrong_is_warned_of() {
    let job = r#"job: notes
operation: ticket_note.create
source: { csv: notes.csv }
map:
  ticket_id: "{{ ticket }}"
  note: "{{ body }}"
  is_internal_note: "{{ flag == 'Có' }}"
"#;
    let rows = "ticket,body,flag\ntk_1,Tiáº¿ng Viá»‡t,Có\ntk_2,Tiếng Việt,Co\u{301}\ntk_3,khÃ¡ch hÃ©o,Có\n";
    let desk = Desk::new().file("job.yaml", job).file("notes.csv", rows);
    assert_reads("likely_wrong", desk.call("check job.yaml").exits(0));
}

#[test]
fn filters_are_listed_and_explained() {
    let desk = Desk::new();
    let list = desk.call("filters").exits(0);
    let events = desk.call("filters --format json").exits(0).all("filter");
    assert!(events.len() > 25, "{}", events.len());
    for event in &events {
        let name = event["name"].as_str().unwrap();
        assert!(list.stdout.contains(&format!("\n  {name} ")), "{list}");
        // What a lookup gives is in a table of the job's.
        let has_examples = !event["examples"].as_array().unwrap().is_empty();
        assert!(has_examples || name == "lookup", "{event}");
    }
    assert_reads("filters_epoch_ms", desk.call("filters epoch_ms").exits(0));
    let unknown = desk.call("filters html_to_txt").exits(2);
    assert!(unknown.stderr.contains("`html_to_text`"), "{unknown}");
}

/// All cells of a CSV file are texts: what takes one for true, false or a number means the same for every row.
#[test]
fn a_text_that_is_taken_for_something_else_is_told() {
    for (field, code, exit) in [
        ("is_internal_note: \"{{ internal == true }}\"", "error[text-comparison]", 2),
        ("is_internal_note: \"{{ 1 if internal == 1 else 0 }}\"", "error[text-comparison]", 2),
        ("is_internal_note: \"{{ not internal }}\"", "warning[text-comparison]", 0),
        ("is_internal_note: { from: internal, values: { \"true\": true } }", "", 0),
    ] {
        let job = format!(
            "job: a\noperation: ticket_note.create\nsource: {{ csv: a.csv }}\nmap: {{ ticket_id: \"{{{{ t }}}}\", note: x, {field} }}\n"
        );
        let desk = Desk::new().file("job.yaml", job).file("a.csv", "t,internal\ntk_1,true\n");
        let told = desk.call("check job.yaml").exits(exit);
        assert_eq!(told.stderr.contains("text-comparison"), !code.is_empty(), "{field}: {told}");
        assert!(told.stderr.contains(code), "{field}: {told}");
    }
}

#[test]
fn conditions_that_keep_nothing_are_told() {
    let job = "job: a\noperation: ticket_note.create\nsource: { csv: a.csv }\nwhere: \"{{ t == 'x' }}\"\n\
               map: { ticket_id: \"{{ t }}\", note: x, is_internal_note: true }\n";
    let desk = Desk::new().file("job.yaml", job).file("a.csv", "t\ntk_1\ntk_2\n");
    let told = desk.call("check job.yaml").exits(0);
    assert!(told.stderr.contains("leaves out all of the 2 rows"), "{told}");
}

/// A text of many lines has many expressions: which one is wrong is told by its line in the job.
#[test]
fn a_mistake_within_a_loop_names_its_line() {
    let job = "job: notes\noperation: ticket_note.create\nsource: { rows: [{ ticket: tk_1, items: [{ b: { c: 1 } }, { a: 2 }] }] }\nmap:\n  \
               ticket_id: '{{ ticket }}'\n  is_internal_note: true\n  note: |\n    Start\n    {% for item in items %}\n    - {{ item.b.c }}\n    {% endfor %}\n";
    let check = Desk::new().file("job.yaml", job).call("check job.yaml").exits(3);
    let told = "`{{ item.b.c }}` (line 10 of the job) names something that this row does not have";
    assert!(check.stderr.contains(told), "{check}");
}
