//! The identity provider: what the operator says of it, what it says of itself, and the calls to it.
//!
//! Calls go to addresses that the operator configured or that the provider itself publishes below its issuer, never to
//! one out of a token: over TLS, or to the very origin of an issuer on this machine.

use super::refused;
use crate::error::Error;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use stoker_secrets::id_token::{IdClaims, ProviderKeys};
use tokio::sync::Mutex;

/// How long what the provider says of itself is believed, milliseconds.
const KNOWN_MS: i64 = 60 * 60 * 1000;
/// Shortest pause between two questions of that kind, milliseconds; also after a failure.
const PAUSE_MS: i64 = 5_000;
/// Longest access token that is sent on, bytes.
const TOKEN_BYTES: usize = 16 * 1024;
/// Longest text of a setting, characters.
const SETTING_CHARS: usize = 500;

/// The client secret; never printed.
#[derive(Clone)]
pub struct ProviderSecret(String);

impl ProviderSecret {
    /// Takes the secret, without blanks around it.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }
}

impl std::fmt::Debug for ProviderSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProviderSecret(..)")
    }
}

/// What the operator says of the provider.
#[derive(Clone, Debug)]
pub struct OpenIdSettings {
    /// Its issuer, exactly as its ID tokens name it.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// Our secret there; without one only PKCE protects the code.
    pub client_secret: Option<ProviderSecret>,
    /// What the button says.
    pub name: String,
    /// The claim that is the login here, for example `preferred_username` or `email`.
    pub login_claim: String,
    /// The claim with the names that role mappings are for.
    pub roles_claim: String,
    /// Further scopes to ask for, beside `openid`, `profile` and `email`.
    pub scopes: Vec<String>,
    /// Whether somebody without a user here gets one.
    pub create_users: bool,
}

impl OpenIdSettings {
    /// Settings for a provider with the usual names of everything else.
    pub fn new(issuer: &str, client_id: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
            client_secret: None,
            name: "Single sign-on".to_owned(),
            login_claim: "preferred_username".to_owned(),
            roles_claim: "roles".to_owned(),
            scopes: Vec::new(),
            create_users: false,
        }
    }

    /// Says what is wrong with them, naming the setting and the cure.
    pub fn check(&self) -> Result<(), String> {
        for (name, text) in [
            ("issuer", &self.issuer),
            ("clientId", &self.client_id),
            ("name", &self.name),
            ("loginClaim", &self.login_claim),
            ("rolesClaim", &self.roles_claim),
        ] {
            if text.is_empty() || text.chars().count() > SETTING_CHARS || text.chars().any(char::is_control) {
                return Err(format!("openId.{name}: must have from 1 to {SETTING_CHARS} characters"));
            }
        }
        if let Some(scope) = self.scopes.iter().find(|s| s.is_empty() || !s.bytes().all(|b| b.is_ascii_graphic())) {
            return Err(format!("openId.scopes: {scope:?} is no scope"));
        }
        if self.scopes.len() > 50 {
            return Err("openId.scopes: at most 50 are asked for".to_owned());
        }
        if !may_call(&self.issuer, &self.issuer) || self.issuer.contains(['?', '#']) {
            return Err("openId.issuer: must be an https:// URL, or http:// on this machine".to_owned());
        }
        Ok(())
    }

    /// All scopes in one text.
    pub(super) fn scope(&self) -> String {
        let mut all = vec!["openid", "profile", "email"];
        all.extend(self.scopes.iter().map(String::as_str).filter(|s| !["openid", "profile", "email"].contains(s)));
        all.join(" ")
    }
}

/// Scheme and authority of a URL; none when there is no host, or a name and password are in it.
fn origin(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    (!authority.is_empty() && !authority.contains('@') && url.bytes().all(|b| b.is_ascii_graphic()))
        .then_some((scheme, authority))
}

/// Whether the server may call this address for that issuer.
fn may_call(issuer: &str, url: &str) -> bool {
    let (Some(issuer), Some((scheme, authority))) = (origin(issuer), origin(url)) else { return false };
    match scheme {
        "https" => true,
        "http" => {
            let host = match authority.strip_prefix('[') {
                Some(rest) => rest.split(']').next().unwrap_or_default(),
                None => authority.split(':').next().unwrap_or_default(),
            };
            issuer == (scheme, authority) && ["localhost", "127.0.0.1", "::1"].contains(&host)
        }
        _ => false,
    }
}

/// One call to the provider.
#[derive(Clone)]
pub struct ProviderCall {
    /// Where to.
    pub url: String,
    /// A form to post; a plain reading call without one.
    pub form: Option<String>,
    /// The header `Authorization`.
    pub authorization: Option<String>,
}

