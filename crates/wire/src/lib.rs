//! Messages between engine and server, and the format of log chunks. Data only: no I/O, no clock.
//!
//! Everything here crosses a process border, so it carries [`PROTOCOL`] and its bytes are pinned by golden tests: a
//! newer server must understand yesterday's engine. New fields are optional and have a default; the meaning of a field
//! never changes.
//!
//! The engine speaks first, always: it pairs once, opens a session, polls for offers and stops, and reports. Every
//! request names the session; a server answers `409` to a session that a newer one replaced, and the engine then opens a
//! new one. A lost answer is repaired by opening a session, which tells the server all runs the engine knows.

pub mod api_tests;
pub mod chunk;
pub mod components;

pub use api_tests::{TestAbility, TestAnswer, TestNews};
pub use components::Components;

use serde::{Deserialize, Serialize};

/// Version of the messages. The server accepts this one only, and says so by name when another comes.
pub const PROTOCOL: u32 = 1;

/// Where the engine sends its pairing key.
pub const PAIR_PATH: &str = "/engine/v1/pair";
/// Where a paired engine opens a session.
pub const SESSION_PATH: &str = "/engine/v1/session";
/// Where it waits for offers and stops.
pub const POLL_PATH: &str = "/engine/v1/poll";
/// Where it reports what happened; the answer may carry offers too.
pub const REPORT_PATH: &str = "/engine/v1/reports";
/// Where it says that it stops.
pub const GOODBYE_PATH: &str = "/engine/v1/goodbye";
/// Where it fetches an artifact or resource by its SHA-256 (append the 64 hexadecimal characters).
pub const ARTIFACT_PATH: &str = "/engine/v1/artifacts/";

/// Header that names the session on requests without a body.
pub const SESSION_HEADER: &str = "stoker-session";

/// What the server wants to know about the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Host {
    /// Name of the machine.
    pub hostname: String,
    /// Operating system, for example `linux`.
    pub os: String,
    /// Processor, for example `x86_64`.
    pub arch: String,
    /// The Java found for jobs, as `java -version` names it; empty when there is none.
    pub java: String,
}

/// Exchange of a pairing key for an identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PairRequest {
    /// [`PROTOCOL`].
    pub protocol: u32,
    /// The pairing key: 64 hexadecimal characters.
    pub key: String,
    /// Public key that signs the session requests: uncompressed P-256 point, base64.
    pub signing_key: String,
    /// Public key that run secrets are sealed to: uncompressed P-256 point, base64.
    pub sealing_key: String,
    /// Version of the engine program.
    pub engine_version: String,
    /// The machine.
    #[serde(default)]
    pub host: Host,
}

/// Answer to [`PairRequest`]. A repeat of the same key with the same public keys gets the same answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PairResponse {
    /// [`PROTOCOL`].
    pub protocol: u32,
    /// The engine entity.
    pub engine_id: String,
    /// Its runtime id.
    pub runtime_id: String,
    /// The account.
    pub account_id: String,
    /// Name of the engine entity.
    pub name: String,
}

/// A run in one of its epochs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RunEpoch {
    /// The run.
    pub run: String,
    /// The epoch, from 1.
    pub epoch: i64,
}

/// Opens a session. Sent with `Authorization: Bearer` and a JWT signed by the engine's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionRequest {
    /// [`PROTOCOL`].
    pub protocol: u32,
    /// Version of the engine program.
    pub engine_version: String,
    /// Most runs at once; 0 or less is no limit.
    pub max_runs: i64,
    /// Every run the engine has in its journal and whose end the server has not acknowledged.
    pub known: Vec<RunEpoch>,
    /// The machine.
    #[serde(default)]
    pub host: Host,
    /// What it does about test runs; an engine of before this field does not say, and takes none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests: Option<TestAbility>,
}

/// Answer to [`SessionRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionResponse {
    /// Name of the session, for all further requests.
    pub session: String,
    /// Longest time between two requests, in seconds; it is also how long a poll is held.
    pub heartbeat_seconds: u64,
    /// Runs of `known` that are over for the server: kill and forget them.
    pub forget: Vec<RunEpoch>,
    /// Offers whose delivery was not confirmed, and stops.
    pub messages: Messages,
    /// Whether the server understands [`Report::Components`]; an older one does not.
    #[serde(default)]
    pub components: bool,
}

/// Waits for messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PollRequest {
    /// The session.
    pub session: String,
}

