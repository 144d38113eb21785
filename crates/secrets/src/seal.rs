//! Sealing of run secrets to an engine's key: HPKE (RFC 9180) with P-256, HKDF-SHA256 and AES-256-GCM.

use crate::SecretError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::DhP256HkdfSha256;
use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use p256::pkcs8::DecodePrivateKey;
use std::convert::Infallible;
use stoker_domain::Random;

const INFO: &[u8] = b"stoker run secrets 1";

/// Length of an uncompressed P-256 point.
const POINT: usize = 65;

struct Source<'a>(&'a dyn Random);

impl TryRng for Source<'_> {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0u8; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0u8; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Source<'_> {}

/// Seals `plain` to a public key (uncompressed P-256 point, base64), bound to `context`; the result is base64.
pub fn seal(public_key: &str, context: &str, plain: &[u8], random: &dyn Random) -> Result<String, SecretError> {
    let point = STANDARD.decode(public_key).map_err(|_| SecretError::KeyForm)?;
    let key = <DhP256HkdfSha256 as Kem>::PublicKey::from_bytes(&point).map_err(|_| SecretError::KeyForm)?;
    let (encapsulated, sealed) = hpke::single_shot_seal_with_rng::<AesGcm256, HkdfSha256, DhP256HkdfSha256>(
        &OpModeS::Base,
        &key,
        INFO,
        plain,
        context.as_bytes(),
        &mut Source(random),
    )
    .map_err(|_| SecretError::KeyForm)?;
    let mut packed = encapsulated.to_bytes().to_vec();
    packed.extend_from_slice(&sealed);
    Ok(STANDARD.encode(packed))
}

/// Opens what [`seal`] made, with the private key in PKCS#8.
pub fn open(private_pkcs8: &[u8], context: &str, sealed: &str) -> Result<Vec<u8>, SecretError> {
    let packed = STANDARD.decode(sealed).map_err(|_| SecretError::Unreadable)?;
    if packed.len() < POINT {
        return Err(SecretError::Unreadable);
    }
    let (encapsulated, body) = packed.split_at(POINT);
    let secret = p256::SecretKey::from_pkcs8_der(private_pkcs8).map_err(|_| SecretError::KeyForm)?;
    let key =
        <DhP256HkdfSha256 as Kem>::PrivateKey::from_bytes(&secret.to_bytes()).map_err(|_| SecretError::KeyForm)?;
    let encapsulated =
        <DhP256HkdfSha256 as Kem>::EncappedKey::from_bytes(encapsulated).map_err(|_| SecretError::Unreadable)?;
    hpke::single_shot_open::<AesGcm256, HkdfSha256, DhP256HkdfSha256>(
        &OpModeR::Base,
        &key,
        &encapsulated,
        INFO,
        body,
        context.as_bytes(),
    )
    .map_err(|_| SecretError::Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    use stoker_domain::SystemRandom;

    #[test]
    fn only_the_engine_reads_it_and_only_for_that_run() {
        let rng = ring::rand::SystemRandom::new();
        let make = || EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rng).unwrap();
        let (mine, other) = (make(), make());
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, mine.as_ref(), &rng).unwrap();
        let public = STANDARD.encode(pair.public_key());
        let random = SystemRandom::new();
        let sealed = seal(&public, "run 1", b"s3cret", &random).unwrap();
        assert_eq!(open(mine.as_ref(), "run 1", &sealed).as_deref(), Ok(&b"s3cret"[..]));
        assert_eq!(open(mine.as_ref(), "run 2", &sealed), Err(SecretError::Unreadable));
        assert_eq!(open(other.as_ref(), "run 1", &sealed), Err(SecretError::Unreadable));
        assert_eq!(open(mine.as_ref(), "run 1", "AAAA"), Err(SecretError::Unreadable));
        assert_eq!(seal("AAAA", "run 1", b"x", &random), Err(SecretError::KeyForm));
    }
}
