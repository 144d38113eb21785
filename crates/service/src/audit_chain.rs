//! The chain that seals the audit trail: whoever changes, removes or slips in records behind the server's back is found
//! out by [`Service::verify_audit`].
//!
//! The transaction of a change only adds its record. Every few seconds a reconciler seals what is new: one link names
//! the records with their digests, and carries a keyed hash over itself and the link before. Records are sealed in any
//! order, so it does not matter which server commits when; two servers that seal at once want the same number, and one
//! of them has nothing to do any more.

use crate::actor::Allowed;
use crate::app::Service;
use crate::error::Error;
use std::collections::HashSet;
use std::sync::atomic::{AtomicI64, Ordering};
use stoker_domain::ids;
use stoker_secrets::{keyring::KeyRing, token};
use stoker_store::audit::{self, AuditEvent, Seal};
use stoker_store::db::Record;
use stoker_store::{StoreError, Tx};

/// Pause between two seals of one server, milliseconds.
const PACE_MS: i64 = 5_000;
/// How much later than others a record may be committed and still be sealed, milliseconds.
const LATE_MS: i64 = 60_000;
/// Most records of one link.
const LINK: usize = 1_000;
/// Most ids looked at in one pass.
const WINDOW: i64 = 100_000;
/// Most problems listed; further ones are counted.
const PROBLEMS: usize = 100;

/// When this server sealed last.
#[derive(Default)]
pub(crate) struct SealPace(AtomicI64);

/// What a look at the whole chain found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditReport {
    /// Records there are.
    pub records: i64,
    /// Records that are sealed and untouched.
    pub sealed: i64,
    /// Records not sealed yet, because they are new.
    pub open: i64,
    /// Links of the chain.
    pub links: i64,
    /// Hash of the last link. Kept elsewhere it shows whether the end of the chain was cut off.
    pub head: String,
    /// What is wrong, in words; empty when all is well.
    pub problems: Vec<String>,
    /// How many things are wrong.
    pub wrong: usize,
}

impl AuditReport {
    fn problem(&mut self, text: String) {
        self.wrong += 1;
        if self.problems.len() < PROBLEMS {
            self.problems.push(text);
        }
    }
}

/// The digest of one record: over all its columns, in their order.
fn digest(event: &AuditEvent) -> String {
    let columns = serde_json::json!([
        event.id,
        event.at_ms,
        event.actor_id,
        event.actor_kind.id(),
        event.action,
        event.object_type,
        event.object_id,
        event.workspace_id.as_ref().map(|id| id.as_str()),
        event.request_id,
        event.detail,
        event.origin,
    ]);
    token::hash(&columns.to_string())
}

/// What the keyed hash of a link is for.
const PURPOSE: &str = "audit chain 1";

/// What the keyed hash of a link covers.
fn link_text(before: &str, seal: &Seal) -> String {
    serde_json::json!([before, seal.seq, seal.until_id, seal.made_ms, seal.entries]).to_string()
}

/// Whether a key of this installation, of today or of earlier, made the hash of this link.
fn link_fits(keys: &KeyRing, before: &str, seal: &Seal) -> bool {
    keys.tag_fits(PURPOSE, link_text(before, seal).as_bytes(), &seal.hash)
}

fn ids_in(seal: &Seal) -> impl Iterator<Item = (&str, &str)> {
    seal.entries.lines().filter_map(|line| line.split_once(' '))
}

/// The instant in an id made by [`ids::uuid_by_time`]; 0 in any other.
fn instant(id: &str) -> i64 {
    let hex: String = id.chars().filter(|c| *c != '-').take(12).collect();
    i64::from_str_radix(&hex, 16).unwrap_or(0)
}

/// Ids of records that are not sealed, oldest first, and the last link.
fn open_ids(tx: &mut Tx<'_>) -> Result<(Option<Seal>, Vec<String>), StoreError> {
    let last = audit::last_seal(tx)?;
    let after = last.as_ref().map_or_else(String::new, |seal| ids::uuid_bound(instant(&seal.until_id) - LATE_MS));
    let recent = audit::seals_reaching(tx, &after)?;
    let sealed: HashSet<&str> = recent.iter().flat_map(ids_in).map(|(id, _)| id).collect();
    let ids = audit::ids_after(tx, &after, WINDOW)?;
    Ok((last, ids.into_iter().filter(|id| !sealed.contains(id.as_str())).collect()))
}

impl Service {
    /// Seals when it is time; called with every pass of the reconcilers.
    pub(crate) async fn seal_audit_in_time(&self) -> Result<(), Error> {
        let now = self.now();
        let last = self.inner.seals.0.load(Ordering::Relaxed);
        if now >= last && now - last < PACE_MS {
            return Ok(());
        }
        self.inner.seals.0.store(now, Ordering::Relaxed);
        self.seal_audit().await.map(drop)
    }

