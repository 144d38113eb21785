//! Bodies that nobody sane sends, to every call that takes one: refused in the dialect of the family or taken, never a
//! failure of the server, and never slow.

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};
use stoker_testkit::http::{Answer, Method};

use crate::dialects::refusal_keys;
use crate::rights::{Sample, samples};
use crate::support::{Backend, TestServer, both, keys};
use crate::world::World;

/// Longest time that any answer may take; far more than any takes.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longest message of a refusal, characters: whatever was sent must not come back whole.
const MESSAGE_CHARS: usize = 1_000;

/// The calls with a JSON body, or with one that may be left out, and that body.
fn calls() -> Vec<(Sample, &'static str)> {
    let with_body = |sample: Sample| match sample.call.body {
        body if body.starts_with('@') => None,
        "" => matches!(sample.call.method, "POST" | "PUT" | "PATCH").then_some((sample, "{}")),
        body => Some((sample, body)),
    };
    let calls: Vec<_> = samples().into_iter().filter_map(with_body).collect();
    assert!(calls.len() > 50, "only {} calls take a body", calls.len());
    calls
}

/// Sends a body with a call and checks what comes back.
async fn sent(server: &TestServer, world: &World, sample: &Sample, body: &Value) -> Result<(), String> {
    let path = world.fill(server, &sample.url(), false).await;
    let method = Method::from_bytes(sample.call.method.as_bytes()).expect("a method");
    let answer = tokio::time::timeout(PATIENCE, server.http().json(method, &path, body)).await;
    let shown: String = body.to_string().chars().take(300).collect();
    let what = format!("{} {path} with {shown}", sample.call.method);
    let answer = answer.map_err(|_| format!("{what}: no answer in time"))?;
    judged(sample, &answer).map_err(|problem| format!("{what}: {problem}: {} {}", answer.status, answer.text()))
}

fn judged(sample: &Sample, answer: &Answer) -> Result<(), &'static str> {
    match answer.status {
        200..400 => return Ok(()),
        // Some fields ask for what is not built.
        400..=499 | 501 => {}
        _ => return Err("a failure of the server"),
    }
    let Ok(body) = serde_json::from_slice::<Value>(&answer.body) else { return Err("no JSON") };
    if !body.is_object() || keys(&body) != refusal_keys(sample.family(), answer.status) {
        return Err("not the dialect of the family");
    }
    let texts = ["message", "detail", "details"].map(|field| body[field].as_str().unwrap_or_default());
    let Some(message) = texts.iter().find(|text| !text.is_empty()) else { return Err("no message") };
    if message.chars().count() > MESSAGE_CHARS { Err("a message without end") } else { Ok(()) }
}

/// Values that have broken servers before.
fn nasty() -> Vec<Value> {
    let mut deep = json!("x");
    for _ in 0..60 {
        deep = json!([deep]);
    }
    vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1e308),
        json!(0.5),
        json!(""),
        json!("\u{0}"),
        json!("a\u{0}b\u{7f}\u{85}\u{202e}"),
        json!("'; DROP TABLE runs; --"),
        json!("%s{}${x}../../"),
        json!("💩".repeat(2_000)),
        json!("x".repeat(300_000)),
        json!([]),
        json!([null, {}, [], "", 1]),
        json!(vec!["x"; 2_000]),
        json!({}),
        json!({ "\u{0}": { "": [] } }),
        deep,
    ]
}

/// Every place in a body, as JSON pointers, the whole first.
fn places(body: &Value, at: String, found: &mut Vec<String>) {
    found.push(at.clone());
    let inside: Vec<(String, &Value)> = match body {
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (key, value) in inside {
        places(value, format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), found);
    }
}

both! {
    async fn one_nasty_value_at_any_place_is_refused_or_taken(server: TestServer) {
        let world = World::new(&server).await;
        let mut wrong = Vec::new();
        for (sample, body) in calls().iter().filter(|(sample, _)| sample.generation == "2021-03") {
            let good: Value = serde_json::from_str(&world.fill(&server, body, false).await).expect("a sample body");
            let mut all = Vec::new();
            places(&good, String::new(), &mut all);
            for place in all {
                for value in nasty() {
                    let mut body = good.clone();
                    *body.pointer_mut(&place).expect("a place of the body") = value;
                    wrong.extend(sent(&server, &world, sample, &body).await.err());
                }
            }
        }
        wrong.iter_mut().for_each(|text| *text = text.chars().take(900).collect());
        assert!(wrong.is_empty(), "{} wrong answers, the first: {:#?}", wrong.len(), &wrong[..wrong.len().min(8)]);
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "(?s).{0,12}".prop_map(Value::from),
        Just(json!("MANUAL")),
        Just(json!("66f0a1b2c3d4e5f601230001")),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((any_key(), inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn any_key() -> impl Strategy<Value = String> {
    let known = ["name", "id", "type", "parameters", "workspaceId", "environmentId", "tags", "runtime", "limit"];
    prop_oneof![proptest::sample::select(known.to_vec()).prop_map(str::to_owned), "(?s).{0,8}"]
}

/// A change of a body: at the place with this number, counted round, another value, or nothing, or one field more.
#[derive(Clone, Debug)]
enum Change {
    Put(usize, Value),
    Leave(usize),
    Add(String, Value),
}

fn any_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => (any::<usize>(), any_json()).prop_map(|(place, value)| Change::Put(place, value)),
        1 => any::<usize>().prop_map(Change::Leave),
        1 => (any_key(), any_json()).prop_map(|(key, value)| Change::Add(key, value)),
    ]
}

fn changed(mut body: Value, change: Change) -> Value {
    let mut all = Vec::new();
    places(&body, String::new(), &mut all);
    match change {
        Change::Put(number, value) => {
            if let Some(place) = body.pointer_mut(&all[number % all.len()]) {
                *place = value;
            }
        }
        Change::Leave(number) => {
            let keys: Vec<String> = body.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default();
            if let (Some(map), false) = (body.as_object_mut(), keys.is_empty()) {
                map.remove(&keys[number % keys.len()]);
            }
        }
        Change::Add(key, value) => {
            if let Some(map) = body.as_object_mut() {
                map.insert(key, value);
            }
        }
    }
    body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_json_is_refused_or_taken_by_every_call() {
    let server = TestServer::start(Backend::Sqlite).await;
    let world = World::new(&server).await;
    let mut good = Vec::new();
    for (sample, body) in calls() {
        let body: Value = serde_json::from_str(&world.fill(&server, body, false).await).expect("a sample body");
        good.push((sample, body));
    }
    let runtime = tokio::runtime::Handle::current();
    let changes = proptest::collection::vec(any_change(), 1..4);
    // Nothing is written beside the sources: what failed is in the message, already made small.
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let done = tokio::task::block_in_place(|| {
        runner.run(&(any::<usize>(), changes), |(number, changes)| {
            let (sample, body) = &good[number % good.len()];
            let body = changes.into_iter().fold(body.clone(), changed);
            runtime.block_on(sent(&server, &world, sample, &body)).map_err(TestCaseError::fail)
        })
    });
    if let Err(error) = done {
        panic!("{error}");
    }
}
