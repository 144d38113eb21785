//! The words of the product: identifiers, enums, limits, the permission catalogue and the state machine of a run.
//!
//! No I/O, no async, no database, no HTTP. Everything here is plain data and pure functions, so that every other
//! crate can share it.

pub mod clock;
pub mod crash;
pub mod dynamic;
pub mod ids;
pub mod ip;
pub mod limits;
pub mod names;
pub mod permission;
pub mod pipeline;
pub mod plan;
pub mod promotion;
pub mod random;
pub mod roles;
pub mod run;
pub mod runtime;
pub mod schedule;
pub mod targets;
mod text_enum;
pub mod time;

pub use clock::{Clock, SharedClock, TestClock};
pub use permission::{Permission, PrincipalKind, Right, Rights};
pub use random::{Random, SeededRandom, SharedRandom, SystemRandom};
