//! `stoker workspaces`.

use super::App;
use crate::exit::Result;
use crate::names;
use stoker_client::NewWorkspace;

#[derive(clap::Subcommand)]
pub(crate) enum WorkspacesCommand {
    /// List the workspaces
    List {
        /// Only of this environment
        #[arg(long, value_name = "ENVIRONMENT")]
        environment: Option<String>,
        /// Only those that fit this FIQL expression, for example `name==Sales*`
        #[arg(long, value_name = "FIQL")]
        query: Option<String>,
    },
    /// Make a workspace and print its id
    Create {
        /// Name, unique in the environment
        name: String,
        /// The environment it belongs to
        #[arg(long, value_name = "ENVIRONMENT")]
        environment: String,
        /// Free text
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        /// Login of the owner; else it is you
        #[arg(long, value_name = "LOGIN")]
        owner: Option<String>,
    },
    /// Remove a workspace in which nothing is left
    Delete {
        /// The workspace
        workspace: String,
    },
}

pub(crate) async fn run(app: &App, command: WorkspacesCommand) -> Result<()> {
    let client = app.client()?;
    match command {
        WorkspacesCommand::List { environment, query } => {
            let mut all = client.workspaces(query.as_deref()).await?;
            if let Some(wanted) = environment {
                let environment = names::environment(&client, &wanted).await?;
                all.retain(|item| item.environment_id() == Some(environment.id.as_str()));
            }
            app.out.list(&all, "workspaces", &["ID", "NAME", "ENVIRONMENT", "TYPE", "OWNER"], |item| {
                let environment = item.environment_name().to_owned();
                let text = |value: &Option<String>| value.clone().unwrap_or_default();
                vec![item.id.clone(), item.name.clone(), environment, text(&item.kind), text(&item.owner)]
            })
        }
        WorkspacesCommand::Create { name, environment, description, owner } => {
            let environment_id = names::environment(&client, &environment).await?.id;
            let new = client.create_workspace(&NewWorkspace { name, environment_id, description, owner }).await?;
            app.out.created(&new.id, &new)
        }
        WorkspacesCommand::Delete { workspace } => {
            let found = names::workspace(&client, &workspace, None).await?;
            client.delete_workspace(&found.id).await?;
            app.out.note(&format!("removed workspace `{}`", names::place(&found)));
            Ok(())
        }
    }
}
