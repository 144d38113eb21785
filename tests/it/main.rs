//! Tests of the whole product, by its programs and its HTTP interface only.

mod faults;
mod story;
mod support;
