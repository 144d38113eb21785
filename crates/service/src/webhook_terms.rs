//! How long the URL of a webhook may be called, and what is left of a call that comes too late.
//!
//! Ours: the published webhook has no end. A webhook has a term, given as a length or by its end; a new URL begins a new
//! one of the same length.

use crate::actor::Actor;
use crate::app::Service;
use crate::audit::{self, Change};
use crate::error::Error;
use crate::triggers::{ExecutableId, USE};
use crate::webhooks::fire_of;
use serde_json::{Value, json};
use stoker_domain::limits;
use stoker_domain::schedule::FireResult;
use stoker_domain::time::to_text;
use stoker_store::Tx;
use stoker_store::db::Record;
use stoker_store::schedules;
use stoker_store::webhooks::{self, Webhook};

/// Why a call started nothing; ours, because no published name says it.
const EXPIRED: &str = "WEBHOOK_EXPIRED";
/// Pause between two notes of calls that came too late, milliseconds.
const NOTE_MS: i64 = 60_000;
const MINUTE_MS: i64 = 60_000;

/// How long a webhook shall be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// Until it is removed or gets another URL.
    Endless,
    /// So many minutes from now on, at least 1.
    Minutes(i64),
    /// Until this instant, milliseconds since the epoch.
    Until(i64),
}

impl Term {
    /// Its length from now on, milliseconds; none without an end. `longest` is what the operator allows.
    fn checked(self, now: i64, longest: Option<i64>) -> Result<Option<i64>, Error> {
        let most = longest.unwrap_or(limits::WEBHOOK_DAYS * 24 * 60 * MINUTE_MS);
        let (field, length) = match self {
            Term::Endless if longest.is_some() => {
                let days = most / (24 * 60 * MINUTE_MS);
                let message = format!("expiresAt: webhooks end here after at most {days} days; give an end");
                return Err(Error::invalid(message));
            }
            Term::Endless => return Ok(None),
            Term::Minutes(minutes) => ("lifetimeMinutes", minutes.checked_mul(MINUTE_MS).unwrap_or(i64::MAX)),
            Term::Until(at) => ("expiresAt", at - now),
        };
        if length < 1 || length > most {
            let days = most / (24 * 60 * MINUTE_MS);
            return Err(Error::invalid(format!("{field}: must end in the future, at most {days} days ahead")));
        }
        Ok(Some(length))
    }
}

/// What the audit trail tells of the term.
fn told(hook: &Webhook) -> Value {
    json!({
        "webhook": hook.name,
        "expiresAt": hook.expires_ms.map(to_text),
        "lifetimeMinutes": hook.term_ms.map(|length| length / MINUTE_MS),
    })
}

/// Begins the term of a new URL: as long as the one before, or as the operator says.
pub(crate) fn begin(hook: &mut Webhook, length: Option<i64>, now: i64) {
    hook.term_ms = hook.term_ms.or(length);
    hook.expires_ms = hook.term_ms.map(|length| now + length);
    hook.refused_ms = None;
}

/// The end of the term when it lies behind.
pub(crate) fn expired(hook: &Webhook, now: i64) -> Option<i64> {
    hook.expires_ms.filter(|at| *at <= now)
}

/// The refusal of a call that comes too late. Only whoever knows the secret gets here.
pub(crate) fn too_late(at: i64) -> Error {
    Error::not_found(format!("The webhook expired at {}: ask whoever gave you its URL for a new one.", to_text(at)))
}

/// Leaves a trace of a call that came too late: the first one of a term is told where starts are told, and the webhook
/// says when the last one came, to the minute. More would let a forgotten caller fill the database.
pub(crate) fn note_late_call(tx: &mut Tx<'_>, hook: &mut Webhook, at: i64, now: i64) -> Result<(), Error> {
    let last = hook.refused_ms;
    if last.is_some_and(|last| now - last < NOTE_MS) {
        return Ok(());
    }
    hook.refused_ms = Some(now);
    hook.update(tx)?;
    if last.is_some() {
        return Ok(());
    }
    let mut fire = fire_of(hook, now);
    fire.result = FireResult::Refused;
    fire.reason = Some(EXPIRED.to_owned());
    fire.message = Some(format!("the webhook expired at {}: give it a new term or a new URL", to_text(at)));
    schedules::insert_fires(tx, &[fire])?;
    Ok(())
}

impl Service {
    /// Says how long the URL of a webhook may be called, from now on; calls that wait already go on waiting. Needs what
    /// setting the webhook needs.
    pub async fn set_webhook_term(&self, actor: &Actor, id: &ExecutableId, term: Term) -> Result<Webhook, Error> {
        let allowed = actor.allow(USE)?;
        let now = self.now();
        let length = term.checked(now, self.settings().webhook_ms)?;
        let (service, proof, id) = (self.clone(), allowed.clone(), id.clone());
        self.write(&allowed, move |tx| {
            let startable = id.lock(tx)?;
            startable.may_arm(tx, &proof)?;
            let none = || Error::not_found(format!("The {} has no webhook.", id.kind().noun()));
            let mut hook = webhooks::lock_of(tx, id.kind(), id.as_str())?.ok_or_else(none)?;
            let before = told(&hook);
            hook.term_ms = length;
            hook.expires_ms = length.map(|length| now + length);
            hook.refused_ms = None;
            hook.update(tx)?;
            let action = format!("{}.webhook-expiry", id.kind().noun());
            let mut detail = told(&hook);
            detail["change"] = json!({ "before": before });
            let object = (id.kind().noun(), id.as_str());
            let change =
                Change { action: &action, object, workspace: Some(startable.workspace()), detail: Some(detail) };
            audit::record(tx, proof.actor(), now, service.random(), change)?;
            Ok(hook)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * MINUTE_MS;

    #[test]
    fn a_term_lies_ahead_and_is_no_longer_than_the_operator_allows() {
        assert_eq!(Term::Endless.checked(0, None).unwrap(), None);
        assert_eq!(Term::Minutes(3).checked(5, None).unwrap(), Some(3 * MINUTE_MS));
        assert_eq!(Term::Until(9).checked(5, Some(DAY)).unwrap(), Some(4));
        for (term, longest, text) in [
            (Term::Endless, Some(DAY), "expiresAt: webhooks end here after at most 1 days"),
            (Term::Minutes(0), None, "lifetimeMinutes: must end in the future"),
            (Term::Minutes(i64::MAX), None, "lifetimeMinutes: must end in the future, at most 3650 days"),
            (Term::Minutes(24 * 60 + 1), Some(DAY), "lifetimeMinutes: must end in the future, at most 1 days"),
            (Term::Until(5), None, "expiresAt: must end in the future"),
            (Term::Until(DAY + 6), Some(DAY), "expiresAt: must end"),
        ] {
            let error = term.checked(5, longest).unwrap_err().to_string();
            assert!(error.contains(text), "{term:?}: {error}");
        }
    }
}
