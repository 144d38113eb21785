//! Calls of the console's own family.

use super::{Call, Need, Who, one};

const USERS: Who = Who::Holders(&["TMC_USER_MANAGEMENT"]);
const EVERYBODY: Who = Who::Persons(&[]);

const SIGN_IN: &str = r#"{"token":"nobody's"}"#;

/// Session and live events.
pub(super) const CONSOLE: &[Call] = &[
    one("POST", "/stoker/v1/session", SIGN_IN, Who::Others, Need::Nothing),
    one("GET", "/stoker/v1/session", "", Who::Others, Need::Nothing),
    one("DELETE", "/stoker/v1/session", "", Who::Others, Need::Nothing),
    one("DELETE", "/stoker/v1/sessions", "", Who::Others, Need::Nothing),
    one("GET", "/stoker/v1/session/ways", "", Who::Anybody, Need::Nothing),
    one("GET", "/stoker/v1/session/openid", "", Who::Anybody, Need::Nothing),
    one("GET", "/stoker/v1/session/openid/callback", "", Who::Anybody, Need::Nothing),
    one("GET", "/stoker/v1/sessions", "", EVERYBODY, Need::Nothing),
    one("DELETE", "/stoker/v1/sessions/@own-session", "", EVERYBODY, Need::Nothing),
    one("GET", "/stoker/v1/users", "", USERS, Need::Nothing),
    one("GET", "/stoker/v1/users/@person/sessions", "", USERS, Need::Nothing),
    one("DELETE", "/stoker/v1/users/@person/sessions", "", USERS, Need::Nothing),
    one("GET", "/stoker/v1/me/totp", "", EVERYBODY, Need::Nothing),
    one("POST", "/stoker/v1/me/totp", "", EVERYBODY, Need::Nothing),
    one("POST", "/stoker/v1/me/totp/confirm", r#"{"code":"@code-begun"}"#, EVERYBODY, Need::Nothing),
    one("POST", "/stoker/v1/me/totp/recovery-codes", r#"{"code":"@code"}"#, EVERYBODY, Need::Nothing),
    one("DELETE", "/stoker/v1/me/totp", r#"{"code":"@code"}"#, EVERYBODY, Need::Nothing),
    one("DELETE", "/stoker/v1/users/@new-guarded/totp", "", USERS, Need::Nothing),
    one("GET", "/stoker/v1/settings", "", USERS, Need::Nothing),
    one("PUT", "/stoker/v1/settings/@new-setting", r#"{"value":4000}"#, USERS, Need::Nothing),
    one("DELETE", "/stoker/v1/settings/@new-setting", "", USERS, Need::Nothing),
    one("GET", "/stoker/v1/system", "", USERS, Need::Nothing),
    one("GET", "/stoker/v1/events?seconds=1", "", Who::Holders(&[]), Need::Nothing),
];
