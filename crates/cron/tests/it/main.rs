//! Tests of the whole crate by its public interface.

mod brute;
mod golden;
mod reading;
mod rules;
mod zones;
