//! Routes of users, groups, roles, security administration, and personal tokens.

use super::{List, Support};
use crate::handlers::{accounts, audit, audit_search, people, preferences, scim, security, tokens};

/// The published ones.
pub(super) fn fill(list: &mut List) {
    fill_people(list);
    fill_security(list);
    fill_scim(list);
}

/// Our own.
pub(super) fn fill_own(list: &mut List) {
    list.own("GET", "/stoker/v1/me/tokens", tokens::list);
    list.own("POST", "/stoker/v1/me/tokens", tokens::create);
    list.own("PATCH", "/stoker/v1/me/tokens/{id}", tokens::rename);
    list.own("DELETE", "/stoker/v1/me/tokens/{id}", tokens::revoke);
    list.own("PUT", "/stoker/v1/me/password", tokens::change_password);
    list.own("GET", "/stoker/v1/preferences", preferences::get);
    list.own("PUT", "/stoker/v1/preferences", preferences::put);
    list.own("GET", "/stoker/v1/users/{id}/tokens", tokens::of_user);
    list.own("DELETE", "/stoker/v1/users/{id}/tokens/{tokenId}", tokens::revoke_of_user);
    list.own("PUT", "/stoker/v1/users/{id}/password", tokens::set_password);
    list.own("POST", "/stoker/v1/service-accounts/{id}/secret", accounts::renew);
    list.own("GET", "/stoker/v1/audit-events", audit_search::list);
    list.own("GET", "/stoker/v1/audit-events/{id}", audit_search::get);
}

fn fill_people(list: &mut List) {
    use Support::{Complete, Partial};
    let users = "/account/users";
    let user = "/account/users/{id}";
    let mail = Partial("no invitation is mailed: an administrator sets the first password");
    list.newer("GET", users, Complete, people::list);
    list.newer("POST", users, mail, people::create);
    list.newer("GET", user, Complete, people::get);
    list.newer("PUT", user, Complete, people::update);
    list.newer("DELETE", user, Complete, people::delete);
    list.newer("GET", "/account/users/{id}/groups", Complete, people::groups_of);
    list.newer("POST", "/account/users/{id}/groups", Complete, people::join);
    list.newer("DELETE", "/account/users/{id}/groups/{groupId}", Complete, people::leave);
    list.newer("GET", "/account/users/{id}/roles", Complete, people::roles_of);
    list.newer("POST", "/account/users/{id}/roles", Complete, people::give_roles);
    list.newer("DELETE", "/account/users/{id}/roles/{roleId}", Complete, people::take_role);
    list.newer("GET", "/account/groups", Complete, people::groups::list);
    list.newer("POST", "/account/groups", Complete, people::groups::create);
    list.newer("GET", "/account/groups/{id}", Complete, people::groups::get);
    list.newer("PATCH", "/account/groups/{id}", Complete, people::groups::rename);
    list.newer("DELETE", "/account/groups/{id}", Complete, people::groups::delete);
    list.newer("GET", "/account/groups/{id}/users", Complete, people::groups::users);
    list.newer("POST", "/account/groups/{id}/users", Complete, people::groups::add);
    list.newer("DELETE", "/account/groups/{id}/users/{userId}", Complete, people::groups::remove);
    list.newer("GET", "/account/roles", Complete, people::roles::list);
    list.newer("POST", "/account/roles", Complete, people::roles::create);
    list.newer("GET", "/account/roles/{id}", Complete, people::roles::get);
    list.newer("PUT", "/account/roles/{id}", Complete, people::roles::update);
    list.newer("DELETE", "/account/roles/{id}", Complete, people::roles::delete);
    list.newer("GET", "/account/roles/{id}/users", Complete, people::roles::users);
    list.newer("POST", "/account/roles/{id}/users", Complete, people::roles::give);
    list.newer("DELETE", "/account/roles/{id}/users/{userId}", Complete, people::roles::take);
    list.newer("GET", "/account/me", Complete, people::me);
}

