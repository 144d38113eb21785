//! Limits on everything that comes from outside. One place, so that a limit is found by its name.

/// Longest name of any object, in characters.
pub const NAME_CHARS: usize = 255;
/// Longest description, in characters.
pub const DESCRIPTION_CHARS: usize = 4_000;
/// Longest reason of a drain, in characters; every run that waits for it tells the reason.
pub const DRAIN_REASON_CHARS: usize = 255;
/// Longest login and mail address of a user, in characters.
pub const LOGIN_CHARS: usize = 255;
/// Longest phone number and title of a user, in characters.
pub const PERSON_FIELD_CHARS: usize = 100;
/// Shortest password, in characters.
pub const PASSWORD_CHARS_LEAST: usize = 12;
/// Longest password, in bytes.
pub const PASSWORD_BYTES: usize = 1024;
/// Most personal access tokens of one user.
pub const TOKENS: usize = 100;
/// Longest life of a personal access token that has an end, in days.
pub const TOKEN_DAYS: i64 = 3_650;
/// Most entries of the IP allowlist.
pub const ALLOWLIST_ENTRIES: usize = 1_000;
/// Largest page of the audit list (source: spec).
pub const AUDIT_PAGE: i64 = 1_000;
/// Largest JSON body, in bytes.
pub const JSON_BODY_BYTES: usize = 1024 * 1024;
/// Deepest nesting of a JSON body.
pub const JSON_DEPTH: usize = 64;
/// Largest artifact, in bytes (source: doc, 400 MB).
pub const ARTIFACT_BYTES: u64 = 400 * 1024 * 1024;
/// Most parameters, connections, resources or tags one task or start may carry.
pub const MAP_ENTRIES: usize = 1_000;
/// Longest single parameter value, in bytes.
pub const PARAMETER_VALUE_BYTES: usize = 256 * 1024;
/// Largest page of a list (source: spec).
pub const PAGE_LIMIT: i64 = 100;
/// Largest offset accepted in a list.
pub const PAGE_OFFSET: i64 = i32::MAX as i64;
/// Life of a service-account token in seconds (source: doc, 30 minutes).
pub const SERVICE_TOKEN_SECONDS: i64 = 1_800;
/// Life of a log file's URL and token in milliseconds (source: spec, 60 minutes).
pub const LOG_FILE_MS: i64 = 60 * 60 * 1000;
/// Lines kept in one log file (source: doc).
pub const LOG_FILE_LINES: i64 = 100_000;
/// Longest silence of an engine before it shows as not available, in milliseconds (source: doc, 3 minutes).
pub const ENGINE_SILENCE_MS: i64 = 180_000;
/// How long a lease on a run lasts without being extended, in milliseconds.
pub const LEASE_MS: i64 = 60_000;
/// How long a run waits for an engine that is away before it ends as `deploy_failed`, in milliseconds (source: doc,
/// retries after 1, 2, 4 and 8 minutes).
pub const DEPLOY_WAIT_MS: i64 = 15 * 60 * 1000;
/// How long a run whose lease ran out stays *unknown* before it is given up, in milliseconds; see ADR 0005.
pub const LOST_RUN_MS: i64 = 24 * 60 * 60 * 1000;
/// Longest log line kept whole, in bytes; the rest of a longer one is cut and marked.
pub const LOG_LINE_BYTES: usize = 64 * 1024;
/// Most triggers of one schedule (source: spec).
pub const TRIGGERS: usize = 15;
/// Most triggers in all schedules together (source: doc).
pub const TRIGGERS_TOTAL: i64 = 5_000;
/// Most tasks and plans together (source: doc).
pub const TASKS_AND_PLANS: i64 = 30_000;
/// Smallest distance of two due instants of a schedule, in milliseconds (source: spec, 5 minutes).
pub const TRIGGER_SPACING_MS: i64 = 5 * 60 * 1000;
/// How far ahead the distance of due instants is checked, and the longest window in which they are listed, in
/// milliseconds (source: spec, 5 years).
pub const TRIGGER_HORIZON_MS: i64 = 1_826 * 24 * 60 * 60 * 1000;
/// Most due instants that one listing looks at.
pub const EVENTS: usize = 200_000;
/// How late a start may be made that was due while no server ran, in milliseconds (source: doc, the largest drift of a
/// start is 15 minutes).
pub const LATE_START_MS: i64 = 15 * 60 * 1000;
/// How long the record of due instants is kept, in milliseconds: as far back as run lists reach.
pub const FIRES_MS: i64 = 60 * 24 * 60 * 60 * 1000;
/// Most calls of a webhook that are collected for one run.
pub const WEBHOOK_CALLS: i64 = 1_000;
/// Longest wait for more calls of a webhook, in milliseconds: a day.
pub const WEBHOOK_WAIT_MS: i64 = 24 * 60 * 60 * 1000;
/// Longest term of a webhook, days (source: inferred, ten years).
pub const WEBHOOK_DAYS: i64 = 3_650;
/// Most bytes of calls that wait for one run: they become one parameter of the job, and an argument of a process has at
/// most 128 KiB.
pub const WEBHOOK_BYTES: i64 = 48 * 1024;
/// Longest regular expression of a list filter, in characters.
pub const REGEX_CHARS: usize = 255;
/// How long row counts of components are kept, in milliseconds (source: doc, 31 days).
pub const METRICS_MS: i64 = 31 * 24 * 60 * 60 * 1000;
/// How long after its start a run may still report row counts, in milliseconds (source: doc, 24 days).
pub const METRICS_RUN_MS: i64 = 24 * 24 * 60 * 60 * 1000;
/// Most jobs, and most links, of one run whose rows are stored.
pub const METRICS_ITEMS: usize = 2_000;
/// Largest page of component metrics and of the history (source: spec).
pub const MONITORING_PAGE: i64 = 200;
/// How many pages of the history can be seen (source: doc).
pub const HISTORY_PAGES: i64 = 20;
/// Most rows of one download of the history (source: spec).
pub const HISTORY_DOWNLOAD: i64 = 100_000;
/// Most filters of one search, and most values of one filter.
pub const SEARCH_FILTERS: usize = 200;
/// Longest window of a run list in days (source: spec).
pub const LIST_DAYS: i64 = 60;
/// Most steps of a plan.
pub const PLAN_STEPS: usize = 1_000;
/// Most tasks of one step, and most tasks and plans of one failure handler.
pub const STEP_EXECUTABLES: usize = 200;
/// Most tasks and plans that all steps and handlers of a plan name together.
pub const PLAN_EXECUTABLES: usize = 5_000;
/// Most plans that may follow each other as failure handlers of failure handlers.
pub const PLAN_DEPTH: i64 = 10;
/// Starts of one plan within [`PLAN_START_WINDOW_MS`] (source: doc).
pub const PLAN_STARTS: i64 = 50;
/// The window of [`PLAN_STARTS`] in milliseconds (source: doc, 60 minutes).
pub const PLAN_START_WINDOW_MS: i64 = 60 * 60 * 1000;
/// How long after its end a failed plan run may be repeated, in days (source: inferred, it is the window of run lists).
pub const RERUN_DAYS: i64 = LIST_DAYS;
/// Longest single setting of a run profile, in characters.
pub const SETTING_CHARS: usize = 4_000;
/// Largest document of preferences of a user, in bytes.
pub const PREFERENCES_BYTES: usize = 64 * 1024;
/// Most projects of API tests of one person.
pub const TEST_PROJECTS: i64 = 100;
/// Most projects of API tests that are shared with one workspace.
pub const TEST_PROJECTS_SHARED: i64 = 100;
/// Most projects of API tests in one answer: one's own, then those of all workspaces.
pub const TEST_PROJECTS_LISTED: usize = 1_000;
/// Most values of secret variables in one call.
pub const TEST_SECRET_VALUES: usize = 1_000;
/// Most values of secret variables that one person keeps for a shared project, in bytes together.
pub const TEST_SECRETS_BYTES: usize = 256 * 1024;
/// Largest project of API tests in bytes, as it is kept.
pub const TEST_PROJECT_BYTES: usize = 1024 * 1024;
/// Largest body of a call that brings a project of API tests or another tool's file, in bytes.
pub const TEST_BODY_BYTES: usize = 4 * 1024 * 1024;
/// Runs of API tests that are kept for one person; the oldest go first.
pub const TEST_RUNS: i64 = 50;
/// Runs of API tests that one person may have going at once.
pub const TEST_RUNS_AT_ONCE: i64 = 3;
/// Runs of API tests that may go on at once in the installation.
pub const TEST_RUNS_IN_ALL: i64 = 20;
/// Silence after which a run of API tests counts as broken off, milliseconds.
pub const TEST_RUN_SILENCE_MS: i64 = 30_000;
/// Longest run of API tests, milliseconds.
pub const TEST_RUN_MS: u64 = 10 * 60 * 1000;
/// Longest single request of an API test, milliseconds.
pub const TEST_REQUEST_MS: u64 = 60_000;
/// Most requests that one run of API tests puts on the wire, redirects and repeats included.
pub const TEST_SENDS: u32 = 2_000;
/// Most results of one run of API tests: requests, each as often as rows and loops repeat it, sent or not.
pub const TEST_RESULTS: usize = 20_000;
/// Largest answer that an API test reads, in bytes.
pub const TEST_ANSWER_BYTES: usize = 8 * 1024 * 1024;
/// Most bytes of requests and answers of one run of API tests together.
pub const TEST_RUN_BYTES: usize = 64 * 1024 * 1024;
/// Runs of API tests that an engine does at once when its configuration does not say.
pub const TEST_RUNS_ON_ENGINE: u32 = 2;
/// Most runs of API tests at once that an engine may be configured for.
pub const TEST_RUNS_ON_ENGINE_MOST: u32 = 20;
/// Largest text of the latest responses of a project of API tests, in bytes.
pub const TEST_RESPONSES_BYTES: usize = 1024 * 1024;
/// Largest work of a run of API tests that an engine is given, in bytes: the project with one's own secret values and the
/// latest responses.
pub const TEST_WORK_BYTES: usize = 6 * 1024 * 1024;
/// Largest body with which an engine tells of a run of API tests, in bytes.
pub const TEST_NEWS_BYTES: usize = 8 * 1024 * 1024;
/// Largest report of a run of API tests, in bytes.
pub const TEST_REPORT_BYTES: usize = 1024 * 1024;
/// Largest definition of an advanced run profile, in bytes.
pub const DEFINITION_BYTES: usize = 64 * 1024;
/// Longest description of a Dynamic Engine, in characters (source: spec).
pub const DYNAMIC_DESCRIPTION_CHARS: usize = 1_024;
/// Most values in one list filter of a search of run profiles.
pub const FILTER_VALUES: usize = 100;
/// Largest file of a resource, in bytes (source: doc, 100 MiB with a tolerance of 5 %).
pub const RESOURCE_BYTES: u64 = 105 * 1024 * 1024;
/// Most bytes of all resources together (source: doc, 10 GiB).
pub const RESOURCE_BYTES_TOTAL: i64 = 10 * 1024 * 1024 * 1024;
/// Most bytes that the text parts of an upload have besides the file itself.
pub const UPLOAD_TEXT_BYTES: usize = 64 * 1024;
/// Longest address of a project, in characters.
pub const URL_CHARS: usize = 2_000;
/// Longest context of a promotion run, in characters (source: spec).
pub const PROMOTION_CONTEXT_CHARS: usize = 255;
/// Most tasks of a workspace that can be promoted (source: doc).
pub const PROMOTION_TASKS: i64 = 7_000;
/// How long a call that starts a promotion waits for its end before it answers, in milliseconds (source: doc, 20 seconds).
pub const PROMOTION_WAIT_MS: u64 = 20_000;
/// A session of the console ends after this time without a call, in milliseconds: 2 hours.
pub const SESSION_IDLE_MS: i64 = 2 * 60 * 60 * 1000;
/// A session of the console ends after this time whatever is done with it, in milliseconds: a day.
pub const SESSION_MS: i64 = 24 * 60 * 60 * 1000;
/// Most sessions of the console one user has; the oldest end first.
pub const SESSIONS_PER_USER: i64 = 20;
/// Recovery codes a user gets with an authenticator.
pub const RECOVERY_CODES: usize = 10;
/// Most event streams of one principal at once.
pub const WATCHERS_PER_PRINCIPAL: usize = 16;
/// Most event streams of a server at once.
pub const WATCHERS: usize = 1_000;
