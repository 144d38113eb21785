//! Second factors: the code of an authenticator program beside the password, and recovery codes for when the program is
//! lost. They are asked for where a password is: a personal access token and an identity provider have their own.

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::error::Error;
use crate::listed::{Listed, PageNumber};
use crate::people::{self as users, known};
use crate::tries::Guess;
use std::collections::HashSet;
use std::net::IpAddr;
use stoker_domain::ids::UserId;
use stoker_domain::limits;
use stoker_secrets::totp;
use stoker_store::Tx;
use stoker_store::db::Record;
use stoker_store::identities;
use stoker_store::people::{self, PeopleFilter, Person};
use stoker_store::second_factors::{self as store, UserTotp};

/// What the keyed hashes of recovery codes are for.
const RECOVERY: &str = "recovery code";
/// What an authenticator program shows as the place the code is for.
const ISSUER: &str = "Stoker";

/// What somebody shows beside the password.
#[derive(Clone)]
pub enum SecondFactor {
    /// A code of the authenticator program.
    Code(String),
    /// One of the recovery codes; each is good once.
    Recovery(String),
}

/// What somebody shows before a second factor is changed.
#[derive(Clone)]
pub enum Proof {
    /// The password.
    Password(String),
    /// The second factor itself.
    Factor(SecondFactor),
}

/// How things stand with the authenticator of a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TotpView {
    /// Since when it is asked for at a sign-in, milliseconds; none while it is not.
    pub since_ms: Option<i64>,
    /// It was begun, but no code has been shown yet.
    pub begun: bool,
    /// Recovery codes that are left.
    pub recovery_codes: i64,
}

/// A new secret, shown this once.
#[derive(Clone)]
pub struct NewTotp {
    /// In base 32, to be typed in.
    pub secret: String,
    /// The same with all details, to be shown as a picture.
    pub uri: String,
}

/// How a user gets in.
#[derive(Clone, Debug)]
pub struct SignInView {
    /// The user.
    pub person: Person,
    /// Whether a code is asked for beside the password.
    pub totp: bool,
    /// Whether an identity provider has signed the user in.
    pub open_id: bool,
}

fn wrong() -> Error {
    Error::SecondFactor("totp: the code is wrong, or was used before; wait for the next one")
}

fn off() -> Error {
    Error::not_found("There is no authenticator to remove.")
}

impl Service {
    pub(crate) fn totp_place(user: &UserId) -> String {
        format!("totp:{user}")
    }

    fn recovery_text(user: &UserId, code: &str) -> String {
        format!("{user} {}", totp::normal_recovery_code(code))
    }

    /// How things stand with the authenticator of whoever asks.
    pub async fn my_totp(&self, actor: &Actor) -> Result<TotpView, Error> {
        let allowed = actor.allow(&[])?;
        let user = actor.person()?;
        self.read(&allowed, move |tx| {
            let Some(row) = store::totp(tx, &user)? else { return Ok(TotpView::default()) };
            let recovery_codes = store::recovery_codes(tx, &user)?;
            Ok(TotpView { since_ms: row.confirmed_ms, begun: row.confirmed_ms.is_none(), recovery_codes })
        })
        .await
    }

    /// Makes a secret for an authenticator program. It acts once [`Service::confirm_totp`] was called.
    ///
    /// # Errors
    /// [`Error::Conflict`] while another one acts.
    pub async fn begin_totp(&self, actor: &Actor) -> Result<NewTotp, Error> {
        let allowed = actor.allow(&[])?;
        let (user, now) = (actor.person()?, self.now());
        let secret = totp::generate(self.random());
        let made = NewTotp { secret: totp::base32(&secret), uri: totp::uri(ISSUER, &actor.name, &secret) };
        let row = UserTotp {
            secret: self.inner.keys.encrypt(&Self::totp_place(&user), &secret, self.random()),
            user_id: user.clone(),
            made_ms: now,
            confirmed_ms: None,
            last_step: 0,
        };
        let (service, proof) = (self.clone(), allowed.clone());
        self.write::<_, Error, _>(&allowed, move |tx| {
            people::lock_all(tx)?;
            known(tx, &user)?;
            if store::totp(tx, &user)?.is_some_and(|found| found.confirmed_ms.is_some()) {
                return Err(Error::conflict("an authenticator is in use already: remove it first"));
            }
            store::remove(tx, &user)?;
            row.insert(tx)?;
            service.audit_factor(tx, &proof, "user.totp-begin", &user)
        })
        .await?;
        Ok(made)
    }

