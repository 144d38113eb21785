//! Sessions of the console: a browser trades credentials for a cookie. Only the hash of the cookie is kept, and every
//! changing call must repeat a second secret that no other site can read.

use crate::actor::{Actor, Allowed, Origin};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::auth::permission_set;
use crate::error::Error;
use crate::second_factors::SecondFactor;
use crate::tries::Guess;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use stoker_domain::ids::{UserId, WorkspaceId};
use stoker_domain::{PrincipalKind, Rights, ids, limits};
use stoker_secrets::token;
use stoker_store::accounts::{self, User};
use stoker_store::db::Record;
use stoker_store::sessions::{self, ConsoleSession};
use stoker_store::{StoreError, Tx, workspaces};

/// Longest secret that is looked at.
const SECRET_BYTES: usize = 8 * 1024;
/// A use is written down when the last one noted is older, milliseconds.
const NOTE_MS: i64 = 60_000;

/// What a person signs in with.
#[derive(Clone)]
pub enum Credentials {
    /// A personal access token.
    Token(String),
    /// The name of a user and the password.
    Password {
        /// The login.
        login: String,
        /// The password.
        password: String,
        /// The second factor, where one is shown.
        second: Option<SecondFactor>,
    },
}

/// The call with which somebody signs in.
#[derive(Clone, Debug, Default)]
pub struct Visit {
    /// Where it comes from; too many failures from one address make it wait.
    pub address: Option<IpAddr>,
    /// Its id.
    pub request_id: Option<String>,
    /// Its method, path and program, for the audit trail and the list of sessions.
    pub origin: Option<Arc<Origin>>,
}

