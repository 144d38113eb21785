//! Tokens: who is behind a bearer token, and how a service account gets one.

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::error::Error;
use crate::sessions;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use stoker_domain::ids::ServiceAccountId;
use stoker_domain::{Permission, PrincipalKind, limits};
use stoker_secrets::token;
use stoker_store::accounts::ServiceAccount;
use stoker_store::db::Whose;
use stoker_store::{StoreError, Tx, accounts, people};

/// How long a principal is remembered; a change of its permissions acts everywhere after this at the latest.
const REMEMBER_MS: i64 = 1_000;
/// Most principals remembered.
const REMEMBER_MOST: usize = 10_000;

/// What is in the token of a service account. Opaque to clients (source: client).
#[derive(Serialize, Deserialize)]
struct ServiceClaims {
    /// The service account.
    sub: String,
    /// Always `service-account`: a token made for something else is no credential.
    use_for: String,
    /// Issued at, seconds.
    iat: i64,
    /// Expires at, seconds.
    exp: i64,
    /// Random, so that no two tokens are equal.
    jti: String,
}

const USE_FOR: &str = "service-account";
/// How far the clocks of two servers of an installation may differ, seconds.
const LEEWAY_S: i64 = 60;

/// A fresh token of a service account.
#[derive(Clone, Debug)]
pub struct IssuedToken {
    /// The token.
    pub access_token: String,
    /// Its life in seconds.
    pub expires_in: i64,
}

/// Principals seen a moment ago, by the hash of their token or their id.
#[derive(Default)]
pub(crate) struct TokenCache {
    entries: Mutex<HashMap<String, (Actor, i64)>>,
    generation: AtomicU64,
    /// How many of the news of lost access were acted on.
    heard: AtomicU64,
    used: Mutex<HashMap<ServiceAccountId, (i64, String)>>,
    /// Hashes of personal tokens, and when they were last used.
    personal: Mutex<HashMap<String, i64>>,
}

impl TokenCache {
    /// Forgets these principals.
    fn forget(&self, whose: &Whose) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.entries.lock().unwrap_or_else(|p| p.into_inner()).retain(|_, (actor, _)| !whose.concerns(&actor.id));
    }

    fn find(&self, key: &str, now_ms: i64) -> Option<Actor> {
        let entries = self.entries.lock().unwrap_or_else(|p| p.into_inner());
        let (actor, until) = entries.get(key)?;
        (now_ms < *until).then(|| actor.clone())
    }

    /// Remembers a principal, unless something changed since `generation` was read.
    fn keep(&self, key: String, actor: &Actor, now_ms: i64, generation: u64) {
        let mut entries = self.entries.lock().unwrap_or_else(|p| p.into_inner());
        if generation != self.generation.load(Ordering::SeqCst) {
            return;
        }
        if entries.len() >= REMEMBER_MOST {
            entries.clear();
        }
        entries.insert(key, (actor.clone(), now_ms + REMEMBER_MS));
    }
}

pub(crate) fn permission_set(ids: &[String]) -> BTreeSet<Permission> {
    ids.iter().filter_map(|id| Permission::from_id(id)).collect()
}

impl Service {
    /// The principal behind a bearer token: a personal access token or the token of a service account. `api` is the
    /// first part of the path, noted as the last use of a service account.
    pub async fn authenticate(&self, bearer: &str, api: &str) -> Result<Actor, Error> {
        let now = self.now();
        if let Ok(claims) = token::verify::<ServiceClaims>(&self.inner.keys, bearer) {
            let (now_s, longest) = (now / 1000, limits::SERVICE_TOKEN_SECONDS);
            let early = claims.iat > now_s.saturating_add(LEEWAY_S);
            let long = claims.exp.saturating_sub(claims.iat) > longest;
            if claims.use_for != USE_FOR || claims.exp <= now_s || early || long {
                return Err(Error::Unauthorized);
            }
            let id = ServiceAccountId::parse(&claims.sub).map_err(|_| Error::Unauthorized)?;
            let actor = self.principal(format!("service {id}"), now, move |tx| service_actor(tx, &id)).await?;
            let mut used = self.inner.tokens.used.lock().unwrap_or_else(|p| p.into_inner());
            used.insert(ServiceAccountId::trusted(actor.id.clone()), (now, api.to_owned()));
            return Ok(actor);
        }
        let hash = token::hash(bearer);
        let wanted = hash.clone();
        let actor = self.principal(format!("token {hash}"), now, move |tx| user_actor(tx, &wanted, now)).await?;
        self.inner.tokens.personal.lock().unwrap_or_else(|p| p.into_inner()).insert(hash, now);
        Ok(actor)
    }

    /// Forgets who may do what where a change was committed: here at once, within a second when another server says so.
    pub(crate) fn hear_of_access(&self) {
        let tokens = &self.inner.tokens;
        let seen = tokens.heard.load(Ordering::SeqCst);
        let (count, lost) = {
            let news = self.inner.access_lost.borrow();
            if news.count() == seen {
                return;
            }
            (news.count(), news.since(seen))
        };
        // Others may do the same at the same time; what is heard counts as heard only when it was acted on.
        tokens.forget(&lost);
        if lost == Whose::Everybody {
            self.inner.allowlist.clear();
        }
        tokens.heard.fetch_max(count, Ordering::SeqCst);
    }

