//! Checks who depends on what: arrows between our crates, crates from outside that have a home, licences, comments.

mod licence;
mod manifest;
mod rules;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::shell;
use rules::{ARROWS, HOMES, Home, LICENCES, NEVER};

const READ_ON: &str = "see ARCHITECTURE.md; the table is in xtask/src/deps/rules.rs";

/// Checks the tree as it is. The error names every breach.
pub(crate) fn run() -> Result<()> {
    // Only what this platform builds, so that a fresh machine need not fetch crates for other systems.
    let version = shell::output(&mut rustc_version())?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("read the host of rustc")?;
    let text = shell::output(&mut shell::cargo([
        "metadata",
        "--format-version=1",
        "--locked",
        "--filter-platform",
        host.trim(),
    ]))?;
    let metadata: Value = serde_json::from_str(&text).context("read the output of cargo metadata")?;
    let lock = read(&shell::root().join("Cargo.lock"))?;
    let packages = Packages::read(&metadata)?;
    let mut breaches = packages.check();
    breaches.extend(check_lock(&lock));
    breaches.extend(check_manifests(&packages)?);
    if breaches.is_empty() {
        println!("{} own crates and {} others keep the rules", packages.members.len(), packages.resolved.len());
        return Ok(());
    }
    bail!("breaches of the dependency rules:\n  {}", breaches.join("\n  "))
}

fn rustc_version() -> std::process::Command {
    let mut command = std::process::Command::new("rustc");
    command.arg("-vV").current_dir(shell::root());
    command
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
}

/// What the rules need of `cargo metadata`.
struct Packages<'a> {
    /// Packages of the workspace.
    members: Vec<&'a Value>,
    /// Packages from outside that are really built.
    resolved: Vec<&'a Value>,
}

impl<'a> Packages<'a> {
    fn read(metadata: &'a Value) -> Result<Self> {
        let packages = metadata["packages"].as_array().context("read the packages of cargo metadata")?;
        let nodes = metadata["resolve"]["nodes"].as_array().context("read the resolved packages of cargo metadata")?;
        let own = metadata["workspace_members"].as_array().context("read the members of cargo metadata")?;
        let built = |package: &Value| nodes.iter().any(|node| node["id"] == package["id"]);
        let (members, others): (Vec<_>, Vec<_>) = packages.iter().partition(|package| own.contains(&package["id"]));
        Ok(Self { members, resolved: others.into_iter().filter(|package| built(package)).collect() })
    }

    fn check(&self) -> Vec<String> {
        let mut breaches = Vec::new();
        for member in &self.members {
            breaches.extend(check_arrows(member));
            breaches.extend(check_homes(member));
        }
        breaches.extend(self.members.iter().chain(&self.resolved).filter_map(|package| check_licence(package)));
        breaches
    }
}

fn name(package: &Value) -> &str {
    package["name"].as_str().unwrap_or_default()
}

/// Name of a crate as the rules have it: that of its folder.
fn folder(package: &str) -> &str {
    package.strip_prefix("stoker-").unwrap_or(package)
}

/// Names of the packages that this one uses in programs and build scripts, not only in tests.
fn uses(package: &Value) -> impl Iterator<Item = &str> {
    let dependencies = package["dependencies"].as_array().into_iter().flatten();
    dependencies.filter(|dependency| dependency["kind"] != "dev").map(name)
}

fn check_arrows(member: &Value) -> Vec<String> {
    let own = folder(name(member));
    let Some((_, allowed)) = ARROWS.iter().find(|(from, _)| *from == own) else {
        return vec![format!("the crate {own} is not in the table of arrows; add its line ({READ_ON})")];
    };
    uses(member)
        .filter(|used| used.starts_with("stoker-"))
        .map(folder)
        .filter(|used| !allowed.contains(used))
        .map(|used| format!("the arrow {own} -> {used} is not allowed ({READ_ON})"))
        .collect()
}

fn check_homes(member: &Value) -> Vec<String> {
    let own = folder(name(member));
    let mut breaches = Vec::new();
    for used in uses(member) {
        let home = HOMES.iter().find(|(crates, _)| crates.contains(&used)).map(|(_, home)| home);
        breaches.extend(match home {
            Some(Home::Only(homes)) if !homes.contains(&own) => {
                Some(format!("{own} uses {used}, which belongs into {} only ({READ_ON})", homes.join(" and ")))
            }
            Some(Home::Not(others)) if others.contains(&own) => {
                Some(format!("{own} uses {used}, which does not belong there ({READ_ON})"))
            }
            _ => None,
        });
    }
    breaches
}

fn check_licence(package: &Value) -> Option<String> {
    let what = format!("{} {}", name(package), package["version"].as_str().unwrap_or_default());
    let Some(expression) = package["license"].as_str() else {
        return Some(format!("{what} names no licence; use another crate"));
    };
    match licence::permits(expression, LICENCES) {
        Ok(true) => None,
        Ok(false) => Some(format!("{what} has the licence {expression}, which is not on the list ({READ_ON})")),
        Err(error) => Some(format!("{what}: {error}")),
    }
}

