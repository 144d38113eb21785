//! What an operator sets: by argument, or in a JSON file that arguments override.

use crate::open_id::{OpenIdConfig, OpenIdFile};
use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use stoker_domain::ip::IpRange;
use stoker_domain::limits;
use stoker_domain::targets::{Target, Targets};
use stoker_service::{AccountLimits, Settings, WhenFull};

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
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct File {
    /// Silence after which an engine shows as not available.
    engine_silence_seconds: Option<u64>,
    /// Life of a lease without a sign of the engine.
    lease_seconds: Option<u64>,
    /// How long a run waits for an engine that is away.
    deploy_wait_seconds: Option<u64>,
    /// How long a run may be unknown before it is given up.
    lost_run_seconds: Option<u64>,
    /// How long a poll of an engine is held.
    poll_seconds: Option<u64>,
    /// How late a start may be made that was due while none was possible.
    late_start_seconds: Option<u64>,
    /// Days for which log lines are kept after the end of their run; 0 is for ever.
    keep_logs_days: Option<u32>,
    /// Days for which a new URL of a webhook may be called, and the most anybody may ask for; 0 is without an end.
    webhook_days: Option<u32>,
    /// Runs and plan runs that may be active at once; 0 is no limit.
    active_runs: Option<u32>,
    /// What becomes of a start beyond that.
    active_runs_full: Option<Full>,
    /// Starts by time in a minute; 0 is no limit.
    scheduled_starts_per_minute: Option<u32>,
    /// Starts of one plan in 60 minutes; 0 is no limit.
    plan_starts_per_hour: Option<u32>,
    /// Triggers of time in all; 0 is no limit.
    triggers: Option<u32>,
    /// Tasks and plans in all; 0 is no limit.
    tasks_and_plans: Option<u32>,
    /// Addresses or networks of proxies whose `X-Forwarded-For` is believed.
    trusted_proxies: Vec<String>,
    /// Requests of one caller to one family of paths within a minute; 0 is no limit.
    requests_per_minute: Option<u32>,
    /// Origins, hosts or host suffixes that API tests may be sent to, beside this server.
    tester_targets: Vec<String>,
    /// Addresses or networks that these may lead to although they are not public.
    tester_networks: Vec<String>,
    /// The identity provider by which people may sign in.
    open_id: Option<OpenIdFile>,
}

/// What becomes of a start when as many runs are active as may be.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Full {
    Skip,
    Wait,
}

impl File {
    fn targets(&self) -> Result<Targets> {
        let names = self.tester_targets.iter().map(|text| Target::parse(text)).collect::<Result<_, _>>();
        let networks = self.tester_networks.iter().map(|text| IpRange::parse(text)).collect::<Result<_, _>>();
        Ok(Targets { names: names.context("testerTargets")?, networks: networks.context("testerNetworks")? })
    }

