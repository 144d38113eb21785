//! Which server and which token a call means.

use crate::config::Config;
use crate::exit::{Exit, Failure, Result};
use crate::secret_input;
use std::path::PathBuf;
use stoker_client::Token;

/// What may name a server or token, from the command line and the environment.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// `--server`.
    pub(crate) server: Option<String>,
    /// `--context`.
    pub(crate) context: Option<String>,
    /// `--token-file`.
    pub(crate) token_file: Option<PathBuf>,
    /// `STOKER_URL`.
    pub(crate) env_url: Option<String>,
    /// `STOKER_TOKEN`.
    pub(crate) env_token: Option<Token>,
}

/// A server and the token to show it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) url: String,
    pub(crate) token: Token,
}

/// Decides. Server: `--server`, else `--context`, else `STOKER_URL`, else the current context. Token: `--token-file`, else
/// that of `--context`, else `STOKER_TOKEN`, else the one saved for this very server: a saved token never goes to another.
pub(crate) fn choose(wanted: &Wanted, config: &Config) -> Result<Target> {
    let named = wanted.context.as_deref().map(|name| config.named(name)).transpose()?;
    let current = match &config.current {
        Some(name) => config.contexts.get(name),
        None => None,
    };
    let url = wanted
        .server
        .clone()
        .or_else(|| named.map(|context| context.url.clone()))
        .or_else(|| wanted.env_url.clone())
        .or_else(|| current.map(|context| context.url.clone()))
        .ok_or_else(|| {
            Failure::new(Exit::NoAccess, "no server is given")
                .hint("log in with `stoker login URL`, or set STOKER_URL and STOKER_TOKEN")
        })?;
    let saved = named
        .into_iter()
        .chain(current)
        .chain(config.contexts.values())
        .find(|context| same_server(&context.url, &url))
        .map(crate::config::Context::token);
    let token = match (&wanted.token_file, &wanted.env_token) {
        (Some(path), _) => Some(Token::new(secret_input::from_file(path)?)),
        (None, _) if named.is_some() && saved.is_some() => saved,
        (None, Some(token)) => Some(token.clone()),
        (None, None) => saved,
    };
    let token = token.filter(|token| !token.is_empty()).ok_or_else(|| {
        Failure::new(Exit::NoAccess, format!("there is no token for {url}"))
            .hint(format!("log in with `stoker login {url}`, set STOKER_TOKEN, or use `--token-file FILE`"))
    })?;
    Ok(Target { url, token })
}

fn same_server(one: &str, other: &str) -> bool {
    one.trim().trim_end_matches('/').eq_ignore_ascii_case(other.trim().trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Context;

    fn config() -> Config {
        let mut config = Config::default();
        config.put("test", Context::new("http://127.0.0.1:8080", &Token::new("t-test")), false);
        config.put("prod", Context::new("https://prod.example", &Token::new("t-prod")), false);
        config
    }

    fn chosen(wanted: &Wanted) -> (String, String) {
        let target = choose(wanted, &config()).unwrap();
        (target.url, target.token.reveal().to_owned())
    }

    fn pair(url: &str, token: &str) -> (String, String) {
        (url.to_owned(), token.to_owned())
    }

    #[test]
    fn without_anything_the_current_context_counts() {
        assert_eq!(chosen(&Wanted::default()), pair("http://127.0.0.1:8080", "t-test"));
    }

    #[test]
    fn a_named_context_beats_the_environment() {
        let wanted = Wanted {
            context: Some("prod".into()),
            env_url: Some("http://env".into()),
            env_token: Some(Token::new("t-env")),
            ..Wanted::default()
        };
        assert_eq!(chosen(&wanted), pair("https://prod.example", "t-prod"));
    }

    #[test]
    fn the_environment_beats_the_current_context() {
        let wanted =
            Wanted { env_url: Some("http://env".into()), env_token: Some(Token::new("t-env")), ..Wanted::default() };
        assert_eq!(chosen(&wanted), pair("http://env", "t-env"));
    }

    #[test]
    fn a_saved_token_never_goes_to_another_server() {
        let elsewhere = Wanted { server: Some("http://elsewhere".into()), ..Wanted::default() };
        let failure = choose(&elsewhere, &config()).unwrap_err();
        assert_eq!(failure.exit, Exit::NoAccess);
        assert!(failure.hint.unwrap().contains("stoker login http://elsewhere"));
        let both =
            Wanted { context: Some("prod".into()), server: Some("http://elsewhere".into()), ..Wanted::default() };
        assert!(choose(&both, &config()).is_err());
        let slash = Wanted { server: Some("https://PROD.example/".into()), ..Wanted::default() };
        assert_eq!(chosen(&slash).1, "t-prod");
    }

    #[test]
    fn a_token_file_beats_all_other_tokens() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "t-file\n").unwrap();
        let wanted = Wanted { token_file: Some(path), env_token: Some(Token::new("t-env")), ..Wanted::default() };
        assert_eq!(chosen(&wanted), pair("http://127.0.0.1:8080", "t-file"));
    }

    #[test]
    fn nothing_known_says_how_to_begin() {
        let failure = choose(&Wanted::default(), &Config::default()).unwrap_err();
        assert_eq!(failure.exit, Exit::NoAccess);
        assert!(failure.hint.unwrap().contains("stoker login URL"));
    }
}
