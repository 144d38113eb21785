//! Integration tests of the engine, one binary.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic like tests")]

mod process;
mod remote;
