//! Tests of the whole crate by its public interface.

mod golden;
mod zones;