    /// From now on a sign-in with the password wants a code too: `code` proves that the program has the secret. Gives
    /// the recovery codes, shown this once.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a wrong code, [`Error::TooManyTries`] after several, [`Error::Conflict`] when none was
    /// begun.
    pub async fn confirm_totp(&self, actor: &Actor, code: &str) -> Result<Vec<String>, Error> {
        let allowed = actor.allow(&[])?;
        let (user, now) = (actor.person()?, self.now());
        self.guess(Guess::Code(&actor.name), None).await?;
        let (service, proof, code) = (self.clone(), allowed.clone(), code.to_owned());
        let codes = self
            .write(&allowed, move |tx| {
                let row = store::totp(tx, &user)?.filter(|row| row.confirmed_ms.is_none());
                let row = row.ok_or_else(|| Error::conflict("no authenticator waits for its first code: begin one"))?;
                if !service.take_code(tx, &row, &code, now)? || !store::confirm(tx, &user, now)? {
                    return Err(Error::invalid("code: is not what the authenticator shows now; compare the clocks"));
                }
                service.audit_factor(tx, &proof, "user.totp-on", &user)?;
                service.new_recovery_codes(tx, &user)
            })
            .await?;
        self.guessed(Guess::Code(&actor.name), None).await?;
        Ok(codes)
    }

    /// Puts new recovery codes in the place of the old ones, for whoever knows the password or a code.
    pub async fn renew_recovery_codes(
        &self,
        actor: &Actor,
        proof: Proof,
        from: Option<IpAddr>,
    ) -> Result<Vec<String>, Error> {
        let allowed = actor.allow(&[])?;
        let user = self.proven(&allowed, actor, proof, from).await?;
        let (service, proof) = (self.clone(), allowed.clone());
        self.write(&allowed, move |tx| {
            store::totp(tx, &user)?.filter(|row| row.confirmed_ms.is_some()).ok_or_else(off)?;
            service.audit_factor(tx, &proof, "user.recovery-codes", &user)?;
            service.new_recovery_codes(tx, &user)
        })
        .await
    }

    /// Removes the authenticator of whoever asks and knows the password or a code.
    pub async fn remove_my_totp(&self, actor: &Actor, proof: Proof, from: Option<IpAddr>) -> Result<(), Error> {
        let allowed = actor.allow(&[])?;
        let user = self.proven(&allowed, actor, proof, from).await?;
        self.remove_totp(&allowed, user).await
    }

    /// Removes the authenticator of a user, for somebody who manages users.
    pub async fn remove_totp_of(&self, actor: &Actor, user: &UserId) -> Result<(), Error> {
        let allowed = actor.allow(users::MANAGE)?;
        self.remove_totp(&allowed, user.clone()).await
    }

    async fn remove_totp(&self, allowed: &Allowed, user: UserId) -> Result<(), Error> {
        let (service, proof) = (self.clone(), allowed.clone());
        self.write(allowed, move |tx| {
            known(tx, &user)?;
            if !store::remove(tx, &user)? {
                return Err(off());
            }
            service.audit_factor(tx, &proof, "user.totp-off", &user)
        })
        .await
    }

    /// One page of users by login, with how they get in.
    pub async fn sign_in_ways_of_people(&self, actor: &Actor, page: PageNumber) -> Result<Listed<SignInView>, Error> {
        let allowed = actor.allow(users::MANAGE)?;
        self.read(&allowed, move |tx| {
            let (rows, total) = people::list(tx, &PeopleFilter::default(), page.size, page.offset())?;
            let guarded: HashSet<UserId> = store::confirmed(tx)?.into_iter().collect();
            let linked: HashSet<UserId> = identities::users(tx)?.into_iter().collect();
            let view = |person: Person| SignInView {
                totp: guarded.contains(&person.id),
                open_id: linked.contains(&person.id),
                person,
            };
            Ok(Listed { items: rows.into_iter().map(view).collect(), page, total })
        })
        .await
    }

