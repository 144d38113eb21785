//! Sending a call and judging its answer.

use crate::error::read_error_body;
use crate::{ClientError, Token};
use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Body, Method, RequestBuilder, Response, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// Time for TCP and TLS.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Time for one whole call without large data.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// Time for one whole transfer of an archive.
pub(crate) const TRANSFER_TIMEOUT: Duration = Duration::from_secs(3600);
/// The version of the contract this client was written for (`doc`).
const API_VERSION: &str = "2021-03";

/// A connection to one server with one token. Cheap to clone; clones share the connection pool.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<HeaderValue>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("base", &self.base).field("token", &"hidden").finish_non_exhaustive()
    }
}

impl Client {
    /// A client for the server at `base_url` (`http` or `https`, with or without a path prefix or slash at the end), which
    /// sends `token` with every call.
    ///
    /// # Errors
    /// [`ClientError::BadUrl`], [`ClientError::BadToken`], [`ClientError::Setup`].
    pub fn new(base_url: &str, token: Token) -> Result<Self, ClientError> {
        let mut client = Self::anonymous(base_url)?;
        let mut value =
            HeaderValue::from_str(&format!("Bearer {}", token.reveal())).map_err(|_| ClientError::BadToken)?;
        value.set_sensitive(true);
        client.token = Some(value);
        Ok(client)
    }

    /// A client without a token, for [`Client::oauth_token`], [`Client::is_ready`] and downloads.
    ///
    /// # Errors
    /// [`ClientError::BadUrl`], [`ClientError::Setup`].
    pub fn anonymous(base_url: &str) -> Result<Self, ClientError> {
        let base = check_base_url(base_url)?;
        // Fails when the program installed a provider before, which is just as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            // A redirect would turn a POST into a GET; the contract has none.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("stoker-client/", env!("CARGO_PKG_VERSION")));
        if base.starts_with("http:") {
            // Plain HTTP must also work on systems without any certificates.
            builder = builder.tls_certs_only([]);
        }
        let http = builder.build().map_err(ClientError::Setup)?;
        Ok(Self { http, base, token: None })
    }

    /// Base URL of the server, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.base
    }

    pub(crate) fn without_token(&self) -> Self {
        Self { token: None, ..self.clone() }
    }

    pub(crate) fn call(&self, method: Method, path: String) -> Call<'_> {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        request = request.header("talend-version", API_VERSION).timeout(CALL_TIMEOUT);
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, token.clone());
        }
        Call { client: self, request, name: CallName { method, path, needs: None } }
    }

    pub(crate) fn get(&self, path: impl Into<String>) -> Call<'_> {
        self.call(Method::GET, path.into())
    }

    pub(crate) fn post(&self, path: impl Into<String>) -> Call<'_> {
        self.call(Method::POST, path.into())
    }

    pub(crate) fn put(&self, path: impl Into<String>) -> Call<'_> {
        self.call(Method::PUT, path.into())
    }

    pub(crate) fn patch(&self, path: impl Into<String>) -> Call<'_> {
        self.call(Method::PATCH, path.into())
    }

    pub(crate) fn delete(&self, path: impl Into<String>) -> Call<'_> {
        self.call(Method::DELETE, path.into())
    }
}

