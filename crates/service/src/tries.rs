//! Who guesses passwords, tokens and codes is slowed.
//!
//! Passwords are slowed by name and address together, so nobody can lock another out: the owner comes from another
//! address. After some failures a name is checked at most once a second over all addresses, which a person who signs in
//! does not notice and which leaves no room for guessing from many addresses. With SQLite there is one server, which keeps all of it in
//! memory; on PostgreSQL it is in the database, so that all servers count together.

use crate::actor::Allowed;
use crate::app::Service;
use crate::error::Error;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock};
use stoker_secrets::token;
use stoker_store::tries::{self, Failed};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Wrong guesses that cost no waiting.
const FREE_TRIES: i64 = 5;
/// Wrong guesses of one name from all addresses together after which it is checked once a second only.
const FREE_ANYWHERE: i64 = 20;
/// Longest wait after a wrong guess, milliseconds: a quarter of an hour. It is remembered for as long again.
const LONGEST_WAIT_MS: i64 = 15 * 60 * 1000;
/// Shortest distance of two checks of one name from any address, milliseconds.
const NAME_PACE_MS: i64 = 1_000;
/// Most names and places remembered in memory; when there are more, those that failed least are forgotten.
const REMEMBER_MOST: usize = 20_000;
/// Most places forgotten in one pass.
const FORGET_MOST: i64 = 5_000;
/// Passwords checked at the same time: each takes 19 MiB and a processor for tens of milliseconds, which whatever else
/// the server does must not feel.
const AT_ONCE: usize = 1;
/// Most that wait for their turn: about two seconds' worth. Further ones are told to come again.
const WAIT_MOST: usize = 64;

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
        let from = from.map_or_else(|| "-".to_owned(), |ip| neighbourhood(ip).to_string());
        match self {
            Guess::Password(login) => format!("{from} {login}"),
            Guess::Token => format!("{from}\u{1}"),
            Guess::Code(login) => format!("\u{1}{login}"),
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

/// Where an address belongs: a household has some 2^64 addresses of IPv6, and each is its own.
fn neighbourhood(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6((ip.to_bits() >> 64 << 64).into()),
        four => four,
    }
}

/// What a further try makes of what is known of its place and of its name; or how many milliseconds are to be waited. The
/// try counts as wrong until it turns out right, so that many at once are no way around.
fn next(place: Failed, name: Option<Failed>, now: i64) -> Result<(Failed, Option<Failed>), i64> {
    let wait = (place.wait_until_ms - now).max(name.map_or(0, |name| name.wait_until_ms - now));
    if wait > 0 {
        return Err(wait);
    }
    let count = place.count.saturating_add(1);
    let over = (count - FREE_TRIES).max(0);
    let pause = if over == 0 { 0 } else { (1_000i64 << over.min(20)).min(LONGEST_WAIT_MS) };
    let name = name.map(|name| {
        let tried = name.count.saturating_add(1);
        let pace = if over > 0 || tried > FREE_ANYWHERE { NAME_PACE_MS } else { 0 };
        Failed { count: tried, wait_until_ms: now + pace }
    });
    Ok((Failed { count, wait_until_ms: now + pause }, name))
}

fn too_many(wait_ms: i64) -> Error {
    Error::TooManyTries { seconds: (wait_ms + 999) / 1000 }
}

/// Who tried what lately, and whose turn it is.
pub(crate) struct Tries {
    failed: Mutex<HashMap<String, Failed>>,
    at_once: Arc<Semaphore>,
    places: Semaphore,
    /// A hash that no password fits, so that an unknown name takes as long as a known one.
    pub(crate) nobody: OnceLock<String>,
}

impl Default for Tries {
    fn default() -> Self {
        let (at_once, places) = (Arc::new(Semaphore::new(AT_ONCE)), Semaphore::new(WAIT_MOST));
        Self { failed: Mutex::default(), at_once, places, nobody: OnceLock::new() }
    }
}

impl Tries {
    fn begin(&self, guess: Guess<'_>, from: Option<IpAddr>, now: i64) -> Result<(), Error> {
        let mut failed = self.failed.lock().unwrap_or_else(|p| p.into_inner());
        let (place, name) = (guess.place(from), guess.name());
        let known = |key: &str| failed.get(key).copied().unwrap_or_default();
        let (after, name_after) = next(known(&place), name.as_deref().map(known), now).map_err(too_many)?;
        make_room(&mut failed, now);
        failed.insert(place, after);
        failed.extend(name.zip(name_after));
        Ok(())
    }

    fn right(&self, guess: Guess<'_>, from: Option<IpAddr>) {
        let mut failed = self.failed.lock().unwrap_or_else(|p| p.into_inner());
        failed.remove(&guess.place(from));
        if let Some(name) = guess.name() {
            failed.remove(&name);
        }
    }

    /// Waits for a turn at the work of a password. It must be kept until that work ends, also when nobody waits for it
    /// any more: else callers that hang up would make as much of it as they like.
    pub(crate) async fn turn(&self) -> Result<OwnedSemaphorePermit, Error> {
        let _place = self.places.try_acquire().map_err(|_| Error::TooManyTries { seconds: 2 })?;
        Arc::clone(&self.at_once).acquire_owned().await.map_err(Error::internal)
    }
}

