//! How long the URL of a webhook may be called: a part of `stoker tasks` and `stoker plans`.

use super::{App, tokens};
use crate::exit::Result;
use crate::times;

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("term").required(true).args(["days", "expires", "never"]))]
pub(crate) struct TermArgs {
    /// So many days from now on; a new URL later begins as many again
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: Option<u32>,
    /// Until then: a day such as 2027-01-31, whose first instant in UTC is meant, or an instant such as
    /// 2027-01-31T18:00:00Z
    #[arg(long, value_name = "WHEN")]
    expires: Option<String>,
    /// Without an end
    #[arg(long)]
    never: bool,
}

impl TermArgs {
    /// The body of the call.
    pub(crate) fn body(&self) -> Result<serde_json::Value> {
        let expires = self.expires.as_deref().map(tokens::instant).transpose()?;
        Ok(match (self.days, expires) {
            (Some(days), _) => serde_json::json!({ "lifetimeMinutes": i64::from(days) * 24 * 60 }),
            (None, Some(at)) => serde_json::json!({ "expiresAt": at }),
            (None, None) => serde_json::json!({}),
        })
    }
}

/// Says what was set.
pub(crate) fn tell(app: &App, noun: &str, name: &str, set: &serde_json::Value) -> Result<()> {
    if app.out.wants_json() {
        return app.out.json(set);
    }
    let until = match set["expiresAt"].as_str() {
        Some(at) => format!("until {}", times::local(Some(at), &app.around.zone)),
        None => "without an end".to_owned(),
    };
    app.out.note(&format!("the webhook of {noun} `{name}` may be called {until}"));
    Ok(())
}

/// What is shown of a webhook beside its URL: when it was last called, and when it ends.
pub(crate) fn shown(webhook: &serde_json::Value) -> Vec<(&'static str, String)> {
    let text = |name: &str| webhook[name].as_str().map(str::to_owned);
    let mut fields = vec![
        ("last call", text("lastCallAt").unwrap_or_else(|| "never".to_owned())),
        ("webhook ends", text("expiresAt").unwrap_or_else(|| "never".to_owned())),
    ];
    fields.extend(text("lastLateCallAt").map(|at| ("refused call", format!("{at}, after the end"))));
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_term_is_sent_as_the_server_reads_it() {
        let args = |days, expires: Option<&str>| TermArgs { days, expires: expires.map(str::to_owned), never: false };
        assert_eq!(args(Some(2), None).body().unwrap(), json!({ "lifetimeMinutes": 2880 }));
        assert_eq!(args(None, Some("2027-01-31")).body().unwrap(), json!({ "expiresAt": "2027-01-31T00:00:00Z" }));
        assert_eq!(args(None, None).body().unwrap(), json!({}));
        assert!(args(None, Some("soon")).body().is_err());
    }

    #[test]
    fn an_ended_webhook_says_why_nothing_starts() {
        let told =
            shown(&json!({ "expiresAt": "2026-02-03T09:00:00.000Z", "lastLateCallAt": "2026-02-04T09:00:00.000Z" }));
        assert_eq!(told.last(), Some(&("refused call", "2026-02-04T09:00:00.000Z, after the end".to_owned())));
        assert_eq!(told[0], ("last call", "never".to_owned()));
        assert_eq!(shown(&json!({}))[1], ("webhook ends", "never".to_owned()));
    }
}
