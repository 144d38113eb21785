//! Encryption of values at rest with AES-256-GCM, in envelopes.
//!
//! Each value has a key of its own, which travels with it wrapped by a data key. A value is bound to the place where it
//! is stored (its *context*, for example `run ID secrets`), so that copying a ciphertext from one row into another does
//! not work. When the data key changes, only the wrapping is made anew: the value itself is not opened.

use crate::SecretError;
use crate::keyfile::{KEY_BYTES, KeyFile, PROOF_PURPOSE, key_id, purpose_key, signing_key};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use std::ops::Range;
use std::sync::{Arc, RwLock};
use stoker_domain::Random;

/// Prefix of a value in an envelope: version, id of the data key, base64 of nonce, wrapped key and sealed value.
const PREFIX: &str = "e2:";
/// Prefix of a value that was sealed with the data key itself, by earlier versions.
const BARE: &str = "e1:";
/// Length of a key id, characters.
const ID_CHARS: usize = 16;
/// Length of what makes a sealed text longer, bytes.
const TAG: usize = 16;
/// Length of a wrapped key, bytes.
const WRAPPED: usize = KEY_BYTES + TAG;
/// What a wrapped key is bound to.
const WRAPPING: &[u8] = b"stoker value key 1";

/// The data keys of an installation. One of them is current: it wraps what is new.
pub struct KeyRing {
    held: RwLock<Arc<Held>>,
}

struct Held {
    /// The oldest first; never empty.
    keys: Vec<Arc<DataKey>>,
    proofs: Vec<[u8; KEY_BYTES]>,
    current: Arc<DataKey>,
}

struct DataKey {
    id: String,
    seal: LessSafeKey,
    signing: ring::hmac::Key,
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyRing(..)")
    }
}

impl Held {
    /// `current` is the id of the current key; the newest when it is not there.
    fn new(file: &KeyFile, current: Option<&str>) -> Result<Self, SecretError> {
        let mut keys = Vec::with_capacity(file.keys.len());
        for key in &file.keys {
            let seal = UnboundKey::new(&AES_256_GCM, key).map_err(|_| SecretError::KeyFile)?;
            keys.push(Arc::new(DataKey { id: key_id(key), seal: LessSafeKey::new(seal), signing: signing_key(key) }));
        }
        let wanted = current.and_then(|id| keys.iter().find(|key| key.id == id));
        let current = wanted.or(keys.last()).cloned().ok_or(SecretError::KeyFile)?;
        Ok(Self { keys, proofs: file.proofs.clone(), current })
    }

    fn find(&self, id: &str) -> Result<&DataKey, SecretError> {
        let found = self.keys.iter().find(|key| key.id == id);
        found.map(|key| &**key).ok_or_else(|| SecretError::MissingKey(id.to_owned()))
    }
}

/// Seals in place and appends the tag.
fn seal(key: &LessSafeKey, nonce: [u8; NONCE_LEN], aad: &[u8], bytes: &mut Vec<u8>) {
    let sealed = key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), bytes);
    // Sealing fails only beyond 64 GiB, far over every limit on input.
    debug_assert!(sealed.is_ok());
}

fn open(key: &LessSafeKey, nonce: &[u8], aad: &[u8], mut bytes: Vec<u8>) -> Result<Vec<u8>, SecretError> {
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SecretError::Unreadable)?;
    let plain = key.open_in_place(nonce, Aad::from(aad), &mut bytes).map_err(|_| SecretError::Unreadable)?;
    Ok(plain.to_vec())
}

/// A key that seals one value; it is used once, so its nonce is nothing but zeros.
fn value_key(bytes: &[u8]) -> Result<LessSafeKey, SecretError> {
    UnboundKey::new(&AES_256_GCM, bytes).map(LessSafeKey::new).map_err(|_| SecretError::Unreadable)
}

/// A value in an envelope, in its parts.
struct Envelope {
    key: String,
    nonce: Vec<u8>,
    wrapped: Vec<u8>,
    body: Vec<u8>,
}

