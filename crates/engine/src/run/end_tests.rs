use super::*;
use crate::process::{StartError, StartErrorKind};

fn exit(code: Option<i32>, signal: Option<i32>) -> ExitRecord {
    ExitRecord {
        code,
        signal,
        started_ms: 1,
        ended_ms: 2,
        stop_requested: false,
        killed: false,
        leftovers: 0,
        survivors: 0,
        error: None,
    }
}

/// Outcome, error type and message of a job with this output.
fn judged(exit: &ExitRecord, stop: Option<StopReason>, stdout: &str, stderr: &str) -> (String, String, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("stdout"), stdout).unwrap();
    std::fs::write(folder.path().join("stderr"), stderr).unwrap();
    let evidence = Evidence::read(folder.path(), exit).unwrap();
    let end = of_exit(exit, stop, evidence, 0, Some(&Mask::new(["s3cret"])));
    (end.outcome, end.error_type.unwrap_or_default(), end.error_message.unwrap_or_default())
}

fn expect(outcome: &str, kind: &str, message: &str) -> (String, String, String) {
    (outcome.into(), kind.into(), message.into())
}

#[test]
fn exit_codes_and_signals_make_the_outcome() {
    assert_eq!(judged(&exit(Some(0), None), None, "", "warning\n"), expect("success", "", ""));
    assert_eq!(judged(&exit(Some(3), None), None, "x\n", ""), expect("failed", "exit_code", "exit code 3"));
    let (outcome, kind, message) = judged(&exit(None, Some(9)), None, "", "");
    assert_eq!((outcome.as_str(), kind.as_str()), ("failed", "signal"));
    assert!(message.starts_with("ended by signal 9 (killed"), "{message}");
}

#[test]
fn the_reason_is_the_failed_component_or_the_last_words() {
    let trace = "first\nException in component tDie_1 (Fail)\r\n\tat a.B\nlast\n";
    let found = judged(&exit(Some(4), None), None, "", trace);
    assert_eq!(found.2, "exit code 4: Exception in component tDie_1 (Fail)");
    let found = judged(&exit(Some(4), None), None, "", "first\n password is s3cret \n\n  \n");
    assert_eq!(found.2, "exit code 4: password is ******");
    let long = format!("{}s3cret", "x".repeat(MAX_REASON - 3));
    let found = judged(&exit(Some(4), None), None, "", &long).2;
    assert!(!found.contains("s3c") && found.chars().count() <= MAX_REASON + 20, "{found}");
}

#[test]
fn a_return_code_that_the_exit_code_hides_is_a_failure() {
    let log = "[INFO ] x - TalendJob: 'Exit256' - Finished - status: failure returnCode: 256\n[INFO ] Done.\n";
    let found = judged(&exit(Some(0), None), None, log, "");
    assert_eq!(found, expect("failed", "exit_code", "return code 256, which the exit code 0 hides"));
    let log = "TalendJob: 'A' - Finished - status: end returnCode: 0\n";
    assert_eq!(judged(&exit(Some(0), None), None, log, "").0, "success");
    assert_eq!(judged(&exit(Some(0), None), None, "somebody printed returnCode: 5\n", "").0, "success");
}

#[test]
fn rejected_rows_make_a_good_end_a_rejected_one() {
    let ended = |code, rejected| of_exit(&exit(Some(code), None), None, Evidence::default(), rejected, None).outcome;
    assert_eq!((ended(0, 0).as_str(), ended(0, 3).as_str(), ended(4, 3).as_str()), ("success", "rejected", "failed"));
}

#[test]
fn a_stop_is_called_by_its_reason_only_if_it_came_in_time() {
    let mut stopped = exit(Some(143), None);
    assert_eq!(judged(&stopped, Some(StopReason::Request), "", "").0, "failed");
    stopped.stop_requested = true;
    assert_eq!(judged(&stopped, Some(StopReason::Request), "", "").0, "terminated");
    assert_eq!(judged(&stopped, Some(StopReason::Timeout), "", "").0, "terminated_timeout");
    assert_eq!(judged(&stopped, Some(StopReason::Shutdown), "", "").0, "terminated_shutdown");
}

#[test]
fn a_job_that_could_not_start_failed_to_deploy() {
    let mut failed = exit(None, None);
    failed.error = Some(StartError { kind: StartErrorKind::NotFound, message: "cannot start `x`".into() });
    assert_eq!(judged(&failed, None, "", ""), expect("deploy_failed", "start_failed", "cannot start `x`"));
}
