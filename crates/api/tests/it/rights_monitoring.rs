//! The calls of history and metrics.

use super::{Call, Need, OP, one};

const SEARCH_BODY: &str = r#"{"environmentId":"@env","category":"ETL"}"#;
const METRICS_BODY: &str =
    r#"{"environmentId":"@env","startTime":"2026-02-01T00:00:00.000Z","endTime":"2026-02-04T00:00:00.000Z"}"#;

/// History and component metrics.
pub(crate) const MONITORING: &[Call] = {
    &[
        one("POST", "/monitoring/observability/executions/search", SEARCH_BODY, OP, Need::Shown(&["VIEW"], "@run")),
        one("POST", "/monitoring/observability/executions/download", SEARCH_BODY, OP, Need::Shown(&["VIEW"], "@run")),
        one("GET", "/monitoring/observability/executions/@run/component", "", OP, Need::OneOf(&["VIEW"])),
        one("POST", "/monitoring/observability/metrics/component", METRICS_BODY, OP, Need::Nothing),
    ]
};
