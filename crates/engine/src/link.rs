//! The connection to the server: the requests of the protocol, nothing of what they mean.

use std::path::Path;
use std::time::Duration;

use reqwest::{Method, NoProxy, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use stoker_domain::{Random, SharedClock};
use stoker_secrets::token::{self, SESSION_AUDIENCE, SessionClaims};
use stoker_wire::api_tests::{TAKE_TEST_PATH, TEST_NEWS_PATH, TakeTest, TakenTest};
use stoker_wire::{
    ARTIFACT_PATH, GOODBYE_PATH, Messages, PAIR_PATH, POLL_PATH, PairRequest, PairResponse, PollRequest, REPORT_PATH,
    Refusal, Report, ReportResponse, SESSION_HEADER, SESSION_PATH, SessionRequest, SessionResponse, TestAnswer,
    TestNews,
};

use crate::config::{Config, Proxy};
use crate::error::EngineError;
use crate::keystore::Keys;

const CONNECT: Duration = Duration::from_secs(10);
const CALL: Duration = Duration::from_secs(60);
/// The news of a test run are told again before the server gives it up.
const TEST_CALL: Duration = Duration::from_secs(10);
/// How much longer than the server's heartbeat a poll may take.
const POLL_MARGIN: Duration = Duration::from_secs(15);
/// Longest silence while an artifact comes in; its whole transfer may take as long as it needs.
pub(crate) const SILENCE: Duration = Duration::from_secs(60);
/// Largest refusal that is read, in bytes.
const MAX_REFUSAL: usize = 64 << 10;

/// Why a request brought no answer that can be used.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum LinkError {
    /// The server could not be reached, or the connection broke.
    #[error("{0}")]
    Transport(String),
    /// The server says no, for a reason that the protocol names.
    #[error("the server refuses with status {status}: {message} ({code})")]
    Refused { status: u16, code: String, message: String },
    /// Something that is not the server of this protocol answered, or the server failed.
    #[error("unexpected answer with status {status}")]
    Status { status: u16 },
}

impl LinkError {
    /// The code of a refusal; empty for everything else.
    pub(crate) fn code(&self) -> &str {
        match self {
            Self::Refused { code, .. } => code,
            _ => "",
        }
    }
}

impl From<reqwest::Error> for LinkError {
    fn from(error: reqwest::Error) -> Self {
        let error = error.without_url();
        // The innermost causes hold the useful part, such as "connection refused".
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(inner) = cause {
            text = format!("{text}: {inner}");
            cause = inner.source();
        }
        Self::Transport(text.chars().take(500).collect())
    }
}

/// A client for one server.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    http: reqwest::Client,
    base: String,
}