/// Who showed good credentials.
pub(crate) struct Proven {
    /// The user.
    pub(crate) user: UserId,
    /// The token that was used, if it was one.
    pub(crate) token_id: Option<String>,
    /// `password`, `token` or `openId`.
    pub(crate) way: &'static str,
    /// Hash of the password that was shown, if it was one: it must still be the right one when the session begins.
    pub(crate) password: Option<String>,
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
    /// What the user may do where, in the order of workspace ids.
    pub rights: Vec<(WorkspaceId, Rights)>,
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

/// The user of a living personal access token, and the id of the token.
fn owner(tx: &mut Tx<'_>, secret: &str, now: i64) -> Result<Option<(User, String)>, StoreError> {
    let Some(found) = accounts::token_by_hash(tx, &token::hash(secret))? else { return Ok(None) };
    if found.expires_ms.is_some_and(|at| at <= now) {
        return Ok(None);
    }
    let user = accounts::user(tx, &found.user_id)?.filter(|user| user.active);
    Ok(user.map(|user| (user, found.id)))
}

fn actor_of(user: &User) -> Actor {
    Actor {
        kind: PrincipalKind::Human,
        id: user.id.as_str().to_owned(),
        name: user.login.clone(),
        permissions: permission_set(&user.permissions.0),
        request_id: None,
        origin: None,
        credential: None,
    }
}

fn view_of(tx: &mut Tx<'_>, user: &User, session: &ConsoleSession, secret: &str) -> Result<SessionView, StoreError> {
    let name = format!("{} {}", user.first_name, user.last_name).trim().to_owned();
    Ok(SessionView {
        actor: actor_of(user),
        full_name: if name.is_empty() { user.login.clone() } else { name },
        created_ms: session.created_ms,
        expires_ms: session.expires_ms,
        csrf: csrf_of(secret),
        rights: workspaces::all_rights(tx, user.id.as_str())?,
    })
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

/// The user of a living session.
pub(crate) fn living_actor(tx: &mut Tx<'_>, hash: &str, now: i64) -> Result<Option<Actor>, StoreError> {
    Ok(living(tx, hash, now)?.map(|(user, _)| actor_of(&user)))
}

impl Service {
    /// Signs in.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] for wrong credentials, [`Error::SecondFactor`] when only the second factor is missing or
    /// wrong, [`Error::TooManyTries`] after several failures, [`Error::Forbidden`] when the IP allowlist does not hold
    /// the address.
    pub async fn sign_in(&self, credentials: Credentials, visit: Visit) -> Result<NewSession, Error> {
        let proven = match credentials {
            Credentials::Token(secret) => self.check_token(secret, visit.address).await?,
            Credentials::Password { login, password, second } => {
                let (actor, password) = self.check_sign_in(&login, &password, second, &visit).await?;
                Proven { user: UserId::trusted(actor.id), token_id: None, way: "password", password }
            }
        };
        self.open_console_session(proven, visit).await
    }

    /// Opens a session for whoever has shown good credentials.
    pub(crate) async fn open_console_session(&self, proven: Proven, visit: Visit) -> Result<NewSession, Error> {
        let Proven { user, token_id, way, password } = proven;
        let (now, service) = (self.now(), self.clone());
        let secret = token::random_secret(self.random());
        let (id, hash, own) = (ids::uuid(self.random()), token::hash(&secret), secret.clone());
        let view = self
            .write::<_, Error, _>(&Allowed::system(), move |tx| {
                // A change of the password ends all sessions: this one comes before it, and is ended, or not at all.
                let user = accounts::held_user(tx, &user)?.filter(|user| user.active).ok_or(Error::Unauthorized)?;
                if password.is_some() && password != user.password_hash {
                    return Err(Error::Unauthorized);
                }
                let session = ConsoleSession {
                    id,
                    hash,
                    user_id: user.id.clone(),
                    token_id,
                    created_ms: now,
                    seen_ms: now,
                    expires_ms: now + limits::SESSION_MS,
                    way: way.to_owned(),
                    address: visit.address.map(|ip| ip.to_string()),
                    agent: visit.origin.as_ref().and_then(|origin| origin.agent.clone()),
                };
                sessions::forget_ended(tx, now, now - limits::SESSION_IDLE_MS)?;
                session.insert(tx)?;
                sessions::keep_newest(tx, &user.id, limits::SESSIONS_PER_USER)?;
                let mut view = view_of(tx, &user, &session, &own)?;
                view.actor.request_id = visit.request_id;
                view.actor.origin = visit.origin;
                service.audit_session(tx, &view.actor, "session.create", &session.id)?;
                Ok(view)
            })
            .await?;
        Ok(NewSession { secret, view })
    }

    /// Who shows a personal access token, slowed like passwords.
    async fn check_token(&self, secret: String, from: Option<IpAddr>) -> Result<Proven, Error> {
        if secret.is_empty() || secret.len() > SECRET_BYTES {
            return Err(Error::invalid("token: paste a personal access token"));
        }
        let now = self.now();
        self.guess(Guess::Token, from).await?;
        let found = self.get::<_, Error, _>(&Allowed::system(), move |tx| Ok(owner(tx, &secret, now)?)).await?;
        let (user, token_id) = found.ok_or(Error::Unauthorized)?;
        self.guessed(Guess::Token, from).await?;
        self.admit(&actor_of(&user), from).await?;
        Ok(Proven { user: user.id, token_id: Some(token_id), way: "token", password: None })
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
        let stale = Arc::new(Mutex::new(None));
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
                Ok(found.map(|(user, session)| view_of(tx, &user, &session, &own)).transpose()?)
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
        visit: Visit,
    ) -> Result<(), Error> {
        let mut actor = self.authenticate_session(secret, true, csrf).await?;
        (actor.request_id, actor.origin) = (visit.request_id, visit.origin);
        let (service, hash, now) = (self.clone(), token::hash(secret), self.now());
        self.write::<_, Error, _>(&Allowed::system(), move |tx| {
            let Some((user, session)) = living(tx, &hash, now)? else { return Err(Error::Unauthorized) };
            if everywhere {
                sessions::delete_of_user(tx, &user.id)?;
            } else {
                sessions::delete_one(tx, &user.id, &session.id)?;
            }
            let action = if everywhere { "session.delete-all" } else { "session.delete" };
            service.audit_session(tx, &actor, action, &session.id)
        })
        .await
    }

    pub(crate) fn audit_session(&self, tx: &mut Tx<'_>, actor: &Actor, action: &str, id: &str) -> Result<(), Error> {
        let change = Change { action, object: ("session", id), workspace: None, detail: None };
        audit::record(tx, actor, self.now(), self.random(), change)
    }
}
