//! The OpenAPI documents and the files of Swagger UI, embedded compressed.
//!
//! The documents are not made here: `cargo xtask openapi` writes them into the folder `openapi/`, out of the route
//! table and the contract. So neither start nor memory of the server pays for them.

use crate::family::Family;
use std::io::Read;

/// One embedded file.
#[derive(Debug)]
pub struct File {
    /// Its name below `/openapi/`.
    pub name: &'static str,
    /// Its media type.
    pub kind: &'static str,
    /// Its bytes, as gzip.
    pub packed: &'static [u8],
}

static FILES: &[File] = &include!(concat!(env!("OUT_DIR"), "/documents.rs"));

/// The embedded file of this name.
pub fn file(name: &str) -> Option<&'static File> {
    FILES.iter().find(|file| file.name == name)
}

/// The names of the documents, without `.json`, in alphabetical order.
pub fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().filter_map(|file| file.name.strip_suffix(".json"))
}

impl File {
    /// Its bytes.
    ///
    /// # Errors
    /// When the embedded bytes are no gzip, which only a broken program has.
    pub fn bytes(&self) -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(self.packed).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl Family {
    /// The name of the document that describes the family; none for the engine link, which is no public interface.
    pub fn document(self) -> Option<&'static str> {
        Some(match self {
            Family::Core => "core",
            Family::ServiceAccounts => "service-accounts",
            Family::Observability => "observability",
            Family::Identity => "identity",
            Family::DynamicEngines => "dynamic-engines",
            Family::Datasets => "datasets",
            Family::Scim => "scim",
            Family::Tmc(_) => "tmc",
            Family::Stoker => "stoker",
            Family::Engine => return None,
        })
    }
}
