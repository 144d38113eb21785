//! Users, groups, roles, and whoever asks. Instants of users, groups and roles end in `+00:00` (source: client).

use super::body;
use serde::Serialize;
use stoker_domain::time::to_text;
use stoker_service::groups::GroupView;
use stoker_service::people::{Me, PersonView};
use stoker_service::rows::Role;

/// `2026-02-03T09:27:20.412+00:00` (source: client).
fn with_offset(ms: i64) -> String {
    to_text(ms).replace('Z', "+00:00")
}

body!(
    /// A role within a user (source: client).
    RoleInfo {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// Permission ids.
        permissions: Vec<String>,
    }
);

impl From<&Role> for RoleInfo {
    fn from(role: &Role) -> Self {
        Self { id: role.id.to_string(), name: role.name.clone(), permissions: role.permissions.0.clone() }
    }
}

body!(
    /// `UserResponse` (source: spec for the plain fields and `roleIds`, client for the rest).
    UserBody {
        /// Its id.
        id: String,
        /// What one signs in with.
        login: String,
        /// First name.
        first_name: String,
        /// Last name.
        last_name: String,
        /// First and last name.
        name: String,
        /// Mail address.
        email: String,
        /// Phone number.
        #[serde(skip_serializing_if = "Option::is_none")]
        phone: Option<String>,
        /// How it is addressed.
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// Language.
        preferred_language: String,
        /// IANA time zone.
        timezone: String,
        /// Whether it may get in.
        active: bool,
        /// Ids of its roles.
        role_ids: Vec<String>,
        /// Its roles.
        roles: Vec<RoleInfo>,
        /// The account.
        account_id: String,
        /// Applications it uses.
        applications: Vec<String>,
        /// When it last changed.
        last_modified: String,
    }
);

fn whole_name(first: &str, last: &str) -> String {
    format!("{first} {last}").trim().to_owned()
}

impl UserBody {
    /// A user of this account.
    pub fn of(view: PersonView, account: &str) -> Self {
        let PersonView { person, roles } = view;
        Self {
            id: person.id.to_string(),
            name: whole_name(&person.first_name, &person.last_name),
            login: person.login,
            first_name: person.first_name,
            last_name: person.last_name,
            email: person.email,
            phone: person.phone,
            title: person.title,
            preferred_language: person.preferred_language,
            timezone: person.timezone,
            active: person.active,
            role_ids: roles.iter().map(|role| role.id.to_string()).collect(),
            roles: roles.iter().map(RoleInfo::from).collect(),
            account_id: account.to_owned(),
            applications: person.applications.0,
            last_modified: with_offset(person.modified_ms.max(person.created_ms)),
        }
    }
}

body!(
    /// `Group` (source: spec; `id` and `lastModified` client).
    GroupBody {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// Ids of its members.
        user_ids: Vec<String>,
        /// When it last changed.
        last_modified: String,
    }
);

impl From<GroupView> for GroupBody {
    fn from(view: GroupView) -> Self {
        Self {
            id: view.group.id.to_string(),
            name: view.group.name,
            user_ids: view.members.iter().map(ToString::to_string).collect(),
            last_modified: with_offset(view.group.modified_ms),
        }
    }
}

body!(
    /// Times of a role (source: client).
    RoleMeta {
        /// When it was made.
        created: String,
        /// When it last changed.
        last_modified: String,
    }
);

body!(
    /// `Role` (source: spec; `id` and `meta` client).
    RoleBody {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// Permission ids.
        permissions: Vec<String>,
        /// Its times.
        meta: RoleMeta,
    }
);

impl From<Role> for RoleBody {
    fn from(role: Role) -> Self {
        Self {
            id: role.id.to_string(),
            name: role.name,
            permissions: role.permissions.0,
            meta: RoleMeta { created: with_offset(role.created_ms), last_modified: with_offset(role.modified_ms) },
        }
    }
}

