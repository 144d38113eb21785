//! Reads and checks job archives: what is inside, whether it is safe and complete, and how to start it.
//!
//! The way of an archive:
//!
//! 1. [`inspect`] reads the zip once when it is published and answers a [`Manifest`], or says what is wrong with it.
//!    Whatever passes `inspect` also passes [`unpack`] with the same [`Limits`].
//! 2. [`unpack`] writes the files into a read-only cache folder.
//! 3. [`prepare_run`] builds a private folder for one run from that cache, [`write_contexts`] writes the values of that
//!    run into it, and [`command_line`] says which program to start with which arguments.
//!
//! A zip with anything in it, as a folder of files for jobs, goes through [`check_folder`] and [`unpack_folder`] with the
//! same care.
//!
//! The crate knows nothing of servers or engines, starts no process and reads neither clock nor environment.

mod archive;
mod contexts;
mod error;
mod flow;
mod inspect;
mod item;
mod java;
mod launch;
mod limits;
mod manifest;
mod names;
pub mod properties;
mod run_folder;
mod script;
mod unpack;

pub use contexts::{CONTEXT_FILE, write_contexts};
pub use error::JobZipError;
pub use flow::{Component, Flow, Link, flows};
pub use inspect::{describe, inspect};
pub use launch::{CommandLine, LaunchRequest, command_line};
pub use limits::Limits;
pub use manifest::{ArtifactType, ContextFile, GitInfo, Kind, Launch, Manifest, Parameter};
pub use run_folder::prepare_run;
pub use unpack::{check_folder, unpack, unpack_folder};
