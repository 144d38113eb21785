//! Service accounts, tokens and workspace rights.

use crate::transport::segment;
use crate::{AccessToken, Client, ClientError, NewServiceAccount, ServiceAccount, WorkspaceRights};

const ACCOUNTS: &str = "TMC_SERVICE_ACCOUNT_MANAGEMENT";
const RIGHTS: &str = "TMC_ENVIRONMENT_MANAGEMENT or TMC_USER_MANAGEMENT";

/// Whose rights are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Principal<'a> {
    /// A user, by UUID.
    User(&'a str),
    /// A service account, by id.
    ServiceAccount(&'a str),
}

fn rights_path(workspace_id: &str, principal: Principal<'_>) -> String {
    let (family, id) = match principal {
        Principal::User(id) => ("users", id),
        Principal::ServiceAccount(id) => ("service-accounts", id),
    };
    format!("/security/workspaces/{}/{family}/{}/permissions", segment(workspace_id), segment(id))
}

/// Every method fails with [`ClientError`] when the server cannot be reached or refuses.
impl Client {
    /// All service accounts; without secrets.
    pub async fn service_accounts(&self) -> Result<Vec<ServiceAccount>, ClientError> {
        self.get("/account/service-accounts").needs(ACCOUNTS).read().await
    }

    /// Makes a service account; only this answer has its secret.
    pub async fn create_service_account(&self, new: &NewServiceAccount) -> Result<ServiceAccount, ClientError> {
        self.post("/account/service-accounts").needs(ACCOUNTS).json(new).read().await
    }

    /// Removes a service account.
    pub async fn delete_service_account(&self, id: &str) -> Result<(), ClientError> {
        self.delete(format!("/account/service-accounts/{}", segment(id))).needs(ACCOUNTS).done().await.map(drop)
    }

    /// Exchanges id and secret of a service account for a token. Does not use the client's own token.
    pub async fn oauth_token(&self, id: &str, secret: &str) -> Result<AccessToken, ClientError> {
        let anonymous = self.without_token();
        let body = serde_json::json!({"audience": self.base_url(), "grant_type": "client_credentials"});
        anonymous.post("/security/oauth/token").basic(id, secret).json(&body).read().await
    }

    /// The rights of a user or service account on a workspace; `None` when it has none.
    pub async fn workspace_rights(
        &self,
        workspace_id: &str,
        principal: Principal<'_>,
    ) -> Result<Option<WorkspaceRights>, ClientError> {
        match self.get(rights_path(workspace_id, principal)).needs(RIGHTS).read().await {
            Ok(rights) => Ok(Some(rights)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Gives rights such as `EXECUTE` where there are none; refused with 409 where there are some.
    pub async fn add_workspace_rights(
        &self,
        workspace_id: &str,
        principal: Principal<'_>,
        rights: &[String],
    ) -> Result<(), ClientError> {
        self.post(rights_path(workspace_id, principal)).needs(RIGHTS).json(&rights).done().await.map(drop)
    }

    /// Replaces the rights; refused with 404 where there are none.
    pub async fn replace_workspace_rights(
        &self,
        workspace_id: &str,
        principal: Principal<'_>,
        rights: &[String],
    ) -> Result<(), ClientError> {
        self.put(rights_path(workspace_id, principal)).needs(RIGHTS).json(&rights).done().await.map(drop)
    }

    /// Takes all rights away; refused with 404 where there are none.
    pub async fn remove_workspace_rights(
        &self,
        workspace_id: &str,
        principal: Principal<'_>,
    ) -> Result<(), ClientError> {
        self.delete(rights_path(workspace_id, principal)).needs(RIGHTS).done().await.map(drop)
    }
}
