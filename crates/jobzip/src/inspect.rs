//! From a zip to its manifest.

use std::collections::{BTreeMap, HashSet};
use std::io::{Cursor, Read, Seek};

use crate::archive::Archive;
use crate::error::JobZipError;
use crate::java;
use crate::limits::Limits;
use crate::manifest::{ArtifactType, ContextFile, GitInfo, Kind, Launch, Manifest, Parameter};
use crate::properties;
use crate::script;

/// Names at the top that make a script the entry, in order of preference.
const ENTRY_SCRIPTS: [&str; 3] = ["run.sh", "main.sh", "start.sh"];

/// Checks a whole archive and says what it needs.
///
/// Every file is read to its end, so lengths, checksums and limits are known to be right: what passes here also passes
/// [`unpack`](crate::unpack). Use [`describe`] for an archive that passed before.
///
/// The kind is, in this order: a job built by the studio (`jobInfo.properties` or `<Job>/<Job>_run.sh`), an executable jar
/// (the only one at the top with a `Main-Class`, or the only jar of all when no script is an entry), a script.
///
/// # Errors
/// Any [`JobZipError`] except [`JobZipError::DestinationNotEmpty`]; [`JobZipError::Io`] only when reading fails.
pub fn inspect<R: Read + Seek>(archive: R, limits: &Limits) -> Result<Manifest, JobZipError> {
    let mut archive = Archive::open(archive, limits)?;
    let manifest = manifest(&mut archive, limits)?;
    archive.verify()?;
    Ok(manifest)
}

/// [`inspect`] without reading the files that say nothing about the job: quick even for huge archives, but damage in them
/// stays unseen.
///
/// # Errors
/// As [`inspect`].
pub fn describe<R: Read + Seek>(archive: R, limits: &Limits) -> Result<Manifest, JobZipError> {
    manifest(&mut Archive::open(archive, limits)?, limits)
}

fn manifest<R: Read + Seek>(archive: &mut Archive<'_, R>, limits: &Limits) -> Result<Manifest, JobZipError> {
    let info = read_info(archive)?;
    // A microservice carries the facts of a job, but is started like any executable jar (`doc`).
    let microservice = info.get("ismicroservice").is_some_and(|text| text == "true");
    if !microservice && let Some(manifest) = java::read(archive, &info, limits)? {
        return Ok(manifest);
    }
    if let Some(jar) = executable_jar(archive, limits)? {
        return plain(archive, Kind::Jar, jar, Vec::new(), info);
    }
    let Some(entry) = entry_script(archive) else {
        return Err(JobZipError::NothingToRun);
    };
    let head = archive.head(&entry, 256)?;
    let interpreter = script::shebang(&head).unwrap_or_else(|| vec!["/bin/sh".to_owned()]);
    plain(archive, Kind::Script, entry, interpreter, info)
}

fn read_info<R: Read + Seek>(archive: &mut Archive<'_, R>) -> Result<BTreeMap<String, String>, JobZipError> {
    Ok(read_properties(archive, "jobInfo.properties")?.into_iter().collect())
}

/// The pairs of a properties file; none when it does not exist.
pub(crate) fn read_properties<R: Read + Seek>(
    archive: &mut Archive<'_, R>,
    path: &str,
) -> Result<Vec<(String, String)>, JobZipError> {
    let Some(text) = archive.metadata(path)? else {
        return Ok(Vec::new());
    };
    properties::parse(&text)
        .map_err(|error| JobZipError::Metadata { path: path.to_owned(), problem: format!("cannot be read: {error}") })
}

/// The facts of `jobInfo.properties`, with the rest of the manifest still empty (`recorded`).
pub(crate) fn from_info(kind: Kind, job: String, info: BTreeMap<String, String>) -> Manifest {
    let get = |key: &str| info.get(key).filter(|text| !text.is_empty()).cloned();
    let git = GitInfo {
        author: get("gitAuthor"),
        commit_id: get("gitCommitId"),
        commit_date_ms: get("gitCommitDate").and_then(|text| text.parse().ok()),
        branch: get("branch"),
    };
    Manifest {
        kind,
        job,
        version: get("jobVersion"),
        artifact_type: ArtifactType::from_job_type(info.get("jobType").map_or("", String::as_str)),
        project: get("project"),
        job_id: get("jobId"),
        builder_version: get("cmdLineVersion"),
        // Old levels are written as 1.8.
        compliance: get("compliance").and_then(|text| text.trim_start_matches("1.").parse().ok()),
        add_opens: info.get("add-opens").is_some_and(|text| text == "true"),
        default_context: get("contextName"),
        contexts: BTreeMap::new(),
        parameters: Vec::new(),
        git: (git != GitInfo::default()).then_some(git),
        description: None,
        purpose: None,
        launch: Launch { statistics: info.get("statistics").is_some_and(|text| text == "true"), ..Launch::default() },
        warnings: Vec::new(),
        info,
    }
}

/// Whether a value is in one of the encrypted forms of the builder (`recorded`).
pub(crate) fn is_encrypted(value: &str) -> bool {
    value.starts_with("enc:") || value.starts_with("ENC:[")
}

