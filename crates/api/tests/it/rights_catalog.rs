//! The calls of connections, resources and projects.

use super::{Call, Need, OPERATOR, Who, both, one};

const ASSETS: Who = Who::Holders(&[OPERATOR, "TMC_CONNECTION_RESOURCE_EDIT"]);
const PROJECTS: Who = Who::Persons(&["TMC_PROJECT_MANAGEMENT"]);
const VIEW: Need = Need::OneOf(&["VIEW"]);
const CHANGE: Need = Need::OneOf(&["AUTHOR", "MANAGE"]);

const CONNECTION_BODY: &str = r#"{"name":"@text","workspaceId":"@ws","app":"Custom","parameters":[]}"#;
const RESOURCE_FORM: &str = r#"@form:{"name":"@text","workspaceId":"@ws","description":"","file":true}"#;
const PROJECT_BODY: &str = r#"{"name":"@text","owner":"admin","url":"https://git.example/x.git"}"#;

/// Connections, resources, projects.
pub(crate) const CATALOG: &[Call] = {
    const C: (&str, &str) = ("/orchestration/connections", "/connections");
    const R: (&str, &str) = ("/orchestration/resources", "/resources");
    const P: (&str, &str) = ("/orchestration/projects", "/projects");
    const P1: (&str, &str) = ("/orchestration/projects/@project", "/projects/@project");
    const WORKED: (&str, &str) =
        ("/orchestration/projects/@new-worked/users/@user", "/projects/@new-worked/users/@user");
    const IDLE: (&str, &str) =
        ("/orchestration/projects/@new-project/users/@user", "/projects/@new-project/users/@user");
    const UNGROUPED: (&str, &str) =
        ("/orchestration/projects/@new-project/groups/@group", "/projects/@new-project/groups/@group");
    const GROUPED: (&str, &str) =
        ("/orchestration/projects/@new-grouped/groups/@group", "/projects/@new-grouped/groups/@group");
    &[
        both("GET", C.0, C.1, "", ASSETS, Need::Shown(&["VIEW"], "@connection")),
        both("POST", C.0, C.1, CONNECTION_BODY, ASSETS, CHANGE),
        both("GET", "/orchestration/connections/@connection", "/connections/@connection", "", ASSETS, VIEW),
        both(
            "PUT",
            "/orchestration/connections/@connection",
            "/connections/@connection",
            r#"{"parameters":[{"name":"host","value":"h"}]}"#,
            ASSETS,
            CHANGE,
        ),
        both(
            "DELETE",
            "/orchestration/connections/@new-connection",
            "/connections/@new-connection",
            "",
            ASSETS,
            CHANGE,
        ),
        one("PUT", "/orchestration/connections/@connection/move/@ws", "", ASSETS, CHANGE),
        both("GET", R.0, R.1, "", ASSETS, Need::Shown(&["VIEW"], "@resource")),
        both("POST", R.0, R.1, RESOURCE_FORM, ASSETS, CHANGE),
        both("GET", "/orchestration/resources/@resource", "/resources/@resource", "", ASSETS, VIEW),
        one("PATCH", "/orchestration/resources/@resource", r#"{"description":"changed"}"#, ASSETS, CHANGE),
        Call {
            method: "PUT",
            path: "",
            tmc: Some("/resources/@resource"),
            body: r#"{"description":"changed"}"#,
            who: ASSETS,
            need: CHANGE,
        },
        both("DELETE", "/orchestration/resources/@new-resource", "/resources/@new-resource", "", ASSETS, CHANGE),
        both(
            "PUT",
            "/orchestration/resources/@resource/upload",
            "/resources/@resource/upload",
            "@form:",
            ASSETS,
            CHANGE,
        ),
        one("PUT", "/orchestration/resources/@resource/move/@ws", "", ASSETS, CHANGE),
        both("GET", P.0, P.1, "", PROJECTS, Need::Nothing),
        both("POST", P.0, P.1, PROJECT_BODY, PROJECTS, Need::Nothing),
        both("GET", P1.0, P1.1, "", PROJECTS, Need::Nothing),
        both("PUT", P1.0, P1.1, r#"{"description":"changed"}"#, PROJECTS, Need::Nothing),
        both("DELETE", "/orchestration/projects/@new-project", "/projects/@new-project", "", PROJECTS, Need::Nothing),
        both("GET", "/orchestration/projects/@project/users", "/projects/@project/users", "", PROJECTS, Need::Nothing),
        both("PUT", IDLE.0, IDLE.1, "", PROJECTS, Need::Nothing),
        both("DELETE", WORKED.0, WORKED.1, "", PROJECTS, Need::Nothing),
        both(
            "GET",
            "/orchestration/projects/@project/groups",
            "/projects/@project/groups",
            "",
            PROJECTS,
            Need::Nothing,
        ),
        both("PUT", UNGROUPED.0, UNGROUPED.1, "", PROJECTS, Need::Nothing),
        both("DELETE", GROUPED.0, GROUPED.1, "", PROJECTS, Need::Nothing),
    ]
};
