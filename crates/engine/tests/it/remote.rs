//! The whole engine, as a program, against a small server that speaks the protocol.

mod files;
mod fixtures;
mod lives;
mod pairing;
mod resources;
mod runs;
mod scripts;
mod server;
mod statistics;
