//! The engine's two key pairs, kept in a PKCS#12 key store that common tools open.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, Pkcs12ImportPolicy, PrivateKey, PrivateKeyChain};
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256};

use crate::error::{EngineError, at};
use crate::home;

/// Name of the key that signs session requests.
const SIGNING: &str = "signing";
/// Name of the key that run secrets are sealed to.
const SEALING: &str = "sealing";

/// Rounds of key derivation for a password that a person chose, and for a random one that needs none.
const ROUNDS_CHOSEN: u32 = 100_000;
const ROUNDS_RANDOM: u32 = 10_000;

/// One P-256 key pair.
struct Pair {
    private_pkcs8: Vec<u8>,
    public: String,
}

/// The engine's key pairs.
pub(crate) struct Keys {
    signing: Pair,
    sealing: Pair,
}

/// Keys never show.
impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("signing", &self.signing.public).field("sealing", &self.sealing.public).finish()
    }
}

/// The password of a key store and where it came from.
pub(crate) struct Password {
    /// The text.
    pub(crate) text: String,
    /// Whether a person chose it.
    pub(crate) chosen: bool,
}

impl Keys {
    /// Private signing key, PKCS#8.
    pub(crate) fn signing_private(&self) -> &[u8] {
        &self.signing.private_pkcs8
    }

    /// Private sealing key, PKCS#8.
    pub(crate) fn sealing_private(&self) -> &[u8] {
        &self.sealing.private_pkcs8
    }

    /// Public signing key: uncompressed point, base64.
    pub(crate) fn signing_public(&self) -> &str {
        &self.signing.public
    }

    /// Public sealing key: uncompressed point, base64.
    pub(crate) fn sealing_public(&self) -> &str {
        &self.sealing.public
    }

    /// Makes fresh keys and stores them in the file `path`, on disk when this returns.
    ///
    /// # Errors
    /// [`EngineError::KeyStore`], [`EngineError::File`].
    pub(crate) fn generate(path: &Path, password: &Password) -> Result<Self, EngineError> {
        let failed = |what: &dyn std::fmt::Display| broken(path, format!("making keys failed: {what}"));
        let mut store = KeyStore::new();
        let mut make = |alias: &str| {
            let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(|error| failed(&error))?;
            let mut params = CertificateParams::default();
            params.distinguished_name.push(DnType::CommonName, format!("Stoker remote engine, {alias} key"));
            let certificate = params.self_signed(&pair).map_err(|error| failed(&error))?;
            let certificate = Certificate::from_der(certificate.der()).map_err(|error| failed(&error))?;
            let key = PrivateKey::from_der(pair.serialized_der()).map_err(|error| failed(&error))?;
            let chain = PrivateKeyChain::new(alias, key, [certificate]);
            store.add_entry(alias, KeyStoreEntry::PrivateKeyChain(chain));
            Ok(Pair { private_pkcs8: pair.serialize_der(), public: STANDARD.encode(pair.public_key_raw()) })
        };
        let keys = Self { signing: make(SIGNING)?, sealing: make(SEALING)? };
        let rounds = if password.chosen { ROUNDS_CHOSEN } else { ROUNDS_RANDOM };
        let writer = store.writer(&password.text).encryption_iterations(rounds).mac_iterations(rounds);
        let bytes = writer.write().map_err(|error| failed(&error))?;
        home::replace(path, &bytes, true).map_err(at(path))?;
        Ok(keys)
    }

    /// Reads the keys from the file `path`.
    ///
    /// # Errors
    /// [`EngineError::KeyStore`] for a wrong password or a damaged file, [`EngineError::File`].
    pub(crate) fn load(path: &Path, password: &Password) -> Result<Self, EngineError> {
        let bytes = std::fs::read(path).map_err(at(path))?;
        let store = KeyStore::from_pkcs12(&bytes, &password.text, Pkcs12ImportPolicy::Strict).map_err(|_| {
            let source = if password.chosen { "the configured password" } else { "the password in etc/keystores/.password" };
            broken(
                path,
                format!(
                    "{source} does not open it, or it is damaged; restore the password it was made with, or reset the key \
                     of the engine in the console, delete etc/keystores and pair again"
                ),
            )
        })?;
        let pair = |alias: &str| {
            let Some(KeyStoreEntry::PrivateKeyChain(chain)) = store.entry(alias) else {
                return Err(broken(path, format!("it has no key `{alias}`; restore it from a backup or pair again")));
            };
            let pkcs8 = chain.key().as_der();
            let der = rustls::pki_types::PrivatePkcs8KeyDer::from(pkcs8);
            let pair = KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_ECDSA_P256_SHA256)
                .map_err(|error| broken(path, format!("its key `{alias}` cannot be used: {error}; pair again")))?;
            Ok(Pair { private_pkcs8: pkcs8.to_vec(), public: STANDARD.encode(pair.public_key_raw()) })
        };
        Ok(Self { signing: pair(SIGNING)?, sealing: pair(SEALING)? })
    }
}

fn broken(path: &Path, problem: String) -> EngineError {
    EngineError::KeyStore { path: path.to_owned(), problem }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    fn password(text: &str) -> Password {
        Password { text: text.into(), chosen: true }
    }

    #[test]
    fn keys_come_back_and_do_their_work() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.p12");
        let made = Keys::generate(&path, &password("pass wörd")).unwrap();
        let read = Keys::load(&path, &password("pass wörd")).unwrap();
        assert_eq!(made.signing_public(), read.signing_public());
        assert_ne!(made.signing_public(), made.sealing_public());
        let claims = stoker_secrets::token::SessionClaims {
            iss: "e".into(),
            aud: stoker_secrets::token::SESSION_AUDIENCE.into(),
            iat: 5,
            jti: "j".into(),
        };
        let token = stoker_secrets::token::sign_session(read.signing_private(), &claims).unwrap();
        assert!(stoker_secrets::token::verify_session(made.signing_public(), &token, 5, 1).is_ok());
        let random = stoker_domain::SystemRandom::new();
        let sealed = stoker_secrets::seal::seal(made.sealing_public(), "run", b"x", &random).unwrap();
        assert_eq!(stoker_secrets::seal::open(read.sealing_private(), "run", &sealed).unwrap(), b"x");
    }

    #[test]
    fn a_wrong_password_is_told_with_the_cure() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.p12");
        Keys::generate(&path, &Password { text: "right".into(), chosen: false }).unwrap();
        let error = Keys::load(&path, &password("wrong")).unwrap_err();
        assert!(error.to_string().contains("the configured password does not open it"), "{error}");
        assert_eq!(error.exit_code(), 2);
    }

    /// Key stores of the product are Java's, and people look into them with Java's tool.
    #[test]
    fn keytool_lists_both_keys() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.p12");
        Keys::generate(&path, &password("s3cret pass")).unwrap();
        let Ok(listed) = Command::new("keytool")
            .args(["-J-Duser.language=en", "-list", "-storetype", "PKCS12", "-storepass", "s3cret pass", "-keystore"])
            .arg(&path)
            .output()
        else {
            return;
        };
        let text = String::from_utf8_lossy(&listed.stdout);
        assert!(listed.status.success(), "{text}");
        assert!(text.contains("2 entries") && text.contains("signing,") && text.contains("sealing,"), "{text}");
        assert!(text.contains("PrivateKeyEntry"), "{text}");
    }
}
