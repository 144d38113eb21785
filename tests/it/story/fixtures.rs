//! Every test archive: publishing, parameters, the run, its end, its log.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use super::cases::{all_gone, compare, messages, pids, plain_cases, table, task_of};
use crate::support::{Artifact, Backend, SOON, Stage, StageOptions, TaskOptions, fixture, text};

/// An engine that was started where nobody thought of UTF-8.
fn plain_locale(max_flows: i64) -> StageOptions {
    StageOptions {
        max_flows: Some(max_flows),
        engine_env: vec![("LC_ALL", "C".into()), ("LANG", "POSIX".into())],
        ..Default::default()
    }
}

async fn check_parameters(stage: &Stage, artifact: &Artifact, about: &Value) {
    let path = format!("/orchestration/artifacts/{}/versions/{}", artifact.id, artifact.version);
    let shown = stage.http.get(&path).await.expect(200).json();
    let listed = shown["parameters"].as_array().expect("a list of parameters");
    let types: BTreeMap<String, String> =
        listed.iter().map(|it| (text(&it["name"]), text(&it["type"]).to_lowercase())).collect();
    for (name, kind) in about["parameters"].as_object().into_iter().flatten() {
        let found = types.get(name).unwrap_or_else(|| panic!("{}: no parameter {name}: {listed:?}", artifact.name));
        // A published type may carry a prefix.
        assert!(found.ends_with(&text(kind).to_lowercase()), "{}: {name} is {found}, not {kind}", artifact.name);
    }
    if about["job"] == "HelloWorld" {
        let default = |name: &str| listed.iter().find(|it| it["name"] == name).map(|it| it["value"].clone());
        assert_eq!(default("greeting"), Some("Hello, world".into()), "{listed:?}");
        assert_eq!(default("times"), Some("3".into()), "{listed:?}");
    }
}

/// Publishing shows names, types and defaults; every case ends as its table says. The log is complete and in UTF-8 although
/// the engine's locale is not; names with accents start; execute bits are not needed.
#[tokio::test]
async fn every_archive_does_what_its_table_says() {
    main_job(Backend::Sqlite).await;
}

/// The requests of clients and of the engine go to three servers in turn.
#[tokio::test]
async fn every_archive_does_the_same_on_three_servers() {
    main_job(Backend::Replicas(3)).await;
}

async fn main_job(backend: Backend) {
    let mut stage = Stage::start(backend, plain_locale(3)).await;
    let files = tempfile::tempdir().expect("a folder for resources");
    let mut artifacts = BTreeMap::new();
    for (archive, about) in table().as_object().expect("archives") {
        if about["publish"] == "accepted" {
            let artifact = stage.publish(archive).await;
            check_parameters(&stage, &artifact, about).await;
            artifacts.insert(archive.clone(), artifact);
        }
    }
    let mut runs = Vec::new();
    for case in plain_cases() {
        let task = task_of(&mut stage, &artifacts[&case.archive], &case, &files).await;
        runs.push((stage.run(&task, Value::Null).await, case));
    }
    let mut failures = Vec::new();
    for (run, case) in &runs {
        let state = stage.wait_final(run, SOON).await;
        let wrong = compare(&stage, run, &state, case).await;
        if !wrong.is_empty() {
            failures.push(format!("{}: {}", case.name(), wrong.join("\n  ")));
        }
        if case.case["leavesProcesses"].as_i64().is_some() {
            all_gone(&pids(&stage.log(run).await)).await;
        }
    }
    assert!(failures.is_empty(), "{} of {} cases:\n{}", failures.len(), runs.len(), failures.join("\n\n"));
    assert!(runs.len() > 30, "the table has shrunk: {}", runs.len());
}

#[tokio::test]
async fn archives_that_cannot_run_are_refused_and_leave_nothing_behind() {
    let options = StageOptions { without_engine: true, ..Default::default() };
    let stage = Stage::start(Backend::Sqlite, options).await;
    let bytes = fs::read(fixture("missing-jar.zip")).expect("read the archive");
    let answer = stage.try_publish("missing", bytes.clone()).await.expect(400);
    for jar in ["lib/vanished-1.2.3.jar", "lib/also-vanished.jar"] {
        assert!(answer.text().contains(jar), "{}", answer.text());
    }
    let _ = stage.try_publish("broken", bytes[..bytes.len() / 2].to_vec()).await.expect(400);
    let listed = stage.http.get("/orchestration/artifacts").await.expect(200).json();
    assert_eq!(listed["items"], json!([]), "{listed}");
    let left: Vec<_> = fs::read_dir(stage.data("artifacts/incoming")).into_iter().flatten().flatten().collect();
    assert!(left.is_empty(), "{left:?}");
}