    /// Checks what a user shows beside the password. Nothing is wanted of a user without an authenticator.
    pub(crate) async fn check_second_factor(
        &self,
        user: &UserId,
        login: &str,
        second: Option<SecondFactor>,
    ) -> Result<(), Error> {
        let wanted = user.clone();
        let row = self.get::<_, Error, _>(&Allowed::system(), move |tx| Ok(store::totp(tx, &wanted)?)).await?;
        let Some(row) = row.filter(|row| row.confirmed_ms.is_some()) else { return Ok(()) };
        let second = second.ok_or(Error::SecondFactor(
            "totp: this user signs in with the code of an authenticator too; send totp, or recoveryCode instead of it",
        ))?;
        self.take_factor(row, login, second).await
    }

    /// Uses up a code or recovery code.
    async fn take_factor(&self, row: UserTotp, login: &str, second: SecondFactor) -> Result<(), Error> {
        let now = self.now();
        self.guess(Guess::Code(login), None).await?;
        let service = self.clone();
        self.write(&Allowed::system(), move |tx| match second {
            SecondFactor::Code(code) => match service.take_code(tx, &row, &code, now)? {
                true => Ok(()),
                false => Err(wrong()),
            },
            SecondFactor::Recovery(code) => {
                let text = Self::recovery_text(&row.user_id, &code);
                // A code made before the data key was changed is as good.
                for hash in service.inner.keys.tags(RECOVERY, text.as_bytes()) {
                    if store::use_recovery_code(tx, &row.user_id, &hash)? {
                        return Ok(());
                    }
                }
                Err(Error::SecondFactor("recoveryCode: is wrong, or was used before"))
            }
        })
        .await?;
        self.guessed(Guess::Code(login), None).await?;
        Ok(())
    }

    /// Whether the code is good now and was not used before; it is used up then.
    fn take_code(&self, tx: &mut Tx<'_>, row: &UserTotp, code: &str, now: i64) -> Result<bool, Error> {
        let secret = self.inner.keys.decrypt(&Self::totp_place(&row.user_id), &row.secret)?;
        match totp::period_of(&secret, code, now / 1000) {
            Some(step) => Ok(store::use_step(tx, &row.user_id, step)?),
            None => Ok(false),
        }
    }

    /// Checks the proof before a second factor is changed; gives the user.
    async fn proven(
        &self,
        allowed: &Allowed,
        actor: &Actor,
        proof: Proof,
        from: Option<IpAddr>,
    ) -> Result<UserId, Error> {
        let user = actor.person()?;
        let wanted = user.clone();
        let (person, row) =
            self.read::<_, Error, _>(allowed, move |tx| Ok((known(tx, &wanted)?, store::totp(tx, &wanted)?))).await?;
        let row = row.ok_or_else(off)?;
        match proof {
            Proof::Password(password) => self.knows_password(&person, &password, "password", from).await?,
            // One that was never confirmed guards nothing; its codes are good all the same.
            Proof::Factor(factor) => match self.take_factor(row, &person.login, factor).await {
                Err(Error::SecondFactor(message)) => return Err(Error::invalid(message)),
                other => other?,
            },
        }
        Ok(user)
    }

    fn new_recovery_codes(&self, tx: &mut Tx<'_>, user: &UserId) -> Result<Vec<String>, Error> {
        let codes: Vec<String> = (0..limits::RECOVERY_CODES).map(|_| totp::recovery_code(self.random())).collect();
        let hashes: Vec<String> = codes
            .iter()
            .map(|code| self.inner.keys.tag(RECOVERY, Self::recovery_text(user, code).as_bytes()))
            .collect();
        store::replace_recovery_codes(tx, user, &hashes)?;
        Ok(codes)
    }

    fn audit_factor(&self, tx: &mut Tx<'_>, allowed: &Allowed, action: &str, user: &UserId) -> Result<(), Error> {
        let change = Change { action, object: ("user", user.as_str()), workspace: None, detail: None };
        audit::record(tx, allowed.actor(), self.now(), self.random(), change)
    }
}
