//! Embeds the checked-in OpenAPI documents and the files of Swagger UI, compressed.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::error::Error;
use std::fmt::Write as _;
use std::io::{Cursor, Read, Write as _};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// What of the archive of Swagger UI the pages use, with media types.
const UI: [(&str, &str); 3] = [
    ("swagger-ui.css", "text/css; charset=utf-8"),
    ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    ("swagger-ui-standalone-preset.js", "text/javascript; charset=utf-8"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new("../../openapi");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", folder.display());
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut table = String::from("[\n");
    let mut add = |name: &str, kind: &str, bytes: &[u8]| -> Result<(), Box<dyn Error>> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(bytes)?;
        let file = out.join(format!("{name}.gz"));
        fs::write(&file, packed.finish()?)?;
        writeln!(table, "    File {{ name: {name:?}, kind: {kind:?}, packed: include_bytes!({file:?}) }},")?;
        Ok(())
    };
    for name in documents(folder)? {
        add(&name, "application/json", &fs::read(folder.join(&name))?)?;
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED))?;
    for (name, kind) in UI {
        let end = format!("/dist/{name}");
        let wanted = |entry: &str| entry.ends_with(&end) && entry.matches('/').count() == 2;
        let entry = archive.file_names().filter_map(Result::ok).find(|entry| wanted(entry)).map(|e| e.into_owned());
        let entry = entry.ok_or_else(|| format!("the archive of Swagger UI has no {name}"))?;
        let mut bytes = Vec::new();
        archive.by_name(&entry)?.read_to_end(&mut bytes)?;
        add(name, kind, &bytes)?;
    }
    table.push(']');
    fs::write(out.join("documents.rs"), table)?;
    Ok(())
}

/// The documents, by name.
fn documents(folder: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".json") {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}