impl Link {
    /// A client for the server at `base`, a URL without a slash at its end.
    pub(crate) fn new(base: &str, config: &Config) -> Result<Self, EngineError> {
        // Fails when it was done before, which is just as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let failed = |error: reqwest::Error| EngineError::Http { problem: LinkError::from(error).to_string() };
        let mut builder = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .tcp_nodelay(true)
            .http1_only()
            .pool_max_idle_per_host(4)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("stoker-engine/", env!("CARGO_PKG_VERSION")))
            .no_proxy();
        if base.starts_with("http:") {
            // Saves reading the machine's certificates.
            builder = builder.tls_certs_only([]);
        }
        if let Some(path) = config.ca_file.as_deref().filter(|_| base.starts_with("https:")) {
            builder = builder.tls_certs_merge(certificates(path)?);
        }
        for (proxy, https) in [(&config.http_proxy, false), (&config.https_proxy, true)] {
            if let Some(proxy) = proxy {
                builder = builder.proxy(proxy_of(proxy, https).map_err(failed)?);
            }
        }
        Ok(Self { http: builder.build().map_err(failed)?, base: base.to_owned() })
    }

    /// The server's base URL.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    pub(crate) async fn pair(&self, request: &PairRequest) -> Result<PairResponse, LinkError> {
        self.call(self.post(PAIR_PATH, request, CALL)?).await
    }

    pub(crate) async fn session(&self, token: &str, request: &SessionRequest) -> Result<SessionResponse, LinkError> {
        self.call(self.post(SESSION_PATH, request, CALL)?.bearer_auth(token)).await
    }

    /// Waits for messages, as long as the server holds the request.
    pub(crate) async fn poll(&self, session: &str, heartbeat: Duration) -> Result<Messages, LinkError> {
        let request = PollRequest { session: session.to_owned() };
        self.call(self.post(POLL_PATH, &request, heartbeat + POLL_MARGIN)?).await
    }

    pub(crate) async fn report(&self, session: &str, reports: &[&Report]) -> Result<ReportResponse, LinkError> {
        /// The same as [`stoker_wire::ReportRequest`], borrowed.
        #[derive(Serialize)]
        struct Request<'a> {
            session: &'a str,
            reports: &'a [&'a Report],
        }
        self.call(self.post(REPORT_PATH, &Request { session, reports }, CALL)?).await
    }

    pub(crate) async fn take_test(&self, session: &str, test: &str) -> Result<TakenTest, LinkError> {
        let request = TakeTest { session: session.to_owned(), test: test.to_owned() };
        self.call(self.post(TAKE_TEST_PATH, &request, CALL)?).await
    }

    pub(crate) async fn test_news(&self, news: &TestNews) -> Result<TestAnswer, LinkError> {
        self.call(self.post(TEST_NEWS_PATH, news, TEST_CALL)?).await
    }

    pub(crate) async fn goodbye(&self, session: &str, limit: Duration) -> Result<(), LinkError> {
        #[derive(Serialize)]
        struct Request<'a> {
            session: &'a str,
        }
        let answer = self.post(GOODBYE_PATH, &Request { session }, limit)?.send().await?;
        checked(answer).await.map(drop)
    }

    /// Asks for an artifact; the caller reads the body, each part of which must come within a minute.
    pub(crate) async fn artifact(&self, sha256: &str, session: &str) -> Result<Response, LinkError> {
        let url = format!("{}{ARTIFACT_PATH}{sha256}", self.base);
        let request = self.http.request(Method::GET, url).header(SESSION_HEADER, session);
        let answer = tokio::time::timeout(CALL, request.send());
        checked(answer.await.map_err(|_| LinkError::Transport("no answer within a minute".into()))??).await
    }

    fn post<T: Serialize>(&self, path: &str, body: &T, limit: Duration) -> Result<reqwest::RequestBuilder, LinkError> {
        let body = serde_json::to_vec(body).map_err(|error| LinkError::Transport(error.to_string()))?;
        let request = self.http.post(format!("{}{path}", self.base)).timeout(limit);
        Ok(request.header("content-type", "application/json").body(body))
    }

    async fn call<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, LinkError> {
        let answer = checked(request.send().await?).await?;
        let body = answer.bytes().await?;
        serde_json::from_slice(&body).map_err(|error| LinkError::Transport(format!("answer cannot be read: {error}")))
    }
}

/// The certificates in a PEM file.
fn certificates(path: &Path) -> Result<Vec<reqwest::Certificate>, EngineError> {
    let unusable = |problem: String| EngineError::Configuration { path: path.to_owned(), problem };
    let cure = "write the path of a file with certificates in PEM form to `stoker.server.ca.file`";
    let pem = std::fs::read(path).map_err(|error| unusable(format!("{error}; {cure}")))?;
    let found = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| unusable(format!("{error}; {cure}")))?;
    if found.is_empty() {
        return Err(unusable(format!("it holds no certificate; {cure}")));
    }
    Ok(found)
}

/// A signed request for a session.
pub(crate) fn session_token(
    keys: &Keys,
    engine_id: &str,
    clock: &SharedClock,
    random: &dyn Random,
) -> Result<String, EngineError> {
    let claims = SessionClaims {
        iss: engine_id.to_owned(),
        aud: SESSION_AUDIENCE.to_owned(),
        iat: clock.now_ms().div_euclid(1000),
        jti: token::random_secret(random),
    };
    token::sign_session(keys.signing_private(), &claims)
        .map_err(|error| EngineError::Internal { problem: format!("signing a session request failed: {error}") })
}

async fn checked(answer: Response) -> Result<Response, LinkError> {
    let status = answer.status();
    if status == StatusCode::OK || status == StatusCode::NO_CONTENT {
        return Ok(answer);
    }
    let status = status.as_u16();
    match refusal(answer).await {
        Some(Refusal { code, message }) => Err(LinkError::Refused { status, code, message }),
        None => Err(LinkError::Status { status }),
    }
}

async fn refusal(mut answer: Response) -> Option<Refusal> {
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await.ok()? {
        body.extend_from_slice(&part);
        if body.len() > MAX_REFUSAL {
            return None;
        }
    }
    serde_json::from_slice(&body).ok()
}

fn proxy_of(proxy: &Proxy, https: bool) -> Result<reqwest::Proxy, reqwest::Error> {
    let mut made = if https { reqwest::Proxy::https(&proxy.url) } else { reqwest::Proxy::http(&proxy.url) }?;
    if let Some((user, password)) = &proxy.login {
        made = made.basic_auth(user, password);
    }
    // The property has stars where this list has none.
    let direct: Vec<&str> = proxy.direct.iter().map(|host| host.trim_start_matches('*')).collect();
    Ok(made.no_proxy(NoProxy::from_string(&direct.join(","))))
}
