//! The calls of the API tester: every user has projects of one's own.

use super::{Call, Need, Who, one};

const EVERYBODY: Who = Who::Persons(&[]);
const DOCUMENT: &str = r#"{"version":1,"name":"@text","document":{"version":6,"entities":[]}}"#;

/// Projects, imports, previews and runs.
pub(crate) const TESTER: &[Call] = {
    const P: &str = "/stoker/v1/tester/projects";
    &[
        one("GET", P, "", EVERYBODY, Need::Nothing),
        one("POST", P, r#"{"name":"@text"}"#, EVERYBODY, Need::Nothing),
        one("GET", "/stoker/v1/tester/projects/@own-testproject", "", EVERYBODY, Need::Nothing),
        one("PUT", "/stoker/v1/tester/projects/@own-testproject", DOCUMENT, EVERYBODY, Need::Nothing),
        one("DELETE", "/stoker/v1/tester/projects/@own-testproject", "", EVERYBODY, Need::Nothing),
        // What sharing with a workspace needs there is told in `tester_sharing.rs`; this takes back.
        one(
            "PUT",
            "/stoker/v1/tester/projects/@own-testproject/workspace",
            r#"{"version":1}"#,
            EVERYBODY,
            Need::Nothing,
        ),
        one("PUT", "/stoker/v1/tester/projects/@own-testproject/secrets", r#"{"values":[]}"#, EVERYBODY, Need::Nothing),
        one("POST", "/stoker/v1/tester/imports", r#"{"format":"sample"}"#, EVERYBODY, Need::Nothing),
        one("GET", "/stoker/v1/tester/projects/@own-testproject/export", "", EVERYBODY, Need::Nothing),
        one(
            "POST",
            "/stoker/v1/tester/projects/@own-testproject/preview",
            r#"{"text":"${uuid()}"}"#,
            EVERYBODY,
            Need::Nothing,
        ),
        one(
            "POST",
            "/stoker/v1/tester/projects/@own-testproject/code",
            r#"{"requestId":"@own-testrequest","language":"curl"}"#,
            EVERYBODY,
            Need::Nothing,
        ),
        one(
            "POST",
            "/stoker/v1/tester/projects/@own-testproject/checks",
            r#"{"request":{"type":"Request","id":"@own-testrequest","name":"r"}}"#,
            EVERYBODY,
            Need::Nothing,
        ),
        one("POST", "/stoker/v1/tester/projects/@own-testproject/runs", "{}", EVERYBODY, Need::Nothing),
        // Which engines it gives, and what a run on one needs, is told in `tester_engines.rs`.
        one("GET", "/stoker/v1/tester/engines", "", EVERYBODY, Need::Nothing),
        one("GET", "/stoker/v1/tester/runs", "", EVERYBODY, Need::Nothing),
        one("GET", "/stoker/v1/tester/runs/@own-testrun", "", EVERYBODY, Need::Nothing),
        one("POST", "/stoker/v1/tester/runs/@own-testrun/cancel", "", EVERYBODY, Need::Nothing),
    ]
};