/// All lines come, in order, in pages and in the file; a file is cut where the API says so.
#[tokio::test]
async fn a_flood_of_lines_arrives_whole_and_in_order() {
    let mut stage = Stage::start(Backend::Sqlite, StageOptions::default()).await;
    let artifact = stage.publish("ManyLines").await;
    let task = stage.task(&artifact, TaskOptions::default()).await;
    let (run, state) = stage.run_to_end(&task, Value::Null).await;
    assert_eq!(state["status"], "execution_successful", "{state}");
    let base = format!("/monitoring/executions/{run}/logs");
    let first = stage.http.get(&format!("{base}?count=200&order=ASC")).await.expect(200).json();
    assert_eq!(first["totalSize"], 300_001, "{}", first["totalSize"]);
    assert_eq!(first["data"].as_array().map(Vec::len), Some(200));
    let last = stage.http.get(&format!("{base}?count=200&order=DESC")).await.expect(200).json();
    let newest: Vec<String> =
        last["data"].as_array().expect("a page").iter().map(|line| text(&line["logMessage"])).collect();
    assert!(newest.iter().any(|line| line == "line 299999" || line == "printed 300000 lines"), "{newest:?}");
    // Lines of the two streams may be mixed in blocks; each stream is in order at any place.
    for start in [1_000, 123_456, 299_700] {
        let page = stage.http.get(&format!("{base}?count=200&order=ASC&startIndex={start}")).await.expect(200).json();
        let lines = page["data"].as_array().expect("a page");
        let (out, errors): (Vec<u64>, Vec<u64>) =
            lines.iter().filter_map(|line| number(line["logMessage"].as_str()?)).partition(|number| number % 10 != 0);
        assert!(out.len() + errors.len() >= 199, "from {start}: {page}");
        assert!(out.is_sorted() && errors.is_sorted(), "from {start}: {out:?} {errors:?}");
    }
    let begun = stage.http.post(&format!("{base}?fileFormat=TEXT"), &json!({})).await.expect(206);
    assert_eq!(begun.json()["size"], 100_000);
    let (file, _) = messages(&stage.log(&run).await);
    assert_eq!(file.lines().count(), 100_000);
    let numbers: Vec<u64> = file.lines().filter_map(number).filter(|number| number % 10 != 0).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1 || (pair[0] % 10 == 9 && pair[1] == pair[0] + 2)));
    assert_eq!(numbers.last(), Some(&299_999));
    let errors: Vec<u64> = file.lines().filter_map(number).filter(|number| number % 10 == 0).collect();
    assert!(errors.windows(2).all(|pair| pair[1] == pair[0] + 10), "standard error is not in order");
}

fn number(line: &str) -> Option<u64> {
    line.strip_prefix("line ")?.parse().ok()
}

/// The job sees the options of its run profile; a value of the run goes before that of the task; the level of the start
/// call before that of the task.
#[tokio::test]
async fn what_the_run_profile_and_the_start_call_say_counts() {
    let mut stage = Stage::start(Backend::Sqlite, StageOptions::default()).await;
    let artifact = stage.publish("HelloWorld").await;
    let jvm = vec!["-Xmx64m", "-XshowSettings:vm"];
    let parameters = json!({"greeting": "of the task", "times": "1"});
    let options = TaskOptions { parameters, jvm, log_level: Some("WARN"), ..Default::default() };
    let task = stage.task(&artifact, options).await;
    let body = json!({"executable": task, "parameters": {"greeting": "of the run"}, "logLevel": "INFO"});
    let run = text(&stage.http.post("/processing/executions", &body).await.expect(201).json()["executionId"]);
    let state = stage.wait_final(&run, SOON).await;
    let log = stage.log(&run).await;
    assert_eq!(state["status"], "execution_successful", "{log}");
    assert!(log.contains("Max. Heap Size: 64.00M"), "{log}");
    assert!(log.contains("1|of the run") && !log.contains("of the task") && !log.contains("2|"), "{log}");
    assert!(log.contains("log level: INFO"), "{log}");
}
