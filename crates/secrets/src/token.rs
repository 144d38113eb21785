//! Tokens: random ones that are stored as hashes, and signed ones (compact JWS) that are not stored at all.
//!
//! Only one algorithm is ever accepted in one place (HS256 for tokens this server hands out, ES256 for those an engine
//! signs), so a token cannot choose how it is checked.

use crate::SecretError;
use crate::keyring::KeyRing;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, UnparsedPublicKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use stoker_domain::Random;

/// Longest token that is looked at.
const MAX_TOKEN: usize = 8 * 1024;

/// SHA-256 in base64: how random tokens, secrets and pairing keys are stored. They have 128 bits and more of
/// randomness, so a slow hash would add nothing.
pub fn hash(secret: &str) -> String {
    STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, secret.as_bytes()))
}

/// Whether `secret` has this hash; takes the same time wherever they differ.
pub fn fits(secret: &str, stored: &str) -> bool {
    let hash = hash(secret);
    hash.len() == stored.len() && hash.bytes().zip(stored.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

/// A new random secret: 32 bytes in URL-safe base64.
pub fn random_secret(random: &dyn Random) -> String {
    let mut bytes = [0u8; 32];
    random.fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A new pairing key: 64 upper-case hexadecimal characters (source: client).
pub fn pairing_key(random: &dyn Random) -> String {
    let mut bytes = [0u8; 32];
    random.fill(&mut bytes);
    bytes.iter().map(|b| format!("{b:02X}")).collect()
}

#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    typ: Option<String>,
}

fn part<T: Serialize>(value: &T) -> Result<String, SecretError> {
    Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).map_err(|_| SecretError::Token)?))
}

fn signed_part<T: Serialize>(alg: &str, claims: &T) -> Result<String, SecretError> {
    let header = part(&Header { alg: alg.to_owned(), typ: Some("JWT".to_owned()) })?;
    Ok(format!("{header}.{}", part(claims)?))
}

/// The three parts of a token whose header names `alg`: what is signed, the claims, the signature.
fn split<'a>(token: &'a str, alg: &str) -> Result<(&'a str, Vec<u8>, Vec<u8>), SecretError> {
    if token.len() > MAX_TOKEN {
        return Err(SecretError::Token);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(SecretError::Token)?;
    let (header, claims) = signed.split_once('.').ok_or(SecretError::Token)?;
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| SecretError::Token);
    let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| SecretError::Token)?;
    if header.alg != alg {
        return Err(SecretError::Token);
    }
    Ok((signed, decode(claims)?, decode(signature)?))
}

/// Signs claims with this installation's key (HS256).
pub fn sign<T: Serialize>(ring: &KeyRing, claims: &T) -> Result<String, SecretError> {
    let signed = signed_part("HS256", claims)?;
    let tag = ring::hmac::sign(&ring.signing(), signed.as_bytes());
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag)))
}

/// Reads claims signed by [`sign`] with any key of the ring. The caller checks times and purpose.
pub fn verify<T: DeserializeOwned>(ring: &KeyRing, token: &str) -> Result<T, SecretError> {
    let (signed, claims, signature) = split(token, "HS256")?;
    if !ring.signed(signed.as_bytes(), &signature) {
        return Err(SecretError::Token);
    }
    serde_json::from_slice(&claims).map_err(|_| SecretError::Token)
}

/// What an engine signs to open a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionClaims {
    /// The engine.
    pub iss: String,
    /// Always `stoker-session`.
    pub aud: String,
    /// When it was made, seconds since the epoch.
    pub iat: i64,
    /// Random text; makes each token different.
    pub jti: String,
}

/// The audience of [`SessionClaims`].
pub const SESSION_AUDIENCE: &str = "stoker-session";

/// Signs session claims with the engine's private key (PKCS#8, P-256; ES256).
pub fn sign_session(private_pkcs8: &[u8], claims: &SessionClaims) -> Result<String, SecretError> {
    let rng = ring::rand::SystemRandom::new();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, private_pkcs8, &rng)
        .map_err(|_| SecretError::KeyForm)?;
    let signed = signed_part("ES256", claims)?;
    let signature = pair.sign(&rng, signed.as_bytes()).map_err(|_| SecretError::KeyForm)?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// The engine a session token claims to come from; says nothing about the truth of it.
pub fn claimed_engine(token: &str) -> Result<String, SecretError> {
    let (_, claims, _) = split(token, "ES256")?;
    let claims: SessionClaims = serde_json::from_slice(&claims).map_err(|_| SecretError::Token)?;
    Ok(claims.iss)
}

/// Checks a session token against the engine's public key (uncompressed point, base64). `tolerance_s` bounds how far
/// the clocks of engine and server may differ, either way.
pub fn verify_session(
    public_key: &str,
    token: &str,
    now_s: i64,
    tolerance_s: i64,
) -> Result<SessionClaims, SecretError> {
    let point = STANDARD.decode(public_key).map_err(|_| SecretError::KeyForm)?;
    let (signed, claims, signature) = split(token, "ES256")?;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| SecretError::Token)?;
    let claims: SessionClaims = serde_json::from_slice(&claims).map_err(|_| SecretError::Token)?;
    if claims.aud != SESSION_AUDIENCE {
        return Err(SecretError::Token);
    }
    if (now_s - claims.iat).abs() > tolerance_s {
        return Err(SecretError::Expired);
    }
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::KeyPair;
    use stoker_domain::SeededRandom;

    fn ring_of(seed: u64) -> KeyRing {
        KeyRing::from_text(&KeyRing::generate(&SeededRandom::new(seed))).unwrap()
    }

    #[test]
    fn a_token_is_read_only_whole_and_with_its_key() {
        let ring = ring_of(1);
        let token = sign(&ring, &serde_json::json!({"sub": "x"})).unwrap();
        assert!(token.starts_with("eyJ"));
        let claims: serde_json::Value = verify(&ring, &token).unwrap();
        assert_eq!(claims["sub"], "x");
        assert!(verify::<serde_json::Value>(&ring_of(2), &token).is_err());
        for cut in 0..token.len() {
            assert!(verify::<serde_json::Value>(&ring, &token[..cut]).is_err());
        }
        let none = format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode("{}"));
        assert!(verify::<serde_json::Value>(&ring, &none).is_err());
    }

    #[test]
    fn a_session_token_needs_the_right_key_and_a_near_clock() {
        let rng = ring::rand::SystemRandom::new();
        let make = || EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rng).unwrap();
        let (mine, other) = (make(), make());
        let public = |pkcs8: &[u8]| {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &rng).unwrap();
            STANDARD.encode(pair.public_key())
        };
        let claims = SessionClaims { iss: "e1".into(), aud: SESSION_AUDIENCE.into(), iat: 1_000, jti: "j".into() };
        let token = sign_session(mine.as_ref(), &claims).unwrap();
        assert_eq!(claimed_engine(&token).as_deref(), Ok("e1"));
        assert_eq!(verify_session(&public(mine.as_ref()), &token, 1_030, 60), Ok(claims));
        assert_eq!(verify_session(&public(mine.as_ref()), &token, 2_000, 60), Err(SecretError::Expired));
        assert_eq!(verify_session(&public(other.as_ref()), &token, 1_000, 60), Err(SecretError::Token));
    }

    #[test]
    fn a_stored_hash_fits_only_its_secret() {
        let secret = random_secret(&SeededRandom::new(5));
        assert!(fits(&secret, &hash(&secret)));
        assert!(!fits("other", &hash(&secret)));
        let key = pairing_key(&SeededRandom::new(5));
        assert!(key.len() == 64 && key.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b)));
    }
}
