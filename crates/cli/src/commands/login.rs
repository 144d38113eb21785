//! `stoker login`.

use super::App;
use crate::config::Context;
use crate::dev::Bootstrap;
use crate::exit::{Exit, Failure, Result};
use crate::secret_input;
use std::path::{Path, PathBuf};
use stoker_client::{Client, Token};

#[derive(clap::Args)]
#[command(
    after_help = "The token is asked for, or read from standard input, or taken from `--token-file`. It is checked, \
    then saved with the URL in `stoker/config.json` in your configuration folder, readable for you only."
)]
pub(crate) struct LoginArgs {
    /// Base URL of the server
    #[arg(required_unless_present = "bootstrap")]
    url: Option<String>,
    /// Name for the context; else host and port of the URL
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// File `bootstrap.json` that a new server left in its data folder: has URL and token
    #[arg(long, value_name = "FILE")]
    bootstrap: Option<PathBuf>,
}

pub(crate) async fn run(app: &App, args: LoginArgs) -> Result<()> {
    let (url, token) = url_and_token(app, &args)?;
    let mut config = app.config()?;
    let client = Client::new(&url, token.clone())?;
    check(app, &client).await?;
    let name = args.name.unwrap_or_else(|| default_name(client.base_url()));
    config.put(&name, Context::new(client.base_url(), &token), true);
    let path = config.save(app.around.config_file.as_deref())?;
    app.out.note(&format!("saved as context `{name}` in {}, which is now the current one", path.display()));
    if travels_open(client.base_url()) {
        app.out.warn(&format!("the token travels unencrypted to {}; use https", client.base_url()));
    }
    Ok(())
}

fn url_and_token(app: &App, args: &LoginArgs) -> Result<(String, Token)> {
    if let Some(path) = &args.bootstrap {
        let bootstrap = Bootstrap::read(&bootstrap_file(path))?;
        let url = args.url.clone().unwrap_or(bootstrap.url);
        return Ok((url, Token::new(bootstrap.personal_access_token)));
    }
    let url = args.url.clone().unwrap_or_default();
    // Before anybody types a token for a URL that cannot work.
    Client::anonymous(&url)?;
    let text = match &app.global.token_file {
        Some(path) => secret_input::from_file(path)?,
        None => secret_input::ask(&format!("an access token for {url}"), app.around.stdin_is_terminal)?,
    };
    let token = Token::new(text);
    if token.is_empty() {
        return Err(Failure::usage("the access token is empty"));
    }
    Ok((url, token))
}

/// The data folder will do as well.
fn bootstrap_file(path: &Path) -> PathBuf {
    if path.is_dir() { path.join("bootstrap.json") } else { path.to_owned() }
}

/// A token that may do little is still a token; an unknown one is not saved.
async fn check(app: &App, client: &Client) -> Result<()> {
    match client.environments().await {
        Ok(_) => Ok(()),
        Err(error) if error.status() == Some(403) => {
            app.out.note("the token is known, but may not see environments");
            Ok(())
        }
        Err(error) if error.status() == Some(401) => {
            Err(Failure::new(Exit::NoAccess, format!("{} does not know this token", client.base_url()))
                .hint("make a new personal access token in your profile and log in with it"))
        }
        Err(error) => Err(error.into()),
    }
}

/// `127.0.0.1:8080` for `http://127.0.0.1:8080`.
fn default_name(base_url: &str) -> String {
    base_url.split_once("://").map_or(base_url, |(_, rest)| rest).to_owned()
}

fn travels_open(base_url: &str) -> bool {
    let Some(host) = base_url.strip_prefix("http://") else { return false };
    let host = host.split('/').next().unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let is_local = name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    !is_local
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_is_named_after_host_and_port() {
        assert_eq!(default_name("http://127.0.0.1:8080"), "127.0.0.1:8080");
        assert_eq!(default_name("https://stoker.example.com"), "stoker.example.com");
    }

    #[test]
    fn only_plain_http_to_other_machines_is_worth_a_warning() {
        assert!(travels_open("http://stoker.example.com:8080/x"));
        for fine in ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:80", "https://stoker.example.com"] {
            assert!(!travels_open(fine), "{fine}");
        }
    }
}
