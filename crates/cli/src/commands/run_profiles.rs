//! `stoker run-profiles`.

use super::App;
use crate::exit::Result;
use crate::names;
use stoker_client::{Client, NewRunProfile, ProfilesOf};

/// What the profiles belong to.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Of {
    /// The engine they belong to
    #[arg(long, value_name = "ENGINE")]
    engine: Option<String>,
    /// The cluster they belong to
    #[arg(long, value_name = "CLUSTER")]
    cluster: Option<String>,
}

#[derive(clap::Subcommand)]
pub(crate) enum RunProfilesCommand {
    /// List the run profiles of an engine or a cluster
    List {
        #[command(flatten)]
        of: Of,
    },
    /// Make a run profile and print its id
    Create {
        /// Name
        name: String,
        #[command(flatten)]
        of: Of,
        /// Argument of the Java runtime, for example `-Xmx2g`; may be given several times
        #[arg(long = "jvm-argument", value_name = "ARGUMENT", required = true, allow_hyphen_values = true)]
        jvm_arguments: Vec<String>,
        /// Free text
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// Remove a run profile
    Delete {
        /// The run profile
        profile: String,
        #[command(flatten)]
        of: Of,
        /// Run profile that its tasks get instead; else it is refused while a task uses it
        #[arg(long, value_name = "PROFILE")]
        instead: Option<String>,
    },
}

async fn place(client: &Client, of: Of) -> Result<ProfilesOf> {
    Ok(match (of.engine, of.cluster) {
        (Some(engine), _) => ProfilesOf::Engine(names::engine(client, &engine).await?.id),
        (None, cluster) => ProfilesOf::Cluster(names::cluster(client, &cluster.unwrap_or_default()).await?.id),
    })
}

pub(crate) async fn run(app: &App, command: RunProfilesCommand) -> Result<()> {
    let client = app.client()?;
    match command {
        RunProfilesCommand::List { of } => {
            let all = client.run_profiles(&place(&client, of).await?).await?;
            app.out.list(&all, "run profiles", &["ID", "NAME", "JVM ARGUMENTS"], |item| {
                vec![item.id.clone(), item.name.clone(), item.jvm_arguments.join(" ")]
            })
        }
        RunProfilesCommand::Create { name, of, jvm_arguments, description } => {
            let of = place(&client, of).await?;
            let runtime_id = match &of {
                ProfilesOf::Engine(id) | ProfilesOf::Cluster(id) => id.clone(),
            };
            let new = NewRunProfile { name, description, jvm_arguments, kind: "JOB_SERVER".to_owned(), runtime_id };
            let made = client.create_run_profile(&of, &new).await?;
            app.out.created(&made.id, &made)
        }
        RunProfilesCommand::Delete { profile, of, instead } => {
            let of = place(&client, of).await?;
            let found = names::run_profile(&client, &of, &profile).await?;
            let instead = match instead {
                Some(wanted) => Some(names::run_profile(&client, &of, &wanted).await?.id),
                None => None,
            };
            client.delete_run_profile(&of, &found.id, instead.as_deref()).await?;
            app.out.note(&format!("removed run profile `{}`", found.name));
            Ok(())
        }
    }
}
