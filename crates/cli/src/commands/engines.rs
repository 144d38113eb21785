//! `stoker engines`.

use super::App;
use crate::exit::{Exit, Failure, Result};
use crate::text::printable;
use crate::{follow, names, times};
use serde::Serialize;
use std::collections::HashMap;
use stoker_client::{Client, Engine, EngineAtWork, NewEngine};

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
    /// Take an engine out of work: it gets nothing new, what it has goes on, and what is meant for it waits
    #[command(
        after_help = "With `--wait` it ends with 0 as soon as nothing is left on the engine, and with 1 when somebody puts \
        the engine back before that."
    )]
    Drain {
        /// The engine
        engine: String,
        /// Why; runs that wait for the engine tell it
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Wait until nothing is left on it
        #[arg(long)]
        wait: bool,
    },
    /// Put a drained engine back to work
    Resume {
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
        EnginesCommand::Drain { engine, reason, wait } => drain(app, &client, &engine, reason.as_deref(), wait).await,
        EnginesCommand::Resume { engine } => {
            let engine = names::engine(&client, &engine).await?;
            let back = client.resume_engine(&engine.id).await?;
            if app.out.wants_json() {
                return app.out.json(&back);
            }
            app.out.note(&format!("engine `{}` takes runs again", engine.name));
            Ok(())
        }
        EnginesCommand::Key { engine } => key(app, &client, &engine).await,
    }
}

/// An engine in both views of the server: the published one, and what is on it.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    engine: Engine,
    #[serde(skip_serializing_if = "Option::is_none")]
    work: Option<EngineAtWork>,
}

async fn list(app: &App, client: &Client) -> Result<()> {
    let work = client.engines_at_work().await?;
    let mut work: HashMap<String, EngineAtWork> = work.into_iter().map(|one| (one.id.clone(), one)).collect();
    let all = client.engines(None).await?.into_iter();
    let all: Vec<Shown> = all.map(|engine| Shown { work: work.remove(&engine.id), engine }).collect();
    app.out.list(&all, "engines", &["ID", "NAME", "STATUS", "SERVES", "CLUSTER"], |item| {
        vec![
            item.engine.id.clone(),
            item.engine.name.clone(),
            status(item),
            serves(&item.engine),
            item.engine.cluster_id.clone().unwrap_or_default(),
        ]
    })
}

async fn get(app: &App, client: &Client, wanted: &str) -> Result<()> {
    let id = names::engine(client, wanted).await?.id;
    let item = Shown { engine: client.engine(&id).await?, work: Some(client.engine_at_work(&id).await?) };
    let engine = &item.engine;
    let drain = item.work.as_ref().and_then(|work| work.drain.as_ref());
    let drained = drain.map(|drain| {
        let since = times::local(Some(&drain.since), &app.around.zone);
        let why = drain.reason.as_deref().map(|why| format!(": {}", printable(why))).unwrap_or_default();
        format!("since {since} by {}{why}", drain.by)
    });
    let fields = [
        ("id", engine.id.clone()),
        ("name", engine.name.clone()),
        ("description", engine.description.clone().unwrap_or_default()),
        ("status", status(&item)),
        ("drained", drained.unwrap_or_default()),
        ("has", item.work.as_ref().map(in_words).unwrap_or_default()),
        ("serves", serves(engine)),
        ("cluster", engine.cluster_id.clone().unwrap_or_default()),
        ("made", times::local(engine.create_date.as_deref(), &app.around.zone)),
    ];
    app.out.record(&item, &fields)
}

async fn drain(app: &App, client: &Client, wanted: &str, reason: Option<&str>, wait: bool) -> Result<()> {
    let engine = names::engine(client, wanted).await?;
    let mut work = client.drain_engine(&engine.id, reason).await?;
    if wait && work.left() > 0 {
        work = follow::until_empty(app, client, &engine.id).await?;
    }
    if app.out.wants_json() {
        return app.out.json(&work);
    }
    let name = &engine.name;
    app.out.note(&match work.left() {
        0 => format!("engine `{name}` is drained; put it back with `stoker engines resume {}`", engine.id),
        _ => format!("engine `{name}` takes nothing new; it still has {}", in_words(&work)),
    });
    Ok(())
}

/// `2 runs and 1 test run`; empty when there is nothing.
pub(crate) fn in_words(work: &EngineAtWork) -> String {
    let counted = |count: i64, one: &str| match count {
        ..=0 => None,
        1 => Some(format!("1 {one}")),
        many => Some(format!("{many} {one}s")),
    };
    let parts = [counted(work.runs, "run"), counted(work.test_runs, "test run")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

/// What matters first: an engine that is not paired cannot be there, a drained one takes nothing whether it is there or not.
fn status(item: &Shown) -> String {
    let drained = item.work.as_ref().filter(|work| work.drain.is_some());
    match (item.engine.is_paired(), drained, item.engine.availability.as_deref()) {
        (false, ..) => "not paired",
        (true, Some(work), _) if work.left() > 0 => return format!("draining: {} left", in_words(work)),
        (true, Some(_), _) => "drained",
        (true, None, Some("AVAILABLE")) => "available",
        (true, None, Some("RETIRED")) => "retired",
        (true, None, _) => "away",
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

    fn engine(status: &str, availability: Option<&str>, work: Option<serde_json::Value>) -> Shown {
        let engine = serde_json::json!({"id": "e", "name": "n", "status": status, "availability": availability});
        Shown {
            engine: serde_json::from_value(engine).unwrap(),
            work: work.map(|work| serde_json::from_value(work).unwrap()),
        }
    }

    fn work(runs: i64, test_runs: i64) -> serde_json::Value {
        serde_json::json!({
            "id": "e", "name": "n", "runs": runs, "testRuns": test_runs,
            "drain": { "since": "2026-02-03T09:27:20.412Z", "by": "mara" },
        })
    }

    #[test]
    fn the_status_is_one_word_for_what_matters() {
        assert_eq!(status(&engine("NOT_PAIRED", Some("NOT_AVAILABLE"), Some(work(0, 0)))), "not paired");
        assert_eq!(status(&engine("PAIRED", Some("AVAILABLE"), None)), "available");
        assert_eq!(status(&engine("PAIRED", None, None)), "away");
    }

    #[test]
    fn a_drained_engine_says_what_is_left_on_it() {
        assert_eq!(status(&engine("PAIRED", Some("NOT_AVAILABLE"), Some(work(0, 0)))), "drained");
        assert_eq!(
            status(&engine("PAIRED", Some("AVAILABLE"), Some(work(2, 1)))),
            "draining: 2 runs and 1 test run left"
        );
        assert_eq!(status(&engine("PAIRED", Some("AVAILABLE"), Some(work(0, 3)))), "draining: 3 test runs left");
        let mut busy = work(1, 0);
        busy.as_object_mut().unwrap().remove("drain");
        assert_eq!(status(&engine("PAIRED", Some("AVAILABLE"), Some(busy))), "available");
    }
}
