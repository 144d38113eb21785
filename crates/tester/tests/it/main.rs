//! Tests of the crate from outside, as its users see it.

mod expressions;
mod jsonpath;
mod native;
mod patterns;
mod support;
mod xpaths;
