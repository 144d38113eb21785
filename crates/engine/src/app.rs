//! From the start of the engine to its end.

use std::path::PathBuf;
use std::time::Duration;

use stoker_domain::{SharedClock, SharedRandom, crash};
use stoker_wire::{Host, PairResponse};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::config::{Config, Environment, PAIRING_CLIENT_FILE, PAIRING_KEY_FILE};
use crate::engine::{Engine, Parts};
use crate::error::{EngineError, at};
use crate::home::{self, Home, HomeLock};
use crate::identity::{Identity, IdentityFiles, Standing};
use crate::janitor::Janitor;
use crate::java::Javas;
use crate::journal::{Journal, Unfinished};
use crate::keystore::Keys;
use crate::link::Link;
use crate::management::ManagementLog;
use crate::ownlog::Rotating;
use crate::process::{Adopted, ShimHandle, ShimHost};
use crate::state::{self, State};
use crate::table::{StopReason, Wish};
use crate::{sender, session};

/// How long the last reports of a polite stop may take, and the goodbye.
const FLUSH: Duration = Duration::from_secs(2);
/// How long the clean-up after that may take.
const TIDY: Duration = Duration::from_millis(500);
/// How long jobs may take to end when they are stopped with the engine or because it is not wanted any more; longer than
/// the grace of a stop.
const LAST_JOBS: Duration = Duration::from_secs(30);

/// What an engine needs from its program.
pub struct Options {
    /// The engine's folder, with `etc/` in it.
    pub home: PathBuf,
    /// The program file that serves as shim host; `/proc/self/exe` unless in tests.
    pub program: PathBuf,
    /// The environment the program was started with.
    pub environment: Environment,
    /// The clock.
    pub clock: SharedClock,
    /// Randomness for keys and passwords.
    pub random: SharedRandom,
}

/// Runs the engine until it is told to stop (SIGTERM or SIGINT: jobs go on; SIGUSR1: jobs are ended first), or until it
/// must give up.
///
/// # Errors
/// Any [`EngineError`]; its [`exit_code`](EngineError::exit_code) is the program's.
pub async fn run_engine(options: Options) -> Result<(), EngineError> {
    let home = Home::new(&options.home)?;
    home.create()?;
    let _lock = HomeLock::take(&home)?;
    State::new("starting").write(&home);
    let result = Start { home: home.clone(), options }.run().await;
    match &result {
        Ok(()) => State::new("stopped").write(&home),
        Err(error) => {
            tracing::error!("{error}");
            State { message: Some(error.to_string()), ..State::new("failed") }.write(&home);
        }
    }
    result
}

struct Start {
    home: Home,
    options: Options,
}

/// The signals that end the engine.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    now: Signal,
}

/// How the engine is asked to end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    Polite,
    WithJobs,
}

impl Signals {
    fn listen() -> Result<Self, EngineError> {
        let listen = |kind| signal(kind).map_err(at("/proc/self".as_ref()));
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            now: listen(SignalKind::user_defined1())?,
        })
    }

    async fn next(&mut self) -> Stop {
        tokio::select! {
            _ = self.terminate.recv() => Stop::Polite,
            _ = self.interrupt.recv() => Stop::Polite,
            _ = self.now.recv() => Stop::WithJobs,
        }
    }
}

