//! What several tests need: a clock that stands still, small drives.

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::time::Duration;

use stoker_tester::expr::{Evaluator, Sources};
use stoker_tester::json::Json;
use stoker_tester::model::{Drive, Entity, Kind, Variables};
use stoker_tester::world::{Clock, Seeded};
use stoker_tester::{Exchange, Exchanges, Response};

/// A clock that only moves when somebody sleeps, and sleeps at once.
pub(crate) struct TestClock {
    now: Mutex<u64>,
    pub(crate) slept: Mutex<Vec<Duration>>,
}

impl TestClock {
    pub(crate) fn new() -> Self {
        Self { now: Mutex::new(0), slept: Mutex::default() }
    }
}

/// 2026-01-31T12:00:00Z
pub(crate) const START: i64 = 1_769_860_800_000;

impl Clock for TestClock {
    fn now_ms(&self) -> i64 {
        START + i64::try_from(*self.now.lock().unwrap()).unwrap()
    }

    fn monotonic_ms(&self) -> u64 {
        *self.now.lock().unwrap()
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        *self.now.lock().unwrap() += u64::try_from(time.as_millis()).unwrap();
        self.slept.lock().unwrap().push(time);
        Box::pin(async {})
    }
}

/// Evaluates with the drive of [`drive`], the exchanges of [`exchanges`] and these variables.
pub(crate) fn evaluate(template: &str, variables: &[(&str, &str)]) -> Result<String, String> {
    let mut known = Variables::default();
    for (name, value) in variables {
        known.set(name, *value);
    }
    let (drive, exchanges, clock, entropy) = (drive(), exchanges(), TestClock::new(), Seeded::new(7));
    let sources = Sources { variables: &known, drive: &drive, exchanges: &exchanges, clock: &clock, entropy: &entropy };
    Evaluator::new(sources).text(template).map_err(|error| error.to_string())
}

fn request(id: &str, name: &str) -> Entity {
    Entity::new(id, name, Kind::Request(Box::default()))
}

/// `Shop / Users / Login` and `Shop / Users / Later`, and `Ping` at the top.
pub(crate) fn drive() -> Drive {
    let mut scenario = Entity::new("s", "Users", Kind::Scenario(Default::default()));
    scenario.children = vec![request("login", "Login"), request("later", "Later")];
    let mut project = Entity::new("p", "Shop", Kind::Project);
    project.children = vec![scenario];
    Drive { entities: vec![project, request("ping", "Ping")], ..Drive::default() }
}

/// `Login` was sent.
pub(crate) fn exchanges() -> Exchanges {
    let known = Exchanges::default();
    let response = Response {
        status: 201,
        message: "Created".into(),
        headers: vec![("Content-Type".into(), "application/json".into()), ("X-Token".into(), "t-1".into())],
        body: br#"{"access_token":"abc","items":[{"type":"first"},{"type":"second"}],"big":12345678901234567890.10}"#
            .to_vec(),
        ..Response::default()
    };
    let exchange = Exchange {
        method: "POST".into(),
        uri: "http://example.org/login?user=ann&x=1".into(),
        request_headers: vec![("accept".into(), "*/*".into())],
        request_body: b"plain".to_vec(),
        response,
        redirects: Vec::new(),
    };
    known.put("login", std::sync::Arc::new(exchange));
    known
}

pub(crate) fn json(text: &str) -> Json {
    Json::parse(text).unwrap()
}
