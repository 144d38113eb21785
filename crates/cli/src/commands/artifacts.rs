//! `stoker artifacts`.

use super::App;
use crate::exit::{Failure, Result};
use crate::names;
use crate::pages::{self, PAGE};
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use stoker_client::{Artifact, ArtifactQuery, Client, PublishTarget};

#[derive(clap::Subcommand)]
pub(crate) enum ArtifactsCommand {
    /// List the artifacts
    List {
        /// Only of this workspace
        #[arg(long, value_name = "WORKSPACE")]
        workspace: Option<String>,
    },
    /// Show an artifact and the parameters of a version
    Get {
        /// The artifact
        artifact: String,
        /// The version; else the newest one
        #[arg(long, value_name = "VERSION")]
        version: Option<String>,
    },
    /// Publish an archive and print the id of the artifact
    Publish(PublishArgs),
    /// Remove an artifact or one version of it
    Delete {
        /// The artifact
        artifact: String,
        /// Only this version
        #[arg(long, value_name = "VERSION")]
        version: Option<String>,
    },
}

#[derive(clap::Args)]
pub(crate) struct PublishArgs {
    /// Zip of a job, or with a `run.sh` or an executable jar
    file: PathBuf,
    /// Workspace to publish to
    #[arg(long, value_name = "WORKSPACE")]
    workspace: String,
    /// Name of the artifact; else the job's name, else that of the file
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// New version; else the job's version, else that in the file's name, as in `load_0.1.zip`
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// Type of the artifact, when the archive does not say it, for example `standard` or `route`
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
}

pub(crate) async fn run(app: &App, command: ArtifactsCommand) -> Result<()> {
    let client = app.client()?;
    match command {
        ArtifactsCommand::List { workspace } => list(app, &client, workspace.as_deref()).await,
        ArtifactsCommand::Get { artifact, version } => get(app, &client, &artifact, version).await,
        ArtifactsCommand::Publish(args) => publish(app, &client, args).await,
        ArtifactsCommand::Delete { artifact, version } => delete(app, &client, &artifact, version).await,
    }
}

async fn list(app: &App, client: &Client, workspace: Option<&str>) -> Result<()> {
    let workspace_id = match workspace {
        Some(wanted) => Some(names::workspace(client, wanted, None).await?.id),
        None => None,
    };
    let query = ArtifactQuery { workspace_id, limit: Some(PAGE), ..ArtifactQuery::default() };
    let all = pages::all(usize::MAX, async |offset| client.artifacts(&ArtifactQuery { offset, ..query.clone() }).await);
    app.out.list(&all.await?, "artifacts", &["ID", "NAME", "WORKSPACE", "TYPE", "NEWEST", "VERSIONS"], |item| {
        let newest = item.versions.first().cloned().unwrap_or_default();
        let place = names::place(&item.workspace);
        vec![item.id.clone(), item.name.clone(), place, item.kind.clone(), newest, item.versions.len().to_string()]
    })
}

async fn get(app: &App, client: &Client, wanted: &str, version: Option<String>) -> Result<()> {
    let artifact = names::artifact(client, wanted, None).await?;
    if version.is_none() && app.out.wants_json() {
        return app.out.json(&artifact);
    }
    let Some(version) = version.or_else(|| artifact.versions.first().cloned()) else {
        return app.out.record(&artifact, &fields(&artifact));
    };
    let detail = client.artifact_version(&artifact.id, &version).await?;
    let mut fields = fields(&artifact);
    fields.push(("version", detail.version.clone()));
    fields.push(("published by", detail.publisher.clone().unwrap_or_default()));
    fields.push(("published", crate::times::local(detail.create_date.as_deref(), &app.around.zone)));
    fields.extend(detail.parameters.iter().map(|parameter| {
        let value = parameter.value.as_deref().map(|value| format!("={value}")).unwrap_or_default();
        let required = if parameter.required { ", required" } else { "" };
        ("parameter", format!("{}{value} ({}{required})", parameter.name, parameter.kind))
    }));
    app.out.record(&detail, &fields)
}

fn fields(artifact: &Artifact) -> Vec<(&'static str, String)> {
    vec![
        ("id", artifact.id.clone()),
        ("name", artifact.name.clone()),
        ("type", artifact.kind.clone()),
        ("workspace", names::place(&artifact.workspace)),
        ("versions", artifact.versions.join(", ")),
    ]
}

async fn publish(app: &App, client: &Client, args: PublishArgs) -> Result<()> {
    let cannot_read = |error: std::io::Error| Failure::usage(format!("cannot read `{}`: {error}", args.file.display()));
    let file = std::fs::File::open(&args.file).map_err(cannot_read)?;
    let size = file.metadata().map_err(cannot_read)?.len();
    let (name, version) = name_and_version(&args, &file)?;
    let workspace = names::workspace(client, &args.workspace, None).await?;
    let shown = format!("{name} {version}");
    let target = PublishTarget {
        workspace_id: workspace.id.clone(),
        name: Some(name),
        version: Some(version),
        kind: args.kind.clone(),
    };
    let bar = app.out.progress("publishing", Some(size));
    let moving = bar.clone();
    let source = tokio::fs::File::from_std(file);
    let result = client.publish_artifact(&target, source, size, move |sent| moving.set_position(sent)).await;
    bar.finish_and_clear();
    let artifact = result?;
    app.out.note(&format!("published {shown} to {}", names::place(&workspace)));
    app.out.created(&artifact.id, &artifact)
}