/// Scripts and jars: no class path, contexts at most in `contexts/` at the top.
fn plain<R: Read + Seek>(
    archive: &mut Archive<'_, R>,
    kind: Kind,
    entry: String,
    interpreter: Vec<String>,
    info: BTreeMap<String, String>,
) -> Result<Manifest, JobZipError> {
    let stem = entry.rsplit('/').next().unwrap_or(&entry);
    let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem).to_owned();
    let job = info.get("job").filter(|text| !text.is_empty()).cloned().or_else(|| archive.base.clone());
    let mut manifest = from_info(kind, job.unwrap_or(stem), info);
    let mut names = Vec::new();
    let context_files: Vec<ContextFile> =
        archive.files().filter_map(|path| context_file(path, "contexts", "")).collect();
    for file in &context_files {
        let pairs = read_properties(archive, &file.path)?;
        names.extend(pairs.iter().map(|(name, _)| name.clone()));
        manifest.contexts.insert(file.context.clone(), pairs.into_iter().collect());
    }
    manifest.default_context = manifest.default_context.or_else(|| usual_default(&manifest.contexts));
    fill_parameters(&mut manifest, names, &[]);
    manifest.launch.context_files = context_files;
    manifest.launch.context_param_support = true;
    manifest.launch.entry = Some(entry);
    manifest.launch.interpreter = interpreter;
    Ok(manifest)
}

/// Reads a path as `<folder>/<context>.properties`.
pub(crate) fn context_file(path: &str, folder: &str, package: &str) -> Option<ContextFile> {
    let name = path.strip_prefix(folder)?.strip_prefix('/')?.strip_suffix(".properties")?;
    let plain = !name.is_empty() && !name.contains('/');
    plain.then(|| ContextFile { path: path.to_owned(), context: name.to_owned(), package: package.to_owned() })
}

/// `Default` when there is one, else the only or first context (`recorded`: the studio names the first one so).
pub(crate) fn usual_default(contexts: &BTreeMap<String, BTreeMap<String, String>>) -> Option<String> {
    contexts.get_key_value("Default").or_else(|| contexts.iter().next()).map(|(name, _)| name.clone())
}

/// Makes the parameters from the design where it is known and from the names in the context files, and takes secret values
/// out of the contexts.
pub(crate) fn fill_parameters(manifest: &mut Manifest, names: Vec<String>, designed: &[Parameter]) {
    let mut parameters: Vec<Parameter> = designed.to_vec();
    let mut known: HashSet<String> = designed.iter().map(|parameter| parameter.name.clone()).collect();
    for name in names {
        if known.insert(name.clone()) {
            let secret = manifest.contexts.values().filter_map(|values| values.get(&name)).any(|v| is_encrypted(v));
            let type_name = if secret { "Password" } else { "String" }.to_owned();
            parameters.push(Parameter { name, type_name, default: None, comment: None, required: false, secret });
        }
    }
    let defaults = manifest.default_context.as_ref().and_then(|name| manifest.contexts.get(name));
    for parameter in &mut parameters {
        if parameter.secret {
            parameter.default = None;
        } else if let Some(value) = defaults.and_then(|values| values.get(&parameter.name)) {
            parameter.default = Some(value.clone());
        }
    }
    for values in manifest.contexts.values_mut() {
        for parameter in parameters.iter().filter(|parameter| parameter.secret) {
            values.remove(&parameter.name);
        }
    }
    manifest.parameters = parameters;
}

fn entry_script<R: Read + Seek>(archive: &Archive<'_, R>) -> Option<String> {
    if let Some(name) = ENTRY_SCRIPTS.iter().find(|name| archive.has_file(name)) {
        return Some((*name).to_owned());
    }
    let mut scripts = archive.files().filter(|path| path.ends_with(".sh") && !path.contains('/'));
    scripts.next().filter(|_| scripts.next().is_none()).map(str::to_owned)
}

fn executable_jar<R: Read + Seek>(
    archive: &mut Archive<'_, R>,
    limits: &Limits,
) -> Result<Option<String>, JobZipError> {
    let jars: Vec<String> = archive.files().filter(|path| path.ends_with(".jar")).map(str::to_owned).collect();
    let mut found = None;
    for jar in jars.iter().filter(|path| !path.contains('/')) {
        if has_main_class(archive, jar, limits)? {
            if found.is_some() {
                return Ok(None);
            }
            found = Some(jar.clone());
        }
    }
    match (found, jars.as_slice()) {
        (None, [only]) if entry_script(archive).is_none() && has_main_class(archive, only, limits)? => {
            Ok(Some(only.clone()))
        }
        (found, _) => Ok(found),
    }
}

fn has_main_class<R: Read + Seek>(
    archive: &mut Archive<'_, R>,
    jar: &str,
    limits: &Limits,
) -> Result<bool, JobZipError> {
    let Some(bytes) = archive.read(jar, limits.max_inspected_jar_bytes)? else {
        return Ok(false);
    };
    let Some(mut jar) = Archive::open_jar(Cursor::new(bytes), limits) else {
        return Ok(false);
    };
    let Ok(Some(text)) = jar.metadata("META-INF/MANIFEST.MF") else {
        return Ok(false);
    };
    Ok(text.split(|&b| matches!(b, b'\n' | b'\r')).any(|line| line.to_ascii_lowercase().starts_with(b"main-class:")))
}
