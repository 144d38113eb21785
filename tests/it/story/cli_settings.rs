//! Settings of the server by the command line.

use serde_json::{Value, json};

use super::cli::Terminal;
use crate::support::{Backend, Stage, StageOptions};

#[tokio::test]
async fn settings_are_shown_set_and_put_back() {
    let stage = Stage::start(Backend::Sqlite, StageOptions { without_engine: true, ..Default::default() }).await;
    let terminal = Terminal::new();
    let bootstrap = stage.data("bootstrap.json");
    terminal.expect(0, &["login", "--bootstrap", bootstrap.to_str().expect("a path")]).await;
    let shown = async |name: &str| {
        let text = terminal.expect(0, &["settings", "list", "--json"]).await;
        let all: Vec<Value> = serde_json::from_str(&text).expect("a list in JSON");
        all.into_iter().find(|one| one["name"] == name).expect("the setting")
    };
    assert_eq!(shown("keepLogsDays").await["value"], 0);
    let told = terminal.expect(0, &["settings", "set", "keepLogsDays", "90"]).await;
    assert!(told.contains("90 days"), "{told}");
    terminal.expect(0, &["settings", "set", "testerTargets", "https://api.example.org", ".example.net"]).await;
    let targets = shown("testerTargets").await;
    assert_eq!(
        (&targets["value"], &targets["from"]),
        (&json!(["https://api.example.org", ".example.net"]), &json!("set"))
    );
    terminal.expect(1, &["settings", "set", "keepLogsDays", "36501"]).await;
    terminal.expect(1, &["settings", "set", "keepLogsDays", "-1"]).await;
    terminal.expect(1, &["settings", "set", "pollSeconds", "5"]).await;
    terminal.expect(2, &["settings", "set", "keepLogDays", "5"]).await;
    terminal.expect(2, &["settings", "set", "keepLogsDays", "5", "6"]).await;
    assert_eq!(shown("keepLogsDays").await["value"], 90);

    let told = terminal.expect(0, &["system"]).await;
    let lines: Vec<&str> = told.lines().collect();
    let line =
        |name: &str| *lines.iter().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}: {told}"));
    assert!(line("log lines kept").contains("90 days"), "{told}");
    assert!(line("database").contains("sqlite") && line("disk").contains(" free of "), "{told}");
    let facts: Value = serde_json::from_str(&terminal.expect(0, &["system", "--json"]).await).expect("JSON");
    assert_eq!((&facts["version"], &facts["runs"]["waiting"]), (&json!(env!("CARGO_PKG_VERSION")), &json!(0)));

    terminal.expect(0, &["settings", "unset", "keepLogsDays"]).await;
    let back = shown("keepLogsDays").await;
    assert_eq!((&back["value"], &back["from"]), (&json!(0), &json!("default")));
}
