//! Data keys: which one wraps what is new, wrapping everything again by a new one, and giving an old one up.
//!
//! The keys are in a file beside the database, the order of their use is in the database. So all servers of an
//! installation change over at one instant, and each can tell when its file lacks a key.

use crate::actor::Allowed;
use crate::app::Service;
use crate::error::Error;
use serde_json::Value;
use std::sync::atomic::Ordering;
use stoker_domain::ids::{ConnectionId, EngineId, PipelineEngineId, RunProfileId, TriggerId, UserId};
use stoker_domain::{crash, limits};
use stoker_secrets::keyring;
use stoker_store::data_keys::{self, DataKey, SealedColumn};
use stoker_store::{StoreError, Tx};

/// Rows of one transaction.
const PAGE: i64 = 100;
/// Most problems that are listed.
const PROBLEMS: usize = 20;
/// How long a key that is not current any more still checks what it signed, milliseconds: as long as the longest-lived
/// signed thing, a log-file link, and five minutes for clocks that differ.
pub const SIGNED_MS: i64 = limits::LOG_FILE_MS + 5 * 60 * 1000;

/// What one pass over all secrets did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rewrapped {
    /// Values that were looked at.
    pub seen: u64,
    /// Values that were wrapped by the current key now.
    pub renewed: u64,
    /// Rows that somebody else changed meanwhile; another pass sees them.
    pub missed: u64,
    /// Values that cannot be read, by table and id.
    pub unreadable: Vec<String>,
}

/// What the place of a value adds to its encryption; only values of the first form need it.
fn context(place: SealedColumn, id: &str, row: &str, value: &str) -> String {
    match place.table {
        "engines" => crate::engines::key_context(&EngineId::trusted(id.to_owned())),
        "pipeline_engines" => crate::pipeline_engines::key_context(&PipelineEngineId::trusted(id.to_owned())),
        "webhooks" => crate::webhooks::sealing(&TriggerId::trusted(id.to_owned())),
        "run_profiles" => crate::pipeline_profiles::token_context(&RunProfileId::trusted(id.to_owned())),
        "runs" => crate::dispatch::secrets_context(id),
        "tasks" => crate::parameters::context(id, &name_of(row, value)),
        "connections" => crate::connections::context(&ConnectionId::trusted(id.to_owned()), &name_of(row, value)),
        "tester_projects" | "tester_own" => crate::tester::project_context(id),
        "tester_runs" => crate::tester::run_context(id),
        "user_totp" => Service::totp_place(&UserId::trusted(id.to_owned())),
        _ => String::new(),
    }
}

/// The name of the parameter that has this encrypted value.
fn name_of(row: &str, value: &str) -> String {
    match serde_json::from_str(row) {
        Ok(Value::Object(map)) => {
            map.into_iter().find(|(_, kept)| kept["encrypted"] == value).map(|(name, _)| name).unwrap_or_default()
        }
        Ok(Value::Array(list)) => {
            let found = list.into_iter().find(|kept| kept["value"] == value);
            found.and_then(|kept| kept["name"].as_str().map(str::to_owned)).unwrap_or_default()
        }
        _ => String::new(),
    }
}

impl Service {
    /// Takes note of the first key, and makes the ring use the current one. Gives the ids of keys that stored secrets
    /// need and the ring lacks: with one of those, nothing may be served.
    pub async fn adopt_keys(&self) -> Result<Vec<String>, Error> {
        let (now, first) = (self.now(), self.inner.keys.current());
        let rows = self
            .write::<_, Error, _>(&Allowed::system(), move |tx| {
                if data_keys::all(tx)?.is_empty() {
                    data_keys::adopt(tx, &first, now)?;
                }
                Ok(data_keys::all(tx)?)
            })
            .await?;
        let held = self.inner.keys.ids();
        let needed = rows.iter().filter(|row| row.state != data_keys::RETIRED);
        let missing: Vec<String> = needed.map(|row| row.id.clone()).filter(|id| !held.contains(id)).collect();
        if missing.is_empty() {
            self.follow_key().await?;
        }
        Ok(missing)
    }

    /// Uses the key that is current in the database; called every second. Gives its id when the ring lacks it: the server
    /// is not ready then.
    pub async fn follow_key(&self) -> Result<Option<String>, Error> {
        let current =
            self.get::<_, Error, _>(&Allowed::system(), |tx| Ok(data_keys::current(tx)?)).await?.unwrap_or_default();
        let keys = &self.inner.keys;
        let missing = current != keys.current() && !current.is_empty() && keys.use_key(&current).is_err();
        self.inner.key_missing.store(missing, Ordering::Relaxed);
        Ok(missing.then_some(current))
    }

    /// Takes the keys of a changed key file.
    ///
    /// # Errors
    /// [`Error::Internal`] when it is damaged; the keys held before stay then.
    pub fn learn_keys(&self, text: &str) -> Result<(), Error> {
        Ok(self.inner.keys.replace(text)?)
    }