/// Trims and checks a base URL.
fn check_base_url(text: &str) -> Result<String, ClientError> {
    let bad = |reason: &str| ClientError::BadUrl { url: without_password(text), reason: reason.to_owned() };
    let url = Url::parse(text.trim()).map_err(|error| bad(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad("it must start with http:// or https://"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(bad("it must end before any ? or #"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("it must not hold a user name or password"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// The text without what stands before the last `@`, where a password may be.
fn without_password(text: &str) -> String {
    match (text.find("://"), text.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => format!("{}://{}", &text[..scheme], &text[at + 1..]),
        _ => text.to_owned(),
    }
}

/// `text` as one segment of a path: everything but letters, digits, `-`, `.`, `_`, `~` is escaped. A segment of dots alone
/// would change the path, even escaped once, so these are escaped twice: no object has such an id.
pub(crate) fn segment(text: &str) -> String {
    if matches!(text, "." | "..") {
        return text.replace('.', "%252E");
    }
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// What an error says about a call.
#[derive(Clone)]
pub(crate) struct CallName {
    method: Method,
    path: String,
    needs: Option<&'static str>,
}

/// One call in the making.
pub(crate) struct Call<'a> {
    client: &'a Client,
    request: RequestBuilder,
    name: CallName,
}

impl Call<'_> {
    /// Notes which permission the call needs, for the hint of a 403.
    pub(crate) fn needs(mut self, needs: &'static str) -> Self {
        self.name.needs = Some(needs);
        self
    }

    /// Adds parameters; absent ones are left out.
    pub(crate) fn query<'q>(mut self, pairs: impl IntoIterator<Item = (&'q str, Option<String>)>) -> Self {
        let given: Vec<_> = pairs.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect();
        if !given.is_empty() {
            self.request = self.request.query(&given);
        }
        self
    }

    pub(crate) fn json(mut self, body: &impl Serialize) -> Self {
        self.request = self.request.json(body);
        self
    }

    /// Sends the parts of a form with files.
    pub(crate) fn form(mut self, form: reqwest::multipart::Form) -> Self {
        self.request = self.request.multipart(form).timeout(TRANSFER_TIMEOUT);
        self
    }

    /// Sends `size` bytes of an archive.
    pub(crate) fn archive(mut self, body: Body, size: u64) -> Self {
        self.request = self
            .request
            .header(CONTENT_TYPE, "application/zip")
            .header(reqwest::header::CONTENT_LENGTH, size)
            .timeout(TRANSFER_TIMEOUT)
            .body(body);
        self
    }

    pub(crate) fn transfer(mut self) -> Self {
        self.request = self.request.timeout(TRANSFER_TIMEOUT);
        self
    }

    pub(crate) fn basic(mut self, user: &str, password: &str) -> Self {
        self.request = self.request.basic_auth(user, Some(password));
        self
    }

    /// Sends it and reads the body of a success as JSON.
    pub(crate) async fn read<T: DeserializeOwned>(self) -> Result<T, ClientError> {
        let (name, server) = (self.name.clone(), self.client.base.clone());
        Self::json_of(self.send().await?, &name, &server).await
    }

    /// The same; `None` when the success has the status `without`, which comes without a body.
    pub(crate) async fn read_unless<T: DeserializeOwned>(self, without: StatusCode) -> Result<Option<T>, ClientError> {
        let (name, server) = (self.name.clone(), self.client.base.clone());
        let answer = self.send().await?;
        if answer.status() == without {
            return Ok(None);
        }
        Self::json_of(answer, &name, &server).await.map(Some)
    }

    async fn json_of<T: DeserializeOwned>(answer: Response, name: &CallName, server: &str) -> Result<T, ClientError> {
        let status = answer.status();
        let body = answer.bytes().await.map_err(|error| name.broken(server, error))?;
        serde_json::from_slice(&body).map_err(|error| name.clone().bad_answer(status, error.to_string()))
    }

    /// Sends it and drops the body of a success; answers the status.
    pub(crate) async fn done(self) -> Result<StatusCode, ClientError> {
        Ok(self.send().await?.status())
    }

    /// Sends it; a status outside 200..299 is an error.
    pub(crate) async fn send(self) -> Result<Response, ClientError> {
        let Call { client, request, name } = self;
        let answer = request.send().await.map_err(|error| name.broken(&client.base, error))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        let is_text = answer
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().to_ascii_lowercase().starts_with(b"text/plain"));
        // The status alone is worth more than a complaint about the rest of a broken connection.
        let body = answer.bytes().await.unwrap_or_else(|_| Bytes::new());
        let said = read_error_body(&body, is_text);
        let standard = || status.canonical_reason().unwrap_or("refused").to_owned();
        Err(ClientError::Refused {
            method: name.method.to_string(),
            path: name.path,
            status: status.as_u16(),
            message: said.message.unwrap_or_else(standard),
            request_id: said.request_id,
            needs: name.needs,
        })
    }

    pub(crate) fn name(&self) -> CallName {
        self.name.clone()
    }
}

impl CallName {
    fn bad_answer(self, status: StatusCode, reason: String) -> ClientError {
        ClientError::BadAnswer { method: self.method.to_string(), path: self.path, status: status.as_u16(), reason }
    }

    pub(crate) fn local_io(self, source: std::io::Error) -> ClientError {
        ClientError::LocalIo { method: self.method.to_string(), path: self.path, source }
    }

    pub(crate) fn broken(&self, server: &str, error: reqwest::Error) -> ClientError {
        let (method, path, server) = (self.method.to_string(), self.path.clone(), server.to_owned());
        if error.is_timeout() && !error.is_connect() {
            return ClientError::Timeout { method, path, server };
        }
        let connecting = error.is_connect();
        ClientError::Unreachable { method, path, server, reason: innermost(&error), connecting }
    }
}

/// The last error of a chain: the others only say that something below failed.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn base(text: &str) -> Result<String, String> {
        check_base_url(text).map_err(|error| error.to_string())
    }

    #[test]
    fn base_urls_are_tidied() {
        assert_eq!(base("http://127.0.0.1:8080/").unwrap(), "http://127.0.0.1:8080");
        assert_eq!(base(" https://host/stoker// ").unwrap(), "https://host/stoker");
    }

    #[test]
    fn unusable_base_urls_are_refused_without_repeating_a_password() {
        assert!(base("localhost:8080").is_err());
        assert!(base("ftp://host").unwrap_err().contains("http"));
        assert!(base("http://host/?x=1").is_err());
        let message = base("http://user:hunter2@host").unwrap_err();
        assert!(!message.contains("hunter2"), "{message}");
    }

    #[test]
    fn debug_output_has_no_token() {
        let client = Client::new("http://127.0.0.1:1", Token::new("eyJsecret")).unwrap();
        assert!(!format!("{client:?}").contains("eyJ"));
    }

    #[test]
    fn a_token_with_a_line_break_inside_is_refused() {
        assert!(matches!(Client::new("http://host", Token::new("a\nb")), Err(ClientError::BadToken)));
    }

    #[tokio::test]
    async fn a_closed_port_is_named_with_the_server() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let client = Client::new(&url, Token::new("x")).unwrap();
        let error = client.environments().await.unwrap_err();
        assert!(error.to_string().starts_with("GET /orchestration/environments: no answer from http://127"), "{error}");
        assert_eq!(error.hint().unwrap(), format!("is the server running at {url}?"));
        assert!(error.is_transient());
    }

    proptest! {
        #[test]
        fn a_segment_stays_one_segment(text in ".+|[.]{1,3}") {
            let url = Url::parse(&format!("http://host/a/{}/b", segment(&text))).unwrap();
            let parts: Vec<_> = url.path_segments().unwrap().collect();
            prop_assert_eq!(parts.len(), 3);
            prop_assert!(url.query().is_none() && url.fragment().is_none());
        }
    }
}
