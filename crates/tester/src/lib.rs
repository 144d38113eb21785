//! Tests of HTTP APIs: projects, expressions, runs, assertions, reports, and other tools' files.
//!
//! Does the work of the tester that belongs to the compatible product, and reads and writes its files without loss. The
//! crate knows nothing of the rest of Stoker, and takes clock, randomness and files as arguments.
//!
//! | To | Begin at |
//! |---|---|
//! | read and write the compatible product's files | [`native`] |
//! | keep tests in Git | [`folder`] |
//! | take over other tools' files | [`import`] |
//! | find mistakes before a run | [`inspect::inspect`] |
//! | run | [`run::Runner`] |
//! | run inside a program that many people use | [`hosted`] |
//! | show what a run has found | [`report`] |
//! | turn a request into a program | [`codegen`] |
//! | limit what all that may cost | [`effort::Effort`] |
//! | evaluate an expression, for previews and builders | [`expr::Evaluator`] |

pub mod check;
pub mod codegen;
pub mod effort;
mod encode;
mod exchange;
pub mod expr;
pub mod folder;
pub mod hosted;
pub mod import;
pub mod inspect;
pub mod json;
pub mod model;
pub mod native;
pub mod path;
pub mod regex;
pub mod report;
pub mod run;
mod suggest;
mod text;
pub mod world;
pub mod xpath;

pub use exchange::{Exchange, Exchanges, Response, Spoken};
