//! Puts the built console, `web/dist/files`, into the program. Without one the program is built all the same.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?);
    let watched = root.join("../../web/dist");
    // The folder above is checked in: cargo would run this every time if what it watches were not there.
    println!("cargo:rerun-if-changed={}", watched.display());
    println!("cargo:rerun-if-changed=build.rs");
    let dist = watched.join("files");
    let mut files = Vec::new();
    if dist.is_dir() {
        collect(&dist, &mut files)?;
    }
    files.sort();
    let mut table = String::from("&[\n");
    for file in files.iter().filter(|file| !packed(file)) {
        let path = file.strip_prefix(&dist).map_err(io::Error::other)?.to_string_lossy().replace('\\', "/");
        let absolute = fs::canonicalize(file)?;
        let form = |ending: &str| {
            let packed = PathBuf::from(format!("{}.{ending}", absolute.display()));
            if packed.is_file() { format!("Some(include_bytes!({packed:?}))") } else { "None".to_owned() }
        };
        writeln!(
            table,
            "stoker_api::console::Asset {{ path: {path:?}, hash: \"{:016x}\", plain: include_bytes!({absolute:?}), brotli: {}, gzip: {} }},",
            fnv(&fs::read(file)?),
            form("br"),
            form("gz"),
        )
        .map_err(io::Error::other)?;
    }
    table.push(']');
    fs::write(Path::new(&env::var("OUT_DIR").map_err(io::Error::other)?).join("console.rs"), table)
}

fn packed(file: &Path) -> bool {
    file.extension().is_some_and(|ending| ending == "br" || ending == "gz")
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { collect(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

/// FNV-1a: tells one build's file from another's; nothing secret hangs on it.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