fn fill_security(list: &mut List) {
    use Support::Complete;
    list.both("GET", "/account/subscription", "/subscription", Complete, security::subscription);
    let list_path = "/security/ip-allowlist";
    let entries = "/security/ip-allowlist/ips";
    let entry = "/security/ip-allowlist/ips/{ipEntryId}";
    list.newer("GET", list_path, Complete, security::allowlist);
    list.newer("POST", list_path, Complete, security::create_allowlist);
    list.newer("PUT", list_path, Complete, security::replace_allowlist);
    list.newer("PATCH", list_path, Complete, security::switch_allowlist);
    list.newer("DELETE", list_path, Complete, security::delete_allowlist);
    list.newer("GET", entries, Complete, security::entries);
    list.newer("POST", entries, Complete, security::add_entries);
    list.newer("PUT", entries, Complete, security::change_entries);
    list.newer("GET", entry, Complete, security::entry);
    list.newer("PUT", entry, Complete, security::change_entry);
    list.newer("DELETE", entry, Complete, security::delete_entry);
    let mappings = "/security/role-mappings";
    let mapping = "/security/role-mappings/{customerRoleName}";
    list.newer("GET", mappings, Complete, security::mappings);
    list.newer("POST", mappings, Complete, security::replace_mappings);
    list.newer("DELETE", mappings, Complete, security::delete_mappings);
    list.newer("GET", mapping, Complete, security::mapping);
    list.newer("DELETE", mapping, Complete, security::delete_mapping);
    list.newer("GET", "/security/audit/logs", Complete, audit::list);
}

fn fill_scim(list: &mut List) {
    use Support::Complete;
    list.newer("GET", "/scim/v2/ServiceProviderConfig", Complete, scim::provider);
    list.newer("GET", "/scim/v2/Schemas", Complete, scim::schemas);
    list.newer("GET", "/scim/v2/Schemas/{id}", Complete, scim::schema);
    list.newer("GET", "/scim/v2/ResourceTypes", Complete, scim::resource_types);
    list.newer("GET", "/scim/v2/ResourceTypes/{id}", Complete, scim::resource_type);
    list.newer("GET", "/scim/v2/Users", Complete, scim::users::list);
    list.newer("POST", "/scim/v2/Users", Complete, scim::users::create);
    list.newer("POST", "/scim/v2/Users/.search", Complete, scim::users::search);
    list.newer("GET", "/scim/v2/Users/{id}", Complete, scim::users::get);
    list.newer("PUT", "/scim/v2/Users/{id}", Complete, scim::users::replace);
    list.newer("PATCH", "/scim/v2/Users/{id}", Complete, scim::users::patch);
    list.newer("DELETE", "/scim/v2/Users/{id}", Complete, scim::users::delete);
    list.newer("GET", "/scim/v2/Groups", Complete, scim::groups::list);
    list.newer("POST", "/scim/v2/Groups", Complete, scim::groups::create);
    list.newer("POST", "/scim/v2/Groups/.search", Complete, scim::groups::search);
    list.newer("GET", "/scim/v2/Groups/{id}", Complete, scim::groups::get);
    list.newer("PUT", "/scim/v2/Groups/{id}", Complete, scim::groups::replace);
    list.newer("PATCH", "/scim/v2/Groups/{id}", Complete, scim::groups::patch);
    list.newer("DELETE", "/scim/v2/Groups/{id}", Complete, scim::groups::delete);
    list.newer("GET", "/scim/v2/Roles", Complete, scim::roles::list);
    list.newer("POST", "/scim/v2/Roles", Complete, scim::roles::create);
    list.newer("POST", "/scim/v2/Roles/.search", Complete, scim::roles::search);
    list.newer("GET", "/scim/v2/Roles/{id}", Complete, scim::roles::get);
    list.newer("PUT", "/scim/v2/Roles/{id}", Complete, scim::roles::replace);
    list.newer("PATCH", "/scim/v2/Roles/{id}", Complete, scim::roles::patch);
    list.newer("DELETE", "/scim/v2/Roles/{id}", Complete, scim::roles::delete);
}
