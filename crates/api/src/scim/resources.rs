//! The documents: users, groups, roles, and what is read from them.

use super::reached;
use serde_json::{Value, json};
use stoker_domain::ids::{GroupId, RoleId, UserId};
use stoker_domain::time::to_text;
use stoker_service::Error;
use stoker_service::groups::GroupView;
use stoker_service::people::{PersonRequest, PersonView};
use stoker_service::rows::Role;

/// Schema of users.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// Schema of groups.
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// Schema of roles; the published text has none, this one follows the others (source: inferred).
pub const ROLE: &str = "urn:ietf:params:scim:schemas:core:2.0:Role";

/// Languages a user may have beside `unsupported`.
const LANGUAGES: &[&str] = &["en", "fr", "ja", "de"];

fn meta(base: &str, kind: &str, id: &str, created_ms: i64, modified_ms: i64) -> Value {
    json!({
        "resourceType": kind, "created": to_text(created_ms), "lastModified": to_text(modified_ms.max(created_ms)),
        "location": format!("{base}/scim/v2/{kind}s/{id}"),
    })
}

/// A user, with the groups it is in by id and name.
pub fn user(base: &str, view: &PersonView, groups: &[(GroupId, String)]) -> Value {
    let person = &view.person;
    let roles: Vec<Value> =
        view.roles.iter().map(|role| json!({ "value": role.id.as_str(), "display": role.name })).collect();
    let groups: Vec<Value> = groups
        .iter()
        .map(|(id, name)| json!({ "value": id.as_str(), "display": name, "$ref": format!("{base}/scim/v2/Groups/{id}") }))
        .collect();
    let mut body = json!({
        "schemas": [USER], "id": person.id.as_str(), "userName": person.login, "active": person.active,
        "name": {
            "givenName": person.first_name, "familyName": person.last_name,
            "formatted": format!("{} {}", person.first_name, person.last_name).trim(),
        },
        "preferredLanguage": person.preferred_language, "timezone": person.timezone, "roles": roles, "groups": groups,
        "meta": meta(base, "User", person.id.as_str(), person.created_ms, person.modified_ms),
    });
    if !person.email.is_empty() {
        body["emails"] = json!([{ "value": person.email, "type": "work", "primary": true }]);
    }
    if let Some(phone) = &person.phone {
        body["phoneNumbers"] = json!([{ "value": phone, "type": "work" }]);
    }
    if let Some(title) = &person.title {
        body["title"] = json!(title);
    }
    named(body, person.external_id.as_deref())
}

/// The document with what the directory calls it, if it calls it anything.
fn named(mut body: Value, external: Option<&str>) -> Value {
    if let Some(external) = external {
        body["externalId"] = json!(external);
    }
    body
}

/// A group with its members.
pub fn group(base: &str, view: &GroupView) -> Value {
    let member = |id: &UserId| json!({ "value": id.as_str(), "$ref": format!("{base}/scim/v2/Users/{id}") });
    let group = &view.group;
    let body = json!({
        "schemas": [GROUP], "id": group.id.as_str(), "displayName": group.name,
        "members": view.members.iter().map(member).collect::<Vec<_>>(),
        "meta": meta(base, "Group", group.id.as_str(), group.created_ms, group.modified_ms),
    });
    named(body, group.external_id.as_deref())
}

/// A role with its permissions.
pub fn role(base: &str, role: &Role) -> Value {
    let entitlements: Vec<Value> = role.permissions.0.iter().map(|id| json!({ "value": id, "display": id })).collect();
    let body = json!({
        "schemas": [ROLE], "id": role.id.as_str(), "name": role.name, "entitlements": entitlements,
        "meta": meta(base, "Role", role.id.as_str(), role.created_ms, role.modified_ms),
    });
    named(body, role.external_id.as_deref())
}

fn at<'a>(document: &'a Value, path: &[&str]) -> Option<&'a Value> {
    let path: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
    reached(document, &path).into_iter().find(|value| !value.is_null())
}

fn text(document: &Value, path: &[&str]) -> Result<Option<String>, Error> {
    match at(document, path) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Error::invalid(format!("{}: must be a text", path.join(".")))),
    }
}

fn needed(document: &Value, path: &[&str]) -> Result<String, Error> {
    text(document, path)?.ok_or_else(|| Error::invalid(format!("{}: is missing", path.join("."))))
}

