//! Comments in manifests: whoever adds a crate says why.

/// Names of dependencies that no comment explains.
///
/// Looks at entries of the sections that `in_section` picks by their header, of those at the ones that `concerns` picks
/// by their line. A comment explains the entries directly below it, up to the next blank line or the next entry that is
/// not concerned.
pub(super) fn uncommented(
    manifest: &str,
    in_section: impl Fn(&str) -> bool,
    concerns: impl Fn(&str) -> bool,
) -> Vec<String> {
    let (mut inside, mut explained) = (false, false);
    let mut found = Vec::new();
    for line in manifest.lines() {
        let text = line.trim_end();
        if text.starts_with('[') {
            inside = in_section(text);
            explained = false;
        } else if text.starts_with('#') {
            explained = true;
        } else if text.is_empty() {
            explained = false;
        } else if inside && let Some(name) = entry_name(text) {
            if !concerns(text) {
                explained = false;
            } else if !explained {
                found.push(name.to_owned());
            }
        }
    }
    found
}

/// The key that a line starts; `None` for the later lines of a value that takes several.
fn entry_name(line: &str) -> Option<&str> {
    let end = line.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')?;
    let next = line[end..].trim_start();
    (end > 0 && next.starts_with(['=', '.'])).then(|| &line[..end])
}

/// Entries of the root manifest's `[workspace.dependencies]` without an explanation; our own crates need none.
pub(super) fn uncommented_in_workspace(manifest: &str) -> Vec<String> {
    uncommented(manifest, |header| header == "[workspace.dependencies]", |line| !line.contains("path = "))
}

/// Dependencies that a crate picks by itself instead of taking the workspace's, without an explanation.
pub(super) fn uncommented_in_crate(manifest: &str) -> Vec<String> {
    uncommented(
        manifest,
        |header| header.trim_end_matches(']').ends_with("dependencies"),
        |line| !line.contains("workspace = true"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_explains_its_group_and_a_blank_line_ends_it() {
        let manifest = "\
[workspace]
resolver = \"3\"

[workspace.dependencies]
stoker-own = { path = \"crates/own\" }
bare = \"1\"
# Why.
good = \"1\"
good-too = { version = \"1\", features = [
  \"f\",
] }

lonely = \"1\"
[profile.dev]
debug = false
";
        assert_eq!(uncommented_in_workspace(manifest), ["bare", "lonely"]);
    }

    #[test]
    fn a_crate_explains_only_what_it_picks_by_itself() {
        let manifest = "\
[package]
name = \"x\"
# About all of them.
[dependencies]
# Not about the others.
serde.workspace = true
picked = \"1\"
# Why.
explained = { version = \"1\" }
tokio = { workspace = true, features = [\"fs\"] }
[target.'cfg(unix)'.dev-dependencies]
other = \"2\"
";
        assert_eq!(uncommented_in_crate(manifest), ["picked", "other"]);
    }
}
