//! The engine link as an engine sees it: pairing, sessions, offers, reports, stops, artifacts.

pub(crate) mod driver;
mod model;
mod offers;
mod pairing;
mod races;
mod reports;
mod secrets;
mod sessions;
mod stops;
