//! Whatever dies, freezes, fills up or is cut off, and whenever: runs end once, with the true outcome.
//!
//! Real processes throughout. Every failure prints what the server knows of the runs and what the engine logged.

mod checks;
mod database;
mod disk;
mod engine_dies;
mod lease;
mod network;
mod plans;
mod postgres;
mod promotions;
mod proxy;
mod replicas;
mod schedule;
mod server;
mod server_dies;
mod shim;
mod stage;
mod storm;