impl Envelope {
    fn parse(text: &str) -> Result<Self, SecretError> {
        let (key, packed) = text
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split_once(':'))
            .filter(|(key, _)| key.len() == ID_CHARS)
            .ok_or(SecretError::Unreadable)?;
        let mut nonce = BASE64.decode(packed).map_err(|_| SecretError::Unreadable)?;
        if nonce.len() < NONCE_LEN + WRAPPED + TAG {
            return Err(SecretError::Unreadable);
        }
        let mut wrapped = nonce.split_off(NONCE_LEN);
        let body = wrapped.split_off(WRAPPED);
        Ok(Self { key: key.to_owned(), nonce, wrapped, body })
    }

    fn wrap(with: &DataKey, value_key: &[u8], body: Vec<u8>, random: &dyn Random) -> Self {
        let mut nonce = [0u8; NONCE_LEN];
        random.fill(&mut nonce);
        let mut wrapped = value_key.to_vec();
        seal(&with.seal, nonce, WRAPPING, &mut wrapped);
        Self { key: with.id.clone(), nonce: nonce.to_vec(), wrapped, body }
    }

    fn value_key(&self, held: &Held) -> Result<Vec<u8>, SecretError> {
        open(&held.find(&self.key)?.seal, &self.nonce, WRAPPING, self.wrapped.clone())
    }

    fn to_text(&self) -> String {
        let packed = [self.nonce.as_slice(), &self.wrapped, &self.body].concat();
        format!("{PREFIX}{}:{}", self.key, BASE64.encode(packed))
    }
}

impl KeyRing {
    /// A new key as the text of a key file: 32 random bytes in base64.
    pub fn generate(random: &dyn Random) -> String {
        KeyFile::generate(random).to_text()
    }

    /// Reads the text of a key file; the newest key is the current one until [`KeyRing::use_key`] says otherwise.
    ///
    /// # Errors
    /// As [`KeyFile::parse`].
    pub fn from_text(text: &str) -> Result<Self, SecretError> {
        let held = Held::new(&KeyFile::parse(text)?, None)?;
        Ok(Self { held: RwLock::new(Arc::new(held)) })
    }

    fn held(&self) -> Arc<Held> {
        Arc::clone(&self.held.read().unwrap_or_else(|p| p.into_inner()))
    }

    /// Takes the keys of a changed key file. The current key stays current while it is among them.
    ///
    /// # Errors
    /// As [`KeyFile::parse`]; the keys held before stay then.
    pub fn replace(&self, text: &str) -> Result<(), SecretError> {
        let file = KeyFile::parse(text)?;
        let mut held = self.held.write().unwrap_or_else(|p| p.into_inner());
        *held = Arc::new(Held::new(&file, Some(&held.current.id))?);
        Ok(())
    }

    /// Ids of the data keys, the oldest first.
    pub fn ids(&self) -> Vec<String> {
        self.held().keys.iter().map(|key| key.id.clone()).collect()
    }

    /// Id of the current key.
    pub fn current(&self) -> String {
        self.held().current.id.clone()
    }

    /// Makes a key the current one.
    ///
    /// # Errors
    /// [`SecretError::MissingKey`] when it is not in the ring.
    pub fn use_key(&self, id: &str) -> Result<(), SecretError> {
        let mut held = self.held.write().unwrap_or_else(|p| p.into_inner());
        let found = held.keys.iter().find(|key| key.id == id).cloned();
        let current = found.ok_or_else(|| SecretError::MissingKey(id.to_owned()))?;
        *held = Arc::new(Held { keys: held.keys.clone(), proofs: held.proofs.clone(), current });
        Ok(())
    }

    /// A keyed hash of `bytes` for `purpose`, in base64: nobody without the data key can make one. A hash for one purpose
    /// is none for another.
    pub fn tag(&self, purpose: &str, bytes: &[u8]) -> String {
        tag_with(&purpose_key(&self.held().current.signing, purpose), bytes)
    }

    /// What [`KeyRing::tag`] gives, and what it gave while other keys of the ring were the current one.
    pub fn tags(&self, purpose: &str, bytes: &[u8]) -> Vec<String> {
        self.held().keys.iter().map(|key| tag_with(&purpose_key(&key.signing, purpose), bytes)).collect()
    }

