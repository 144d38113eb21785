//! Encryption of values at rest with AES-256-GCM.
//!
//! A value is bound to the place where it is stored (its *context*, for example `run:ID`), so that copying a
//! ciphertext from one row into another does not work.

use crate::SecretError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use stoker_domain::Random;

/// Version prefix of an encrypted value; a later scheme gets another.
const PREFIX: &str = "e1:";

/// The data key of an installation.
pub struct KeyRing {
    key: LessSafeKey,
    signing: ring::hmac::Key,
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyRing(..)")
    }
}

impl KeyRing {
    /// A new key as the text of a key file: 32 random bytes in base64.
    pub fn generate(random: &dyn Random) -> String {
        let mut bytes = [0u8; 32];
        random.fill(&mut bytes);
        BASE64.encode(bytes)
    }

    /// Reads the text of a key file.
    pub fn from_text(text: &str) -> Result<Self, SecretError> {
        let bytes = BASE64.decode(text.trim()).map_err(|_| SecretError::KeyFile)?;
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| SecretError::KeyFile)?;
        // Tokens are signed with a key of their own, derived from the data key.
        let root = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &bytes);
        let derived = ring::hmac::sign(&root, b"stoker token signing 1");
        let signing = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, derived.as_ref());
        Ok(Self { key: LessSafeKey::new(key), signing })
    }

    /// A keyed hash of `bytes` for `purpose`, in base64: nobody without the data key can make one. A hash for one purpose
    /// is none for another.
    pub fn tag(&self, purpose: &str, bytes: &[u8]) -> String {
        let key = ring::hmac::sign(&self.signing, format!("stoker {purpose}").as_bytes());
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key.as_ref());
        BASE64.encode(ring::hmac::sign(&key, bytes))
    }

    /// Encrypts `plain` for the place `context`.
    pub fn encrypt(&self, context: &str, plain: &[u8], random: &dyn Random) -> String {
        let mut nonce = [0u8; NONCE_LEN];
        random.fill(&mut nonce);
        let mut bytes = plain.to_vec();
        let sealed = self.key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(context.as_bytes()),
            &mut bytes,
        );
        // Sealing fails only beyond 64 GiB, far over every limit on input.
        debug_assert!(sealed.is_ok());
        let mut packed = nonce.to_vec();
        packed.extend_from_slice(&bytes);
        format!("{PREFIX}{}", BASE64.encode(packed))
    }

    /// Decrypts what [`KeyRing::encrypt`] made for the same place.
    pub fn decrypt(&self, context: &str, text: &str) -> Result<Vec<u8>, SecretError> {
        let packed = text.strip_prefix(PREFIX).ok_or(SecretError::Unreadable)?;
        let mut packed = BASE64.decode(packed).map_err(|_| SecretError::Unreadable)?;
        if packed.len() < NONCE_LEN {
            return Err(SecretError::Unreadable);
        }
        let mut body = packed.split_off(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(&packed).map_err(|_| SecretError::Unreadable)?;
        let plain = self
            .key
            .open_in_place(nonce, Aad::from(context.as_bytes()), &mut body)
            .map_err(|_| SecretError::Unreadable)?;
        Ok(plain.to_vec())
    }

    /// Whether `text` looks like a value made by [`KeyRing::encrypt`].
    pub fn is_encrypted(text: &str) -> bool {
        text.starts_with(PREFIX)
    }

    /// The key that signs tokens handed to clients.
    pub(crate) fn signing(&self) -> &ring::hmac::Key {
        &self.signing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stoker_domain::SeededRandom;

    #[test]
    fn what_goes_in_comes_out_only_in_the_same_place_with_the_same_key() {
        let random = SeededRandom::new(1);
        let ring = KeyRing::from_text(&KeyRing::generate(&random)).unwrap();
        let other = KeyRing::from_text(&KeyRing::generate(&random)).unwrap();
        let text = ring.encrypt("run:1", "grüße".as_bytes(), &random);
        assert!(KeyRing::is_encrypted(&text) && !text.contains("gr"));
        assert_eq!(ring.decrypt("run:1", &text).as_deref(), Ok("grüße".as_bytes()));
        assert_eq!(ring.decrypt("run:2", &text), Err(SecretError::Unreadable));
        assert_eq!(other.decrypt("run:1", &text), Err(SecretError::Unreadable));
        assert_eq!(ring.decrypt("run:1", "plain"), Err(SecretError::Unreadable));
        assert_eq!(ring.decrypt("run:1", "e1:AAAA"), Err(SecretError::Unreadable));
        assert_ne!(text, ring.encrypt("run:1", "grüße".as_bytes(), &random));
    }

    #[test]
    fn a_damaged_key_file_is_refused() {
        assert_eq!(KeyRing::from_text("short").err(), Some(SecretError::KeyFile));
    }
}
