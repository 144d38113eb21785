//! The IP allowlist: from which addresses users and service accounts may call. Engines are not concerned, and who may
//! manage users is let in from everywhere, so that nobody is locked out for good (source: doc).

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::audit_states::{moved, with_change};
use crate::error::{Error, taken};
use serde_json::json;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use stoker_domain::ip::IpRange;
use stoker_domain::{Permission, ids, limits, names};
use stoker_store::Tx;
use stoker_store::allowlist::{self, Allowlist, IpEntry};
use stoker_store::db::{Record, Whose};

const MANAGE: &[Permission] = &[Permission::UserManagement];
/// How long what is stored is remembered, milliseconds: a change acts on other servers after this at the latest.
const REMEMBER_MS: i64 = 1_000;

/// The allowlist with its entries.
#[derive(Clone, Debug)]
pub struct AllowlistView {
    /// Whether it acts, and its description.
    pub list: Allowlist,
    /// Its entries in order.
    pub entries: Vec<IpEntry>,
}

/// Values of an entry.
#[derive(Clone, Debug)]
pub struct EntryRequest {
    /// Id of an existing entry, where one is meant.
    pub id: Option<String>,
    /// Address, network or range.
    pub ip: String,
    /// Free text.
    pub description: String,
}

/// What was read last, and until when it is believed; `None` inside when the list does not act.
#[derive(Default)]
pub(crate) struct AllowlistCache {
    remembered: RwLock<Option<Remembered>>,
    generation: AtomicU64,
}

type Remembered = (Option<Arc<Vec<IpRange>>>, i64);

impl AllowlistCache {
    fn find(&self, now: i64) -> Option<Option<Arc<Vec<IpRange>>>> {
        let remembered = self.remembered.read().unwrap_or_else(|p| p.into_inner());
        remembered.as_ref().filter(|(_, until)| now < *until).map(|(ranges, _)| ranges.clone())
    }

    /// Forgets it, after a change.
    pub(crate) fn clear(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        *self.remembered.write().unwrap_or_else(|p| p.into_inner()) = None;
    }

    /// Remembers it, unless something changed since `generation` was read.
    fn keep(&self, value: Remembered, generation: u64) {
        let mut remembered = self.remembered.write().unwrap_or_else(|p| p.into_inner());
        if generation == self.generation.load(Ordering::SeqCst) {
            *remembered = Some(value);
        }
    }
}

fn none() -> Error {
    Error::not_found("There is no IP allowlist: create it first.")
}

fn no_entry() -> Error {
    Error::not_found("IP entry id not found.")
}

fn checked(request: &EntryRequest, field: &str) -> Result<(String, String), Error> {
    let ip = names::checked("ip", &request.ip, 100)?;
    IpRange::parse(&ip).map_err(|error| Error::invalid(format!("{field}ip: {error}")))?;
    Ok((ip, names::described("description", &request.description, limits::DESCRIPTION_CHARS)?))
}

fn duplicate(ip: &str) -> String {
    format!("ip: {ip} is in the list already")
}

impl Service {
    /// Lets the actor in from this address, or says why not.
    ///
    /// # Errors
    /// [`Error::Forbidden`] when the allowlist acts and does not hold the address; an unknown address is never held.
    pub async fn admit(&self, actor: &Actor, from: Option<IpAddr>) -> Result<(), Error> {
        if self.settings().ignore_ip_allowlist || actor.has_any(MANAGE) {
            return Ok(());
        }
        self.hear_of_access();
        let ranges = match self.inner.allowlist.find(self.now()) {
            Some(known) => known,
            None => self.read_ranges().await?,
        };
        let Some(ranges) = ranges else { return Ok(()) };
        if from.is_some_and(|ip| ranges.iter().any(|range| range.holds(ip))) {
            return Ok(());
        }
        let address = from.map_or_else(|| "an unknown address".to_owned(), |ip| ip.to_string());
        Err(Error::Forbidden(format!("Forbidden: {address} is not in the IP allowlist of the account")))
    }

    async fn read_ranges(&self) -> Result<Option<Arc<Vec<IpRange>>>, Error> {
        let generation = self.inner.allowlist.generation.load(Ordering::SeqCst);
        let system = Allowed::system();
        let read = self.get::<_, Error, _>(&system, |tx| {
            if !allowlist::peek(tx)?.is_some_and(|list| list.enabled) {
                return Ok(None);
            }
            let entries = allowlist::entries(tx)?;
            Ok(Some(Arc::new(entries.iter().filter_map(|entry| IpRange::parse(&entry.ip).ok()).collect::<Vec<_>>())))
        });
        let ranges = read.await?;
        self.inner.allowlist.keep((ranges.clone(), self.now() + REMEMBER_MS), generation);
        Ok(ranges)
    }