    /// Whether `tag` was made by [`KeyRing::tag`] with any key of the ring, or for the audit trail with a retired one.
    pub fn tag_fits(&self, purpose: &str, bytes: &[u8], tag: &str) -> bool {
        let held = self.held();
        let retired = held.proofs.iter().filter(|_| purpose == PROOF_PURPOSE).copied();
        let keys = held.keys.iter().rev().map(|key| purpose_key(&key.signing, purpose)).chain(retired);
        keys.into_iter().any(|key| {
            let made = tag_with(&key, bytes);
            made.len() == tag.len() && made.bytes().zip(tag.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
        })
    }

    /// Encrypts `plain` for the place `context`.
    pub fn encrypt(&self, context: &str, plain: &[u8], random: &dyn Random) -> String {
        let mut key = [0u8; KEY_BYTES];
        random.fill(&mut key);
        let mut body = plain.to_vec();
        let Ok(sealing) = value_key(&key) else { unreachable!("a key of 32 bytes fits AES-256") };
        seal(&sealing, [0u8; NONCE_LEN], context.as_bytes(), &mut body);
        Envelope::wrap(&self.held().current, &key, body, random).to_text()
    }

    /// Decrypts what [`KeyRing::encrypt`] made for the same place.
    ///
    /// # Errors
    /// [`SecretError::MissingKey`] when its data key is not in the ring, [`SecretError::Unreadable`] when it was changed,
    /// belongs elsewhere, or is nothing of ours.
    pub fn decrypt(&self, context: &str, text: &str) -> Result<Vec<u8>, SecretError> {
        let held = self.held();
        if let Some(packed) = text.strip_prefix(BARE) {
            let packed = BASE64.decode(packed).map_err(|_| SecretError::Unreadable)?;
            let (nonce, body) = packed.split_at_checked(NONCE_LEN).ok_or(SecretError::Unreadable)?;
            let opened =
                held.keys.iter().find_map(|key| open(&key.seal, nonce, context.as_bytes(), body.to_vec()).ok());
            return opened.ok_or(SecretError::Unreadable);
        }
        let envelope = Envelope::parse(text)?;
        let key = value_key(&envelope.value_key(&held)?)?;
        open(&key, &[0u8; NONCE_LEN], context.as_bytes(), envelope.body)
    }

    /// The same value wrapped by the current key; nothing when it is so already. `context` is needed for values of
    /// earlier versions only, which had no envelope.
    ///
    /// # Errors
    /// As [`KeyRing::decrypt`].
    pub fn rewrap(&self, context: &str, text: &str, random: &dyn Random) -> Result<Option<String>, SecretError> {
        if text.starts_with(BARE) {
            return Ok(Some(self.encrypt(context, &self.decrypt(context, text)?, random)));
        }
        let (held, envelope) = (self.held(), Envelope::parse(text)?);
        if envelope.key == held.current.id {
            return Ok(None);
        }
        let key = envelope.value_key(&held)?;
        Ok(Some(Envelope::wrap(&held.current, &key, envelope.body, random).to_text()))
    }

    /// Whether `text` looks like a value made by [`KeyRing::encrypt`].
    pub fn is_encrypted(text: &str) -> bool {
        text.starts_with(PREFIX) || text.starts_with(BARE)
    }

    /// The key that signs tokens handed to clients.
    pub(crate) fn signing(&self) -> ring::hmac::Key {
        self.held().current.signing.clone()
    }

    /// Whether any key of the ring signed this.
    pub(crate) fn signed(&self, bytes: &[u8], signature: &[u8]) -> bool {
        self.held().keys.iter().rev().any(|key| ring::hmac::verify(&key.signing, bytes, signature).is_ok())
    }
}

/// What a value wrapped by this key begins with, for searching.
pub fn mark_of(key: &str) -> String {
    format!("{PREFIX}{key}:")
}

/// Where encrypted values stand inside a text, for example inside JSON; in order, without overlap.
pub fn encrypted_parts(text: &str) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut from = 0;
    while let Some(found) = text[from..].find('e').map(|at| from + at) {
        let rest = &text[found..];
        from = found + 1;
        if rest.starts_with(PREFIX) || rest.starts_with(BARE) {
            let sign = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | ':');
            let end = found + rest.find(|c| !sign(c)).unwrap_or(rest.len());
            parts.push(found..end);
            from = end;
        }
    }
    parts
}

