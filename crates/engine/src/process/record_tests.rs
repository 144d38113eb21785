//! Records as they were written by earlier engines, and what happens to damaged ones.

use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;

use super::*;

const EXIT: &str = concat!(
    r#"{"v":1,"code":4,"signal":null,"started_ms":1760000000000,"ended_ms":1760000001000,"#,
    r#""stop_requested":true,"killed":false,"leftovers":2,"survivors":1,"error":null}"#
);

fn exit() -> ExitRecord {
    ExitRecord {
        v: 1,
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
    let shim = r#"{"v":1,"pid":12,"start_time":345,"boot_id":"b-1","run_dir":"/runs/é 1"}"#;
    let parsed: ShimRecord = serde_json::from_str(shim).unwrap();
    assert_eq!(serde_json::to_string(&parsed).unwrap(), shim);
    let job = r#"{"v":1,"pid":13,"start_time":346,"pgid":13,"started_ms":7}"#;
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

#[test]
fn missing_damaged_and_newer_records_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(EXIT_FILE);
    assert!(ExitRecord::read(folder.path()).unwrap().is_none());
    std::fs::write(&path, &EXIT[..40]).unwrap();
    assert!(matches!(ExitRecord::read(folder.path()), Err(ProcessError::Damaged { .. })));
    std::fs::write(&path, r#"{"v":9,"outcome":"fine"}"#).unwrap();
    assert!(matches!(ExitRecord::read(folder.path()), Err(ProcessError::Version { found: 9, .. })));
}

#[test]
fn reserved_room_does_not_show_in_the_exit_record() {
    let folder = tempfile::tempdir().unwrap();
    reserve_exit(folder.path()).unwrap();
    assert!(unrevealed_exit(folder.path()).is_none());
    prepare_exit(folder.path(), &exit()).unwrap();
    assert_eq!(unrevealed_exit(folder.path()), Some(exit()));
    assert!(ExitRecord::read(folder.path()).unwrap().is_none());
    reveal_exit(folder.path()).unwrap();
    assert_eq!(std::fs::read_to_string(folder.path().join(EXIT_FILE)).unwrap(), EXIT);
}

proptest! {
    #[test]
    fn half_written_exit_record_is_never_taken_for_one(cut in 0..EXIT.len()) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(temporary(folder.path(), EXIT_FILE), &EXIT[..cut]).unwrap();
        prop_assert_eq!(unrevealed_exit(folder.path()), None);
    }
}
