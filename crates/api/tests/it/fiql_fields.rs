//! Filters of lists, over every field that a list shows: whatever is asked, what comes back is what a reader of the whole
//! list would have picked.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::promotions::PROMOTIONS;
use crate::support::{TestServer, both, id};

/// Questions to each list.
const CASES: usize = 40;
/// Names that a filter has to quote, or that share parts.
const NAMES: [&str; 5] = ["load orders", "load;a,b", "(x)* \"q\"", "back\\slash", "\u{e9}t\u{e9} 100%"];

/// Each list, the parameter of its filter, and the fields that every entry of it shows.
const LISTS: [(&str, &str, &[&str]); 5] = [
    ("/orchestration/environments", "query", &["id", "name", "default"]),
    ("/orchestration/workspaces", "query", &["id", "name", "owner", "type", "environment.id", "environment.name"]),
    (
        "/processing/runtimes/remote-engines",
        "query",
        &[
            "id",
            "name",
            "status",
            "availability",
            "workspace.id",
            "workspace.environment.id",
            "workspace.environment.name",
        ],
    ),
    (
        "/processing/runtimes/remote-engine-clusters",
        "query",
        &["id", "name", "availability", "workspace.id", "workspace.environment.name"],
    ),
    (PROMOTIONS, "_s", &["executable", "sourceEnvironment.id", "targetEnvironment.id", "targetEnvironment.name"]),
];

/// One comparison: numbers choose field and entry, then what is asked of the value and how much of it is given.
type Asked = (usize, usize, usize, usize);

fn question() -> impl Strategy<Value = (Vec<Asked>, bool)> {
    (prop::collection::vec((0..8usize, 0..8usize, 0..6usize, 0..8usize), 1..4), any::<bool>())
}

fn shown(entry: &Value, field: &str) -> String {
    let value = field.split('.').fold(entry, |value, part| &value[part]);
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(is) => is.to_string(),
        other => panic!("{field} is {other} in {entry}"),
    }
}

fn escaped(text: &str) -> String {
    let special = |c: char| matches!(c, ';' | ',' | '(' | ')' | '*' | '"' | '\\' | ' ');
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

/// The text of a comparison, and whether an entry fits it.
fn comparison(asked: Asked, fields: &[&str], all: &[Value]) -> (String, Vec<bool>) {
    let (field, entry, kind, length) = asked;
    let field = fields[field % fields.len()];
    let value = shown(&all[entry % all.len()], field);
    let characters: Vec<char> = value.chars().collect();
    let cut = 1 + length % characters.len();
    let (start, end): (String, String) =
        (characters[..cut].iter().collect(), characters[characters.len() - cut..].iter().collect());
    let fits = |fit: &dyn Fn(&str) -> bool| all.iter().map(|entry| fit(&shown(entry, field))).collect::<Vec<_>>();
    match kind {
        0 => (format!("{field}=={}", escaped(&value)), fits(&|text| text == value)),
        1 => (format!("{field}!={}", escaped(&value)), fits(&|text| text != value)),
        2 => (format!("{field}=={}*", escaped(&start)), fits(&|text| text.starts_with(&start))),
        3 => (format!("{field}==*{}", escaped(&end)), fits(&|text| text.ends_with(&end))),
        4 => (format!("{field}==*{}*", escaped(&end)), fits(&|text| text.contains(&end))),
        _ => (format!("{field}==*"), fits(&|_| true)),
    }
}

async fn filled(server: &TestServer) {
    let http = server.http();
    for (number, name) in NAMES.iter().enumerate() {
        let body = json!({ "name": name, "workspaceName": format!("own {name}") });
        let environment = id(&http.post("/orchestration/environments", &body).await.expect(201).json());
        let _ = server.engine(name).await;
        let place = json!({ "name": name, "environmentId": server.environment(), "workspaceId": server.workspace() });
        let _ = http.post("/processing/runtimes/remote-engine-clusters", &place).await.expect(201);
        let (from, to) = if number % 2 == 0 {
            (environment.as_str(), server.environment())
        } else {
            (server.environment(), environment.as_str())
        };
        let promotion = json!({ "sourceEnvironmentId": from, "targetEnvironmentId": to });
        let _ = http.post(PROMOTIONS, &promotion).await.expect(201);
    }
}

both! {
    async fn a_filter_finds_what_a_reader_would_pick(server: TestServer) {
        filled(&server).await;
        let (http, mut runner) = (server.http(), TestRunner::deterministic());
        for (path, parameter, fields) in LISTS {
            let all: Vec<Value> = serde_json::from_value(entries(http.get(path).await.expect(200).json())).expect("a list");
            assert!(all.len() >= NAMES.len(), "{path}: {all:?}");
            for _ in 0..CASES {
                let (asked, either) = question().new_tree(&mut runner).expect("a question").current();
                let parts: Vec<(String, Vec<bool>)> = asked.into_iter().map(|one| comparison(one, fields, &all)).collect();
                let text = parts.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join(if either { "," } else { ";" });
                let fits = |at: usize| {
                    let mut each = parts.iter().map(|(_, fits)| fits[at]);
                    if either { each.any(|fit| fit) } else { each.all(|fit| fit) }
                };
                let wanted: Vec<&Value> = all.iter().enumerate().filter(|(at, _)| fits(*at)).map(|(_, entry)| entry).collect();
                let coded: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
                let answer = http.get(&format!("{path}?{parameter}={coded}")).await;
                assert_eq!(answer.status, 200, "{path} {text}: {}", answer.text());
                let found = entries(answer.json());
                assert_eq!(found.as_array().expect("a list").iter().collect::<Vec<_>>(), wanted, "{path} {text}");
            }
        }
    }
}

/// The entries of an answer, whether it is a list or a page of one.
fn entries(answer: Value) -> Value {
    if answer.is_array() { answer } else { answer["items"].clone() }
}
