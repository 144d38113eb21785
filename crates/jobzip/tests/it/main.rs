//! Whole archives in, manifests, folders and command lines out.
#![allow(clippy::unwrap_used, reason = "helpers of tests lie outside of test functions")]

mod hostile;
mod launching;
mod manifests;
mod rawzip;
mod running;
