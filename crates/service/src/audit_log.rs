//! Reading the audit trail.

use crate::actor::{Actor, Origin};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::error::Error;
use crate::listed::{Listed, PageNumber};
use std::collections::HashMap;
use stoker_domain::{Permission, PrincipalKind, ids};
use stoker_store::audit::{self as store, AuditEvent, AuditFilter};
use stoker_store::exchanges::{self, Exchange};
use stoker_store::people;

const SEE: &[Permission] = &[Permission::AuditLogsView];

/// One event with what is known of who did it.
#[derive(Clone, Debug)]
pub struct AuditView {
    /// The event.
    pub event: AuditEvent,
    /// Where the request came from.
    pub origin: Option<Origin>,
    /// Id of the user or service account; none for a user who was removed.
    pub user_id: Option<String>,
    /// Mail address of the user.
    pub email: Option<String>,
    /// What was asked and answered; none while it is not written down yet, and where nobody asked.
    pub exchange: Option<Exchange>,
}

/// What is asked for; instants in milliseconds since the epoch.
#[derive(Clone, Debug, Default)]
pub struct AuditWish {
    /// From this instant on.
    pub from_ms: Option<i64>,
    /// Up to this instant.
    pub to_ms: Option<i64>,
    /// From this event on, itself included; `from_ms` wins (source: spec).
    pub from_id: Option<String>,
}

impl Service {
    /// One page of the audit trail, newest first. Reading it is an event too (source: doc): one for each first page, so
    /// that reading on does not move what is read.
    pub async fn audit_logs(
        &self,
        actor: &Actor,
        wish: AuditWish,
        page: PageNumber,
    ) -> Result<Listed<AuditView>, Error> {
        let allowed = actor.allow(SEE)?;
        let now = self.now();
        self.store_exchanges().await?;
        if wish.from_ms.is_some_and(|from| from > now) {
            return Err(Error::invalid("fromDate: must not lie in the future"));
        }
        if matches!((wish.from_ms, wish.to_ms), (Some(from), Some(to)) if from > to) {
            return Err(Error::invalid("fromDate: must not lie after toDate"));
        }
        if let Some(id) = wish.from_id.as_ref().filter(|id| !ids::is_uuid(id)) {
            return Err(Error::invalid(format!("fromId: {id:?} is not a UUID")));
        }
        let filter = AuditFilter {
            from_id: wish.from_ms.map(ids::uuid_bound),
            before_id: wish.to_ms.filter(|to| *to < now).map(|to| ids::uuid_bound(to + 1)),
        };
        let listed = self
            .read::<_, Error, _>(&allowed, move |tx| {
                let mut filter = filter;
                if filter.from_id.is_none()
                    && let Some(id) = wish.from_id
                {
                    if !store::exists(tx, &id)? {
                        return Ok(Listed { items: Vec::new(), page, total: 0 });
                    }
                    filter.from_id = Some(id);
                }
                let (rows, total) = store::list(tx, &filter, page.size, page.offset())?;
                let ids: Vec<String> = rows.iter().filter_map(|event| event.request_id.clone()).collect();
                let asked: HashMap<String, Exchange> =
                    exchanges::of_requests(tx, &ids)?.into_iter().map(|e| (e.request_id.clone(), e)).collect();
                let mut known = HashMap::new();
                let mut items = Vec::with_capacity(rows.len());
                for event in rows {
                    let origin = event.origin.as_deref().and_then(|text| serde_json::from_str(text).ok());
                    let (user_id, email) = match event.actor_kind {
                        PrincipalKind::Service => (Some(event.actor_id.clone()), None),
                        PrincipalKind::Human => {
                            if !known.contains_key(&event.actor_id) {
                                let found = people::by_login(tx, &event.actor_id)?;
                                known.insert(event.actor_id.clone(), found.map(|p| (p.id.to_string(), p.email)));
                            }
                            let found = known.get(&event.actor_id).cloned().flatten();
                            found.map_or((None, None), |(id, email)| (Some(id), Some(email)))
                        }
                    };
                    let email = email.filter(|email| !email.is_empty());
                    let exchange = event.request_id.as_ref().and_then(|id| asked.get(id)).cloned();
                    items.push(AuditView { event, origin, user_id, email, exchange });
                }
                Ok(Listed { items, page, total })
            })
            .await?;
        if page.number == 1 {
            let (service, proof) = (self.clone(), allowed.clone());
            self.write::<_, Error, _>(&allowed, move |tx| {
                let change = Change { action: "audit.read", object: ("audit", "logs"), workspace: None, detail: None };
                audit::record(tx, proof.actor(), now, service.random(), change)
            })
            .await?;
        }
        Ok(listed)
    }
}
