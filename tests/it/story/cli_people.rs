//! Users, groups and roles by the command line.

use std::fs;

use serde_json::{Value, json};

use super::cli::Terminal;
use crate::support::{Backend, Stage, StageOptions};

async fn listed(terminal: &Terminal, what: &str) -> Vec<Value> {
    let text = terminal.expect(0, &[what, "list", "--json"]).await;
    serde_json::from_str(&text).expect("a list in JSON")
}

#[tokio::test]
async fn people_are_managed_without_the_console() {
    let stage = Stage::start(Backend::Sqlite, StageOptions { without_engine: true, ..Default::default() }).await;
    let terminal = Terminal::new();
    let bootstrap = stage.data("bootstrap.json");
    terminal.expect(0, &["login", "--bootstrap", bootstrap.to_str().expect("a path")]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("write a password");
        path.to_str().expect("a plain path").to_owned()
    };
    let (good, better, short) =
        (file("good", "correct horse battery\n"), file("better", "staple correct horse\n"), file("short", "x\n"));
    let ada = ["--email", "ada@example.com", "--first-name", "Ada", "--last-name", "Byron"];
    let create = |login: &'static str, more: &[&'static str], file: &str| -> Vec<String> {
        let words = ["users", "create", login].into_iter().chain(ada).chain(more.iter().copied());
        words.chain(["--password-file", file]).map(str::to_owned).collect()
    };
    let typed = |words: &[String]| words.iter().map(String::as_str).map(str::to_owned).collect::<Vec<_>>();
    let expect = async |code: i32, words: &[String]| {
        let words = typed(words);
        terminal.expect(code, &words.iter().map(String::as_str).collect::<Vec<_>>()).await
    };

    let role = terminal.expect(0, &["roles", "create", "watchers", "--permission", "TMC_OPERATOR"]).await;
    expect(1, &create("ada", &["--role", "watchers"], &short)).await;
    expect(1, &create("ada", &["--role", "no such role"], &good)).await;
    assert_eq!(listed(&terminal, "users").await.len(), 1, "a refused password leaves no user behind");
    let id = expect(0, &create("ada", &["--role", "watchers"], &good)).await;
    let users = listed(&terminal, "users").await;
    let shown = users.iter().find(|user| user["id"] == id.as_str()).expect("the new user");
    assert_eq!((&shown["login"], &shown["active"], &shown["roleIds"]), (&json!("ada"), &json!(true), &json!([role])));
    expect(1, &create("Ada", &["--role", "watchers"], &good)).await;

    let sign_in = async |password: &str| {
        let body = json!({ "login": "ada", "password": password });
        stage.http.without_token().post("/stoker/v1/session", &body).await.status
    };
    assert_eq!(sign_in("correct horse battery").await, 201);
    terminal.expect(0, &["users", "reset", "ada", "--password-file", &better]).await;
    assert_eq!(sign_in("staple correct horse").await, 201);
    let blocked = terminal.expect(0, &["users", "block", "ada", "--json"]).await;
    let blocked: Value = serde_json::from_str(&blocked).expect("the user in JSON");
    assert_eq!((&blocked["active"], &blocked["roleIds"]), (&json!(false), &json!([role])), "nothing else changes");
    assert_eq!(sign_in("staple correct horse").await, 401);
    terminal.expect(0, &["users", "unblock", &id]).await;
    assert_eq!(sign_in("staple correct horse").await, 201);
    terminal.expect(1, &["users", "block", "admin"]).await;

    let group = terminal.expect(0, &["groups", "create", "north", "--user", "ada"]).await;
    terminal.expect(0, &["groups", "add", &group, "--user", "admin"]).await;
    terminal.expect(0, &["groups", "remove", "north", "--user", "ada"]).await;
    let groups = listed(&terminal, "groups").await;
    assert_eq!(groups[0]["userIds"].as_array().map(Vec::len), Some(1), "{groups:?}");
    terminal.expect(0, &["groups", "delete", "north"]).await;
    terminal.expect(1, &["roles", "delete", "watchers"]).await;
    terminal.expect(0, &["users", "take", "ada", "--role", "watchers"]).await;
    terminal.expect(0, &["users", "give", "ada", "--role", "Operator"]).await;
    terminal.expect(0, &["roles", "delete", "watchers"]).await;
    terminal.expect(0, &["users", "delete", "ada"]).await;
    assert_eq!(listed(&terminal, "users").await.len(), 1);
    assert_eq!(listed(&terminal, "groups").await, Vec::<Value>::new());
}
