//! A table that a job looks cells up in: any bytes make a table or problems, and a job with it is compiled or refused.
//!
//! The first byte chooses the table's format.

use noteferry::proofs::Preparer;
use noteferry::proofs::job;

pub(crate) fn run(data: &[u8]) {
    let [choice, table @ ..] = data else { return };
    let (key, name) = [("csv", "table.csv"), ("jsonl", "table.jsonl"), ("json", "table.json")]
        [usize::from(*choice) % 3];
    let head: &[u8] = if key == "csv" { b"key,value\n" } else { b"" };
    super::file(name, &[head, table].concat());
    let text = format!(
        "job: notes\noperation: ticket_note.create\nsource: {{ rows: [{{ ticket: a }}] }}\nlookups: {{ tickets: {{ {key}: {name}, key: key, value: value }} }}\n\
         map: {{ ticket_id: \"{{{{ ticket | lookup('tickets') }}}}\", note: x, is_internal_note: true }}\n"
    );
    let path = super::file("lookups.yaml", text.as_bytes());
    let job = match job::load(&path, &job::Given::default(), &[]) {
        Ok(job) => job,
        Err(broken) => return broken.problems.iter().for_each(super::check_problem),
    };
    let Ok(mut source) = job.rows.open() else { return };
    match Preparer::compile(&job, &mut source) {
        Ok((_, warnings)) => warnings.iter().for_each(super::check_problem),
        Err(problems) => {
            assert!(!problems.is_empty());
            problems.iter().for_each(super::check_problem);
        }
    }
}
