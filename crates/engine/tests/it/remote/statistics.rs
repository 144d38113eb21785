//! Rows of Java jobs, as the job says them and as the server hears them.

use std::path::Path;

use stoker_wire::{Components, Parameter, Report};

use super::files::{Home, Running, offer, offer_zip};
use super::server::Server;

async fn engine(older: bool) -> (Server, Home, Running) {
    let server = Server::start().await;
    server.change(|state| state.older = older);
    let home = Home::new(&server);
    let engine = home.start();
    server.wait("a session", |state| (state.polled == 1).then_some(())).await;
    (server, home, engine)
}

fn archive(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/fixtures").join(name);
    std::fs::read(path).expect("run `cargo xtask fixtures` first")
}

fn run_it(server: &Server, run: &str, zip: &str, parameters: &[(&str, &str)]) {
    let mut offer = offer_zip(server, run, archive(zip));
    let given = parameters.iter().map(|(name, value)| Parameter { name: (*name).into(), value: (*value).into() });
    offer.parameters = given.collect();
    server.offer(offer);
}

fn counted(server: &Server, run: &str) -> Components {
    server.components(run).expect("row counts")
}

#[tokio::test]
async fn rows_of_a_java_job_come_with_names_before_its_end() {
    let (server, _home, engine) = engine(false).await;
    run_it(&server, "run-1", "FailAfterRows_0.2.zip", &[("rows", "25"), ("exitCode", "0")]);
    let end = server.finished("run-1").await;
    assert_eq!((end.outcome.as_str(), end.exit_code), ("rejected", Some(0)), "rejected rows make the outcome");
    let found = counted(&server, "run-1");
    assert_eq!((found.processed, found.rejected), (Some(25), Some(2)));
    let rows: Vec<_> = found.links.iter().map(|link| (link.name.as_str(), link.rows)).collect();
    assert_eq!(rows, [("row1", 25), ("row2", 23), ("row3", 2)]);
    let last = &found.links[2];
    assert_eq!(last.connector.as_deref(), Some("REJECT"));
    assert_eq!(last.source.as_ref().map(|source| source.kind.as_str()), Some("tFilterRow"));
    assert_eq!(last.target.as_ref().map(|target| target.label.as_str()), Some("Rejects"));
    assert_eq!(found.jobs[0].job, "FailAfterRows");
    let place = |wanted: fn(&Report) -> bool| server.state().reports.iter().position(wanted).expect("a report");
    let counts = place(|report| matches!(report, Report::Components { .. }));
    assert!(counts < place(|report| matches!(report, Report::Finished { .. })), "the end comes last");

    run_it(&server, "run-2", "ParentChild_0.1.zip", &[]);
    server.finished("run-2").await;
    let found = counted(&server, "run-2");
    let jobs: Vec<_> = found.jobs.iter().map(|job| job.job.as_str()).collect();
    assert_eq!(jobs, ["ParentChild", "ChildJob"]);
    assert_eq!(found.jobs[1].father_pid, found.jobs[0].pid);
    engine.stop().await;
}

#[tokio::test]
async fn scripts_and_older_servers_hear_nothing_of_rows() {
    let (server, _home, engine) = engine(true).await;
    run_it(&server, "run-1", "FailAfterRows_0.2.zip", &[("exitCode", "0")]);
    assert_eq!(server.finished("run-1").await.outcome, "success");
    server.offer(offer(&server, "run-2", "echo hello"));
    server.finished("run-2").await;
    assert!(server.components("run-1").is_none() && server.components("run-2").is_none());
    engine.stop().await;
}
