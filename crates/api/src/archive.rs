//! The engine archive for download, put together on request from the engine program and embedded templates.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{self, Seek, Write};
use std::path::Path;

/// Top folder of the archive.
const TOP: &str = "remote-engine";

/// Folders that exist empty, as documented for an installation (source: doc).
const FOLDERS: &[&str] = &["TalendJobServersFiles", "data", "data/log", "etc/keystores"];

/// Mode of those folders: what jobs print and the engine's keys are the owner's alone.
const FOLDER_MODE: u32 = 0o700;

/// Files with their mode.
const FILES: &[(&str, u32, &str)] = &[
    ("bin/trun", 0o755, include_str!("../../../packaging/remote-engine/bin/trun")),
    ("bin/start", 0o755, include_str!("../../../packaging/remote-engine/bin/start")),
    ("bin/stop", 0o755, include_str!("../../../packaging/remote-engine/bin/stop")),
    ("bin/status", 0o755, include_str!("../../../packaging/remote-engine/bin/status")),
    ("bin/client", 0o755, include_str!("../../../packaging/remote-engine/bin/client")),
    ("etc/preauthorized.key.cfg", 0o600, include_str!("../../../packaging/remote-engine/etc/preauthorized.key.cfg")),
    (
        "etc/org.talend.ipaas.rt.pairing.client.cfg",
        0o644,
        include_str!("../../../packaging/remote-engine/etc/org.talend.ipaas.rt.pairing.client.cfg"),
    ),
    (
        "etc/org.talend.ipaas.rt.keypair.manager.cfg",
        0o600,
        include_str!("../../../packaging/remote-engine/etc/org.talend.ipaas.rt.keypair.manager.cfg"),
    ),
    (
        "etc/org.talend.ipaas.rt.deployment.agent.cfg",
        0o644,
        include_str!("../../../packaging/remote-engine/etc/org.talend.ipaas.rt.deployment.agent.cfg"),
    ),
    (
        "etc/org.talend.ipaas.rt.jobserver.client.cfg",
        0o644,
        include_str!("../../../packaging/remote-engine/etc/org.talend.ipaas.rt.jobserver.client.cfg"),
    ),
    (
        "etc/org.talend.remote.jobserver.server.cfg",
        0o644,
        include_str!("../../../packaging/remote-engine/etc/org.talend.remote.jobserver.server.cfg"),
    ),
    (
        "etc/org.talend.ipaas.rt.heartbeat.sender.cloud.cfg",
        0o644,
        include_str!("../../../packaging/remote-engine/etc/org.talend.ipaas.rt.heartbeat.sender.cloud.cfg"),
    ),
    ("etc/system.properties", 0o644, include_str!("../../../packaging/remote-engine/etc/system.properties")),
];

/// Where the engine program lies in the archive.
const PROGRAM: &str = "lib/stoker-engine";

/// Writes the archive as `.tar.gz`.
pub fn tar_gz(program: &Path, out: impl Write) -> io::Result<()> {
    let mut tar = tar::Builder::new(GzEncoder::new(out, Compression::fast()));
    for folder in FOLDERS {
        let mut header = header(FOLDER_MODE, 0);
        header.set_entry_type(tar::EntryType::Directory);
        tar.append_data(&mut header, format!("{TOP}/{folder}/"), io::empty())?;
    }
    for (name, mode, text) in FILES {
        tar.append_data(&mut header(*mode, text.len() as u64), format!("{TOP}/{name}"), text.as_bytes())?;
    }
    let mut file = std::fs::File::open(program)?;
    let size = file.metadata()?.len();
    tar.append_data(&mut header(0o755, size), format!("{TOP}/{PROGRAM}"), &mut file)?;
    tar.into_inner()?.finish()?;
    Ok(())
}

fn header(mode: u32, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_mode(mode);
    header.set_size(size);
    header.set_entry_type(tar::EntryType::Regular);
    header
}

/// Writes the archive as `.zip`.
pub fn zip(program: &Path, out: impl Write + Seek) -> io::Result<()> {
    use zip::write::SimpleFileOptions;
    let mut zip = zip::ZipWriter::new(out);
    let options = |mode: u32| SimpleFileOptions::default().unix_permissions(mode);
    for folder in FOLDERS {
        zip.add_directory(format!("{TOP}/{folder}"), options(FOLDER_MODE)).map_err(io::Error::other)?;
    }
    for (name, mode, text) in FILES {
        zip.start_file(format!("{TOP}/{name}"), options(*mode)).map_err(io::Error::other)?;
        zip.write_all(text.as_bytes())?;
    }
    zip.start_file(format!("{TOP}/{PROGRAM}"), options(0o755)).map_err(io::Error::other)?;
    io::copy(&mut std::fs::File::open(program)?, &mut zip)?;
    zip.finish().map_err(io::Error::other)?;
    Ok(())
}
