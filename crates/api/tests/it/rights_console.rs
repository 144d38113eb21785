//! Calls of the console's own family.

use super::{Call, Need, Who, one};

const SIGN_IN: &str = r#"{"token":"nobody's"}"#;

/// Session and live events.
pub(super) const CONSOLE: &[Call] = &[
    one("POST", "/stoker/v1/session", SIGN_IN, Who::Others, Need::Nothing),
    one("GET", "/stoker/v1/session", "", Who::Others, Need::Nothing),
    one("DELETE", "/stoker/v1/session", "", Who::Others, Need::Nothing),
    one("DELETE", "/stoker/v1/sessions", "", Who::Others, Need::Nothing),
    one("GET", "/stoker/v1/events?seconds=1", "", Who::Holders(&[]), Need::Nothing),
];
