//! The remote engine's program.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::{Parser, Subcommand};
use nix::sys::resource::{Resource, setrlimit};
use stoker_domain::{Clock, SystemRandom};
use stoker_engine::home::Home;
use stoker_engine::process::host;
use stoker_engine::{EngineError, Options, control, ownlog, run_engine};

/// Variable with the level or filter of the engine's own log.
const LOG_VARIABLE: &str = "STOKER_ENGINE_LOG";
/// Threads for blocking work, mostly file operations of short runs.
const BLOCKING_THREADS: usize = 8;

/// Runs jobs on this machine for a control plane elsewhere.
#[derive(Parser)]
#[command(name = "stoker-engine", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the engine in the foreground
    Run {
        /// Folder of the engine, with etc/ in it
        #[arg(long)]
        home: PathBuf,
        /// Repeat the log on standard error
        #[arg(long)]
        console: bool,
    },
    /// Say whether the engine runs, is paired and connected, and which runs it has
    Status {
        /// Folder of the engine
        #[arg(long)]
        home: PathBuf,
        /// Wait up to this many seconds until a starting engine is connected, and say so in one line
        #[arg(long, value_name = "SECONDS")]
        wait: Option<u64>,
        /// Print nothing
        #[arg(long)]
        quiet: bool,
    },
    /// Stop the engine; its jobs go on, and the next engine takes them over
    Stop {
        /// Folder of the engine
        #[arg(long)]
        home: PathBuf,
        /// End its jobs too
        #[arg(long)]
        now: bool,
    },
}

fn main() -> ExitCode {
    // Before anything that could start a thread: the shim host forks.
    if std::env::args_os().nth(1).is_some_and(|mode| mode == host::MODE) {
        host::main(now_ms);
    }
    let command = Arguments::parse().command;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_keep_alive(Duration::from_secs(10))
        .build();
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(carry_out(command));
            // Nothing that is still under way is worth waiting for: the journal and the run folders know it.
            runtime.shutdown_background();
            result
        }
        Err(source) => Err(EngineError::File { path: "/proc/self".into(), source }),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "stoker-engine: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

async fn carry_out(command: Command) -> Result<ExitCode, EngineError> {
    match command {
        Command::Run { home, console } => {
            let folder = Home::new(&home)?;
            folder.create()?;
            // The memory holds keys, and passwords of runs: no dump of it, nor of whatever starts from here.
            let undumped = setrlimit(Resource::RLIMIT_CORE, 0, 0);
            if let Ok(name) = std::env::var("STOKER_CRASH_AT") {
                stoker_domain::crash::arm(&name);
            }
            ownlog::start(&folder, &std::env::var(LOG_VARIABLE).unwrap_or_else(|_| "info".to_owned()), console)?;
            if let Err(error) = undumped {
                tracing::warn!(%error, "cannot switch core dumps off");
            }
            std::panic::set_hook(Box::new(|panic| {
                let thread = std::thread::current();
                tracing::error!("{}", stoker_secrets::panics::told(panic.payload(), panic.location(), thread.name()));
            }));
            let options = Options {
                home,
                program: PathBuf::from("/proc/self/exe"),
                environment: std::env::vars_os()
                    .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                    .collect(),
                clock: Arc::new(SystemClock),
                random: Arc::new(SystemRandom::new()),
            };
            run_engine(options).await.map(|()| ExitCode::SUCCESS)
        }
        Command::Status { home, wait: Some(seconds), quiet } => {
            let (up, line) = control::wait_until_up(&Home::new(&home)?, Duration::from_secs(seconds)).await;
            say(if quiet { "" } else { &line });
            Ok(if up { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::Status { home, wait: None, quiet } => {
            let status = control::status(&Home::new(&home)?, now_ms());
            say(if quiet { "" } else { status.text.trim_end() });
            Ok(if status.running { ExitCode::SUCCESS } else { ExitCode::from(3) })
        }
        Command::Stop { home, now } => {
            let (stopped, line) = control::stop(&Home::new(&home)?, now, Duration::from_secs(60)).await?;
            say(&line);
            Ok(if stopped { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

fn say(text: &str) {
    if !text.is_empty() {
        // Nobody listens any more: nothing to be done.
        let _ = writeln!(std::io::stdout(), "{text}");
    }
}

/// The machine's clock.
struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        now_ms()
    }
}

/// Wall clock in milliseconds since 1970.
#[allow(clippy::disallowed_methods, reason = "the program is where the clock is read")]
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
