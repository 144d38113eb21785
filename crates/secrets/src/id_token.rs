//! ID tokens of OpenID Connect: signed by a provider with one of the keys it publishes.
//!
//! Only RS256 and ES256 are accepted, and only with a key of the fitting kind; nothing in a token says where a key is
//! to be found.

use crate::SecretError;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::Value;

/// Longest ID token that is looked at, bytes.
const MAX_TOKEN: usize = 64 * 1024;
/// Most keys of a provider that are looked at.
const MAX_KEYS: usize = 100;
/// How far the clocks of provider and server may differ, seconds.
const LEEWAY_S: i64 = 60;
/// Oldest ID token that is accepted, seconds; it is fetched a moment after it was made.
const MAX_AGE_S: i64 = 600;

/// Why an ID token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    /// It is not a compact signed token, or too long.
    #[error("the ID token cannot be read")]
    Form,
    /// It is signed in a way that is not accepted, `none` among them.
    #[error("the ID token is not signed with RS256 or ES256")]
    Algorithm,
    /// The provider publishes no key that fits its header.
    #[error("the ID token is signed with a key that the provider does not publish")]
    UnknownKey,
    /// The signature is wrong.
    #[error("the signature of the ID token is wrong")]
    Signature,
    /// It comes from another provider.
    #[error("the ID token names another issuer")]
    Issuer,
    /// It was made for another program.
    #[error("the ID token is meant for another client")]
    Audience,
    /// It belongs to another sign-in.
    #[error("the ID token belongs to another sign-in: its nonce differs")]
    Nonce,
    /// It is over.
    #[error("the ID token has expired")]
    Expired,
    /// It comes from the future, or is much older than the sign-in.
    #[error("the ID token was made at another time: compare the clocks of server and provider")]
    Time,
    /// It does not say who signed in.
    #[error("the ID token names nobody")]
    Subject,
}

/// What an ID token must fit.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The provider.
    pub issuer: &'a str,
    /// Our name at the provider.
    pub client_id: &'a str,
    /// What was sent along at the beginning of the sign-in.
    pub nonce: &'a str,
    /// Now, seconds since the epoch.
    pub now_s: i64,
}

/// The claims of a good ID token.
#[derive(Clone, Debug, PartialEq)]
pub struct IdClaims {
    /// The provider's name for the person.
    pub subject: String,
    /// All claims.
    pub all: serde_json::Map<String, Value>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that must be understood; none is.
    crit: Option<Value>,
}

/// A published key.
#[derive(Clone, Debug, Deserialize)]
struct Key {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// The keys that a provider publishes.
#[derive(Clone, Debug, Default)]
pub struct ProviderKeys(Vec<Key>);

impl ProviderKeys {
    /// Reads a JSON Web Key Set; keys of unknown kinds are passed over.
    pub fn from_json(text: &[u8]) -> Result<Self, SecretError> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let set: Set = serde_json::from_slice(text).map_err(|_| SecretError::KeyForm)?;
        let keys = set.keys.into_iter().take(MAX_KEYS).filter_map(|key| serde_json::from_value(key).ok());
        Ok(Self(keys.collect()))
    }

