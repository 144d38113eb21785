//! `stoker clusters`.

use super::App;
use crate::exit::Result;
use crate::names;
use stoker_client::{Client, Cluster, NewCluster};

#[derive(clap::Subcommand)]
pub(crate) enum ClustersCommand {
    /// List the clusters
    List,
    /// Show a cluster and its engines
    Get {
        /// The cluster
        cluster: String,
    },
    /// Make a cluster and print its id
    Create {
        /// Name
        name: String,
        /// The workspace it belongs to
        #[arg(long, value_name = "WORKSPACE")]
        workspace: String,
        /// Free text
        #[arg(long, value_name = "TEXT", default_value = "")]
        description: String,
        /// Engine to begin with; may be given several times
        #[arg(long = "engine", value_name = "ENGINE")]
        engines: Vec<String>,
    },
    /// Put an engine into a cluster
    Add {
        /// The cluster
        cluster: String,
        /// The engine
        engine: String,
    },
    /// Take an engine out of a cluster
    Remove {
        /// The cluster
        cluster: String,
        /// The engine
        engine: String,
    },
    /// Remove a cluster; its engines stay
    Delete {
        /// The cluster
        cluster: String,
    },
}

pub(crate) async fn run(app: &App, command: ClustersCommand) -> Result<()> {
    let client = app.client()?;
    match command {
        ClustersCommand::List => {
            let all = client.clusters(None).await?;
            app.out.list(&all, "clusters", &["ID", "NAME", "STATUS", "SERVES"], |item| {
                vec![item.id.clone(), item.name.clone(), status(item), serves(item)]
            })
        }
        ClustersCommand::Get { cluster } => get(app, &client, &cluster).await,
        ClustersCommand::Create { name, workspace, description, engines } => {
            create(app, &client, name, &workspace, description, &engines).await
        }
        ClustersCommand::Add { cluster, engine } => {
            let (cluster, engine) = (names::cluster(&client, &cluster).await?, names::engine(&client, &engine).await?);
            client.add_to_cluster(&cluster.id, &engine.id).await?;
            app.out.note(&format!("engine `{}` is in cluster `{}`", engine.name, cluster.name));
            Ok(())
        }
        ClustersCommand::Remove { cluster, engine } => {
            let (cluster, engine) = (names::cluster(&client, &cluster).await?, names::engine(&client, &engine).await?);
            client.remove_from_cluster(&cluster.id, &engine.id).await?;
            app.out.note(&format!("engine `{}` is not in cluster `{}` any more", engine.name, cluster.name));
            Ok(())
        }
        ClustersCommand::Delete { cluster } => {
            let cluster = names::cluster(&client, &cluster).await?;
            client.delete_cluster(&cluster.id).await?;
            app.out.note(&format!("removed cluster `{}`", cluster.name));
            Ok(())
        }
    }
}

fn status(cluster: &Cluster) -> String {
    cluster.availability.clone().unwrap_or_default().to_lowercase().replace('_', " ")
}

fn serves(cluster: &Cluster) -> String {
    cluster.workspace.as_ref().map(names::place).unwrap_or_default()
}

async fn get(app: &App, client: &Client, wanted: &str) -> Result<()> {
    let cluster = client.cluster(&names::cluster(client, wanted).await?.id).await?;
    let mut fields = vec![
        ("id", cluster.id.clone()),
        ("name", cluster.name.clone()),
        ("description", cluster.description.clone().unwrap_or_default()),
        ("status", status(&cluster)),
        ("serves", serves(&cluster)),
    ];
    let known = if app.out.wants_json() { Vec::new() } else { client.engines(None).await? };
    fields.extend(cluster.engines.iter().flatten().map(|id| {
        let name = known.iter().find(|engine| engine.id == *id).map_or("", |engine| engine.name.as_str());
        ("engine", format!("{id} {name}").trim_end().to_owned())
    }));
    app.out.record(&cluster, &fields)
}

async fn create(
    app: &App,
    client: &Client,
    name: String,
    workspace: &str,
    description: String,
    engines: &[String],
) -> Result<()> {
    let workspace = names::workspace(client, workspace, None).await?;
    let mut remote_engines = Vec::new();
    for wanted in engines {
        remote_engines.push(names::engine(client, wanted).await?.id);
    }
    let environment_id = workspace.environment_id().unwrap_or_default().to_owned();
    let new = NewCluster { name, workspace_id: workspace.id, environment_id, description, remote_engines };
    let cluster = client.create_cluster(&new).await?;
    app.out.created(&cluster.id, &cluster)
}
