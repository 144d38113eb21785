//! Passwords: setting them, and checking one at a sign-in.
//!
//! Whoever guesses is slowed by name and address together, so nobody can lock another out: the owner comes from another
//! address. Over all addresses a name is checked at most once a second, which a person who signs in does not notice and
//! which leaves no room for guessing from many addresses. All of it is in memory, for each server on its own.

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::auth::permission_set;
use crate::error::Error;
use crate::people::{self as users, known};
use crate::second_factors::SecondFactor;
use crate::sessions::Visit;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock};
use stoker_domain::ids::UserId;
use stoker_domain::{PrincipalKind, limits};
use stoker_secrets::{SecretError, password};
use stoker_store::db::Record;
use stoker_store::people::{self, Person};
use stoker_store::sessions;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Wrong passwords that cost no waiting.
const FREE_TRIES: u32 = 5;
/// Longest wait after a wrong password, milliseconds: a quarter of an hour.
const LONGEST_WAIT_MS: i64 = 15 * 60 * 1000;
/// Shortest distance of two checks of one name from any address, milliseconds.
const NAME_PACE_MS: i64 = 1_000;
/// Most names and places remembered; when there are more, the oldest go.
const REMEMBER_MOST: usize = 20_000;
/// Passwords checked at the same time: each takes 19 MiB and a processor for tens of milliseconds, which whatever else
/// the server does must not feel.
const AT_ONCE: usize = 1;
/// Most that wait for their turn: about two seconds' worth. Further ones are told to come again.
const WAIT_MOST: usize = 64;

/// Who tried what lately.
pub(crate) struct Tries {
    failed: Mutex<HashMap<String, Failed>>,
    at_once: Arc<Semaphore>,
    places: Semaphore,
    /// A hash that no password fits, so that an unknown name takes as long as a known one.
    nobody: OnceLock<String>,
}

#[derive(Clone, Copy, Default)]
struct Failed {
    count: u32,
    wait_until_ms: i64,
}

impl Default for Tries {
    fn default() -> Self {
        let (at_once, places) = (Arc::new(Semaphore::new(AT_ONCE)), Semaphore::new(WAIT_MOST));
        Self { failed: Mutex::default(), at_once, places, nobody: OnceLock::new() }
    }
}