fn tag_with(key: &[u8; KEY_BYTES], bytes: &[u8]) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key);
    BASE64.encode(ring::hmac::sign(&key, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
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
        assert_eq!(other.decrypt("run:1", &text), Err(SecretError::MissingKey(ring.current())));
        for bad in ["plain", "e1:AAAA", "e2:AAAA", "e2:0123456789abcdef:AAAA", "e1:"] {
            assert_eq!(ring.decrypt("run:1", bad), Err(SecretError::Unreadable), "{bad}");
        }
        assert_ne!(text, ring.encrypt("run:1", "grüße".as_bytes(), &random));
    }

    #[test]
    fn a_damaged_key_file_is_refused() {
        assert_eq!(KeyRing::from_text("short").err(), Some(SecretError::KeyFile));
        let ring = KeyRing::from_text(&KeyRing::generate(&SeededRandom::new(1))).unwrap();
        let before = ring.current();
        assert_eq!(ring.replace("short"), Err(SecretError::KeyFile));
        assert_eq!(ring.current(), before, "the keys stay");
    }

    #[test]
    fn values_of_earlier_versions_are_read_and_get_an_envelope() {
        // Made by the version before envelopes with the key of 32 times 7.
        let key = BASE64.encode([7u8; 32]);
        let ring = KeyRing::from_text(&key).unwrap();
        let mut body = b"old".to_vec();
        seal(&value_key(&[7; 32]).unwrap(), [1; NONCE_LEN], b"task 1", &mut body);
        let old = format!("e1:{}", BASE64.encode([vec![1; NONCE_LEN], body].concat()));
        assert_eq!(ring.decrypt("task 1", &old).as_deref(), Ok(&b"old"[..]));
        assert_eq!(ring.decrypt("task 2", &old), Err(SecretError::Unreadable));
        let mut file = KeyFile::parse(&key).unwrap();
        let random = SeededRandom::new(3);
        let new = file.add(&random).unwrap();
        ring.replace(&file.to_text()).unwrap();
        ring.use_key(&new).unwrap();
        let renewed = ring.rewrap("task 1", &old, &random).unwrap().unwrap();
        assert!(renewed.starts_with(&mark_of(&new)));
        assert_eq!(ring.decrypt("task 1", &renewed).as_deref(), Ok(&b"old"[..]));
    }

    #[test]
    fn a_retired_key_opens_nothing_and_still_proves_the_audit_trail() {
        let random = SeededRandom::new(2);
        let mut file = KeyFile::generate(&random);
        let ring = KeyRing::from_text(&file.to_text()).unwrap();
        let old = ring.current();
        let value = ring.encrypt("x", b"1", &random);
        let (sealed, token) = (ring.tag(PROOF_PURPOSE, b"link"), ring.tag("token", b"t"));
        let new = file.add(&random).unwrap();
        ring.replace(&file.to_text()).unwrap();
        assert_eq!(ring.current(), old, "a new key in the file is not used before it is time");
        ring.use_key(&new).unwrap();
        assert!(ring.tag_fits(PROOF_PURPOSE, b"link", &sealed) && ring.tag_fits("token", b"t", &token));
        let renewed = ring.rewrap("", &value, &random).unwrap().unwrap();
        assert_eq!(ring.rewrap("", &renewed, &random), Ok(None), "once is enough");
        file.retire(&old);
        ring.replace(&file.to_text()).unwrap();
        assert_eq!(ring.decrypt("x", &renewed).as_deref(), Ok(&b"1"[..]));
        assert_eq!(ring.decrypt("x", &value), Err(SecretError::MissingKey(old.clone())));
        assert_eq!(ring.rewrap("", &value, &random), Err(SecretError::MissingKey(old)));
        assert!(ring.tag_fits(PROOF_PURPOSE, b"link", &sealed));
        assert!(!ring.tag_fits("token", b"t", &token) && !ring.tag_fits(PROOF_PURPOSE, b"other", &sealed));
    }

    proptest! {
        #[test]
        fn encrypted_parts_are_found_in_any_surroundings(before in "[^e]{0,20}", plain in ".{0,40}", after in "[\"}, é]{0,5}") {
            let random = SeededRandom::new(9);
            let ring = KeyRing::from_text(&KeyRing::generate(&random)).unwrap();
            let value = ring.encrypt("c", plain.as_bytes(), &random);
            let text = format!("{before}\"{value}\"{after}");
            let parts = encrypted_parts(&text);
            prop_assert_eq!(parts.iter().map(|part| &text[part.clone()]).collect::<Vec<_>>(), vec![value.as_str()]);
        }

        #[test]
        fn no_text_makes_the_search_fail(text in "\\PC{0,80}") {
            let parts = encrypted_parts(&text);
            let ring = KeyRing::from_text(&KeyRing::generate(&SeededRandom::new(9))).unwrap();
            for part in parts {
                prop_assert!(ring.decrypt("c", &text[part]).is_err());
            }
        }
    }
}