/// What the provider answered.
#[derive(Clone, Debug)]
pub struct ProviderAnswer {
    /// HTTP status.
    pub status: u16,
    /// The body, cut at a limit of whoever fetches.
    pub body: Vec<u8>,
}

/// An answer that is still on its way; the text of a failure is for the operator.
pub type ProviderFuture<'a> = Pin<Box<dyn Future<Output = Result<ProviderAnswer, String>> + Send + 'a>>;

/// How the provider is reached: passed in, with limits of time and size, and without following redirects.
pub trait ProviderWeb: Send + Sync {
    /// Sends one call.
    fn send(&self, call: ProviderCall) -> ProviderFuture<'_>;
}

/// What the provider says of itself.
#[derive(Clone)]
pub(super) struct Endpoints {
    pub(super) authorization: String,
    token: String,
    userinfo: Option<String>,
    /// Whether the secret goes into the form instead of a header.
    secret_in_form: bool,
    pub(super) keys: ProviderKeys,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// What a code is traded for.
#[derive(Deserialize)]
pub(super) struct Tokens {
    pub(super) id_token: String,
    pub(super) access_token: Option<String>,
}

#[derive(Default)]
struct Known {
    endpoints: Option<(Endpoints, i64)>,
    asked_ms: Option<i64>,
}

/// The provider in use.
pub(crate) struct OpenIdProvider {
    pub(crate) settings: OpenIdSettings,
    web: Arc<dyn ProviderWeb>,
    /// Locked while the provider is asked, so that it is asked once.
    known: Mutex<Known>,
}

impl OpenIdProvider {
    pub(super) fn new(settings: OpenIdSettings, web: Arc<dyn ProviderWeb>) -> Self {
        Self { settings, web, known: Mutex::default() }
    }

    /// What the provider says of itself, asked at most once an hour.
    pub(super) async fn endpoints(&self, now: i64) -> Result<Endpoints, Error> {
        let mut known = self.known.lock().await;
        match &known.endpoints {
            Some((endpoints, at)) if now < at + KNOWN_MS => Ok(endpoints.clone()),
            _ => self.ask(&mut known, now).await,
        }
    }

    /// The same, asked again, because a key is missing.
    pub(super) async fn fresh_endpoints(&self, now: i64) -> Result<Endpoints, Error> {
        let mut known = self.known.lock().await;
        match &known.endpoints {
            Some((endpoints, at)) if now < at + PAUSE_MS => Ok(endpoints.clone()),
            _ => self.ask(&mut known, now).await,
        }
    }

    async fn ask(&self, known: &mut Known, now: i64) -> Result<Endpoints, Error> {
        if known.asked_ms.is_some_and(|at| now < at + PAUSE_MS) {
            return Err(refused("the identity provider did not answer a moment ago: try again in some seconds"));
        }
        known.asked_ms = Some(now);
        let endpoints = self.discover().await?;
        known.endpoints = Some((endpoints.clone(), now));
        known.asked_ms = None;
        Ok(endpoints)
    }

    async fn discover(&self) -> Result<Endpoints, Error> {
        let issuer = &self.settings.issuer;
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let found: Discovery = serde_json::from_slice(&self.fetch("discovery", url).await?)
            .map_err(|error| self.failed("discovery", &error.to_string()))?;
        if found.issuer != *issuer {
            return Err(self.failed("discovery", &format!("it calls itself {:?}, not as configured", found.issuer)));
        }
        let named = [&found.authorization_endpoint, &found.token_endpoint, &found.jwks_uri];
        for url in named.into_iter().chain(&found.userinfo_endpoint) {
            if !may_call(issuer, url) {
                return Err(self.failed("discovery", &format!("{url:?} is no address that may be called")));
            }
        }
        let keys = self.fetch("keys", found.jwks_uri).await?;
        let keys = ProviderKeys::from_json(&keys).map_err(|error| self.failed("keys", &error.to_string()))?;
        let methods = found.token_endpoint_auth_methods_supported;
        let has = |name: &str| methods.as_ref().is_some_and(|all| all.iter().any(|one| one == name));
        Ok(Endpoints {
            authorization: found.authorization_endpoint,
            token: found.token_endpoint,
            userinfo: found.userinfo_endpoint,
            secret_in_form: has("client_secret_post") && !has("client_secret_basic"),
            keys,
        })
    }

    /// Trades a code for tokens.
    pub(super) async fn exchange(
        &self,
        endpoints: &Endpoints,
        code: &str,
        verifier: &str,
        callback: &str,
    ) -> Result<Tokens, Error> {
        let call = self.token_call(endpoints, code, verifier, callback);
        let answer = self.web.send(call).await.map_err(|error| self.failed("token", &error))?;
        if answer.status != 200 {
            // Its words may hold the code: the operator sees the status only.
            tracing::warn!(status = answer.status, "the identity provider refused a code");
            return Err(refused("code: the identity provider does not accept it; begin again"));
        }
        serde_json::from_slice(&answer.body).map_err(|_| self.failed("token", "there is no ID token in it"))
    }

