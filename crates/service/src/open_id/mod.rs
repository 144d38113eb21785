//! Signing in by an identity provider: OpenID Connect, authorization code flow with PKCE, state and nonce.
//!
//! What must be remembered between the two calls of a sign-in lies encrypted in a cookie of the browser that began it:
//! nobody can fill the database by beginning, every server can finish, and another browser cannot.

mod provider;
mod users;

use crate::app::Service;
use crate::error::Error;
use crate::passwords::SignIn;
use crate::sessions::{NewSession, Proven, Visit};
use crate::tries::Guess;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use stoker_secrets::id_token::{self, Expected, IdTokenError};
use stoker_secrets::token;

use provider::Endpoints;
pub(crate) use provider::OpenIdProvider;
pub use provider::{OpenIdSettings, ProviderAnswer, ProviderCall, ProviderFuture, ProviderSecret, ProviderWeb};

/// Where the provider sends the browser back to, below the public URL.
pub const CALLBACK_PATH: &str = "/stoker/v1/session/openid/callback";
/// How long somebody may take at the provider, milliseconds.
pub const FLOW_MS: i64 = 10 * 60 * 1000;
/// Place that the remembered part of a sign-in is encrypted for.
const FLOW: &str = "openid sign-in";
/// Longest code that is looked at, bytes.
const CODE_BYTES: usize = 4 * 1024;
/// Longest path to go back to, bytes.
const RETURN_BYTES: usize = 500;

/// What is remembered of a sign-in that was begun.
#[derive(Serialize, Deserialize)]
struct Flow {
    state: String,
    nonce: String,
    verifier: String,
    return_to: String,
    ends_ms: i64,
}

/// A sign-in that was begun.
pub struct OpenIdStart {
    /// Where the browser goes.
    pub url: String,
    /// What the browser keeps in a cookie and brings back.
    pub sealed: String,
}

/// With what the browser came back.
#[derive(Clone, Debug, Default)]
pub struct OpenIdReturn {
    /// The state that was sent along.
    pub state: Option<String>,
    /// The code that is traded for an ID token.
    pub code: Option<String>,
    /// Who sends the browser back, where the provider says so (RFC 9207).
    pub issuer: Option<String>,
    /// Why the provider refuses, as one of its words.
    pub error: Option<String>,
}

fn refused(text: impl Into<String>) -> Error {
    Error::OpenId(text.into())
}

/// A path of this server: nothing that leads elsewhere.
fn own_path(wanted: Option<&str>) -> String {
    let safe = |path: &&str| {
        path.starts_with('/')
            && !path.starts_with("//")
            && path.len() <= RETURN_BYTES
            && path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\' && b != b'"')
    };
    wanted.filter(safe).unwrap_or("/").to_owned()
}

/// The code challenge of a verifier (RFC 7636, S256).
fn challenge(verifier: &str) -> String {
    let digest = STANDARD.decode(token::hash(verifier)).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(digest)
}

fn same(one: &str, other: &str) -> bool {
    token::fits(one, &token::hash(other))
}

impl Service {
    /// Lets people sign in by this provider. Called once, before the server answers.
    ///
    /// # Errors
    /// What is wrong with the settings, or that there is a provider already.
    pub fn use_open_id(&self, settings: OpenIdSettings, web: std::sync::Arc<dyn ProviderWeb>) -> Result<(), String> {
        settings.check()?;
        let provider = OpenIdProvider::new(settings, web);
        self.inner.open_id.set(provider).map_err(|_| "openId: there is a provider already".to_owned())
    }

    /// What the button of the provider says; none when nobody signs in by a provider.
    pub fn open_id_name(&self) -> Option<&str> {
        self.inner.open_id.get().map(|provider| provider.settings.name.as_str())
    }

    fn provider(&self) -> Result<&OpenIdProvider, Error> {
        self.inner.open_id.get().ok_or_else(|| Error::not_found("there is no identity provider to sign in by"))
    }

    fn callback_url(&self) -> String {
        format!("{}{CALLBACK_PATH}", self.public_url())
    }

