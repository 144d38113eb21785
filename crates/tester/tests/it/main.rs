//! Tests of the crate from outside, as its users see it.

mod checks;
mod expressions;
mod folders;
mod jsonpath;
mod native;
mod patterns;
mod runs;
mod server;
mod support;
mod xpaths;