/// The values of a list attribute; none when it is left out.
fn values(document: &Value, name: &str) -> Result<Option<Vec<String>>, Error> {
    let found = document.as_object().and_then(|object| object.get(super::key_of(object, name)?));
    let wrong = || Error::invalid(format!("{name}: must be a list of objects with a value"));
    match found {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(items)) => {
            let value = |item: &Value| item.get("value").unwrap_or(item).as_str().map(str::to_owned);
            items.iter().map(|item| value(item).ok_or_else(wrong)).collect::<Result<_, _>>().map(Some)
        }
        Some(_) => Err(wrong()),
    }
}

/// The element of a list that counts: the primary one, else the one of this type, else the first.
fn chosen(document: &Value, name: &str, kind: Option<&str>) -> Result<Option<String>, Error> {
    values(document, name)?;
    let Some(Value::Array(items)) = at_list(document, name) else { return Ok(None) };
    let primary = items.iter().find(|item| item["primary"] == Value::Bool(true));
    let of_kind = || items.iter().find(|item| kind.is_some() && item["type"].as_str() == kind);
    let item = primary.or_else(of_kind).or_else(|| items.first());
    Ok(item.and_then(|item| item.get("value").unwrap_or(item).as_str()).map(str::to_owned))
}

fn at_list<'a>(document: &'a Value, name: &str) -> Option<&'a Value> {
    let object = document.as_object()?;
    object.get(super::key_of(object, name)?)
}

/// What a document of a user asks for. The password is not read here.
pub fn read_user(document: &Value) -> Result<PersonRequest, Error> {
    let active = match at(document, &["active"]) {
        None => None,
        Some(Value::Bool(active)) => Some(*active),
        // One client sends texts (source: client).
        Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Some(true),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Some(false),
        Some(_) => return Err(Error::invalid("active: must be true or false")),
    };
    let language = text(document, &["preferredLanguage"])?.map(|tag| {
        let first = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        if LANGUAGES.contains(&first.as_str()) { first } else { "unsupported".to_owned() }
    });
    let email = chosen(document, "emails", Some("work"))?;
    Ok(PersonRequest {
        login: needed(document, &["userName"])?,
        email: email.ok_or_else(|| Error::invalid("emails: a mail address is needed"))?,
        first_name: needed(document, &["name", "givenName"])?,
        last_name: needed(document, &["name", "familyName"])?,
        active,
        phone: chosen(document, "phoneNumbers", Some("work"))?,
        preferred_language: language,
        role_ids: values(document, "roles")?,
        timezone: text(document, &["timezone"])?,
        title: text(document, &["title"])?,
        applications: None,
        password_hash: None,
        external_id: Some(external(document)?),
    })
}

/// The password in a document of a user.
pub fn password(document: &Value) -> Result<Option<String>, Error> {
    text(document, &["password"])
}

/// What the directory calls it.
fn external(document: &Value) -> Result<Option<String>, Error> {
    text(document, &["externalId"])
}

/// What a document of a group asks for: name, members, and what the directory calls it.
pub fn read_group(document: &Value) -> Result<(String, Vec<String>, Option<String>), Error> {
    let members = values(document, "members")?.unwrap_or_default();
    Ok((needed(document, &["displayName"])?, members, external(document)?))
}

/// What a document of a role asks for: name, permissions, and what the directory calls it.
pub type RoleWish = (String, Option<Vec<String>>, Option<String>);

/// Reads it.
pub fn read_role(document: &Value) -> Result<RoleWish, Error> {
    let permissions = values(document, "entitlements")?;
    let permissions = permissions.ok_or_else(|| Error::invalid("entitlements: is missing"))?;
    Ok((needed(document, &["name"])?, Some(permissions), external(document)?))
}

/// Ids of the path.
pub fn user_id(text: &str) -> Result<UserId, Error> {
    UserId::parse(text).map_err(Error::from)
}

/// The same for groups.
pub fn group_id(text: &str) -> Result<GroupId, Error> {
    GroupId::parse(text).map_err(Error::from)
}

/// The same for roles.
pub fn role_id(text: &str) -> Result<RoleId, Error> {
    RoleId::parse(text).map_err(Error::from)
}