    /// Claims that are not in the ID token but wanted here, from where the provider has them. Those of the ID token stay.
    pub(super) async fn completed(
        &self,
        endpoints: &Endpoints,
        mut claims: IdClaims,
        access_token: Option<&str>,
    ) -> Result<IdClaims, Error> {
        let wanted = [&self.settings.login_claim, &self.settings.roles_claim];
        let whole = wanted.iter().all(|claim| claims.all.contains_key(claim.as_str()));
        let (Some(url), Some(token), false) = (&endpoints.userinfo, access_token, whole) else { return Ok(claims) };
        if token.len() > TOKEN_BYTES || !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(self.failed("userinfo", "the access token cannot be sent"));
        }
        let call = ProviderCall { url: url.clone(), form: None, authorization: Some(format!("Bearer {token}")) };
        let answer = self.web.send(call).await.map_err(|error| self.failed("userinfo", &error))?;
        if answer.status != 200 {
            return Err(self.failed("userinfo", &format!("it answered with status {}", answer.status)));
        }
        let more: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&answer.body)
            .map_err(|_| self.failed("userinfo", "it is no JSON object; a signed answer is not read"))?;
        // The access token may be somebody else's (OpenID Connect Core, section 5.3.2).
        if more.get("sub").and_then(serde_json::Value::as_str) != Some(claims.subject.as_str()) {
            return Err(self.failed("userinfo", "it speaks of somebody else than the ID token"));
        }
        for (name, value) in more {
            claims.all.entry(name).or_insert(value);
        }
        Ok(claims)
    }

    fn token_call(&self, endpoints: &Endpoints, code: &str, verifier: &str, callback: &str) -> ProviderCall {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", callback)
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("code_verifier", verifier);
        let mut authorization = None;
        if let Some(ProviderSecret(secret)) = &self.settings.client_secret {
            if endpoints.secret_in_form {
                form.append_pair("client_secret", secret);
            } else {
                let escaped = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                let pair = format!("{}:{}", escaped(&self.settings.client_id), escaped(secret));
                authorization = Some(format!("Basic {}", STANDARD.encode(pair)));
            }
        }
        ProviderCall { url: endpoints.token.clone(), form: Some(form.finish()), authorization }
    }

    async fn fetch(&self, what: &str, url: String) -> Result<Vec<u8>, Error> {
        let call = ProviderCall { url, form: None, authorization: None };
        let answer = self.web.send(call).await.map_err(|error| self.failed(what, &error))?;
        match answer.status {
            200 => Ok(answer.body),
            status => Err(self.failed(what, &format!("it answered with status {status}"))),
        }
    }

    /// Tells the operator what is wrong, and the caller that something is.
    fn failed(&self, what: &str, why: &str) -> Error {
        tracing::warn!(issuer = %self.settings.issuer, what, why, "the identity provider cannot be used");
        refused("the identity provider does not answer as it should; the server's log says why")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_issuer_itself_may_be_called_without_tls() {
        let (near, far) = ("http://127.0.0.1:3000", "https://id.example");
        for (issuer, url, may) in [
            (far, "https://keys.example/k", true),
            (far, "http://id.example/k", false),
            (far, "http://127.0.0.1:80/k", false),
            (far, "file:///etc/passwd", false),
            (far, "https://", false),
            (far, "https://user@id.example/", false),
            (near, "http://127.0.0.1:3000/token", true),
            (near, "http://127.0.0.1:3001/token", false),
            (near, "http://169.254.169.254/latest", false),
            ("http://id.example", "http://id.example/token", false),
            ("http://[::1]:3000", "http://[::1]:3000/token", true),
        ] {
            assert_eq!(may_call(issuer, url), may, "{issuer} {url}");
        }
    }

    #[test]
    fn settings_name_what_is_wrong_and_hide_the_secret() {
        let good = OpenIdSettings::new("https://id.example", "stoker");
        assert_eq!(good.check(), Ok(()));
        assert_eq!(good.scope(), "openid profile email");
        for (bad, name) in [
            (OpenIdSettings::new("http://id.example", "stoker"), "openId.issuer"),
            (OpenIdSettings::new("https://id.example?x", "stoker"), "openId.issuer"),
            (OpenIdSettings::new("https://id.example", ""), "openId.clientId"),
            (OpenIdSettings { scopes: vec!["a b".to_owned()], ..good.clone() }, "openId.scopes"),
        ] {
            assert!(bad.check().is_err_and(|text| text.starts_with(name)), "{name}");
        }
        let hidden = OpenIdSettings { client_secret: Some(ProviderSecret::new("hush")), ..good };
        assert!(!format!("{hidden:?}").contains("hush"));
    }
}
