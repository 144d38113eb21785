//! Projects on disk, and the world that the tester crate wants to be given.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use stoker_tester::import::MAX_IMPORT;
use stoker_tester::model::{Drive, Environment, Kind, PartKind};
use stoker_tester::world::{Clock, Seeded};
use stoker_tester::{folder, native};

use super::App;
use crate::exit::{Failure, Result};

const NO_PROJECT: &str =
    "make a project folder with `stoker test init` or `stoker test import`, or name the folder that holds drive.toml";
const OF_OTHERS: &str = "take over files of other tools with `stoker test import`";

/// A project that was read.
pub(super) struct Source {
    pub(super) drive: Drive,
    /// Where each entity is written, by id.
    pub(super) places: HashMap<String, String>,
    /// Folder that files named in requests are below.
    pub(super) files: PathBuf,
}

impl Source {
    /// Files that its requests and scenarios name, as far as no expression makes their names.
    pub(super) fn named_files(&self) -> Vec<PathBuf> {
        let mut names = Vec::new();
        for (_, entity) in self.drive.walk() {
            match &entity.kind {
                Kind::Request(request) => {
                    let form = request.body.form.iter().flat_map(|form| &form.items);
                    names.extend(form.filter(|row| row.kind == Some(PartKind::File)).map(|row| row.value().to_owned()));
                    names.extend(request.additions.file.clone());
                    let tls = request.additions.tls.iter();
                    names.extend(tls.flat_map(|tls| [&tls.authorities, &tls.identity]).flatten().cloned());
                }
                Kind::Scenario(added) => names.extend(added.data.iter().filter_map(|data| data.file.clone())),
                Kind::Project | Kind::Service => {}
            }
        }
        names.retain(|name| !name.is_empty() && !name.contains("${"));
        names.into_iter().map(|name| self.files.join(name)).collect()
    }
}

/// Reads a project folder, or a file of the compatible API tester.
pub(super) fn load(app: &App, path: &Path) -> Result<Source> {
    if path.is_dir() {
        let loaded = folder::load(path).map_err(|error| {
            let failure = Failure::usage(format!("{}: {error}", path.display()));
            if path.join("drive.toml").is_file() { failure } else { failure.hint(NO_PROJECT) }
        })?;
        if loaded.drive.in_run_order().is_empty() {
            return Err(Failure::usage(format!("{} holds no API tests", path.display())).hint(NO_PROJECT));
        }
        let place = |(id, place): (String, String)| (id, path.join(place).display().to_string());
        return Ok(Source {
            drive: loaded.drive,
            places: loaded.places.into_iter().map(place).collect(),
            files: path.to_path_buf(),
        });
    }
    let text = read(path)?;
    let imported = native::import(&text, native::ImportOptions::default()).map_err(|error| {
        let failure = Failure::usage(format!("{}: {error}", path.display()));
        match error {
            native::NativeError::Shape => failure.hint(OF_OTHERS),
            // Other tools write YAML, texts and commands.
            _ if path.extension().is_none_or(|ending| ending != "json") => failure.hint(OF_OTHERS),
            _ => failure,
        }
    })?;
    for warning in &imported.warnings {
        app.out.warn(&format!("{}: {warning}", path.display()));
    }
    // A bare name has an empty parent, which is no folder.
    let files = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_path_buf();
    Ok(Source { drive: imported.drive, places: HashMap::new(), files })
}

/// The text of a file that is not too large.
pub(super) fn read(path: &Path) -> Result<String> {
    let fail = |error: std::io::Error| Failure::usage(format!("cannot read {}: {error}", path.display()));
    let size = std::fs::metadata(path).map_err(fail)?.len();
    if size > MAX_IMPORT as u64 {
        return Err(Failure::usage(format!("{} has {size} bytes; at most {MAX_IMPORT} are read", path.display())));
    }
    std::fs::read_to_string(path).map_err(fail)
}

/// The environment that was asked for.
pub(super) fn environment<'a>(drive: &'a Drive, name: Option<&str>) -> Result<Option<&'a Environment>> {
    let Some(name) = name else { return Ok(None) };
    drive.environment(name).map(Some).ok_or_else(|| {
        let known: Vec<&str> = drive.environments.iter().map(|environment| environment.name.as_str()).collect();
        let hint = if known.is_empty() { "the project has none".to_owned() } else { known.join(", ") };
        Failure::usage(format!("there is no environment `{name}`")).hint(format!("environments: {hint}"))
    })
}

/// Values for the private variables of an environment: from a file of NAME=VALUE lines, else from the variables of the
/// process.
pub(super) fn secrets(
    app: &App,
    environment: Option<&Environment>,
    file: Option<&Path>,
) -> Result<BTreeMap<String, String>> {
    let mut all = BTreeMap::new();
    for variable in environment.iter().flat_map(|environment| &environment.variables) {
        if variable.is_private() {
            let name = variable.secret.as_deref().unwrap_or(&variable.name);
            if let Some(value) = app.around.test_secrets.get(&process_variable(name)) {
                all.insert(name.to_owned(), value.clone());
            }
        }
    }
    let Some(file) = file else { return Ok(all) };
    for (number, line) in read(file)?.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        // The line itself may hold a secret and is not shown.
        let (name, value) = crate::pairs::parse(line)
            .map_err(|problem| Failure::usage(format!("{}:{}: {problem}", file.display(), number + 1)))?;
        all.insert(name, value);
    }
    Ok(all)
}

/// Name of the process variable for a secret, without the common beginning.
fn process_variable(secret: &str) -> String {
    secret.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

/// The clock of this process.
pub(super) struct ProcessClock {
    now: fn() -> Timestamp,
    origin: Instant,
}

impl ProcessClock {
    pub(super) fn new(app: &App) -> Self {
        Self { now: app.around.now, origin: (app.around.monotonic)() }
    }
}

impl Clock for ProcessClock {
    fn now_ms(&self) -> i64 {
        (self.now)().as_millisecond()
    }

    fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.origin.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(time))
    }
}

/// Random data: the same with the same seed; without one from the clock.
pub(super) fn entropy(app: &App, seed: Option<u64>) -> Seeded {
    let from_clock = || {
        let now = (app.around.now)().as_nanosecond();
        (now as u64) ^ u64::from(std::process::id()).rotate_left(40)
    };
    Seeded::new(seed.unwrap_or_else(from_clock))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_have_plain_names_in_the_environment() {
        assert_eq!(process_variable("api-key 2"), "API_KEY_2");
    }
}
