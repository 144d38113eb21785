//! The calls of engines, clusters and run profiles.

use super::*;

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
        one("GET", "/stoker/v1/engines", "", SEE_ALL, Need::Nothing),
        one("GET", "/stoker/v1/engines", "", RUN, Need::Shown(ANY, "@engine")),
        one("GET", "/stoker/v1/engines/@engine", "", SEE_ALL, Need::Nothing),
        one("GET", "/stoker/v1/engines/@engine", "", RUN, Need::OneOf(ANY)),
        one("POST", "/stoker/v1/engines/@new-engine/drain", r#"{"reason":"new disk"}"#, MANAGE, Need::Nothing),
        one("POST", "/stoker/v1/engines/@new-drained/resume", "", MANAGE, Need::Nothing),
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
