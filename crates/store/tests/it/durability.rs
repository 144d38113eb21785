//! A process that is killed keeps what it answered.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use stoker_store::{Store, StoreError, params, settings};

use crate::support::sqlite_in;

/// Lies in the working folder of the process that is going to be killed, so that the test below does nothing when
/// somebody runs all ignored tests.
const MARK: &str = "to-be-killed";

/// Writes, and says after each write that it is done, until it is killed.
#[test]
#[ignore = "a process that the test below starts and kills"]
fn writer() {
    if !std::path::Path::new(MARK).exists() {
        return;
    }
    let store = Store::open(&sqlite_in(std::path::Path::new("."))).expect("open the store");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    runtime.block_on(async {
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                let store = store.clone();
                tokio::spawn(async move {
                    for number in 0..100_000 {
                        let name = format!("{writer}-{number}");
                        let stored = name.clone();
                        store.write(move |tx| settings::insert(tx, &stored, "")).await.expect("a write");
                        println!("done {name}");
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.expect("a writer");
        }
    });
}

/// Kills at different moments: after few and after many commits, right after an answer each time.
#[tokio::test]
async fn what_was_answered_survives_a_kill() {
    for answers in [1usize, 40, 400] {
        let folder = tempfile::tempdir().expect("make a folder");
        std::fs::write(folder.path().join(MARK), "").expect("the mark");
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "durability::writer", "--ignored", "--nocapture", "--test-threads=1"])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("start the writer");
        let mut lines = BufReader::new(child.stdout.take().expect("its output"));
        let (mut said, mut line) = (String::new(), String::new());
        while said.lines().count() < answers {
            line.clear();
            assert_ne!(lines.read_line(&mut line).expect("read"), 0, "the writer ended by itself after {said:?}");
            // The first line of a test has the test's name in front.
            if let Some(at) = line.find("done ") {
                said.push_str(&line[at..]);
            }
        }
        child.kill().expect("kill");
        child.wait().expect("gone");
        lines.read_to_string(&mut said).expect("read what it still said");
        let store = Store::open(&sqlite_in(folder.path())).expect("open what it left");
        let found = store
            .read::<_, StoreError, _>(|tx| {
                let check = tx.query_opt("PRAGMA integrity_check", params![])?.map(|row| row.text(0)).transpose()?;
                assert_eq!(check.as_deref(), Some("ok"));
                tx.query("SELECT name FROM settings", params![])?
                    .iter()
                    .map(|row| row.text(0))
                    .collect::<Result<Vec<_>, _>>()
            })
            .await
            .expect("read");
        let found: std::collections::BTreeSet<String> = found.into_iter().collect();
        // The last line may be cut by the kill.
        let complete = said.rfind('\n').map_or("", |end| &said[..end]);
        let lost: Vec<&str> =
            complete.lines().filter_map(|l| l.strip_prefix("done ")).filter(|n| !found.contains(*n)).collect();
        assert!(lost.is_empty(), "answered and lost: {lost:?} of {}", found.len());
        assert!(complete.lines().count() >= answers);
    }
}
