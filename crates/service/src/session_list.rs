//! Where somebody is signed in, and ending it.

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::error::Error;
use crate::people::{self as users, known};
use stoker_domain::ids::UserId;
use stoker_domain::limits;
use stoker_secrets::token;
use stoker_store::accounts;
use stoker_store::sessions::{self, ConsoleSession};

/// A living session in a list.
#[derive(Clone, Debug)]
pub struct ListedSession {
    /// The session; its hash is never shown.
    pub row: ConsoleSession,
    /// Whether it is the one that asks.
    pub current: bool,
}

fn unknown() -> Error {
    Error::not_found("Session id not found.")
}

impl Service {
    /// The living sessions of whoever asks, newest first. `secret` is the cookie of the call, if it has one.
    pub async fn my_sessions(&self, actor: &Actor, secret: Option<&str>) -> Result<Vec<ListedSession>, Error> {
        let allowed = actor.allow(&[])?;
        self.living_sessions(&allowed, actor.person()?, secret.map(token::hash)).await
    }

    /// The living sessions of a user, newest first.
    pub async fn sessions_of(&self, actor: &Actor, user: &UserId) -> Result<Vec<ListedSession>, Error> {
        let allowed = actor.allow(users::MANAGE)?;
        self.living_sessions(&allowed, user.clone(), None).await
    }

    async fn living_sessions(
        &self,
        allowed: &Allowed,
        user: UserId,
        own: Option<String>,
    ) -> Result<Vec<ListedSession>, Error> {
        let now = self.now();
        self.read(allowed, move |tx| {
            let person = known(tx, &user)?;
            let mut listed = Vec::new();
            for row in sessions::of_user(tx, &user, now, now - limits::SESSION_IDLE_MS)? {
                let token = match &row.token_id {
                    None => None,
                    Some(id) => Some(accounts::personal_token(tx, id)?),
                };
                // A session ends with the token it was made with, and sleeps while the user is not active.
                let alive = token.is_none_or(|t| t.is_some_and(|t| t.expires_ms.is_none_or(|at| at > now)));
                if alive && person.active {
                    listed.push(ListedSession { current: own.as_deref() == Some(row.hash.as_str()), row });
                }
            }
            Ok(listed)
        })
        .await
    }

    /// Ends one session of whoever asks.
    pub async fn end_my_session(&self, actor: &Actor, id: &str) -> Result<(), Error> {
        let allowed = actor.allow(&[])?;
        let (service, proof, user, id) = (self.clone(), allowed.clone(), actor.person()?, id.to_owned());
        self.write::<_, Error, _>(&allowed, move |tx| {
            if !sessions::delete_one(tx, &user, &id)? {
                return Err(unknown());
            }
            service.audit_session(tx, proof.actor(), "session.delete", &id)
        })
        .await
    }

    /// Ends all sessions of a user, for somebody who manages users.
    pub async fn end_sessions_of(&self, actor: &Actor, user: &UserId) -> Result<(), Error> {
        let allowed = actor.allow(users::MANAGE)?;
        let (service, proof, user) = (self.clone(), allowed.clone(), user.clone());
        self.write::<_, Error, _>(&allowed, move |tx| {
            known(tx, &user)?;
            sessions::delete_of_user(tx, &user)?;
            service.audit_session(tx, proof.actor(), "session.delete-all", user.as_str())
        })
        .await
    }
}
