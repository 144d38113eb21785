//! Run folders and context files.

use std::fs;
use std::io::{self, Cursor};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use stoker_jobzip::{
    CONTEXT_FILE, LaunchRequest, Limits, Manifest, command_line, inspect, prepare_run, properties, unpack,
    write_contexts,
};

use crate::rawzip::{files, job_zip};

struct Run {
    _folder: tempfile::TempDir,
    cache: PathBuf,
    root: PathBuf,
    manifest: Manifest,
}

fn run(zip: Cursor<Vec<u8>>) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let (cache, root) = (folder.path().join("cache é"), folder.path().join("run 1"));
    fs::create_dir(&cache).unwrap();
    let manifest = inspect(zip.clone(), &Limits::default()).unwrap();
    unpack(zip, &cache, &Limits::default()).unwrap();
    prepare_run(&manifest, &cache, &root).unwrap();
    Run { _folder: folder, cache, root, manifest }
}

fn pairs(path: &Path) -> Vec<(String, String)> {
    properties::parse(&fs::read(path).unwrap()).unwrap()
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).unwrap().is_symlink()
}

#[test]
fn a_java_run_shares_jars_and_owns_the_rest() {
    let run = run(job_zip(|all| all.push(("RowsDemo/data/items/x.txt".into(), b"kept".to_vec()))));
    let job = run.root.join("RowsDemo");
    for link in ["lib", "jobInfo.properties", "RowsDemo/rowsdemo_0_1.jar"] {
        assert!(is_link(&run.root.join(link)), "{link}");
        assert!(run.root.join(link).exists(), "{link} leads nowhere");
    }
    assert!(job.join("../lib/routines.jar").exists() && job.join("../jobInfo.properties").exists());
    assert!(!job.join("items").exists() && !job.join("src").exists());
    assert!(job.join("data/items/x.txt").exists(), "only the top folders of that name are designs");
    fs::write(job.join("log4j2.xml"), "changed").unwrap();
    assert_eq!(fs::read_to_string(run.cache.join("RowsDemo/log4j2.xml")).unwrap(), "<Configuration/>");
}

#[test]
fn a_read_only_cache_gives_writable_copies() {
    let run = run(job_zip(|_| {}));
    let file = run.cache.join("RowsDemo/log4j2.xml");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o444)).unwrap();
    let second = run.root.with_file_name("run 2");
    prepare_run(&run.manifest, &run.cache, &second).unwrap();
    let mode = fs::metadata(second.join("RowsDemo/log4j2.xml")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
}

#[test]
fn values_reach_the_job_and_known_ones_its_children() {
    let run = run(job_zip(|_| {}));
    let values = [pair("rows", "7"), pair("new", "a=b;\\ \"q\"\nü 😀"), pair("token", "s3cret")];
    write_contexts(&run.manifest, &run.root, "Default", &values).unwrap();
    let main = run.root.join("RowsDemo/acme/rowsdemo_0_1/contexts/Default.properties");
    let expected =
        [pair("rows", "7"), pair("token", "s3cret"), pair("folder", "C:\\xé"), pair("new", "a=b;\\ \"q\"\nü 😀")];
    assert_eq!(pairs(&main), expected);
    assert_eq!(fs::metadata(&main).unwrap().permissions().mode() & 0o777, 0o600);
    let child = run.root.join("RowsDemo/acme/child_0_1/contexts/Default.properties");
    assert_eq!(pairs(&child), [pair("rows", "7"), pair("own", "2")]);
    let cached = run.cache.join("RowsDemo/acme/rowsdemo_0_1/contexts/Default.properties");
    assert!(!fs::read_to_string(cached).unwrap().contains("s3cret"));
}

#[test]
fn a_new_context_starts_from_the_default_one() {
    let run = run(job_zip(|_| {}));
    write_contexts(&run.manifest, &run.root, "qa env", &[pair("rows", "3")]).unwrap();
    let main = pairs(&run.root.join("RowsDemo/acme/rowsdemo_0_1/contexts/qa env.properties"));
    assert_eq!(main[..2], [pair("rows", "3"), pair("token", "enc:routine.encryption.key.v1:abc")]);
    let child = pairs(&run.root.join("RowsDemo/acme/child_0_1/contexts/qa env.properties"));
    assert_eq!(child, [pair("rows", "3"), pair("own", "2")]);
}

#[test]
fn contexts_must_be_file_names() {
    let run = run(job_zip(|_| {}));
    for name in ["", "..", "../x", "a/b", "a\\b", "a\0", "a\nb"] {
        let error = write_contexts(&run.manifest, &run.root, name, &[]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{name:?}");
    }
}

#[test]
fn large_values_survive() {
    let run = run(job_zip(|_| {}));
    let big = "x =:#!\\\t".repeat(12_500);
    write_contexts(&run.manifest, &run.root, "Prod", &[pair("big", &big), pair("empty", "")]).unwrap();
    let main = pairs(&run.root.join("RowsDemo/acme/rowsdemo_0_1/contexts/Prod.properties"));
    assert!(
        main.contains(&pair("big", &big)) && main.contains(&pair("empty", "")) && main.contains(&pair("extra", "1"))
    );
}

#[test]
fn a_script_runs_with_its_values() {
    let text = b"#!/bin/sh\necho \"$1|$2|$3\"; cat \"$STOKER_CONTEXT_FILE\"; cat 'my data.txt'; pwd\n";
    let big = vec![b'x'; (1 << 20) + 1];
    let run = run(Cursor::new(files(&[("run.sh", text), ("my data.txt", b"hello\n"), ("big.bin", &big)])));
    assert!(is_link(&run.root.join("big.bin")) && !is_link(&run.root.join("my data.txt")));
    let mode = fs::metadata(run.root.join("run.sh")).unwrap().permissions().mode();
    assert_eq!(mode & 0o111, 0o111, "the script can be executed");
    write_contexts(&run.manifest, &run.root, "Default", &[pair("key", "v w")]).unwrap();
    let file = run.root.join(CONTEXT_FILE);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let params = [pair("key", "v w")];
    let command = command_line(
        &run.manifest,
        &LaunchRequest {
            java: Path::new("java"),
            root: &run.root,
            context: Some("Default"),
            log_level: None,
            jvm_args: None,
            pid: "p",
            stat_port: None,
            plain_params: &params,
            context_file: Some(&file),
        },
    );
    let output = Command::new(&command.program)
        .args(&command.args)
        .current_dir(&command.working_dir)
        .envs(command.env.iter().map(|(name, value)| (name, value)))
        .output()
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    let start = "--context=Default|--context_param|key=v w\nkey=v w\nhello\n";
    assert!(shown.starts_with(start) && shown.trim_end().ends_with("run 1"), "{shown}");
}

#[test]
fn odd_things_in_the_cache_are_refused() {
    let run = run(job_zip(|_| {}));
    std::os::unix::fs::symlink("/etc/passwd", run.cache.join("RowsDemo/planted")).unwrap();
    let error = prepare_run(&run.manifest, &run.cache, &run.root.with_file_name("run 3")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
}
