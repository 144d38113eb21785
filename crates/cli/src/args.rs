//! What may be typed.

use crate::commands::{
    api_tests, artifacts, clusters, completions, connections, context, engines, environments, login, logs, people,
    plans, projects, promotions, resources, run, run_profiles, runs, schedules, service_accounts, settings, tasks,
    tokens, why, workspaces,
};
use crate::{dev, exit};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Works with a Stoker server: publish artifacts, run tasks, follow logs, tend engines.
///
/// Wherever a command takes an object, its id or its exact name will do. Data goes to standard output, everything else to
/// standard error. Exit codes are explained by `stoker help exit-codes`. A token or secret is never taken from the
/// command line, because every user of the machine could read it there.
#[derive(Parser)]
#[command(name = "stoker", version, max_term_width = 120, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Base URL of the server [also: variable STOKER_URL]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) server: Option<String>,
    /// File that holds the access token [also: variable STOKER_TOKEN]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Saved context to use, see `stoker context list`
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) context: Option<String>,
    /// Print the server's objects as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print data and errors only
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run a task
    Run(run::RunArgs),
    /// Show the log of a run
    Logs(logs::LogsArgs),
    /// Tell in words what happened to a run and what it waits for
    Why(why::WhyArgs),
    /// List, show and stop runs
    #[command(subcommand)]
    Runs(runs::RunsCommand),
    /// List, make, change and remove tasks
    #[command(subcommand)]
    Tasks(tasks::TasksCommand),
    /// List, make, start, repeat and stop plans, and say what starts them
    #[command(subcommand)]
    Plans(plans::PlansCommand),
    /// List, make, change and remove schedules, and link them to tasks and plans
    #[command(subcommand)]
    Schedules(schedules::SchedulesCommand),
    /// Show what will start in the next hours
    Next(schedules::NextArgs),
    /// List, publish and remove artifacts
    #[command(subcommand)]
    Artifacts(artifacts::ArtifactsCommand),
    /// List, make and remove connections
    #[command(subcommand)]
    Connections(connections::ConnectionsCommand),
    /// List, make, replace and remove files and folders that tasks read
    #[command(subcommand)]
    Resources(resources::ResourcesCommand),
    /// Copy what one environment has into another
    #[command(subcommand)]
    Promotions(promotions::PromotionsCommand),
    /// List, make, pair and remove remote engines
    #[command(subcommand)]
    Engines(engines::EnginesCommand),
    /// List, make, change and remove clusters of engines
    #[command(subcommand)]
    Clusters(clusters::ClustersCommand),
    /// List, make and remove the run profiles of engines and clusters
    #[command(subcommand)]
    RunProfiles(run_profiles::RunProfilesCommand),
    /// List, make and remove environments
    #[command(subcommand)]
    Environments(environments::EnvironmentsCommand),
    /// List, make and remove workspaces
    #[command(subcommand)]
    Workspaces(workspaces::WorkspacesCommand),
    /// List, make and remove projects
    #[command(subcommand)]
    Projects(projects::ProjectsCommand),
    /// List, make and remove service accounts, and give them rights
    #[command(subcommand)]
    ServiceAccounts(service_accounts::ServiceAccountsCommand),
    /// List, make, block and remove users, and set their passwords and roles
    #[command(subcommand)]
    Users(people::UsersCommand),
    /// List, make, fill and remove groups of users
    #[command(subcommand)]
    Groups(people::GroupsCommand),
    /// List, make and remove roles
    #[command(subcommand)]
    Roles(people::RolesCommand),
    /// List, make and revoke your personal access tokens
    #[command(subcommand)]
    Tokens(tokens::TokensCommand),
    /// Show and change settings of the server
    #[command(subcommand)]
    Settings(settings::SettingsCommand),
    /// Tell how the server is: version, database, disk, runs and engines
    System,
    /// Run API tests, and bring them from and to other tools
    #[command(subcommand)]
    Test(api_tests::TestCommand),
    /// Save the URL of a server and a token for it as a context
    Login(login::LoginArgs),
    /// List, choose and remove saved contexts
    #[command(subcommand)]
    Context(context::ContextCommand),
    /// Start a server, an engine and a sample task on this machine to try things out
    Dev(dev::DevArgs),
    /// Print the completions for a shell
    Completions(completions::CompletionsArgs),
    /// Explain the exit codes
    #[command(long_about = format!("Exit codes:\n\n{}\n\n`run`, `plans run` and `plans rerun` answer the \
        outcome when they wait (`--wait`, `--follow`). `test run` answers 0 (all Ok), 1 (a Failure) or 2 (an Error). All \
        other commands answer 0, 1, 2, 7 or 130.", exit::list()))]
    ExitCodes,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    fn parse(words: &[&str]) -> Result<Cli, clap::error::ErrorKind> {
        Cli::try_parse_from(std::iter::once("stoker").chain(words.iter().copied())).map_err(|error| error.kind())
    }

    #[test]
    fn options_of_every_command_may_stand_behind_it() {
        let cli = parse(&["tasks", "list", "--json", "--context", "prod", "-q"]).unwrap();
        assert!(cli.global.json && cli.global.quiet);
        assert_eq!(cli.global.context.as_deref(), Some("prod"));
    }

    #[test]
    fn tokens_are_not_taken_from_the_command_line() {
        assert_eq!(parse(&["--token", "eyJ", "tasks", "list"]).err(), Some(clap::error::ErrorKind::UnknownArgument));
    }

    #[test]
    fn every_command_and_option_has_help() {
        fn check(command: &clap::Command) {
            let name = command.get_name();
            assert!(command.get_about().is_some() || name == "help", "{name} has no help");
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{name} {} has no help", argument.get_id());
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }
}
