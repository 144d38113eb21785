//! A backup under load, and an installation made of it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use stoker_testkit::http::Http;

use super::{admin, done, kept_tests, refused, said};
use crate::support::{Backend, FINAL, SOON, Stage, StageOptions, TaskOptions, text, until};

const PASSPHRASE: (&str, &str) = ("STOKER_BACKUP_PASSPHRASE", "correct horse battery staple");

/// Tells on itself in the file it is given.
const SCRIPT: &str = r#"#!/bin/sh
for word in "$@"; do
  case $word in file=*) file=${word#file=} ;; esac
done
echo start >> "$file"
sleep 0.2
echo end >> "$file"
"#;

/// A start that was answered 201.
struct Started {
    run: String,
    file: PathBuf,
}

async fn start(http: &Http, task: &str, folder: &Path, number: usize) -> Started {
    let file = folder.join(format!("run-{number}"));
    let body = json!({ "executable": task, "parameters": { "file": file.to_str().expect("a plain path") } });
    let made = http.post("/processing/executions", &body).await.expect(201).json();
    Started { run: text(&made["executionId"]), file }
}

fn times(file: &Path) -> usize {
    fs::read_to_string(file).unwrap_or_default().lines().filter(|line| *line == "start").count()
}

async fn ended(http: &Http, run: &str) {
    let path = format!("/processing/executions/{run}");
    until(SOON, &format!("the run {run} ends"), async || {
        let state = http.get(&path).await.expect(200).json();
        state["status"].as_str().is_some_and(|status| FINAL.contains(&status)).then_some(())
    })
    .await;
}

/// Where the installation stands, and where its backup is restored to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Move {
    Same(Backend),
    Up,
    Down,
}

#[tokio::test]
async fn a_backup_under_load_holds_every_accepted_run_and_nothing_runs_twice() {
    backup_and_restore(Move::Same(Backend::Sqlite)).await;
}

#[tokio::test]
async fn the_same_on_postgres() {
    backup_and_restore(Move::Same(Backend::Postgres)).await;
}

#[tokio::test]
async fn an_installation_moves_up_to_postgres() {
    backup_and_restore(Move::Up).await;
}

#[tokio::test]
async fn an_installation_moves_down_to_the_embedded_database() {
    backup_and_restore(Move::Down).await;
}

