//! `stoker tokens`.

use super::App;
use crate::exit::{Exit, Failure, Result};
use crate::{names, times};
use stoker_client::NewPersonalToken;

#[derive(clap::Subcommand)]
pub(crate) enum TokensCommand {
    /// List your personal access tokens, without their secrets
    List,
    /// Make a personal access token and print it; it is never shown again
    Create {
        /// What you call it
        name: String,
        /// When it ends: a day such as 2027-01-31, whose first instant in UTC is meant, or an instant such as
        /// 2027-01-31T18:00:00Z; never without it
        #[arg(long, value_name = "WHEN")]
        expires: Option<String>,
    },
    /// Revoke a personal access token; it stops working within a second
    Revoke {
        /// The token, by id or name; not its secret
        token: String,
    },
}

/// The instant that was meant, as the server reads it.
pub(crate) fn instant(text: &str) -> Result<String> {
    let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    match whole.parse::<jiff::Timestamp>() {
        Ok(_) => Ok(whole),
        Err(_) => {
            let message = format!(
                "--expires: `{text}` is neither a day nor an instant; write 2027-01-31 or 2027-01-31T18:00:00Z"
            );
            Err(Failure::new(Exit::Usage, message))
        }
    }
}

pub(crate) async fn run(app: &App, command: TokensCommand) -> Result<()> {
    match command {
        TokensCommand::List => {
            let all = app.client()?.personal_tokens().await?;
            app.out.list(&all, "personal access tokens", &["ID", "NAME", "MADE", "ENDS", "LAST USED"], |item| {
                let local = |text: Option<&str>| times::local(text, &app.around.zone);
                let ends = item.expires_at.as_deref();
                vec![
                    item.id.clone(),
                    item.name.clone(),
                    local(Some(&item.created_at)),
                    if ends.is_some() { local(ends) } else { "never".to_owned() },
                    local(item.last_used_at.as_deref()),
                ]
            })
        }
        TokensCommand::Create { name, expires } => {
            let expires_at = expires.as_deref().map(instant).transpose()?;
            let made = app.client()?.create_personal_token(&NewPersonalToken { name, expires_at }).await?;
            let secret = made.token.clone().unwrap_or_default();
            app.out.record(&made, &[("id", made.id.clone()), ("token", secret)])?;
            app.out.note("keep the token now: it is never shown again");
            Ok(())
        }
        TokensCommand::Revoke { token } => {
            let client = app.client()?;
            let token = names::personal_token(&client, &token).await?;
            client.revoke_personal_token(&token.id).await?;
            app.out.note(&format!("revoked the token `{}`", token.name));
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_or_an_instant_is_meant() {
        assert_eq!(instant("2027-01-31").unwrap(), "2027-01-31T00:00:00Z");
        assert_eq!(instant("2027-01-31T18:00:00+01:00").unwrap(), "2027-01-31T18:00:00+01:00");
        for bad in ["tomorrow", "2027-02-30", "2027-01-31 18:00", ""] {
            assert!(instant(bad).is_err(), "{bad}");
        }
    }
}
