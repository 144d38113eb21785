//! Every call with its smallest documented rights. `@names` in paths and bodies are filled in by [`crate::world`].

#[path = "rights_catalog.rs"]
mod catalog;
#[path = "rights_console.rs"]
mod console;
#[path = "rights_engines.rs"]
mod engines;
#[path = "rights_monitoring.rs"]
mod monitoring;
#[path = "rights_people.rs"]
mod people;
#[path = "rights_promotions.rs"]
mod promotions;
#[path = "rights_schedules.rs"]
mod schedules;
#[path = "rights_scim.rs"]
mod scim;
#[path = "rights_security.rs"]
mod security;
#[path = "rights_tester.rs"]
mod tester;

use catalog::CATALOG;
use console::CONSOLE;
use engines::{ENGINE_KINDS, PIPELINE_PROFILES};
use monitoring::MONITORING;
use people::PEOPLE;
use promotions::PROMOTIONS;
use schedules::SCHEDULES;
use scim::SCIM;
use security::SECURITY;
use tester::TESTER;

/// What a call wants on the workspace of its object, beside the account permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing: no workspace is involved.
    Nothing,
    /// One of these rights; 403 without.
    OneOf(&'static [&'static str]),
    /// One of these rights; 428 without, which the contract has for changes of schedules.
    Before(&'static [&'static str]),
    /// One of these rights to find the object in the answer; without, the answer does not show it.
    Shown(&'static [&'static str], &'static str),
}

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// Holders of one of these permissions; an empty list means every token.
    Holders(&'static [&'static str]),
    /// The same, but persons only: a service account never.
    Persons(&'static [&'static str]),
    /// Anybody, because nothing is in it or the path itself is the secret.
    Anybody,
    /// Whoever has credentials of another kind than a bearer token of the account.
    Others,
}

/// One sample call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) method: &'static str,
    /// Path of the newer generation, or our own; empty when only the older has the call.
    pub(crate) path: &'static str,
    /// Path below `/tmc/v2.6`, when that generation has the call too.
    pub(crate) tmc: Option<&'static str>,
    /// Body: JSON, `@zip`, `@form:` and JSON for an upload, or empty for none.
    pub(crate) body: &'static str,
    pub(crate) who: Who,
    pub(crate) need: Need,
}

const OPERATOR: &str = "TMC_OPERATOR";
const USE: &str = "TMC_ENGINE_USE";
const CLUSTERS: &str = "TMC_CLUSTER_MANAGEMENT";
const PROFILES: &str = "TMC_RUN_PROFILE_MANAGEMENT";
const ENVIRONMENTS: &str = "TMC_ENVIRONMENT_MANAGEMENT";
const USERS: &str = "TMC_USER_MANAGEMENT";
const ACCOUNTS: &str = "TMC_SERVICE_ACCOUNT_MANAGEMENT";
const SUBSCRIPTION: &str = "TMC_SUBSCRIPTION_MANAGEMENT";

const OP: Who = Who::Holders(&[OPERATOR]);
const RUN: Who = Who::Holders(&[OPERATOR, USE]);
const GRANT: Who = Who::Holders(&[ENVIRONMENTS, USERS]);
const AUTHOR: Need = Need::OneOf(&["AUTHOR"]);
const EXECUTE: Need = Need::OneOf(&["EXECUTE"]);
const VIEW: Need = Need::OneOf(&["VIEW"]);
const SEE: Need = Need::OneOf(&["VIEW", "EXECUTE"]);
const ANY: &[&str] = &["AUTHOR", "EXECUTE", "VIEW", "MANAGE", "PUBLISH"];

const fn both(
    method: &'static str,
    path: &'static str,
    tmc: &'static str,
    body: &'static str,
    who: Who,
    need: Need,
) -> Call {
    Call { method, path, tmc: Some(tmc), body, who, need }
}

const fn one(method: &'static str, path: &'static str, body: &'static str, who: Who, need: Need) -> Call {
    Call { method, path, tmc: None, body, who, need }
}

