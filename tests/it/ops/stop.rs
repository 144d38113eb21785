//! What a server that is stopped leaves behind.

use serde_json::json;
use stoker_testkit::programs::{ServerOptions, ServerProcess};

/// What was asked and answered is written down a little later; a server that is told to stop does it at once.
#[tokio::test]
async fn the_last_bodies_of_the_audit_trail_are_kept() {
    let mut server = ServerProcess::start(ServerOptions::default());
    for round in 0..3 {
        let (name, role) = (format!("role {round}"), json!({ "name": format!("role {round}"), "permissions": [] }));
        let _ = server.http().post("/account/roles", &role).await.expect(201);
        server.stop();
        server.restart();
        let logs = server.http().get("/security/audit/logs").await.expect(200).json();
        let told = logs.as_array().expect("events").iter().find(|event| event["eventCategory"] == "role");
        let body = told.expect("the change")["request"]["body"].as_str().unwrap_or_default().to_owned();
        assert!(body.contains(&name), "round {round}: {logs}");
    }
}