    pub(crate) async fn principal<F>(&self, key: String, now: i64, find: F) -> Result<Actor, Error>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<Option<Actor>, StoreError> + Send + 'static,
    {
        self.hear_of_access();
        if let Some(actor) = self.inner.tokens.find(&key, now) {
            return Ok(actor);
        }
        let generation = self.inner.tokens.generation.load(Ordering::SeqCst);
        let mut actor =
            self.get::<_, Error, _>(&Allowed::system(), |tx| Ok(find(tx)?)).await?.ok_or(Error::Unauthorized)?;
        actor.credential = Some(key.clone());
        self.inner.tokens.keep(key, &actor, now, generation);
        Ok(actor)
    }

    /// Exchanges the credentials of a service account for a token of 30 minutes. No permission is asked for: the
    /// published text names one, but the published procedure gives tokens to accounts without it (source: doc).
    ///
    /// # Errors
    /// [`Error::Forbidden`] when the IP allowlist does not hold the address.
    pub async fn issue_token(&self, id: &str, secret: &str, from: Option<IpAddr>) -> Result<IssuedToken, Error> {
        let id = ServiceAccountId::parse(id).map_err(|_| Error::Unauthorized)?;
        let wanted = id.clone();
        let account =
            self.get::<_, Error, _>(&Allowed::system(), move |tx| Ok(accounts::service_account(tx, &wanted)?)).await?;
        // The same work for an account that is not there; no secret fits an empty hash.
        let fits = token::fits(secret, account.as_ref().map_or("", |account| &account.secret_hash));
        let account = account.filter(|_| fits).ok_or(Error::Unauthorized)?;
        self.admit(&actor_of(&account), from).await?;
        let now_s = self.now() / 1000;
        let claims = ServiceClaims {
            sub: account.id.as_str().to_owned(),
            use_for: USE_FOR.to_owned(),
            iat: now_s,
            exp: now_s + limits::SERVICE_TOKEN_SECONDS,
            jti: token::random_secret(self.random()),
        };
        let access_token = token::sign(&self.inner.keys, &claims)?;
        Ok(IssuedToken { access_token, expires_in: limits::SERVICE_TOKEN_SECONDS })
    }

    /// Writes down when service accounts were last used. Called every few seconds, because a write for each call
    /// would cost more than the call.
    pub(crate) async fn store_last_use(&self) -> Result<(), Error> {
        let used = std::mem::take(&mut *self.inner.tokens.used.lock().unwrap_or_else(|p| p.into_inner()));
        let personal = std::mem::take(&mut *self.inner.tokens.personal.lock().unwrap_or_else(|p| p.into_inner()));
        if used.is_empty() && personal.is_empty() {
            return Ok(());
        }
        self.write(&Allowed::system(), move |tx| {
            for (id, (at_ms, api)) in &used {
                accounts::note_use(tx, id, *at_ms, api)?;
            }
            for (hash, at_ms) in &personal {
                people::note_token_use(tx, hash, *at_ms)?;
            }
            Ok(())
        })
        .await
    }
}

/// The person who showed what stands in [`Actor::credential`], if it is still good.
pub(crate) fn shown_again(tx: &mut Tx<'_>, credential: &str, now_ms: i64) -> Result<Option<Actor>, StoreError> {
    match credential.split_once(' ') {
        Some(("token", hash)) => user_actor(tx, hash, now_ms),
        Some(("session", hash)) => sessions::living_actor(tx, hash, now_ms),
        _ => Ok(None),
    }
}

fn service_actor(tx: &mut Tx<'_>, id: &ServiceAccountId) -> Result<Option<Actor>, StoreError> {
    Ok(accounts::service_account(tx, id)?.as_ref().map(actor_of))
}

fn actor_of(account: &ServiceAccount) -> Actor {
    Actor {
        kind: PrincipalKind::Service,
        id: account.id.as_str().to_owned(),
        name: account.id.as_str().to_owned(),
        permissions: permission_set(&account.permissions.0),
        request_id: None,
        origin: None,
        credential: None,
    }
}

fn user_actor(tx: &mut Tx<'_>, hash: &str, now_ms: i64) -> Result<Option<Actor>, StoreError> {
    let Some(found) = accounts::token_by_hash(tx, hash)? else { return Ok(None) };
    if found.expires_ms.is_some_and(|at| at <= now_ms) {
        return Ok(None);
    }
    Ok(accounts::user(tx, &found.user_id)?.filter(|user| user.active).map(|user| Actor {
        kind: PrincipalKind::Human,
        id: user.id.as_str().to_owned(),
        name: user.login,
        permissions: permission_set(&user.permissions.0),
        request_id: None,
        origin: None,
        credential: None,
    }))
}
