//! What the kit promises, seen from a test that uses it.

mod databases;
mod engines;
mod requests;
