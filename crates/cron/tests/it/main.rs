//! Tests of the whole crate by its public interface.

mod brute;
mod golden;
mod live;
mod reading;
mod rules;
mod speed;
mod zones;
