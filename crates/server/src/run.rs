//! Putting the parts together and serving.

use crate::config::{Config, ServeArgs};
use crate::data::{self, KeyWatch};
use crate::tls::CertificateFiles;
use anyhow::{Context, Result};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use stoker_api::App;
use stoker_api::describe::{Description, Names, Reads};
use stoker_api::family::Family;
use stoker_api::operations::Support;
use stoker_blobs::Blobs;
use stoker_domain::{Clock, SharedRandom, SystemRandom};
use stoker_service::Service;
use stoker_service::app::Parts;
use stoker_service::bootstrap::ACCOUNT;
use stoker_service::vitals::{Disk, Standing};
use stoker_store::{Database, Store, StoreError, settings};
use tokio::signal::unix::{SignalKind, signal};

/// Pause between two passes of the reconcilers.
const RECONCILE: Duration = Duration::from_secs(1);

/// Longest time for what is written down when the server stops.
const LAST_WRITES: Duration = Duration::from_secs(5);

/// The clock of the machine; read here and nowhere else in the server.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the server reads the system clock")]
    fn now_ms(&self) -> i64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(0, |duration| duration.as_millis() as i64)
    }
}

/// Prints the table of operations.
pub(crate) fn operations() -> Result<()> {
    let mut out = std::io::stdout().lock();
    for operation in stoker_api::routes::build().operations {
        let (support, gap) = match operation.support {
            Support::Complete => ("complete", ""),
            Support::Partial(gap) => ("partial", gap),
            Support::Missing => ("missing", ""),
        };
        writeln!(
            out,
            "{}\t{}\t{}\t{}\t{}\t{support}\t{gap}",
            operation.generation, operation.area, operation.method, operation.path, operation.mark
        )?;
    }
    Ok(())
}

/// Prints every route with what its handler reads.
///
/// Columns: generation, document, method, path, whether it wants a token, query parameters, kind of body, its fields; `-`
/// where there is nothing, `*` where the names are not known.
pub(crate) fn routes() -> Result<()> {
    let mut out = std::io::stdout().lock();
    for read in stoker_api::routes::build().reads {
        let tmc = read.generation == "v2.6";
        let document = if tmc { Some("tmc") } else { Family::of(&read.path).document() };
        let Description { token, query, body } = (read.description)();
        let (kind, fields) = match body {
            Reads::Nothing => ("-", "-".to_owned()),
            Reads::Json(fields) => ("json", names(fields)),
            Reads::OptionalJson(fields) => ("optional", names(fields)),
            Reads::Bytes => ("bytes", "*".to_owned()),
        };
        writeln!(
            out,
            "{}\t{}\t{}\t{}\t{}\t{}\t{kind}\t{fields}",
            read.generation,
            document.unwrap_or("-"),
            read.method,
            read.path,
            if token { "token" } else { "-" },
            query.map_or("-".to_owned(), names),
        )?;
    }
    Ok(())
}

fn names(names: Names) -> String {
    match names {
        Names::Unknown => "*".to_owned(),
        Names::Are(fields) => fields.join(","),
    }
}

/// Serves until SIGTERM or SIGINT.
pub(crate) fn serve(args: ServeArgs) -> Result<()> {
    let config = args.resolve()?;
    logging();
    crate::panics::install();
    no_core_dumps();
    if let Ok(name) = std::env::var("STOKER_CRASH_AT") {
        stoker_domain::crash::arm(&name);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(serve_async(config))
}

/// The memory holds secrets: none of it may end in a file, nor be read by other programs of this user.
fn no_core_dumps() {
    let limited = nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_CORE, 0, 0);
    let closed = nix::sys::prctl::set_dumpable(false);
    if let Err(error) = limited.and(closed) {
        tracing::warn!(error = %error, "cannot switch core dumps off");
    }
}

pub(crate) fn logging() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("STOKER_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).init();
}

