//! `stoker environments`.

use super::{App, yes};
use crate::exit::Result;
use crate::names;
use stoker_client::NewEnvironment;

#[derive(clap::Subcommand)]
pub(crate) enum EnvironmentsCommand {
    /// List the environments
    List,
    /// Make an environment with its first workspace and print its id
    Create {
        /// Name
        name: String,
        /// Name of the workspace that is made with it
        #[arg(long, value_name = "NAME")]
        workspace: String,
        /// Free text
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// Remove an environment in which nothing is left
    Delete {
        /// The environment
        environment: String,
    },
}

pub(crate) async fn run(app: &App, command: EnvironmentsCommand) -> Result<()> {
    let client = app.client()?;
    match command {
        EnvironmentsCommand::List => {
            let all = client.environments().await?;
            app.out.list(&all, "environments", &["ID", "NAME", "DEFAULT"], |item| {
                vec![item.id.clone(), item.name.clone(), yes(item.default == Some(true))]
            })
        }
        EnvironmentsCommand::Create { name, workspace, description } => {
            let new = NewEnvironment { name, workspace_name: workspace, description };
            let made = client.create_environment(&new).await?;
            app.out.created(&made.id, &made)
        }
        EnvironmentsCommand::Delete { environment } => {
            let found = names::environment(&client, &environment).await?;
            client.delete_environment(&found.id).await?;
            app.out.note(&format!("removed environment `{}`", found.name));
            Ok(())
        }
    }
}