body!(
    /// `MeResponse` (source: spec).
    MeBody {
        /// `USER` or `SERVICE_ACCOUNT`.
        r#type: &'static str,
        /// Id of the principal.
        id: String,
        /// Its name.
        name: String,
        /// When it was made.
        created_date: String,
        /// When it last changed.
        last_modified: String,
        /// Users only: what one signs in with.
        #[serde(skip_serializing_if = "Option::is_none")]
        login: Option<String>,
        /// Users only.
        #[serde(skip_serializing_if = "Option::is_none")]
        first_name: Option<String>,
        /// Users only.
        #[serde(skip_serializing_if = "Option::is_none")]
        last_name: Option<String>,
        /// Users only.
        #[serde(skip_serializing_if = "Option::is_none")]
        email: Option<String>,
        /// Users only.
        #[serde(skip_serializing_if = "Option::is_none")]
        preferred_language: Option<String>,
        /// Users only.
        #[serde(skip_serializing_if = "Option::is_none")]
        timezone: Option<String>,
        /// Users only.
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// Users only.
        #[serde(skip_serializing_if = "Option::is_none")]
        phone: Option<String>,
        /// Users only: whether it may get in.
        #[serde(skip_serializing_if = "Option::is_none")]
        active: Option<bool>,
        /// Users only: its roles.
        #[serde(skip_serializing_if = "Option::is_none")]
        roles: Option<Vec<RoleBody>>,
        /// Users only: the account.
        #[serde(skip_serializing_if = "Option::is_none")]
        account_id: Option<String>,
        /// Users only.
        #[serde(skip_serializing_if = "Option::is_none")]
        applications: Option<Vec<String>>,
        /// Users only: when the password was last set.
        #[serde(skip_serializing_if = "Option::is_none")]
        last_set_password_date: Option<String>,
        /// Users only: last attempt to sign in.
        #[serde(skip_serializing_if = "Option::is_none")]
        last_login_attempt: Option<String>,
        /// Service accounts only: permission ids.
        #[serde(skip_serializing_if = "Option::is_none")]
        permissions: Option<Vec<String>>,
    }
);

impl MeBody {
    /// Whoever asks, of this account.
    pub fn of(me: Me, account: &str) -> Self {
        match me {
            Me::User(view) => Self::user(*view, account),
            Me::Service(row) => Self {
                r#type: "SERVICE_ACCOUNT",
                id: row.id.to_string(),
                name: row.name,
                created_date: to_text(row.created_ms),
                last_modified: to_text(row.modified_ms),
                permissions: Some(row.permissions.0),
                ..Self::empty()
            },
        }
    }

    fn user(view: PersonView, account: &str) -> Self {
        let PersonView { person, roles } = view;
        Self {
            r#type: "USER",
            id: person.id.to_string(),
            name: whole_name(&person.first_name, &person.last_name),
            created_date: with_offset(person.created_ms),
            last_modified: with_offset(person.modified_ms.max(person.created_ms)),
            login: Some(person.login),
            first_name: Some(person.first_name),
            last_name: Some(person.last_name),
            email: Some(person.email),
            preferred_language: Some(person.preferred_language),
            timezone: Some(person.timezone),
            title: person.title,
            phone: person.phone,
            active: Some(person.active),
            roles: Some(roles.into_iter().map(RoleBody::from).collect()),
            account_id: Some(account.to_owned()),
            applications: Some(person.applications.0),
            last_set_password_date: person.password_set_ms.map(with_offset),
            last_login_attempt: person.attempt_ms.map(with_offset),
            permissions: None,
        }
    }

    fn empty() -> Self {
        Self {
            r#type: "",
            id: String::new(),
            name: String::new(),
            created_date: String::new(),
            last_modified: String::new(),
            login: None,
            first_name: None,
            last_name: None,
            email: None,
            preferred_language: None,
            timezone: None,
            title: None,
            phone: None,
            active: None,
            roles: None,
            account_id: None,
            applications: None,
            last_set_password_date: None,
            last_login_attempt: None,
            permissions: None,
        }
    }
}
