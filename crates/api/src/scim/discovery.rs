//! What this SCIM service can do, in documents that never change.

use super::resources::{GROUP, ROLE, USER};
use super::view::REQUIRED;
use serde_json::{Value, json};
use stoker_domain::Permission;

/// `ServiceProviderConfig`.
pub fn provider(base: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": 1000 },
        "changePassword": { "supported": true },
        "sort": { "supported": true },
        "etag": { "supported": false },
        "authenticationSchemes": [{
            "type": "oauthbearertoken", "name": "Bearer token",
            "description": "a personal access token, or the token of a service account", "primary": true,
        }],
        "meta": { "resourceType": "ServiceProviderConfig", "location": format!("{base}/scim/v2/ServiceProviderConfig") },
    })
}

fn resource_type(base: &str, name: &str, schema: &str, description: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": name, "name": name, "endpoint": format!("/{name}s"), "description": description, "schema": schema,
        "meta": { "resourceType": "ResourceType", "location": format!("{base}/scim/v2/ResourceTypes/{name}") },
    })
}

/// The types of resources.
pub fn resource_types(base: &str) -> Vec<Value> {
    vec![
        resource_type(base, "User", USER, "a person"),
        resource_type(base, "Group", GROUP, "a group of users"),
        resource_type(base, "Role", ROLE, "a name for a set of permissions"),
    ]
}

/// Values that a client may offer for an attribute; others of the same form are taken too, unless it is a permission.
fn suggested(list: &str, name: &str) -> Option<Value> {
    Some(match (list, name) {
        ("entitlements", "value") => Permission::ALL.iter().map(|permission| permission.id()).collect(),
        ("emails" | "phoneNumbers", "type") => json!(["work"]),
        ("", "preferredLanguage") => json!(["en", "fr", "ja", "de"]),
        ("", "timezone") => json!(["UTC", "America/New_York", "Asia/Tokyo", "Europe/Berlin", "Europe/Paris"]),
        _ => return None,
    })
}

/// One attribute of a resource, or of the attribute `list`: name, type, and letters: `r` required, `m` many, `o` read only,
/// `w` write only, `i` cannot be changed, `a` always in answers, `e` the case counts.
fn attribute(list: &str, name: &str, kind: &str, letters: &str) -> Value {
    let has = |letter: char| letters.contains(letter);
    let mut attribute = json!({
        "name": name, "type": kind, "multiValued": has('m'), "required": has('r'), "caseExact": has('e'),
        "mutability": match () {
            () if has('o') => "readOnly",
            () if has('w') => "writeOnly",
            () if has('i') => "immutable",
            () => "readWrite",
        },
        "returned": if has('w') { "never" } else if has('a') { "always" } else { "default" },
        "uniqueness": if ["userName", "displayName"].contains(&name) { "server" } else { "none" },
    });
    if let Some(values) = suggested(list, name) {
        attribute["canonicalValues"] = values;
    }
    if kind == "reference" {
        attribute["referenceTypes"] = json!([if list == "groups" { "Group" } else { "User" }]);
    }
    if kind == "complex" {
        let parts: &[(&str, &str, &str)] = match name {
            "name" => &[("givenName", "string", "r"), ("familyName", "string", "r"), ("formatted", "string", "o")],
            "emails" | "phoneNumbers" => {
                &[("value", "string", "r"), ("type", "string", ""), ("primary", "boolean", "o")]
            }
            "members" => &[("value", "string", "r"), ("$ref", "reference", "")],
            "groups" => &[("value", "string", "o"), ("$ref", "reference", "o"), ("display", "string", "o")],
            _ => &[("value", "string", "r"), ("display", "string", "o")],
        };
        let part = |(part, kind, letters): &(&str, &str, &str)| self::attribute(name, part, kind, letters);
        attribute["subAttributes"] = parts.iter().map(part).collect();
    }
    attribute
}

fn schema(base: &str, id: &str, name: &str, attributes: &[(&str, &str, &str)]) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"], "id": id, "name": name,
        "attributes": attributes.iter().map(|(name, kind, letters)| {
            let always = REQUIRED.iter().any(|(schema, names)| *schema == id && names.contains(name));
            attribute("", name, kind, &format!("{letters}{}", if always { "a" } else { "" }))
        }).collect::<Vec<_>>(),
        "meta": { "resourceType": "Schema", "location": format!("{base}/scim/v2/Schemas/{id}") },
    })
}

/// The schemas.
pub fn schemas(base: &str) -> Vec<Value> {
    vec![
        schema(
            base,
            USER,
            "User",
            &[
                ("userName", "string", "ri"),
                ("externalId", "string", "e"),
                ("name", "complex", "r"),
                ("emails", "complex", "mr"),
                ("phoneNumbers", "complex", "m"),
                ("active", "boolean", ""),
                ("password", "string", "w"),
                ("title", "string", ""),
                ("preferredLanguage", "string", ""),
                ("timezone", "string", ""),
                ("roles", "complex", "m"),
                ("groups", "complex", "mo"),
            ],
        ),
        schema(
            base,
            GROUP,
            "Group",
            &[("displayName", "string", "r"), ("externalId", "string", "e"), ("members", "complex", "m")],
        ),
        schema(
            base,
            ROLE,
            "Role",
            &[("name", "string", "r"), ("externalId", "string", "e"), ("entitlements", "complex", "mr")],
        ),
    ]
}