/// What the server wants done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Messages {
    /// Runs to start.
    pub offers: Vec<Offer>,
    /// Runs to stop.
    pub stops: Vec<RunEpoch>,
    /// Test runs to take; never for an engine of before this field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tests: Vec<String>,
}

impl Messages {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.offers.is_empty() && self.stops.is_empty() && self.tests.is_empty()
    }
}

/// One parameter in clear text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// Name of the context variable.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A file or folder that a run needs beside its artifact. It is fetched as artifacts are, by its SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// The context variable that gets its path on the engine.
    pub variable: String,
    /// The name the file should have; the engine replaces what does not fit into a path.
    pub name: String,
    /// SHA-256 of the bytes, 64 hexadecimal characters.
    pub sha256: String,
    /// How many bytes.
    pub size: i64,
    /// The bytes are a zip, and the variable gets the path of the folder it was unpacked to.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub folder: bool,
}

/// A run for this engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    /// The run.
    pub run: String,
    /// The epoch; a repeat of the same pair is the same offer.
    pub epoch: i64,
    /// Id of the task.
    pub task_id: String,
    /// Name of the task, for the engine's log.
    pub task_name: String,
    /// SHA-256 of the artifact, 64 hexadecimal characters.
    pub artifact_sha256: String,
    /// Size of the artifact in bytes.
    pub artifact_size: i64,
    /// Name of the artifact.
    pub artifact_name: String,
    /// Version of the artifact.
    pub artifact_version: String,
    /// Context to run in; the one chosen at build time when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// `OFF`, `ERROR`, `WARN` or `INFO`.
    pub log_level: String,
    /// Minutes after which the run is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_minutes: Option<i64>,
    /// Arguments of the Java machine; those of the artifact when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jvm_arguments: Option<Vec<String>>,
    /// Parameters that are not secret.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// Secret parameters: a JSON array of [`Parameter`], sealed to the engine's key, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_parameters: Option<String>,
    /// What the run needs beside its artifact. An engine of before this field does not see it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource>,
}

/// Tells what happened; see [`Report`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportRequest {
    /// The session.
    pub session: String,
    /// In the order in which it happened.
    pub reports: Vec<Report>,
}

/// Answer to [`ReportRequest`]: everything in it is stored when this arrives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReportResponse {
    /// Runs for which reports were refused because a newer epoch or the end of the run made them stale: kill and
    /// forget them.
    pub stale: Vec<RunEpoch>,
    /// New work, so that a busy engine needs no poll.
    pub messages: Messages,
}

/// One event of a run. Repeats are harmless.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Report {
    /// The job's process was started.
    Started {
        /// The run.
        run: String,
        /// Its epoch.
        epoch: i64,
        /// When, in milliseconds since the epoch, by the engine's clock.
        at_ms: i64,
    },
    /// Lines of the job's output.
    Log {
        /// The run.
        run: String,
        /// Its epoch.
        epoch: i64,
        /// Number of the chunk within the epoch, from 0, without gaps.
        seq: i64,
        /// Number of lines in it.
        lines: i64,
        /// Time of its first line, milliseconds.
        first_ms: i64,
        /// Time of its last line, milliseconds.
        last_ms: i64,
        /// The lines, in the format of [`chunk`], base64.
        data: String,
    },
    /// Row counts so far; only to a server that says it understands them ([`SessionResponse::components`]).
    Components {
        /// The run.
        run: String,
        /// Its epoch.
        epoch: i64,
        /// The counts.
        #[serde(flatten)]
        components: Components,
    },
    /// The run is over.
    Finished {
        /// The run.
        run: String,
        /// Its epoch.
        epoch: i64,
        /// How and why.
        #[serde(flatten)]
        end: End,
    },
}

impl Report {
    /// The run and epoch it speaks of.
    pub fn run_epoch(&self) -> RunEpoch {
        let (Report::Started { run, epoch, .. }
        | Report::Log { run, epoch, .. }
        | Report::Components { run, epoch, .. }
        | Report::Finished { run, epoch, .. }) = self;
        RunEpoch { run: run.clone(), epoch: *epoch }
    }
}

/// How a run ended on the engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct End {
    /// `success`, `rejected`, `failed`, `deploy_failed`, `terminated`, `terminated_timeout` or `terminated_shutdown`.
    pub outcome: String,
    /// When the job's process started, milliseconds; absent when it never did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_ms: Option<i64>,
    /// When it ended, milliseconds.
    pub ended_ms: i64,
    /// Exit code of the process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i64>,
    /// Signal that ended the process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i64>,
    /// Machine-readable kind of the failure, for example `exit_code`, `engine_lost_process`, `artifact_broken`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
    /// The failure in words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
}

