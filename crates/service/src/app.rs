//! The service itself: what all use cases share.

use crate::account_limits::AccountLimits;
use crate::actor::Allowed;
use crate::allowlist::AllowlistCache;
use crate::audit_chain::SealPace;
use crate::auth::TokenCache;
use crate::exchanges::Waiting;
use crate::hub::Hub;
use crate::manifests::Manifests;
use crate::open_id::OpenIdProvider;
use crate::settings::InForce;
use crate::tries::Tries;
use crate::vitals::Standing;
use crate::waits::Waits;
use crate::watch::Watchers;
use jiff::tz::TimeZoneDatabase;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, RwLock};
use stoker_blobs::Blobs;
use stoker_domain::ids::AccountId;
use stoker_domain::ip::IpRange;
use stoker_domain::targets::Targets;
use stoker_domain::{SharedClock, SharedRandom, limits};
use stoker_secrets::keyring::KeyRing;
use stoker_store::db::AccessNews;
use stoker_store::{Store, StoreError, Tx};

/// What an operator may set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Silence after which an engine shows as not available, milliseconds.
    pub engine_silence_ms: i64,
    /// Life of a lease without a sign of the engine, milliseconds.
    pub lease_ms: i64,
    /// How long a run waits for an engine that is away, milliseconds.
    pub deploy_wait_ms: i64,
    /// How long a run may be unknown before it is given up, milliseconds.
    pub lost_run_ms: i64,
    /// How long log lines are kept after the end of their run, milliseconds; 0 is for ever.
    pub keep_logs_ms: i64,
    /// How long a new URL of a webhook may be called, and the longest that anybody may ask for, milliseconds; none is
    /// without an end.
    pub webhook_ms: Option<i64>,
    /// How late a start may be made that was due while no server ran, milliseconds.
    pub late_start_ms: i64,
    /// How long a poll of an engine is held, seconds.
    pub poll_seconds: u64,
    /// What may be started and kept.
    pub account: AccountLimits,
    /// How long a call that runs a promotion waits for its end, milliseconds.
    pub promotion_wait_ms: u64,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpRange>,
    /// Requests of one caller to one family of paths within a minute; 0 is no limit.
    pub requests_per_minute: u32,
    /// Where API tests may be sent beside the server's own address.
    pub test_targets: Targets,
    /// The way back in when the IP allowlist keeps everybody out: it does not act on this server.
    pub ignore_ip_allowlist: bool,
    /// Names of the settings that the file of this server holds: nobody changes them while it runs.
    pub in_file: BTreeSet<&'static str>,
}

impl Settings {
    /// A sign of life of an engine is written down at most this often, milliseconds: often enough that a lease never
    /// runs out while the engine polls (see [`Settings::check`]).
    pub(crate) fn note_ms(&self) -> i64 {
        (self.lease_ms / 4).min(10_000)
    }

    /// Whether a lease outlives the longest pause between two signs of life; the message names the cure.
    pub fn check(&self) -> Result<(), String> {
        let pause_ms = self.poll_seconds as i64 * 1000 + self.note_ms();
        if self.lease_ms > pause_ms {
            return Ok(());
        }
        Err(format!("leaseSeconds: must be more than {} with a pollSeconds of {}", pause_ms / 1000, self.poll_seconds))
    }

    /// Whether an engine that only waits stays available between two signs of life; `field` is what the message calls the
    /// silence. A file may say otherwise; a call may not, because every engine would seem away at once.
    pub(crate) fn check_silence(&self, field: &str) -> Result<(), String> {
        let pause_ms = self.poll_seconds as i64 * 1000 + self.note_ms();
        if self.engine_silence_ms > pause_ms {
            return Ok(());
        }
        Err(format!("{field}: must be more than {} with a pollSeconds of {}", pause_ms / 1000, self.poll_seconds))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            engine_silence_ms: limits::ENGINE_SILENCE_MS,
            lease_ms: limits::LEASE_MS,
            deploy_wait_ms: limits::DEPLOY_WAIT_MS,
            lost_run_ms: limits::LOST_RUN_MS,
            keep_logs_ms: 0,
            webhook_ms: None,
            late_start_ms: limits::LATE_START_MS,
            poll_seconds: 20,
            account: AccountLimits::default(),
            promotion_wait_ms: limits::PROMOTION_WAIT_MS,
            trusted_proxies: Vec::new(),
            requests_per_minute: 0,
            test_targets: Targets::default(),
            ignore_ip_allowlist: false,
            in_file: BTreeSet::new(),
        }
    }
}

/// What the service is made of.
pub struct Parts {
    /// The open database.
    pub store: Store,
    /// The artifact files.
    pub blobs: Blobs,
    /// The data key.
    pub keys: KeyRing,
    /// The time.
    pub clock: SharedClock,
    /// The randomness.
    pub random: SharedRandom,
    /// What the operator set by argument and file, over the defaults.
    pub settings: Settings,
    /// URL under which clients and engines reach this server; no slash at the end.
    pub public_url: String,
}

pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) blobs: Blobs,
    pub(crate) keys: KeyRing,
    /// The current data key is not in this server's key file.
    pub(crate) key_missing: AtomicBool,
    pub(crate) clock: SharedClock,
    pub(crate) random: SharedRandom,
    pub(crate) settings: InForce,
    /// When this server began, milliseconds since the epoch.
    pub(crate) since_ms: i64,
    pub(crate) standing: OnceLock<Standing>,
    pub(crate) hub: Hub,
    pub(crate) tokens: TokenCache,
    pub(crate) manifests: Manifests,
    pub(crate) waits: Waits,
    pub(crate) tries: Tries,
    pub(crate) exchanges: Waiting,
    pub(crate) open_id: OnceLock<OpenIdProvider>,
    pub(crate) allowlist: AllowlistCache,
    pub(crate) seals: SealPace,
    pub(crate) watchers: Watchers,
    /// Who may have lost access, here and on other servers.
    pub(crate) access_lost: tokio::sync::watch::Receiver<AccessNews>,
    /// The time zones that came with the program.
    pub(crate) zones: TimeZoneDatabase,
    public_url: RwLock<String>,
    account: RwLock<Option<AccountId>>,
}

/// All use cases. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    pub(crate) inner: Arc<Inner>,
}

impl Service {
    /// Puts the parts together; [`Service::bootstrap`](crate::bootstrap) must run before anything else.
    pub fn new(parts: Parts) -> Self {
        Self {
            inner: Arc::new(Inner {
                access_lost: parts.store.access_lost(),
                store: parts.store,
                blobs: parts.blobs,
                keys: parts.keys,
                key_missing: AtomicBool::new(false),
                random: parts.random,
                settings: InForce::new(parts.settings),
                since_ms: parts.clock.now_ms(),
                standing: OnceLock::new(),
                clock: parts.clock,
                hub: Hub::default(),
                tokens: TokenCache::default(),
                manifests: Manifests::default(),
                waits: Waits::default(),
                tries: Tries::default(),
                exchanges: Waiting::default(),
                open_id: OnceLock::new(),
                allowlist: AllowlistCache::default(),
                seals: SealPace::default(),
                watchers: Watchers::default(),
                zones: TimeZoneDatabase::bundled(),
                public_url: RwLock::new(parts.public_url),
                account: RwLock::new(None),
            }),
        }
    }

    /// Milliseconds since the epoch.
    pub fn now(&self) -> i64 {
        self.inner.clock.now_ms()
    }

    /// The settings in force now. Who looks at several of them, or at one several times, keeps what this gives.
    pub fn settings(&self) -> Arc<Settings> {
        self.inner.settings.now()
    }

    /// URL under which this server is reached, without a slash at the end.
    pub fn public_url(&self) -> String {
        self.inner.public_url.read().unwrap_or_else(|p| p.into_inner()).clone()
    }

    /// Sets the URL when it is known only after the port was bound.
    pub fn set_public_url(&self, url: &str) {
        *self.inner.public_url.write().unwrap_or_else(|p| p.into_inner()) = url.trim_end_matches('/').to_owned();
    }

    /// The account of this installation. Before the bootstrap there is none.
    pub fn account(&self) -> Option<AccountId> {
        self.inner.account.read().unwrap_or_else(|p| p.into_inner()).clone()
    }

    pub(crate) fn set_account(&self, id: AccountId) {
        *self.inner.account.write().unwrap_or_else(|p| p.into_inner()) = Some(id);
    }

    /// Which database is in use: `sqlite` or `postgres`.
    pub fn database_kind(&self) -> &'static str {
        self.inner.store.kind()
    }

    pub(crate) fn changes(&self) -> tokio::sync::watch::Receiver<stoker_store::db::Counts> {
        self.inner.store.changes()
    }

    pub(crate) fn random(&self) -> &dyn stoker_domain::Random {
        &*self.inner.random
    }

    /// A transaction that changes something.
    pub(crate) async fn write<T, E, F>(&self, _: &Allowed, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.inner.store.write(f).await
    }

    /// A transaction of a hot path that fails before its first change only; see [`stoker_store::Store::write_bare`].
    pub(crate) async fn write_bare<T, E, F>(&self, _: &Allowed, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.inner.store.write_bare(f).await
    }

    /// A list or search.
    pub(crate) async fn read<T, E, F>(&self, _: &Allowed, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.inner.store.read(f).await
    }

    /// A read by key.
    pub(crate) async fn get<T, E, F>(&self, _: &Allowed, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.inner.store.get(f).await
    }

    /// Whether the database answers and this server has the current data key.
    pub async fn ready(&self) -> bool {
        let has_key = !self.inner.key_missing.load(Ordering::Relaxed);
        has_key
            && self
                .get::<i64, StoreError, _>(&Allowed::system(), |tx| tx.query_int("SELECT count(*) FROM settings", &[]))
                .await
                .is_ok()
    }
}
