//! Sends prepared requests: redirects, cookies, TLS, proxies, time-outs, limits.

use std::collections::HashMap;
use std::io::Read;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Client, Method, StatusCode, Url};

use futures_util::future::{Either, select};

use super::budget::{Budget, Spent};
use super::cookies::Jar;
use super::gate::{Gate, Resolver};
use super::prepare::Prepared;
use super::{Files, Outside, events, web_socket};
use crate::exchange::{Exchange, Response, values};
use crate::json::Json;
use crate::model::{Events, Tls};
use crate::world::Clock;

/// Most redirects of one request.
const MAX_REDIRECTS: usize = 10;
const EVENT_STREAM: &str = "text/event-stream";
/// Clients that are kept for the next request.
const MAX_CLIENTS: usize = 64;

/// How one request is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendOptions {
    /// Follow redirects.
    pub follow_redirects: bool,
    /// For each request on the wire, with its body.
    pub timeout: Duration,
    /// TLS options.
    pub tls: Tls,
    /// Address of a proxy, with user and password when it needs them.
    pub proxy: Option<String>,
    /// Add the headers that a browser would add.
    pub browser_headers: bool,
    /// Largest response body in bytes, before and after removing its coding.
    pub max_body: usize,
    /// Read events from a stream; the time-out is then that of the headers.
    pub events: Option<Events>,
    /// What a condition on a message of a WebSocket may cost, in steps of [`crate::effort::Effort`].
    pub steps: u64,
}

