//! One module per command: its arguments and its work.

pub(crate) mod api_tests;
pub(crate) mod artifacts;
pub(crate) mod clusters;
pub(crate) mod completions;
pub(crate) mod connections;
pub(crate) mod context;
pub(crate) mod engines;
pub(crate) mod environments;
pub(crate) mod login;
pub(crate) mod logs;
pub(crate) mod people;
pub(crate) mod plans;
pub(crate) mod projects;
pub(crate) mod promotions;
pub(crate) mod resources;
pub(crate) mod run;
pub(crate) mod run_profiles;
pub(crate) mod runs;
pub(crate) mod schedules;
pub(crate) mod service_accounts;
pub(crate) mod settings;
pub(crate) mod tasks;
pub(crate) mod tokens;
mod webhook_terms;
pub(crate) mod why;
pub(crate) mod workspaces;

use crate::args::{Command, Global};
use crate::config::Config;
use crate::dev;
use crate::exit::{self, Exit, Result};
use crate::output::Output;
use crate::surroundings::Surroundings;
use crate::target::{self, Wanted};
use stoker_client::{Client, Token};

/// What every command works with.
pub(crate) struct App {
    pub(crate) global: Global,
    pub(crate) around: Surroundings,
    pub(crate) out: Output,
}

impl App {
    pub(crate) fn new(global: Global, around: Surroundings) -> Self {
        let out = Output::new(global.json, global.quiet, around.stderr_is_terminal);
        Self { global, around, out }
    }

    /// The saved contexts.
    pub(crate) fn config(&self) -> Result<Config> {
        Config::load(self.around.config_file.as_deref())
    }

    /// A client for the server that is meant.
    pub(crate) fn client(&self) -> Result<Client> {
        let wanted = Wanted {
            server: self.global.server.clone(),
            context: self.global.context.clone(),
            token_file: self.global.token_file.clone(),
            env_url: self.around.url.clone(),
            env_token: self.around.token.as_deref().map(Token::new),
        };
        let target = target::choose(&wanted, &self.config()?)?;
        Ok(Client::new(&target.url, target.token)?)
    }
}

/// Does what was typed.
pub(crate) async fn run(app: &App, command: Command) -> Result<Exit> {
    match command {
        Command::Run(args) => return run::run(app, args).await,
        Command::Dev(args) => return dev::run(app, args).await,
        Command::Test(command) => return api_tests::run(app, command).await,
        Command::Plans(command) => return plans::run(app, command).await,
        Command::Schedules(command) => schedules::run(app, command).await?,
        Command::Next(args) => schedules::next(app, args).await?,
        Command::Logs(args) => logs::run(app, args).await?,
        Command::Why(args) => why::run(app, args).await?,
        Command::Runs(command) => runs::run(app, command).await?,
        Command::Tasks(command) => tasks::run(app, command).await?,
        Command::Artifacts(command) => artifacts::run(app, command).await?,
        Command::Engines(command) => engines::run(app, command).await?,
        Command::Clusters(command) => clusters::run(app, command).await?,
        Command::RunProfiles(command) => run_profiles::run(app, command).await?,
        Command::Projects(command) => projects::run(app, command).await?,
        Command::Connections(command) => connections::run(app, command).await?,
        Command::Resources(command) => resources::run(app, command).await?,
        Command::Promotions(command) => promotions::run(app, command).await?,
        Command::Environments(command) => environments::run(app, command).await?,
        Command::Workspaces(command) => workspaces::run(app, command).await?,
        Command::ServiceAccounts(command) => service_accounts::run(app, command).await?,
        Command::Users(command) => people::users(app, command).await?,
        Command::Groups(command) => people::groups(app, command).await?,
        Command::Roles(command) => people::roles(app, command).await?,
        Command::Tokens(command) => tokens::run(app, command).await?,
        Command::Settings(command) => settings::run(app, command).await?,
        Command::System => settings::system(app).await?,
        Command::Login(args) => login::run(app, args).await?,
        Command::Context(command) => context::run(app, command)?,
        Command::Completions(args) => completions::run(app, args)?,
        Command::ExitCodes => app.out.line(&exit::list())?,
    }
    Ok(Exit::Success)
}

/// A log level that a run may have (source: spec).
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogLevel {
    Off,
    Error,
    Warn,
    Info,
}

impl LogLevel {
    pub(crate) fn id(self) -> String {
        match self {
            LogLevel::Off => "OFF",
            LogLevel::Error => "ERROR",
            LogLevel::Warn => "WARN",
            LogLevel::Info => "INFO",
        }
        .to_owned()
    }
}

/// `yes` or nothing, for tables.
pub(crate) fn yes(is: bool) -> String {
    if is { "yes".to_owned() } else { String::new() }
}