    /// All data keys there ever were, the oldest first.
    pub async fn data_keys(&self) -> Result<Vec<DataKey>, Error> {
        self.read::<_, Error, _>(&Allowed::system(), |tx| Ok(data_keys::all(tx)?)).await
    }

    /// Makes a key of the ring the current one, for all servers.
    pub async fn switch_key(&self, id: &str) -> Result<(), Error> {
        if !self.inner.keys.ids().iter().any(|known| known == id) {
            return Err(stoker_secrets::SecretError::MissingKey(id.to_owned()).into());
        }
        let (now, new) = (self.now(), id.to_owned());
        self.write::<_, Error, _>(&Allowed::system(), move |tx| {
            data_keys::switch(tx, &new, now)?;
            crash::point("rotate.switch-before-commit");
            Ok(())
        })
        .await?;
        crash::point("rotate.switched");
        self.inner.keys.use_key(id)?;
        Ok(())
    }

    /// Wraps every stored secret by the current key, in small transactions. What is wrapped so already is left alone, so
    /// a pass that was cut off is simply repeated.
    pub async fn rewrap_secrets(&self) -> Result<Rewrapped, Error> {
        let mut report = Rewrapped::default();
        for place in data_keys::SEALED {
            let mut after = String::new();
            loop {
                let (service, from) = (self.clone(), after.clone());
                let (last, page) = self
                    .write::<_, Error, _>(&Allowed::system(), move |tx| {
                        let page = service.rewrap_page(tx, place, &from)?;
                        crash::point("rotate.page-before-commit");
                        Ok(page)
                    })
                    .await?;
                crash::point("rotate.page-after-commit");
                report.add(page);
                match last {
                    Some(last) => after = last,
                    None => break,
                }
            }
        }
        Ok(report)
    }

    /// One page; gives the last id when there may be more.
    fn rewrap_page(
        &self,
        tx: &mut Tx<'_>,
        place: SealedColumn,
        after: &str,
    ) -> Result<(Option<String>, Rewrapped), StoreError> {
        let rows = data_keys::page(tx, place, after, PAGE)?;
        let mut report = Rewrapped::default();
        for (id, text) in &rows {
            let mut new = text.clone();
            for part in keyring::encrypted_parts(text).into_iter().rev() {
                let value = &text[part.clone()];
                report.seen += 1;
                match self.inner.keys.rewrap(&context(place, id, text, value), value, self.random()) {
                    Ok(Some(renewed)) => {
                        report.renewed += 1;
                        new.replace_range(part, &renewed);
                    }
                    Ok(None) => {}
                    // Something a user wrote that looks like one of ours, or a damaged value: nothing to be done.
                    Err(error) => report.unreadable.push(format!("{} {id}: {error}", place.table)),
                }
            }
            if new != *text && !data_keys::replace(tx, place, id, text, &new)? {
                report.missed += 1;
            }
        }
        let last = (rows.len() as i64 >= PAGE).then(|| rows.last().map(|row| row.0.clone())).flatten();
        Ok((last, report))
    }

    /// Notes that everything is wrapped by the current key.
    pub async fn finish_rotation(&self) -> Result<(), Error> {
        let (now, current) = (self.now(), self.inner.keys.current());
        self.write::<_, Error, _>(&Allowed::system(), move |tx| Ok(data_keys::finish(tx, &current, now)?)).await
    }

    /// Gives an old key up when nothing needs it. Gives the places that do, as table, column and rows; nothing is
    /// changed then.
    pub async fn retire_key(&self, id: &str) -> Result<Vec<(String, String, i64)>, Error> {
        let id = id.to_owned();
        self.write::<_, Error, _>(&Allowed::system(), move |tx| {
            let mut left = data_keys::mentions(tx, &keyring::mark_of(&id))?;
            // A bare value does not say which key it needs.
            for place in data_keys::SEALED {
                let bare = data_keys::page(tx, place, "", i64::MAX)?;
                let bare = bare.iter().filter(|(_, text)| has_bare(text)).count() as i64;
                if bare > 0 {
                    left.push((place.table.to_owned(), place.column.to_owned(), bare));
                }
            }
            if left.is_empty() && data_keys::retire(tx, &id)? == 0 {
                return Err(Error::conflict(format!("the key {id} is not an old one: only old ones can be retired")));
            }
            Ok(left)
        })
        .await
    }
}

fn has_bare(text: &str) -> bool {
    keyring::encrypted_parts(text).into_iter().any(|part| text[part].starts_with("e1:"))
}

impl Rewrapped {
    fn add(&mut self, page: Rewrapped) {
        self.seen += page.seen;
        self.renewed += page.renewed;
        self.missed += page.missed;
        let room = PROBLEMS.saturating_sub(self.unreadable.len());
        self.unreadable.extend(page.unreadable.into_iter().take(room));
    }
}
