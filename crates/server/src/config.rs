//! What an operator sets: by argument, or in a JSON file that arguments override.

use crate::open_id::{OpenIdConfig, OpenIdFile};
use anyhow::{Context, Result, bail};
use clap::Args;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use stoker_service::Settings;
use stoker_service::settings::{Kind, SETTINGS, Setting};

/// Arguments of `serve`.
#[derive(Args)]
pub(crate) struct ServeArgs {
    /// Folder for the embedded database, artifacts, the data key and `bootstrap.json`.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// PostgreSQL connection URL; the embedded database is used without one.
    #[arg(long, value_name = "URL", env = "STOKER_DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// URL under which clients and engines reach this server, when it differs from the address.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// JSON file with settings; see docs/configuration.md.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The engine program handed out in the engine archive; the one beside this program by default.
    #[arg(long, value_name = "FILE")]
    engine_program: Option<PathBuf>,
    /// Certificates in PEM, the server's first: the server speaks HTTPS then. Read again when the file changes or on
    /// SIGHUP.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Private key in PEM of the certificate.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Let everybody in whatever the IP allowlist says: the way back in after locking oneself out.
    #[arg(long)]
    ignore_ip_allowlist: bool,
}

/// The settings file; every field may be left out.
#[derive(Debug, Default)]
struct File {
    /// What it sets, in its order.
    values: Vec<(&'static Setting, Value)>,
    /// The identity provider by which people may sign in.
    open_id: Option<OpenIdFile>,
}

impl<'de> Deserialize<'de> for File {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

/// Reads the fields one by one: each is a line of the table of settings, and stands there once.
struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = File;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("an object with settings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<File, A::Error> {
        let (mut file, mut seen) = (File::default(), BTreeSet::new());
        while let Some(name) = map.next_key::<String>()? {
            let Some(setting) = Setting::named(&name) else {
                let known: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
                let known = known.join(", ");
                return Err(A::Error::custom(format!("unknown field `{name}`, expected one of {known}")));
            };
            if !seen.insert(setting.name) {
                return Err(A::Error::custom(format!("duplicate field `{name}`")));
            }
            match setting.kind {
                Kind::Provider(_) => file.open_id = map.next_value()?,
                _ => file.values.extend(map.next_value::<Option<Value>>()?.map(|value| (setting, value))),
            }
        }
        Ok(file)
    }
}

impl File {
    /// What it sets, over the defaults.
    fn settings(&self) -> Result<Settings> {
        let mut settings = Settings::default();
        for (setting, value) in &self.values {
            setting.put(&mut settings, value, setting.name).map_err(anyhow::Error::msg)?;
            settings.in_file.insert(setting.name);
        }
        if self.open_id.is_some() {
            settings.in_file.extend(SETTINGS.iter().filter(|s| matches!(s.kind, Kind::Provider(_))).map(|s| s.name));
        }
        settings.check().map_err(anyhow::Error::msg)?;
        Ok(settings)
    }
}

/// Everything `serve` needs.
pub(crate) struct Config {
    pub(crate) data: PathBuf,
    pub(crate) listen: SocketAddr,
    pub(crate) database_url: Option<String>,
    pub(crate) public_url: Option<String>,
    pub(crate) engine_program: Option<PathBuf>,
    pub(crate) settings: Settings,
    /// Files of certificate and key.
    pub(crate) tls: Option<(PathBuf, PathBuf)>,
    pub(crate) open_id: Option<OpenIdConfig>,
}

impl ServeArgs {
    /// Reads the file and puts all together.
    pub(crate) fn resolve(self) -> Result<Config> {
        let file = match &self.config {
            Some(path) => read(path)?,
            None => File::default(),
        };
        let settings = Settings { ignore_ip_allowlist: self.ignore_ip_allowlist, ..file.settings()? };
        let open_id =
            file.open_id.map(|file| file.resolve(std::env::var("STOKER_OPENID_CLIENT_SECRET").ok())).transpose()?;
        if let Some(url) = &self.public_url
            && !url.starts_with("http://")
            && !url.starts_with("https://")
        {
            bail!("--public-url: must begin with http:// or https://");
        }
        Ok(Config {
            data: self.data,
            listen: self.listen,
            database_url: self.database_url,
            public_url: self.public_url,
            engine_program: engine_program(self.engine_program)?,
            settings,
            tls: self.tls_cert.zip(self.tls_key),
            open_id,
        })
    }
}

fn read(path: &Path) -> Result<File> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not a settings file", path.display()))
}

