use super::*;
use proptest::prelude::*;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;

const NOW: i64 = 1_770_109_200;
const EXPECTED: Expected<'_> = Expected { issuer: "https://id.example", client_id: "stoker", nonce: "n-1", now_s: NOW };

struct Provider {
    pair: EcdsaKeyPair,
}

impl Provider {
    fn new() -> Self {
        let rng = ring::rand::SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rng).unwrap();
        Self { pair: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &rng).unwrap() }
    }

    fn keys(&self) -> ProviderKeys {
        let point = self.pair.public_key().as_ref();
        let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
        let set = json!({ "keys": [
            { "kty": "OKP", "crv": "Ed25519", "x": "AAAA" },
            { "kty": "EC", "crv": "P-256", "kid": "k1", "use": "sig", "alg": "ES256", "x": x, "y": y },
        ] });
        ProviderKeys::from_json(set.to_string().as_bytes()).unwrap()
    }

    fn token(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = self.pair.sign(&ring::rand::SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn header() -> Value {
    json!({ "alg": "ES256", "kid": "k1" })
}

fn claims() -> Value {
    json!({ "iss": "https://id.example", "sub": "248289", "aud": "stoker", "nonce": "n-1", "iat": NOW, "exp": NOW + 60 })
}

#[test]
fn a_good_token_is_believed() {
    let provider = Provider::new();
    let found = verify(&provider.keys(), &provider.token(&header(), &claims()), &EXPECTED).unwrap();
    assert_eq!(found.subject, "248289");
    assert_eq!(found.all["iat"], NOW);
    let mut several = claims();
    several["aud"] = json!(["stoker", "other"]);
    several["azp"] = json!("stoker");
    assert!(verify(&provider.keys(), &provider.token(&header(), &several), &EXPECTED).is_ok());
}

#[test]
fn a_token_that_fits_in_all_but_one_thing_is_not_believed() {
    let provider = Provider::new();
    for (field, value, wanted) in [
        ("iss", json!("https://id.example/"), IdTokenError::Issuer),
        ("iss", Value::Null, IdTokenError::Issuer),
        ("aud", json!("other"), IdTokenError::Audience),
        ("aud", json!(["stoker", "other"]), IdTokenError::Audience),
        ("aud", json!([]), IdTokenError::Audience),
        ("azp", json!("other"), IdTokenError::Audience),
        ("nonce", json!("n-2"), IdTokenError::Nonce),
        ("nonce", Value::Null, IdTokenError::Nonce),
        ("exp", json!(NOW - 60), IdTokenError::Expired),
        ("exp", json!("later"), IdTokenError::Expired),
        ("exp", json!(-1e300), IdTokenError::Expired),
        ("iat", json!(NOW + 61), IdTokenError::Time),
        ("iat", json!(NOW - 601), IdTokenError::Time),
        ("iat", Value::Null, IdTokenError::Time),
        ("nbf", json!(NOW + 61), IdTokenError::Time),
        ("sub", json!(""), IdTokenError::Subject),
        ("sub", json!(5), IdTokenError::Subject),
    ] {
        let mut changed = claims();
        changed[field] = value.clone();
        let answer = verify(&provider.keys(), &provider.token(&header(), &changed), &EXPECTED);
        assert_eq!(answer, Err(wanted), "{field} {value}");
    }
}

#[test]
fn a_token_cannot_choose_how_or_with_what_it_is_checked() {
    let (provider, other) = (Provider::new(), Provider::new());
    let keys = provider.keys();
    let token = provider.token(&header(), &claims());
    let (message, _) = token.rsplit_once('.').unwrap();
    let unsigned = format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), message.split_once('.').unwrap().1);
    assert_eq!(verify(&keys, &unsigned, &EXPECTED), Err(IdTokenError::Algorithm));
    for alg in ["none", "None", "HS256", "RS512", "ES384", "", "es256"] {
        let token = provider.token(&json!({ "alg": alg, "kid": "k1" }), &claims());
        assert_eq!(verify(&keys, &token, &EXPECTED), Err(IdTokenError::Algorithm), "{alg}");
    }
    // The right name of the algorithm, but a key of the other kind.
    let token = provider.token(&json!({ "alg": "RS256", "kid": "k1" }), &claims());
    assert_eq!(verify(&keys, &token, &EXPECTED), Err(IdTokenError::UnknownKey));
    assert_eq!(verify(&keys, &other.token(&header(), &claims()), &EXPECTED), Err(IdTokenError::Signature));
    let elsewhere = json!({ "alg": "ES256", "kid": "k2", "jku": "https://evil.example/keys" });
    assert_eq!(verify(&keys, &provider.token(&elsewhere, &claims()), &EXPECTED), Err(IdTokenError::UnknownKey));
    let extended = json!({ "alg": "ES256", "kid": "k1", "crit": ["b64"], "b64": false });
    assert_eq!(verify(&keys, &provider.token(&extended, &claims()), &EXPECTED), Err(IdTokenError::Algorithm));
    assert_eq!(verify(&keys, &"a".repeat(MAX_TOKEN + 1), &EXPECTED), Err(IdTokenError::Form));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// One changed character anywhere, or a piece cut out, and the token is worth nothing.
    #[test]
    fn a_changed_token_is_not_believed(place in 0usize..1000, letter in "[A-Za-z0-9_.=-]", cut in 0usize..40) {
        let provider = Provider::new();
        let token = provider.token(&header(), &claims());
        let place = place % token.len();
        let changed = format!("{}{letter}{}", &token[..place], &token[place + 1..]);
        prop_assert!(changed == token || verify(&provider.keys(), &changed, &EXPECTED).is_err());
        let end = (place + 1 + cut).min(token.len());
        let shorter = format!("{}{}", &token[..place], &token[end..]);
        prop_assert!(verify(&provider.keys(), &shorter, &EXPECTED).is_err());
    }

    /// Nothing that a token can hold makes the check fall over.
    #[test]
    fn anything_may_come(text in ".{0,200}", header in "\\PC{0,60}", keys in "\\PC{0,100}") {
        let provider = Provider::new();
        prop_assert!(verify(&provider.keys(), &text, &EXPECTED).is_err());
        let parts = format!("{}.{}.{}", URL_SAFE_NO_PAD.encode(&header), URL_SAFE_NO_PAD.encode(&text), URL_SAFE_NO_PAD.encode(&keys));
        prop_assert!(verify(&provider.keys(), &parts, &EXPECTED).is_err());
        let _ = ProviderKeys::from_json(keys.as_bytes());
    }
}
