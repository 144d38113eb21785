//! `stoker connections`.

use super::App;
use crate::exit::Result;
use crate::{names, pages, pairs, secret_input};
use stoker_client::{Client, ConnectionParameter, NewConnection};

#[derive(clap::Subcommand)]
pub(crate) enum ConnectionsCommand {
    /// List the connections
    List {
        /// Only of this workspace
        #[arg(long, value_name = "WORKSPACE")]
        workspace: Option<String>,
    },
    /// Show a connection; values of secrets are never sent
    Get {
        /// The connection
        connection: String,
    },
    /// Make a connection and print its id
    Create(CreateArgs),
    /// Remove a connection that no task uses
    Delete {
        /// The connection
        connection: String,
    },
}

#[derive(clap::Args)]
pub(crate) struct CreateArgs {
    /// Name, unique in the workspace
    name: String,
    /// The workspace
    #[arg(long, value_name = "WORKSPACE")]
    workspace: String,
    /// What it connects to, for example `mysql`
    #[arg(long, value_name = "TEXT")]
    app: String,
    /// A value; may be given several times
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = pairs::parse)]
    parameters: Vec<(String, String)>,
    /// Name of a value that is a secret: asked for, or one line of standard input each; may be given several times
    #[arg(long = "secret", value_name = "NAME")]
    secrets: Vec<String>,
}

pub(crate) async fn run(app: &App, command: ConnectionsCommand) -> Result<()> {
    let client = app.client()?;
    match command {
        ConnectionsCommand::List { workspace } => list(app, &client, workspace.as_deref()).await,
        ConnectionsCommand::Get { connection } => {
            let found = names::connection(&client, &connection).await?;
            let mut fields = vec![
                ("id", found.id.clone()),
                ("name", found.name.clone()),
                ("app", found.app.clone()),
                ("workspace", names::place(&found.workspace)),
            ];
            fields.extend(found.parameters.iter().map(|one| ("parameter", shown(one))));
            app.out.record(&found, &fields)
        }
        ConnectionsCommand::Create(args) => create(app, &client, args).await,
        ConnectionsCommand::Delete { connection } => {
            let found = names::connection(&client, &connection).await?;
            client.delete_connection(&found.id).await?;
            app.out.note(&format!("removed connection `{}`", found.name));
            Ok(())
        }
    }
}

async fn list(app: &App, client: &Client, workspace: Option<&str>) -> Result<()> {
    let id = match workspace {
        Some(wanted) => Some(names::workspace(client, wanted, None).await?.id),
        None => None,
    };
    let all = pages::all(usize::MAX, async |offset| client.connections(id.as_deref(), None, offset).await).await?;
    app.out.list(&all, "connections", &["ID", "NAME", "APP", "WORKSPACE", "PARAMETERS"], |item| {
        let count = item.parameters.len().to_string();
        vec![item.id.clone(), item.name.clone(), item.app.clone(), names::place(&item.workspace), count]
    })
}

fn shown(parameter: &ConnectionParameter) -> String {
    match &parameter.value {
        _ if parameter.encrypted == Some(true) => format!("{} (secret)", parameter.name),
        Some(value) => format!("{}={value}", parameter.name),
        None => parameter.name.clone(),
    }
}

async fn create(app: &App, client: &Client, args: CreateArgs) -> Result<()> {
    let mut given = args.parameters.clone();
    given.extend(args.secrets.iter().map(|name| (name.clone(), String::new())));
    // Refuses a name that is given twice, also as a secret.
    pairs::collect(given)?;
    let workspace = names::workspace(client, &args.workspace, None).await?;
    let plain = |(name, value)| ConnectionParameter { name, value: Some(value), encrypted: None };
    let mut parameters: Vec<_> = args.parameters.into_iter().map(plain).collect();
    for name in args.secrets {
        let value = secret_input::ask(&format!("the value of `{name}`"), app.around.stdin_is_terminal)?;
        parameters.push(ConnectionParameter { name, value: Some(value), encrypted: Some(true) });
    }
    let new = NewConnection { name: args.name, workspace_id: workspace.id, app: args.app, parameters };
    let made = client.create_connection(&new).await?;
    app.out.created(&made.id, &made)
}
