//! API tests inside the server: documents, where requests may go, runs. What a test is and how it is run knows the crate
//! `stoker-tester`; what is kept, and for whom, knows the service.

pub mod document;
pub mod gate;
pub mod report;
pub mod run;
pub mod sample;
mod world;

pub use world::{ServiceClock, ServiceEntropy};
