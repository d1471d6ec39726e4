//! A job: it is a job, and the same one each time, or there is a problem with it.

use noteferry::proofs::Preparer;
use noteferry::proofs::job;

pub(crate) fn run(data: &[u8]) {
    super::file("notes.csv", b"id,ticket,body\n1,tk_1,a\n");
    let path = super::file("job.yaml", data);
    match (
        job::load(&path, &job::Given::default(), &[]),
        job::load(&path, &job::Given::default(), &[]),
    ) {
        (Ok(job), Ok(again)) => {
            assert_eq!(job.name, again.name);
            assert_eq!(job.keyed_by(), again.keyed_by());
            prepare(&job);
        }
        (Err(broken), Err(again)) => {
            assert!(!broken.problems.is_empty());
            assert_eq!(broken.problems.len(), again.problems.len());
            broken.problems.iter().for_each(super::check_problem);
        }
        _ => panic!("a job is one or not"),
    }
}

/// Expressions are compiled, and evaluated on a row; files other than our own are left alone.
fn prepare(job: &job::Job) {
    let ours = match &job.rows {
        job::Rows::File { name, .. } => name.ends_with("notes.csv"),
        job::Rows::Inline { .. } => true,
        job::Rows::Several { .. } | job::Rows::Returned { .. } => false,
    };
    let ours = ours && job.shaping.lookups.is_empty();
    let Some(mut source) = ours.then(|| job.rows.open().ok()).flatten() else { return };
    match Preparer::compile(job, &mut source) {
        Ok((_, warnings)) => warnings.iter().for_each(super::check_problem),
        Err(problems) => {
            assert!(!problems.is_empty());
            problems.iter().for_each(super::check_problem);
        }
    }
}
