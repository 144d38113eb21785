//! A server that knows just enough of the protocol, and can misbehave.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use base64::Engine as _;
use stoker_wire::chunk::{self, Stream};
use stoker_wire::{
    Messages, Offer, PairRequest, PollRequest, Refusal, Report, ReportRequest, ReportResponse, RunEpoch,
    SessionRequest, SessionResponse,
};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// How long a poll is held; long enough that no test waits for its end.
const HEARTBEAT: u64 = 20;
/// When a test is held to hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// The server. Cheap to clone; ends with the test.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
    changed: Arc<Notify>,
}

#[derive(Default)]
pub(crate) struct State {
    /// Pairing keys that are accepted, and by whose public key they were used.
    pub(crate) keys: HashMap<String, Option<String>>,
    pub(crate) pairings: usize,
    pub(crate) sessions: usize,
    /// Number of the newest session that was polled, so that the engine surely knows of it.
    pub(crate) polled: usize,
    pub(crate) goodbyes: usize,
    pub(crate) unpaired: bool,
    signing_key: String,
    pub(crate) sealing_key: String,
    session: String,
    pub(crate) offers: Vec<Offer>,
    /// Offers that were sent in this session.
    sent: HashSet<RunEpoch>,
    pub(crate) stops: Vec<RunEpoch>,
    /// Runs the server does not want to hear of.
    pub(crate) stale: Vec<RunEpoch>,
    pub(crate) artifacts: HashMap<String, Vec<u8>>,
    pub(crate) downloads: usize,
    pub(crate) reports: Vec<Report>,
    pub(crate) report_requests: usize,
    /// So many answers to reports get lost after they were stored.
    pub(crate) lose_answers: usize,
    /// Answer nothing at all while this is set.
    pub(crate) away: bool,
    /// Be a server that knows nothing of row counts.
    pub(crate) older: bool,
}

