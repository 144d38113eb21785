//! Sessions of the console: a browser trades credentials for a cookie. Only the hash of the cookie is kept, and every
//! changing call must repeat a second secret that no other site can read.

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::auth::permission_set;
use crate::error::Error;
use std::collections::HashMap;
use std::sync::Mutex;
use stoker_domain::{PrincipalKind, ids, limits};
use stoker_secrets::token;
use stoker_store::accounts::{self, User};
use stoker_store::db::Record;
use stoker_store::sessions::{self, ConsoleSession};
use stoker_store::{StoreError, Tx};

/// Longest secret that is looked at.
const SECRET_BYTES: usize = 8 * 1024;
/// A use is written down when the last one noted is older, milliseconds.
const NOTE_MS: i64 = 60_000;

/// What a person signs in with.
#[derive(Clone)]
pub enum Credentials {
    /// A personal access token.
    Token(String),
}

/// A session as its owner sees it.
#[derive(Clone, Debug)]
pub struct SessionView {
    /// Who signed in, with the permissions of now.
    pub actor: Actor,
    /// First and last name, or the login where there is none.
    pub full_name: String,
    /// When it was made, milliseconds.
    pub created_ms: i64,
    /// When it ends at the latest, milliseconds.
    pub expires_ms: i64,
    /// What changing calls must repeat; see [`csrf_of`].
    pub csrf: String,
}

/// A new session with the only copy of its secret.
pub struct NewSession {
    /// What the cookie holds.
    pub secret: String,
    /// The session.
    pub view: SessionView,
}

/// The second secret of a session: derived from the first, so that it needs no place of its own, and of no use for
/// finding it.
fn csrf_of(secret: &str) -> String {
    token::hash(&format!("csrf {secret}"))
}

/// Failed sign-ins by where they came from. Kept in memory: a restart forgives.
#[derive(Default)]
pub(crate) struct Failures(Mutex<HashMap<String, Failed>>);

#[derive(Clone, Copy)]
struct Failed {
    count: u32,
    last_ms: i64,
}

impl Failed {
    /// When the next try is allowed: at once for the first few, then after 2, 4, 8 … seconds, at most a minute.
    fn until_ms(self) -> i64 {
        let over = self.count.saturating_sub(limits::SIGN_IN_FREE_TRIES);
        if over == 0 { self.last_ms } else { self.last_ms + (1_000 << over.min(6)).min(60_000) }
    }
}

impl Failures {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Failed>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Refuses when the last failures were too many and too near.
    pub(crate) fn check(&self, from: &str, now: i64) -> Result<(), Error> {
        let until = self.lock().get(from).map_or(now, |failed| failed.until_ms());
        if until > now {
            return Err(Error::TooManyTries { seconds: (until - now + 999) / 1000 });
        }
        Ok(())
    }

    /// Notes a failure.
    pub(crate) fn note(&self, from: &str, now: i64) {
        let mut all = self.lock();
        all.retain(|_, failed| now - failed.last_ms < limits::SIGN_IN_FORGET_MS);
        if all.len() >= limits::SIGN_IN_PLACES && !all.contains_key(from) {
            // Somebody fills the list: forgetting the oldest keeps the place of whoever is trying now.
            if let Some(oldest) = all.iter().min_by_key(|(_, failed)| failed.last_ms).map(|(key, _)| key.clone()) {
                all.remove(&oldest);
            }
        }
        let failed = all.entry(from.to_owned()).or_insert(Failed { count: 0, last_ms: now });
        failed.count = failed.count.saturating_add(1);
        failed.last_ms = now;
    }

    /// Forgets the failures of a place, after a success.
    pub(crate) fn clear(&self, from: &str) {
        self.lock().remove(from);
    }
}