    /// Begins a sign-in; afterwards the browser goes to `return_to`, a path of this server.
    ///
    /// # Errors
    /// [`Error::NotFound`] without a provider, [`Error::OpenId`] when it does not answer as it should.
    pub async fn begin_open_id(&self, return_to: Option<&str>) -> Result<OpenIdStart, Error> {
        let provider = self.provider()?;
        let endpoints = provider.endpoints(self.now()).await?;
        let random = || token::random_secret(self.random());
        let flow = Flow {
            state: random(),
            nonce: random(),
            verifier: random(),
            return_to: own_path(return_to),
            ends_ms: self.now() + FLOW_MS,
        };
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", &provider.settings.client_id)
            .append_pair("redirect_uri", &self.callback_url())
            .append_pair("scope", &provider.settings.scope())
            .append_pair("state", &flow.state)
            .append_pair("nonce", &flow.nonce)
            .append_pair("code_challenge", &challenge(&flow.verifier))
            .append_pair("code_challenge_method", "S256")
            .finish();
        let joint = if endpoints.authorization.contains('?') { '&' } else { '?' };
        let text = serde_json::to_vec(&flow).map_err(Error::internal)?;
        Ok(OpenIdStart {
            url: format!("{}{joint}{query}", endpoints.authorization),
            sealed: self.inner.keys.encrypt(FLOW, &text, self.random()),
        })
    }

    /// Ends a sign-in: gives the session and where the browser goes. `sealed` is the cookie of [`Service::begin_open_id`].
    ///
    /// # Errors
    /// [`Error::OpenId`] says what is wrong; [`Error::Forbidden`] when the IP allowlist does not hold the address;
    /// [`Error::TooManyTries`] after several failures from one address.
    pub async fn finish_open_id(
        &self,
        sealed: Option<&str>,
        back: OpenIdReturn,
        visit: Visit,
    ) -> Result<(NewSession, String), Error> {
        let provider = self.provider()?;
        let flow = self.flow(sealed, &back)?;
        let (now, from) = (self.now(), visit.address);
        if back.issuer.is_some_and(|issuer| issuer != provider.settings.issuer) {
            return Err(refused("iss: another identity provider sent the browser back"));
        }
        if let Some(error) = back.error {
            let word: String = error.chars().filter(|c| c.is_ascii_lowercase() || *c == '_').take(60).collect();
            return Err(refused(format!("the identity provider refused the sign-in: {word}")));
        }
        let code = back.code.filter(|code| !code.is_empty() && code.len() <= CODE_BYTES);
        let code = code.ok_or_else(|| refused("code: the identity provider sent none"))?;
        self.guess(Guess::Token, from).await?;
        let endpoints = provider.endpoints(now).await?;
        let tokens = provider.exchange(&endpoints, &code, &flow.verifier, &self.callback_url()).await?;
        let expected = Expected {
            issuer: &provider.settings.issuer,
            client_id: &provider.settings.client_id,
            nonce: &flow.nonce,
            now_s: now / 1000,
        };
        let claims = match id_token::verify(&endpoints.keys, &tokens.id_token, &expected) {
            Err(IdTokenError::UnknownKey) => {
                let endpoints: Endpoints = provider.fresh_endpoints(now).await?;
                id_token::verify(&endpoints.keys, &tokens.id_token, &expected)
            }
            other => other,
        };
        let claims = claims.map_err(|error| refused(error.to_string()))?;
        let claims = provider.completed(&endpoints, claims, tokens.access_token.as_deref()).await?;
        let actor = self.user_of_claims(&provider.settings, claims, &visit).await?;
        self.guessed(Guess::Token, from).await?;
        self.admit(&actor, from).await?;
        let user = actor.person()?;
        self.note_sign_in(&actor, user.clone(), SignIn::Right("openId")).await?;
        let made =
            self.open_console_session(Proven { user, token_id: None, way: "openId", password: None }, visit).await?;
        Ok((made, flow.return_to))
    }

    /// What was remembered, if the browser is the one that began and comes back from the same sign-in in time.
    fn flow(&self, sealed: Option<&str>, back: &OpenIdReturn) -> Result<Flow, Error> {
        let again = || refused("state: this sign-in was not begun here, or took too long; begin again");
        let text = self.inner.keys.decrypt(FLOW, sealed.ok_or_else(again)?).map_err(|_| again())?;
        let flow: Flow = serde_json::from_slice(&text).map_err(|_| again())?;
        let fits = back.state.as_deref().is_some_and(|state| same(state, &flow.state));
        if !fits || flow.ends_ms <= self.now() {
            return Err(again());
        }
        Ok(flow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_stays_on_this_server() {
        for (wanted, goes) in [
            (Some("/runs?status=failed#x"), "/runs?status=failed#x"),
            (None, "/"),
            (Some("//evil.example"), "/"),
            (Some("/\\evil.example"), "/"),
            (Some("https://evil.example"), "/"),
            (Some("/a\r\nset-cookie: x"), "/"),
            (Some(""), "/"),
        ] {
            assert_eq!(own_path(wanted), goes, "{wanted:?}");
        }
    }

    #[test]
    fn the_challenge_is_that_of_the_standard() {
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
