//! An engine that speaks the protocol and starts nothing: the test decides what it says.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use stoker_domain::run::{Event, Outcome, State, Step, transition};
use stoker_secrets::token::{SESSION_AUDIENCE, SessionClaims, sign_session};
use stoker_service::Settings;
use stoker_testkit::http::{Answer, Http, Method};
use stoker_wire::api_tests::{
    TAKE_TEST_PATH, TEST_NEWS_PATH, TakenTest, TestAbility, TestAnswer, TestWork, test_context,
};
use stoker_wire::chunk::{self, Line};
use stoker_wire::{
    ARTIFACT_PATH, End, GOODBYE_PATH, Messages, Offer, PAIR_PATH, POLL_PATH, PROTOCOL, REPORT_PATH, Report,
    ReportResponse, RunEpoch, SESSION_HEADER, SESSION_PATH, SessionResponse,
};

use crate::support::{TestServer, id};

/// Settings whose polls end after one second, for stories with polls that stay empty.
pub(crate) fn quick() -> Settings {
    Settings { poll_seconds: 1, ..Settings::default() }
}

/// A key pair on P-256.
pub(crate) struct Keys {
    pub(crate) private: Vec<u8>,
    pub(crate) public: String,
}

impl Keys {
    pub(crate) fn new() -> Self {
        let random = ring::rand::SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("make a key pair");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &random);
        let public = STANDARD.encode(pair.expect("read the key pair").public_key());
        Self { private: made.as_ref().to_vec(), public }
    }
}

/// One installation of the engine program.
pub(crate) struct Engine {
    /// The engine entity.
    pub(crate) id: String,
    pub(crate) signing: Keys,
    pub(crate) sealing: Keys,
    /// Its session, empty before the first.
    pub(crate) session: String,
    /// What it says of test runs; an older engine says nothing.
    pub(crate) tests: Option<TestAbility>,
    http: Http,
    jti: u64,
}

impl Engine {
    /// An installation for an existing entity; nothing has been said yet.
    pub(crate) fn installed(server: &TestServer, id: &str) -> Self {
        let (signing, sealing) = (Keys::new(), Keys::new());
        Self {
            id: id.to_owned(),
            signing,
            sealing,
            session: String::new(),
            tests: None,
            http: server.anonymous(),
            jti: 0,
        }
    }

    /// A new entity with an installation that is paired and has a session.
    pub(crate) async fn ready(server: &TestServer, name: &str, max_runs: i64) -> Self {
        let entity = server.engine(name).await;
        let mut engine = Self::installed(server, &id(&entity));
        let _ = engine.pair(pairing_key(&entity)).await.expect(200);
        engine.open(server, max_runs, &[]).await;
        engine
    }

    pub(crate) async fn pair(&self, key: &str) -> Answer {
        let body = json!({
            "protocol": PROTOCOL, "key": key, "signingKey": self.signing.public, "sealingKey": self.sealing.public,
            "engineVersion": "test", "host": { "hostname": "here" },
        });
        self.http.post(PAIR_PATH, &body).await
    }

    /// Asks for a session with a token made `offset_s` seconds from now, signed with `key`.
    pub(crate) async fn ask_session(
        &mut self,
        server: &TestServer,
        key: &[u8],
        offset_s: i64,
        max_runs: i64,
        known: &[RunEpoch],
    ) -> Answer {
        self.jti += 1;
        let claims = SessionClaims {
            iss: self.id.clone(),
            aud: SESSION_AUDIENCE.to_owned(),
            iat: server.service.now() / 1000 + offset_s,
            jti: self.jti.to_string(),
        };
        let token = sign_session(key, &claims).expect("sign");
        let mut body =
            json!({ "protocol": PROTOCOL, "engineVersion": "test", "maxRuns": max_runs, "known": known, "host": {} });
        if let Some(tests) = &self.tests {
            body["tests"] = json!(tests);
        }
        self.http.with_token(&token).post(SESSION_PATH, &body).await
    }

    /// Asks for a session as a good engine does.
    pub(crate) async fn try_open(&mut self, server: &TestServer, max_runs: i64, known: &[RunEpoch]) -> Answer {
        let key = self.signing.private.clone();
        self.ask_session(server, &key, 0, max_runs, known).await
    }

    /// Opens a session and works with it from now on.
    pub(crate) async fn open(&mut self, server: &TestServer, max_runs: i64, known: &[RunEpoch]) -> SessionResponse {
        let answer: SessionResponse = parsed(&self.try_open(server, max_runs, known).await.expect(200));
        self.session = answer.session.clone();
        answer
    }

