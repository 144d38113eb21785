//! The values of one run, as files.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::manifest::{ContextFile, Kind, Manifest};
use crate::properties;

/// Name of the file, in the root of the run folder, that holds the values for scripts and jars; hand its full path to
/// [`command_line`](crate::command_line) as `context_file`.
pub const CONTEXT_FILE: &str = ".stoker-context.properties";

/// Writes the values of a run into its private folder `root`, mode 0600.
///
/// Java jobs: the main job's file of `context` gets every value, made when the archive has none of that name; child jobs'
/// files of `context` only those variables that they already have. What is not in `values` keeps the content of the file, or
/// of the default context's file when the context is new. Scripts and jars: [`CONTEXT_FILE`] gets everything. `values` are
/// plain text, secret ones too (`doc`: a job takes plain text for passwords).
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] for a context name that is no file name, [`io::ErrorKind::InvalidData`] for an unreadable
/// context file, else the disk's error.
pub fn write_contexts(manifest: &Manifest, root: &Path, context: &str, values: &[(String, String)]) -> io::Result<()> {
    check_name(context)?;
    let launch = &manifest.launch;
    let main = base(manifest, root, &launch.package, context)?.unwrap_or_default();
    let main = overlay(main, values, true);
    if manifest.kind != Kind::Java {
        return write_private(&root.join(CONTEXT_FILE), &main);
    }
    write_private(&target(manifest, root, &launch.package, context), &main)?;
    let mut children: Vec<&str> = launch.context_files.iter().map(|file| file.package.as_str()).collect();
    children.sort_unstable();
    children.dedup();
    for package in children.into_iter().filter(|package| *package != launch.package) {
        if let Some(known) = base(manifest, root, package, context)? {
            write_private(&target(manifest, root, package, context), &overlay(known, values, false))?;
        }
    }
    Ok(())
}

type Pairs = Vec<(String, String)>;

fn check_name(context: &str) -> io::Result<()> {
    let bad = context.is_empty()
        || context.starts_with('.')
        || context.chars().any(|c| c.is_control() || matches!(c, '/' | '\\'));
    if bad {
        let text = format!(
            "write context \"{}\": this name cannot be a file name; rename the context",
            context.escape_debug()
        );
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    Ok(())
}

fn target(manifest: &Manifest, root: &Path, package: &str, context: &str) -> PathBuf {
    let mut path = root.join(&manifest.launch.working_dir);
    path.extend(package.split('.').filter(|part| !part.is_empty()));
    path.join("contexts").join(format!("{context}.properties"))
}

/// What the file of this context says, or that of the default context; nothing when the package has neither.
fn base(manifest: &Manifest, root: &Path, package: &str, context: &str) -> io::Result<Option<Pairs>> {
    let named = |name: &str| {
        let fits = |file: &&ContextFile| file.package == package && file.context == name;
        manifest.launch.context_files.iter().find(fits)
    };
    let file = named(context).or_else(|| named(manifest.default_context.as_deref()?));
    if let Some(file) = file {
        let text = fs::read(root.join(&file.path))?;
        return match properties::parse(&text) {
            Ok(pairs) => Ok(Some(pairs)),
            Err(error) => Err(io::Error::new(io::ErrorKind::InvalidData, error)),
        };
    }
    // Old builds keep the files inside the job's jar; the manifest remembers them.
    let own = package == manifest.launch.package;
    let name = own.then_some([Some(context), manifest.default_context.as_deref()]);
    let stored = name.into_iter().flatten().flatten().find_map(|name| manifest.contexts.get(name));
    Ok(stored.map(|values| values.iter().map(|(name, value)| (name.clone(), value.clone())).collect()))
}

/// The base with the values put over it, each name once; `add` says whether names that the base lacks come too.
fn overlay(base: Pairs, values: &[(String, String)], add: bool) -> Pairs {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut pairs = Pairs::with_capacity(base.len() + values.len());
    let known = base.len();
    for (index, (name, value)) in base.into_iter().chain(values.iter().cloned()).enumerate() {
        match places.get(&name) {
            Some(&place) => pairs[place].1 = value,
            None if index < known || add => {
                places.insert(name.clone(), pairs.len());
                pairs.push((name, value));
            }
            None => {}
        }
    }
    pairs
}

fn write_private(path: &Path, pairs: &Pairs) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    // A fresh file, so that neither an earlier mode nor a link to somewhere else survives.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(properties::write(pairs).as_bytes())
}
