//! Tests of the crate from outside, as its users see it.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod answers;
mod checks;
mod circles;
mod completion;
mod effort;
mod expressions;
mod folders;
mod imports;
mod imports_hard;
mod inspections;
mod jsonpath;
mod mutations;
mod native;
mod patterns;
mod programs;
mod reports;
mod runs;
mod server;
mod streams;
mod support;
mod threads;
mod tls;
mod web_sockets;
mod xpaths;