/// Looks into the lock file, which knows the crates of all platforms.
fn check_lock(lock: &str) -> Vec<String> {
    let names = lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    let never = names.filter(|name| NEVER.contains(name));
    never.map(|name| format!("{name} came into Cargo.lock; find out by `cargo tree -i {name} --target all`")).collect()
}

fn check_manifests(packages: &Packages<'_>) -> Result<Vec<String>> {
    let root = shell::root().join("Cargo.toml");
    let mut breaches: Vec<String> = manifest::uncommented_in_workspace(&read(&root)?)
        .into_iter()
        .map(|entry| format!("{entry} in Cargo.toml has no comment that says what it is for"))
        .collect();
    for member in &packages.members {
        let path = Path::new(member["manifest_path"].as_str().unwrap_or_default());
        let own = folder(name(member));
        let entries = manifest::uncommented_in_crate(&read(path)?).into_iter();
        breaches.extend(entries.map(|entry| format!("{entry} in the manifest of {own} has no comment that says why")));
    }
    Ok(breaches)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A tree of one member with these dependencies (`name` or `name dev`) and one crate from outside.
    fn breaches(member: &str, dependencies: &[&str], outside_licence: Value) -> Vec<String> {
        let dependencies: Vec<Value> = dependencies
            .iter()
            .map(|text| {
                let (name, kind) = text.split_once(' ').map_or((*text, None), |(name, kind)| (name, Some(kind)));
                json!({"name": name, "kind": kind})
            })
            .collect();
        let metadata = json!({
            "packages": [
                {"id": "m", "name": member, "version": "0.1.0", "license": "Apache-2.0", "dependencies": dependencies},
                {"id": "o", "name": "outside", "version": "1.2.3", "license": outside_licence, "dependencies": []},
                {"id": "u", "name": "unused", "version": "1.2.3", "license": null, "dependencies": []},
            ],
            "workspace_members": ["m"],
            "resolve": {"nodes": [{"id": "m"}, {"id": "o"}]},
        });
        Packages::read(&metadata).expect("metadata").check()
    }

    #[test]
    fn an_arrow_that_is_not_in_the_table_is_named_with_the_page_to_read() {
        let found = breaches("stoker-domain", &["stoker-store", "serde"], json!("MIT"));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("the arrow domain -> store is not allowed (see ARCHITECTURE.md"), "{found:?}");
    }

    #[test]
    fn allowed_arrows_and_dependencies_of_tests_pass() {
        let dependencies = ["stoker-domain", "stoker-filter", "rusqlite", "stoker-testkit dev", "axum dev"];
        assert_eq!(breaches("stoker-store", &dependencies, json!("MIT")), [""; 0]);
    }

    #[test]
    fn build_scripts_are_no_way_around_and_the_kit_is_for_tests_only() {
        let found = breaches("stoker-service", &["stoker-api build", "stoker-testkit"], json!("MIT"));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("service -> api") && found[1].contains("service -> testkit"), "{found:?}");
    }

    #[test]
    fn a_crate_without_a_line_in_the_table_is_refused() {
        let found = breaches("stoker-novelty", &[], json!("MIT"));
        assert!(found.len() == 1 && found[0].contains("novelty is not in the table"), "{found:?}");
    }

    #[test]
    fn crates_from_outside_stay_at_home() {
        let found = breaches("stoker-service", &["postgres", "reqwest", "tokio", "nix"], json!("MIT"));
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].starts_with("service uses postgres, which belongs into store and "), "{found:?}");
        assert!(found[1].starts_with("service uses reqwest, which does not belong there"), "{found:?}");
        assert!(found[2].starts_with("service uses nix, which belongs into engine and "), "{found:?}");
        assert!(found.iter().all(|breach| breach.contains("see ARCHITECTURE.md")), "{found:?}");
        assert_eq!(breaches("stoker-api", &["axum", "hyper", "reqwest"], json!("MIT")), [""; 0]);
    }

    #[test]
    fn licences_are_those_of_the_list_and_only_of_what_is_built() {
        let of = |licence: Value| breaches("stoker-domain", &[], licence);
        assert_eq!(of(json!("GPL-3.0 OR MIT")), [""; 0]);
        assert_eq!(of(json!(null)), ["outside 1.2.3 names no licence; use another crate"]);
        let found = of(json!("AGPL-3.0-only"));
        assert!(found[0].starts_with("outside 1.2.3 has the licence AGPL-3.0-only"), "{found:?}");
    }

    #[test]
    fn the_lock_file_is_searched_for_other_tls_providers() {
        let found = check_lock("[[package]]\nname = \"openssl-probe\"\n\n[[package]]\nname = \"openssl-sys\"\n");
        assert!(found.len() == 1 && found[0].starts_with("openssl-sys came into Cargo.lock"), "{found:?}");
    }

    #[test]
    fn the_table_has_no_circle() {
        // Every crate stands below those it uses when all arrows lead to crates that were already cleared.
        let mut cleared: Vec<&str> = Vec::new();
        while cleared.len() < ARROWS.len() {
            let next = ARROWS
                .iter()
                .find(|(name, uses)| !cleared.contains(name) && uses.iter().all(|used| cleared.contains(used)));
            let (name, _) = next.expect("a crate whose uses are all cleared");
            cleared.push(name);
        }
    }
}
