//! Users, groups and roles.

use super::Extra;
use serde::{Deserialize, Serialize};

/// A person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// UUID.
    pub id: String,
    /// What one signs in with; never changes.
    pub login: String,
    /// First name.
    #[serde(default)]
    pub first_name: String,
    /// Last name.
    #[serde(default)]
    pub last_name: String,
    /// Mail address.
    #[serde(default)]
    pub email: String,
    /// Whether it may get in.
    #[serde(default)]
    pub active: bool,
    /// Its roles (source: client).
    #[serde(default)]
    pub roles: Vec<Role>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Asks for a new user, or says what one shall be: a change replaces all fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserRequest {
    /// What one signs in with, without blanks and slashes.
    pub login: String,
    /// Mail address.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Whether it may get in; kept, or yes for a new one, when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// Ids of its roles; kept when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_ids: Option<Vec<String>>,
    /// Phone number; removed when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// How it is addressed; removed when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

impl From<&User> for UserRequest {
    /// The request that changes nothing.
    fn from(user: &User) -> Self {
        let text = |name: &str| user.extra.get(name).and_then(|value| value.as_str()).map(str::to_owned);
        Self {
            login: user.login.clone(),
            email: user.email.clone(),
            first_name: user.first_name.clone(),
            last_name: user.last_name.clone(),
            active: None,
            role_ids: None,
            phone: text("phone"),
            title: text("title"),
        }
    }
}

/// A group of users.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// Its id (source: client).
    pub id: String,
    /// Name, unique in the account.
    pub name: String,
    /// Ids of its members.
    #[serde(default)]
    pub user_ids: Vec<String>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A role: a name for permissions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Role {
    /// UUID.
    pub id: String,
    /// Name, unique in the account.
    pub name: String,
    /// Ids such as `TMC_OPERATOR`.
    #[serde(default)]
    pub permissions: Vec<String>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_change_keeps_what_it_does_not_name() {
        let user: User = serde_json::from_value(json!({
            "id": "1", "login": "ada", "firstName": "Ada", "lastName": "Byron", "email": "a@b", "active": true,
            "roles": [], "phone": "1", "timezone": "Europe/Paris",
        }))
        .unwrap();
        let change = serde_json::to_value(UserRequest { active: Some(false), ..UserRequest::from(&user) }).unwrap();
        let wanted = json!({ "login": "ada", "firstName": "Ada", "lastName": "Byron", "email": "a@b", "active": false, "phone": "1" });
        assert_eq!(change, wanted);
    }
}