    /// The keys that a header may mean.
    fn fitting<'a>(&'a self, header: &'a Header) -> impl Iterator<Item = &'a Key> {
        let kind = if header.alg == "RS256" { "RSA" } else { "EC" };
        self.0.iter().filter(move |key| {
            key.kty == kind
                && key.purpose.as_deref().is_none_or(|purpose| purpose == "sig")
                && key.alg.as_deref().is_none_or(|alg| alg == header.alg)
                && header.kid.as_ref().is_none_or(|kid| key.kid.as_ref() == Some(kid))
        })
    }
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

impl Key {
    /// Whether the signature is of this key.
    fn signed(&self, message: &[u8], signature: &[u8]) -> Option<bool> {
        if self.kty == "RSA" {
            let (n, e) = (decoded(self.n.as_deref()?)?, decoded(self.e.as_deref()?)?);
            let key = RsaPublicKeyComponents { n, e };
            return Some(key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok());
        }
        if self.crv.as_deref()? != "P-256" {
            return None;
        }
        let mut point = vec![4u8];
        point.extend(decoded(self.x.as_deref()?)?);
        point.extend(decoded(self.y.as_deref()?)?);
        Some(UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok())
    }
}

/// Checks an ID token and gives its claims.
///
/// # Errors
/// Says what is wrong first: signature, then issuer, audience, times, nonce. [`IdTokenError::UnknownKey`] may be cured
/// by fetching the provider's keys again.
pub fn verify(keys: &ProviderKeys, token: &str, expected: &Expected<'_>) -> Result<IdClaims, IdTokenError> {
    let claims = signed_claims(keys, token)?;
    check(&claims, expected)?;
    let subject = claims.get("sub").and_then(Value::as_str).filter(|sub| !sub.is_empty() && sub.len() <= 255);
    let subject = subject.ok_or(IdTokenError::Subject)?.to_owned();
    Ok(IdClaims { subject, all: claims })
}

fn signed_claims(keys: &ProviderKeys, token: &str) -> Result<serde_json::Map<String, Value>, IdTokenError> {
    if token.len() > MAX_TOKEN {
        return Err(IdTokenError::Form);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(IdTokenError::Form)?;
    let (header, claims) = message.split_once('.').ok_or(IdTokenError::Form)?;
    let header = decoded(header).ok_or(IdTokenError::Form)?;
    let header: Header = serde_json::from_slice(&header).map_err(|_| IdTokenError::Form)?;
    if !matches!(header.alg.as_str(), "RS256" | "ES256") || header.crit.is_some() {
        return Err(IdTokenError::Algorithm);
    }
    let signature = decoded(signature).ok_or(IdTokenError::Form)?;
    let mut tried = false;
    let mut good = false;
    for key in keys.fitting(&header) {
        if let Some(fits) = key.signed(message.as_bytes(), &signature) {
            tried = true;
            good |= fits;
        }
    }
    match (good, tried) {
        (true, _) => {}
        (false, true) => return Err(IdTokenError::Signature),
        (false, false) => return Err(IdTokenError::UnknownKey),
    }
    let claims = decoded(claims).ok_or(IdTokenError::Form)?;
    serde_json::from_slice(&claims).map_err(|_| IdTokenError::Form)
}

/// OpenID Connect Core, section 3.1.3.7.
fn check(claims: &serde_json::Map<String, Value>, expected: &Expected<'_>) -> Result<(), IdTokenError> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(expected.issuer) {
        return Err(IdTokenError::Issuer);
    }
    let (meant, several) = match claims.get("aud") {
        Some(Value::String(one)) => (one == expected.client_id, false),
        Some(Value::Array(all)) => (all.iter().any(|one| one == expected.client_id), all.len() > 1),
        _ => (false, false),
    };
    let party = text("azp");
    if !meant || (several && party.is_none()) || party.is_some_and(|party| party != expected.client_id) {
        return Err(IdTokenError::Audience);
    }
    let number = |name: &str| claims.get(name).and_then(Value::as_f64).filter(|at| at.is_finite()).map(|at| at as i64);
    let ends = number("exp").ok_or(IdTokenError::Expired)?;
    if ends.saturating_add(LEEWAY_S) <= expected.now_s {
        return Err(IdTokenError::Expired);
    }
    let made = number("iat").ok_or(IdTokenError::Time)?;
    let late = expected.now_s.saturating_add(LEEWAY_S);
    if made > late || made < expected.now_s - MAX_AGE_S || number("nbf").is_some_and(|at| at > late) {
        return Err(IdTokenError::Time);
    }
    if text("nonce") != Some(expected.nonce) {
        return Err(IdTokenError::Nonce);
    }
    Ok(())
}

#[cfg(test)]
#[path = "id_token_tests.rs"]
mod tests;
