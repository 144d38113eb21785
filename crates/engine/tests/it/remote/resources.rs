//! Files and folders that runs need beside their artifacts.

use std::io::{Cursor, Write as _};

use stoker_wire::{Offer, Parameter, Resource};
use zip::write::SimpleFileOptions;

use super::files::{Home, Running, offer, sha256};
use super::server::Server;

/// Shows the file and the folder of the run, then spoils its file.
const SCRIPT: &str = "value() { sed -n \"s/^$1=//p\" \"$STOKER_CONTEXT_FILE\"; }; file=$(value resource_file_in); \
    folder=$(value resource_directory_d); cat \"$file\"; basename \"$file\"; cat \"$folder/data/a.txt\"; \
    ls -l \"$file\" | cut -c1-10; echo spoiled > \"$file\"; echo given: \"$(value given)\"";

async fn engine() -> (Server, Home, Running) {
    let server = Server::start().await;
    let home = Home::new(&server);
    let engine = home.start();
    server.wait("a session", |state| (state.polled == 1).then_some(())).await;
    (server, home, engine)
}

fn folder() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("data/a.txt", SimpleFileOptions::default()).unwrap();
    zip.write_all(b"of the folder\n").unwrap();
    zip.finish().unwrap().into_inner()
}

/// Adds a resource to an offer and its bytes to the server.
fn add(server: &Server, offer: &mut Offer, variable: &str, name: &str, bytes: &[u8], folder: bool) {
    let hash = sha256(bytes);
    offer.resources.push(Resource {
        variable: variable.into(),
        name: name.into(),
        sha256: hash.clone(),
        size: bytes.len() as i64,
        folder,
    });
    server.change(|state| {
        state.artifacts.insert(hash, bytes.to_vec());
    });
}

#[tokio::test]
async fn files_and_folders_are_there_when_the_job_starts() {
    let (server, home, engine) = engine().await;
    for run in ["run-1", "run-2"] {
        let mut offer = offer(&server, run, SCRIPT);
        let given = |name: &str, value: &str| Parameter { name: name.into(), value: value.into() };
        offer.parameters = vec![given("given", "yes"), given("resource_file_in", "/elsewhere")];
        add(&server, &mut offer, "resource_file_in", "../in.csv", b"of the file\n", false);
        add(&server, &mut offer, "resource_directory_d", "d", &folder(), true);
        server.offer(offer);
        let end = server.finished(run).await;
        assert_eq!(end.outcome, "success", "{end:?} {:?}", server.log(run));
        let wanted = ["of the file", ".._in.csv", "of the folder", "-rw-------", "given: yes"];
        assert_eq!(server.out(run), wanted, "{run}: nothing of an earlier run is seen");
    }
    assert_eq!(server.state().downloads, 3, "archive, file and folder once each");
    // Nothing is left of the runs.
    while !home.list("data/runs").is_empty() {
        tokio::task::yield_now().await;
    }
    engine.stop().await;
    assert_eq!(home.list("data/resources").len(), 2);
}

#[tokio::test]
async fn a_resource_that_cannot_be_had_fails_the_run_with_the_cure() {
    let (server, home, engine) = engine().await;
    let mut wrong = offer(&server, "wrong", "true");
    add(&server, &mut wrong, "resource_file_in", "in.csv", b"right", false);
    server.change(|state| {
        state.artifacts.insert(sha256(b"right"), b"false".to_vec());
    });
    let mut missing = offer(&server, "missing", "true");
    add(&server, &mut missing, "resource_file_in", "gone.csv", b"gone", false);
    server.change(|state| {
        state.artifacts.remove(&sha256(b"gone"));
    });
    let mut broken = offer(&server, "broken", "true");
    add(&server, &mut broken, "resource_directory_d", "d", b"no zip", true);
    for (offer, kind, words) in [
        (wrong, "resource_broken", "resource in.csv is not the one that was uploaded"),
        (missing, "resource_unavailable", "cannot fetch resource gone.csv"),
        (broken, "resource_broken", "cannot unpack resource d"),
    ] {
        let run = offer.run.clone();
        server.offer(offer);
        let end = server.finished(&run).await;
        assert_eq!((end.outcome.as_str(), end.error_type.as_deref()), ("deploy_failed", Some(kind)));
        assert!(end.error_message.as_deref().is_some_and(|message| message.contains(words)), "{end:?}");
    }
    // Folders go after the acknowledgement of the end.
    while !home.list("data/runs").is_empty() {
        tokio::task::yield_now().await;
    }
    engine.stop().await;
    assert_eq!(home.list("data/resources"), [sha256(b"no zip")], "nothing unfinished is left");
}