const TOKEN_BODY: &str = r#"{"grant_type":"client_credentials","audience":"http://any/"}"#;
const ACCOUNT_BODY: &str = r#"{"name":"@text","permissions":["TMC_OPERATOR"]}"#;
const RIGHTS: &str = r#"["VIEW","EXECUTE"]"#;
const ENVIRONMENT_BODY: &str = r#"{"name":"@text","workspaceName":"Own","owner":"admin"}"#;
const WORKSPACE_BODY: &str = r#"{"name":"@text","environmentId":"@env","owner":"admin"}"#;
const TASK_BODY: &str = r#"{"name":"@text","description":"","workspaceId":"@ws","environmentId":"@env","artifact":{"id":"@artifact","version":"@version"}}"#;
const CONFIG_BODY: &str = r#"{"trigger":{"type":"MANUAL"},"runtime":{"type":"REMOTE_ENGINE","id":"@engine"},"parallelExecutionAllowed":true}"#;
const PLAN_BODY: &str =
    r#"{"name":"@text","workspaceId":"@ws","steps":[{"name":"one","condition":"ALL_SUCCEEDED","taskIds":["@task"]}]}"#;
const PLAN_CONFIG_BODY: &str =
    r#"{"trigger":{"type":"MANUAL"},"runtime":{"type":"CLOUD"},"parallelExecutionAllowed":true}"#;
const ENGINE_BODY: &str = r#"{"name":"@text","environmentId":"@env","workspaceId":"@ws"}"#;
const PROFILE_BODY: &str = r#"{"name":"@text","type":"JOB_SERVER","jvmArguments":["-Xmx64m"],"runtimeId":"@engine"}"#;
const SESSION_BODY: &str = r#"{"session":"nobody"}"#;

/// Service accounts, tokens, rights of principals.
pub(crate) const IDENTITY: &[Call] = {
    const A: &str = "/account/service-accounts";
    const MANAGE: Who = Who::Holders(&[ACCOUNTS]);
    &[
        one("POST", "/security/oauth/token", TOKEN_BODY, Who::Others, Need::Nothing),
        one("GET", A, "", MANAGE, Need::Nothing),
        one("POST", A, ACCOUNT_BODY, MANAGE, Need::Nothing),
        one("GET", "/account/service-accounts/@account", "", MANAGE, Need::Nothing),
        one("PUT", "/account/service-accounts/@new-account", ACCOUNT_BODY, MANAGE, Need::Nothing),
        one("DELETE", "/account/service-accounts/@new-account", "", MANAGE, Need::Nothing),
        one("GET", "/account/service-accounts/count", "", Who::Holders(&[ACCOUNTS, SUBSCRIPTION]), Need::Nothing),
        one("GET", "/account/service-accounts/permissions", "", Who::Holders(&[]), Need::Nothing),
        both(
            "GET",
            "/security/workspaces/@ws/users/@user/permissions",
            "/workspaces/@ws/users/@user/permissions",
            "",
            GRANT,
            Need::Nothing,
        ),
        both(
            "POST",
            "/security/workspaces/@ws/users/@new-person/permissions",
            "/workspaces/@ws/users/@new-person/permissions",
            RIGHTS,
            GRANT,
            Need::Nothing,
        ),
        both(
            "PUT",
            "/security/workspaces/@new-ws/users/@user/permissions",
            "/workspaces/@new-ws/users/@user/permissions",
            RIGHTS,
            GRANT,
            Need::Nothing,
        ),
        both(
            "DELETE",
            "/security/workspaces/@new-ws/users/@user/permissions",
            "/workspaces/@new-ws/users/@user/permissions",
            "",
            GRANT,
            Need::Nothing,
        ),
        both("GET", "/security/permissions?workspaceId=@ws", "/permissions?workspaceId=@ws", "", GRANT, Need::Nothing),
        both(
            "POST",
            "/security/permissions/batch",
            "/permissions/batch",
            r#"[{"workspaceId":"@ws","userId":"@new-person","permissions":["VIEW"]}]"#,
            GRANT,
            Need::Nothing,
        ),
        both(
            "PUT",
            "/security/permissions/batch",
            "/permissions/batch",
            r#"[{"workspaceId":"@new-ws","userId":"@user","permissions":["VIEW"]}]"#,
            GRANT,
            Need::Nothing,
        ),
        both(
            "DELETE",
            "/security/permissions/batch?workspaceIds=@new-ws&userIds=@user",
            "/permissions/batch?workspaceIds=@new-ws&userIds=@user",
            "",
            GRANT,
            Need::Nothing,
        ),
        one("GET", "/security/workspaces/@ws/service-accounts/@granted/permissions", "", GRANT, Need::Nothing),
        one("POST", "/security/workspaces/@ws/service-accounts/@new-account/permissions", RIGHTS, GRANT, Need::Nothing),
        one("PUT", "/security/workspaces/@ws/service-accounts/@new-granted/permissions", RIGHTS, GRANT, Need::Nothing),
        one("DELETE", "/security/workspaces/@ws/service-accounts/@new-granted/permissions", "", GRANT, Need::Nothing),
        one("GET", "/security/service-accounts/permissions", "", GRANT, Need::Nothing),
        one(
            "POST",
            "/security/service-accounts/permissions/batch",
            r#"[{"workspaceId":"@ws","userId":"@new-account","permissions":["VIEW"]}]"#,
            GRANT,
            Need::Nothing,
        ),
        one(
            "PUT",
            "/security/service-accounts/permissions/batch",
            r#"[{"workspaceId":"@ws","userId":"@new-granted","permissions":["EXECUTE"]}]"#,
            GRANT,
            Need::Nothing,
        ),
        one(
            "DELETE",
            "/security/service-accounts/permissions/batch?workspaceIds=@ws&serviceAccountIds=@new-granted",
            "",
            GRANT,
            Need::Nothing,
        ),
    ]
};

