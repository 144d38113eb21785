//! Users, groups and roles.

use crate::transport::segment;
use crate::{Client, ClientError, Group, Role, User, UserRequest};
use serde::de::DeserializeOwned;
use serde_json::json;

const USERS: &str = "TMC_USER_MANAGEMENT";
const GROUPS: &str = "TMC_GROUP_MANAGEMENT";
const ROLES: &str = "TMC_ROLE_MANAGEMENT";
/// Objects asked for at once; the most the contract allows.
const PAGE: usize = 100;
/// Most pages that are asked for, whatever the server sends.
const PAGES: usize = 10_000;

fn user(id: &str) -> String {
    format!("/account/users/{}", segment(id))
}

fn group(id: &str) -> String {
    format!("/account/groups/{}", segment(id))
}

fn role(id: &str) -> String {
    format!("/account/roles/{}", segment(id))
}

/// Every method fails with [`ClientError`] when the server cannot be reached or refuses.
impl Client {
    /// A list in pages by number, to its end.
    async fn all_pages<T: DeserializeOwned>(&self, path: &str, needs: &'static str) -> Result<Vec<T>, ClientError> {
        let mut all = Vec::new();
        for page in 1..=PAGES {
            let query = [("page", Some(page.to_string())), ("size", Some(PAGE.to_string()))];
            let next: Vec<T> = self.get(path).query(query).needs(needs).read().await?;
            let last = next.len() < PAGE;
            all.extend(next);
            if last {
                break;
            }
        }
        Ok(all)
    }

    /// All users by login.
    pub async fn users(&self) -> Result<Vec<User>, ClientError> {
        self.all_pages("/account/users", USERS).await
    }

    /// Makes a user. It cannot sign in before it has a password and a role.
    pub async fn create_user(&self, new: &UserRequest) -> Result<User, ClientError> {
        self.post("/account/users").needs(USERS).json(new).read().await
    }

    /// Replaces the fields of a user.
    pub async fn update_user(&self, id: &str, request: &UserRequest) -> Result<User, ClientError> {
        self.put(user(id)).needs(USERS).json(request).read().await
    }

    /// Removes a user with its tokens and rights.
    pub async fn delete_user(&self, id: &str) -> Result<(), ClientError> {
        self.delete(user(id)).needs(USERS).done().await.map(drop)
    }

    /// Gives a user another password and ends its sessions; a path of Stoker.
    pub async fn set_user_password(&self, id: &str, password: &str) -> Result<(), ClientError> {
        let path = format!("/stoker/v1/users/{}/password", segment(id));
        self.put(path).needs(USERS).json(&json!({ "newPassword": password })).done().await.map(drop)
    }

    /// Takes the second factor from a user that lost it; a path of Stoker.
    pub async fn remove_second_factor(&self, id: &str) -> Result<(), ClientError> {
        self.delete(format!("/stoker/v1/users/{}/totp", segment(id))).needs(USERS).done().await.map(drop)
    }

    /// Gives roles to a user; those it has stay.
    pub async fn give_roles(&self, id: &str, roles: &[String]) -> Result<(), ClientError> {
        self.post(format!("{}/roles", user(id))).needs(USERS).json(&roles).done().await.map(drop)
    }

    /// Takes a role from a user.
    pub async fn take_role(&self, id: &str, role: &str) -> Result<(), ClientError> {
        self.delete(format!("{}/roles/{}", user(id), segment(role))).needs(USERS).done().await.map(drop)
    }

    /// All groups by name.
    pub async fn groups(&self) -> Result<Vec<Group>, ClientError> {
        self.all_pages("/account/groups", GROUPS).await
    }

    /// Makes a group with these members.
    pub async fn create_group(&self, name: &str, user_ids: &[String]) -> Result<Group, ClientError> {
        self.post("/account/groups").needs(GROUPS).json(&json!({ "name": name, "userIds": user_ids })).read().await
    }

    /// Puts users into a group; those in it stay.
    pub async fn add_to_group(&self, id: &str, user_ids: &[String]) -> Result<(), ClientError> {
        self.post(format!("{}/users", group(id))).needs(GROUPS).json(&user_ids).done().await.map(drop)
    }

    /// Takes a user out of a group.
    pub async fn remove_from_group(&self, id: &str, user_id: &str) -> Result<(), ClientError> {
        self.delete(format!("{}/users/{}", group(id), segment(user_id))).needs(GROUPS).done().await.map(drop)
    }

    /// Removes a group; its members stay.
    pub async fn delete_group(&self, id: &str) -> Result<(), ClientError> {
        self.delete(group(id)).needs(GROUPS).done().await.map(drop)
    }

    /// All roles by name, the predefined ones among them.
    pub async fn roles(&self) -> Result<Vec<Role>, ClientError> {
        self.all_pages("/account/roles", ROLES).await
    }

    /// Makes a role of these permissions.
    pub async fn create_role(&self, name: &str, permissions: &[String]) -> Result<Role, ClientError> {
        let body = json!({ "name": name, "permissions": permissions });
        self.post("/account/roles").needs(ROLES).json(&body).read().await
    }

    /// Removes a role that nobody holds.
    pub async fn delete_role(&self, id: &str) -> Result<(), ClientError> {
        self.delete(role(id)).needs(ROLES).done().await.map(drop)
    }
}
