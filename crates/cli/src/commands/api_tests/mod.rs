//! `stoker test`: API tests as projects of scenarios and requests.

mod check;
mod convert;
mod init;
mod run;
mod show;
mod source;
mod watch;

use clap::Subcommand;

use super::App;
use crate::exit::{Exit, Result};

/// What `stoker test` can do. A PATH is a project folder (`stoker test import` makes one) or an exported JSON file of the
/// compatible API tester.
#[derive(Subcommand)]
pub(crate) enum TestCommand {
    /// Make a project folder with a first scenario
    Init(init::InitArgs),
    /// Run projects, scenarios or single requests and report what they find
    Run(run::RunArgs),
    /// Find mistakes without sending anything: expressions, functions, names, circles, files
    Check(check::CheckArgs),
    /// List what is in a project
    List(show::ListArgs),
    /// Turn a file of another tool into a project folder
    Import(convert::ImportArgs),
    /// Write a project as a JSON file of the compatible API tester
    Export(convert::ExportArgs),
    /// Print a request as a program or a cURL command
    Code(show::CodeArgs),
}

pub(crate) async fn run(app: &App, command: TestCommand) -> Result<Exit> {
    match command {
        TestCommand::Run(args) => return run::run(app, args).await,
        TestCommand::Init(args) => init::init(app, &args)?,
        TestCommand::Check(args) => return check::check(app, &args),
        TestCommand::List(args) => show::list(app, &args)?,
        TestCommand::Import(args) => convert::import(app, &args)?,
        TestCommand::Export(args) => convert::export(app, &args)?,
        TestCommand::Code(args) => show::code(app, &args)?,
    }
    Ok(Exit::Success)
}