/// What the options say, else the job inside the archive, else the file's name. Leaves the file at its start.
fn name_and_version(args: &PublishArgs, file: &std::fs::File) -> Result<(String, String)> {
    let (inner_name, inner_version) = read_job_info(file);
    let (file_name, file_version) = from_file_name(&args.file);
    let mut file = file;
    file.rewind().map_err(|error| Failure::usage(format!("cannot read `{}`: {error}", args.file.display())))?;
    let name = args.name.clone().or(inner_name).unwrap_or(file_name);
    let version = args.version.clone().or(inner_version).or(file_version).ok_or_else(|| {
        Failure::usage(format!("`{}` does not say its version", args.file.display()))
            .hint("give it with `--version 0.1`")
    })?;
    Ok((name, version))
}

/// `job` and `jobVersion` of `jobInfo.properties`, when the archive has them; the server checks the rest (source: recorded).
fn read_job_info(file: &std::fs::File) -> (Option<String>, Option<String>) {
    let text = || -> Option<String> {
        let mut archive = zip::ZipArchive::new(file).ok()?;
        let mut text = String::new();
        archive.by_name("jobInfo.properties").ok()?.take(64 * 1024).read_to_string(&mut text).ok()?;
        Some(text)
    };
    let text = text().unwrap_or_default();
    let value = |name: &str| {
        let mut pairs = text.lines().filter_map(|line| line.split_once('='));
        let found = pairs.find(|(key, _)| key.trim() == name)?.1.trim();
        (!found.is_empty()).then(|| found.to_owned())
    };
    (value("job"), value("jobVersion"))
}

/// `load_orders_0.1.zip` is `load_orders` in version `0.1`.
fn from_file_name(file: &Path) -> (String, Option<String>) {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    if let Some(at) = stem.rfind(['_', '-']) {
        let (name, version) = (&stem[..at], &stem[at + 1..]);
        let numeric = version.contains('.') && version.split('.').all(|part| part.parse::<u64>().is_ok());
        if numeric && !name.is_empty() {
            return (name.to_owned(), Some(version.to_owned()));
        }
    }
    (stem, None)
}

async fn delete(app: &App, client: &Client, wanted: &str, version: Option<String>) -> Result<()> {
    let artifact = names::artifact(client, wanted, None).await?;
    match version {
        Some(version) => {
            client.delete_artifact_version(&artifact.id, &version).await?;
            app.out.note(&format!("removed version {version} of artifact `{}`", artifact.name));
        }
        None => {
            client.delete_artifact(&artifact.id).await?;
            app.out.note(&format!("removed artifact `{}`", artifact.name));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn file_names_tell_name_and_version() {
        let read = |name: &str| from_file_name(Path::new(name));
        assert_eq!(read("x/load_orders_0.1.zip"), ("load_orders".into(), Some("0.1".into())));
        assert_eq!(read("load-1.2.3.zip"), ("load".into(), Some("1.2.3".into())));
        assert_eq!(read("load_orders.zip"), ("load_orders".into(), None));
        assert_eq!(read("load_2024.zip"), ("load_2024".into(), None));
        assert_eq!(read("_0.1.zip"), ("_0.1".into(), None));
    }

    fn archive(info: Option<&str>) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some_file_9.9.zip");
        let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
        if let Some(info) = info {
            zip.start_file("jobInfo.properties", zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(info.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
        (folder, path)
    }

    fn found(info: Option<&str>, name: Option<&str>, version: Option<&str>) -> (String, String) {
        let (_folder, path) = archive(info);
        let file = std::fs::File::open(&path).unwrap();
        let (name, version) = (name.map(str::to_owned), version.map(str::to_owned));
        let args = PublishArgs { file: path, workspace: "w".into(), name, version, kind: None };
        let found = name_and_version(&args, &file).unwrap();
        assert_eq!((&file).stream_position().unwrap(), 0, "the whole file is still to be sent");
        found
    }

    #[test]
    fn options_beat_the_job_and_the_job_beats_the_file_name() {
        let info = Some("#just for tac\njob=LoadOrders\njobVersion=0.3\njobId=_x\n");
        assert_eq!(found(info, None, None), ("LoadOrders".into(), "0.3".into()));
        assert_eq!(found(info, Some("n"), Some("1.0")), ("n".into(), "1.0".into()));
        assert_eq!(found(None, None, None), ("some_file".into(), "9.9".into()));
    }
}
