//! Measures the release build of server and engine, each figure beside what the bare machine does in the same run.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that people read")]

mod floors;
mod http;
mod load;
mod machine;
mod measure;
mod report;
mod run_state;
mod stage;
mod stats;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand, ValueEnum};

use report::Report;

/// Measures server and engine and writes one table to the terminal and to bench/results.md.
#[derive(Parser)]
#[command(name = "stoker-bench", version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// What to measure
    #[arg(value_enum, default_values_t = [Section::All])]
    sections: Vec<Section>,
    /// Date for the head of the table; today by default
    #[arg(long, value_name = "TEXT")]
    date: Option<String>,
    /// Single runs that are timed from their trigger to their first act
    #[arg(long, value_name = "COUNT", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
    samples: u32,
    /// Sizes of the batches of short runs
    #[arg(long, value_name = "COUNTS", value_delimiter = ',', default_values_t = [1000, 5000])]
    runs: Vec<usize>,
    /// Requests of each request measurement
    #[arg(long, value_name = "COUNT", default_value_t = 20_000)]
    requests: usize,
    /// Ended runs in the history that lists and searches are measured on
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000, value_parser = clap::value_parser!(i64).range(1..))]
    history: i64,
    /// Active schedules
    #[arg(long, value_name = "COUNT", default_value_t = 100_000, value_parser = clap::value_parser!(i64).range(500..))]
    schedules: i64,
    /// Another build of `stoker` for the API tester's part
    #[arg(long, value_name = "FILE")]
    stoker: Option<PathBuf>,
    /// Where the table is written
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Take the programs as they lie beside this one, also debug builds; for work on the benchmark itself
    #[arg(long)]
    dev: bool,
}

/// What else the program does.
#[derive(Subcommand)]
enum Command {
    /// Write a long history into the data folder of a server that rests, for measuring by other means
    Fill(measure::Fill),
}

/// A part of the benchmark.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Section {
    /// Everything
    All,
    /// Bare processes, commits and requests
    Floors,
    /// Requests per second and their times, without engine
    Requests,
    /// Time from the trigger to the job's first act
    Trigger,
    /// Batches of short runs
    Runs,
    /// Resident memory at rest
    Memory,
    /// Time from process start to ready
    Start,
    /// Time to work again after the server was killed under load
    Recovery,
    /// Lists and searches over a long history, on both databases
    History,
    /// Reads with rights checks in a large account
    Rights,
    /// Many schedules, and the steps of a plan
    Schedules,
    /// The API tester beside hurl and newman
    Tester,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.command {
        Some(Command::Fill(wanted)) => measure::fill_history(wanted).map(|()| true),
        None => run(&arguments),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether everything could be measured; a figure that misses its bar is no failure of the benchmark.
fn run(arguments: &Arguments) -> Result<bool> {
    if !arguments.dev {
        ensure!(!cfg!(debug_assertions), "this is a debug build; run `make bench`, or give --dev to try the benchmark");
        machine::build_programs()?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the runtime")?;
    runtime.block_on(async {
        let mut report = Report::new(machine::describe(arguments.date.as_deref()));
        // Dropping what was interrupted ends the programs and removes their folders.
        tokio::select! {
            () = measure::all(arguments, &mut report) => {}
            stop = machine::interrupted() => stop?,
        }
        let text = report.text();
        print!("{text}");
        let out = arguments.out.clone().unwrap_or_else(machine::results_file);
        std::fs::write(&out, &text).with_context(|| format!("write {}", out.display()))?;
        eprintln!("written to {}", out.display());
        Ok(report.complete())
    })
}