async fn backup_and_restore(way: Move) {
    let from = match way {
        Move::Same(backend) => backend,
        Move::Up => Backend::Sqlite,
        Move::Down => Backend::Postgres,
    };
    let to_postgres = matches!(way, Move::Same(Backend::Postgres) | Move::Up);
    let mut stage = Stage::start(from, StageOptions { max_flows: Some(2), ..Default::default() }).await;
    let artifact = stage.publish_script(SCRIPT).await;
    let task = stage.task(&artifact, TaskOptions { parallel: true, ..Default::default() }).await;
    let folder = tempfile::tempdir().expect("a folder");
    let (data, archive) = (stage.server.data().to_owned(), folder.path().join("stoker.backup"));
    let (root, host) = (stage.bootstrap().clone(), stage.server.url().replace("http://", ""));
    let project = kept_tests::shared(&stage.http, &host, &root.workspace_id, &root.personal_access_token).await;
    kept_tests::run(&stage.http, &project).await;
    let mut before = Vec::new();
    for number in 0..12 {
        before.push(start(&stage.http, &task, folder.path(), number).await);
    }
    let mut words = vec!["backup".to_owned(), archive.display().to_string()];
    words.extend(stage.database_url().into_iter().flat_map(|url| ["--database-url".to_owned(), url.to_owned()]));
    let place = data.clone();
    let backup = tokio::task::spawn_blocking(move || {
        done(&words.iter().map(String::as_str).collect::<Vec<_>>(), &place, &[PASSPHRASE])
    });
    let mut during = Vec::new();
    while !backup.is_finished() || during.len() < 4 {
        during.push(start(&stage.http, &task, folder.path(), before.len() + during.len()).await);
    }
    let told = backup.await.expect("the backup");
    assert!(told.contains("1 files"), "{told}");
    assert!(!data.join("backup-work").exists(), "the copies are removed");
    let bytes = fs::read(&archive).expect("the archive");
    for secret in [&stage.bootstrap().personal_access_token, &stage.bootstrap().password, &task] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "something is in it in plain");
    }
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&archive).expect("the archive").permissions());
    assert_eq!(mode & 0o077, 0, "the archive is open to others");

    // The server goes on, makes everything, and is lost.
    for started in before.iter().chain(&during) {
        ended(&stage.http, &started.run).await;
        assert_eq!(times(&started.file), 1, "{}", started.run);
    }
    stage.server.kill9();
    let name = archive.display().to_string();
    let wrong = [("STOKER_BACKUP_PASSPHRASE", "another one that is wrong")];
    assert!(refused(&["restore", &name], &data, &[PASSPHRASE]).contains("is not empty"));
    fs::rename(&data, folder.path().join("lost")).expect("lose the folder");
    assert!(refused(&["restore", &name], &data, &wrong).contains("cannot be read"));
    assert!(refused(&["restore", &name], &data, &[]).contains("there is no passphrase"));
    let mut cut = bytes.clone();
    cut.truncate(bytes.len() - 1);
    let short = folder.path().join("cut");
    fs::write(&short, &cut).expect("write a part");
    let _ = refused(&["restore", &short.display().to_string()], &data, &[PASSPHRASE]);
    assert!(!data.exists(), "a refused restore leaves nothing behind");
    let fresh = to_postgres.then(stoker_testkit::postgres::database);
    let url = fresh.as_ref().map(|fresh| fresh.url.clone());
    let with = |words: &[&'static str], name: Option<&str>| -> Vec<String> {
        let words = words.iter().map(|word| (*word).to_owned()).chain(name.map(str::to_owned));
        words.chain(url.iter().flat_map(|url| ["--database-url".to_owned(), url.clone()])).collect()
    };
    if let Some(used) = stage.database_url().filter(|_| to_postgres) {
        let refusal = refused(&["restore", &name, "--database-url", used], &data, &[PASSPHRASE]);
        assert!(refusal.contains("is not empty"), "{refusal}");
        assert!(!data.exists(), "a refused restore leaves nothing behind");
    }
    let words = with(&["restore"], Some(&name));
    if to_postgres {
        // It dies, or cannot move the folder, after the database was filled: the same words finish it.
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let died = admin(&words, &data, &[PASSPHRASE, ("STOKER_CRASH_AT", "restore.filled")]);
        assert!(!died.status.success() && died.status.code().is_none() && !data.exists(), "{}", said(&died));
        let other = [&words[..], &["--keep-queue"]].concat();
        let refusal = refused(&other, &data, &[PASSPHRASE]);
        assert!(refusal.contains("is not empty"), "it was filled in another way: {refusal}");
        let blocked = data.join("in-the-way");
        fs::create_dir_all(&blocked).expect("a folder that is not empty");
        assert!(refused(&words, &data, &[PASSPHRASE]).contains("is not empty"));
        fs::remove_dir_all(&data).expect("out of the way");
    }
    let told = done(&words.iter().map(String::as_str).collect::<Vec<_>>(), &data, &[PASSPHRASE]);
    assert!(told.contains("waiting runs ended"), "{told}");
    assert_eq!(data.join("stoker.db").exists(), !to_postgres, "one database and no second one");

    stage.server.move_to(url.clone());
    stage.server.restart();
    if let Some(url) = &url {
        let elsewhere = folder.path().join("elsewhere");
        let refusal = refused(&["restore", &name, "--database-url", url], &elsewhere, &[PASSPHRASE]);
        assert!(refusal.contains("is not empty"), "a server uses it now: {refusal}");
    }
    // Connections of the server that was killed are of no use.
    stage.http = stage.server.http();
    kept_tests::readable(&stage.http, &project).await;
    stage.wait_available(0).await;
    // Whatever were offered again would be before this one.
    let (run, state) = stage.run_to_end(&task, json!({ "file": folder.path().join("last").to_str() })).await;
    assert_eq!(state["status"], "execution_successful", "{run}: {}", stage.log(&run).await);
    for started in &before {
        ended(&stage.http, &started.run).await;
    }
    for started in before.iter().chain(&during) {
        assert_eq!(times(&started.file), 1, "the job of {} was made again", started.run);
    }
    let words = with(&["verify-audit"], None);
    let told = done(&words.iter().map(String::as_str).collect::<Vec<_>>(), &data, &[]);
    assert!(told.contains("last link"), "{told}");
}

#[tokio::test]
async fn an_installation_without_its_key_or_with_a_missing_file_is_not_backed_up() {
    let mut stage = Stage::start(Backend::Sqlite, StageOptions { without_engine: true, ..Default::default() }).await;
    let _ = stage.publish_script(SCRIPT).await;
    let (data, folder) = (stage.server.data().to_owned(), tempfile::tempdir().expect("a folder"));
    let archive = folder.path().join("stoker.backup");
    let words = ["backup", archive.to_str().expect("a plain path")];
    let short = admin(&words, &data, &[("STOKER_BACKUP_PASSPHRASE", "short")]);
    assert!(!short.status.success() && said(&short).contains("12 characters"), "{}", said(&short));
    let key = fs::read(data.join("data.key")).expect("the key file");
    fs::remove_file(data.join("data.key")).expect("lose the key");
    assert!(refused(&words, &data, &[PASSPHRASE]).contains("data.key"));
    fs::write(data.join("data.key"), key).expect("the key is back");
    let files = stage.data("artifacts");
    let part = fs::read_dir(&files)
        .expect("list")
        .flatten()
        .find(|entry| entry.file_name() != "incoming" && entry.path().is_dir());
    fs::rename(part.expect("a folder of files").path(), folder.path().join("lost")).expect("lose a file");
    assert!(refused(&words, &data, &[PASSPHRASE]).contains("names the file"));
    assert!(!archive.exists() && !archive.with_extension("partial").exists(), "nothing is left behind");
    assert!(!data.join("backup-work").exists());
}
