//! `stoker settings` and `stoker system`.

use super::App;
use crate::exit::{Exit, Failure, Result};
use crate::times;
use serde_json::Value;
use stoker_client::{ServerSetting, SettingValue};

#[derive(clap::Subcommand)]
pub(crate) enum SettingsCommand {
    /// List what can be set for the server, with the values in force
    List,
    /// Set a value, for all servers of the installation
    Set {
        /// The setting, as in the settings file
        name: String,
        /// A number, a word, or the entries of a list
        #[arg(required = true, allow_hyphen_values = true)]
        value: Vec<String>,
    },
    /// Put a setting back to its default
    Unset {
        /// The setting, as in the settings file
        name: String,
    },
}

/// A value in few words: entries of a list one after another.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(list) if list.is_empty() => "none".to_owned(),
        Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(" "),
        Value::Object(map) => map.get("issuer").map_or_else(|| value.to_string(), plain),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

fn with_unit(value: &Value, unit: Option<&str>) -> String {
    match unit {
        Some(unit) => format!("{} {unit}", plain(value)),
        None => plain(value),
    }
}

/// The words of the command line as the value that this setting has.
fn meant(setting: &ServerSetting, words: Vec<String>) -> Result<Value> {
    if setting.kind == "list" {
        return Ok(words.into());
    }
    let [word] = <[String; 1]>::try_from(words)
        .map_err(|_| Failure::new(Exit::Usage, format!("{}: takes one value only", setting.name)))?;
    // What is no number goes as it is: the server says what it wants.
    Ok(match word.parse::<i64>() {
        Ok(number) if setting.kind == "number" => number.into(),
        _ => word.into(),
    })
}

pub(crate) async fn run(app: &App, command: SettingsCommand) -> Result<()> {
    match command {
        SettingsCommand::List => {
            let all = app.client()?.settings().await?;
            app.out.list(&all, "settings", &["NAME", "VALUE", "DEFAULT", "FROM"], |item| {
                let unit = item.unit.as_deref();
                let (value, default) = (with_unit(&item.value, unit), with_unit(&item.default, unit));
                vec![item.name.clone(), value, default, item.from.clone()]
            })
        }
        SettingsCommand::Set { name, value } => {
            let client = app.client()?;
            let known = client.settings().await?;
            let Some(setting) = known.iter().find(|setting| setting.name == name) else {
                let message = format!("there is no setting `{name}`; `stoker settings list` shows them");
                return Err(Failure::new(Exit::Usage, message));
            };
            let wish = SettingValue { value: meant(setting, value)?, version: Some(setting.version) };
            told(app, &client.set_setting(&name, &wish).await?)
        }
        SettingsCommand::Unset { name } => told(app, &app.client()?.unset_setting(&name).await?),
    }
}

/// Prints a setting as it is now.
fn told(app: &App, setting: &ServerSetting) -> Result<()> {
    let value = with_unit(&setting.value, setting.unit.as_deref());
    app.out.record(setting, &[("name", setting.name.clone()), ("value", value), ("from", setting.from.clone())])
}

/// A number of bytes, rounded to three digits at most.
fn size(bytes: i64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut left, mut unit) = (bytes as f64, 0);
    while left >= 1_000.0 && unit + 1 < UNITS.len() {
        (left, unit) = (left / 1_024.0, unit + 1);
    }
    let digits = usize::from(left < 10.0 && unit > 0);
    format!("{left:.digits$} {}", UNITS[unit])
}

/// `stoker system`.
pub(crate) async fn system(app: &App) -> Result<()> {
    let found = app.client()?.system().await?;
    let (runs, engines) = (&found.runs, &found.engines);
    let unknown = if runs.unknown > 0 { format!(", {} of them unknown", runs.unknown) } else { String::new() };
    let kept = match found.keep_logs_days {
        0 => "for ever".to_owned(),
        days => format!("{days} days"),
    };
    let mut fields = vec![
        ("version", found.version.clone()),
        ("running since", times::local(Some(&found.since), &app.around.zone)),
        ("url", found.public_url.clone()),
        ("database", format!("{}, {}, {}", found.database.kind, size(found.database.bytes), found.database.schema)),
        ("runs", format!("{} waiting, {} running{unknown}", runs.waiting, runs.running)),
        (
            "engines",
            format!("{} available, {} silent, {} never paired", engines.available, engines.silent, engines.unpaired),
        ),
        ("log lines kept", kept),
    ];
    if let Some(disk) = &found.disk {
        fields.push(("disk", format!("{} free of {}", size(disk.free_bytes), size(disk.total_bytes))));
    }
    app.out.record(&found, &fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn setting(kind: &str) -> ServerSetting {
        let body = json!({
            "name": "s", "kind": kind, "value": 0, "default": 0, "from": "default", "version": 0, "meaning": "m",
        });
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn words_become_the_value_that_is_meant() {
        let meant = |kind: &str, words: &[&str]| meant(&setting(kind), words.iter().map(ToString::to_string).collect());
        assert_eq!(meant("number", &["7"]).unwrap(), json!(7));
        assert_eq!(meant("number", &["seven"]).unwrap(), json!("seven"));
        assert_eq!(meant("choice", &["wait"]).unwrap(), json!("wait"));
        assert_eq!(meant("list", &["10.0.0.0/8", "::1"]).unwrap(), json!(["10.0.0.0/8", "::1"]));
        assert!(meant("number", &["7", "8"]).is_err());
    }

    #[test]
    fn sizes_and_values_are_told_in_few_words() {
        assert_eq!([0, 999, 1_536, 5_368_709_120].map(size), ["0 B", "999 B", "1.5 KiB", "5.0 GiB"]);
        assert_eq!(plain(&json!(["a", "b"])), "a b");
        assert_eq!([json!([]), json!(null)].map(|value| plain(&value)), ["none", "none"]);
        assert_eq!(plain(&json!({ "issuer": "https://id.example", "name": "n" })), "https://id.example");
    }
}
