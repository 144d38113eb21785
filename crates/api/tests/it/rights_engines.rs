//! The calls of Gen2 engines, Dynamic Engines, their environments, and run profiles of every kind of engine.

use super::{ANY, CLUSTERS, Call, ENVIRONMENTS, EXECUTE, Need, OP, PROFILES, RUN, SEE, Who, both, one};

const ENGINE: &str = r#"{"name":"@text","environmentId":"@env","workspaceId":"@ws"}"#;
const ADVANCED: &str = r#"{"name":"@text","definition":"{}"}"#;
const JOBS: &str = r#"{"name":"@text","jvmArguments":["-Xmx64m"]}"#;
const STANDARD: &str =
    r#"{"name":"@text","executionFramework":"local","configuration":{"numberOfThreads":1,"microBatchInterval":1}}"#;
const DATABRICKS: &str = r#"{"name":"@text","microBatchInterval":1}"#;
const BIG_DATA: &str = r#"{"name":"@text","microBatchInterval":1,"streamingTimeout":1,"temporaryStorage":"/tmp","yarnStrategy":{"type":"Fixed"},"executorMemoryOverhead":1}"#;
const ANY_PROFILE: &str =
    r#"{"name":"@text","processorType":"RE","type":"JOB_SERVER","jvmArguments":["-Xmx64m"],"runtimeId":"@engine"}"#;

const MANAGE: Who = Who::Holders(&[CLUSTERS]);
const CHANGE_PROFILES: Who = Who::Holders(&[CLUSTERS, PROFILES]);
const OWN_ENVIRONMENTS: Who = Who::Holders(&[ENVIRONMENTS]);

/// Three calls for one kind of run profile of a Gen2 engine.
macro_rules! profile {
    ($kind:literal, $new:literal, $body:expr) => {{
        const ALL: (&str, &str) = (
            concat!("/processing/runtimes/pipeline-engines/@pengine/run-profiles/", $kind),
            concat!("/runtimes/pipeline-engines/@pengine/run-profiles/", $kind),
        );
        const ONE: (&str, &str) = (
            concat!("/processing/runtimes/pipeline-engines/@pengine/run-profiles/", $kind, "/@new-", $new),
            concat!("/runtimes/pipeline-engines/@pengine/run-profiles/", $kind, "/@new-", $new),
        );
        [
            both("POST", ALL.0, ALL.1, $body, CHANGE_PROFILES, Need::Nothing),
            both("GET", ONE.0, ONE.1, "", CHANGE_PROFILES, Need::Nothing),
            both("GET", ONE.0, ONE.1, "", RUN, Need::OneOf(ANY)),
            both("PUT", ONE.0, ONE.1, $body, CHANGE_PROFILES, Need::Nothing),
        ]
    }};
}

/// Run profiles of Gen2 engines, by kind.
pub(crate) const PIPELINE_PROFILES: &[[Call; 4]] = &[
    profile!("standard", "pstandard", STANDARD),
    profile!("big-data", "pbigdata", BIG_DATA),
    profile!("databricks", "pdatabricks", DATABRICKS),
    profile!("advanced", "padvanced", ADVANCED),
    profile!("data-integration", "pjobs", JOBS),
];