struct Request {
    path: String,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

/// Status and body; nothing closes the connection.
type Answer = Option<(u16, Vec<u8>)>;

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = Self { url, state: Arc::default(), changed: Arc::default() };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        server
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Changes the state and wakes whoever waits for something.
    pub(crate) fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.changed.notify_waiters();
    }

    /// Waits until the state gives something.
    pub(crate) async fn wait<T>(&self, what: &str, look: impl Fn(&State) -> Option<T>) -> T {
        let waiting = async {
            loop {
                let changed = self.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if let Some(found) = look(&self.state()) {
                    return found;
                }
                changed.await;
            }
        };
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(found) => found,
            Err(_) => panic!("{what} did not come; reports: {:?}", self.state().reports),
        }
    }

    pub(crate) fn offer(&self, offer: Offer) {
        self.change(|state| state.offers.push(offer));
    }

    pub(crate) async fn finished(&self, run: &str) -> stoker_wire::End {
        let end = |report: &Report| match report {
            Report::Finished { run: of, end, .. } if of == run => Some(end.clone()),
            _ => None,
        };
        self.wait(&format!("the end of {run}"), |state| state.reports.iter().find_map(end)).await
    }

    pub(crate) async fn log_holds(&self, run: &str, text: &str) {
        let holds = |_: &State| self.try_log(run).iter().any(|(_, line)| line.contains(text)).then_some(());
        // Looked at outside of the lock that `wait` holds.
        let waiting = async {
            loop {
                let changed = self.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if holds(&State::default()).is_some() {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("`{text}` is not in the log of {run}"));
    }

    /// All lines of a run, after checking that its chunks have no gap; each chunk counts once.
    pub(crate) fn log(&self, run: &str) -> Vec<(Stream, String)> {
        self.try_log(run)
    }

    fn try_log(&self, run: &str) -> Vec<(Stream, String)> {
        let state = self.state();
        let mut chunks: Vec<(i64, &str)> = Vec::new();
        for report in &state.reports {
            if let Report::Log { run: of, seq, data, lines, .. } = report
                && of == run
            {
                assert!(*lines > 0);
                match chunks.iter().find(|(known, _)| known == seq) {
                    Some(_) => {}
                    None => chunks.push((*seq, data)),
                }
            }
        }
        chunks.sort_unstable();
        let decode =
            |data: &str| chunk::decode(&base64::engine::general_purpose::STANDARD.decode(data).unwrap()).unwrap();
        let mut last_ms = 0;
        let mut lines = Vec::new();
        for (expected, (seq, data)) in chunks.into_iter().enumerate() {
            assert_eq!(seq, expected as i64, "chunks have no gaps");
            for line in decode(data) {
                assert!(line.at_ms >= last_ms, "times never go back");
                last_ms = line.at_ms;
                lines.push((line.stream, line.text));
            }
        }
        lines
    }

    /// The newest row counts of a run by the name of the link.
    pub(crate) fn rows(&self, run: &str) -> std::collections::BTreeMap<String, i64> {
        let counts = self.components(run).map(|found| found.links).unwrap_or_default();
        counts.into_iter().map(|link| (link.name, link.rows)).collect()
    }

    /// The newest row counts of a run.
    pub(crate) fn components(&self, run: &str) -> Option<stoker_wire::Components> {
        self.state().reports.iter().rev().find_map(|report| match report {
            Report::Components { run: of, components, .. } if of == run => Some(components.clone()),
            _ => None,
        })
    }

    pub(crate) fn out(&self, run: &str) -> Vec<String> {
        self.log(run).into_iter().filter(|(stream, _)| *stream == Stream::Out).map(|(_, text)| text).collect()
    }

    async fn serve(self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        while let Some(request) = read_request(&mut stream).await {
            let Some((status, body)) = self.answer(request).await else { return };
            let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n", body.len());
            let bytes = [head.as_bytes(), &body].concat();
            if stream.get_mut().write_all(&bytes).await.is_err() {
                return;
            }
        }
    }

    async fn answer(&self, request: Request) -> Answer {
        if self.state().away {
            return None;
        }
        let answer = match request.path.as_str() {
            stoker_wire::PAIR_PATH => self.pair(&read(&request)),
            stoker_wire::SESSION_PATH => self.session(&request),
            stoker_wire::POLL_PATH => self.poll(&read(&request)).await,
            stoker_wire::REPORT_PATH => self.report(read(&request)),
            stoker_wire::GOODBYE_PATH => {
                self.state().goodbyes += 1;
                Some((204, Vec::new()))
            }
            path => self.artifact(path, request.headers.get(stoker_wire::SESSION_HEADER)),
        };
        self.changed.notify_waiters();
        answer
    }

    fn pair(&self, request: &PairRequest) -> Answer {
        let mut state = self.state();
        state.pairings += 1;
        let signing = request.signing_key.clone();
        match state.keys.get_mut(&request.key) {
            None => return refuse(401, stoker_wire::REFUSED_UNKNOWN_KEY),
            Some(Some(used)) if *used != signing => return refuse(401, stoker_wire::REFUSED_USED_KEY),
            Some(used) => *used = Some(signing.clone()),
        }
        (state.signing_key, state.sealing_key) = (signing, request.sealing_key.clone());
        state.unpaired = false;
        write(&stoker_wire::PairResponse {
            protocol: stoker_wire::PROTOCOL,
            engine_id: "engine-1".into(),
            runtime_id: "runtime-1".into(),
            account_id: "account-1".into(),
            name: "Test engine".into(),
        })
    }

    fn session(&self, request: &Request) -> Answer {
        let mut state = self.state();
        let token = request.headers["authorization"].strip_prefix("Bearer ").unwrap();
        let claims = stoker_secrets::token::claimed_engine(token);
        assert_eq!(claims.as_deref(), Ok("engine-1"));
        let text = String::from_utf8(
            base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap(),
        )
        .unwrap();
        let iat = serde_json::from_str::<serde_json::Value>(&text).unwrap()["iat"].as_i64().unwrap();
        let verified = stoker_secrets::token::verify_session(&state.signing_key, token, iat, 1);
        if state.unpaired || verified.is_err() {
            return refuse(401, stoker_wire::REFUSED_NOT_PAIRED);
        }
        let known: SessionRequest = read(request);
        state.sessions += 1;
        state.session = format!("session-{}", state.sessions);
        state.sent = known.known.iter().cloned().collect();
        let forget = known.known.into_iter().filter(|key| state.stale.contains(key)).collect();
        let messages = state.messages();
        let answer = SessionResponse {
            session: state.session.clone(),
            heartbeat_seconds: HEARTBEAT,
            forget,
            messages,
            components: !state.older,
        };
        write(&answer)
    }

    async fn poll(&self, request: &PollRequest) -> Answer {
        self.change(|state| {
            if request.session == state.session {
                state.polled = state.sessions;
            }
        });
        let waiting = async {
            loop {
                let changed = self.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                {
                    let mut state = self.state();
                    if state.away {
                        return None;
                    }
                    if request.session != state.session || state.unpaired {
                        return refuse(409, stoker_wire::REFUSED_SESSION);
                    }
                    let messages = state.messages();
                    if !messages.is_empty() {
                        return write(&messages);
                    }
                }
                changed.await;
            }
        };
        let held = tokio::time::timeout(Duration::from_secs(HEARTBEAT), waiting).await;
        held.unwrap_or_else(|_| write(&Messages::default()))
    }

    fn report(&self, request: ReportRequest) -> Answer {
        let mut state = self.state();
        if request.session != state.session {
            return refuse(409, stoker_wire::REFUSED_SESSION);
        }
        state.report_requests += 1;
        let keys: Vec<RunEpoch> = request.reports.iter().map(Report::run_epoch).collect();
        let stale: Vec<RunEpoch> = keys.into_iter().filter(|key| state.stale.contains(key)).collect();
        let news = request.reports.into_iter().filter(|report| !stale.contains(&report.run_epoch()));
        let news: Vec<Report> = news.collect();
        state.reports.extend(news);
        if state.lose_answers > 0 {
            state.lose_answers -= 1;
            return None;
        }
        write(&ReportResponse { stale, messages: Messages::default() })
    }

    fn artifact(&self, path: &str, session: Option<&String>) -> Answer {
        let mut state = self.state();
        assert_eq!(session, Some(&state.session));
        state.downloads += 1;
        let found = path.strip_prefix(stoker_wire::ARTIFACT_PATH).and_then(|sha256| state.artifacts.get(sha256));
        found.map(|bytes| (200, bytes.clone())).or_else(|| refuse(404, "not_found"))
    }
}

impl State {
    /// What was not sent in this session yet.
    fn messages(&mut self) -> Messages {
        let mut offers = self.offers.clone();
        offers.retain(|offer| {
            let key = RunEpoch { run: offer.run.clone(), epoch: offer.epoch };
            let over = self
                .reports
                .iter()
                .any(|report| matches!(report, Report::Finished { .. }) && report.run_epoch() == key);
            !over && self.sent.insert(key)
        });
        Messages { offers, stops: std::mem::take(&mut self.stops), ..Messages::default() }
    }
}

fn refuse(status: u16, code: &str) -> Answer {
    let refusal = Refusal { code: code.into(), message: format!("the test server says {code}") };
    Some((status, serde_json::to_vec(&refusal).unwrap()))
}

fn write<T: serde::Serialize>(body: &T) -> Answer {
    Some((200, serde_json::to_vec(body).unwrap()))
}

fn read<T: serde::de::DeserializeOwned>(request: &Request) -> T {
    serde_json::from_slice(&request.body).unwrap()
}

async fn read_request(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut first = String::new();
    stream.read_line(&mut first).await.ok().filter(|count| *count > 0)?;
    let path = first.split(' ').nth(1)?.to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|count| *count > 0)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => headers.insert(name.to_ascii_lowercase(), value.trim().to_owned()),
            None => break,
        };
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Request { path, headers, body })
}
