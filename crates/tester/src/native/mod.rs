//! Files of the reference product: the flat shape (version 3) and the tree shape (version 6), read and written.
//!
//! The shape is told by key, `nodes` or `entities`, not by number (`file`). Reading and writing in the same shape gives the
//! same JSON: unknown keys, missing keys and leftovers are kept. Two things are dropped on purpose: `metaInfo`, which
//! names people, and the values of private variables on export. What Stoker adds to the model stands in one key
//! `stoker` of an entity.

mod braces;
mod environments;
mod fields;
mod flat;
mod request;
mod tree;
mod write;

use crate::json::{Json, JsonError};
use crate::model::{Drive, Kind};

pub use write::{ExportOptions, export_flat, export_tree};

/// Deepest tree that is read; the reference's own is four levels deep.
const MAX_LEVELS: usize = 8;

/// A file that cannot be imported. Nothing of it is taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NativeError {
    /// Not JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// JSON, but not such a file.
    #[error("neither `nodes` (flat shape) nor `entities` (tree shape) is there; this is no export of an API tester")]
    Shape,
    /// Something in it has the wrong form.
    #[error("{place}: {problem}")]
    Field {
        /// Path inside the file, such as `nodes[3].uri.host`.
        place: String,
        /// What is wrong, and what would be right.
        problem: String,
    },
}

/// Choices of an import.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// In flat files also take `{ … }` without a dollar sign as expression, as very old editions did.
    pub legacy_braces: bool,
}

/// An imported file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// What was in it.
    pub drive: Drive,
    /// `version` as stored.
    pub version: Option<i64>,
    /// What the reader should know: references to entities that are not in the file, names that occur twice, and so on.
    pub warnings: Vec<String>,
}

/// Reads a file of either shape.
///
/// # Errors
/// [`NativeError`] with line and column or the place inside the file.
pub fn import(text: &str, options: ImportOptions) -> Result<Imported, NativeError> {
    let mut root = fields::Fields::of(Json::parse(text)?, "the file")?;
    let version = root.get("version").and_then(Json::as_i64);
    let mut drive = if root.get("entities").is_some() {
        tree::read(root)?
    } else if root.get("nodes").is_some() {
        root.path.clear();
        flat::read(root)?
    } else {
        return Err(NativeError::Shape);
    };
    if options.legacy_braces && drive.extra.contains_key("version") && version.is_some_and(|version| version <= 3) {
        braces::convert(&mut drive);
    }
    let warnings = warnings(&drive);
    Ok(Imported { drive, version, warnings })
}

fn warnings(drive: &Drive) -> Vec<String> {
    let mut found = Vec::new();
    let walked = drive.walk();
    let ids: std::collections::HashSet<&str> = walked.iter().map(|(_, entity)| entity.id.as_str()).collect();
    let mut paths = std::collections::HashSet::new();
    for (path, entity) in &walked {
        if !paths.insert(path.clone()) {
            found.push(format!(
                "`{}` occurs twice in its container; a reference by name means the first",
                path.join(" / ")
            ));
        }
        let Kind::Request(request) = &entity.kind else { continue };
        for id in crate::expr::References::of(request).ids {
            if !ids.contains(id.as_str()) {
                found.push(format!("`{}` refers to the entity {id}, which is not in the file", path.join(" / ")));
            }
        }
        if let Some(unknown) = request.assertions.iter().find(|assertion| !assertion.comparison.is_known()) {
            let name = unknown.comparison.name();
            found.push(format!("`{}` has a comparison `{name}` that is not supported", path.join(" / ")));
        }
    }
    found
}

/// A request in the reference's form.
pub(crate) fn write_request(request: &crate::model::Request) -> crate::json::Object {
    let mut made = crate::json::Object::default();
    request::write(request, true, &mut made);
    made.extend(request.extra.clone());
    made
}

/// A request out of the reference's form.
pub(crate) fn read_request(members: crate::json::Object) -> Result<crate::model::Request, NativeError> {
    let mut from = fields::Fields::of(Json::Object(members), "kept")?;
    let mut made = request::read(&mut from)?;
    made.extra = from.rest();
    Ok(made)
}
