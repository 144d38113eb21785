//! What this SCIM service can do, in documents that never change.

use super::resources::{GROUP, ROLE, USER};
use serde_json::{Value, json};

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

/// One attribute: name, type, and letters: `r` required, `m` many, `o` read only, `w` write only.
fn attribute(name: &str, kind: &str, letters: &str) -> Value {
    let has = |letter: char| letters.contains(letter);
    let mut attribute = json!({
        "name": name, "type": kind, "multiValued": has('m'), "required": has('r'), "caseExact": false,
        "mutability": if has('o') { "readOnly" } else if has('w') { "writeOnly" } else { "readWrite" },
        "returned": if has('w') { "never" } else { "default" },
        "uniqueness": if ["userName", "displayName"].contains(&name) { "server" } else { "none" },
    });
    if kind == "complex" {
        let parts: &[&str] = match name {
            "name" => &["givenName", "familyName", "formatted"],
            "emails" | "phoneNumbers" => &["value", "type", "primary"],
            _ => &["value", "display"],
        };
        let parts: Vec<Value> = parts
            .iter()
            .map(|part| self::attribute(part, if *part == "primary" { "boolean" } else { "string" }, ""))
            .collect();
        attribute["subAttributes"] = Value::Array(parts);
    }
    attribute
}

fn schema(base: &str, id: &str, name: &str, attributes: &[(&str, &str, &str)]) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"], "id": id, "name": name,
        "attributes": attributes.iter().map(|(name, kind, letters)| attribute(name, kind, letters)).collect::<Vec<_>>(),
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
                ("userName", "string", "r"),
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
        schema(base, GROUP, "Group", &[("displayName", "string", "r"), ("members", "complex", "m")]),
        schema(base, ROLE, "Role", &[("name", "string", "r"), ("entitlements", "complex", "mr")]),
    ]
}
