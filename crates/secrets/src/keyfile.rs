//! The text of a key file: the data keys of an installation, and what is left of retired ones.
//!
//! One item a line. A line of base64 is a data key, the oldest first; `proof` and base64 is the half of a retired key
//! that still checks seals of the audit trail, and opens nothing. Empty lines and lines that begin with `#` are skipped.
//! A file with a single key is what earlier versions wrote.

use crate::SecretError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use stoker_domain::Random;

/// Length of a key, bytes.
pub(crate) const KEY_BYTES: usize = 32;
/// Most keys and proofs of one file.
const LINES: usize = 64;
/// Largest file, bytes.
const FILE_BYTES: usize = 16 * 1024;
/// What a proof is made for, see [`crate::keyring::KeyRing::tag`].
pub(crate) const PROOF_PURPOSE: &str = "audit chain 1";

/// What a key file holds.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyFile {
    /// Data keys, the oldest first; at least one.
    pub(crate) keys: Vec<[u8; KEY_BYTES]>,
    /// Keys that check seals of the audit trail made with retired data keys, the oldest first.
    pub(crate) proofs: Vec<[u8; KEY_BYTES]>,
}

impl std::fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyFile(..)")
    }
}

fn bytes(text: &str) -> Result<[u8; KEY_BYTES], SecretError> {
    let bytes = BASE64.decode(text).map_err(|_| SecretError::KeyFile)?;
    bytes.try_into().map_err(|_| SecretError::KeyFile)
}

fn fresh(random: &dyn Random) -> [u8; KEY_BYTES] {
    let mut key = [0u8; KEY_BYTES];
    random.fill(&mut key);
    key
}

/// The id of a data key: 16 hexadecimal digits that say nothing of the key.
pub(crate) fn key_id(key: &[u8; KEY_BYTES]) -> String {
    let root = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key);
    let tag = ring::hmac::sign(&root, b"stoker key id 1");
    tag.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The key behind signatures, derived from a data key.
pub(crate) fn signing_key(key: &[u8; KEY_BYTES]) -> ring::hmac::Key {
    let root = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key);
    let derived = ring::hmac::sign(&root, b"stoker token signing 1");
    ring::hmac::Key::new(ring::hmac::HMAC_SHA256, derived.as_ref())
}

/// The bytes of the key for one purpose, derived from a signing key.
pub(crate) fn purpose_key(signing: &ring::hmac::Key, purpose: &str) -> [u8; KEY_BYTES] {
    let tag = ring::hmac::sign(signing, format!("stoker {purpose}").as_bytes());
    let mut key = [0u8; KEY_BYTES];
    key.copy_from_slice(tag.as_ref());
    key
}

impl KeyFile {
    /// A file with one new key.
    pub fn generate(random: &dyn Random) -> Self {
        Self { keys: vec![fresh(random)], proofs: Vec::new() }
    }

    /// Reads the text of a key file.
    ///
    /// # Errors
    /// [`SecretError::KeyFile`] when a line is something else, the same key stands there twice, or there is no data key,
    /// or the text has more than 64 items or 16 KiB.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        if text.len() > FILE_BYTES {
            return Err(SecretError::KeyFile);
        }
        let mut file = Self { keys: Vec::new(), proofs: Vec::new() };
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (list, key) = match line.strip_prefix("proof ") {
                Some(rest) => (&mut file.proofs, bytes(rest.trim())?),
                None => (&mut file.keys, bytes(line)?),
            };
            if list.contains(&key) {
                return Err(SecretError::KeyFile);
            }
            list.push(key);
        }
        if file.keys.is_empty() || file.keys.len() + file.proofs.len() > LINES {
            return Err(SecretError::KeyFile);
        }
        Ok(file)
    }

    /// The text of the file; [`KeyFile::parse`] reads it.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for proof in &self.proofs {
            text.push_str(&format!("proof {}\n", BASE64.encode(proof)));
        }
        for key in &self.keys {
            text.push_str(&format!("{}\n", BASE64.encode(key)));
        }
        text
    }

    /// Ids of the data keys, the oldest first.
    pub fn ids(&self) -> Vec<String> {
        self.keys.iter().map(key_id).collect()
    }

    /// Adds a new data key and gives its id.
    ///
    /// # Errors
    /// [`SecretError::KeyFile`] when there are 64 items already.
    pub fn add(&mut self, random: &dyn Random) -> Result<String, SecretError> {
        if self.keys.len() + self.proofs.len() >= LINES {
            return Err(SecretError::KeyFile);
        }
        let key = fresh(random);
        self.keys.push(key);
        Ok(key_id(&key))
    }

    /// Takes a data key out and leaves its proof. Nothing happens when there is no such key, or no other one.
    pub fn retire(&mut self, id: &str) {
        let found = self.keys.iter().position(|key| key_id(key) == id);
        if let Some(at) = found.filter(|_| self.keys.len() > 1) {
            let key = self.keys.remove(at);
            self.proofs.push(purpose_key(&signing_key(&key), PROOF_PURPOSE));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stoker_domain::SeededRandom;

    #[test]
    fn what_is_written_is_read_and_nothing_else_is() {
        let random = SeededRandom::new(1);
        let mut file = KeyFile::generate(&random);
        let first = file.ids().remove(0);
        let second = file.add(&random).unwrap();
        assert_eq!(file.ids(), [first.clone(), second.clone()]);
        assert_eq!(KeyFile::parse(&file.to_text()), Ok(file.clone()));
        file.retire(&first);
        file.retire(&second);
        assert_eq!(file.ids(), [second], "the last key stays");
        assert_eq!(KeyFile::parse(&format!("# why\n\n{}", file.to_text())), Ok(file.clone()));
        let key = file.to_text().lines().last().unwrap().to_owned();
        for bad in
            [String::new(), "short".into(), format!("{key}\n{key}"), "proof x".into(), "x".repeat(FILE_BYTES + 1)]
        {
            assert_eq!(KeyFile::parse(&bad), Err(SecretError::KeyFile), "{bad}");
        }
        assert_eq!(KeyFile::parse(key.trim()).unwrap().ids(), file.ids(), "the form of earlier versions");
        for _ in 0..62 {
            file.add(&random).unwrap();
        }
        assert_eq!(file.add(&random), Err(SecretError::KeyFile), "bounded");
    }
}
