//! The chain that seals the audit trail: whoever changes, removes or slips in records behind the server's back is found
//! out by [`Service::verify_audit`].
//!
//! The transaction of a change only adds its record, and the database notes that it is open. Every few seconds a
//! reconciler seals what is open: one link names the records with their digests, and carries a keyed hash over itself and
//! the link before. Records are sealed in any order, so it does not matter which server commits when, nor whether the
//! clocks of several servers agree; two servers that seal at once want the same number, and one of them has nothing to do
//! any more.

use crate::actor::Allowed;
use crate::app::Service;
use crate::error::Error;
use std::collections::HashSet;
use std::sync::atomic::{AtomicI64, Ordering};
use stoker_secrets::{keyring::KeyRing, token};
use stoker_store::audit::{self, AuditEvent, Seal};
use stoker_store::db::Record;
use stoker_store::{StoreError, Tx};

/// Pause between two seals of one server, milliseconds.
const PACE_MS: i64 = 5_000;
/// How much older than the link before it a record may say it is, milliseconds: so far clocks of several servers may
/// disagree. One that says more was slipped in.
const LATE_MS: i64 = 24 * 3600 * 1_000;
/// Most records of one link.
const LINK: usize = 1_000;
/// Most records sealed in one pass.
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

/// The last link, and then the ids of records that are open, oldest first: whoever adds a link in between makes the next
/// number taken.
fn open_ids(tx: &mut Tx<'_>) -> Result<(Option<Seal>, Vec<String>), StoreError> {
    Ok((audit::last_seal(tx)?, audit::open_ids(tx, WINDOW)?))
}

/// Where a look at the chain stands.
#[derive(Default)]
struct Look {
    /// Ids of records that a link names.
    seen: HashSet<String>,
    /// Hash, number and instant of the last link.
    before: String,
    seq: i64,
    made_ms: i64,
}

impl Look {
    /// The oldest instant that a record may give when links were made at these instants, the last one and the next. A
    /// clock that ran ahead for a while must not put everything after it under suspicion, so the earlier one counts.
    fn oldest(&self, made_ms: i64) -> i64 {
        self.made_ms.min(made_ms) - LATE_MS
    }
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
        let (row, ids) = (seal.clone(), events.into_iter().map(|event| event.id).collect::<Vec<_>>());
        let system = Allowed::system();
        let added = self.write::<_, StoreError, _>(&system, move |tx| {
            row.insert(tx)?;
            audit::close(tx, &ids).map(drop)
        });
        match added.await {
            Ok(()) => Ok(Some(seal)),
            Err(StoreError::Duplicate(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Looks at the whole chain and every record in it. For the operator, at the command line.
    pub async fn verify_audit(&self) -> Result<AuditReport, Error> {
        let (mut report, mut look) = (AuditReport::default(), Look::default());
        self.verify_links(&mut report, &mut look).await?;
        let open = self.verify_rest(&mut report, &look).await?;
        // What was sealed meanwhile is in a link that was not there yet.
        self.verify_links(&mut report, &mut look).await?;
        for id in open.into_iter().filter(|id| !look.seen.contains(id)) {
            report.problem(format!("record {id} is in no link of the chain, and does not wait for one"));
        }
        let gone = self.read::<_, Error, _>(&Allowed::system(), |tx| Ok(audit::open_and_gone(tx, WINDOW)?)).await?;
        for id in gone {
            report.problem(format!("record {id} was removed before it was sealed"));
        }
        report.head = look.before;
        Ok(report)
    }

    /// Looks at the links that were not looked at yet.
    async fn verify_links(&self, report: &mut AuditReport, look: &mut Look) -> Result<(), Error> {
        loop {
            let after = look.seq;
            let links =
                self.read::<_, Error, _>(&Allowed::system(), move |tx| Ok(audit::seals_after(tx, after, 20)?)).await?;
            if links.is_empty() {
                return Ok(());
            }
            for seal in links {
                if seal.seq != look.seq + 1 {
                    report.problem(format!("links {} to {} of the chain are missing", look.seq + 1, seal.seq - 1));
                } else if !link_fits(&self.inner.keys, &look.before, &seal) {
                    report.problem(format!("link {} of the chain was changed", seal.seq));
                }
                self.verify_link(&seal, report, look).await?;
                report.links += 1;
                (look.seq, look.made_ms, look.before) = (seal.seq, seal.made_ms, seal.hash);
            }
        }
    }

    async fn verify_link(&self, seal: &Seal, report: &mut AuditReport, look: &mut Look) -> Result<(), Error> {
        let ids: Vec<String> = ids_in(seal).map(|(id, _)| id.to_owned()).collect();
        let events = self.read::<_, Error, _>(&Allowed::system(), move |tx| Ok(audit::with_ids(tx, &ids)?)).await?;
        for (id, wanted) in ids_in(seal) {
            let known = !look.seen.insert(id.to_owned());
            match events.iter().find(|event| event.id == id) {
                None => report.problem(format!("record {id} was removed")),
                Some(event) if digest(event) != wanted => report.problem(format!("record {id} was changed")),
                Some(_) if look.seq > 0 && instant(id) < look.oldest(seal.made_ms) => report.problem(format!(
                    "record {id} was added later than it says, or by a server with a wrong clock: it is in link {}",
                    seal.seq
                )),
                // A link of an earlier version may name it too.
                Some(_) if known => {}
                Some(_) => report.sealed += 1,
            }
        }
        Ok(())
    }

    /// Records that no link names: new ones, or ones that were slipped in among old ones. Gives those that do not wait to
    /// be sealed either.
    async fn verify_rest(&self, report: &mut AuditReport, look: &Look) -> Result<Vec<String>, Error> {
        let (mut after, mut lost) = (String::new(), Vec::new());
        loop {
            let from = after.clone();
            let ids = self
                .read::<_, Error, _>(&Allowed::system(), move |tx| Ok(audit::ids_after(tx, &from, 10_000)?))
                .await?;
            let Some(last) = ids.last() else { return Ok(lost) };
            after = last.clone();
            report.records += ids.len() as i64;
            let rest: Vec<String> = ids.into_iter().filter(|id| !look.seen.contains(id)).collect();
            if rest.is_empty() {
                continue;
            }
            let asked = rest.clone();
            let open =
                self.read::<_, Error, _>(&Allowed::system(), move |tx| Ok(audit::still_open(tx, &asked)?)).await?;
            let open: HashSet<String> = open.into_iter().collect();
            for id in rest {
                if look.seq > 0 && instant(&id) < look.made_ms - LATE_MS {
                    report.problem(format!("record {id} is in no link of the chain, though later ones are"));
                } else if open.contains(&id) {
                    report.open += 1;
                } else {
                    lost.push(id);
                }
            }
        }
    }
}
