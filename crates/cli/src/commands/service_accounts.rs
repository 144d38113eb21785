//! `stoker service-accounts`.

use super::App;
use crate::exit::Result;
use crate::{names, times};
use stoker_client::{Client, NewServiceAccount, Principal};

#[derive(clap::Subcommand)]
pub(crate) enum ServiceAccountsCommand {
    /// List the service accounts
    List,
    /// Make a service account and print its id and secret; the secret is never shown again
    Create {
        /// Name
        name: String,
        /// Permission, for example TMC_ENGINE_USE; may be given several times
        #[arg(long = "permission", value_name = "PERMISSION", required = true)]
        permissions: Vec<String>,
    },
    /// Remove a service account
    Delete {
        /// The service account
        account: String,
    },
    /// Give a service account rights on a workspace; those it has stay
    Grant {
        /// The service account
        account: String,
        /// The workspace
        #[arg(long, value_name = "WORKSPACE")]
        workspace: String,
        /// The right; may be given several times
        #[arg(long = "right", value_name = "RIGHT", required = true, value_enum, ignore_case = true)]
        rights: Vec<Right>,
    },
}

/// A right on a workspace (source: spec).
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Right {
    Author,
    Execute,
    View,
    Manage,
    Publish,
}

impl Right {
    fn id(self) -> &'static str {
        match self {
            Right::Author => "AUTHOR",
            Right::Execute => "EXECUTE",
            Right::View => "VIEW",
            Right::Manage => "MANAGE",
            Right::Publish => "PUBLISH",
        }
    }
}

pub(crate) async fn run(app: &App, command: ServiceAccountsCommand) -> Result<()> {
    let client = app.client()?;
    match command {
        ServiceAccountsCommand::List => {
            let all = client.service_accounts().await?;
            app.out.list(&all, "service accounts", &["ID", "NAME", "PERMISSIONS", "LAST USED"], |item| {
                let used = times::local(item.last_used_date.as_deref(), &app.around.zone);
                vec![item.id.clone(), item.name.clone(), item.permissions.join(" "), used]
            })
        }
        ServiceAccountsCommand::Create { name, permissions } => {
            let account = client.create_service_account(&NewServiceAccount { name, permissions }).await?;
            let secret = account.secret.clone().unwrap_or_default();
            app.out.record(&account, &[("id", account.id.clone()), ("secret", secret)])?;
            app.out.note("keep the secret now: it is never shown again");
            Ok(())
        }
        ServiceAccountsCommand::Delete { account } => {
            let account = names::service_account(&client, &account).await?;
            client.delete_service_account(&account.id).await?;
            app.out.note(&format!("removed service account `{}`", account.name));
            Ok(())
        }
        ServiceAccountsCommand::Grant { account, workspace, rights } => {
            let rights: Vec<_> = rights.into_iter().map(Right::id).collect();
            grant(app, &client, &account, &workspace, &rights).await
        }
    }
}

async fn grant(app: &App, client: &Client, account: &str, workspace: &str, rights: &[&str]) -> Result<()> {
    let account = names::service_account(client, account).await?;
    let workspace = names::workspace(client, workspace, None).await?;
    let principal = Principal::ServiceAccount(&account.id);
    let old = client.workspace_rights(&workspace.id, principal).await?;
    let all = union(old.as_ref().map_or(&[], |old| &old.permissions), rights);
    match old {
        Some(_) => client.replace_workspace_rights(&workspace.id, principal, &all).await?,
        None => client.add_workspace_rights(&workspace.id, principal, &all).await?,
    }
    let place = names::place(&workspace);
    app.out.note(&format!("service account `{}` has {} on {place}", account.name, all.join(", ")));
    if app.out.wants_json() {
        return app.out.json(&client.workspace_rights(&workspace.id, principal).await?);
    }
    Ok(())
}

/// The old rights and those of the new ones that are not among them.
fn union(old: &[String], new: &[&str]) -> Vec<String> {
    let mut all = old.to_vec();
    for right in new {
        if !all.iter().any(|have| have == right) {
            all.push((*right).to_owned());
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_adds_and_never_takes() {
        let old = ["VIEW".to_owned(), "SOMETHING_NEW".to_owned()];
        assert_eq!(union(&old, &["EXECUTE", "VIEW", "EXECUTE"]), ["VIEW", "SOMETHING_NEW", "EXECUTE"]);
    }
}
