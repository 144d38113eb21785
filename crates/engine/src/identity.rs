//! Who this engine is: its keys and what the server called it when they were paired.

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use stoker_domain::Random;
use stoker_secrets::token;
use stoker_wire::PairResponse;

use crate::config::Config;
use crate::error::{EngineError, at};
use crate::home::{self, Home};
use crate::keystore::{Keys, Password};

/// Version of the identity file.
const VERSION: u32 = 1;

/// What pairing gave; holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Identity {
    /// Version of the file.
    version: u32,
    /// The engine entity.
    pub(crate) engine_id: String,
    /// Its runtime id.
    pub(crate) runtime_id: String,
    /// The account.
    pub(crate) account_id: String,
    /// Name of the engine entity.
    pub(crate) name: String,
    /// SHA-256 of the pairing key that was used, base64.
    pub(crate) pairing_key_hash: String,
    /// The server that it was used with.
    pub(crate) server: String,
}

/// What the files say about pairing.
#[derive(Debug)]
pub(crate) enum Standing {
    /// Paired; the keys are at hand.
    Paired(Identity, Keys),
    /// A pairing key is given and was not used yet. A repeat after a crash finds the same keys.
    ToPair {
        /// The pairing key.
        key: String,
        /// The engine's keys, on disk already.
        keys: Keys,
        /// Whether an older identity was thrown away: its runs mean nothing to the new one.
        replaced: bool,
    },
    /// Neither.
    NoKey,
}

/// The files of keys and identity.
#[derive(Clone, Debug)]
pub(crate) struct IdentityFiles {
    store: PathBuf,
    password: PathBuf,
    identity: PathBuf,
}

impl IdentityFiles {
    /// Those of a home.
    pub(crate) fn of(home: &Home) -> Self {
        let folder = home.keystores();
        Self {
            store: folder.join("engine.p12"),
            password: folder.join(".password"),
            identity: folder.join("identity.json"),
        }
    }

    /// Reads the identity; if the configured pairing key is a new one, throws the old identity away and makes fresh keys.
    ///
    /// A key equal to the one that was used, or none, means that the engine is paired (source: client).
    ///
    /// # Errors
    /// [`EngineError::KeyStore`], [`EngineError::Configuration`] for a damaged identity, [`EngineError::File`].
    pub(crate) fn standing(&self, config: &Config, random: &dyn Random) -> Result<Standing, EngineError> {
        let identity = self.read()?;
        let known = |key: &str| identity.as_ref().is_some_and(|known| token::fits(key, &known.pairing_key_hash));
        match (&config.pairing_key, &identity) {
            (Some(key), old) if !known(key) || !self.store.exists() => {
                let replaced = old.is_some();
                if replaced {
                    self.remove()?;
                }
                let keys = self.keys(config, random)?;
                Ok(Standing::ToPair { key: key.clone(), keys, replaced })
            }
            (_, Some(identity)) => {
                Ok(Standing::Paired(identity.clone(), Keys::load(&self.store, &self.known_password(config)?)?))
            }
            (_, None) => Ok(Standing::NoKey),
        }
    }

    /// Stores what pairing gave, on disk when this returns.
    ///
    /// # Errors
    /// [`EngineError::File`].
    pub(crate) fn save(&self, key: &str, server: &str, answer: PairResponse) -> Result<Identity, EngineError> {
        let identity = Identity {
            version: VERSION,
            engine_id: answer.engine_id,
            runtime_id: answer.runtime_id,
            account_id: answer.account_id,
            name: answer.name,
            pairing_key_hash: token::hash(key),
            server: server.to_owned(),
        };
        let mut text = serde_json::to_vec_pretty(&identity).map_err(|error| at(&self.identity)(error.into()))?;
        text.push(b'\n');
        home::replace(&self.identity, &text, true).map_err(at(&self.identity))?;
        Ok(identity)
    }

    /// What the identity file says, for display.
    pub(crate) fn read(&self) -> Result<Option<Identity>, EngineError> {
        let bytes = match std::fs::read(&self.identity) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(at(&self.identity)(error)),
        };
        match serde_json::from_slice::<Identity>(&bytes) {
            Ok(identity) if identity.version <= VERSION => Ok(Some(identity)),
            Ok(_) => Err(self.unreadable("it was written by a newer engine; install that version".into())),
            Err(error) => {
                Err(self.unreadable(format!("{error}; restore it from a backup, or delete it and pair again")))
            }
        }
    }

    fn unreadable(&self, problem: String) -> EngineError {
        EngineError::Configuration { path: self.identity.clone(), problem }
    }

    /// The identity goes first: without it the rest means nothing.
    fn remove(&self) -> Result<(), EngineError> {
        for path in [&self.identity, &self.store, &self.password] {
            home::remove(path).map_err(at(path))?;
        }
        Ok(())
    }

    fn keys(&self, config: &Config, random: &dyn Random) -> Result<Keys, EngineError> {
        if self.store.exists() {
            return Keys::load(&self.store, &self.known_password(config)?);
        }
        let password = match &config.keystore_password {
            Some(text) => {
                home::remove(&self.password).map_err(at(&self.password))?;
                Password { text: text.clone(), chosen: true }
            }
            None => {
                let text = token::random_secret(random);
                home::replace(&self.password, text.as_bytes(), true).map_err(at(&self.password))?;
                Password { text, chosen: false }
            }
        };
        Keys::generate(&self.store, &password)
    }

    fn known_password(&self, config: &Config) -> Result<Password, EngineError> {
        if let Some(text) = &config.keystore_password {
            return Ok(Password { text: text.clone(), chosen: true });
        }
        match std::fs::read_to_string(&self.password) {
            Ok(text) => Ok(Password { text: text.trim_end().to_owned(), chosen: false }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(EngineError::KeyStore {
                path: self.store.clone(),
                problem: "its password is neither configured nor in etc/keystores/.password; set \
                          keypair.keystore.password in etc/org.talend.ipaas.rt.keypair.manager.cfg as it was when the \
                          keys were made"
                    .into(),
            }),
            Err(error) => Err(at(&self.password)(error)),
        }
    }
}

#[cfg(test)]
#[path = "identity_tests.rs"]
mod tests;
