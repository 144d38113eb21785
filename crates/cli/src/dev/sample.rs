//! The sample of `stoker dev`: an artifact made of one shell script, and a task that runs it.

use super::Bootstrap;
use crate::exit::{Exit, Failure, Result};
use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use stoker_client::{
    Artifact, ArtifactQuery, ArtifactRef, Client, NewTask, PublishTarget, RunConfig, Runtime, TaskQuery,
};
use zip::write::SimpleFileOptions;

/// Name of the artifact and of the task.
const NAME: &str = "hello";
const VERSION: &str = "0.1";
/// Greets whom the parameter `name` says; values come as `--context_param name=value`.
const SCRIPT: &str = r#"#!/bin/sh
name=world
while [ $# -gt 0 ]; do
  case "$1" in
    --context_param) shift; case "${1-}" in name=*) name=${1#name=} ;; esac ;;
  esac
  [ $# -gt 0 ] && shift
done
echo "Hello, $name!"
for step in 1 2 3; do
  echo "step $step of 3"
  sleep 1
done
echo "done"
"#;
const DEFAULTS: &str = "name=world\n";

/// Makes what is missing and answers the name of the task.
pub(crate) async fn prepare(client: &Client, bootstrap: &Bootstrap, engine_id: &str) -> Result<String> {
    let workspace = Some(bootstrap.workspace_id.clone());
    let query = TaskQuery { workspace_id: workspace.clone(), name: Some(NAME.to_owned()), ..TaskQuery::default() };
    if client.tasks(&query).await?.items.iter().any(|task| task.name == NAME) {
        return Ok(NAME.to_owned());
    }
    let query = ArtifactQuery { workspace_id: workspace, name: Some(NAME.to_owned()), ..ArtifactQuery::default() };
    let known = client.artifacts(&query).await?.items.into_iter().find(|artifact| artifact.name == NAME);
    let artifact = match known {
        Some(artifact) => artifact,
        None => publish(client, bootstrap).await?,
    };
    let version = artifact.versions.first().cloned().unwrap_or_else(|| VERSION.to_owned());
    let new = NewTask {
        workspace_id: bootstrap.workspace_id.clone(),
        environment_id: bootstrap.environment_id.clone(),
        name: NAME.to_owned(),
        description: "Says hello; made by `stoker dev`".to_owned(),
        tags: Vec::new(),
        artifact: ArtifactRef { id: artifact.id, name: None, version },
        parameters: BTreeMap::new(),
        connections: BTreeMap::new(),
        resources: BTreeMap::new(),
        auto_upgrade_info: None,
    };
    let task = client.create_task(&new).await?;
    let mut config = RunConfig::manual(Runtime::engine(engine_id));
    config.log_level = Some("INFO".to_owned());
    client.set_run_config(&task.id, &config).await?;
    Ok(NAME.to_owned())
}

async fn publish(client: &Client, bootstrap: &Bootstrap) -> Result<Artifact> {
    let zip =
        archive().map_err(|error| Failure::new(Exit::Failed, format!("cannot make the sample archive: {error}")))?;
    let target = PublishTarget {
        workspace_id: bootstrap.workspace_id.clone(),
        name: Some(NAME.to_owned()),
        version: Some(VERSION.to_owned()),
        kind: None,
    };
    let size = zip.len() as u64;
    Ok(client.publish_artifact(&target, Cursor::new(zip), size, |_| ()).await?)
}

/// A script at the top and the defaults of its parameters: all that an archive needs.
fn archive() -> zip::result::ZipResult<Vec<u8>> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    zip.start_file("run.sh", options.unix_permissions(0o755))?;
    zip.write_all(SCRIPT.as_bytes())?;
    zip.start_file("contexts/Default.properties", options.unix_permissions(0o644))?;
    zip.write_all(DEFAULTS.as_bytes())?;
    Ok(zip.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    /// What the script in the archive prints first.
    fn greeting(args: &[&str]) -> String {
        let mut zip = zip::ZipArchive::new(Cursor::new(archive().unwrap())).unwrap();
        assert!(zip.by_name("contexts/Default.properties").is_ok());
        let mut script = String::new();
        let mut entry = zip.by_name("run.sh").unwrap();
        assert_eq!(entry.unix_mode().unwrap() & 0o111, 0o111);
        entry.read_to_string(&mut script).unwrap();
        // The pauses are for people.
        let script = script.replace("sleep 1", ":");
        let out = std::process::Command::new("/bin/sh").args(["-c", &script, "run.sh"]).args(args).output().unwrap();
        assert!(out.status.success(), "{out:?}");
        String::from_utf8(out.stdout).unwrap().lines().next().unwrap().to_owned()
    }

    #[test]
    fn the_sample_greets_whom_it_is_told() {
        assert_eq!(greeting(&[]), "Hello, world!");
        assert_eq!(greeting(&["--context=Default", "--context_param", "name=Jo & Co"]), "Hello, Jo & Co!");
        assert_eq!(greeting(&["--context_param"]), "Hello, world!");
    }
}
