//! The engine of `stoker dev`: its entity on the server and its installation in the folder.

use super::{Bootstrap, cannot_use};
use crate::commands::App;
use crate::commands::engines::{KEY_FILE, PAIRING_FILE, key_line, pairing_line};
use crate::exit::{Exit, Failure, Result};
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use stoker_client::{Client, Engine, NewEngine};

/// Name of the engine on the server.
const NAME: &str = "dev";
/// Top folder of the engine archive.
const FOLDER: &str = "remote-engine";
/// How often and how long to ask whether the engine is paired: a minute in all.
const PAIRED: (Duration, u32) = (Duration::from_millis(250), 240);

/// An engine ready to be started.
pub(crate) struct Prepared {
    pub(crate) id: String,
    pub(crate) folder: PathBuf,
}

/// Makes what is missing: the entity, the installation, its two configuration files.
pub(crate) async fn prepare(app: &App, client: &Client, bootstrap: &Bootstrap, dir: &Path) -> Result<Prepared> {
    let mut engine = entity(client, bootstrap).await?;
    let folder = dir.join(FOLDER);
    let is_installed = folder.join("bin").join("trun").is_file();
    if !is_installed {
        install(app, client, dir, &folder).await?;
        if engine.is_paired() {
            // The installation it was paired with is gone, and the keys with it.
            client.unpair_engine(&engine.id).await?;
        }
    }
    // Only this answer is sure to have the key.
    engine = client.engine(&engine.id).await?;
    write_private(&folder.join(PAIRING_FILE), &pairing_line(client.base_url()))?;
    if let Some(key) = &engine.pre_authorized_key {
        write_private(&folder.join(KEY_FILE), &key_line(key))?;
    }
    Ok(Prepared { id: engine.id, folder })
}

async fn entity(client: &Client, bootstrap: &Bootstrap) -> Result<Engine> {
    if let Some(engine) = client.engines(None).await?.into_iter().find(|engine| engine.name == NAME) {
        return Ok(engine);
    }
    let new = NewEngine {
        name: NAME.to_owned(),
        environment_id: bootstrap.environment_id.clone(),
        workspace_id: None,
        description: Some("made by `stoker dev`".to_owned()),
    };
    Ok(client.create_engine(&new).await?)
}

/// Downloads the engine archive and unpacks it, whole or not at all.
async fn install(app: &App, client: &Client, dir: &Path, folder: &Path) -> Result<()> {
    let failed = |error: std::io::Error| cannot_use(dir, &error);
    let new = dir.join("remote-engine.new");
    let archive = dir.join("remote-engine.tar.gz");
    remove_dir(&new).and_then(|()| remove_dir(folder)).map_err(failed)?;

    let mut file = tokio::fs::File::create(&archive).await.map_err(failed)?;
    let bar = app.out.progress("downloading the engine", None);
    let result = client
        .download_engine(&mut file, |received, length| {
            if let Some(length) = length {
                bar.set_length(length);
            }
            bar.set_position(received);
        })
        .await;
    bar.finish_and_clear();
    result?;
    drop(file);

    unpack(&archive, &new)?;
    fs::rename(new.join(FOLDER), folder).and_then(|()| remove_dir(&new)).map_err(failed)?;
    fs::remove_file(&archive).map_err(failed)
}

fn remove_dir(path: &Path) -> std::io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn unpack(archive: &Path, into: &Path) -> Result<()> {
    let result = fs::File::open(archive).and_then(|file| {
        fs::create_dir_all(into)?;
        tar::Archive::new(flate2::read::GzDecoder::new(file)).unpack(into)
    });
    result.map_err(|error| Failure::new(Exit::Failed, format!("cannot unpack the engine archive: {error}")))?;
    if into.join(FOLDER).join("bin").join("trun").is_file() {
        return Ok(());
    }
    Err(Failure::new(Exit::Failed, format!("the engine archive has no {FOLDER}/bin/trun"))
        .hint("are server and command line of the same version?"))
}

/// Replaces a file by one line, readable for its owner only.
fn write_private(path: &Path, line: &str) -> Result<()> {
    let write = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        if let Err(error) = fs::remove_file(path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(error);
        }
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        writeln!(file, "{line}")
    };
    write().map_err(|error| Failure::new(Exit::Failed, format!("cannot write `{}`: {error}", path.display())))
}

/// Waits until the engine is there. When it takes too long, that is told and not an error: the log says more.
pub(crate) async fn wait_until_paired(app: &App, client: &Client, id: &str) -> Result<()> {
    for _ in 0..PAIRED.1 {
        let engine = client.engine(id).await?;
        if engine.is_paired() && engine.availability.as_deref() == Some("AVAILABLE") {
            return Ok(());
        }
        tokio::time::sleep(PAIRED.0).await;
    }
    app.out.warn("the engine is not there yet; its log may say why");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn archive(path: &Path, entry: &str) {
        let mut tar =
            tar::Builder::new(flate2::write::GzEncoder::new(fs::File::create(path).unwrap(), Default::default()));
        let script = b"#!/bin/sh\n";
        let mut header = tar::Header::new_gnu();
        header.set_size(script.len() as u64);
        header.set_mode(0o755);
        tar.append_data(&mut header, entry, &script[..]).unwrap();
        tar.into_inner().unwrap().finish().unwrap();
    }

    #[test]
    fn an_unpacked_engine_can_be_started() {
        let folder = tempfile::tempdir().unwrap();
        let (file, into) = (folder.path().join("a.tar.gz"), folder.path().join("into"));
        archive(&file, "remote-engine/bin/trun");
        unpack(&file, &into).unwrap();
        let mode = fs::metadata(into.join("remote-engine/bin/trun")).unwrap().permissions().mode();
        assert_eq!(mode & 0o100, 0o100, "it is executable");
    }

    #[test]
    fn an_archive_without_the_engine_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (file, into) = (folder.path().join("a.tar.gz"), folder.path().join("into"));
        archive(&file, "something/else");
        assert!(unpack(&file, &into).unwrap_err().message.contains("remote-engine/bin/trun"));
        fs::write(&file, "no archive").unwrap();
        assert!(unpack(&file, &into).unwrap_err().message.starts_with("cannot unpack"));
    }

    #[test]
    fn configuration_files_hold_one_private_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(KEY_FILE);
        write_private(&path, &key_line("OLD")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        write_private(&path, &key_line("0F1E")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "remote.engine.pre.authorized.key = 0F1E\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(pairing_line("http://127.0.0.1:8080"), "pairing.service.url = http://127.0.0.1:8080");
    }
}
