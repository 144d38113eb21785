//! `stoker engines`.

use super::App;
use crate::exit::{Exit, Failure, Result};
use crate::{names, times};
use stoker_client::{Client, Engine, NewEngine};

/// Files of an engine installation that pair it (source: doc).
pub(crate) const KEY_FILE: &str = "etc/preauthorized.key.cfg";
/// See [`KEY_FILE`].
pub(crate) const PAIRING_FILE: &str = "etc/org.talend.ipaas.rt.pairing.client.cfg";

#[derive(clap::Subcommand)]
pub(crate) enum EnginesCommand {
    /// List the engines
    List,
    /// Show an engine
    Get {
        /// The engine
        engine: String,
    },
    /// Make an engine and print its id
    Create {
        /// Name
        name: String,
        /// The environment it serves
        #[arg(long, value_name = "ENVIRONMENT")]
        environment: String,
        /// Only this workspace of it
        #[arg(long, value_name = "WORKSPACE")]
        workspace: Option<String>,
        /// Free text
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// Remove an engine
    Delete {
        /// The engine
        engine: String,
    },
    /// Break the bond to its installation; it has a new key afterwards
    Unpair {
        /// The engine
        engine: String,
    },
    /// Print the lines for the configuration files that pair an installation with it
    Key {
        /// The engine
        engine: String,
    },
}

pub(crate) async fn run(app: &App, command: EnginesCommand) -> Result<()> {
    let client = app.client()?;
    match command {
        EnginesCommand::List => list(app, &client).await,
        EnginesCommand::Get { engine } => get(app, &client, &engine).await,
        EnginesCommand::Create { name, environment, workspace, description } => {
            let environment_id = names::environment(&client, &environment).await?.id;
            let workspace_id = match workspace {
                Some(wanted) => Some(names::workspace(&client, &wanted, Some(&environment_id)).await?.id),
                None => None,
            };
            let engine = client.create_engine(&NewEngine { name, environment_id, workspace_id, description }).await?;
            app.out.created(&engine.id, &engine)?;
            app.out.note(&format!("print the lines that pair it with `stoker engines key {}`", engine.id));
            Ok(())
        }
        EnginesCommand::Delete { engine } => {
            let engine = names::engine(&client, &engine).await?;
            client.delete_engine(&engine.id).await?;
            app.out.note(&format!("removed engine `{}`", engine.name));
            Ok(())
        }
        EnginesCommand::Unpair { engine } => {
            let engine = names::engine(&client, &engine).await?;
            client.unpair_engine(&engine.id).await?;
            app.out.note(&format!("engine `{}` is not paired any more", engine.name));
            Ok(())
        }
        EnginesCommand::Key { engine } => key(app, &client, &engine).await,
    }
}

async fn list(app: &App, client: &Client) -> Result<()> {
    let all = client.engines(None).await?;
    app.out.list(&all, "engines", &["ID", "NAME", "STATUS", "SERVES", "CLUSTER"], |item| {
        vec![
            item.id.clone(),
            item.name.clone(),
            status(item),
            serves(item),
            item.cluster_id.clone().unwrap_or_default(),
        ]
    })
}

async fn get(app: &App, client: &Client, wanted: &str) -> Result<()> {
    let engine = client.engine(&names::engine(client, wanted).await?.id).await?;
    let fields = [
        ("id", engine.id.clone()),
        ("name", engine.name.clone()),
        ("description", engine.description.clone().unwrap_or_default()),
        ("status", status(&engine)),
        ("serves", serves(&engine)),
        ("cluster", engine.cluster_id.clone().unwrap_or_default()),
        ("made", times::local(engine.create_date.as_deref(), &app.around.zone)),
    ];
    app.out.record(&engine, &fields)
}

/// What matters first: an engine that is not paired cannot be there.
fn status(engine: &Engine) -> String {
    match (engine.is_paired(), engine.availability.as_deref()) {
        (false, _) => "not paired",
        (true, Some("AVAILABLE")) => "available",
        (true, Some("RETIRED")) => "retired",
        (true, _) => "away",
    }
    .to_owned()
}

fn serves(engine: &Engine) -> String {
    engine.workspace.as_ref().map(names::place).unwrap_or_default()
}

async fn key(app: &App, client: &Client, wanted: &str) -> Result<()> {
    let found = names::engine(client, wanted).await?;
    let engine = client.engine(&found.id).await?;
    let key = engine.pre_authorized_key.as_deref().ok_or_else(|| {
        let reason = if engine.is_paired() { "is paired and has no key" } else { "has no key that you may see" };
        Failure::new(Exit::Failed, format!("engine `{}` {reason}", engine.name))
            .hint(format!("`stoker engines unpair {}` gives it a new key and cuts off its installation", engine.id))
    })?;
    if app.out.wants_json() {
        return app.out.json(&engine);
    }
    app.out.line(&format!("# {KEY_FILE}\n{}", key_line(key)))?;
    app.out.line(&format!("# {PAIRING_FILE}\n{}", pairing_line(client.base_url())))
}

/// The line of [`KEY_FILE`].
pub(crate) fn key_line(key: &str) -> String {
    format!("remote.engine.pre.authorized.key = {key}")
}

/// The line of [`PAIRING_FILE`].
pub(crate) fn pairing_line(url: &str) -> String {
    format!("pairing.service.url = {url}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine(status: &str, availability: Option<&str>) -> Engine {
        serde_json::from_value(
            serde_json::json!({"id": "e", "name": "n", "status": status, "availability": availability}),
        )
        .unwrap()
    }

    #[test]
    fn the_status_is_one_word_for_what_matters() {
        assert_eq!(status(&engine("NOT_PAIRED", Some("NOT_AVAILABLE"))), "not paired");
        assert_eq!(status(&engine("PAIRED", Some("AVAILABLE"))), "available");
        assert_eq!(status(&engine("PAIRED", None)), "away");
    }
}