/// The user behind credentials, and the token that was used. The one place that knows kinds of credentials.
fn person(tx: &mut Tx<'_>, credentials: &Credentials, now: i64) -> Result<Option<(User, Option<String>)>, StoreError> {
    match credentials {
        Credentials::Token(secret) => {
            let Some(found) = accounts::token_by_hash(tx, &token::hash(secret))? else { return Ok(None) };
            if found.expires_ms.is_some_and(|at| at <= now) {
                return Ok(None);
            }
            let user = accounts::user(tx, &found.user_id)?.filter(|user| user.active);
            Ok(user.map(|user| (user, Some(found.id))))
        }
    }
}

fn actor_of(user: &User) -> Actor {
    Actor {
        kind: PrincipalKind::Human,
        id: user.id.as_str().to_owned(),
        name: user.login.clone(),
        permissions: permission_set(&user.permissions.0),
        request_id: None,
    }
}

fn view_of(user: &User, session: &ConsoleSession, secret: &str) -> SessionView {
    let name = format!("{} {}", user.first_name, user.last_name).trim().to_owned();
    SessionView {
        actor: actor_of(user),
        full_name: if name.is_empty() { user.login.clone() } else { name },
        created_ms: session.created_ms,
        expires_ms: session.expires_ms,
        csrf: csrf_of(secret),
    }
}

/// The living session of a secret with its user.
fn living(tx: &mut Tx<'_>, hash: &str, now: i64) -> Result<Option<(User, ConsoleSession)>, StoreError> {
    let Some(session) = sessions::by_hash(tx, hash)? else { return Ok(None) };
    if session.expires_ms <= now || session.seen_ms <= now - limits::SESSION_IDLE_MS {
        return Ok(None);
    }
    if let Some(id) = &session.token_id {
        let token = accounts::personal_token(tx, id)?;
        if token.is_none_or(|token| token.expires_ms.is_some_and(|at| at <= now)) {
            return Ok(None);
        }
    }
    let user = accounts::user(tx, &session.user_id)?.filter(|user| user.active);
    Ok(user.map(|user| (user, session)))
}

impl Service {
    /// Signs in. `from` is where the call came from: too many failures from one place make it wait.
    pub async fn sign_in(
        &self,
        credentials: Credentials,
        from: &str,
        request_id: Option<String>,
    ) -> Result<NewSession, Error> {
        let (now, service) = (self.now(), self.clone());
        self.inner.failures.check(from, now)?;
        let Credentials::Token(text) = &credentials;
        if text.is_empty() || text.len() > SECRET_BYTES {
            return Err(Error::invalid("token: paste a personal access token"));
        }
        let secret = token::random_secret(self.random());
        let (id, hash, csrf) = (ids::uuid(self.random()), token::hash(&secret), secret.clone());
        let made = self
            .write::<_, Error, _>(&Allowed::system(), move |tx| {
                let Some((user, token_id)) = person(tx, &credentials, now)? else { return Ok(None) };
                let expires_ms = now + limits::SESSION_MS;
                let session = ConsoleSession {
                    id,
                    hash,
                    user_id: user.id.clone(),
                    token_id,
                    created_ms: now,
                    seen_ms: now,
                    expires_ms,
                };
                sessions::forget_ended(tx, now, now - limits::SESSION_IDLE_MS)?;
                session.insert(tx)?;
                sessions::keep_newest(tx, &user.id, limits::SESSIONS_PER_USER)?;
                let mut view = view_of(&user, &session, &csrf);
                view.actor.request_id = request_id;
                service.audit_session(tx, &view.actor, "session.create", &session.id)?;
                Ok(Some(view))
            })
            .await?;
        let Some(view) = made else {
            self.inner.failures.note(from, now);
            return Err(Error::Unauthorized);
        };
        self.inner.failures.clear(from);
        Ok(NewSession { secret, view })
    }

    /// The principal behind a cookie. `csrf` is what the call repeated; a changing call needs it.
    pub async fn authenticate_session(&self, secret: &str, changes: bool, csrf: Option<&str>) -> Result<Actor, Error> {
        if secret.len() > SECRET_BYTES {
            return Err(Error::Unauthorized);
        }
        let (now, hash) = (self.now(), token::hash(secret));
        let actor = self.session_actor(hash, now).await?;
        if changes && !csrf.is_some_and(|given| token::fits(&format!("csrf {secret}"), given)) {
            return Err(Error::Forbidden(
                "x-csrf-token: a changing call with a session cookie must repeat the csrfToken of the session"
                    .to_owned(),
            ));
        }
        Ok(actor)
    }

