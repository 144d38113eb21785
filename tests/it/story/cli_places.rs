//! Environments, workspaces, projects and run profiles by the command line.

use serde_json::{Value, json};

use super::cli::Terminal;
use crate::support::{Backend, Stage, StageOptions};

async fn listed(terminal: &Terminal, words: &[&str]) -> Vec<Value> {
    let words: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
    serde_json::from_str(&terminal.expect(0, &words).await).expect("a list in JSON")
}

/// The names in order: some lists go by the time at which things were made, which is the same for some.
fn names(found: &[Value]) -> Vec<&str> {
    let mut names: Vec<&str> = found.iter().map(|item| item["name"].as_str().expect("a name")).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn places_are_made_and_removed_without_the_console() {
    let stage = Stage::start(Backend::Sqlite, StageOptions { without_engine: true, ..Default::default() }).await;
    let terminal = Terminal::new();
    let bootstrap = stage.data("bootstrap.json");
    terminal.expect(0, &["login", "--bootstrap", bootstrap.to_str().expect("a path")]).await;

    let environment = terminal.expect(0, &["environments", "create", "PROD", "--workspace", "Sales"]).await;
    terminal.expect(1, &["environments", "create", "PROD", "--workspace", "Other"]).await;
    let found = listed(&terminal, &["environments", "list"]).await;
    assert!(found.iter().any(|item| item["id"] == environment.as_str() && item["name"] == "PROD"), "{found:?}");
    let workspace = terminal.expect(0, &["workspaces", "create", "Night", "--environment", "PROD"]).await;
    assert_eq!(
        names(&listed(&terminal, &["workspaces", "list", "--environment", "PROD"]).await),
        ["Night", "Sales", "Shared"]
    );

    let project = ["projects", "create", "Load", "--owner", "admin", "--url", "https://git.example.com/load.git"];
    let project = terminal.expect(0, &project).await;
    let found = listed(&terminal, &["projects", "list"]).await;
    assert_eq!((&found[0]["id"], &found[0]["owner"]), (&json!(project), &json!("admin")));
    terminal.expect(0, &["projects", "delete", "Load"]).await;
    terminal.expect(1, &["projects", "delete", "Load"]).await;
    assert!(listed(&terminal, &["projects", "list"]).await.is_empty());

    let engine =
        terminal.expect(0, &["engines", "create", "one", "--environment", "PROD", "--workspace", "Night"]).await;
    let cluster = terminal.expect(0, &["clusters", "create", "all", "--workspace", "Night"]).await;
    for (of, name) in [("--engine", engine.as_str()), ("--cluster", cluster.as_str())] {
        let make = |profile: &'static str, memory: &'static str| {
            ["run-profiles", "create", profile, of, name, "--jvm-argument", memory]
        };
        terminal.expect(0, &make("small", "-Xmx1g")).await;
        let large = terminal.expect(0, &make("large", "-Xmx4g")).await;
        terminal.expect(1, &make("large", "-Xmx5g")).await;
        let found = listed(&terminal, &["run-profiles", "list", of, name]).await;
        let shown = found.iter().find(|item| item["id"] == large.as_str()).expect("the large one");
        assert_eq!((found.len(), &shown["jvmArguments"]), (2, &json!(["-Xmx4g"])));
        terminal.expect(0, &["run-profiles", "delete", "small", of, name, "--instead", "large"]).await;
        assert_eq!(names(&listed(&terminal, &["run-profiles", "list", of, name]).await), ["large"]);
    }
    terminal.expect(2, &["run-profiles", "list"]).await;
    terminal.expect(2, &["run-profiles", "list", "--engine", "one", "--cluster", "all"]).await;

    terminal.expect(1, &["environments", "delete", "PROD"]).await;
    terminal.expect(0, &["clusters", "delete", "all"]).await;
    terminal.expect(0, &["engines", "delete", "one"]).await;
    terminal.expect(0, &["workspaces", "delete", &workspace]).await;
    assert_eq!(names(&listed(&terminal, &["workspaces", "list", "--environment", "PROD"]).await), ["Sales", "Shared"]);
    terminal.expect(0, &["environments", "delete", "PROD"]).await;
    let found = listed(&terminal, &["environments", "list"]).await;
    assert!(!names(&found).contains(&"PROD"), "{found:?}");
}
