//! `stoker dev`: a server, an engine paired with it and a sample task on this machine, until Ctrl-C.

mod engine;
mod process;
mod sample;

use crate::commands::App;
use crate::config::Context;
use crate::exit::{Exit, Failure, Result};
use process::{Children, Printer};
use serde::Deserialize;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;
use stoker_client::{Client, Token};
use tokio::process::Command;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Port that is tried first.
const PORT: u16 = 8080;
/// How often and how long to ask whether the server is ready: a minute in all.
const READY: (Duration, u32) = (Duration::from_millis(100), 600);
/// Name of the context that is saved.
const CONTEXT: &str = "dev";

#[derive(clap::Args)]
#[command(after_help = "Everything lives in the one folder; remove it to begin anew. Ctrl-C stops server and engine.")]
pub(crate) struct DevArgs {
    /// Folder for everything
    #[arg(long, value_name = "DIR", default_value = "./stoker-dev")]
    dir: PathBuf,
    /// Port on 127.0.0.1; else 8080, or a free one when that is taken
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// The server's program; else `stoker-server` beside this program, or in the search path
    #[arg(long, value_name = "FILE")]
    server_program: Option<PathBuf>,
}

/// The file that a new server leaves in its data folder. Has no `Debug`, because it holds secrets.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Bootstrap {
    pub(crate) url: String,
    pub(crate) environment_id: String,
    pub(crate) workspace_id: String,
    pub(crate) login: String,
    pub(crate) password: String,
    pub(crate) personal_access_token: String,
}

impl Bootstrap {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let bad = |reason: String| {
            Failure::usage(format!("cannot read `{}`: {reason}", path.display()))
                .hint("it is the file `bootstrap.json` in the data folder of the server")
        };
        let text = std::fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
        // The parser's words could quote a secret.
        serde_json::from_str(&text)
            .map_err(|error| bad(format!("line {}, column {} does not fit", error.line(), error.column())))
    }
}

pub(crate) async fn run(app: &App, args: DevArgs) -> Result<Exit> {
    let mut signals = Signals::new()?;
    let mut children = Children::default();
    let result = tokio::select! {
        result = serve(app, &args, &mut children) => result,
        () = signals.next() => Ok(()),
    };
    app.out.note("stopping");
    tokio::select! {
        () = children.stop() => {}
        () = signals.next() => children.kill(),
    }
    result.map(|()| Exit::Success)
}

/// The signals that end the program.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> Result<Self> {
        let listen = |kind| {
            signal(kind).map_err(|error| Failure::new(Exit::Failed, format!("cannot listen for signals: {error}")))
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hang_up: listen(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}

/// Brings everything up and stays until one of the programs ends.
async fn serve(app: &App, args: &DevArgs, children: &mut Children) -> Result<()> {
    let printer = Printer::new(app.out.is_quiet());
    let dir = std::path::absolute(&args.dir).map_err(|error| cannot_use(&args.dir, &error))?;
    let data = dir.join("data");
    std::fs::create_dir_all(&data).map_err(|error| cannot_use(&dir, &error))?;

    let port = choose_port(args.port, app)?;
    let url = format!("http://127.0.0.1:{port}");
    let mut server = Command::new(server_program(args));
    server.arg("serve").arg("--data").arg(&data).arg("--listen").arg(format!("127.0.0.1:{port}"));
    children.start("server", server, &printer).map_err(|failure| {
        failure.hint("build it with `cargo build`, or say where it is with `--server-program FILE`")
    })?;
    wait_until_ready(&Client::anonymous(&url)?, children).await?;

    let bootstrap = Bootstrap::read(&data.join("bootstrap.json"))?;
    let token = Token::new(&bootstrap.personal_access_token);
    let client = Client::new(&url, token.clone())?;
    let engine = engine::prepare(app, &client, &bootstrap, &dir).await?;
    let mut command = Command::new(engine.folder.join("bin").join("trun"));
    command.current_dir(&engine.folder);
    children.start("engine", command, &printer)?;
    tokio::select! {
        paired = engine::wait_until_paired(app, &client, &engine.id) => paired?,
        failure = children.first_end() => return Err(failure),
    }
    let task = sample::prepare(&client, &bootstrap, &engine.id).await?;

    let context = save_context(app, &url, &token);
    announce(app, &url, &bootstrap, &data, context, &task)?;
    Err(children.first_end().await)
}

fn cannot_use(dir: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("cannot use the folder `{}`: {error}", dir.display())).hint("choose another with `--dir`")
}

