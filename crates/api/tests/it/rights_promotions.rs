//! The calls of promotions.

use super::{ANY, Call, Need, Who, both, one};

const MANAGER: &str = "TMC_PIPELINE_MANAGEMENT";
const PROMOTER: &str = "TMC_PROMOTION_EXECUTION";
const MANAGE: Who = Who::Holders(&[MANAGER]);
const SEE: Who = Who::Holders(&[MANAGER, PROMOTER]);
const RUN: Who = Who::Holders(&[PROMOTER]);
/// Access to any workspace of the target environment.
const REACH: Need = Need::OneOf(ANY);

/// Definitions, executors, analyses, runs.
pub(crate) const PROMOTIONS: &[Call] = {
    const P: (&str, &str) = ("/orchestration/executables/promotions", "/executables/promotions");
    const P1: (&str, &str) = ("/orchestration/executables/promotions/@promotion", "/executables/promotions/@promotion");
    const NEW: (&str, &str) =
        ("/orchestration/executables/promotions/@new-promotion", "/executables/promotions/@new-promotion");
    const USERS: (&str, &str) =
        ("/orchestration/executables/promotions/@promotion/users", "/executables/promotions/@promotion/users");
    const ADD: (&str, &str) = (
        "/orchestration/executables/promotions/@promotion/users/@new-person",
        "/executables/promotions/@promotion/users/@new-person",
    );
    const REMOVE: (&str, &str) = (
        "/orchestration/executables/promotions/@promotion/users/@new-promoter",
        "/executables/promotions/@promotion/users/@new-promoter",
    );
    const RUNS: (&str, &str) = ("/processing/executions/promotions", "/executions/promotions");
    const REPORT: (&str, &str) = ("/processing/executions/promotions/@promorun", "/executions/promotions/@promorun");
    const DEFINE: &str = r#"{"sourceEnvironmentId":"@new-env","targetEnvironmentId":"@env","description":"@text"}"#;
    &[
        both("GET", P.0, P.1, "", SEE, Need::Nothing),
        both("POST", P.0, P.1, DEFINE, MANAGE, Need::Nothing),
        both("GET", P1.0, P1.1, "", SEE, Need::Nothing),
        both("PATCH", NEW.0, NEW.1, r#"{"description":"changed"}"#, MANAGE, Need::Nothing),
        both("DELETE", NEW.0, NEW.1, "", MANAGE, Need::Nothing),
        both("POST", P1.0, "/executions/promotions/@promotion", "{}", RUN, REACH),
        both("GET", USERS.0, USERS.1, "", MANAGE, Need::Nothing),
        both("PUT", ADD.0, ADD.1, "", MANAGE, Need::Nothing),
        both("DELETE", REMOVE.0, REMOVE.1, "", MANAGE, Need::Nothing),
        one(
            "PUT",
            "/orchestration/executables/promotions/@promotion/service-accounts/@granted",
            "",
            MANAGE,
            Need::Nothing,
        ),
        one(
            "DELETE",
            "/orchestration/executables/promotions/@promotion/service-accounts/@new-promoaccount",
            "",
            MANAGE,
            Need::Nothing,
        ),
        both("POST", RUNS.0, RUNS.1, r#"{"executable":"@promotion"}"#, RUN, REACH),
        both("GET", REPORT.0, REPORT.1, "", SEE, Need::Nothing),
        one("GET", "/stoker/v1/promotions/@promotion/executions", "", SEE, Need::Nothing),
    ]
};
