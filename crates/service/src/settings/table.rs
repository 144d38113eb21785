//! The one table of what can be set: names, ranges and meanings. The settings file, the calls, the console and the check
//! of the documents all read it.

use super::kinds::{Counted, Kind, Listed, PROVIDER, WrongEntry};
use crate::account_limits::WhenFull;
use crate::app::Settings;
use stoker_domain::ip::IpRange;
use stoker_domain::limits;
use stoker_domain::targets::Target;

/// Ten years in seconds: the longest span of time.
const TEN_YEARS: i64 = 10 * 365 * 24 * 3600;
/// Most of anything that is counted.
const MANY: i64 = u32::MAX as i64;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What a setting is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Signs of life of engines.
    Engines,
    /// How long runs wait.
    Runs,
    /// How much there may be.
    Limits,
    /// What is kept.
    Logs,
    /// Who calls, and from where.
    Calls,
    /// API tests of the console.
    Tester,
}

impl Group {
    /// All groups, in the order in which they are shown.
    pub const ALL: [Group; 6] = [Self::Engines, Self::Runs, Self::Limits, Self::Logs, Self::Calls, Self::Tester];

    /// The word for it in bodies.
    pub fn id(self) -> &'static str {
        match self {
            Self::Engines => "engines",
            Self::Runs => "runs",
            Self::Limits => "limits",
            Self::Logs => "logs",
            Self::Calls => "calls",
            Self::Tester => "tester",
        }
    }
}

/// One thing that can be set.
#[derive(Debug)]
pub struct Setting {
    /// Its name, in the settings file and in paths.
    pub name: &'static str,
    /// What it is about.
    pub group: Group,
    /// What a number counts, in the plural; empty where the value is no number.
    pub unit: &'static str,
    /// What its value looks like, and where it lies.
    pub kind: Kind,
    /// Whether it can be changed while the server runs; otherwise only in the settings file.
    pub at_run_time: bool,
    /// What it does, for who sets it, and what becomes of what is there when it is lowered.
    pub meaning: &'static str,
    /// Which part of the server looks at it.
    pub read_by: &'static str,
}

const fn seconds(get: fn(&Settings) -> i64, put: fn(&mut Settings, i64)) -> Kind {
    Kind::Number(Counted { least: 1, most: TEN_YEARS, get, put })
}

const fn many(get: fn(&Settings) -> i64, put: fn(&mut Settings, i64)) -> Kind {
    Kind::Number(Counted { least: 0, most: MANY, get, put })
}

fn ranges(texts: &[String]) -> Result<Vec<IpRange>, WrongEntry> {
    parsed(texts, |text| IpRange::parse(text).map_err(|error| error.to_string()))
}

fn parsed<T>(texts: &[String], parse: fn(&str) -> Result<T, String>) -> Result<Vec<T>, WrongEntry> {
    texts.iter().enumerate().map(|(place, text)| parse(text).map_err(|error| (place, error))).collect()
}

fn said<T: ToString>(all: &[T]) -> Vec<String> {
    all.iter().map(T::to_string).collect()
}

