//! `stoker resources`.

use super::App;
use crate::exit::{Failure, Result};
use crate::{names, pages};
use std::path::{Path, PathBuf};
use stoker_client::{Client, NewResource, Resource};

#[derive(clap::Subcommand)]
pub(crate) enum ResourcesCommand {
    /// List the resources
    List {
        /// Only of this workspace
        #[arg(long, value_name = "WORKSPACE")]
        workspace: Option<String>,
    },
    /// Show a resource
    Get {
        /// The resource
        resource: String,
    },
    /// Make a resource from a file and print its id
    Create(CreateArgs),
    /// Put another file in the place of a resource's file
    Replace {
        /// The resource
        resource: String,
        /// The new file, or the zip of the folder
        file: PathBuf,
    },
    /// Remove a resource that no task uses
    Delete {
        /// The resource
        resource: String,
    },
}

#[derive(clap::Args)]
pub(crate) struct CreateArgs {
    /// The file, or with --folder the zip of a folder
    file: PathBuf,
    /// The workspace
    #[arg(long, value_name = "WORKSPACE")]
    workspace: String,
    /// Name, unique in the workspace; else that of the file
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Free text
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// The file is the zip of a folder: tasks get the folder
    #[arg(long)]
    folder: bool,
}

pub(crate) async fn run(app: &App, command: ResourcesCommand) -> Result<()> {
    let client = app.client()?;
    match command {
        ResourcesCommand::List { workspace } => list(app, &client, workspace.as_deref()).await,
        ResourcesCommand::Get { resource } => {
            let found = names::resource(&client, &resource).await?;
            let fields = [
                ("id", found.id.clone()),
                ("name", found.name.clone()),
                ("kind", kind(&found).to_owned()),
                ("description", found.description.clone().unwrap_or_default()),
                ("workspace", names::place(&found.workspace_info)),
            ];
            app.out.record(&found, &fields)
        }
        ResourcesCommand::Create(args) => create(app, &client, args).await,
        ResourcesCommand::Replace { resource, file } => {
            let (name, bytes) = read(&file)?;
            let found = names::resource(&client, &resource).await?;
            client.replace_resource(&found.id, &name, bytes).await?;
            app.out.note(&format!("replaced the {} of resource `{}`", kind(&found), found.name));
            Ok(())
        }
        ResourcesCommand::Delete { resource } => {
            let found = names::resource(&client, &resource).await?;
            client.delete_resource(&found.id).await?;
            app.out.note(&format!("removed resource `{}`", found.name));
            Ok(())
        }
    }
}

fn kind(resource: &Resource) -> &'static str {
    if resource.file { "file" } else { "folder" }
}

async fn list(app: &App, client: &Client, workspace: Option<&str>) -> Result<()> {
    let id = match workspace {
        Some(wanted) => Some(names::workspace(client, wanted, None).await?.id),
        None => None,
    };
    let all = pages::all(usize::MAX, async |offset| client.resources(id.as_deref(), None, offset).await).await?;
    app.out.list(&all, "resources", &["ID", "NAME", "KIND", "WORKSPACE"], |item| {
        vec![item.id.clone(), item.name.clone(), kind(item).to_owned(), names::place(&item.workspace_info)]
    })
}

/// Name and content of a file. The server takes at most 100 MB, so it fits into memory.
fn read(file: &Path) -> Result<(String, Vec<u8>)> {
    let bytes =
        std::fs::read(file).map_err(|error| Failure::usage(format!("cannot read `{}`: {error}", file.display())))?;
    Ok((file.file_name().unwrap_or_default().to_string_lossy().into_owned(), bytes))
}

async fn create(app: &App, client: &Client, args: CreateArgs) -> Result<()> {
    let (file_name, bytes) = read(&args.file)?;
    let workspace = names::workspace(client, &args.workspace, None).await?;
    let name = args.name.unwrap_or_else(|| file_name.clone());
    let new = NewResource { name, workspace_id: workspace.id, description: args.description, file: !args.folder };
    let made = client.create_resource(&new, &file_name, bytes).await?;
    app.out.created(&made.id, &made)
}