impl Start {
    async fn run(self) -> Result<(), EngineError> {
        let mut signals = Signals::listen()?;
        raise_file_limit();
        let config = Config::load(&self.home.etc(), &self.options.environment)?;
        if !config.ignored.is_empty() {
            tracing::warn!("these configuration keys mean nothing here and are ignored: {}", config.ignored.join(", "));
        }
        for warning in &config.warnings {
            tracing::warn!("{warning}");
        }
        let javas = Javas::find(&config.java_folders, &self.options.environment);
        let (host, standing) = tokio::join!(host(javas.clone()), self.standing(&config));
        let files = IdentityFiles::of(&self.home);
        let (identity, keys, link) = match standing? {
            Standing::Paired(identity, keys) => {
                let server = config.server.clone().unwrap_or_else(|| identity.server.clone());
                let link = Link::new(&server, &config)?;
                (identity, keys, link)
            }
            Standing::ToPair { key, keys, replaced } => {
                if replaced {
                    tracing::warn!("the pairing key is a new one: the old identity and its runs are given up");
                    self.give_up_runs(&[]).await?;
                    home::remove(&self.home.journal()).map_err(at(&self.home.journal()))?;
                }
                let link = Link::new(&self.server(&config)?, &config)?;
                crash::point("engine.pair-key-saved");
                let Some(answer) = self.pair(&link, &key, &keys, &host, &mut signals).await? else { return Ok(()) };
                crash::point("engine.paired-before-save");
                let identity = files.save(&key, link.base(), answer)?;
                tracing::info!(engine = identity.name, id = identity.engine_id, server = link.base(), "paired");
                (identity, keys, link)
            }
            Standing::NoKey => {
                return Err(EngineError::Configuration {
                    path: self.home.etc().join(PAIRING_KEY_FILE),
                    problem:
                        "this engine is not paired and has no pairing key; write the key that the console shows as \
                              `remote.engine.pre.authorized.key = <key>`"
                            .into(),
                });
            }
        };
        let (engine, unfinished) = self.engine(config, identity, keys, javas, link).await?;
        serve(engine, unfinished, host, signals).await
    }

    async fn standing(&self, config: &Config) -> Result<Standing, EngineError> {
        let (files, config, random) = (IdentityFiles::of(&self.home), config.clone(), self.options.random.clone());
        let work = move || files.standing(&config, random.as_ref());
        tokio::task::spawn_blocking(work)
            .await
            .unwrap_or_else(|error| Err(EngineError::Internal { problem: error.to_string() }))
    }

    fn server(&self, config: &Config) -> Result<String, EngineError> {
        config.server.clone().ok_or_else(|| EngineError::Configuration {
            path: self.home.etc().join(PAIRING_CLIENT_FILE),
            problem: "there is no server to pair with; write its address as `pairing.service.url=https://...`".into(),
        })
    }

    async fn pair(
        &self,
        link: &Link,
        key: &str,
        keys: &Keys,
        host: &Host,
        signals: &mut Signals,
    ) -> Result<Option<PairResponse>, EngineError> {
        let state = State { server: link.base().to_owned(), ..State::new("pairing") };
        state.write(&self.home);
        tokio::select! {
            answer = session::pair(link, key, keys, host, self.options.random.as_ref()) => answer.map(Some),
            _ = signals.next() => Ok(None),
        }
    }

    async fn engine(
        &self,
        config: Config,
        identity: Identity,
        keys: Keys,
        javas: Javas,
        link: Link,
    ) -> Result<(Engine, Vec<Unfinished>), EngineError> {
        let (journal, unfinished) = Journal::open(&self.home.journal(), &home::boot_id())?;
        self.give_up_runs(&unfinished).await?;
        let management = self.home.log().join("job-management.log");
        let management = ManagementLog::new(Rotating::open(&management).map_err(at(&management))?);
        let janitor = Janitor::start(self.home.ended()).map_err(at(&self.home.ended()))?;
        let engine = Engine::new(Parts {
            home: self.home.clone(),
            config,
            environment: self.options.environment.clone(),
            identity,
            keys,
            javas,
            link,
            journal,
            shims: ShimHost::new(&self.options.program),
            janitor,
            management,
            clock: self.options.clock.clone(),
            random: self.options.random.clone(),
        });
        engine.artifacts().start_clean().map_err(at(&self.home.artifacts()))?;
        engine.resources().start_clean().map_err(at(&self.home.resources()))?;
        Ok((engine, unfinished))
    }