/// Body of every refusal on these paths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// One of the `REFUSED_*` codes.
    pub code: String,
    /// The reason in words for the engine's log.
    pub message: String,
}

/// The pairing key is not known, or was revoked by a reset. Give up.
pub const REFUSED_UNKNOWN_KEY: &str = "unknown_key";
/// The pairing key was used by another installation. Give up.
pub const REFUSED_USED_KEY: &str = "used_key";
/// The engine is not paired any more. Give up.
pub const REFUSED_NOT_PAIRED: &str = "not_paired";
/// A newer session replaced this one. Open a new one.
pub const REFUSED_SESSION: &str = "stale_session";
/// The message could not be understood, or another protocol version is needed. Give up.
pub const REFUSED_PROTOCOL: &str = "protocol";

#[cfg(test)]
mod tests {
    use super::*;

    /// Yesterday's bytes. When a change breaks one of these, an engine in the field breaks.
    #[test]
    fn golden_messages_read_as_before() {
        let offer: Offer = serde_json::from_str(
            r#"{"run":"0b7d7c5e-6a0e-4a51-9d3f-5f1f0f3f7a11","epoch":2,"taskId":"66f0a1b2c3d4e5f60123000a","taskName":"Load","artifactSha256":"ab","artifactSize":12,"artifactName":"load","artifactVersion":"0.1","logLevel":"WARN"}"#,
        )
        .unwrap();
        assert_eq!((offer.epoch, offer.parameters.len(), offer.timeout_minutes), (2, 0, None));
        let report: Report = serde_json::from_str(
            r#"{"kind":"finished","run":"r","epoch":1,"outcome":"failed","endedMs":7,"exitCode":4,"errorMessage":"exit code 4"}"#,
        )
        .unwrap();
        let Report::Finished { end, .. } = &report else { panic!("{report:?}") };
        assert_eq!((end.exit_code, end.outcome.as_str()), (Some(4), "failed"));
    }

    #[test]
    fn golden_resources_of_an_offer() {
        let plain = r#"{"run":"r","epoch":1,"taskId":"t","taskName":"T","artifactSha256":"ab","artifactSize":12,"artifactName":"load","artifactVersion":"0.1","logLevel":"WARN","parameters":[]"#;
        let before: Offer = serde_json::from_str(&format!("{plain}}}")).unwrap();
        assert!(before.resources.is_empty(), "an offer of before has none");
        assert_eq!(serde_json::to_string(&before).unwrap(), format!("{plain}}}"), "and is written as before");
        let text = format!(
            r#"{plain},"resources":[{{"variable":"resource_file_in","name":"in.csv","sha256":"cd","size":3}},{{"variable":"resource_directory_d","name":"d","sha256":"ef","size":4,"folder":true}}]}}"#
        );
        let offer: Offer = serde_json::from_str(&text).unwrap();
        assert_eq!((offer.resources[0].folder, offer.resources[1].folder), (false, true));
        assert_eq!(serde_json::to_string(&offer).unwrap(), text);
    }

    #[test]
    fn golden_messages_write_as_before() {
        let report =
            Report::Log { run: "r".into(), epoch: 1, seq: 0, lines: 2, first_ms: 5, last_ms: 6, data: "AA==".into() };
        assert_eq!(
            serde_json::to_string(&report).unwrap(),
            r#"{"kind":"log","run":"r","epoch":1,"seq":0,"lines":2,"firstMs":5,"lastMs":6,"data":"AA=="}"#
        );
        let stops = vec![RunEpoch { run: "r".into(), epoch: 3 }];
        let messages = Messages { stops, ..Messages::default() };
        assert_eq!(serde_json::to_string(&messages).unwrap(), r#"{"offers":[],"stops":[{"run":"r","epoch":3}]}"#);
    }

    #[test]
    fn a_server_of_yesterday_wants_no_components() {
        let text = r#"{"session":"s","heartbeatSeconds":5,"forget":[],"messages":{"offers":[],"stops":[]}}"#;
        let answer: SessionResponse = serde_json::from_str(text).unwrap();
        assert!(!answer.components);
    }

    #[test]
    fn fields_of_tomorrow_do_not_disturb() {
        let response: PairResponse = serde_json::from_str(
            r#"{"protocol":1,"engineId":"e","runtimeId":"r","accountId":"a","name":"n","tomorrow":{"x":[1]}}"#,
        )
        .unwrap();
        assert_eq!(response.engine_id, "e");
    }
}