    /// Seals all records there are; gives their number.
    pub async fn seal_audit(&self) -> Result<usize, Error> {
        let (last, open) = self.read::<_, Error, _>(&Allowed::system(), |tx| Ok(open_ids(tx)?)).await?;
        let mut before = last;
        let mut sealed = 0;
        for part in open.chunks(LINK) {
            let Some(seal) = self.seal_part(before, part.to_vec()).await? else { break };
            before = Some(seal);
            sealed += part.len();
        }
        Ok(sealed)
    }

    /// Adds one link; none when another server was faster.
    async fn seal_part(&self, before: Option<Seal>, part: Vec<String>) -> Result<Option<Seal>, Error> {
        let events = self.read::<_, Error, _>(&Allowed::system(), move |tx| Ok(audit::with_ids(tx, &part)?)).await?;
        let entries: Vec<String> = events.iter().map(|event| format!("{} {}", event.id, digest(event))).collect();
        let newest = events.last().map(|event| event.id.clone()).unwrap_or_default();
        let (seq, until, hash) = match before {
            Some(seal) => (seal.seq + 1, seal.until_id, seal.hash),
            None => (1, String::new(), String::new()),
        };
        let mut seal = Seal {
            seq,
            until_id: newest.max(until),
            made_ms: self.now(),
            entries: entries.join("\n"),
            hash: String::new(),
        };
        seal.hash = self.inner.keys.tag(PURPOSE, link_text(&hash, &seal).as_bytes());
        let row = seal.clone();
        match self.write::<_, StoreError, _>(&Allowed::system(), move |tx| row.insert(tx)).await {
            Ok(()) => Ok(Some(seal)),
            Err(StoreError::Duplicate(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Looks at the whole chain and every record in it. For the operator, at the command line.
    pub async fn verify_audit(&self) -> Result<AuditReport, Error> {
        let mut report = AuditReport::default();
        let (mut before, mut seq, mut made_ms) = (String::new(), 0, 0);
        let mut seen = HashSet::new();
        loop {
            let links =
                self.read::<_, Error, _>(&Allowed::system(), move |tx| Ok(audit::seals_after(tx, seq, 20)?)).await?;
            if links.is_empty() {
                break;
            }
            for seal in links {
                if seal.seq != seq + 1 {
                    report.problem(format!("links {} to {} of the chain are missing", seq + 1, seal.seq - 1));
                } else if !link_fits(&self.inner.keys, &before, &seal) {
                    report.problem(format!("link {} of the chain was changed", seal.seq));
                }
                (seq, made_ms) = (seal.seq, seal.made_ms);
                report.links += 1;
                self.verify_link(&seal, &mut report, &mut seen).await?;
                before = seal.hash;
            }
        }
        report.head = before;
        self.verify_rest(made_ms, &mut report, &seen).await?;
        Ok(report)
    }

    async fn verify_link(
        &self,
        seal: &Seal,
        report: &mut AuditReport,
        seen: &mut HashSet<String>,
    ) -> Result<(), Error> {
        let ids: Vec<String> = ids_in(seal).map(|(id, _)| id.to_owned()).collect();
        let events = self.read::<_, Error, _>(&Allowed::system(), move |tx| Ok(audit::with_ids(tx, &ids)?)).await?;
        for (id, wanted) in ids_in(seal) {
            seen.insert(id.to_owned());
            match events.iter().find(|event| event.id == id) {
                None => report.problem(format!("record {id} was removed")),
                Some(event) if digest(event) != wanted => report.problem(format!("record {id} was changed")),
                Some(_) => report.sealed += 1,
            }
        }
        Ok(())
    }

    /// Records that no link names: new ones, or ones that were slipped in among old ones.
    async fn verify_rest(&self, made_ms: i64, report: &mut AuditReport, seen: &HashSet<String>) -> Result<(), Error> {
        let mut after = String::new();
        loop {
            let from = after.clone();
            let ids = self
                .read::<_, Error, _>(&Allowed::system(), move |tx| Ok(audit::ids_after(tx, &from, 10_000)?))
                .await?;
            let Some(last) = ids.last() else { return Ok(()) };
            after = last.clone();
            report.records += ids.len() as i64;
            for id in ids.iter().filter(|id| !seen.contains(*id)) {
                if instant(id) < made_ms - LATE_MS {
                    report.problem(format!("record {id} is in no link of the chain, though later ones are"));
                } else {
                    report.open += 1;
                }
            }
        }
    }
}