async fn serve_async(config: Config) -> Result<()> {
    let random: SharedRandom = Arc::new(SystemRandom::new());
    let _lock = data::lock(&config.data, config.database_url.is_some())?;
    let folder = config.data.clone();
    let starting = tokio::task::spawn_blocking(move || data::starting(&folder)).await??;
    let database = match &config.database_url {
        Some(url) => Database::Postgres(url.clone()),
        None => Database::Sqlite(config.data.join("stoker.db")),
    };
    // The PostgreSQL driver brings an event loop of its own, which must not start on a thread of this one.
    let opened = tokio::task::spawn_blocking(move || Store::open(&database)).await?;
    let store = opened.context("cannot open the database")?;
    let account = store.read::<_, StoreError, _>(|tx| settings::get(tx, ACCOUNT)).await?;
    store.write::<_, StoreError, _>(stoker_store::backup::begun).await?;
    let keys = data::key_ring(&config.data, account.is_none(), &*random)?;
    let blobs = Blobs::open(&config.data.join("artifacts"))?;
    let listener = tokio::net::TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.listen))?;
    let address = listener.local_addr()?;
    let certificate = config.tls.map(CertificateFiles::load).transpose()?;
    let scheme = if certificate.is_some() { "https" } else { "http" };
    let url = config.public_url.clone().unwrap_or_else(|| format!("{scheme}://{address}"));
    let service = Service::new(Parts {
        store,
        blobs,
        keys,
        clock: Arc::new(SystemClock),
        random: random.clone(),
        settings: config.settings,
        public_url: url.trim_end_matches('/').to_owned(),
    });
    if service.bootstrap(|made| Ok(data::write_bootstrap(&config.data, made)?)).await? {
        tracing::info!(file = %config.data.join("bootstrap.json").display(), "first start: the first token is in this file");
    }
    data::check_keys(&config.data, &service.adopt_keys().await?)?;
    drop(starting);
    service.stand_at(Standing { listen: address.to_string(), disk: disk_of(config.data.clone()) });
    if let Some(open_id) = config.open_id {
        open_id.install(&service)?;
    }
    let app = App {
        service: service.clone(),
        engine_program: config.engine_program.map(Arc::new),
        console: crate::console::FILES,
    };
    let reconciler = tokio::spawn(reconcile(service.clone()));
    let scheduler = tokio::spawn(act_on_time(service.clone()));
    let following = service.clone();
    let follower = tokio::spawn(async move { following.follow_others().await });
    let keys = tokio::spawn(watch_keys(service.clone(), KeyWatch::new(&config.data), data::key_path(&config.data)));
    tracing::info!(url = %url, address = %address, "listening");
    {
        let mut out = std::io::stdout().lock();
        writeln!(out, "listening on {url}")?;
        out.flush()?;
    }
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: running requests may end");
    };
    let tls = certificate.as_ref().map(CertificateFiles::tls);
    let reading = certificate.map(|files| tokio::spawn(files.keep_reading()));
    stoker_api::serve_over(listener, app, random, tls, stop).await;
    if let Some(reading) = reading {
        reading.abort();
    }
    reconciler.abort();
    scheduler.abort();
    follower.abort();
    keys.abort();
    match tokio::time::timeout(LAST_WRITES, service.write_down()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "the last bodies of the audit trail are lost");
        }
        Err(_) => tracing::warn!("the last bodies of the audit trail are lost: the database takes too long"),
    }
    tracing::info!("stopped");
    Ok(())
}

/// Looks at the disk that holds a folder.
fn disk_of(folder: PathBuf) -> Box<dyn Fn() -> std::io::Result<Disk> + Send + Sync> {
    Box::new(move || {
        let found = nix::sys::statvfs::statvfs(&folder)?;
        let block = found.fragment_size();
        Ok(Disk { free: found.blocks_available() * block, total: found.blocks() * block })
    })
}

/// Starts what is due at its instant, for ever.
async fn act_on_time(service: Service) {
    loop {
        let pause = service.act_on_time().await.unwrap_or_else(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "cannot act on what is due");
            1_000
        });
        tokio::time::sleep(Duration::from_millis(u64::try_from(pause).unwrap_or(1))).await;
    }
}

/// Learns of new data keys, and uses the one that is current.
async fn watch_keys(service: Service, mut watch: KeyWatch, path: PathBuf) {
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut told = None;
    loop {
        ticks.tick().await;
        if let Some(text) = watch.changed() {
            let learned = text.map_err(stoker_service::Error::internal).and_then(|text| service.learn_keys(&text));
            match learned {
                Ok(()) => tracing::info!(file = %path.display(), "read the data keys again"),
                Err(error) => {
                    tracing::error!(file = %path.display(), error = &error as &dyn std::error::Error,
                        "cannot read the changed key file: the keys read before stay in use");
                }
            }
        }
        match service.follow_key().await {
            Ok(missing) => {
                if let Some(key) = missing.as_ref().filter(|_| missing != told) {
                    tracing::error!(key = %key, file = %path.display(),
                        "not ready: the key file lacks the current data key; copy the file from the server where the key \
                         was rotated");
                }
                if told.is_some() && missing.is_none() {
                    tracing::info!("ready again: the current data key is there");
                }
                told = missing;
            }
            Err(error) => tracing::debug!(error = &error as &dyn std::error::Error, "cannot ask for the current key"),
        }
    }
}

/// Runs the reconcilers for ever; a failed pass is repeated with the next.
async fn reconcile(service: Service) {
    let mut ticks = tokio::time::interval(RECONCILE);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = service.reconcile().await {
            tracing::error!(error = &error as &dyn std::error::Error, "a pass of the reconcilers failed");
        }
    }
}
