//! Every call with its smallest documented rights. `@names` in paths and bodies are filled in by [`crate::world`].

#[path = "rights_catalog.rs"]
mod catalog;
#[path = "rights_console.rs"]
mod console;
#[path = "rights_engines.rs"]
mod engines;
#[path = "rights_monitoring.rs"]
mod monitoring;
#[path = "rights_orchestration.rs"]
mod orchestration;
#[path = "rights_people.rs"]
mod people;
#[path = "rights_promotions.rs"]
mod promotions;
#[path = "rights_runs.rs"]
mod runs;
#[path = "rights_runtimes.rs"]
mod runtimes;
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
use orchestration::ORCHESTRATION;
use people::PEOPLE;
use promotions::PROMOTIONS;
use runs::{PLANS, RUNS};
use runtimes::RUNTIMES;
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
    one("POST", "/engine/v1/tests/take", r#"{"session":"nobody","test":"none"}"#, Who::Others, Need::Nothing),
    one("POST", "/engine/v1/tests/news", r#"{"session":"nobody","test":"none"}"#, Who::Others, Need::Nothing),
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
