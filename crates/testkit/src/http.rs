//! A small HTTP client for tests: it shows the whole answer, whatever the status.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Once};
use std::time::Duration;

use anyhow::{Context, Result};
pub use reqwest::Method;
pub use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::must;

/// Sees every answer: method, path with query, and the answer.
pub type Witness = Arc<dyn Fn(&Method, &str, &Answer) + Send + Sync>;

/// What is waited for after the answer to a changing request to this path, before the test sees it.
pub type Settle = Arc<dyn Fn(&str) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Sends requests to one server, by default with one token.
#[derive(Clone)]
pub struct Http {
    base: String,
    token: Option<String>,
    client: reqwest::Client,
    witness: Option<Witness>,
    settle: Option<Settle>,
}

impl Http {
    /// A client for the server at this base URL, without a token.
    ///
    /// It follows no redirect, uses no proxy and gives up after 60 s.
    #[track_caller]
    #[must_use]
    pub fn new(base: &str) -> Self {
        static PROVIDER: Once = Once::new();
        // Whoever installed another one before is content with that.
        PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(60))
            .build()
            .context("make an HTTP client");
        Self {
            base: base.trim_end_matches('/').to_owned(),
            token: None,
            client: must(client),
            witness: None,
            settle: None,
        }
    }

    /// The same client with a bearer token in every request.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same client without a token.
    #[must_use]
    pub fn without_token(&self) -> Self {
        Self { token: None, ..self.clone() }
    }

    /// The same client, and those made from it, with somebody who sees every answer before the test does.
    #[must_use]
    pub fn with_witness(&self, witness: Witness) -> Self {
        Self { witness: Some(witness), ..self.clone() }
    }

    /// The same client, and those made from it, with something to wait for after each changing request: several servers
    /// tell each other what they need to know, which takes a moment.
    #[must_use]
    pub fn with_settle(&self, settle: Settle) -> Self {
        Self { settle: Some(settle), ..self.clone() }
    }

    /// GET. Panics, as all requests here do, when no answer comes.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None).await
    }

    /// DELETE without a body.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], None).await
    }

    /// POST of a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.json(Method::POST, path, body).await
    }

    /// PUT of a JSON body.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.json(Method::PUT, path, body).await
    }

    /// Any method with a JSON body.
    pub async fn json(&self, method: Method, path: &str, body: &Value) -> Answer {
        let bytes = body.to_string().into_bytes();
        self.send(method, path, &[("content-type", "application/json")], Some(bytes)).await
    }

    /// Any request. `path` may be a whole URL too, which then gets no token.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<Vec<u8>>) -> Answer {
        let what = format!("{method} {path}");
        must(self.try_send(method, path, headers, body).await.with_context(|| format!("{what}: no answer")))
    }

    /// Any request; the error of a connection that failed or broke, for tests that kill servers.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Result<Answer> {
        let whole = path.contains("://");
        let url = if whole { path.to_owned() } else { format!("{}{path}", self.base) };
        let mut request = self.client.request(method.clone(), url);
        if let Some(token) = self.token.as_ref().filter(|_| !whole) {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let answer = Answer { status, headers, body: response.bytes().await?.to_vec() };
        let path = path.strip_prefix(&self.base).unwrap_or(path);
        if let Some(settle) = self.settle.as_ref().filter(|_| !matches!(method, Method::GET | Method::HEAD)) {
            settle(path).await;
        }
        if let Some(witness) = &self.witness {
            witness(&method, path, &answer);
        }
        Ok(answer)
    }
}

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: HeaderMap,
    /// The body as it came.
    pub body: Vec<u8>,
}

impl Answer {
    /// This answer when it has the status; panics with status and body otherwise.
    #[track_caller]
    #[must_use]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "the body is {}", self.text());
        self
    }

    /// The body as JSON; panics when it is none.
    #[track_caller]
    #[must_use]
    pub fn json(&self) -> Value {
        let value = serde_json::from_slice(&self.body);
        must(value.with_context(|| format!("read an answer {} as JSON: {}", self.status, self.text())))
    }

    /// The body as text, with replacement characters where it is no UTF-8.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The first header of this name when it is there and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
