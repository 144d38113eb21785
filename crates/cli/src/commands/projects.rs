//! `stoker projects`.

use super::App;
use crate::exit::Result;
use crate::{names, pages};
use stoker_client::NewProject;

#[derive(clap::Subcommand)]
pub(crate) enum ProjectsCommand {
    /// List the projects
    List,
    /// Make a project and print its id
    Create {
        /// Name
        name: String,
        /// Login of the owner
        #[arg(long, value_name = "LOGIN")]
        owner: String,
        /// URL of the repository
        #[arg(long, value_name = "URL")]
        url: String,
        /// Free text
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// Remove a project; what was published from it stays
    Delete {
        /// The project
        project: String,
    },
}

pub(crate) async fn run(app: &App, command: ProjectsCommand) -> Result<()> {
    let client = app.client()?;
    match command {
        ProjectsCommand::List => {
            let all = pages::all(usize::MAX, async |offset| client.projects(None, offset).await).await?;
            app.out.list(&all, "projects", &["ID", "NAME", "OWNER", "URL"], |item| {
                let text = |value: &Option<String>| value.clone().unwrap_or_default();
                vec![item.id.clone(), item.name.clone(), text(&item.owner), text(&item.url)]
            })
        }
        ProjectsCommand::Create { name, owner, url, description } => {
            let made = client.create_project(&NewProject { name, owner, url, description }).await?;
            app.out.created(&made.id, &made)
        }
        ProjectsCommand::Delete { project } => {
            let found = names::project(&client, &project).await?;
            client.delete_project(&found.id).await?;
            app.out.note(&format!("removed project `{}`", found.name));
            Ok(())
        }
    }
}