    /// The allowlist; 404 when there is none.
    pub async fn allowlist(&self, actor: &Actor) -> Result<AllowlistView, Error> {
        let allowed = actor.allow(MANAGE)?;
        self.read(&allowed, |tx| {
            let list = allowlist::peek(tx)?.ok_or_else(none)?;
            Ok(AllowlistView { list, entries: allowlist::entries(tx)? })
        })
        .await
    }

    /// Makes the allowlist; 409 when there is one.
    pub async fn create_allowlist(
        &self,
        actor: &Actor,
        enabled: bool,
        description: Option<String>,
        entries: Vec<EntryRequest>,
    ) -> Result<AllowlistView, Error> {
        let description = names::optional("description", description.as_deref(), limits::DESCRIPTION_CHARS)?;
        self.change_allowlist(actor, "ip-allowlist.create", move |service, tx| {
            let list = Allowlist { id: allowlist::ONLY.to_owned(), enabled, description };
            list.insert(tx).map_err(taken("there is an IP allowlist already: replace it with PUT"))?;
            service.put_entries(tx, &entries)
        })
        .await
    }

    /// Replaces the allowlist; entries named by their ids keep them.
    pub async fn replace_allowlist(
        &self,
        actor: &Actor,
        enabled: bool,
        description: Option<String>,
        entries: Vec<EntryRequest>,
    ) -> Result<AllowlistView, Error> {
        let description = names::optional("description", description.as_deref(), limits::DESCRIPTION_CHARS)?;
        self.change_allowlist(actor, "ip-allowlist.update", move |service, tx| {
            let mut list = allowlist::get(tx)?.ok_or_else(none)?;
            (list.enabled, list.description) = (enabled, description);
            list.update(tx)?;
            let known: Vec<String> = allowlist::entries(tx)?.into_iter().map(|entry| entry.id).collect();
            if let Some(id) = entries.iter().filter_map(|e| e.id.as_ref()).find(|id| !known.contains(id)) {
                return Err(Error::invalid(format!("ips: there is no entry with the id {id}; leave the id out")));
            }
            allowlist::clear(tx)?;
            // 409 is not among the published answers of this call.
            service.put_entries(tx, &entries).map_err(|error| match error {
                Error::Conflict(text) => Error::Invalid(text),
                other => other,
            })
        })
        .await
    }

    /// Switches the allowlist on or off.
    pub async fn switch_allowlist(&self, actor: &Actor, enabled: bool) -> Result<(), Error> {
        let action = if enabled { "ip-allowlist.enable" } else { "ip-allowlist.disable" };
        let done = self.change_allowlist(actor, action, move |_, tx| {
            let mut list = allowlist::get(tx)?.ok_or_else(none)?;
            list.enabled = enabled;
            list.update(tx)?;
            Ok(())
        });
        done.await.map(drop)
    }