    /// Ends and removes what lies in the folder of runs without being one of `wanted`.
    async fn give_up_runs(&self, wanted: &[Unfinished]) -> Result<(), EngineError> {
        let runs = self.home.runs();
        let wanted: Vec<String> = wanted.iter().map(|run| format!("{}.{}", run.offer.run, run.offer.epoch)).collect();
        for entry in std::fs::read_dir(&runs).map_err(at(&runs))? {
            let path = entry.map_err(at(&runs))?.path();
            if path.file_name().and_then(|name| name.to_str()).is_some_and(|name| wanted.iter().any(|w| w == name)) {
                continue;
            }
            if let Ok(Adopted::Running(handle)) = ShimHandle::adopt(&path).await {
                tracing::warn!(path = %path.display(), "ending a job whose run is not known any more");
                let ended = async {
                    if handle.kill_now().is_ok() {
                        let _ = handle.wait().await;
                    }
                };
                // What does not end within that time keeps its folder until the next start.
                if tokio::time::timeout(LAST_JOBS, ended).await.is_err() {
                    continue;
                }
            }
            home::remove(&path).map_err(at(&path))?;
        }
        Ok(())
    }
}

/// The paired engine, until it ends.
async fn serve(
    engine: Engine,
    unfinished: Vec<Unfinished>,
    host: Host,
    mut signals: Signals,
) -> Result<(), EngineError> {
    for run in unfinished {
        engine.adopt(run);
    }
    tokio::spawn(sender::work(engine.clone()));
    let states = tokio::spawn(state::work(engine.clone()));
    let session = tokio::spawn(session::work(engine.clone(), host));
    let end = tokio::select! {
        gave_up = session => Err(gave_up.unwrap_or_else(|error| EngineError::Internal { problem: error.to_string() })),
        stop = signals.next() => Ok(stop),
    };
    engine.accept_no_more();
    let result = match end {
        Ok(stop) => {
            farewell(&engine, stop, &mut signals).await;
            Ok(())
        }
        Err(error) => {
            if matches!(error, EngineError::Unpaired { .. }) {
                engine.table().wish_all(Wish::Forget);
                let _ = tokio::time::timeout(LAST_JOBS, engine.idle()).await;
            }
            Err(error)
        }
    };
    states.abort();
    result
}

/// Ends jobs if asked to, sends what is ready, and says goodbye.
async fn farewell(engine: &Engine, stop: Stop, signals: &mut Signals) {
    let mut with_jobs = stop == Stop::WithJobs;
    tracing::info!(with_jobs, "stopping");
    loop {
        if with_jobs {
            engine.table().wish_all(Wish::Stop(StopReason::Shutdown));
            let _ = tokio::time::timeout(LAST_JOBS, engine.jobs_ended()).await;
        }
        let session = engine.sessions().borrow().clone();
        let Some(session) = session else { return };
        let last_words = async {
            // The goodbye ends those that are left.
            let _ = tokio::time::timeout(FLUSH, engine.tests().close()).await;
            let _ = tokio::time::timeout(FLUSH, engine.outbox().drained()).await;
            // So that the folders of ended runs are gone; what is left over the next start removes.
            let _ = engine.parts().journal.sync().await;
            let _ = tokio::time::timeout(TIDY, engine.tidy()).await;
            if let Err(error) = engine.link().goodbye(&session.id, FLUSH).await {
                tracing::debug!(%error, "the goodbye did not get through");
            }
        };
        tokio::select! {
            () = last_words => return,
            // Asked again, and for more.
            stop = signals.next() => with_jobs |= stop == Stop::WithJobs,
        }
    }
}

async fn host(javas: Javas) -> Host {
    let java = tokio::task::spawn_blocking(move || javas.describe()).await.unwrap_or_default();
    let hostname = nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Host { hostname, os: std::env::consts::OS.to_owned(), arch: std::env::consts::ARCH.to_owned(), java }
}

/// Every running job takes some descriptors; the usual soft limit is meant for programs that use `select`.
fn raise_file_limit() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let wanted = hard.min(65_536);
        let _ = setrlimit(Resource::RLIMIT_NOFILE, wanted, hard);
    }
}
