//! Passwords: setting them, and checking one at a sign-in. How guessing is slowed stands in [`crate::tries`].

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::auth::permission_set;
use crate::error::Error;
use crate::people::{self as users, known};
use crate::second_factors::SecondFactor;
use crate::sessions::Visit;
use crate::tries::Guess;
use std::net::IpAddr;
use stoker_domain::ids::UserId;
use stoker_domain::{PrincipalKind, limits};
use stoker_secrets::{SecretError, password};
use stoker_store::db::Record;
use stoker_store::people::{self, Person};
use stoker_store::sessions;

/// How a sign-in ended, for the audit trail.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SignIn {
    /// With success, in this way.
    Right(&'static str),
    /// This was wrong.
    Refused(&'static str),
}

fn checked(field: &str, text: &str, login: &str) -> Result<(), Error> {
    let least = limits::PASSWORD_CHARS_LEAST;
    if text.chars().count() < least {
        return Err(Error::invalid(format!("{field}: must have at least {least} characters")));
    }
    if text.len() > limits::PASSWORD_BYTES {
        return Err(Error::invalid(format!("{field}: must have at most {} bytes", limits::PASSWORD_BYTES)));
    }
    if text.eq_ignore_ascii_case(login) {
        return Err(Error::invalid(format!("{field}: must not be the login")));
    }
    Ok(())
}

impl Service {
    /// Who signs in with this name and password from this address. The refusal is the same, and takes the same time,
    /// for an unknown name, a wrong password, a user who is not active and one without a role (source: doc, a user
    /// without a role cannot sign in).
    ///
    /// # Errors
    /// [`Error::Unauthorized`], [`Error::TooManyTries`] after several wrong ones, [`Error::Forbidden`] when the IP
    /// allowlist does not hold the address.
    pub async fn check_password(&self, login: &str, password: &str, from: Option<IpAddr>) -> Result<Actor, Error> {
        let visit = Visit { address: from, ..Visit::default() };
        Ok(self.check_sign_in(login, password, None, &visit).await?.0)
    }

    /// The same with a second factor, which is looked at only after the password. Also gives the hash that the password
    /// fits.
    ///
    /// # Errors
    /// [`Error::SecondFactor`] when the password is right, and the second factor is missing or wrong. A missing one is
    /// no failure; wrong ones are slowed for the user from everywhere.
    pub(crate) async fn check_sign_in(
        &self,
        login: &str,
        password: &str,
        second: Option<SecondFactor>,
        visit: &Visit,
    ) -> Result<(Actor, Option<String>), Error> {
        let from = visit.address;
        if login.chars().count() > limits::LOGIN_CHARS || password.len() > limits::PASSWORD_BYTES {
            return Err(Error::Unauthorized);
        }
        // One name, however it is written: else each spelling had tries of its own.
        let login = &*stoker_domain::names::composed(login);
        self.guess(Guess::Password(login), from).await?;
        let wanted = login.to_owned();
        let person = self.read(&Allowed::system(), move |tx| Ok::<_, Error>(people::by_login(tx, &wanted)?)).await?;
        let right = self.fits(person.as_ref(), password).await?;
        let Some(person) = person else { return Err(Error::Unauthorized) };
        let held = permission_set(&person.permissions.0);
        let welcome = right && person.active && !person.permissions.0.is_empty();
        let actor = Actor {
            kind: PrincipalKind::Human,
            id: person.id.to_string(),
            name: person.login,
            permissions: held,
            request_id: visit.request_id.clone(),
            origin: visit.origin.clone(),
            credential: None,
        };
        if !welcome {
            // An unknown name writes nothing: waiting here for the disk would tell the two apart.
            self.note_behind_the_answer(actor, person.id, SignIn::Refused("password"));
            return Err(Error::Unauthorized);
        }
        self.guessed(Guess::Password(login), from).await?;
        if let Err(refusal) = self.check_second_factor(&person.id, &actor.name, second).await {
            if let Error::SecondFactor(_) = refusal {
                self.note_sign_in(&actor, person.id, SignIn::Refused("second factor")).await?;
            }
            return Err(refusal);
        }
        self.note_sign_in(&actor, person.id, SignIn::Right("password")).await?;
        self.admit(&actor, from).await?;
        Ok((actor, person.password_hash))
    }

    /// Checks that a user knows its password, slowed like a sign-in; `field` is what a refusal names.
    pub(crate) async fn knows_password(
        &self,
        person: &Person,
        password: &str,
        field: &str,
        from: Option<IpAddr>,
    ) -> Result<(), Error> {
        self.guess(Guess::Password(&person.login), from).await?;
        if password.len() > limits::PASSWORD_BYTES || !self.fits(Some(person), password).await? {
            return Err(Error::invalid(format!("{field}: is not the current password")));
        }
        self.guessed(Guess::Password(&person.login), from).await?;
        Ok(())
    }

    /// Whether the password fits; takes as long when there is no user or no password.
    async fn fits(&self, person: Option<&Person>, password: &str) -> Result<bool, Error> {
        let turn = self.inner.tries.turn().await?;
        let stored = person.and_then(|person| person.password_hash.clone());
        let (service, password) = (self.clone(), password.to_owned());
        let checked = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let known = stored.is_some();
            let hash = match stored {
                Some(hash) => hash,
                None => service.nobody()?,
            };
            password::verify(&password, &hash).map(|fits| fits && known)
        });
        Ok(checked.await.map_err(Error::internal)??)
    }

    fn nobody(&self) -> Result<String, SecretError> {
        if let Some(hash) = self.inner.tries.nobody.get() {
            return Ok(hash.clone());
        }
        let made = password::hash(&stoker_domain::ids::alphanumeric(32, self.random()), self.random())?;
        Ok(self.inner.tries.nobody.get_or_init(|| made).clone())
    }

    /// As [`Service::note_sign_in`], without waiting for it. Nobody can heap these up: each comes after the check of a
    /// password, and those take turns.
    fn note_behind_the_answer(&self, actor: Actor, id: UserId, outcome: SignIn) {
        if let Some(mark) = actor.origin.as_ref().and_then(|origin| origin.mark.as_ref()) {
            mark.set();
        }
        let service = self.clone();
        tokio::spawn(async move {
            if let Err(error) = service.note_sign_in(&actor, id, outcome).await {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a refused sign-in is not in the audit trail"
                );
            }
        });
    }

    pub(crate) async fn note_sign_in(&self, actor: &Actor, id: UserId, outcome: SignIn) -> Result<(), Error> {
        let (service, actor, now) = (self.clone(), actor.clone(), self.now());
        self.write(&Allowed::system(), move |tx| {
            people::note_attempt(tx, &id, now)?;
            let (action, detail) = match outcome {
                SignIn::Right(way) => ("user.login", serde_json::json!({ "way": way })),
                SignIn::Refused(what) => ("user.login-failed", serde_json::json!({ "wrong": what })),
            };
            let change = Change { action, object: ("user", id.as_str()), workspace: None, detail: Some(detail) };
            audit::record(tx, &actor, now, service.random(), change)
        })
        .await
    }

    /// Changes the password of whoever asks, who has to know the current one; without one yet there is nothing to know.
    pub async fn change_my_password(
        &self,
        actor: &Actor,
        current: &str,
        new: &str,
        from: Option<IpAddr>,
    ) -> Result<(), Error> {
        let allowed = actor.allow(&[])?;
        let id = actor.person()?;
        checked("newPassword", new, &actor.name)?;
        let wanted = id.clone();
        let person = self.read(&allowed, move |tx| known(tx, &wanted)).await?;
        if person.password_hash.is_some() {
            self.knows_password(&person, current, "currentPassword", from).await?;
        }
        self.set_password(&allowed, id, new, person.password_hash).await
    }

    /// Sets the password of a user, for somebody who manages users.
    pub async fn set_password_of(&self, actor: &Actor, id: &UserId, new: &str) -> Result<(), Error> {
        let allowed = actor.allow(users::MANAGE)?;
        let wanted = id.clone();
        let person = self.read(&allowed, move |tx| known(tx, &wanted)).await?;
        checked("newPassword", new, &person.login)?;
        self.set_password(&allowed, id.clone(), new, person.password_hash).await
    }

    /// Checks a new password of a user and hashes it.
    pub async fn hash_password(&self, login: &str, new: &str) -> Result<String, Error> {
        checked("password", new, login)?;
        self.hashed(new).await
    }

    async fn hashed(&self, new: &str) -> Result<String, Error> {
        let turn = self.inner.tries.turn().await?;
        let (service, new) = (self.clone(), new.to_owned());
        let hashing = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            password::hash(&new, service.random())
        });
        Ok(hashing.await.map_err(Error::internal)??)
    }

    /// Stores a password in the place of `before`.
    async fn set_password(
        &self,
        allowed: &Allowed,
        id: UserId,
        new: &str,
        before: Option<String>,
    ) -> Result<(), Error> {
        let hash = self.hashed(new).await?;
        let (service, proof, now) = (self.clone(), allowed.clone(), self.now());
        self.write(allowed, move |tx| {
            people::lock_all(tx)?;
            let mut person = known(tx, &id)?;
            if person.password_hash != before {
                return Err(Error::conflict("the password was changed by somebody else in the meantime"));
            }
            people::set_password(tx, &id, &hash, now)?;
            // Whoever knew the old one may be signed in.
            sessions::delete_of_user(tx, &id)?;
            person = known(tx, &id)?;
            person.modified_ms = now;
            person.update(tx)?;
            let change =
                Change { action: "user.password", object: ("user", id.as_str()), workspace: None, detail: None };
            audit::record(tx, proof.actor(), now, service.random(), change)
        })
        .await
    }
}
