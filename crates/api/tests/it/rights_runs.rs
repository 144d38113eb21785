//! The calls of runs and plans.

use super::*;

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
        one("GET", "/stoker/v1/executions/summary", "", RUN, Need::Nothing),
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
