//! The calls of security administration, of the audit trail, and of one's own tokens.

use super::{Call, Need, Who, both, one};

const USERS: Who = Who::Holders(&["TMC_USER_MANAGEMENT"]);
const SSO: Who = Who::Persons(&["TMC_SSO_MANAGEMENT"]);
/// Every user, with whatever role.
const EVERYBODY: Who = Who::Persons(&[]);
const LIST: &str = r#"{"enabled":false,"description":"@text","ips":[]}"#;
const ENTRY: &str = r#"{"ip":"10.1.2.3-10.1.2.9","description":"@text"}"#;

/// Allowlist, role mappings, subscription, audit trail, tokens and passwords.
pub(crate) const SECURITY: &[Call] = {
    const L: &str = "/security/ip-allowlist";
    const IPS: &str = "/security/ip-allowlist/ips";
    const MAPPINGS: &str = "/security/role-mappings";
    &[
        both(
            "GET",
            "/account/subscription",
            "/subscription",
            "",
            Who::Holders(&["TMC_SUBSCRIPTION_MANAGEMENT"]),
            Need::Nothing,
        ),
        one("GET", L, "", USERS, Need::Nothing),
        one("GET", IPS, "", USERS, Need::Nothing),
        one("POST", IPS, r#"[{"ip":"2001:db8::/64","description":"@text"}]"#, USERS, Need::Nothing),
        one("PUT", IPS, r#"[{"id":"@entry","ip":"10.9.9.9","description":"@text"}]"#, USERS, Need::Nothing),
        one("GET", "/security/ip-allowlist/ips/@entry", "", USERS, Need::Nothing),
        one("PUT", "/security/ip-allowlist/ips/@entry", ENTRY, USERS, Need::Nothing),
        one("DELETE", "/security/ip-allowlist/ips/@new-entry", "", USERS, Need::Nothing),
        one("PATCH", L, r#"{"enabled":false}"#, USERS, Need::Nothing),
        one("PUT", L, LIST, USERS, Need::Nothing),
        one("DELETE", L, "", USERS, Need::Nothing),
        one("POST", L, LIST, USERS, Need::Nothing),
        one("GET", MAPPINGS, "", SSO, Need::Nothing),
        one("POST", MAPPINGS, r#"[{"name":"north","roles":["Operator"]}]"#, SSO, Need::Nothing),
        one("GET", "/security/role-mappings/@mapping", "", SSO, Need::Nothing),
        one("DELETE", "/security/role-mappings/@mapping", "", SSO, Need::Nothing),
        one("DELETE", MAPPINGS, "", SSO, Need::Nothing),
        one("GET", "/security/audit/logs", "", Who::Holders(&["AUDIT_LOGS_VIEW"]), Need::Nothing),
        one("GET", "/stoker/v1/audit-events", "", Who::Holders(&["AUDIT_LOGS_VIEW"]), Need::Nothing),
        one("GET", "/stoker/v1/audit-events/@event", "", Who::Holders(&["AUDIT_LOGS_VIEW"]), Need::Nothing),
        one(
            "POST",
            "/stoker/v1/service-accounts/@new-account/secret",
            "",
            Who::Holders(&["TMC_SERVICE_ACCOUNT_MANAGEMENT"]),
            Need::Nothing,
        ),
        one("GET", "/stoker/v1/me/tokens", "", EVERYBODY, Need::Nothing),
        one("POST", "/stoker/v1/me/tokens", r#"{"name":"@text"}"#, EVERYBODY, Need::Nothing),
        one("PATCH", "/stoker/v1/me/tokens/@own-token", r#"{"name":"@text"}"#, EVERYBODY, Need::Nothing),
        one("DELETE", "/stoker/v1/me/tokens/@own-token", "", EVERYBODY, Need::Nothing),
        one("PUT", "/stoker/v1/me/password", r#"{"newPassword":"correct horse battery"}"#, EVERYBODY, Need::Nothing),
        one("GET", "/stoker/v1/preferences", "", EVERYBODY, Need::Nothing),
        one("PUT", "/stoker/v1/preferences", r#"{"version":0,"document":{}}"#, EVERYBODY, Need::Nothing),
        one("GET", "/stoker/v1/users/@person/tokens", "", USERS, Need::Nothing),
        one("DELETE", "/stoker/v1/users/@person/tokens/@new-token", "", USERS, Need::Nothing),
        one(
            "PUT",
            "/stoker/v1/users/@new-person/password",
            r#"{"newPassword":"correct horse battery"}"#,
            USERS,
            Need::Nothing,
        ),
    ]
};
