//! The job's output on its way to the server.

mod cut;
mod ledger;
mod mask;
mod ship;

pub(crate) use mask::Mask;
pub(crate) use ship::{Shipper, Stage};
