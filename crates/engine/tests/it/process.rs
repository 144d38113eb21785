//! Jobs under real shims, started through the real program.

mod ends;
mod folder;
mod starts;
pub(crate) mod support;
mod survives;