    fn limits(&self) -> AccountLimits {
        let mut limits = AccountLimits::default();
        for (value, target) in [
            (self.active_runs, &mut limits.active_runs),
            (self.scheduled_starts_per_minute, &mut limits.scheduled_starts),
            (self.plan_starts_per_hour, &mut limits.plan_starts),
            (self.triggers, &mut limits.triggers),
            (self.tasks_and_plans, &mut limits.tasks_and_plans),
        ] {
            if let Some(value) = value {
                *target = i64::from(value);
            }
        }
        limits.when_full = match self.active_runs_full {
            Some(Full::Wait) => WhenFull::Wait,
            Some(Full::Skip) | None => WhenFull::Skip,
        };
        limits
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
        let mut settings = Settings { account: file.limits(), ..Settings::default() };
        let seconds = |value: Option<u64>, target: &mut i64, name: &str| -> Result<()> {
            if let Some(value) = value {
                if value == 0 || value > 10 * 365 * 24 * 3600 {
                    bail!("{name}: must be from 1 second to 10 years");
                }
                *target = value as i64 * 1000;
            }
            Ok(())
        };
        seconds(file.engine_silence_seconds, &mut settings.engine_silence_ms, "engineSilenceSeconds")?;
        seconds(file.lease_seconds, &mut settings.lease_ms, "leaseSeconds")?;
        seconds(file.deploy_wait_seconds, &mut settings.deploy_wait_ms, "deployWaitSeconds")?;
        seconds(file.lost_run_seconds, &mut settings.lost_run_ms, "lostRunSeconds")?;
        seconds(file.late_start_seconds, &mut settings.late_start_ms, "lateStartSeconds")?;
        if let Some(days) = file.keep_logs_days {
            if days > 36_500 {
                bail!("keepLogsDays: must be from 0, which is for ever, to 36500");
            }
            settings.keep_logs_ms = i64::from(days) * 24 * 60 * 60 * 1000;
        }
        settings.webhook_ms = webhook_ms(file.webhook_days)?;
        if let Some(value) = file.poll_seconds {
            if !(1..=60).contains(&value) {
                bail!("pollSeconds: must be from 1 to 60");
            }
            settings.poll_seconds = value;
        }
        for text in &file.trusted_proxies {
            let range = IpRange::parse(text).map_err(|error| anyhow::anyhow!("trustedProxies: {error}"))?;
            settings.trusted_proxies.push(range);
        }
        settings.test_targets = file.targets()?;
        settings.ignore_ip_allowlist = self.ignore_ip_allowlist;
        settings.requests_per_minute = file.requests_per_minute.unwrap_or(0);
        settings.check().map_err(anyhow::Error::msg)?;
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

/// How long webhooks may be called, milliseconds; none is without an end.
fn webhook_ms(days: Option<u32>) -> Result<Option<i64>> {
    let days = i64::from(days.unwrap_or(0));
    if days > limits::WEBHOOK_DAYS {
        bail!("webhookDays: must be from 0, which is without an end, to {}", limits::WEBHOOK_DAYS);
    }
    Ok((days > 0).then_some(days * 24 * 60 * 60 * 1000))
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

    #[test]
    fn targets_of_api_tests_are_read_and_a_wrong_one_is_named() {
        let text =
            r#"{"testerTargets": ["https://api.example.org", ".example.net"], "testerNetworks": ["10.1.0.0/16"]}"#;
        let targets = serde_json::from_str::<File>(text).unwrap().targets().unwrap();
        assert_eq!((targets.names.len(), targets.networks.len()), (2, 1));
        let wrong = serde_json::from_str::<File>(r#"{"testerTargets": ["*"]}"#).unwrap().targets().unwrap_err();
        assert!(format!("{wrong:#}").contains("testerTargets: \"*\" is neither"), "{wrong:#}");
    }

    #[test]
    fn webhooks_end_only_when_the_operator_says_so() {
        let days = |text: &str| webhook_ms(serde_json::from_str::<File>(text).unwrap().webhook_days);
        assert_eq!((days("{}").unwrap(), days(r#"{"webhookDays": 0}"#).unwrap()), (None, None));
        assert_eq!(days(r#"{"webhookDays": 90}"#).unwrap(), Some(90 * 24 * 3600 * 1000));
        assert!(days(r#"{"webhookDays": 3651}"#).unwrap_err().to_string().contains("webhookDays: must be from 0"));
    }

    #[test]
    fn every_limit_has_a_key_and_nothing_is_limited_that_only_a_shared_cloud_needs() {
        let unset = serde_json::from_str::<File>("{}").unwrap().limits();
        assert_eq!(unset, AccountLimits::default());
        assert_eq!((unset.active_runs, unset.scheduled_starts), (0, 0));
        let text = r#"{"activeRuns": 200, "activeRunsFull": "wait", "scheduledStartsPerMinute": 150, "planStartsPerHour": 0,
                       "triggers": 7, "tasksAndPlans": 9}"#;
        let wanted = AccountLimits {
            active_runs: 200,
            when_full: WhenFull::Wait,
            scheduled_starts: 150,
            plan_starts: 0,
            triggers: 7,
            tasks_and_plans: 9,
        };
        assert_eq!(serde_json::from_str::<File>(text).unwrap().limits(), wanted);
        for bad in [r#"{"activeRuns": -1}"#, r#"{"activeRunsFull": "drop"}"#, r#"{"activeRun": 1}"#] {
            assert!(serde_json::from_str::<File>(bad).is_err(), "{bad}");
        }
    }
}
