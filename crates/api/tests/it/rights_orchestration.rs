//! The calls of environments, workspaces, artifacts and tasks.

use super::*;

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
