//! The calls of users, groups, roles, and of whoever asks.

use super::{Call, Need, Who, one};

const USER_BODY: &str =
    r#"{"login":"@text","email":"ada@example.com","firstName":"Ada","lastName":"Byron","roleIds":["@role"]}"#;
const SAME_USER: &str = r#"{"login":"@login","email":"ada@example.com","firstName":"Ada","lastName":"Byron"}"#;
const ROLE_BODY: &str = r#"{"name":"@text","permissions":["TMC_OPERATOR","TDS_CAMPAIGN_OWNER"]}"#;

const USERS: Who = Who::Holders(&["TMC_USER_MANAGEMENT"]);
const GROUPS: Who = Who::Holders(&["TMC_GROUP_MANAGEMENT"]);
const ROLES: Who = Who::Holders(&["TMC_ROLE_MANAGEMENT"]);

/// Users, groups, roles.
pub(crate) const PEOPLE: &[Call] = &[
    one("GET", "/account/users", "", USERS, Need::Nothing),
    one("POST", "/account/users", USER_BODY, USERS, Need::Nothing),
    one("GET", "/account/users/@person", "", USERS, Need::Nothing),
    one("PUT", "/account/users/@person", SAME_USER, USERS, Need::Nothing),
    one("DELETE", "/account/users/@new-person", "", USERS, Need::Nothing),
    one("GET", "/account/users/@person/groups", "", USERS, Need::Nothing),
    one("POST", "/account/users/@new-person/groups", r#"["@group"]"#, USERS, Need::Nothing),
    one("DELETE", "/account/users/@person/groups/@new-full", "", USERS, Need::Nothing),
    one("GET", "/account/users/@person/roles", "", USERS, Need::Nothing),
    one("POST", "/account/users/@new-person/roles", r#"["@role"]"#, USERS, Need::Nothing),
    one("DELETE", "/account/users/@person/roles/@new-held", "", USERS, Need::Nothing),
    one("GET", "/account/groups", "", GROUPS, Need::Nothing),
    one("POST", "/account/groups", r#"{"name":"@text","userIds":["@person"]}"#, GROUPS, Need::Nothing),
    one("GET", "/account/groups/@group", "", GROUPS, Need::Nothing),
    one("PATCH", "/account/groups/@group", r#"{"name":"@text"}"#, GROUPS, Need::Nothing),
    one("DELETE", "/account/groups/@new-full", "", GROUPS, Need::Nothing),
    one("GET", "/account/groups/@group/users", "", GROUPS, Need::Nothing),
    one("POST", "/account/groups/@group/users", r#"["@person"]"#, GROUPS, Need::Nothing),
    one("DELETE", "/account/groups/@new-full/users/@person", "", GROUPS, Need::Nothing),
    one("GET", "/account/roles", "", ROLES, Need::Nothing),
    one("POST", "/account/roles", ROLE_BODY, ROLES, Need::Nothing),
    one("GET", "/account/roles/@role", "", ROLES, Need::Nothing),
    one("PUT", "/account/roles/@role", ROLE_BODY, ROLES, Need::Nothing),
    one("DELETE", "/account/roles/@new-role", "", ROLES, Need::Nothing),
    one("GET", "/account/roles/@role/users", "", ROLES, Need::Nothing),
    one("POST", "/account/roles/@role/users", r#"["@new-person"]"#, ROLES, Need::Nothing),
    one("DELETE", "/account/roles/@new-held/users/@person", "", ROLES, Need::Nothing),
    one("GET", "/account/me", "", Who::Holders(&[]), Need::Nothing),
];