/// Everything that can be set, in the order in which it is shown.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "engineSilenceSeconds",
        group: Group::Engines,
        unit: "seconds",
        kind: seconds(|s| s.engine_silence_ms / 1000, |s, value| s.engine_silence_ms = value * 1000),
        at_run_time: true,
        meaning: "Silence after which an engine shows as not available. Runs that an engine has are not concerned: for \
                  them the lease counts. When it is lowered, engines that were silent for longer show as not available at \
                  once.",
        read_by: "lists of engines, the choice of an engine for a run",
    },
    Setting {
        name: "pollSeconds",
        group: Group::Engines,
        unit: "seconds",
        kind: Kind::Number(Counted {
            least: 1,
            most: 60,
            get: |s| i64::try_from(s.poll_seconds).unwrap_or(i64::MAX),
            put: |s, value| s.poll_seconds = u64::try_from(value).unwrap_or(1),
        }),
        at_run_time: false,
        meaning: "How long the request of an idle engine is held, and how often an idle engine is heard of. A proxy in \
                  between must wait longer than that.",
        read_by: "the link of the engines",
    },
    Setting {
        name: "leaseSeconds",
        group: Group::Engines,
        unit: "seconds",
        kind: seconds(|s| s.lease_ms / 1000, |s, value| s.lease_ms = value * 1000),
        at_run_time: false,
        meaning: "Life of a lease without a sign of the engine; then the run shows as unknown until the engine is heard of \
                  again. It must be longer than pollSeconds.",
        read_by: "the link of the engines",
    },
    Setting {
        name: "deployWaitSeconds",
        group: Group::Runs,
        unit: "seconds",
        kind: seconds(|s| s.deploy_wait_ms / 1000, |s, value| s.deploy_wait_ms = value * 1000),
        at_run_time: true,
        meaning: "How long a run waits while no engine is available before it ends as deploy_failed. Runs that wait \
                  already keep the term with which they began.",
        read_by: "starts of runs, the reconcilers",
    },
    Setting {
        name: "lostRunSeconds",
        group: Group::Runs,
        unit: "seconds",
        kind: seconds(|s| s.lost_run_ms / 1000, |s, value| s.lost_run_ms = value * 1000),
        at_run_time: true,
        meaning: "How long a run may be unknown before it ends as failed. When it is lowered, runs that have been unknown \
                  for longer end within a second.",
        read_by: "the reconcilers",
    },
    Setting {
        name: "lateStartSeconds",
        group: Group::Runs,
        unit: "seconds",
        kind: seconds(|s| s.late_start_ms / 1000, |s, value| s.late_start_ms = value * 1000),
        at_run_time: true,
        meaning: "How late a start by time may still be made, for example after the server was off; what is later is \
                  recorded as missed.",
        read_by: "the scheduler",
    },
    Setting {
        name: "activeRuns",
        group: Group::Limits,
        unit: "runs",
        kind: many(|s| s.account.active_runs, |s, value| s.account.active_runs = value),
        at_run_time: true,
        meaning: "Runs and plan runs that may be active at once; 0 is no limit. When it is lowered, what is active goes \
                  on, and nothing new begins until there is room.",
        read_by: "starts of runs, the choice of an engine for a run",
    },
    Setting {
        name: "activeRunsFull",
        group: Group::Limits,
        unit: "",
        kind: Kind::Choice {
            values: &["skip", "wait"],
            get: |s| match s.account.when_full {
                WhenFull::Skip => "skip",
                WhenFull::Wait => "wait",
            },
            put: |s, value| {
                s.account.when_full = if value == "wait" { WhenFull::Wait } else { WhenFull::Skip };
            },
        },
        at_run_time: true,
        meaning: "What becomes of a start beyond activeRuns: skip makes a run that ended at once with the reason, wait \
                  lets it wait; then only runs on engines count.",
        read_by: "starts of runs, the choice of an engine for a run",
    },
    Setting {
        name: "scheduledStartsPerMinute",
        group: Group::Limits,
        unit: "starts",
        kind: many(|s| s.account.scheduled_starts, |s, value| s.account.scheduled_starts = value),
        at_run_time: true,
        meaning: "Starts by triggers of time in a minute of the clock; the others stay due and follow, until \
                  lateStartSeconds; 0 is no limit.",
        read_by: "the scheduler",
    },
    Setting {
        name: "planStartsPerHour",
        group: Group::Limits,
        unit: "starts",
        kind: many(|s| s.account.plan_starts, |s, value| s.account.plan_starts = value),
        at_run_time: true,
        meaning: "Starts of one plan within 60 minutes; 0 is no limit. Plan runs that have begun go on.",
        read_by: "starts of plans",
    },
    Setting {
        name: "triggers",
        group: Group::Limits,
        unit: "triggers",
        kind: many(|s| s.account.triggers, |s, value| s.account.triggers = value),
        at_run_time: true,
        meaning: "Triggers of time in all; 0 is no limit. Triggers beyond a lowered limit stay and fire; only new ones are \
                  refused.",
        read_by: "schedules",
    },
    Setting {
        name: "tasksAndPlans",
        group: Group::Limits,
        unit: "tasks and plans",
        kind: many(|s| s.account.tasks_and_plans, |s, value| s.account.tasks_and_plans = value),
        at_run_time: true,
        meaning: "Tasks and plans together; 0 is no limit. Those beyond a lowered limit stay and can be changed and \
                  started; only new ones are refused.",
        read_by: "new tasks and plans",
    },
    Setting {
        name: "keepLogsDays",
        group: Group::Logs,
        unit: "days",
        kind: Kind::Number(Counted {
            least: 0,
            most: 36_500,
            get: |s| s.keep_logs_ms / DAY_MS,
            put: |s, value| s.keep_logs_ms = value * DAY_MS,
        }),
        at_run_time: true,
        meaning: "Days for which log lines are kept after the end of their run; then they are removed, each with a record \
                  in the audit trail. Runs, their history and the audit trail are kept always. 0 keeps the lines too. \
                  When it is lowered, older lines are removed from then on, and nothing brings them back.",
        read_by: "the removal of old logs",
    },
    Setting {
        name: "requestsPerMinute",
        group: Group::Calls,
        unit: "requests",
        kind: many(
            |s| i64::from(s.requests_per_minute),
            |s, value| s.requests_per_minute = u32::try_from(value).unwrap_or(u32::MAX),
        ),
        at_run_time: true,
        meaning: "Requests of one caller to one family of paths within a minute, counted by each server for itself; the \
                  console counts as a caller too. 0 is no limit.",
        read_by: "every request but those of engines and health",
    },
    Setting {
        name: "webhookDays",
        group: Group::Calls,
        unit: "days",
        kind: Kind::Number(Counted {
            least: 0,
            most: limits::WEBHOOK_DAYS,
            get: |s| s.webhook_ms.unwrap_or(0) / DAY_MS,
            put: |s, value| s.webhook_ms = (value > 0).then_some(value * DAY_MS),
        }),
        at_run_time: true,
        meaning: "Days for which a new URL of a webhook may be called, and the most anybody may ask for; webhooks that are \
                  there keep their term until they get a new URL. 0 is without an end.",
        read_by: "new URLs of webhooks",
    },
    Setting {
        name: "trustedProxies",
        group: Group::Calls,
        unit: "",
        kind: Kind::Texts(Listed {
            check: |texts| ranges(texts).map(drop),
            get: |s| said(&s.trusted_proxies),
            put: |s, texts| s.trusted_proxies = ranges(texts).unwrap_or_default(),
        }),
        at_run_time: false,
        meaning: "Addresses, networks or ranges of proxies whose X-Forwarded-For is believed. Without them the address of \
                  a caller is that of the connection.",
        read_by: "the address of every caller: IP allowlist, limits, audit trail",
    },
    Setting {
        name: "openId",
        group: Group::Calls,
        unit: "",
        kind: Kind::Provider(PROVIDER),
        at_run_time: false,
        meaning: "The identity provider by which people may sign in. Its secret is never shown.",
        read_by: "sign-in",
    },
    Setting {
        name: "testerTargets",
        group: Group::Tester,
        unit: "",
        kind: Kind::Texts(Listed {
            check: |texts| parsed(texts, |text| Target::parse(text).map_err(|error| error.to_string())).map(drop),
            get: |s| said(&s.test_targets.names),
            put: |s, texts| {
                s.test_targets.names = texts.iter().filter_map(|text| Target::parse(text).ok()).collect();
            },
        }),
        at_run_time: true,
        meaning: "Where API tests of the console may be sent beside this server: origins (https://api.example.org:8443), \
                  hosts (api.example.org), suffixes (.example.org). Runs that have begun keep what was set then.",
        read_by: "API tests that this server sends",
    },
    Setting {
        name: "testerNetworks",
        group: Group::Tester,
        unit: "",
        kind: Kind::Texts(Listed {
            check: |texts| ranges(texts).map(drop),
            get: |s| said(&s.test_targets.networks),
            put: |s, texts| s.test_targets.networks = ranges(texts).unwrap_or_default(),
        }),
        at_run_time: false,
        meaning: "Addresses, networks or ranges that the targets of API tests may lead to although they are not public. \
                  Only who answers for the machine opens its networks.",
        read_by: "API tests that this server sends",
    },
];