/// The wanted port, or 8080, or any that is free. It is free at this instant; should another program take it before the
/// server does, the server says so.
fn choose_port(wanted: Option<u16>, app: &App) -> Result<u16> {
    let free = |port: u16| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.local_addr().map(|address| address.port())
    };
    let failed = |port: u16, error: &std::io::Error| {
        Failure::new(Exit::Failed, format!("cannot listen on 127.0.0.1:{port}: {error}"))
            .hint("choose another port with `--port`")
    };
    if let Some(port) = wanted {
        return free(port).map_err(|error| failed(port, &error));
    }
    free(PORT).or_else(|_| {
        let port = free(0).map_err(|error| failed(0, &error))?;
        app.out.note(&format!("port {PORT} is taken, using {port}"));
        Ok(port)
    })
}

fn server_program(args: &DevArgs) -> PathBuf {
    let beside = || {
        let own = std::env::current_exe().ok()?;
        let beside = own.parent()?.join("stoker-server");
        beside.is_file().then_some(beside)
    };
    args.server_program.clone().or_else(beside).unwrap_or_else(|| PathBuf::from("stoker-server"))
}

async fn wait_until_ready(client: &Client, children: &mut Children) -> Result<()> {
    let ready = async {
        for _ in 0..READY.1 {
            if client.is_ready().await {
                return Ok(());
            }
            tokio::time::sleep(READY.0).await;
        }
        Err(Failure::new(Exit::Failed, format!("the server at {} does not get ready", client.base_url()))
            .hint("its log above says why"))
    };
    tokio::select! {
        result = ready => result,
        failure = children.first_end() => Err(failure),
    }
}

/// Saves a context, so that the next terminal can begin at once; nothing depends on it.
fn save_context(app: &App, url: &str, token: &Token) -> bool {
    let saved = app.config().and_then(|mut config| {
        config.put(CONTEXT, Context::new(url, token), false);
        config.save(app.around.config_file.as_deref())
    });
    if let Err(failure) = &saved {
        app.out.warn(&format!("{failure}"));
    }
    saved.is_ok()
}

fn announce(app: &App, url: &str, bootstrap: &Bootstrap, data: &Path, context: bool, task: &str) -> Result<()> {
    let file = data.join("bootstrap.json");
    if app.out.wants_json() {
        return app.out.json_line(&serde_json::json!({
            "url": url, "login": bootstrap.login, "bootstrap": file, "context": context.then_some(CONTEXT), "task": task,
        }));
    }
    // In a file or pipe a password would outlive the trial.
    let password = match app.around.stdout_is_terminal {
        true => bootstrap.password.clone(),
        false => format!("in {}", file.display()),
    };
    let login = match context {
        true => format!("stoker --context {CONTEXT}"),
        false => "stoker".to_owned(),
    };
    let first = match context {
        true => String::new(),
        false => format!("  stoker login --bootstrap {}\n", file.display()),
    };
    app.out.line(&format!(
        "\nStoker is running at {url}\n\
         login     {}\n\
         password  {password}\n\n\
         In another terminal:\n{first}\
         \x20 {login} run {task} --follow\n\
         \x20 {login} run {task} -p name=you --follow\n\
         \x20 {login} why {task}\n\n\
         Ctrl-C stops it; what it knows stays in {}\n",
        bootstrap.login,
        data.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_bootstrap_file_is_named_but_not_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bootstrap.json");
        std::fs::write(&path, r#"{"url":"http://h","personalAccessToken":["eyJsecret"]}"#).unwrap();
        let Err(failure) = Bootstrap::read(&path) else { panic!("it must be refused") };
        assert!(failure.message.contains("bootstrap.json") && !failure.message.contains("eyJ"), "{failure}");
    }
}