    async fn session_actor(&self, hash: String, now: i64) -> Result<Actor, Error> {
        let stale = std::sync::Arc::new(Mutex::new(None));
        let found = stale.clone();
        let wanted = hash.clone();
        let actor = self
            .principal(format!("session {hash}"), now, move |tx| {
                let Some((user, session)) = living(tx, &wanted, now)? else { return Ok(None) };
                if session.seen_ms <= now - NOTE_MS {
                    *found.lock().unwrap_or_else(|p| p.into_inner()) = Some(session.id);
                }
                Ok(Some(actor_of(&user)))
            })
            .await?;
        let id = stale.lock().unwrap_or_else(|p| p.into_inner()).take();
        if let Some(id) = id {
            self.write::<_, Error, _>(&Allowed::system(), move |tx| Ok(sessions::note_seen(tx, &id, now)?)).await?;
        }
        Ok(actor)
    }

    /// The session of a cookie.
    pub async fn session(&self, secret: &str) -> Result<SessionView, Error> {
        self.authenticate_session(secret, false, None).await?;
        let (now, own) = (self.now(), secret.to_owned());
        let found = self
            .get::<_, Error, _>(&Allowed::system(), move |tx| {
                let found = living(tx, &token::hash(&own), now)?;
                Ok(found.map(|(user, session)| view_of(&user, &session, &own)))
            })
            .await?;
        found.ok_or(Error::Unauthorized)
    }

    /// Signs out: this session, or all sessions of its user.
    pub async fn sign_out(
        &self,
        secret: &str,
        csrf: Option<&str>,
        everywhere: bool,
        request_id: Option<String>,
    ) -> Result<(), Error> {
        let mut actor = self.authenticate_session(secret, true, csrf).await?;
        actor.request_id = request_id;
        let (service, hash, now) = (self.clone(), token::hash(secret), self.now());
        self.write::<_, Error, _>(&Allowed::system(), move |tx| {
            let Some((user, session)) = living(tx, &hash, now)? else { return Err(Error::Unauthorized) };
            if everywhere {
                sessions::delete_of_user(tx, &user.id)?;
            } else {
                sessions::delete(tx, &session.id)?;
            }
            let action = if everywhere { "session.delete-all" } else { "session.delete" };
            service.audit_session(tx, &actor, action, &session.id)
        })
        .await?;
        self.inner.tokens.clear();
        self.renew_watchers();
        Ok(())
    }

    fn audit_session(&self, tx: &mut Tx<'_>, actor: &Actor, action: &str, id: &str) -> Result<(), Error> {
        let change = Change { action, object: ("session", id), workspace: None, detail: None };
        audit::record(tx, actor, self.now(), self.random(), change)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_slow_their_place_and_no_other() {
        let failures = Failures::default();
        for _ in 0..limits::SIGN_IN_FREE_TRIES {
            assert!(failures.check("a", 1_000).is_ok());
            failures.note("a", 1_000);
        }
        assert!(failures.check("a", 1_000).is_ok(), "a few mistakes cost nothing");
        failures.note("a", 1_000);
        assert!(matches!(failures.check("a", 1_000), Err(Error::TooManyTries { seconds: 2 })));
        assert!(failures.check("b", 1_000).is_ok());
        assert!(failures.check("a", 3_000).is_ok());
        for _ in 0..40 {
            failures.note("a", 3_000);
        }
        assert!(matches!(failures.check("a", 3_000), Err(Error::TooManyTries { seconds: 60 })), "never for ever");
        failures.clear("a");
        assert!(failures.check("a", 3_000).is_ok());
        for place in 0..limits::SIGN_IN_PLACES + 10 {
            failures.note(&place.to_string(), 4_000);
        }
        assert!(failures.lock().len() <= limits::SIGN_IN_PLACES);
    }
}
