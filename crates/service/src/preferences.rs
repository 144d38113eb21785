//! What the console remembers for a user, on every machine the user signs in at. Only the user reads and writes it, and it
//! changes nothing for others: so it is not part of the audit trail.

use crate::actor::Actor;
use crate::app::Service;
use crate::error::{Error, taken};
use stoker_domain::limits;
use stoker_store::db::Record;
use stoker_store::preferences::{self, Preferences};

/// A document and how often it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// 0 as long as nothing was kept; one more with each write.
    pub version: i64,
    /// The text of a JSON object.
    pub document: String,
}

impl Service {
    /// What was kept for whoever asks; an empty object of version 0 when that is nothing.
    pub async fn preferences(&self, actor: &Actor) -> Result<Kept, Error> {
        let allowed = actor.allow(&[])?;
        let user = actor.person()?;
        let found = self.read::<_, Error, _>(&allowed, move |tx| Ok(preferences::get(tx, &user)?)).await?;
        Ok(match found {
            Some(row) => Kept { version: row.version, document: row.document },
            None => Kept { version: 0, document: "{}".to_owned() },
        })
    }

    /// Keeps a document for whoever asks, in place of the one with `version`.
    ///
    /// # Errors
    /// A document of more than [`limits::PREFERENCES_BYTES`] is refused; another version than the kept one is a conflict.
    pub async fn keep_preferences(&self, actor: &Actor, version: i64, document: String) -> Result<Kept, Error> {
        let allowed = actor.allow(&[])?;
        let (user, now) = (actor.person()?, self.now());
        if document.len() > limits::PREFERENCES_BYTES {
            let most = limits::PREFERENCES_BYTES / 1024;
            return Err(Error::invalid(format!("document: must have at most {most} KiB; remove something first")));
        }
        self.write(&allowed, move |tx| {
            let known = preferences::get(tx, &user)?.map_or(0, |row| row.version);
            let outdated = || {
                Error::conflict(format!(
                    "version: {version} was replaced by {known} meanwhile; read it again and repeat the change"
                ))
            };
            if known != version {
                return Err(outdated());
            }
            if known == 0 {
                let row = Preferences { user_id: user, document: document.clone(), version: 1, updated_ms: now };
                // Two first writes at once: the second finds the row of the first.
                row.insert(tx)
                    .map_err(taken("version: 0 was replaced meanwhile; read it again and repeat the change"))?;
            } else if !preferences::replace(tx, &user, version, &document, now)? {
                return Err(outdated());
            }
            Ok(Kept { version: version + 1, document })
        })
        .await
    }
}
