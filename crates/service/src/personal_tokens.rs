//! Personal access tokens: a person makes, renames and revokes its own; who manages users sees and revokes those of all.

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::audit_states;
use crate::bootstrap::new_personal_token;
use crate::error::Error;
use crate::people::{self as users, known};
use serde_json::json;
use stoker_domain::ids::{self, UserId};
use stoker_domain::time::to_text;
use stoker_domain::{PrincipalKind, limits, names};
use stoker_secrets::token;
use stoker_store::Tx;
use stoker_store::accounts::PersonalToken;
use stoker_store::db::Record;
use stoker_store::people::{self, TokenInfo};

/// A new token with the only copy of its secret.
pub struct NewToken {
    /// The token as lists show it.
    pub info: TokenInfo,
    /// What goes into the `Authorization` header, shown this once.
    pub secret: String,
}

fn unknown() -> Error {
    Error::not_found("Token id not found.")
}

impl Actor {
    /// The user who asks; a service account has no password and no personal token.
    pub(crate) fn person(&self) -> Result<UserId, Error> {
        match self.kind {
            PrincipalKind::Human => Ok(UserId::trusted(self.id.as_str())),
            PrincipalKind::Service => {
                Err(Error::Forbidden("Forbidden: only a user has this; a service account does not".to_owned()))
            }
        }
    }
}

impl Service {
    /// The tokens of whoever asks, oldest first.
    pub async fn my_tokens(&self, actor: &Actor) -> Result<Vec<TokenInfo>, Error> {
        let allowed = actor.allow(&[])?;
        self.tokens_of_user(&allowed, actor.person()?).await
    }

    /// The tokens of a user, oldest first.
    pub async fn tokens_of(&self, actor: &Actor, user: &UserId) -> Result<Vec<TokenInfo>, Error> {
        let allowed = actor.allow(users::MANAGE)?;
        self.tokens_of_user(&allowed, user.clone()).await
    }

    async fn tokens_of_user(&self, allowed: &Allowed, user: UserId) -> Result<Vec<TokenInfo>, Error> {
        self.store_last_use().await?;
        self.read(allowed, move |tx| {
            known(tx, &user)?;
            Ok(people::tokens(tx, &user)?)
        })
        .await
    }

    /// Makes a token for whoever asks. It ends at `expires_ms`, or never.
    pub async fn create_token(&self, actor: &Actor, name: &str, expires_ms: Option<i64>) -> Result<NewToken, Error> {
        let allowed = actor.allow(&[])?;
        let (user, now) = (actor.person()?, self.now());
        let name = names::checked("name", name, limits::NAME_CHARS)?;
        let last = now + limits::TOKEN_DAYS * 24 * 3600 * 1000;
        if expires_ms.is_some_and(|at| at <= now || at > last) {
            let days = limits::TOKEN_DAYS;
            return Err(Error::invalid(format!("expiresAt: must lie in the future, at most {days} days ahead")));
        }
        let secret = new_personal_token(self.random());
        let row = PersonalToken {
            id: ids::alphanumeric(24, self.random()),
            user_id: user.clone(),
            name,
            hash: token::hash(&secret),
            created_ms: now,
            expires_ms,
        };
        let (service, proof) = (self.clone(), allowed.clone());
        let info = self
            .write(&allowed, move |tx| {
                people::lock_all(tx)?;
                known(tx, &user)?;
                if people::tokens(tx, &user)?.len() >= limits::TOKENS {
                    let most = limits::TOKENS;
                    return Err(Error::conflict(format!("a user has at most {most} tokens: revoke one first")));
                }
                row.insert(tx)?;
                let info = people::token(tx, &user, &row.id)?.ok_or_else(unknown)?;
                service.audit_token(tx, &proof, "access-token.create", &info)?;
                Ok::<_, Error>(info)
            })
            .await?;
        Ok(NewToken { info, secret })
    }

    /// Renames a token of whoever asks.
    pub async fn rename_token(&self, actor: &Actor, id: &str, name: &str) -> Result<TokenInfo, Error> {
        let allowed = actor.allow(&[])?;
        let (user, id) = (actor.person()?, id.to_owned());
        let name = names::checked("name", name, limits::NAME_CHARS)?;
        let (service, proof) = (self.clone(), allowed.clone());
        self.write(&allowed, move |tx| {
            let mut info = people::token(tx, &user, &id)?.ok_or_else(unknown)?;
            people::rename_token(tx, &id, &name)?;
            info.name = name;
            service.audit_token(tx, &proof, "access-token.update", &info)?;
            Ok(info)
        })
        .await
    }

    /// Revokes a token of whoever asks; it stops working at once here, and within a second on other servers.
    pub async fn revoke_token(&self, actor: &Actor, id: &str) -> Result<(), Error> {
        let allowed = actor.allow(&[])?;
        self.revoke(&allowed, actor.person()?, id).await
    }

    /// Revokes a token of a user.
    pub async fn revoke_token_of(&self, actor: &Actor, user: &UserId, id: &str) -> Result<(), Error> {
        let allowed = actor.allow(users::MANAGE)?;
        self.revoke(&allowed, user.clone(), id).await
    }

    async fn revoke(&self, allowed: &Allowed, user: UserId, id: &str) -> Result<(), Error> {
        let (service, proof, id) = (self.clone(), allowed.clone(), id.to_owned());
        self.write::<_, Error, _>(allowed, move |tx| {
            known(tx, &user)?;
            let info = people::token(tx, &user, &id)?.ok_or_else(unknown)?;
            people::delete_token(tx, &user, &id)?;
            service.audit_token(tx, &proof, "access-token.delete", &info)
        })
        .await
    }

    fn audit_token(&self, tx: &mut Tx<'_>, allowed: &Allowed, action: &str, info: &TokenInfo) -> Result<(), Error> {
        let user = audit_states::principal(tx, PrincipalKind::Human, info.user_id.as_str())?;
        let change = Change {
            action,
            object: ("access-token", &info.id),
            workspace: None,
            detail: Some(json!({ "name": info.name, "user": user, "expiresAt": info.expires_ms.map(to_text) })),
        };
        audit::record(tx, allowed.actor(), self.now(), self.random(), change)
    }
}
