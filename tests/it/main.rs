//! Tests of the whole product, by its programs and its HTTP interface only.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "what a failed test did is read by people")]

mod faults;
mod ops;
mod story;
mod support;