/// Sends requests and keeps connections. Never reads the environment for proxies.
#[derive(Debug, Default)]
pub struct Transport {
    clients: Mutex<HashMap<ClientKey, Client>>,
    gate: Option<Arc<dyn Gate>>,
    spent: Option<Spent>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct ClientKey {
    https: bool,
    tls: Tls,
    proxy: Option<String>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Transport {
    /// One that sends only what the gate admits, through no proxy, and no more than the budget of the run.
    pub fn behind(gate: Arc<dyn Gate>, budget: Budget) -> Self {
        Self { clients: Mutex::default(), gate: Some(gate), spent: Some(Spent::new(budget)) }
    }

    /// Asks the gate for the next request on the wire.
    fn admit(&self, url: &Url, headers: &[(String, String)], options: &SendOptions) -> Result<(), String> {
        self.spent.as_ref().map_or(Ok(()), Spent::begin)?;
        let Some(gate) = &self.gate else { return Ok(()) };
        if options.proxy.is_some() {
            return Err("proxy: requests are sent without one here; take it out of the request's settings".to_owned());
        }
        headers.iter().try_for_each(|(name, _)| gate.header(&name.trim().to_ascii_lowercase()))?;
        let host = url.host_str().unwrap_or("").trim_matches(['[', ']']);
        gate.admit(url.scheme(), host, url.port_or_known_default().unwrap_or(0))
    }

    /// Sends a request and reads the whole response.
    ///
    /// # Errors
    /// A text that says what could not be done: address, connection, TLS, time-out, size. Beside the exchange stands what
    /// did not come true in a talk over a WebSocket.
    pub(crate) async fn send(
        &self,
        (mut now, mut url): (Prepared, Url),
        options: &SendOptions,
        jar: Option<&Mutex<Jar>>,
        outside: Outside<'_>,
    ) -> Result<(Exchange, Option<String>), String> {
        let mut redirects = Vec::new();
        let clock = outside.clock;
        let started = clock.monotonic_ms();
        loop {
            // Only a redirect needs them again.
            let again = if options.follow_redirects { now.headers.clone() } else { Vec::new() };
            let mut headers = std::mem::replace(&mut now.headers, again);
            if let Some(jar) = jar
                && let Some(cookies) = lock(jar).header(&url, clock.now_ms())
            {
                match headers.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case("cookie")) {
                    Some((_, value)) => *value = format!("{value}; {cookies}"),
                    None => headers.push(("Cookie".to_owned(), cookies)),
                }
            }
            headers.retain(|(name, value)| !(name.eq_ignore_ascii_case("cookie") && value.is_empty()));
            if options.events.is_some() && values(&headers, "accept").is_empty() {
                headers.push(("Accept".to_owned(), EVENT_STREAM.to_owned()));
            }
            if options.browser_headers {
                add_browser_headers(&mut headers);
            }
            self.admit(&url, &headers, options)?;
            let client = self.client(&url, options, outside.files)?;
            let Answer { response, said, shortfall } =
                one(&client, &now, &url, &headers, options, (outside, started)).await?;
            if let Some(spent) = &self.spent {
                let sent = said.as_ref().or(now.body.as_ref()).map_or(0, Vec::len);
                spent.end(sent + response.body.len())?;
            }
            if let Some(jar) = jar {
                for cookie in response.header_values("set-cookie") {
                    lock(jar).store(cookie, &url, clock.now_ms());
                }
            }
            let target = redirect(&response, &url).filter(|_| options.follow_redirects);
            let Some(target) = target else {
                let exchange = Exchange {
                    method: now.method,
                    uri: url.into(),
                    request_headers: headers,
                    request_body: said.or(now.body).unwrap_or_default(),
                    response,
                    redirects,
                };
                return Ok((exchange, shortfall));
            };
            if redirects.len() == MAX_REDIRECTS {
                return Err(format!("more than {MAX_REDIRECTS} redirects, the last one to {target}"));
            }
            redirects.push(url.to_string());
            follow(&mut now, response.status, &url, &target);
            url = target;
        }
    }

    fn client(&self, url: &Url, options: &SendOptions, files: &dyn Files) -> Result<Client, String> {
        let key = ClientKey { https: url.scheme() == "https", tls: options.tls.clone(), proxy: options.proxy.clone() };
        if let Some(client) = lock(&self.clients).get(&key) {
            return Ok(client.clone());
        }
        let client = build(&key, files, self.gate.clone())?;
        let mut clients = lock(&self.clients);
        if clients.len() >= MAX_CLIENTS {
            clients.clear();
        }
        clients.insert(key, client.clone());
        Ok(client)
    }
}

fn build(key: &ClientKey, files: &dyn Files, gate: Option<Arc<dyn Gate>>) -> Result<Client, String> {
    // Fails when it was done before, which is just as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder =
        Client::builder().redirect(reqwest::redirect::Policy::none()).http1_only().no_proxy().tcp_nodelay(true);
    if let Some(gate) = gate {
        builder = builder.dns_resolver(Arc::new(Resolver(gate)));
    }
    match key.proxy.as_deref() {
        None | Some("") => {}
        Some(proxy) => {
            let made = reqwest::Proxy::all(proxy).map_err(|error| format!("proxy `{}`: {error}", hidden(proxy)))?;
            builder = builder.proxy(made);
        }
    }
    if key.https {
        builder = secure(builder, &key.tls, files)?;
    } else if key.proxy.is_none() {
        // Saves reading the machine's certificates.
        builder = builder.tls_certs_only([]);
    }
    builder.build().map_err(|error| format!("the connection cannot be set up: {}", causes(&error)))
}

fn secure(mut builder: reqwest::ClientBuilder, tls: &Tls, files: &dyn Files) -> Result<reqwest::ClientBuilder, String> {
    if !tls.verify {
        builder = builder.tls_danger_accept_invalid_certs(true);
    }
    if let Some(name) = &tls.authorities {
        let all = reqwest::Certificate::from_pem_bundle(&files.read(name)?)
            .map_err(|error| format!("TLS authorities `{name}`: {}", causes(&error)))?;
        builder = builder.tls_certs_merge(all);
    }
    if let Some(name) = &tls.identity {
        let identity = reqwest::Identity::from_pem(&files.read(name)?)
            .map_err(|error| format!("TLS identity `{name}`: {}", causes(&error)))?;
        builder = builder.identity(identity);
    }
    match tls.at_least.as_deref() {
        None | Some("1.2") => Ok(builder),
        Some("1.3") => Ok(builder.tls_version_min(reqwest::tls::Version::TLS_1_3)),
        Some(other) => Err(format!("TLS at_least: `{other}` is not 1.2 or 1.3")),
    }
}

/// What one request on the wire has brought.
struct Answer {
    response: Response,
    /// What was said over a WebSocket.
    said: Option<Vec<u8>>,
    shortfall: Option<String>,
}

async fn one(
    client: &Client,
    prepared: &Prepared,
    url: &Url,
    headers: &[(String, String)],
    options: &SendOptions,
    (outside, started): (Outside<'_>, u64),
) -> Result<Answer, String> {
    let clock = outside.clock;
    let method = Method::from_bytes(prepared.method.as_bytes())
        .map_err(|_| format!("method: `{}` is no HTTP method", prepared.method))?;
    let streaming = options.events.as_ref().map_or(0, events::within_ms);
    let mut request = client.request(method, url.clone()).timeout(options.timeout + Duration::from_millis(streaming));
    if prepared.web_socket.is_some() && url.scheme() == "http" && options.proxy.is_some() {
        return Err(
            "proxy: a WebSocket without TLS cannot go through it; set the request's own proxy to nothing".to_owned()
        );
    }
    for (name, value) in headers {
        let key = HeaderName::from_bytes(name.trim().as_bytes())
            .map_err(|_| format!("header `{name}`: this is no header name"))?;
        let value = HeaderValue::from_bytes(value.trim().as_bytes())
            .map_err(|_| format!("header `{name}`: the value holds a line break or a control character"))?;
        request = request.header(key, value);
    }
    if let Some(body) = &prepared.body {
        request = request.body(body.clone());
    }
    let sent = request.send().await;
    let incoming = sent.map_err(|error| failed(&error, url, options))?;
    let latency_ms = clock.monotonic_ms().saturating_sub(started);
    let status = incoming.status();
    let sent = headers;
    let headers: Vec<(String, String)> = incoming
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let (mut said, mut shortfall) = (None, None);
    let body = match (&prepared.web_socket, options.events.as_ref().filter(|_| status.is_success())) {
        (Some(wanted), _) if status == StatusCode::SWITCHING_PROTOCOLS => {
            web_socket::opened(wanted, sent, &headers)?;
            let io = incoming.upgrade().await.map_err(|error| failed(&error, url, options))?;
            let mut talk = web_socket::talk(io, wanted, options, outside).await?;
            shortfall = talk.shortfall.take();
            let (sent, received) = talk.body();
            said = Some(sent);
            received
        }
        (Some(_), _) if status.is_success() => {
            return Err(format!("WebSocket: the server answered {}, not 101: it opened none", status.as_u16()));
        }
        (None, Some(wanted)) => streamed(incoming, wanted, &headers, url, options, clock).await?,
        _ => uncompressed(&headers, whole(incoming, url, options).await?, options.max_body)?,
    };
    let response = Response {
        status: status.as_u16(),
        message: status.canonical_reason().unwrap_or("").to_owned(),
        body,
        headers,
        duration_ms: clock.monotonic_ms().saturating_sub(started),
        latency_ms,
    };
    Ok(Answer { response, said, shortfall })
}

fn too_large(options: &SendOptions) -> String {
    format!(
        "the response body is larger than {} bytes, the most that is read here; ask for less of it",
        options.max_body
    )
}

async fn whole(mut incoming: reqwest::Response, url: &Url, options: &SendOptions) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = incoming.chunk().await.map_err(|error| failed(&error, url, options))? {
        if body.len() + chunk.len() > options.max_body {
            return Err(too_large(options));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The events of a stream as JSON, until there are enough, the time is over or the stream ends.
async fn streamed(
    mut incoming: reqwest::Response,
    wanted: &Events,
    headers: &[(String, String)],
    url: &Url,
    options: &SendOptions,
    clock: &dyn Clock,
) -> Result<Vec<u8>, String> {
    let kind = values(headers, "content-type").join(",").to_lowercase();
    if !kind.trim_start().starts_with(EVENT_STREAM) {
        return Err(format!("events: the response is `{kind}`, not {EVENT_STREAM}"));
    }
    let mut stream = events::Stream::default();
    let mut size = 0;
    let mut over = clock.sleep(Duration::from_millis(events::within_ms(wanted)));
    while stream.events.len() < events::at_most(wanted) {
        // The piece first: what has come already counts, also when the time is over.
        let piece = match select(pin!(incoming.chunk()), over).await {
            Either::Left((piece, rest)) => {
                over = rest;
                piece.map_err(|error| failed(&error, url, options))?
            }
            Either::Right(_) => break,
        };
        let Some(piece) = piece else { break };
        size += piece.len();
        if size > options.max_body {
            return Err(too_large(options));
        }
        stream.feed(&piece);
    }
    stream.events.truncate(events::at_most(wanted));
    Ok(Json::Array(stream.events).to_string().into_bytes())
}

fn uncompressed(headers: &[(String, String)], body: Vec<u8>, limit: usize) -> Result<Vec<u8>, String> {
    let coding = values(headers, "content-encoding").join(",").to_lowercase();
    if body.is_empty() {
        return Ok(body);
    }
    let mut out = Vec::new();
    let most = limit as u64 + 1;
    let read = match coding.trim() {
        "gzip" | "x-gzip" => flate2::read::MultiGzDecoder::new(&body[..]).take(most).read_to_end(&mut out),
        "deflate" if body.first().is_some_and(|first| first & 0x0f == 8) => {
            flate2::read::ZlibDecoder::new(&body[..]).take(most).read_to_end(&mut out)
        }
        "deflate" => flate2::read::DeflateDecoder::new(&body[..]).take(most).read_to_end(&mut out),
        _ => return Ok(body),
    };
    match read {
        Ok(_) if out.len() > limit => Err(format!(
            "the unpacked response body is larger than {limit} bytes, the most that is read here; ask for less of it"
        )),
        Ok(_) => Ok(out),
        Err(error) => Err(format!("the response body is not valid {coding}: {error}")),
    }
}

fn add_browser_headers(headers: &mut Vec<(String, String)>) {
    for (name, value) in [
        ("Accept", "*/*"),
        ("Accept-Encoding", "gzip, deflate"),
        ("Accept-Language", "en-US,en;q=0.5"),
        ("User-Agent", concat!("stoker-tester/", env!("CARGO_PKG_VERSION"))),
    ] {
        if values(headers, name).is_empty() {
            headers.push((name.to_owned(), value.to_owned()));
        }
    }
}

fn redirect(response: &Response, from: &Url) -> Option<Url> {
    let location = response.header_values("location").into_iter().next()?;
    let target = from.join(location).ok()?;
    (matches!(response.status, 301 | 302 | 303 | 307 | 308) && matches!(target.scheme(), "http" | "https"))
        .then_some(target)
}

/// Changes the request as browsers do: 303, and 301 and 302 after POST, go on with GET; other hosts get no secrets.
fn follow(request: &mut Prepared, status: u16, from: &Url, to: &Url) {
    let to_get = status == 303 && request.method != "HEAD" || matches!(status, 301 | 302) && request.method == "POST";
    if to_get {
        request.method = "GET".to_owned();
        request.body = None;
        request.headers.retain(|(name, _)| !name.to_lowercase().starts_with("content-"));
    }
    let same = (from.host_str(), from.port_or_known_default()) == (to.host_str(), to.port_or_known_default());
    if !same {
        request
            .headers
            .retain(|(name, _)| !["authorization", "cookie", "host"].contains(&name.to_lowercase().as_str()));
    }
}

fn failed(error: &reqwest::Error, url: &Url, options: &SendOptions) -> String {
    let host = url.host_str().unwrap_or("");
    if error.is_timeout() {
        return format!("no complete response from {host} within {} ms", options.timeout.as_millis());
    }
    if error.is_connect() {
        let port = url.port_or_known_default().unwrap_or(0);
        let why = causes(error);
        // What rustls says of a certificate (`client`); the rest of its words are precise already.
        let hint = if why.contains("certificate") {
            "; the request's `tls` can name who to trust (`authorities`), or pass over it (`verify = false`)"
        } else {
            ""
        };
        return format!("no connection to {host}:{port}: {why}{hint}");
    }
    format!("the request to {host} failed: {}", causes(error))
}

/// The inner causes of an error, which say more than the outer one.
fn causes(error: &dyn std::error::Error) -> String {
    let mut at = error.source();
    let mut text = at.map_or_else(|| error.to_string(), ToString::to_string);
    while let Some(inner) = at.and_then(std::error::Error::source) {
        let said = inner.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        at = Some(inner);
    }
    text
}

/// A proxy address without its password.
fn hidden(proxy: &str) -> String {
    match Url::parse(proxy) {
        Ok(mut url) if url.password().is_some() => {
            // An address with a password can always take another one.
            let _ = url.set_password(Some("***"));
            url.to_string()
        }
        _ => proxy.to_owned(),
    }
}