/// Environments, workspaces, artifacts, tasks.
pub(crate) const ORCHESTRATION: &[Call] = {
    const E: (&str, &str) = ("/orchestration/environments", "/environments");
    const W: (&str, &str) = ("/orchestration/workspaces", "/workspaces");
    const A: (&str, &str) = ("/orchestration/artifacts", "/artifacts");
    const T: (&str, &str) = ("/orchestration/executables/tasks", "/executables/tasks");
    const ALL: Who = Who::Holders(&[CLUSTERS, ENVIRONMENTS]);
    const MANAGE: Who = Who::Holders(&[ENVIRONMENTS]);
    &[
        both("GET", E.0, E.1, "", ALL, Need::Nothing),
        both("GET", E.0, E.1, "", RUN, Need::Shown(ANY, "@env")),
        both("POST", E.0, E.1, ENVIRONMENT_BODY, MANAGE, Need::Nothing),
        both(
            "PUT",
            "/orchestration/environments/@env2",
            "/environments/@env2",
            ENVIRONMENT_BODY,
            MANAGE,
            Need::Nothing,
        ),
        both("DELETE", "/orchestration/environments/@new-env", "/environments/@new-env", "", MANAGE, Need::Nothing),
        both("GET", W.0, W.1, "", ALL, Need::Nothing),
        both("GET", W.0, W.1, "", RUN, Need::Shown(ANY, "@ws")),
        both("POST", W.0, W.1, WORKSPACE_BODY, MANAGE, Need::Nothing),
        both("PUT", "/orchestration/workspaces/@new-ws", "/workspaces/@new-ws", WORKSPACE_BODY, MANAGE, Need::Nothing),
        both("DELETE", "/orchestration/workspaces/@new-ws", "/workspaces/@new-ws", "", MANAGE, Need::Nothing),
        both("GET", A.0, A.1, "", OP, Need::Shown(&["VIEW"], "@artifact")),
        both("GET", "/orchestration/artifacts/@artifact", "/artifacts/@artifact", "", OP, VIEW),
        both("DELETE", "/orchestration/artifacts/@new-artifact", "/artifacts/@new-artifact", "", OP, AUTHOR),
        both(
            "GET",
            "/orchestration/artifacts/@artifact/versions/@version",
            "/artifacts/@artifact/versions/@version",
            "",
            OP,
            VIEW,
        ),
        both(
            "DELETE",
            "/orchestration/artifacts/@new-artifact/versions/@version",
            "/artifacts/@new-artifact/versions/@version",
            "",
            OP,
            AUTHOR,
        ),
        both("GET", T.0, T.1, "", RUN, Need::Shown(&["VIEW", "EXECUTE"], "@task")),
        one("GET", "/processing/executables/tasks", "", RUN, Need::Shown(&["VIEW", "EXECUTE"], "@task")),
        both("POST", T.0, T.1, TASK_BODY, OP, AUTHOR),
        both(
            "POST",
            "/orchestration/executables/tasks/search",
            "/executables/tasks/search",
            "{}",
            RUN,
            Need::Shown(&["VIEW", "EXECUTE"], "@task"),
        ),
        both("GET", "/orchestration/executables/tasks/@task", "/executables/tasks/@task", "", RUN, SEE),
        both(
            "PUT",
            "/orchestration/executables/tasks/@new-task",
            "/executables/tasks/@new-task",
            TASK_BODY,
            OP,
            AUTHOR,
        ),
        one("PATCH", "/orchestration/executables/tasks/@task", r#"{"latestArtifact":true}"#, OP, AUTHOR),
        both("DELETE", "/orchestration/executables/tasks/@new-task", "/executables/tasks/@new-task", "", OP, AUTHOR),
        both(
            "GET",
            "/orchestration/executables/tasks/@task/run-config",
            "/executables/tasks/@task/run-config",
            "",
            RUN,
            SEE,
        ),
        both(
            "PUT",
            "/orchestration/executables/tasks/@task/run-config",
            "/executables/tasks/@task/run-config",
            CONFIG_BODY,
            OP,
            EXECUTE,
        ),
        both(
            "PUT",
            "/orchestration/executables/tasks/@new-task/pause",
            "/executables/tasks/@new-task/pause",
            r#"{"pause":true}"#,
            OP,
            EXECUTE,
        ),
        one("GET", "/tmc/v1.3/executables", "", RUN, Need::Shown(&["VIEW", "EXECUTE"], "@task")),
        one("GET", "/tmc/v1.3/executables/@task", "", RUN, SEE),
    ]
};

/// Runs and their logs.
pub(crate) const RUNS: &[Call] = {
    const ALL: (&str, &str) = ("/processing/executables/tasks/executions", "/executables/tasks/executions");
    const LOGS: (&str, &str) = ("/monitoring/executions/@run/logs", "/executions/@run/logs");
    const SHOWN: Need = Need::Shown(&["VIEW", "EXECUTE"], "@run");
    &[
        both("POST", "/processing/executions", "/executions", r#"{"executable":"@task"}"#, RUN, EXECUTE),
        both("GET", "/processing/executions/@run", "/executions/@run", "", RUN, SEE),
        both("DELETE", "/processing/executions/@new-run", "/executions/@new-run", "", RUN, EXECUTE),
        both("GET", ALL.0, ALL.1, "", RUN, SHOWN),
        both("POST", ALL.0, ALL.1, "{}", RUN, SHOWN),
        both(
            "GET",
            "/processing/executables/tasks/@task/executions",
            "/executables/tasks/@task/executions",
            "",
            RUN,
            SEE,
        ),
        one("GET", "/orchestration/executables/tasks/@task/executions", "", RUN, SEE),
        both("GET", LOGS.0, LOGS.1, "", RUN, SEE),
        both("POST", LOGS.0, LOGS.1, "", RUN, SEE),
        both(
            "POST",
            "/monitoring/executions/@run/logs/status",
            "/executions/@run/logs/status",
            r#""@log-token""#,
            RUN,
            SEE,
        ),
        one("DELETE", LOGS.0, "", Who::Holders(&["EXECUTION_LOGS_DELETE"]), Need::Nothing),
        one("GET", "/stoker/v1/executions/@run/timeline", "", RUN, SEE),
        one("GET", "/stoker/v1/log-files/@log-file", "", Who::Anybody, Need::Nothing),
    ]
};

/// Plans and their runs.
pub(crate) const PLANS: &[Call] = {
    const P: (&str, &str) = ("/orchestration/executables/plans", "/executables/plans");
    const P1: (&str, &str) = ("/orchestration/executables/plans/@plan", "/executables/plans/@plan");
    const NEW: (&str, &str) = ("/orchestration/executables/plans/@new-plan", "/executables/plans/@new-plan");
    const CONFIG: (&str, &str) =
        ("/orchestration/executables/plans/@plan/run-config", "/executables/plans/@plan/run-config");
    const PAUSE: (&str, &str) =
        ("/orchestration/executables/plans/@new-plan/pause", "/executables/plans/@new-plan/pause");
    const ALL: (&str, &str) = ("/processing/executables/plans/executions", "/executables/plans/executions");
    const OF_PLAN: (&str, &str) =
        ("/processing/executables/plans/@plan/executions", "/executables/plans/@plan/executions");
    const RUN_1: (&str, &str) = ("/processing/executions/plans/@planrun", "/executions/plans/@planrun");
    const STEPS: (&str, &str) = ("/processing/executions/plans/@planrun/steps", "/executions/plans/@planrun/steps");
    const STEP: (&str, &str) =
        ("/processing/executions/plans/@planrun/steps/@steprun", "/executions/plans/@planrun/steps/@steprun");
    const HANDLER: (&str, &str) = (
        "/processing/executions/plans/@planrun/steps/@steprun/error-handler",
        "/executions/plans/@planrun/steps/@steprun/error-handler",
    );
    const SHOWN: Need = Need::Shown(&["VIEW", "EXECUTE"], "@planrun");
    const LISTED: Need = Need::Shown(&["VIEW", "EXECUTE"], "@plan");
    &[
        both("GET", P.0, P.1, "", OP, LISTED),
        one("GET", "/processing/executables/plans", "", OP, LISTED),
        both("POST", P.0, P.1, PLAN_BODY, OP, AUTHOR),
        both("GET", P1.0, P1.1, "", OP, SEE),
        both("PUT", NEW.0, NEW.1, PLAN_BODY, OP, AUTHOR),
        both("DELETE", NEW.0, NEW.1, "", OP, AUTHOR),
        both("GET", CONFIG.0, CONFIG.1, "", OP, SEE),
        both("PUT", CONFIG.0, CONFIG.1, PLAN_CONFIG_BODY, OP, EXECUTE),
        both("DELETE", CONFIG.0, CONFIG.1, "", OP, EXECUTE),
        both("PUT", PAUSE.0, PAUSE.1, r#"{"pause":true}"#, OP, EXECUTE),
        both("POST", "/processing/executions/plans", "/executions/plans", r#"{"executable":"@plan"}"#, OP, EXECUTE),
        both("GET", ALL.0, ALL.1, "", OP, SHOWN),
        both("GET", OF_PLAN.0, OF_PLAN.1, "", OP, SEE),
        both("GET", RUN_1.0, RUN_1.1, "", OP, SEE),
        both("GET", STEPS.0, STEPS.1, "", OP, SEE),
        both("GET", STEP.0, STEP.1, "", OP, SEE),
        both("GET", HANDLER.0, HANDLER.1, "", OP, SEE),
        one("GET", "/stoker/v1/executions/plans/@planrun/timeline", "", OP, SEE),
        one("DELETE", "/stoker/v1/executions/plans/@new-planrun", "", OP, EXECUTE),
    ]
};

/// Engines, clusters, run profiles.
pub(crate) const RUNTIMES: &[Call] = {
    const E: (&str, &str) = ("/processing/runtimes/remote-engines", "/runtimes/remote-engines");
    const E1: (&str, &str) = ("/processing/runtimes/remote-engines/@engine", "/runtimes/remote-engines/@engine");
    const C: (&str, &str) = ("/processing/runtimes/remote-engine-clusters", "/runtimes/remote-engine-clusters");
    const C1: (&str, &str) =
        ("/processing/runtimes/remote-engine-clusters/@cluster", "/runtimes/remote-engine-clusters/@cluster");
    const EP: (&str, &str) =
        ("/processing/runtimes/remote-engines/@engine/run-profiles", "/runtimes/remote-engines/@engine/run-profiles");
    const EP1: (&str, &str) = (
        "/processing/runtimes/remote-engines/@engine/run-profiles/@new-profile",
        "/runtimes/remote-engines/@engine/run-profiles/@new-profile",
    );
    const CP: (&str, &str) = (
        "/processing/runtimes/remote-engine-clusters/@cluster/run-profiles",
        "/runtimes/remote-engine-clusters/@cluster/run-profiles",
    );
    const CP1: (&str, &str) = (
        "/processing/runtimes/remote-engine-clusters/@cluster/run-profiles/@new-cprofile",
        "/runtimes/remote-engine-clusters/@cluster/run-profiles/@new-cprofile",
    );
    const MANAGE: Who = Who::Holders(&[CLUSTERS]);
    const SEE_ALL: Who = Who::Holders(&[CLUSTERS, PROFILES]);
    const CHANGE_PROFILES: Who = Who::Holders(&[CLUSTERS, PROFILES]);
    &[
        both("GET", E.0, E.1, "", SEE_ALL, Need::Nothing),
        both("GET", E.0, E.1, "", RUN, Need::Shown(ANY, "@engine")),
        both("POST", E.0, E.1, ENGINE_BODY, MANAGE, Need::Nothing),
        both("GET", E1.0, E1.1, "", SEE_ALL, Need::Nothing),
        both("GET", E1.0, E1.1, "", RUN, Need::OneOf(ANY)),
        both(
            "DELETE",
            "/processing/runtimes/remote-engines/@new-engine",
            "/runtimes/remote-engines/@new-engine",
            "",
            MANAGE,
            Need::Nothing,
        ),
        both(
            "DELETE",
            "/processing/runtimes/remote-engines/@new-engine/pairing",
            "/runtimes/remote-engines/@new-engine/pairing",
            "",
            MANAGE,
            Need::Nothing,
        ),
        both(
            "PUT",
            "/processing/runtimes/remote-engines/@engine/debug",
            "/runtimes/remote-engines/@engine/debug",
            r#"{"host":"debug.example","isDebugModeOn":"true"}"#,
            MANAGE,
            Need::Nothing,
        ),
        both("GET", C.0, C.1, "", SEE_ALL, Need::Nothing),
        both("GET", C.0, C.1, "", RUN, Need::Shown(ANY, "@cluster")),
        both("POST", C.0, C.1, ENGINE_BODY, MANAGE, Need::Nothing),
        both("GET", C1.0, C1.1, "", SEE_ALL, Need::Nothing),
        both("GET", C1.0, C1.1, "", RUN, Need::OneOf(ANY)),
        both(
            "DELETE",
            "/processing/runtimes/remote-engine-clusters/@new-cluster",
            "/runtimes/remote-engine-clusters/@new-cluster",
            "",
            MANAGE,
            Need::Nothing,
        ),
        both(
            "PUT",
            "/processing/runtimes/remote-engine-clusters/@cluster/engines/@new-engine",
            "/runtimes/remote-engine-clusters/@cluster/engines/@new-engine",
            "",
            MANAGE,
            Need::Nothing,
        ),
        both(
            "DELETE",
            "/processing/runtimes/remote-engine-clusters/@cluster/engines/@new-member",
            "/runtimes/remote-engine-clusters/@cluster/engines/@new-member",
            "",
            MANAGE,
            Need::Nothing,
        ),
        both("GET", EP.0, EP.1, "", SEE_ALL, Need::Nothing),
        both("GET", EP.0, EP.1, "", RUN, Need::OneOf(ANY)),
        both("POST", EP.0, EP.1, PROFILE_BODY, CHANGE_PROFILES, Need::Nothing),
        both("GET", EP1.0, EP1.1, "", SEE_ALL, Need::Nothing),
        both("GET", EP1.0, EP1.1, "", RUN, Need::OneOf(ANY)),
        both("PUT", EP1.0, EP1.1, PROFILE_BODY, CHANGE_PROFILES, Need::Nothing),
        both("DELETE", EP1.0, EP1.1, "", CHANGE_PROFILES, Need::Nothing),
        both("GET", CP.0, CP.1, "", SEE_ALL, Need::Nothing),
        both("GET", CP.0, CP.1, "", RUN, Need::OneOf(ANY)),
        both("POST", CP.0, CP.1, PROFILE_BODY, CHANGE_PROFILES, Need::Nothing),
        both("GET", CP1.0, CP1.1, "", SEE_ALL, Need::Nothing),
        both("GET", CP1.0, CP1.1, "", RUN, Need::OneOf(ANY)),
        both("PUT", CP1.0, CP1.1, PROFILE_BODY, CHANGE_PROFILES, Need::Nothing),
        both("DELETE", CP1.0, CP1.1, "", CHANGE_PROFILES, Need::Nothing),
    ]
};

/// Our own calls, and those of engines.
pub(crate) const OWN: &[Call] = &[
    one(
        "POST",
        "/stoker/v1/artifacts?workspaceId=@ws&name=@text&version=@version",
        "@zip",
        OP,
        Need::OneOf(&["PUBLISH"]),
    ),
    one("GET", "/tmc", "", Who::Anybody, Need::Nothing),
    one("GET", "/openapi", "", Who::Anybody, Need::Nothing),
    one("GET", "/openapi/@document", "", Who::Anybody, Need::Nothing),
    one("GET", "/health/live", "", Who::Anybody, Need::Nothing),
    one("GET", "/health/ready", "", Who::Anybody, Need::Nothing),
    one("GET", "/downloads/remote-engine.tar.gz", "", Who::Anybody, Need::Nothing),
    one("GET", "/downloads/remote-engine.zip", "", Who::Anybody, Need::Nothing),
    one(
        "POST",
        "/engine/v1/pair",
        r#"{"protocol":1,"key":"00","signingKey":"AA==","sealingKey":"AA==","engineVersion":"1"}"#,
        Who::Others,
        Need::Nothing,
    ),
    one(
        "POST",
        "/engine/v1/session",
        r#"{"protocol":1,"engineVersion":"1","maxRuns":1,"known":[]}"#,
        Who::Others,
        Need::Nothing,
    ),
    one("POST", "/engine/v1/poll", SESSION_BODY, Who::Others, Need::Nothing),
    one("POST", "/engine/v1/reports", r#"{"session":"nobody","reports":[]}"#, Who::Others, Need::Nothing),
    one("POST", "/engine/v1/goodbye", SESSION_BODY, Who::Others, Need::Nothing),
    one("GET", "/engine/v1/artifacts/@sha256", "", Who::Others, Need::Nothing),
];

/// All calls.
pub(crate) fn all() -> impl Iterator<Item = Call> {
    let profiles = PIPELINE_PROFILES.iter().flatten();
    let lists = [
        IDENTITY,
        PEOPLE,
        SECURITY,
        TESTER,
        SCIM,
        ORCHESTRATION,
        CATALOG,
        SCHEDULES,
        RUNS,
        PLANS,
        PROMOTIONS,
        RUNTIMES,
        ENGINE_KINDS,
        MONITORING,
        OWN,
        CONSOLE,
    ];
    lists.into_iter().flatten().chain(profiles).copied()
}