/// The engine program: the one named, or the one beside this program.
fn engine_program(named: Option<PathBuf>) -> Result<Option<PathBuf>> {
    match named {
        Some(path) if path.is_file() => Ok(Some(path)),
        Some(path) => bail!("--engine-program: {} is not a file", path.display()),
        None => {
            let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("stoker-engine")));
            Ok(beside.filter(|path| path.is_file()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stoker_service::{AccountLimits, WhenFull};

    fn settings(text: &str) -> Result<Settings> {
        serde_json::from_str::<File>(text)?.settings()
    }

    fn refusal(text: &str) -> String {
        format!("{:#}", settings(text).unwrap_err())
    }

    #[test]
    fn targets_of_api_tests_are_read_and_a_wrong_one_is_named() {
        let text =
            r#"{"testerTargets": ["https://api.example.org", ".example.net"], "testerNetworks": ["10.1.0.0/16"]}"#;
        let targets = settings(text).unwrap().test_targets;
        assert_eq!((targets.names.len(), targets.networks.len()), (2, 1));
        let wrong = refusal(r#"{"testerTargets": ["h", "*"]}"#);
        assert!(wrong.contains("testerTargets[1]: \"*\" is neither"), "{wrong}");
    }

    #[test]
    fn webhooks_end_only_when_the_operator_says_so() {
        let days = |text: &str| settings(text).unwrap().webhook_ms;
        assert_eq!((days("{}"), days(r#"{"webhookDays": 0}"#)), (None, None));
        assert_eq!(days(r#"{"webhookDays": 90}"#), Some(90 * 24 * 3600 * 1000));
        assert!(refusal(r#"{"webhookDays": 3651}"#).contains("webhookDays: must be a whole number from 0 to 3650"));
    }

    #[test]
    fn every_limit_has_a_key_and_nothing_is_limited_that_only_a_shared_cloud_needs() {
        let unset = settings("{}").unwrap();
        assert!(unset.in_file.is_empty());
        assert_eq!(unset.account, AccountLimits::default());
        assert_eq!((unset.account.active_runs, unset.account.scheduled_starts), (0, 0));
        let text = r#"{"activeRuns": 200, "activeRunsFull": "wait", "scheduledStartsPerMinute": 150, "planStartsPerHour": 0,
                       "triggers": 7, "tasksAndPlans": 9, "testerNetworks": []}"#;
        let wanted = AccountLimits {
            active_runs: 200,
            when_full: WhenFull::Wait,
            scheduled_starts: 150,
            plan_starts: 0,
            triggers: 7,
            tasks_and_plans: 9,
        };
        let found = settings(text).unwrap();
        assert_eq!(found.account, wanted);
        assert_eq!(found.in_file.len(), 7);
        assert!(found.in_file.contains("testerNetworks"), "an empty list is fixed too");
        for (bad, named) in [
            (r#"{"activeRuns": -1}"#, "activeRuns: must be a whole number from 0"),
            (r#"{"activeRuns": 1.5}"#, "activeRuns: must be a whole number"),
            (r#"{"activeRunsFull": "drop"}"#, "activeRunsFull: must be skip or wait"),
            (r#"{"activeRun": 1}"#, "unknown field `activeRun`, expected one of engineSilenceSeconds"),
            (r#"{"activeRuns": 1, "activeRuns": 2}"#, "duplicate field `activeRuns`"),
            (r#"{"pollSeconds": 61}"#, "pollSeconds: must be a whole number from 1 to 60"),
            (r#"{"leaseSeconds": 20}"#, "leaseSeconds: must be more than"),
            (r#"{"trustedProxies": ["x"]}"#, "trustedProxies[0]: \"x\" is not an address"),
            (r#"{"openId": {"issuer": "https://id.example"}}"#, "clientId"),
            ("[]", "an object with settings"),
        ] {
            let text = refusal(bad);
            assert!(text.contains(named), "{bad}: {text}");
        }
    }

    /// The page for operators has a row for every setting, with the default that is in force, and none for another.
    #[test]
    fn the_documents_name_every_setting() {
        let page = include_str!("../../../docs/configuration.md");
        let (_, after) = page.split_once("## Settings file").expect("a section");
        let (section, _) = after.split_once("\n## ").expect("another section");
        let named: Vec<&str> =
            section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`')).map(|row| row.0).collect();
        let mut known: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
        known.sort_unstable();
        let mut sorted = named.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, known);
        for setting in SETTINGS {
            let row = section.lines().find(|line| line.starts_with(&format!("| `{}` |", setting.name))).unwrap();
            let told = match setting.kind {
                Kind::Number(number) => (number.get)(&Settings::default()).to_string(),
                Kind::Choice { get, .. } => format!("`{}`", get(&Settings::default())),
                Kind::Texts(_) | Kind::Provider(_) => "none".to_owned(),
            };
            assert!(row.ends_with(&format!("| {told} |")), "{row}: {told}");
            assert_eq!(row.contains("| yes |"), setting.at_run_time, "{row}");
        }
    }
}
