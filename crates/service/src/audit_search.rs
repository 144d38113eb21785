//! Searching the audit trail by who, what and when, and telling what an event changed.

use crate::actor::{Actor, Allowed, Origin};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::error::Error;
use stoker_domain::{Permission, ids, limits};
use stoker_store::audit::AuditEvent;
use stoker_store::audit_search as store;
use stoker_store::audit_search::AuditSearch;

const SEE: &[Permission] = &[Permission::AuditLogsView];

/// Actions after which the detail of an event tells the whole state of its object, without the kind before the point.
const STATES: &[&str] = &[
    "create",
    "update",
    "reset",
    "enable",
    "disable",
    "pause",
    "resume",
    "run-config",
    "upgrade",
    "upload",
    "move",
    "copy",
    "debug",
    "drain",
    "unpair",
    "add-engine",
    "remove-engine",
    "addPromoter",
    "removePromoter",
    "authorize",
    "revoke",
    "renew-secret",
    "share",
    "take-back",
    "schedule.link",
    "schedule.unlink",
    "schedule.stop",
    "trigger.add",
    "trigger.replace",
    "trigger.delete",
];
/// The action that ends an object. One of the same id may come after it and has no state before.
const END: &str = "delete";
/// Kind of the objects whose state is another one in each workspace: rights of a principal.
const BY_WORKSPACE: &str = "principal";

/// What is searched for; instants in milliseconds since the epoch, absent parts do not narrow.
#[derive(Clone, Debug, Default)]
pub struct SearchWish {
    /// From this instant on.
    pub from_ms: Option<i64>,
    /// Up to this instant.
    pub to_ms: Option<i64>,
    /// Who: a login or a service-account id, exactly.
    pub actor: Option<String>,
    /// Kind of the object, for example `role`.
    pub object_type: Option<String>,
    /// Id of the object.
    pub object_id: Option<String>,
    /// Part of the actor, of the object's id or of what is told about it.
    pub text: Option<String>,
    /// Only events older than this one: the last of the page before.
    pub before: Option<String>,
    /// How many at most, 1 to 100.
    pub limit: Option<i64>,
}

/// A page of found events.
#[derive(Clone, Debug)]
pub struct Found {
    /// The events, newest first.
    pub events: Vec<Told>,
    /// What to give as [`SearchWish::before`] for the next page; none at the end.
    pub next: Option<String>,
}

/// An event with where its request came from.
#[derive(Clone, Debug)]
pub struct Told {
    /// The event.
    pub event: AuditEvent,
    /// Where the request came from.
    pub origin: Option<Origin>,
}

/// An event and the one that told the state of the same object before it.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The event.
    pub event: Told,
    /// The earlier one; none when the object was new, or when the event tells no state.
    pub before: Option<Told>,
}

fn told(event: AuditEvent) -> Told {
    let origin = event.origin.as_deref().and_then(|text| serde_json::from_str(text).ok());
    Told { event, origin }
}

fn checked(wish: SearchWish, now: i64) -> Result<(AuditSearch, i64), Error> {
    if matches!((wish.from_ms, wish.to_ms), (Some(from), Some(to)) if from > to) {
        return Err(Error::invalid("from: must not lie after to"));
    }
    if let Some(id) = wish.before.as_ref().filter(|id| !ids::is_uuid(id)) {
        return Err(Error::invalid(format!("before: {id:?} is not the id of an event")));
    }
    let texts = [
        ("actor", &wish.actor),
        ("objectType", &wish.object_type),
        ("objectId", &wish.object_id),
        ("text", &wish.text),
    ];
    for (field, text) in texts {
        if text.as_ref().is_some_and(|text| text.chars().count() > limits::LOGIN_CHARS) {
            return Err(Error::invalid(format!("{field}: must have at most {} characters", limits::LOGIN_CHARS)));
        }
    }
    let limit = wish.limit.unwrap_or(limits::PAGE_LIMIT);
    if !(1..=limits::PAGE_LIMIT).contains(&limit) {
        return Err(Error::invalid(format!("limit: must be from 1 to {}", limits::PAGE_LIMIT)));
    }
    let given = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let end = wish.to_ms.filter(|to| *to < now).map(|to| ids::uuid_bound(to + 1));
    let search = AuditSearch {
        from_id: wish.from_ms.map(ids::uuid_bound),
        before_ids: end.into_iter().chain(wish.before).collect(),
        actor: given(wish.actor),
        object_type: given(wish.object_type),
        object_id: given(wish.object_id),
        text: given(wish.text),
    };
    Ok((search, limit))
}

/// The actions that told the state before this event, and the end of an earlier object; none when it tells no change of a
/// state.
fn earlier(action: &str) -> Vec<String> {
    let Some((kind, verb)) = action.split_once('.') else { return Vec::new() };
    if verb != END && !STATES.contains(&verb) {
        return Vec::new();
    }
    STATES.iter().chain([&END]).map(|state| format!("{kind}.{state}")).collect()
}

/// Whether the event ended its object.
fn is_end(event: &AuditEvent) -> bool {
    event.action.split_once('.').is_some_and(|(_, verb)| verb == END)
}

impl Service {
    /// Events that fit, newest first. Reading the first page is an event too.
    pub async fn search_audit(&self, actor: &Actor, wish: SearchWish) -> Result<Found, Error> {
        let allowed = actor.allow(SEE)?;
        let first = wish.before.is_none();
        let (search, limit) = checked(wish, self.now())?;
        let mut rows = self.read::<_, Error, _>(&allowed, move |tx| Ok(store::search(tx, &search, limit + 1)?)).await?;
        let more = rows.len() as i64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more).map(|event| event.id.clone());
        if first {
            self.note_audit_read(&allowed, "events").await?;
        }
        Ok(Found { events: rows.into_iter().map(told).collect(), next })
    }

    /// One event with what was known of its object before. Reading it is an event too.
    pub async fn audit_event(&self, actor: &Actor, id: &str) -> Result<Difference, Error> {
        let allowed = actor.allow(SEE)?;
        if !ids::is_uuid(id) {
            return Err(Error::invalid(format!("id: {id:?} is not the id of an event")));
        }
        let wanted = id.to_owned();
        let found = self
            .read::<_, Error, _>(&allowed, move |tx| {
                let event = store::get(tx, &wanted)?.ok_or_else(|| Error::not_found("Audit event id not found."))?;
                let same_workspace = event.object_type == BY_WORKSPACE;
                let before = store::before(tx, &event, &earlier(&event.action), same_workspace)?;
                let before = before.filter(|before| !is_end(before));
                Ok(Difference { event: told(event), before: before.map(told) })
            })
            .await?;
        self.note_audit_read(&allowed, id).await?;
        Ok(found)
    }

    async fn note_audit_read(&self, allowed: &Allowed, what: &str) -> Result<(), Error> {
        let (service, proof, what, now) = (self.clone(), allowed.clone(), what.to_owned(), self.now());
        self.write(allowed, move |tx| {
            let change = Change { action: "audit.read", object: ("audit", &what), workspace: None, detail: None };
            audit::record(tx, proof.actor(), now, service.random(), change)
        })
        .await
    }
}
