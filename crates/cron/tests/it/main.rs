//! Tests of the whole crate by its public interface.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests, too, end the test this way")]

mod brute;
mod golden;
mod live;
mod reading;
mod rules;
mod speed;
mod zones;
