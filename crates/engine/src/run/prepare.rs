//! Everything that must lie on disk before a job can start.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use stoker_jobzip::{CONTEXT_FILE, Kind, LaunchRequest, Manifest};
use stoker_wire::{Offer, Parameter};

use super::folder::RunFolder;
use super::special;
use crate::artifacts::Artifact;
use crate::engine::Engine;
use crate::java;
use crate::logs::Mask;
use crate::process::Recipe;
use crate::resources::{self, Fetched, ResourceError};

/// Context when neither run nor artifact names one (source: recorded, the studio's own).
const USUAL_CONTEXT: &str = "Default";
/// Search path of jobs when the engine has none.
const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Variables of the engine's environment that jobs see; no others.
const INHERITED: [&str; 3] = ["PATH", "HOME", "TZ"];

/// Why a run could not be prepared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct PrepareError {
    /// The machine-readable kind.
    pub(crate) kind: &'static str,
    /// What happened and what to do.
    pub(crate) message: String,
}

impl PrepareError {
    pub(crate) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

impl From<ResourceError> for PrepareError {
    fn from(error: ResourceError) -> Self {
        Self::new(error.kind, error.message)
    }
}

/// Opens the secret parameters of an offer.
pub(crate) fn open_secrets(engine: &Engine, offer: &Offer) -> Result<Vec<Parameter>, PrepareError> {
    let Some(sealed) = &offer.sealed_parameters else { return Ok(Vec::new()) };
    let unreadable = |what: &dyn std::fmt::Display| {
        PrepareError::new(
            "secrets_unreadable",
            format!(
                "cannot open the run's secret parameters: {what}; pair the engine again if its keys were restored from a backup"
            ),
        )
    };
    let plain = stoker_secrets::seal::open(engine.parts().keys.sealing_private(), &offer.run, sealed)
        .map_err(|error| unreadable(&error))?;
    // What the parser says could quote the values.
    serde_json::from_slice(&plain).map_err(|_| unreadable(&"they are no list of parameters"))
}

/// The mask for a run's log.
pub(crate) fn mask(secrets: &[Parameter]) -> Arc<Mask> {
    Arc::new(Mask::new(secrets.iter().map(|parameter| parameter.value.as_str())))
}

/// Makes the run folder and the recipe in it. Blocking.
pub(crate) fn run_folder(
    engine: &Engine,
    offer: &Offer,
    secrets: &[Parameter],
    artifact: &Artifact,
    resources: Vec<Fetched>,
    folder: &RunFolder,
    stat_port: Option<u16>,
) -> Result<(), PrepareError> {
    let manifest = &artifact.manifest;
    let javas = &engine.parts().javas;
    let java = match manifest.kind {
        Kind::Script => javas.choose(None, false),
        Kind::Java | Kind::Jar => {
            let found = javas.choose(manifest.compliance, manifest.add_opens);
            Some(found.ok_or_else(|| no_java(manifest.compliance))?)
        }
    };
    let disk = |error: std::io::Error| {
        PrepareError::new(
            "engine_disk",
            format!("cannot prepare the folder of the run: {error}; check that the disk of the engine is not full"),
        )
    };
    let work = folder.work();
    let mkdir = |path: &Path| DirBuilder::new().mode(0o700).create(path);
    mkdir(folder.path()).and_then(|()| mkdir(&folder.tmp())).map_err(disk)?;
    let paths = resources::place(resources, &folder.resources())?;
    let offer = &*special::filled(offer, manifest, folder, paths);
    stoker_jobzip::prepare_run(manifest, &artifact.content, &work).map_err(disk)?;
    let context = offer.context.as_deref().or(manifest.default_context.as_deref()).unwrap_or(USUAL_CONTEXT);
    let values: Vec<(String, String)> =
        offer.parameters.iter().chain(secrets).map(|one| (one.name.clone(), one.value.clone())).collect();
    stoker_jobzip::write_contexts(manifest, &work, context, &values).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData => {
            PrepareError::new("context_unusable", error.to_string())
        }
        _ => disk(error),
    })?;
    let recipe = recipe(engine, offer, manifest, folder, (context, stat_port), java)?;
    recipe.write(folder.path()).map_err(|error| PrepareError::new("engine_disk", error.to_string()))
}

fn no_java(compliance: Option<u32>) -> PrepareError {
    let level = compliance.map_or_else(String::new, |level| format!(" {level} or newer"));
    PrepareError::new(
        "java_missing",
        format!(
            "no Java found on the engine's machine for this job: install Java{level}, set JAVA_HOME for the engine, or \
             name its folder in etc/system.properties (org.talend.execution.JAVA_17_PATH)"
        ),
    )
}

fn recipe(
    engine: &Engine,
    offer: &Offer,
    manifest: &Manifest,
    folder: &RunFolder,
    (context, stat_port): (&str, Option<u16>),
    java: Option<&Path>,
) -> Result<Recipe, PrepareError> {
    let work = folder.work();
    let plain: Vec<(String, String)> =
        offer.parameters.iter().map(|one| (one.name.clone(), one.value.clone())).collect();
    let level = Some(offer.log_level.as_str()).filter(|level| !level.is_empty());
    let context_file = work.join(CONTEXT_FILE);
    let request = LaunchRequest {
        java: java.unwrap_or(Path::new("java")),
        root: &work,
        context: Some(context),
        log_level: level.or(engine.parts().config.log_level.as_deref()),
        jvm_args: offer.jvm_arguments.as_deref(),
        pid: &offer.run[..offer.run.len().min(8)],
        stat_port,
        plain_params: &plain,
        context_file: Some(&context_file),
    };
    let command = stoker_jobzip::command_line(manifest, &request);
    let mut recipe = Recipe::new(text(command.program.into_os_string())?);
    recipe.args = command.args.into_iter().map(text).collect::<Result<_, _>>()?;
    recipe.cwd = command.working_dir;
    recipe.env = environment(engine, folder, java)?;
    for (name, value) in command.env {
        recipe.env.insert(name, text(value)?);
    }
    Ok(recipe)
}

/// The whole environment of a job.
fn environment(
    engine: &Engine,
    folder: &RunFolder,
    java: Option<&Path>,
) -> Result<BTreeMap<String, String>, PrepareError> {
    let mut env = BTreeMap::from([
        ("PATH".to_owned(), USUAL_PATH.to_owned()),
        ("HOME".to_owned(), "/".to_owned()),
        ("LANG".to_owned(), "C.UTF-8".to_owned()),
        ("LC_ALL".to_owned(), "C.UTF-8".to_owned()),
        ("TMPDIR".to_owned(), text(folder.tmp().into())?),
    ]);
    for name in INHERITED {
        if let Some(value) = engine.parts().environment.get(name).filter(|value| !value.is_empty()) {
            env.insert(name.to_owned(), value.clone());
        }
    }
    if let Some(home) = java.and_then(java::home_of) {
        env.insert("JAVA_HOME".to_owned(), text(home.into())?);
    }
    Ok(env)
}

fn text(part: OsString) -> Result<String, PrepareError> {
    part.into_string().map_err(|part| {
        PrepareError::new(
            "engine_path",
            format!("`{}` is not valid UTF-8; put the engine into a folder with a plain name", part.to_string_lossy()),
        )
    })
}
