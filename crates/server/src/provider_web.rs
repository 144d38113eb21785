//! Calls to the identity provider over HTTP, with limits of time and size.

use anyhow::{Context, Result};
use std::path::Path;
use std::time::Duration;
use stoker_service::open_id::{ProviderAnswer, ProviderCall, ProviderFuture, ProviderWeb};

const CONNECT: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_secs(10);
/// Largest answer that is read, bytes.
const ANSWER_BYTES: usize = 1024 * 1024;

/// The way to the provider.
pub(crate) struct HttpWeb(reqwest::Client);

impl HttpWeb {
    /// With the machine's certificates, and those in `ca_file`.
    pub(crate) fn new(issuer: &str, ca_file: Option<&Path>) -> Result<Self> {
        // Fails when it was done before, which is just as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(WHOLE)
            // An answer must not send the server elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("stoker-server/", env!("CARGO_PKG_VERSION")));
        if issuer.starts_with("http:") {
            builder = builder.tls_certs_only([]).no_proxy();
        }
        if let Some(path) = ca_file {
            let pem = std::fs::read(path).with_context(|| format!("openId.caFile: cannot read {}", path.display()))?;
            let all = reqwest::Certificate::from_pem_bundle(&pem);
            let all = all.with_context(|| format!("openId.caFile: {} holds no certificates", path.display()))?;
            builder = builder.tls_certs_merge(all);
        }
        Ok(Self(builder.build().context("cannot prepare calls to the identity provider")?))
    }

    async fn answer(&self, call: ProviderCall) -> Result<ProviderAnswer, reqwest::Error> {
        let mut request = match call.form {
            None => self.0.get(&call.url),
            Some(form) => self.0.post(&call.url).header("content-type", "application/x-www-form-urlencoded").body(form),
        };
        request = request.header("accept", "application/json");
        if let Some(authorization) = call.authorization {
            request = request.header("authorization", authorization);
        }
        let mut response = request.send().await?;
        let (status, mut body) = (response.status().as_u16(), Vec::new());
        while let Some(piece) = response.chunk().await? {
            let room = ANSWER_BYTES.saturating_sub(body.len());
            body.extend_from_slice(&piece[..piece.len().min(room)]);
            if body.len() >= ANSWER_BYTES {
                break;
            }
        }
        Ok(ProviderAnswer { status, body })
    }
}

impl ProviderWeb for HttpWeb {
    fn send(&self, call: ProviderCall) -> ProviderFuture<'_> {
        Box::pin(async move {
            self.answer(call).await.map_err(|error| {
                // The URL holds nothing secret, but the innermost cause is the useful part.
                let error = error.without_url();
                let mut text = error.to_string();
                let mut cause = std::error::Error::source(&error);
                while let Some(inner) = cause {
                    text = format!("{text}: {inner}");
                    cause = inner.source();
                }
                text
            })
        })
    }
}
