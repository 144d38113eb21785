//! A new data key while a server runs, however often the change is cut off.

use std::fs;

use serde_json::json;
use stoker_testkit::http::Http;
use stoker_testkit::programs::{ServerOptions, ServerProcess};

use super::{admin, done, kept_tests, refused, said};
use crate::support::{SOON, text, until};

/// Places at which the command dies.
const PLACES: [&str; 5] = [
    "rotate.file-written",
    "rotate.switch-before-commit",
    "rotate.switched",
    "rotate.page-before-commit",
    "rotate.page-after-commit",
];
/// More than one page of stored secrets.
const ENGINES: usize = 130;

async fn engine(server: &ServerProcess, number: usize) -> (String, String) {
    let first = server.bootstrap();
    let body = json!({ "name": format!("engine {number}"), "environmentId": first.environment_id,
                       "workspaceId": first.workspace_id });
    let made = server.http().post("/processing/runtimes/remote-engines", &body).await.expect(201).json();
    (text(&made["id"]), text(&made["preAuthorizedKey"]))
}

/// Every pairing key is shown as it was made, so it was opened.
async fn all_readable(http: &Http, made: &[(String, String)]) {
    for (id, key) in made {
        let path = format!("/processing/runtimes/remote-engines/{id}");
        let shown = http.get(&path).await.expect(200).json();
        assert_eq!(text(&shown["preAuthorizedKey"]), *key, "engine {id}");
    }
}

#[tokio::test]
async fn a_rotation_that_dies_anywhere_goes_on_and_loses_no_secret() {
    let mut server = ServerProcess::start(ServerOptions::default());
    let mut made = Vec::new();
    for number in 0..ENGINES {
        made.push(engine(&server, number).await);
    }
    let (root, host) = (server.bootstrap().clone(), server.url().replace("http://", ""));
    let project = kept_tests::shared(&server.http(), &host, &root.workspace_id, &root.personal_access_token).await;
    kept_tests::run(&server.http(), &project).await;
    let data = server.data().to_owned();
    let file = data.join("data.key");
    let first = fs::read_to_string(&file).expect("the key file");
    for place in PLACES {
        let output = admin(&["rotate-key"], &data, &[("STOKER_CRASH_AT", place)]);
        assert_eq!(output.status.code(), None, "it did not die at {place}: {}", said(&output));
        all_readable(&server.http(), &made[ENGINES - 4..]).await;
        made.push(engine(&server, made.len()).await);
    }
    let told = done(&["rotate-key"], &data, &[]);
    assert!(told.contains("secrets are wrapped by key"), "{told}");
    all_readable(&server.http(), &made).await;
    made.push(engine(&server, made.len()).await);

    // The old key signs nothing any more, but what it signed is still good for an hour.
    let keys = fs::read_to_string(&file).expect("the key file");
    assert!(keys.contains(first.trim()) && keys.lines().count() == 2, "one new key for all the tries");
    assert!(refused(&["rotate-key", "--retire"], &data, &[]).contains("call again in"));
    let told = done(&["rotate-key", "--retire", "--now"], &data, &[]);
    assert!(told.contains("is retired"), "{told}");
    let keys = fs::read_to_string(&file).expect("the key file");
    assert!(!keys.contains(first.trim()), "the old key is out of the file");
    assert!(keys.starts_with("proof "), "what is left of it checks the audit trail");
    all_readable(&server.http(), &made).await;
    let told = done(&["verify-audit"], &data, &[]);
    assert!(told.contains("not sealed yet"), "{told}");

    server.restart();
    all_readable(&server.http(), &made).await;
    kept_tests::readable(&server.http(), &project).await;

    // The file of before does not fit any more, and the server says which file and what to do.
    server.stop();
    fs::write(&file, &first).expect("put the old file back");
    let options = ServerOptions { data: Some(data.clone()), ..ServerOptions::default() };
    let error = ServerProcess::try_start(options.clone()).err().expect("a start without the key is refused");
    let message = format!("{error:#}");
    assert!(message.contains(&file.display().to_string()) && message.contains("lacks the data key"), "{message}");
    assert!(message.contains("backup"), "{message}");
    fs::write(&file, &keys).expect("put the right file back");
    let server = ServerProcess::start(options);
    all_readable(&server.http(), &made[..4]).await;
}

#[tokio::test]
async fn a_server_whose_file_lacks_the_new_key_is_not_ready_until_it_has_it() {
    let server = ServerProcess::start(ServerOptions::default());
    let made = [engine(&server, 0).await];
    let data = server.data().to_owned();
    let file = data.join("data.key");
    let first = fs::read(&file).expect("the key file");
    let _ = done(&["rotate-key"], &data, &[]);
    let both = fs::read(&file).expect("the new key file");
    fs::write(&file, "no key at all").expect("damage the file");
    until(SOON, "the server says that the file is damaged", async || {
        server.log().contains("cannot read the changed key file").then_some(())
    })
    .await;
    all_readable(&server.http(), &made).await;
    fs::write(&file, &first).expect("put the old file back");
    let http = server.http();
    until(SOON, "the server is not ready", async || (http.get("/health/ready").await.status == 503).then_some(()))
        .await;
    assert!(server.log().contains("lacks the current data key"), "{}", server.log());
    fs::write(&file, &both).expect("put the right file back");
    until(SOON, "the server is ready", async || (http.get("/health/ready").await.status == 200).then_some(())).await;
    all_readable(&http, &made).await;
}
