//! The program `stoker`: the command line of a Stoker server, and of any server that speaks the same published API.
//!
//! The way of a call: [`args`] says what may be typed; [`surroundings`] collects what the process was given (variables,
//! terminals, clock) in one place; [`target`] decides which server and token are meant; one module per command in
//! [`commands`] does the work and answers an [`exit::Exit`]; [`output`] alone writes. Data goes to standard output, everything
//! else to standard error.

mod args;
mod commands;
mod config;
mod dev;
mod exit;
mod follow;
mod names;
mod output;
mod pages;
mod pairs;
mod secret_input;
mod surroundings;
mod target;
mod text;
mod times;

use clap::Parser;
use std::process::ExitCode;

/// Runs of API tests take a fifth less time than with the system's.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let surroundings = surroundings::Surroundings::of_this_process();
    let cli = match args::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A closed terminal is no reason to fail.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { exit::Exit::Usage.code() } else { 0 });
        }
    };
    let app = commands::App::new(cli.global, surroundings);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let failure = exit::Failure::new(exit::Exit::Failed, format!("cannot start the event loop: {error}"));
            return ExitCode::from(app.out.report(&failure).code());
        }
    };
    let result = runtime.block_on(commands::run(&app, cli.command));
    // A prompt that is still open must not keep the process.
    runtime.shutdown_background();
    let exit = match result {
        Ok(exit) => exit,
        Err(failure) => app.out.report(&failure),
    };
    ExitCode::from(exit.code())
}
