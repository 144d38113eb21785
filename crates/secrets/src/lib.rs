//! Secrets: the data key and what it encrypts, token and password hashes, signed tokens, sealing to an engine's key.
//!
//! Knows nothing of databases, HTTP or engines. Everything random comes from a [`Random`](stoker_domain::Random).

pub mod archive;
pub mod id_token;
pub mod keyfile;
pub mod keyring;
pub mod panics;
pub mod password;
pub mod point;
pub mod seal;
pub mod token;
pub mod totp;

/// Why a secret could not be used. Never says what the secret was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The key file holds something else than keys, or no key.
    #[error("the key file is damaged: each line must be 32 bytes in base64; restore it from a backup")]
    KeyFile,
    /// The value was made with a data key that is not in the ring; names the key.
    #[error("the data key {0} is missing: put back the key file that holds it")]
    MissingKey(String),
    /// The ciphertext is not ours, was changed, or belongs to another key or place.
    #[error("an encrypted value cannot be read: it was made with another key, or it was changed")]
    Unreadable,
    /// A passphrase is too short.
    #[error("the passphrase is too short: use at least 12 characters")]
    Passphrase,
    /// Something else than a backup.
    #[error("this is not a backup of Stoker")]
    NoArchive,
    /// A public or private key has the wrong form.
    #[error("a key does not have the expected form")]
    KeyForm,
    /// A signed token is damaged, or its signature does not fit.
    #[error("the token is not valid")]
    Token,
    /// A signed token was valid once.
    #[error("the token has expired")]
    Expired,
    /// The hash of a password could not be made or read.
    #[error("a password hash is damaged")]
    PasswordHash,
}