    /// Removes the allowlist with its entries.
    pub async fn delete_allowlist(&self, actor: &Actor) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        let (service, proof) = (self.clone(), allowed.clone());
        self.write::<_, Error, _>(&allowed, move |tx| {
            let list = allowlist::get(tx)?.ok_or_else(none)?;
            let ips: Vec<String> = allowlist::entries(tx)?.iter().map(told).collect();
            allowlist::delete(tx)?;
            let detail = json!({ "enabled": list.enabled, "description": list.description, "ips": ips });
            service.audit_allowlist(tx, &proof, "ip-allowlist.delete", detail)
        })
        .await
    }

    /// The entries; none when there is no allowlist.
    pub async fn ip_entries(&self, actor: &Actor) -> Result<Vec<IpEntry>, Error> {
        let allowed = actor.allow(MANAGE)?;
        self.read(&allowed, |tx| Ok(allowlist::entries(tx)?)).await
    }

    /// One entry.
    pub async fn ip_entry(&self, actor: &Actor, id: &str) -> Result<IpEntry, Error> {
        let allowed = actor.allow(MANAGE)?;
        let id = id.to_owned();
        self.read(&allowed, move |tx| allowlist::entry(tx, &id)?.ok_or_else(no_entry)).await
    }

    /// Adds entries behind those that are there; gives the new ones.
    pub async fn add_ip_entries(&self, actor: &Actor, entries: Vec<EntryRequest>) -> Result<Vec<IpEntry>, Error> {
        let count = entries.len();
        let view = self
            .change_allowlist(actor, "ip-allowlist.update", move |service, tx| {
                // 404 is not among the published answers of this call.
                allowlist::get(tx)?.ok_or_else(|| Error::invalid("there is no IP allowlist: create it first"))?;
                let fresh: Vec<EntryRequest> = entries.into_iter().map(|e| EntryRequest { id: None, ..e }).collect();
                service.put_entries(tx, &fresh)
            })
            .await?;
        let before = view.entries.len() - count;
        Ok(view.entries.into_iter().skip(before).collect())
    }

    /// Changes entries named by their ids; gives the changed ones.
    pub async fn change_ip_entries(&self, actor: &Actor, entries: Vec<EntryRequest>) -> Result<Vec<IpEntry>, Error> {
        let wanted: Vec<Option<String>> = entries.iter().map(|entry| entry.id.clone()).collect();
        let view = self
            .change_allowlist(actor, "ip-allowlist.update", move |_, tx| {
                counted(entries.len())?;
                for (number, request) in entries.iter().enumerate() {
                    let (ip, description) = checked(request, &format!("[{number}]."))?;
                    let id =
                        request.id.as_deref().ok_or_else(|| Error::invalid(format!("[{number}].id: is missing")))?;
                    let mut entry = allowlist::entry(tx, id)?.ok_or_else(no_entry)?;
                    let message = duplicate(&ip);
                    (entry.ip, entry.description) = (ip, description);
                    entry.update(tx).map_err(taken(message.clone())).map_err(|error| match error {
                        Error::Conflict(_) => Error::Invalid(message),
                        other => other,
                    })?;
                }
                Ok(())
            })
            .await?;
        Ok(view.entries.into_iter().filter(|entry| wanted.contains(&Some(entry.id.clone()))).collect())
    }

    /// Removes one entry.
    pub async fn delete_ip_entry(&self, actor: &Actor, id: &str) -> Result<(), Error> {
        let id = id.to_owned();
        let done = self.change_allowlist(actor, "ip-allowlist.update", move |_, tx| {
            if allowlist::delete_entry(tx, &id)? == 0 {
                return Err(no_entry());
            }
            Ok(())
        });
        done.await.map(drop)
    }

    /// Adds entries behind those that are there.
    fn put_entries(&self, tx: &mut Tx<'_>, entries: &[EntryRequest]) -> Result<(), Error> {
        let there = allowlist::entries(tx)?;
        counted(there.len() + entries.len())?;
        let first = there.last().map_or(0, |entry| entry.position + 1);
        for (number, request) in entries.iter().enumerate() {
            let (ip, description) = checked(request, &format!("ips[{number}]."))?;
            let id = request.id.clone().unwrap_or_else(|| ids::uuid(self.random()));
            let message = duplicate(&ip);
            let entry = IpEntry { id, ip, description, position: first + number as i64 };
            entry.insert(tx).map_err(taken(message))?;
        }
        Ok(())
    }

    async fn change_allowlist<F>(&self, actor: &Actor, action: &'static str, change: F) -> Result<AllowlistView, Error>
    where
        F: FnOnce(&Service, &mut Tx<'_>) -> Result<(), Error> + Send + 'static,
    {
        let allowed = actor.allow(MANAGE)?;
        let (service, proof) = (self.clone(), allowed.clone());
        self.write::<_, Error, _>(&allowed, move |tx| {
            allowlist::get(tx)?;
            let before: Vec<String> = allowlist::entries(tx)?.iter().map(told).collect();
            change(&service, tx)?;
            let view = AllowlistView { list: allowlist::get(tx)?.ok_or_else(none)?, entries: allowlist::entries(tx)? };
            let ips: Vec<String> = view.entries.iter().map(told).collect();
            let detail = json!({ "enabled": view.list.enabled, "description": view.list.description, "ips": ips });
            let detail = with_change(detail, &moved(&before, &ips));
            service.audit_allowlist(tx, &proof, action, detail)?;
            Ok(view)
        })
        .await
    }

    fn audit_allowlist(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        action: &str,
        detail: serde_json::Value,
    ) -> Result<(), Error> {
        // Nobody knows from where the others call.
        tx.access_changed(Whose::Everybody);
        let change =
            Change { action, object: ("ip-allowlist", allowlist::ONLY), workspace: None, detail: Some(detail) };
        audit::record(tx, allowed.actor(), self.now(), self.random(), change)
    }
}

/// An entry as the audit trail tells it.
fn told(entry: &IpEntry) -> String {
    match entry.description.as_str() {
        "" => entry.ip.clone(),
        text => format!("{} ({text})", entry.ip),
    }
}

fn counted(number: usize) -> Result<(), Error> {
    if number > limits::ALLOWLIST_ENTRIES {
        return Err(Error::invalid(format!("ips: at most {} entries are accepted", limits::ALLOWLIST_ENTRIES)));
    }
    Ok(())
}