    pub(crate) async fn try_poll(&self) -> Answer {
        self.http.post(POLL_PATH, &json!({ "session": self.session })).await
    }

    pub(crate) async fn poll(&self) -> Messages {
        parsed(&self.try_poll().await.expect(200))
    }

    pub(crate) async fn try_report(&self, reports: &[Report]) -> Answer {
        self.http.post(REPORT_PATH, &json!({ "session": self.session, "reports": reports })).await
    }

    pub(crate) async fn report(&self, reports: &[Report]) -> ReportResponse {
        parsed(&self.try_report(reports).await.expect(200))
    }

    /// A report without content: what the server has to say, without waiting.
    pub(crate) async fn ping(&self) -> ReportResponse {
        self.report(&[]).await
    }

    pub(crate) async fn try_take_test(&self, test: &str) -> Answer {
        self.http.post(TAKE_TEST_PATH, &json!({ "session": self.session, "test": test })).await
    }

    /// The work of a test run, opened; none when there is none for this engine.
    pub(crate) async fn take_test(&self, test: &str) -> Option<TestWork> {
        let taken: TakenTest = parsed(&self.try_take_test(test).await.expect(200));
        let sealed = taken.work?;
        let plain = stoker_secrets::seal::open(&self.sealing.private, &test_context(test), &sealed).expect("opens");
        Some(serde_json::from_slice(&plain).expect("the work of a test run"))
    }

    pub(crate) async fn try_test_news(&self, test: &str, news: &Value) -> Answer {
        let mut body = news.clone();
        (body["session"], body["test"]) = (json!(self.session), json!(test));
        self.http.post(TEST_NEWS_PATH, &body).await
    }

    /// Tells the news of a test run; whether it is to end.
    pub(crate) async fn test_news(&self, test: &str, news: &Value) -> bool {
        parsed::<TestAnswer>(&self.try_test_news(test, news).await.expect(200)).stop
    }

    pub(crate) async fn goodbye(&self) -> Answer {
        self.http.post(GOODBYE_PATH, &json!({ "session": self.session })).await
    }

    pub(crate) async fn artifact(&self, sha256: &str) -> Answer {
        let path = format!("{ARTIFACT_PATH}{sha256}");
        self.http.send(Method::GET, &path, &[(SESSION_HEADER, &self.session)], None).await
    }

    /// Polls for exactly one offer.
    pub(crate) async fn offer(&self) -> Offer {
        let messages = self.poll().await;
        assert!(messages.offers.len() == 1 && messages.stops.is_empty(), "{messages:?}");
        messages.offers.into_iter().next().expect("one offer")
    }

    /// The engine as the API shows it.
    pub(crate) async fn shown(&self, server: &TestServer) -> Value {
        server.http().get(&format!("/processing/runtimes/remote-engines/{}", self.id)).await.expect(200).json()
    }

    pub(crate) async fn availability(&self, server: &TestServer) -> String {
        self.shown(server).await["availability"].as_str().expect("availability").to_owned()
    }
}

/// The pairing key in the body of a new engine.
pub(crate) fn pairing_key(entity: &Value) -> &str {
    entity["preAuthorizedKey"].as_str().expect("the pairing key")
}

#[track_caller]
pub(crate) fn parsed<T: serde::de::DeserializeOwned>(answer: &Answer) -> T {
    serde_json::from_slice(&answer.body).unwrap_or_else(|e| panic!("{e}: {}", answer.text()))
}

/// Checks status and code of a refusal on the link.
#[track_caller]
pub(crate) fn refused(answer: &Answer, status: u16, code: &str) {
    let body = answer.json();
    assert_eq!((answer.status, body["code"].as_str()), (status, Some(code)), "{body}");
    assert!(body["message"].as_str().is_some_and(|m| !m.is_empty()), "{body}");
}

pub(crate) fn of(offer: &Offer) -> RunEpoch {
    RunEpoch { run: offer.run.clone(), epoch: offer.epoch }
}

pub(crate) fn started(run: &RunEpoch, at_ms: i64) -> Report {
    Report::Started { run: run.run.clone(), epoch: run.epoch, at_ms }
}

pub(crate) fn finished(run: &RunEpoch, outcome: &str, at_ms: i64) -> Report {
    let failed = outcome == "failed";
    let end = End {
        outcome: outcome.to_owned(),
        started_ms: None,
        ended_ms: at_ms,
        exit_code: Some(if failed { 4 } else { 0 }),
        signal: None,
        error_type: failed.then(|| "exit_code".to_owned()),
        error_message: failed.then(|| "exit code 4".to_owned()),
    };
    Report::Finished { run: run.run.clone(), epoch: run.epoch, end }
}