/// When there are too many entries, forgets the half that tells least: who makes names up by the thousand must not make
/// the server forget whose password was guessed at often.
fn make_room(failed: &mut HashMap<String, Failed>, now: i64) {
    if failed.len() < REMEMBER_MOST {
        return;
    }
    failed.retain(|_, entry| entry.wait_until_ms + LONGEST_WAIT_MS > now);
    if failed.len() < REMEMBER_MOST {
        return;
    }
    let weight = |entry: &Failed| (entry.wait_until_ms > now, entry.count, entry.wait_until_ms);
    let mut all: Vec<(String, Failed)> = failed.drain().collect();
    all.sort_unstable_by_key(|(_, entry)| std::cmp::Reverse(weight(entry)));
    all.truncate(REMEMBER_MOST / 2);
    failed.extend(all);
}

impl Service {
    /// Takes a try, or says how long to wait. It counts as wrong until [`Service::guessed`] is called.
    ///
    /// # Errors
    /// [`Error::TooManyTries`].
    pub(crate) async fn guess(&self, guess: Guess<'_>, from: Option<IpAddr>) -> Result<(), Error> {
        let now = self.now();
        if !self.is_one_of_several() {
            return self.inner.tries.begin(guess, from, now);
        }
        // Hashes: what somebody types for a login may be anything.
        let (place, name) = (token::hash(&guess.place(from)), guess.name().map(|name| token::hash(&name)));
        self.write(&Allowed::system(), move |tx| {
            let before = tries::lock(tx, &place)?;
            let name_before = name.as_deref().map(|name| tries::lock(tx, name)).transpose()?;
            let (after, name_after) = next(before, name_before, now).map_err(too_many)?;
            tries::put(tx, &place, after)?;
            if let Some((name, after)) = name.zip(name_after) {
                tries::put(tx, &name, after)?;
            }
            Ok(())
        })
        .await
    }

    /// The guess was right: this place has nothing to wait for.
    pub(crate) async fn guessed(&self, guess: Guess<'_>, from: Option<IpAddr>) -> Result<(), Error> {
        if !self.is_one_of_several() {
            self.inner.tries.right(guess, from);
            return Ok(());
        }
        let (place, name) = (token::hash(&guess.place(from)), guess.name().map(|name| token::hash(&name)));
        self.write(&Allowed::system(), move |tx| {
            tries::forget(tx, &place)?;
            Ok(name.map_or(Ok(()), |name| tries::forget(tx, &name))?)
        })
        .await
    }

    /// Forgets places where nothing was tried for long.
    pub(crate) async fn forget_tries(&self) -> Result<(), Error> {
        let before = self.now() - LONGEST_WAIT_MS;
        if !self.is_one_of_several() {
            return Ok(());
        }
        let any = self.read::<_, Error, _>(&Allowed::system(), move |tx| Ok(tries::any_old(tx, before)?)).await?;
        if any {
            self.write::<_, Error, _>(&Allowed::system(), move |tx| Ok(tries::forget_old(tx, before, FORGET_MOST)?))
                .await?;
        }
        Ok(())
    }

    /// Whether other servers may stand on this database.
    fn is_one_of_several(&self) -> bool {
        self.database_kind() != "sqlite"
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

    #[test]
    fn a_name_is_slowed_from_everywhere_in_the_end() {
        let tries = Tries::default();
        let from = |number: i64| Some(IpAddr::from([0x2001, 0xdb8, 0, number as u16, 0, 0, 0, 1]));
        for number in 0..FREE_ANYWHERE {
            assert!(tries.begin(Guess::Password("ada"), from(number), 0).is_ok(), "{number}");
        }
        assert!(tries.begin(Guess::Password("ada"), from(99), 0).is_ok());
        assert!(tries.begin(Guess::Password("ada"), from(100), NAME_PACE_MS - 1).is_err());
        assert!(tries.begin(Guess::Password("ada"), from(101), NAME_PACE_MS).is_ok());
        tries.right(Guess::Password("ada"), from(101));
        assert!(tries.begin(Guess::Password("ada"), from(102), NAME_PACE_MS).is_ok(), "the owner was here");
    }

    #[test]
    fn the_addresses_of_one_household_count_together() {
        let tries = Tries::default();
        let from = |last: u16| Some(IpAddr::from([0x2001, 0xdb8, 0, 7, last, 1, 2, last]));
        for last in 0..=FREE_TRIES as u16 {
            assert!(tries.begin(Guess::Token, from(last), 0).is_ok());
        }
        assert!(tries.begin(Guess::Token, from(50), 0).is_err());
        let mapped = |text: &str| Some(text.parse().unwrap());
        for _ in 0..=FREE_TRIES {
            assert!(tries.begin(Guess::Token, mapped("::ffff:10.0.0.9"), 0).is_ok());
        }
        assert!(tries.begin(Guess::Token, ip(9), 0).is_err(), "the same address written in another way");
    }

    /// Names made up by the thousand do not make it forget whose password was guessed at often.
    #[test]
    fn a_flood_of_names_frees_nobody() {
        let tries = Tries::default();
        for _ in 0..=FREE_TRIES {
            assert!(tries.begin(Guess::Password("ada"), ip(1), 0).is_ok());
        }
        for number in 0..3 * REMEMBER_MOST {
            let _ = tries.begin(Guess::Password(&format!("user{number}")), ip(1), 0);
        }
        assert!(tries.begin(Guess::Password("ada"), ip(1), NAME_PACE_MS).is_err(), "the wait goes on");
    }
}
