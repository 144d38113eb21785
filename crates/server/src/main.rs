//! `stoker-server`: the control plane in one program.

mod admin;
mod config;
mod console;
mod data;
mod memory;
mod open_id;
mod panics;
#[cfg(feature = "openid")]
mod provider_web;
mod run;
mod tls;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[global_allocator]
static MEMORY: memory::BySize = memory::BySize;

/// Control plane for data-integration jobs.
#[derive(Parser)]
#[command(name = "stoker-server", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the APIs and the engines until stopped.
    Serve(config::ServeArgs),
    /// Print every published operation and how far it is built, separated by tabs.
    Operations,
    /// Print every route with what its handler reads, separated by tabs: what the OpenAPI documents are made from.
    Routes,
    /// Look after an installation from its own machine.
    #[command(subcommand)]
    Admin(admin::AdminCommand),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Command::Serve(args) => run::serve(args),
        Command::Operations => run::operations(),
        Command::Routes => run::routes(),
        Command::Admin(command) => admin::run(command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "the last word of the program goes to the terminal")]
            {
                eprintln!("error: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}