pub(crate) fn log(run: &RunEpoch, seq: i64, lines: &[Line]) -> Report {
    Report::Log {
        run: run.run.clone(),
        epoch: run.epoch,
        seq,
        lines: lines.len() as i64,
        first_ms: lines.first().map_or(0, |line| line.at_ms),
        last_ms: lines.last().map_or(0, |line| line.at_ms),
        data: STANDARD.encode(chunk::encode(lines)),
    }
}

/// One line of standard output.
pub(crate) fn line(at_ms: i64, text: &str) -> Line {
    Line { stream: chunk::Stream::Out, at_ms, text: text.to_owned() }
}

/// An artifact and a task whose runs may be active side by side, bound to an engine or cluster.
pub(crate) async fn parallel_task(server: &TestServer, name: &str, kind: &str, target: &str) -> String {
    let artifact = server.artifact(name, "0.1").await;
    let task = server.task(name, &artifact, "0.1").await;
    let body = json!({
        "trigger": { "type": "MANUAL" }, "runtime": { "type": kind, "id": target }, "parallelExecutionAllowed": true,
    });
    let path = format!("/orchestration/executables/tasks/{task}/run-config");
    let _ = server.http().put(&path, &body).await.expect(200);
    task
}

/// The same for one engine.
pub(crate) async fn task_on(server: &TestServer, name: &str, engine: &Engine) -> String {
    parallel_task(server, name, "REMOTE_ENGINE", &engine.id).await
}

/// A cluster of these engines; gives its id.
pub(crate) async fn cluster_of(server: &TestServer, name: &str, engines: &[&Engine]) -> String {
    let members: Vec<&str> = engines.iter().map(|engine| engine.id.as_str()).collect();
    let body = json!({
        "name": name, "environmentId": server.environment(), "workspaceId": server.workspace(),
        "remoteEngines": members,
    });
    id(&server.http().post("/processing/runtimes/remote-engine-clusters", &body).await.expect(201).json())
}

/// The run as the API shows it.
pub(crate) async fn shown(server: &TestServer, run: &str) -> Value {
    server.http().get(&format!("/processing/executions/{run}")).await.expect(200).json()
}

pub(crate) async fn status(server: &TestServer, run: &str) -> String {
    shown(server, run).await["status"].as_str().expect("status").to_owned()
}

pub(crate) async fn timeline(server: &TestServer, run: &str) -> Value {
    server.http().get(&format!("/stoker/v1/executions/{run}/timeline")).await.expect(200).json()
}

/// The kinds of the events of a run, in order.
pub(crate) async fn kinds(server: &TestServer, run: &str) -> Vec<String> {
    let body = timeline(server, run).await;
    let events = body["events"].as_array().expect("events");
    events.iter().map(|event| event["kind"].as_str().expect("kind").to_owned()).collect()
}

/// Replays the events of a run through the one transition function: each must be allowed, and the end must be what the
/// run shows.
pub(crate) async fn check_events(server: &TestServer, run: &str) {
    let body = timeline(server, run).await;
    let (mut state, mut outcome, mut ends) = (State::Queued, None, 0);
    for (number, event) in body["events"].as_array().expect("events").iter().enumerate() {
        let kind = event["kind"].as_str().expect("kind");
        let step = match kind {
            "accepted" => {
                assert_eq!(number, 0, "{body}");
                continue;
            }
            "waiting" => {
                assert_eq!(state, State::Queued, "{body}");
                continue;
            }
            "unknown" | "known_again" => {
                assert!(matches!(state, State::Offered | State::Running), "{body}");
                continue;
            }
            "offered" => Event::Offer,
            "withdrawn" => Event::Withdraw,
            "started" => Event::Start,
            "stop_asked" => Event::Stop,
            "finished" => {
                ends += 1;
                let ended = event["detail"]["outcome"].as_str().and_then(Outcome::from_id).expect("an outcome");
                let stopped = state == State::Queued && ended == Outcome::Terminated;
                if stopped { Event::Stop } else { Event::End(ended) }
            }
            other => panic!("{other} is no known kind of event: {body}"),
        };
        match transition(state, outcome, step).unwrap_or_else(|e| panic!("{e}: {body}")) {
            Step::To(next, how) => (state, outcome) = (next, how),
            Step::Stopping => {}
            Step::Nothing => panic!("an event that changes nothing was written: {body}"),
        }
    }
    assert_eq!(body["status"], stoker_domain::run::published_status(state, outcome), "{body}");
    assert_eq!(ends, i32::from(state == State::Finished), "{body}");
}
