//! Saved contexts: which servers one works with, and the token for each.

use crate::exit::{Exit, Failure, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use stoker_client::Token;

/// Form of the file; a higher number comes from a newer program.
const VERSION: u32 = 1;

/// The file `stoker/config.json` in the user's configuration folder, mode 0600.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Config {
    version: u32,
    /// Name of the context that is used when none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) current: Option<String>,
    #[serde(default)]
    pub(crate) contexts: BTreeMap<String, Context>,
}

/// A server and the token for it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Context {
    pub(crate) url: String,
    token: String,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Context {
    pub(crate) fn new(url: &str, token: &Token) -> Self {
        Self { url: url.to_owned(), token: token.reveal().to_owned() }
    }

    pub(crate) fn token(&self) -> Token {
        Token::new(&self.token)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self { version: VERSION, current: None, contexts: BTreeMap::new() }
    }
}

impl Config {
    /// Reads the file; one that does not exist is an empty configuration.
    pub(crate) fn load(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else { return Ok(Self::default()) };
        let bad = |reason: String| {
            Failure::usage(format!("cannot read the saved contexts in `{}`: {reason}", path.display()))
                .hint("repair or remove the file, then log in again")
        };
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(bad(error.to_string())),
        };
        let config: Self = serde_json::from_str(&text).map_err(|error| bad(without_values(&error)))?;
        if config.version > VERSION {
            return Err(bad(format!("it has version {}, this program knows {VERSION}", config.version)));
        }
        Ok(config)
    }

    /// Writes the file, whole or not at all, readable for its owner only.
    pub(crate) fn save(&self, path: Option<&Path>) -> Result<PathBuf> {
        let Some(path) = path else {
            return Err(Failure::usage("there is no folder for saved contexts")
                .hint("set HOME or XDG_CONFIG_HOME, or use STOKER_URL and STOKER_TOKEN instead of a context"));
        };
        let failed = |error: std::io::Error| {
            Failure::new(Exit::Failed, format!("cannot save the contexts in `{}`: {error}", path.display()))
        };
        let text = serde_json::to_string_pretty(self).map_err(|error| failed(error.into()))?;
        if let Some(folder) = path.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        }
        let new = path.with_extension(format!("json.{}", std::process::id()));
        write_private(&new, text.as_bytes()).and_then(|()| fs::rename(&new, path)).map_err(|error| {
            let _ = fs::remove_file(&new);
            failed(error)
        })?;
        Ok(path.to_owned())
    }

    /// Adds or replaces a context. It becomes the current one when `make_current` says so, or when there is none.
    pub(crate) fn put(&mut self, name: &str, context: Context, make_current: bool) {
        self.contexts.insert(name.to_owned(), context);
        if make_current || self.current.is_none() {
            self.current = Some(name.to_owned());
        }
    }

    /// The context of that name.
    pub(crate) fn named(&self, name: &str) -> Result<&Context> {
        self.contexts.get(name).ok_or_else(|| {
            let known: Vec<_> = self.contexts.keys().map(|name| format!("`{name}`")).collect();
            let hint = match known.is_empty() {
                true => "make one with `stoker login URL`".to_owned(),
                false => format!("there are {}", known.join(", ")),
            };
            Failure::usage(format!("there is no context `{name}`")).hint(hint)
        })
    }
}

/// Where and what kind, but not the words of the file, which may hold a token.
fn without_values(error: &serde_json::Error) -> String {
    format!("line {}, column {} does not fit", error.line(), error.column())
}

fn write_private(path: &Path, data: &[u8]) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(data)?;
    file.write_all(b"\n")?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_is_saved_is_read_again_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a").join("stoker").join("config.json");
        let mut config = Config::load(Some(&path)).unwrap();
        assert!(config.contexts.is_empty());
        config.put("test", Context::new("http://127.0.0.1:8080", &Token::new("eyJone")), false);
        config.put("prod", Context::new("https://stoker.example.com", &Token::new("eyJtwo")), false);
        config.save(Some(&path)).unwrap();
        config.save(Some(&path)).unwrap();

        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no left-over file");
        let again = Config::load(Some(&path)).unwrap();
        assert_eq!(again.current.as_deref(), Some("test"), "the first one became current");
        assert_eq!(again.named("prod").unwrap().token().reveal(), "eyJtwo");
        assert!(!format!("{again:?}").contains("eyJ"));
    }

    #[test]
    fn a_damaged_file_is_named_but_not_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        fs::write(&path, r#"{"version":1,"contexts":{"a":"eyJsecret"}}"#).unwrap();
        let failure = Config::load(Some(&path)).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        assert!(failure.message.contains("config.json") && !failure.message.contains("eyJ"), "{failure}");
    }

    #[test]
    fn a_file_of_a_newer_program_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        fs::write(&path, r#"{"version":2,"contexts":{}}"#).unwrap();
        assert!(Config::load(Some(&path)).unwrap_err().message.contains("version 2"));
    }

    #[test]
    fn an_unknown_context_lists_the_known_ones() {
        let mut config = Config::default();
        assert!(config.named("x").unwrap_err().hint.unwrap().contains("stoker login"));
        config.put("prod", Context::new("https://h", &Token::new("t")), true);
        assert_eq!(config.named("x").unwrap_err().hint.unwrap(), "there are `prod`");
    }
}