/// How a sign-in ended, for the audit trail.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SignIn {
    /// With success, in this way.
    Right(&'static str),
    /// This was wrong.
    Refused(&'static str),
}

/// What is tried.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Guess<'a> {
    /// The password of this login.
    Password(&'a str),
    /// A token: it has no name, and too much in it to be guessed from many places.
    Token,
    /// A code of the authenticator of this login, by somebody who knows the password: a million codes are few, so all
    /// places count together.
    Code(&'a str),
}

impl Guess<'_> {
    /// What is remembered of the place it is tried from. Logins have no control characters, which keeps kinds apart.
    fn place(self, from: Option<IpAddr>) -> String {
        let from = from.map_or_else(|| "-".to_owned(), |ip| ip.to_string());
        match self {
            Guess::Password(login) => format!("{from} {login}"),
            Guess::Token => format!("{from}\0"),
            Guess::Code(login) => format!("\0{login}"),
        }
    }

    /// What is remembered of it over all places.
    fn name(self) -> Option<String> {
        match self {
            Guess::Password(login) => Some(format!("* {login}")),
            Guess::Token | Guess::Code(_) => None,
        }
    }
}

impl Tries {
    /// Takes a turn, or says how long to wait. The turn counts as a wrong password until [`Tries::right`] is called, so
    /// that many at once are no way around.
    pub(crate) fn begin(&self, guess: Guess<'_>, from: Option<IpAddr>, now: i64) -> Result<(), Error> {
        let mut failed = self.failed.lock().unwrap_or_else(|p| p.into_inner());
        let (place, name) = (guess.place(from), guess.name());
        let wait = |key: &str| failed.get(key).map_or(0, |entry| entry.wait_until_ms - now);
        let wait = wait(&place).max(name.as_deref().map_or(0, wait));
        if wait > 0 {
            return Err(Error::TooManyTries { seconds: (wait + 999) / 1000 });
        }
        if failed.len() >= REMEMBER_MOST {
            failed.retain(|_, entry| entry.wait_until_ms + LONGEST_WAIT_MS > now);
            if failed.len() >= REMEMBER_MOST {
                failed.clear();
            }
        }
        let entry = failed.entry(place).or_default();
        entry.count = entry.count.saturating_add(1);
        let over = entry.count.saturating_sub(FREE_TRIES);
        let pause = if over == 0 { 0 } else { (1_000i64 << over.min(20)).min(LONGEST_WAIT_MS) };
        entry.wait_until_ms = now + pause;
        if let Some(name) = name.filter(|_| over > 0) {
            failed.entry(name).or_default().wait_until_ms = now + NAME_PACE_MS;
        }
        Ok(())
    }

    /// Waits for a turn at the work of a password. It must be kept until that work ends, also when nobody waits for it
    /// any more: else callers that hang up would make as much of it as they like.
    async fn turn(&self) -> Result<OwnedSemaphorePermit, Error> {
        let _place = self.places.try_acquire().map_err(|_| Error::TooManyTries { seconds: 2 })?;
        Arc::clone(&self.at_once).acquire_owned().await.map_err(Error::internal)
    }

    /// The guess was right: this place has nothing to wait for.
    pub(crate) fn right(&self, guess: Guess<'_>, from: Option<IpAddr>) {
        self.failed.lock().unwrap_or_else(|p| p.into_inner()).remove(&guess.place(from));
    }
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
        self.check_sign_in(login, password, None, &visit).await
    }

    /// The same with a second factor, which is looked at only after the password.
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
    ) -> Result<Actor, Error> {
        let from = visit.address;
        if login.chars().count() > limits::LOGIN_CHARS || password.len() > limits::PASSWORD_BYTES {
            return Err(Error::Unauthorized);
        }
        let now = self.now();
        // One name, however it is written: else each spelling had tries of its own.
        let login = &*stoker_domain::names::composed(login);
        self.inner.tries.begin(Guess::Password(login), from, now)?;
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
        };
        if !welcome {
            // An unknown name writes nothing: waiting here for the disk would tell the two apart.
            self.note_behind_the_answer(actor, person.id, SignIn::Refused("password"));
            return Err(Error::Unauthorized);
        }
        self.inner.tries.right(Guess::Password(login), from);
        if let Err(refusal) = self.check_second_factor(&person.id, &actor.name, second).await {
            if let Error::SecondFactor(_) = refusal {
                self.note_sign_in(&actor, person.id, SignIn::Refused("second factor")).await?;
            }
            return Err(refusal);
        }
        self.note_sign_in(&actor, person.id, SignIn::Right("password")).await?;
        self.admit(&actor, from).await?;
        Ok(actor)
    }

    /// Checks that a user knows its password, slowed like a sign-in; `field` is what a refusal names.
    pub(crate) async fn knows_password(
        &self,
        person: &Person,
        password: &str,
        field: &str,
        from: Option<IpAddr>,
    ) -> Result<(), Error> {
        self.inner.tries.begin(Guess::Password(&person.login), from, self.now())?;
        if password.len() > limits::PASSWORD_BYTES || !self.fits(Some(person), password).await? {
            return Err(Error::invalid(format!("{field}: is not the current password")));
        }
        self.inner.tries.right(Guess::Password(&person.login), from);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([10, 0, 0, last]))
    }

    #[test]
    fn guessing_from_one_place_gets_slower_and_never_locks_another_place() {
        let tries = Tries::default();
        let mut now = 0;
        for _ in 0..FREE_TRIES {
            assert!(tries.begin(Guess::Password("ada"), ip(1), now).is_ok());
        }
        let mut waits = Vec::new();
        for _ in 0..12 {
            assert!(tries.begin(Guess::Password("ada"), ip(1), now).is_ok());
            let Err(Error::TooManyTries { seconds }) = tries.begin(Guess::Password("ada"), ip(1), now) else {
                panic!("not slowed")
            };
            waits.push(seconds);
            // A second later the owner may come in from elsewhere.
            assert!(tries.begin(Guess::Password("ada"), ip(2), now).is_err());
            assert!(tries.begin(Guess::Password("ada"), ip(2), now + NAME_PACE_MS).is_ok());
            tries.right(Guess::Password("ada"), ip(2));
            now += seconds * 1000;
        }
        assert_eq!(waits, [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
        assert!(tries.begin(Guess::Password("bob"), ip(1), now).is_ok(), "another name is not slowed");
        now += LONGEST_WAIT_MS;
        assert!(tries.begin(Guess::Password("ada"), ip(1), now).is_ok());
        tries.right(Guess::Password("ada"), ip(1));
        assert!(tries.begin(Guess::Password("ada"), ip(1), now + NAME_PACE_MS).is_ok());
    }

    #[tokio::test]
    async fn one_password_is_checked_at_a_time_and_few_wait() {
        let tries = Arc::new(Tries::default());
        let first = tries.turn().await.unwrap();
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..WAIT_MOST {
            let tries = tries.clone();
            waiting.spawn(async move { tries.turn().await.map(drop) });
        }
        while tries.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(tries.turn().await, Err(Error::TooManyTries { seconds: 2 })));
        assert!(waiting.try_join_next().is_none(), "nobody goes before the first is done");
        drop(first);
        while let Some(ended) = waiting.join_next().await {
            assert!(ended.unwrap().is_ok());
        }
        assert!(tries.turn().await.is_ok());
    }

    #[test]
    fn codes_are_slowed_for_a_user_from_everywhere() {
        let tries = Tries::default();
        for last in 0..6 {
            assert!(tries.begin(Guess::Code("ada"), ip(last), 0).is_ok());
        }
        assert!(tries.begin(Guess::Code("ada"), ip(9), 0).is_err());
        assert!(
            tries.begin(Guess::Password("ada"), ip(9), 0).is_ok() && tries.begin(Guess::Code("bob"), ip(9), 0).is_ok()
        );
        tries.right(Guess::Code("ada"), ip(7));
        assert!(tries.begin(Guess::Code("ada"), ip(9), 0).is_ok());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let tries = Tries::default();
        for number in 0..REMEMBER_MOST + 10 {
            let _ = tries.begin(Guess::Password(&format!("user{number}")), ip(1), 0);
        }
        assert!(tries.failed.lock().unwrap().len() <= REMEMBER_MOST);
    }
}
