//! Secret parameters: readable for one engine, and nowhere else.

use serde_json::{Value, json};
use stoker_secrets::seal;
use stoker_store::{StoreError, params};
use stoker_wire::Parameter;

use super::driver::{Engine, finished, of, parsed, started, task_on};
use crate::support::{TestServer, both};

const SECRET: &str = "s3cr3t-in-the-run-7f1c";

/// All texts of the tables in which a run leaves traces.
async fn rows(server: &TestServer) -> String {
    server
        .store
        .read::<_, StoreError, _>(|tx| {
            let mut all = String::new();
            for table in ["runs", "run_events", "audit_events", "tasks", "artifact_versions", "settings"] {
                for row in tx.query(&format!("SELECT * FROM {table}"), params![])? {
                    all.push_str(&format!("{row:?}\n"));
                }
            }
            Ok(all)
        })
        .await
        .expect("read the tables")
}

/// The bytes of every file that belongs to the server, the database and its journal among them.
fn files_hold(server: &TestServer, wanted: &str) -> Vec<std::path::PathBuf> {
    let artifact = server.artifact_files().into_iter().next().expect("an artifact");
    let folder = artifact.ancestors().find(|folder| folder.join("stoker.db").exists()).map(ToOwned::to_owned);
    let Some(folder) = folder else { return Vec::new() };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("list") {
        let path = entry.expect("an entry").path();
        if path.is_file() && std::fs::read(&path).expect("read").windows(wanted.len()).any(|w| w == wanted.as_bytes()) {
            found.push(path);
        }
    }
    found
}

async fn start_with_secret(server: &TestServer, task: &str) -> String {
    let body = json!({ "executable": task, "parameters": [
        { "name": "password", "value": SECRET, "encrypted": true },
        { "name": "host", "value": "visible-host-1", "encrypted": false },
    ] });
    let answer = server.http().post("/processing/executions", &body).await.expect(201);
    assert!(!answer.text().contains(SECRET));
    answer.json()["executionId"].as_str().expect("the id").to_owned()
}

both! {
    async fn a_secret_is_sealed_to_the_engine_that_runs_it(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let other = Engine::ready(&server, "two", 1).await;
        let task = task_on(&server, "one", &engine).await;
        let run = start_with_secret(&server, &task).await;
        let answer = engine.try_poll().await.expect(200);
        assert!(!answer.text().contains(SECRET));
        let offer: stoker_wire::Messages = parsed(&answer);
        let offer = &offer.offers[0];
        let plain: Vec<_> = offer.parameters.iter().map(|p| (p.name.as_str(), p.value.as_str())).collect();
        assert_eq!(plain, [("host", "visible-host-1")]);
        let sealed = offer.sealed_parameters.as_deref().expect("sealed parameters");
        let opened = seal::open(&engine.sealing.private, &run, sealed).expect("the engine opens it");
        let opened: Vec<Parameter> = serde_json::from_slice(&opened).expect("a list of parameters");
        assert_eq!(opened, [Parameter { name: "password".to_owned(), value: SECRET.to_owned() }]);
        for (private, context) in
            [(&other.sealing.private, run.as_str()), (&engine.signing.private, &run), (&engine.sealing.private, &task)]
        {
            assert!(seal::open(private, context, sealed).is_err(), "nobody else, and for no other run");
        }
    }

    async fn a_secret_is_nowhere_in_clear_text(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "one", &engine).await;
        let run = start_with_secret(&server, &task).await;
        let waiting = start_with_secret(&server, &task).await;
        let mut looked = Vec::new();
        let offer = of(&engine.offer().await);
        for step in 0..3 {
            looked.push(rows(&server).await);
            for id in [&run, &waiting] {
                for path in [
                    format!("/processing/executions/{id}"),
                    format!("/stoker/v1/executions/{id}/timeline"),
                    format!("/tmc/v2.6/executions/{id}"),
                ] {
                    looked.push(server.http().get(&path).await.expect(200).text());
                }
            }
            for path in [
                "/processing/executables/tasks/executions".to_owned(),
                format!("/processing/executables/tasks/{task}/executions"),
                format!("/orchestration/executables/tasks/{task}"),
            ] {
                looked.push(server.http().get(&path).await.expect(200).text());
            }
            assert_eq!(files_hold(&server, SECRET), Vec::<std::path::PathBuf>::new());
            match step {
                0 => {
                    engine.report(&[started(&offer, 1)]).await;
                }
                _ => {
                    engine.report(&[finished(&offer, "success", 2)]).await;
                }
            }
        }
        for text in &looked {
            assert!(!text.contains(SECRET), "{text}");
        }
        assert!(looked[0].contains("visible-host-1"), "the search finds what is there");
        let kept: Vec<Value> = server
            .store
            .read::<_, StoreError, _>(|tx| {
                let rows = tx.query("SELECT secrets FROM runs WHERE state = 'finished'", params![])?;
                rows.iter().map(|row| Ok(json!(row.opt_text(0)?))).collect()
            })
            .await
            .expect("read");
        assert_eq!(kept, [Value::Null], "a run that ended keeps no secrets");
    }
}

/// The search in files is no good if it cannot find what lies there in clear text.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_search_in_files_finds_plain_parameters() {
    let server = TestServer::start(crate::support::Backend::Sqlite).await;
    let (task, _) = server.ready_task("one").await;
    start_with_secret(&server, &task).await;
    assert!(!files_hold(&server, "visible-host-1").is_empty());
}
