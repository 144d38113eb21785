//! The first start: account, environment, workspace, user and token.

use crate::actor::Allowed;
use crate::app::Service;
use crate::error::Error;
use stoker_domain::ids::{AccountId, EnvironmentId, UserId, WorkspaceId};
use stoker_domain::runtime::WorkspaceType;
use stoker_domain::{Permission, PrincipalKind, Rights, ids};
use stoker_secrets::{password, token};
use stoker_store::accounts::{PersonalToken, User};
use stoker_store::db::{Json, Record};
use stoker_store::environments::Environment;
use stoker_store::settings;
use stoker_store::workspaces::{Grant, Workspace};

/// What the first start made; the secrets in it are shown this once.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bootstrap {
    /// URL of the server.
    pub url: String,
    /// The account.
    pub account_id: String,
    /// Environment `default`.
    pub environment_id: String,
    /// Workspace `Shared` in it.
    pub workspace_id: String,
    /// Login of the first user.
    pub login: String,
    /// Password of the first user.
    pub password: String,
    /// A personal access token of the first user.
    pub personal_access_token: String,
}

/// Name of the setting that marks a bootstrapped database.
pub const ACCOUNT: &str = "account_id";

/// A personal access token as clients know it: long, opaque, `eyJ` at the front (source: doc).
pub(crate) fn new_personal_token(random: &dyn stoker_domain::Random) -> String {
    format!("eyJ{}{}", token::random_secret(random), token::random_secret(random))
}

impl Service {
    /// Makes the first objects when there are none. What it is going to make is handed to `announce` before anything is
    /// stored, so that the secrets in it cannot be lost between the two. On a database that has them it only reads the
    /// account.
    pub async fn bootstrap(
        &self,
        announce: impl FnOnce(&Bootstrap) -> Result<(), Box<dyn std::error::Error + Send + Sync>>,
    ) -> Result<bool, Error> {
        let system = Allowed::system();
        if let Some(id) = self.read::<_, Error, _>(&system, |tx| Ok(settings::get(tx, ACCOUNT)?)).await? {
            self.set_account(AccountId::trusted(id));
            self.ensure_roles().await?;
            self.follow_settings().await?;
            return Ok(false);
        }
        let now = self.now();
        let random = self.random();
        let made = Bootstrap {
            url: self.public_url(),
            account_id: AccountId::generate(now, random).to_string(),
            environment_id: EnvironmentId::generate(now, random).to_string(),
            workspace_id: WorkspaceId::generate(now, random).to_string(),
            login: "admin".to_owned(),
            password: ids::alphanumeric(20, random),
            personal_access_token: new_personal_token(random),
        };
        let password_hash = password::hash(&made.password, random)?;
        let user_id = UserId::generate(now, random);
        let token_id = ids::alphanumeric(24, random);
        announce(&made).map_err(Error::internal)?;
        let rows = made.clone();
        self.write::<_, Error, _>(&system, move |tx| {
            settings::insert(tx, ACCOUNT, &rows.account_id)?;
            User {
                id: user_id.clone(),
                login: rows.login.clone(),
                password_hash: Some(password_hash),
                first_name: "Admin".to_owned(),
                last_name: String::new(),
                email: String::new(),
                permissions: Json(Permission::ALL.iter().map(|p| p.id().to_owned()).collect()),
                active: true,
                created_ms: now,
            }
            .insert(tx)?;
            PersonalToken {
                id: token_id,
                user_id: user_id.clone(),
                name: "bootstrap".to_owned(),
                hash: token::hash(&rows.personal_access_token),
                created_ms: now,
                expires_ms: None,
            }
            .insert(tx)?;
            let environment = EnvironmentId::trusted(rows.environment_id.clone());
            Environment {
                id: environment.clone(),
                name: "default".to_owned(),
                description: None,
                is_default: true,
                max_cloud_containers: 0,
                created_ms: now,
            }
            .insert(tx)?;
            let workspace = WorkspaceId::trusted(rows.workspace_id.clone());
            Workspace {
                id: workspace.clone(),
                environment_id: environment,
                name: "Shared".to_owned(),
                description: None,
                owner: rows.login.clone(),
                kind: WorkspaceType::Shared,
                protected_artifact_update: false,
                created_ms: now,
                updated_ms: now,
            }
            .insert(tx)?;
            Grant {
                principal_id: user_id.as_str().to_owned(),
                workspace_id: workspace,
                principal_kind: PrincipalKind::Human,
                rights: Rights::all(),
            }
            .insert(tx)?;
            Ok(())
        })
        .await?;
        self.set_account(AccountId::trusted(made.account_id.clone()));
        self.ensure_roles().await?;
        Ok(true)
    }
}
