//! Engine homes, archives and offers.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use stoker_wire::{Offer, Parameter};
use zip::write::SimpleFileOptions;

use super::server::Server;
use crate::process::support::PROGRAM;

pub(crate) const KEY: &str = "00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF";

/// An unpacked engine archive that is told to pair with a server.
pub(crate) struct Home {
    _folder: tempfile::TempDir,
    pub(crate) path: PathBuf,
}

impl Home {
    pub(crate) fn new(server: &Server) -> Self {
        server.change(|state| {
            state.keys.insert(KEY.into(), None);
        });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("remote-engine");
        let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/remote-engine");
        for part in ["bin", "etc"] {
            std::fs::create_dir_all(path.join(part)).unwrap();
            for entry in std::fs::read_dir(template.join(part)).unwrap() {
                let entry = entry.unwrap();
                std::fs::copy(entry.path(), path.join(part).join(entry.file_name())).unwrap();
            }
        }
        std::fs::create_dir(path.join("lib")).unwrap();
        std::os::unix::fs::symlink(PROGRAM, path.join("lib/stoker-engine")).unwrap();
        let home = Self { _folder: folder, path };
        // The documented procedure: both files whole.
        home.write("etc/preauthorized.key.cfg", &format!("remote.engine.pre.authorized.key = {KEY}\n"));
        home.write("etc/org.talend.ipaas.rt.pairing.client.cfg", &format!("pairing.service.url={}\n", server.url));
        home
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path.join(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path.join(name)).unwrap()
    }

    /// Names in a folder.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path.join(name)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    pub(crate) fn start(&self) -> Running {
        self.start_with(&[])
    }

    pub(crate) fn start_with(&self, env: &[(&str, &str)]) -> Running {
        let mut command = Command::new(PROGRAM);
        command.arg("run").arg("--home").arg(&self.path).stdin(Stdio::null()).stderr(Stdio::null());
        command.env("STOKER_ENGINE_LOG", "debug").env("ENGINE_SECRET", "must not be seen").envs(env.iter().copied());
        Running(command.spawn().unwrap())
    }

    pub(crate) fn script(&self, name: &str, args: &[&str]) -> (i32, String) {
        let output = Command::new(self.path.join("bin").join(name)).args(args).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(text).unwrap())
    }
}

/// An engine process; killed at the end of the test.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn signal(&self, signal: nix::sys::signal::Signal) {
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(self.0.id() as i32), signal).unwrap();
    }

    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Waits for its end.
    pub(crate) async fn exit_code(mut self) -> i32 {
        let waited = tokio::task::spawn_blocking(move || self.0.wait().unwrap());
        let ended = tokio::time::timeout(std::time::Duration::from_secs(60), waited);
        ended.await.expect("the engine does not end").unwrap().code().unwrap()
    }

    pub(crate) async fn stop(self) {
        self.signal(nix::sys::signal::Signal::SIGTERM);
        assert_eq!(self.exit_code().await, 0);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A zip with one script.
pub(crate) fn zip_of(script: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("run.sh", SimpleFileOptions::default()).unwrap();
    zip.write_all(format!("#!/bin/sh\n{script}\n").as_bytes()).unwrap();
    zip.finish().unwrap().into_inner()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An offer of a script, which the server then has as an artifact.
pub(crate) fn offer(server: &Server, run: &str, script: &str) -> Offer {
    offer_zip(server, run, zip_of(script))
}

pub(crate) fn offer_zip(server: &Server, run: &str, zip: Vec<u8>) -> Offer {
    let sha256 = sha256(&zip);
    let offer = Offer {
        run: run.into(),
        epoch: 1,
        task_id: "task-1".into(),
        task_name: "Test task".into(),
        artifact_sha256: sha256.clone(),
        artifact_size: zip.len() as i64,
        artifact_name: "test".into(),
        artifact_version: "0.1".into(),
        context: None,
        log_level: "WARN".into(),
        timeout_minutes: None,
        jvm_arguments: None,
        parameters: Vec::new(),
        sealed_parameters: None,
        resources: Vec::new(),
    };
    server.change(|state| {
        state.artifacts.insert(sha256, zip);
    });
    offer
}

/// Adds secret parameters; the engine must be paired.
pub(crate) fn seal(server: &Server, offer: &mut Offer, secrets: &[(&str, &str)]) {
    let secrets: Vec<Parameter> =
        secrets.iter().map(|(name, value)| Parameter { name: (*name).into(), value: (*value).into() }).collect();
    let plain = serde_json::to_vec(&secrets).unwrap();
    let random = stoker_domain::SystemRandom::new();
    let key = server.state().sealing_key.clone();
    offer.sealed_parameters = Some(stoker_secrets::seal::seal(&key, &offer.run, &plain, &random).unwrap());
}

/// A named pipe: a script that writes its name tells the test that it is ready, one that reads it waits for the test.
pub(crate) fn pipe(home: &Home, name: &str) -> PathBuf {
    let path = home.path.join(name);
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
    path
}

pub(crate) use crate::process::support::let_go;
