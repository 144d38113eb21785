//! HTTP: routers for each family of paths, extractors, bodies, error dialects. Decides nothing about the product.
//!
//! The way of a request: [`serve`] reads it from the connection, [`edge`] names its family and gives it an id, the
//! router finds a handler in [`routes`], the handler unpacks, calls one use case of `stoker_service` and packs the
//! answer. Refusals travel as [`error::ApiError`] up to the edge, which writes them in the dialect of the family.

pub mod archive;
pub mod body;
pub mod console;
pub mod describe;
pub mod documents;
pub mod edge;
pub mod error;
pub mod exchange;
pub mod extract;
pub mod family;
pub mod handlers;
mod linger;
mod multipart;
pub mod operations;
mod rate;
pub mod routes;
pub mod scim;
pub mod serve;
pub mod tester;
pub mod tls;

pub use serve::{serve, serve_over};

use std::sync::Arc;
use stoker_service::Service;

/// What every handler has.
#[derive(Clone)]
pub struct App {
    /// The use cases.
    pub service: Service,
    /// The engine program that is packed into the archive for download; none when it was not found.
    pub engine_program: Option<Arc<std::path::PathBuf>>,
    /// The files of the web console; empty when none was built.
    pub console: &'static [console::Asset],
}