/// Everything else.
pub(crate) const ENGINE_KINDS: &[Call] = {
    const P: (&str, &str) = ("/processing/runtimes/pipeline-engines", "/runtimes/pipeline-engines");
    const P1: (&str, &str) = ("/processing/runtimes/pipeline-engines/@pengine", "/runtimes/pipeline-engines/@pengine");
    const NEW: (&str, &str) =
        ("/processing/runtimes/pipeline-engines/@new-pengine", "/runtimes/pipeline-engines/@new-pengine");
    const PAIRING: (&str, &str) = (
        "/processing/runtimes/pipeline-engines/@new-pengine/pairing",
        "/runtimes/pipeline-engines/@new-pengine/pairing",
    );
    const PP: (&str, &str) = (
        "/processing/runtimes/pipeline-engines/@pengine/run-profiles",
        "/runtimes/pipeline-engines/@pengine/run-profiles",
    );
    const OF_TYPE: (&str, &str) = (
        "/processing/runtimes/pipeline-engines/@pengine/run-profiles/@ptype/@new-padvanced",
        "/runtimes/pipeline-engines/@pengine/run-profiles/@ptype/@new-padvanced",
    );
    const D: &str = "/processing/runtimes/dynamic-engines";
    const D1: &str = "/processing/runtimes/dynamic-engines/@dengine";
    const DE: &str = "/orchestration/dynamic-engine-environments";
    const DE1: &str = "/orchestration/dynamic-engine-environments/@deenv";
    const CONFIG: &str = "/orchestration/executables/tasks/@detask/de-run-config";
    const LIST: Who = Who::Holders(&[CLUSTERS, PROFILES, ENVIRONMENTS]);
    const READ: Who = Who::Holders(&[CLUSTERS, "DYN_ENGINE_READ"]);
    const ENGINES: Who = Who::Holders(&[CLUSTERS, PROFILES, "TMC_OPERATOR", "TMC_ENGINE_USE"]);
    &[
        both("GET", P.0, P.1, "", CHANGE_PROFILES, Need::Nothing),
        both("GET", P.0, P.1, "", RUN, Need::Shown(ANY, "@pengine")),
        both("POST", P.0, P.1, ENGINE, MANAGE, Need::Nothing),
        both("GET", P1.0, P1.1, "", CHANGE_PROFILES, Need::Nothing),
        both("GET", P1.0, P1.1, "", RUN, Need::OneOf(ANY)),
        both("DELETE", NEW.0, NEW.1, "", MANAGE, Need::Nothing),
        both("DELETE", PAIRING.0, PAIRING.1, "", MANAGE, Need::Nothing),
        both("GET", PP.0, PP.1, "", CHANGE_PROFILES, Need::Nothing),
        both("GET", PP.0, PP.1, "", RUN, Need::OneOf(ANY)),
        both("DELETE", OF_TYPE.0, OF_TYPE.1, "", CHANGE_PROFILES, Need::Nothing),
        one("GET", "/processing/engines", "", ENGINES, Need::Nothing),
        one("POST", "/processing/run-profiles", ANY_PROFILE, CHANGE_PROFILES, Need::Nothing),
        one("POST", "/processing/run-profiles/search", r#"{"offset":0}"#, CHANGE_PROFILES, Need::Nothing),
        one("GET", "/processing/run-profiles/@new-profile", "", CHANGE_PROFILES, Need::Nothing),
        one("PUT", "/processing/run-profiles/@new-profile", r#"{"name":"@text"}"#, CHANGE_PROFILES, Need::Nothing),
        one("DELETE", "/processing/run-profiles/@new-profile", "", CHANGE_PROFILES, Need::Nothing),
        one("GET", D, "", LIST, Need::Nothing),
        one("POST", D, r#"{"name":"@text"}"#, MANAGE, Need::Nothing),
        one("GET", D1, "", READ, Need::Nothing),
        one("PUT", D1, r#"{"name":"@text","description":""}"#, MANAGE, Need::Nothing),
        one("DELETE", "/processing/runtimes/dynamic-engines/@new-dengine", "", MANAGE, Need::Nothing),
        one("GET", "/processing/runtimes/dynamic-engines/@dengine/infra/status", "", MANAGE, Need::Nothing),
        one(
            "GET",
            "/processing/runtimes/dynamic-engines/@dengine/environments/@deenv/status",
            "",
            MANAGE,
            Need::Nothing,
        ),
        one(
            "DELETE",
            "/processing/runtimes/dynamic-engines/@dengine/environments/@new-assigned",
            "",
            MANAGE,
            Need::Nothing,
        ),
        one("GET", "/processing/runtimes/dynamic-engine-versions", "", MANAGE, Need::Nothing),
        one("POST", DE, r#"{"name":"@text","workspaceName":"Own","owner":"admin"}"#, OWN_ENVIRONMENTS, Need::Nothing),
        one("POST", "/orchestration/dynamic-engine-environments/search", "{}", OWN_ENVIRONMENTS, Need::Nothing),
        one("GET", DE1, "", OWN_ENVIRONMENTS, Need::Nothing),
        one("PUT", DE1, r#"{"description":"changed"}"#, OWN_ENVIRONMENTS, Need::Nothing),
        one("DELETE", "/orchestration/dynamic-engine-environments/@new-deenv", "", OWN_ENVIRONMENTS, Need::Nothing),
        one(
            "POST",
            "/orchestration/dynamic-engine-environments/@new-deenv/connection?dynamicEngineId=@dengine",
            "",
            MANAGE,
            Need::Nothing,
        ),
        one("DELETE", "/orchestration/dynamic-engine-environments/@new-assigned/connection", "", MANAGE, Need::Nothing),
        one("GET", CONFIG, "", RUN, SEE),
        one("PUT", CONFIG, r#"{"trigger":{"type":"MANUAL"}}"#, OP, EXECUTE),
        one("DELETE", CONFIG, "", OP, EXECUTE),
    ]
};
