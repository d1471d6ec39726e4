use super::*;

#[test]
fn lines_that_ask_for_somebody_are_counted() {
    let job = "# CHECK and DECIDE\n# CHECK: a\n  # DECIDE: b\nx: true  # CHECK: c\n";
    assert_eq!(doubts(job), (2, 1));
}
