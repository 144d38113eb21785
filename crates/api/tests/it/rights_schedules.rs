//! The calls of schedules.

use super::{Call, EXECUTE, Need, OP, RUN, SEE, VIEW, Who, both, one};

const FIRST_TRIGGER: &str = r#"{"name":"first","type":"CRON","cronExpression":"30 2 * * ?","timeZone":"UTC"}"#;
const SECOND_TRIGGER: &str = r#"{"name":"second","type":"CRON","cronExpression":"30 14 * * ?","timeZone":"UTC"}"#;
const SCHEDULE_BODY: &str = r#"{"environmentId":"@env","description":"@text","trigger":{"name":"first","type":"CRON","cronExpression":"30 2 * * ?","timeZone":"UTC"}}"#;

/// Schedules, what they are linked to, and upcoming events.
pub(crate) const SCHEDULES: &[Call] = {
    const S: (&str, &str) = ("/orchestration/schedules", "/schedules");
    const S1: (&str, &str) = ("/orchestration/schedules/@schedule", "/schedules/@schedule");
    const T1: (&str, &str) = ("/orchestration/schedules/@new-schedule/triggers", "/schedules/@new-schedule/triggers");
    const LINK: (&str, &str) =
        ("/orchestration/executables/tasks/@new-linked/schedule", "/executables/tasks/@new-linked/schedule");
    const PLAN_LINK: (&str, &str) =
        ("/orchestration/executables/plans/@new-plinked/schedule", "/executables/plans/@new-plinked/schedule");
    const CHANGE: Need = Need::Before(&["EXECUTE"]);
    &[
        both("GET", S.0, S.1, "", OP, Need::Shown(&["VIEW"], "@schedule")),
        both("POST", S.0, S.1, SCHEDULE_BODY, OP, EXECUTE),
        both("GET", S1.0, S1.1, "", OP, VIEW),
        both("POST", S1.0, S1.1, r#"{"description":"@text"}"#, OP, EXECUTE),
        both("PATCH", S1.0, S1.1, r#"{"description":"changed"}"#, OP, CHANGE),
        both("DELETE", "/orchestration/schedules/@new-schedule", "/schedules/@new-schedule", "", OP, EXECUTE),
        both("POST", T1.0, T1.1, SECOND_TRIGGER, OP, CHANGE),
        both("PUT", T1.0, T1.1, FIRST_TRIGGER, OP, CHANGE),
        both(
            "DELETE",
            "/orchestration/schedules/@new-schedule/triggers?name=first",
            "/schedules/@new-schedule/triggers?name=first",
            "",
            OP,
            EXECUTE,
        ),
        both(
            "GET",
            "/orchestration/schedules/@schedule/events?to=1770200000000",
            "/schedules/@schedule/events?to=1770200000000",
            "",
            OP,
            VIEW,
        ),
        both("GET", LINK.0, LINK.1, "", OP, VIEW),
        both(
            "PUT",
            "/orchestration/executables/tasks/@new-task/schedule",
            "/executables/tasks/@new-task/schedule",
            r#"{"scheduleId":"@new-schedule"}"#,
            OP,
            EXECUTE,
        ),
        both("DELETE", LINK.0, LINK.1, "", OP, EXECUTE),
        both(
            "DELETE",
            "/orchestration/executables/tasks/@new-task/run-config",
            "/executables/tasks/@new-task/run-config",
            "",
            OP,
            EXECUTE,
        ),
        both(
            "GET",
            "/orchestration/executables/tasks/@task/run-config/events?to=1770200000000",
            "/executables/tasks/@task/run-config/events?to=1770200000000",
            "",
            RUN,
            SEE,
        ),
        both(
            "POST",
            "/orchestration/executables/events/search",
            "/executables/events/search",
            r#"{"environmentId":"@env","to":1770200000000}"#,
            OP,
            Need::Shown(&["VIEW"], "@daily"),
        ),
        one(
            "POST",
            "/stoker/v1/schedules/preview",
            r#"{"trigger":{"type":"CRON","cronExpression":"30 2 * * ?","timeZone":"UTC"}}"#,
            OP,
            Need::Nothing,
        ),
        one("GET", "/stoker/v1/tasks/standings?ids=@task", "", RUN, Need::Shown(&["VIEW", "EXECUTE"], "@task")),
        one("GET", "/stoker/v1/plans/standings?ids=@plan", "", OP, Need::Shown(&["VIEW", "EXECUTE"], "@plan")),
        one("GET", "/stoker/v1/tasks/@task/firings", "", RUN, SEE),
        one("GET", "/stoker/v1/tasks/@hooked/webhook", "", RUN, SEE),
        one("PUT", "/stoker/v1/tasks/@hooked/webhook", r#"{"lifetimeMinutes":60}"#, OP, EXECUTE),
        both("GET", PLAN_LINK.0, PLAN_LINK.1, "", OP, VIEW),
        both(
            "PUT",
            "/orchestration/executables/plans/@new-plan/schedule",
            "/executables/plans/@new-plan/schedule",
            r#"{"scheduleId":"@new-schedule"}"#,
            OP,
            EXECUTE,
        ),
        both("DELETE", PLAN_LINK.0, PLAN_LINK.1, "", OP, EXECUTE),
        both(
            "GET",
            "/orchestration/executables/plans/@plan/run-config/events?to=1770200000000",
            "/executables/plans/@plan/run-config/events?to=1770200000000",
            "",
            OP,
            SEE,
        ),
        one("GET", "/stoker/v1/plans/@plan/firings", "", OP, SEE),
        one("GET", "/stoker/v1/plans/@phooked/webhook", "", OP, SEE),
        one("PUT", "/stoker/v1/plans/@phooked/webhook", r#"{"lifetimeMinutes":60}"#, OP, EXECUTE),
        one("POST", "/stoker/v1/webhooks/@hook", r#"{"any":"thing"}"#, Who::Anybody, Need::Nothing),
    ]
};
