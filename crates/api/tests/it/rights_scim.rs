//! The calls of SCIM.

use super::{Call, Need, Who, one};

const USERS: Who = Who::Holders(&["TMC_USER_MANAGEMENT"]);
const GROUPS: Who = Who::Holders(&["TMC_GROUP_MANAGEMENT"]);
const ROLES: Who = Who::Holders(&["TMC_ROLE_MANAGEMENT"]);

/// Discovery, users, groups, roles.
pub(crate) const SCIM: &[Call] = &[
    one("GET", "/scim/v2/ServiceProviderConfig", "", Who::Anybody, Need::Nothing),
    one("GET", "/scim/v2/Schemas", "", Who::Anybody, Need::Nothing),
    one("GET", "/scim/v2/Schemas/@urn", "", Who::Anybody, Need::Nothing),
    one("GET", "/scim/v2/ResourceTypes", "", Who::Anybody, Need::Nothing),
    one("GET", "/scim/v2/ResourceTypes/@kind", "", Who::Anybody, Need::Nothing),
    one("GET", "/scim/v2/Users", "", USERS, Need::Nothing),
    one(
        "POST",
        "/scim/v2/Users",
        r#"{"userName":"@text","name":{"givenName":"A","familyName":"B"},"emails":[{"value":"a@b.c"}]}"#,
        USERS,
        Need::Nothing,
    ),
    one("POST", "/scim/v2/Users/.search", "{}", USERS, Need::Nothing),
    one("GET", "/scim/v2/Users/@person", "", USERS, Need::Nothing),
    one(
        "PUT",
        "/scim/v2/Users/@person",
        r#"{"userName":"@login","name":{"givenName":"A","familyName":"B"},"emails":[{"value":"a@b.c"}]}"#,
        USERS,
        Need::Nothing,
    ),
    one(
        "PATCH",
        "/scim/v2/Users/@person",
        r#"{"Operations":[{"op":"replace","path":"title","value":"Dr"}]}"#,
        USERS,
        Need::Nothing,
    ),
    one("DELETE", "/scim/v2/Users/@new-person", "", USERS, Need::Nothing),
    one("GET", "/scim/v2/Groups", "", GROUPS, Need::Nothing),
    one("POST", "/scim/v2/Groups", r#"{"displayName":"@text","members":[{"value":"@person"}]}"#, GROUPS, Need::Nothing),
    one("POST", "/scim/v2/Groups/.search", "{}", GROUPS, Need::Nothing),
    one("GET", "/scim/v2/Groups/@group", "", GROUPS, Need::Nothing),
    one("PUT", "/scim/v2/Groups/@group", r#"{"displayName":"@text"}"#, GROUPS, Need::Nothing),
    one(
        "PATCH",
        "/scim/v2/Groups/@group",
        r#"{"Operations":[{"op":"replace","path":"displayName","value":"@text"}]}"#,
        GROUPS,
        Need::Nothing,
    ),
    one("DELETE", "/scim/v2/Groups/@new-full", "", GROUPS, Need::Nothing),
    one("GET", "/scim/v2/Roles", "", ROLES, Need::Nothing),
    one(
        "POST",
        "/scim/v2/Roles",
        r#"{"name":"@text","entitlements":[{"value":"TMC_OPERATOR"}]}"#,
        ROLES,
        Need::Nothing,
    ),
    one("POST", "/scim/v2/Roles/.search", "{}", ROLES, Need::Nothing),
    one("GET", "/scim/v2/Roles/@role", "", ROLES, Need::Nothing),
    one(
        "PUT",
        "/scim/v2/Roles/@role",
        r#"{"name":"@text","entitlements":[{"value":"TMC_ENGINE_USE"}]}"#,
        ROLES,
        Need::Nothing,
    ),
    one(
        "PATCH",
        "/scim/v2/Roles/@role",
        r#"{"Operations":[{"op":"replace","path":"name","value":"@text"}]}"#,
        ROLES,
        Need::Nothing,
    ),
    one("DELETE", "/scim/v2/Roles/@new-role", "", ROLES, Need::Nothing),
];
