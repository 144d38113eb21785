//! Pairing, and what ends it.

use super::files::{Home, KEY, offer, pipe};
use super::server::Server;

#[tokio::test]
async fn a_used_key_in_the_file_does_not_pair_again() {
    let server = Server::start().await;
    let home = Home::new(&server);
    for sessions in 1..=2 {
        let engine = home.start();
        server.wait("a session", |state| (state.polled == sessions).then_some(())).await;
        engine.stop().await;
        assert_eq!(server.state().goodbyes, sessions);
    }
    assert_eq!(server.state().pairings, 1);
    assert_eq!(home.read("data/state.json").matches("\"stopped\"").count(), 1);
}

#[tokio::test]
async fn an_unknown_key_ends_the_engine_with_the_cure() {
    let server = Server::start().await;
    let home = Home::new(&server);
    home.write("etc/preauthorized.key.cfg", "remote.engine.pre.authorized.key=ABCD\n");
    assert_eq!(home.start().exit_code().await, 2);
    let log = home.read("data/log/remote-engine.log");
    assert!(log.contains("cannot pair with") && log.contains("copy the current key"), "{log}");
    assert!(!log.contains("ABCD"));
}

#[tokio::test]
async fn without_a_key_or_a_server_the_engine_says_what_is_missing() {
    let server = Server::start().await;
    let home = Home::new(&server);
    home.write("etc/preauthorized.key.cfg", "");
    assert_eq!(home.start().exit_code().await, 2);
    assert!(home.read("data/state.json").contains("has no pairing key"));
    home.write("etc/preauthorized.key.cfg", &format!("remote.engine.pre.authorized.key={KEY}"));
    home.write("etc/org.talend.ipaas.rt.pairing.client.cfg", "");
    assert_eq!(home.start().exit_code().await, 2);
    assert!(home.read("data/state.json").contains("no server to pair with"));
}

#[tokio::test]
async fn a_server_that_is_away_is_waited_for() {
    let server = Server::start().await;
    let home = Home::new(&server);
    server.change(|state| state.away = true);
    let engine = home.start();
    // The state file says so before the first request; the engine must not end.
    while !std::fs::read_to_string(home.path.join("data/state.json")).is_ok_and(|text| text.contains("pairing")) {
        tokio::task::yield_now().await;
    }
    server.change(|state| state.away = false);
    server.wait("a session", |state| (state.polled == 1).then_some(())).await;
    engine.stop().await;
}

#[tokio::test]
async fn an_unpaired_engine_kills_its_jobs_and_a_new_key_pairs_it_again() {
    let server = Server::start().await;
    let home = Home::new(&server);
    let engine = home.start();
    let never = pipe(&home, "never");
    server.offer(offer(&server, "run-1", &format!("echo ready; read x < '{}'", never.display())));
    server.log_holds("run-1", "ready").await;
    server.change(|state| state.unpaired = true);
    assert_eq!(engine.exit_code().await, 3);
    assert!(home.list("data/runs").is_empty());
    assert!(home.read("data/log/remote-engine.log").contains("is not paired any more"));

    server.change(|state| {
        state.keys.insert("NEWKEY".into(), None);
        state.offers.clear();
    });
    let old = std::fs::read(home.path.join("etc/keystores/engine.p12")).unwrap();
    home.write("etc/preauthorized.key.cfg", "remote.engine.pre.authorized.key=NEWKEY\n");
    let engine = home.start();
    server.wait("a second pairing and session", |state| (state.pairings == 2 && state.polled == 2).then_some(())).await;
    assert_ne!(std::fs::read(home.path.join("etc/keystores/engine.p12")).unwrap(), old);
    engine.stop().await;
}

#[tokio::test]
async fn a_password_in_the_environment_protects_the_keys() {
    let server = Server::start().await;
    let home = Home::new(&server);
    let variable = stoker_engine::config::PASSWORD_VARIABLE;
    let engine = home.start_with(&[(variable, "chosen password")]);
    server.wait("a session", |state| (state.polled == 1).then_some(())).await;
    engine.stop().await;
    assert!(!home.path.join("etc/keystores/.password").exists());
    assert_eq!(home.start().exit_code().await, 2);
    assert_eq!(home.start_with(&[(variable, "wrong")]).exit_code().await, 2);
    assert!(home.read("data/state.json").contains("the configured password does not open it"));
}

#[tokio::test]
async fn a_home_has_one_engine() {
    let server = Server::start().await;
    let home = Home::new(&server);
    let engine = home.start();
    server.wait("a session", |state| (state.polled == 1).then_some(())).await;
    assert_eq!(home.start().exit_code().await, 1);
    assert!(home.read("data/log/remote-engine.log").contains("already running") || home.path.join("data").exists());
    engine.stop().await;
}
