//! Handling of processes, with scripts in the place of the engine's program.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use stoker_testkit::programs::{EngineFolder, EngineProcess};

/// An engine folder whose `bin/trun` is this shell script.
fn engine(script: &str) -> EngineFolder {
    let source = tempfile::tempdir().expect("a folder");
    let root = source.path().join("remote-engine");
    fs::create_dir_all(root.join("bin")).expect("make bin");
    fs::create_dir_all(root.join("etc")).expect("make etc");
    let trun = root.join("bin/trun");
    fs::write(&trun, format!("#!/bin/sh\n{script}\n")).expect("write trun");
    fs::set_permissions(&trun, fs::Permissions::from_mode(0o755)).expect("make it executable");
    let packed = Command::new("tar").arg("-C").arg(source.path()).args(["-czf", "-", "remote-engine"]).output();
    EngineFolder::unpack(&packed.expect("run tar").stdout)
}

/// Waits until the engine has written this text.
fn wait_for(engine: &EngineProcess, text: &str) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !engine.log().contains(text) {
        assert!(std::time::Instant::now() < deadline, "no {text} in {:?}", engine.log());
        std::thread::yield_now();
    }
}

fn alive(id: u32) -> bool {
    Path::new(&format!("/proc/{id}")).exists()
}

#[test]
fn a_paired_folder_holds_the_two_documented_lines() {
    let folder = engine("exit 0");
    folder.pair("http://127.0.0.1:1", "KEY");
    let read = |name: &str| fs::read_to_string(folder.path().join("etc").join(name)).expect(name);
    assert_eq!(read("preauthorized.key.cfg"), "remote.engine.pre.authorized.key = KEY\n");
    assert_eq!(read("org.talend.ipaas.rt.pairing.client.cfg"), "pairing.service.url=http://127.0.0.1:1\n");
}

#[test]
fn an_engine_starts_in_its_folder_stops_politely_and_starts_again() {
    let folder = engine("trap 'echo bye; exit 3' TERM; echo \"here $PWD\"; while :; do sleep 0.05; done");
    let mut running = EngineProcess::start(&folder.path());
    wait_for(&running, &format!("here {}", folder.path().display()));
    assert!(running.is_running());
    assert_eq!(running.stop().and_then(|status| status.code()), Some(3));
    assert!(running.log().contains("bye"), "{}", running.log());
    assert_eq!((running.stop(), running.pid()), (None, None));
    running.restart();
    assert!(running.is_running());
}

#[test]
fn jobs_outlive_a_killed_engine_but_not_the_test() {
    let folder = engine("setsid sh -c 'echo job $$; exec sleep 600' & wait");
    let mut running = EngineProcess::start(&folder.path());
    wait_for(&running, "job ");
    let log = running.log();
    let job = log.split_whitespace().nth(1).and_then(|id| id.parse().ok()).expect("the id of the job");
    running.kill9();
    assert!(!running.is_running());
    assert!(alive(job), "the job goes on");
    assert_eq!(running.processes(), [job]);
    drop(running);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while alive(job) {
        assert!(std::time::Instant::now() < deadline, "the job {job} is still there");
        std::thread::yield_now();
    }
}

#[test]
fn an_engine_outlives_the_thread_that_started_it() {
    let folder = engine("echo up; until [ -e ping ]; do sleep 0.05; done; echo pong; exec sleep 600");
    let path = folder.path();
    let start = move || {
        let engine = EngineProcess::start(&path);
        wait_for(&engine, "up");
        engine
    };
    let running = std::thread::spawn(start).join().expect("the thread ends");
    fs::write(folder.path().join("ping"), "").expect("write the question");
    wait_for(&running, "pong");
}
