//! Which Java runs a job.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::config::Environment;

/// The Java runtimes of this machine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Javas {
    by_version: BTreeMap<u32, PathBuf>,
    default: Option<PathBuf>,
}

impl Javas {
    /// Those that are configured by version, and as default that of `JAVA_HOME` or else the first `java` of `PATH`.
    pub(crate) fn find(folders: &BTreeMap<u32, PathBuf>, environment: &Environment) -> Self {
        let by_version = folders.iter().map(|(version, folder)| (*version, folder.join("java")));
        let by_version = by_version.filter(|(_, java)| java.is_file()).collect();
        let home = environment.get("JAVA_HOME").filter(|home| !home.is_empty());
        let home = home.map(|home| Path::new(home).join("bin/java"));
        let path = environment.get("PATH").map_or("", String::as_str);
        let on_path =
            path.split(':').filter(|folder| folder.starts_with('/')).map(|folder| Path::new(folder).join("java"));
        let default = home.into_iter().chain(on_path).find(|java| java.is_file());
        // The link of a distribution hides which Java it is.
        let default = default.map(|java| std::fs::canonicalize(&java).unwrap_or(java));
        Self { by_version, default }
    }

    /// The `java` for classes of level `compliance` (source: doc, adaptive choice): the lowest configured version that
    /// knows the level; with opened modules the highest, which is never below 9. The default when none fits.
    pub(crate) fn choose(&self, compliance: Option<u32>, add_opens: bool) -> Option<&Path> {
        let level = compliance.unwrap_or(8).max(if add_opens { 9 } else { 8 });
        let mut fitting = self.by_version.range(level..).map(|(_, java)| java.as_path());
        let chosen = if add_opens { fitting.next_back() } else { fitting.next() };
        chosen.or(self.default.as_deref()).or_else(|| self.by_version.values().next_back().map(PathBuf::as_path))
    }

    /// What the usual `java` says about its version; empty when there is none. Blocking, may start that program.
    pub(crate) fn describe(&self) -> String {
        let Some(java) = self.choose(Some(17), true) else { return String::new() };
        release(java).or_else(|| ask(java)).unwrap_or_default()
    }
}

/// The folder that a job finds as `JAVA_HOME`, if the program lies in a `bin`.
pub(crate) fn home_of(java: &Path) -> Option<&Path> {
    let bin = java.parent()?;
    bin.ends_with("bin").then(|| bin.parent())?
}

/// The version from the `release` file of the runtime, which saves starting it.
fn release(java: &Path) -> Option<String> {
    let text = std::fs::read_to_string(home_of(java)?.join("release")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("JAVA_VERSION="))?;
    Some(line.trim().trim_matches('"').to_owned()).filter(|version| !version.is_empty())
}

fn ask(java: &Path) -> Option<String> {
    let output = Command::new(java).arg("-version").env_clear().stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let quoted = text.lines().next()?.split('"').nth(1)?;
    Some(quoted.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn javas(versions: &[u32]) -> Javas {
        let by_version = versions.iter().map(|version| (*version, PathBuf::from(format!("/j{version}/bin/java"))));
        Javas { by_version: by_version.collect(), default: Some("/default/bin/java".into()) }
    }

    #[test]
    fn the_version_follows_level_and_opened_modules() {
        let all = javas(&[8, 11, 17]);
        let chosen = |compliance, opens| all.choose(compliance, opens).unwrap().to_str().unwrap().to_owned();
        assert_eq!(chosen(Some(8), false), "/j8/bin/java");
        assert_eq!(chosen(Some(8), true), "/j17/bin/java");
        assert_eq!(chosen(Some(11), false), "/j11/bin/java");
        assert_eq!(chosen(None, false), "/j8/bin/java");
        assert_eq!(chosen(Some(21), false), "/default/bin/java");
        assert_eq!(javas(&[8]).choose(Some(8), true).unwrap(), Path::new("/default/bin/java"));
    }

    #[test]
    fn java_home_comes_before_the_path_and_none_is_none() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["home/bin", "path"] {
            std::fs::create_dir_all(folder.path().join(name)).unwrap();
            std::fs::write(folder.path().join(name).join("java"), "").unwrap();
        }
        let text = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let mut environment = Environment::from([("PATH".into(), format!("/none:{}", text("path")))]);
        let found = |environment: &Environment| {
            Javas::find(&BTreeMap::new(), environment).choose(None, false).map(Path::to_owned)
        };
        assert!(found(&environment).unwrap().ends_with("path/java"));
        environment.insert("JAVA_HOME".into(), text("home"));
        assert!(found(&environment).unwrap().ends_with("home/bin/java"));
        assert_eq!(found(&Environment::new()), None);
    }

    #[test]
    fn the_release_file_tells_the_version() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("release"), "IMPLEMENTOR=\"X\"\nJAVA_VERSION=\"17.0.15\"\n").unwrap();
        assert_eq!(release(&folder.path().join("bin/java")).as_deref(), Some("17.0.15"));
    }
}
