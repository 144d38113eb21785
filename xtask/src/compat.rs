//! The page that says which operations of the compatible APIs work.

use std::path::Path;

use anyhow::{Result, bail};

/// Writes `docs/compatibility.md` from the operation lists in `openapi/upstream` and what the server registers.
///
/// To be filled together with the first routes; until then it fails, so that nobody takes an empty page for an answer.
pub(crate) fn generate(root: &Path) -> Result<()> {
    let page = root.join("docs/compatibility.md");
    bail!("write {}: the generator does not exist yet", page.display())
}
