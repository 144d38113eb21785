//! Records as they were written by earlier engines, and what happens to damaged ones.

use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;

use super::super::claim::{self, Claim};
use super::*;

const EXIT: &str = concat!(
    r#"{"code":4,"signal":null,"started_ms":1760000000000,"ended_ms":1760000001000,"#,
    r#""stop_requested":true,"killed":false,"leftovers":2,"survivors":1,"error":null}"#
);

fn exit() -> ExitRecord {
    ExitRecord {
        code: Some(4),
        signal: None,
        started_ms: 1_760_000_000_000,
        ended_ms: 1_760_000_001_000,
        stop_requested: true,
        killed: false,
        leftovers: 2,
        survivors: 1,
        error: None,
    }
}

#[test]
fn exit_record_keeps_its_form() {
    assert_eq!(serde_json::to_string(&exit()).unwrap(), EXIT);
    assert_eq!(serde_json::from_str::<ExitRecord>(EXIT).unwrap(), exit());
}

#[test]
fn other_records_keep_their_form() {
    let shim = r#"{"pid":12,"start_time":345,"boot_id":"b-1","run_dir":"/runs/é 1"}"#;
    let parsed: ShimRecord = serde_json::from_str(shim).unwrap();
    assert_eq!(serde_json::to_string(&parsed).unwrap(), shim);
    let job = r#"{"pid":13,"start_time":346,"pgid":13,"started_ms":7}"#;
    let parsed: JobRecord = serde_json::from_str(job).unwrap();
    assert_eq!(serde_json::to_string(&parsed).unwrap(), job);
}

#[test]
fn least_recipe_gets_the_defaults() {
    let text = r#"{"program":"/bin/true","cwd":".","stdout":"stdout","stderr":"stderr","later":"unknown"}"#;
    let recipe: Recipe = serde_json::from_str(text).unwrap();
    assert!(recipe == Recipe::new("/bin/true"), "{recipe:?}");
    assert_eq!((recipe.grace_ms, recipe.leftover_grace_ms), (10_000, 2_000));
}

#[test]
fn start_error_of_a_newer_engine_is_other() {
    let error: StartError = serde_json::from_str(r#"{"kind":"bad_moon","message":"x"}"#).unwrap();
    assert_eq!(error.kind, StartErrorKind::Other);
}

#[test]
fn recipe_does_not_print_its_secrets_and_is_private() {
    let folder = tempfile::tempdir().unwrap();
    let mut recipe = Recipe::new("/bin/true");
    recipe.args.push("--context_param=password=hunter2".into());
    recipe.env.insert("TOKEN".into(), "hunter2".into());
    assert!(!format!("{recipe:?}").contains("hunter2"));
    recipe.write(folder.path()).unwrap();
    let mode = std::fs::metadata(folder.path().join(RECIPE_FILE)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(Recipe::read(folder.path()).unwrap() == Some(recipe));
}

const LINES: &str = concat!(
    "{\"v\":1}\n",
    "{\"v\":1,\"shim\":{\"pid\":12,\"start_time\":345,\"boot_id\":\"b-1\",\"run_dir\":\"/r\"}}\n",
    "{\"v\":1,\"job\":{\"pid\":13,\"start_time\":346,\"pgid\":13,\"started_ms\":7}}\n",
);

/// A claimed folder whose shim has put itself and the job on record.
fn under_way() -> (tempfile::TempDir, RecordFile) {
    let folder = tempfile::tempdir().unwrap();
    let Claim::Taken(file) = claim::take(folder.path()).unwrap() else { panic!("fresh folder not claimed") };
    let mut records = RecordFile::claimed(folder.path(), file);
    records.reserve();
    let shim = ShimRecord { pid: 12, start_time: 345, boot_id: "b-1".into(), run_dir: "/r".into() };
    records.add_shim(shim).unwrap();
    records.add_job(JobRecord { pid: 13, start_time: 346, pgid: 13, started_ms: 7 }).unwrap();
    (folder, records)
}

#[test]
fn records_are_lines_in_their_order() {
    let (folder, records) = under_way();
    let text = || std::fs::read_to_string(folder.path().join(RECORDS_FILE)).unwrap();
    assert_eq!(text(), LINES);
    let found = Records::read(folder.path()).unwrap();
    assert_eq!((found.shim.unwrap().pid, found.job.unwrap().started_ms, found.exit), (12, 7, None));
    for _ in 0..2 {
        records.add_exit(&exit()).unwrap();
        records.keep_exit(&exit()).unwrap();
    }
    assert_eq!(text(), format!("{LINES}{{\"v\":1,\"exit\":{EXIT}}}\n"));
    assert_eq!(Records::read(folder.path()).unwrap().exit, Some(exit()));
}

#[test]
fn missing_damaged_and_newer_records_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(RECORDS_FILE);
    let nothing = Records::read(folder.path()).unwrap();
    assert!(nothing.shim.is_none() && nothing.damage.is_none());
    std::fs::write(&path, "{\"v\":1}\n\0\0\0\n{\"v\":1,\"exit\":5}\n").unwrap();
    let damaged = Records::read(folder.path()).unwrap();
    assert!(damaged.damage.unwrap().to_string().contains(RECORDS_FILE));
    std::fs::write(&path, "{\"v\":1}\n{\"v\":1,\"later\":{\"x\":1}}\n").unwrap();
    assert!(Records::read(folder.path()).unwrap().damage.is_none(), "kinds of lines that come later are passed over");
    std::fs::write(&path, "{\"v\":1}\n{\"v\":9,\"outcome\":\"fine\"}\n").unwrap();
    assert!(matches!(Records::read(folder.path()), Err(ProcessError::Version { found: 9, .. })));
}

#[test]
fn records_come_back_when_the_job_took_them_away() {
    let (folder, records) = under_way();
    std::fs::remove_file(folder.path().join(RECORDS_FILE)).unwrap();
    records.add_exit(&exit()).unwrap();
    records.keep_exit(&exit()).unwrap();
    let found = Records::read(folder.path()).unwrap();
    assert_eq!((found.shim.unwrap().pid, found.exit), (12, Some(exit())));
    assert!(matches!(claim::take(folder.path()).unwrap(), Claim::Over), "the folder stays claimed");
}

proptest! {
    #[test]
    fn half_written_exit_record_is_never_taken_for_one(cut in 0..EXIT.len() + 16) {
        let folder = tempfile::tempdir().unwrap();
        let exit = format!("{{\"v\":1,\"exit\":{EXIT}}}");
        std::fs::write(folder.path().join(RECORDS_FILE), format!("{LINES}{}", &exit[..cut.min(exit.len())])).unwrap();
        let found = Records::read(folder.path()).unwrap();
        prop_assert_eq!(found.exit, None);
        prop_assert!(found.damage.is_none() && found.job.is_some());
    }
}
