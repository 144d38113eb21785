//! Jobs built by the studio.

use std::collections::{BTreeMap, HashSet};
use std::io::{Cursor, Read, Seek};

use crate::archive::Archive;
use crate::error::JobZipError;
use crate::inspect::{context_file, fill_parameters, from_info, is_encrypted, read_properties, usual_default};
use crate::item::{self, Item, ItemProblem};
use crate::limits::Limits;
use crate::manifest::{ContextFile, Kind, Manifest, Parameter};
use crate::properties;
use crate::script::{self, JavaCommand, Launcher};

/// Arguments of a job whose launcher tells none (`recorded`).
const DEFAULT_JVM_ARGS: [&str; 2] = ["-Xms256M", "-Xmx1024M"];
/// Packages that newer launchers open to all, for jobs that ask for it but have no usable launcher (`inferred`).
const OPENED: [&str; 6] = [
    "java.base/java.io",
    "java.base/java.lang",
    "java.base/java.net",
    "java.base/java.nio",
    "java.base/java.util",
    "java.base/sun.nio.ch",
];

/// What the launcher and the facts say before any jar is opened.
struct Plan {
    job: String,
    command: JavaCommand,
    /// Whether the class path was computed, not read from a launcher.
    computed: bool,
}

/// Reads a job of the studio; nothing when the archive holds no sign of one.
pub(crate) fn read<R: Read + Seek>(
    archive: &mut Archive<'_, R>,
    info: &BTreeMap<String, String>,
    limits: &Limits,
) -> Result<Option<Manifest>, JobZipError> {
    let Some(plan) = plan(archive, info)? else {
        return Ok(None);
    };
    let missing: Vec<String> = plan.command.class_path.iter().filter(|path| !exists(archive, path)).cloned().collect();
    if !missing.is_empty() {
        return Err(JobZipError::MissingFiles { missing });
    }
    let mut manifest = from_info(Kind::Java, plan.job.clone(), info.clone());
    let found = find_main_class(archive, &manifest, &plan, limits)?;
    let launch = &mut manifest.launch;
    launch.working_dir = plan.job;
    launch.package = found.class.rsplit_once('.').map_or("", |(package, _)| package).to_owned();
    launch.main_class = Some(found.class);
    launch.class_path = plan.command.class_path;
    launch.jvm_args = plan.command.jvm_args;
    launch.context_param_support = true;
    launch.context_file_support = found.context_file_support;
    manifest.add_opens |= launch.jvm_args.iter().any(|arg| arg.starts_with("--add-opens"));
    if plan.computed {
        manifest.warnings.push("no usable launcher script: class path and arguments were computed".into());
        if manifest.add_opens && !manifest.launch.jvm_args.iter().any(|arg| arg.starts_with("--add-opens")) {
            let opened = OPENED.iter().map(|package| format!("--add-opens={package}=ALL-UNNAMED"));
            manifest.launch.jvm_args.extend(opened);
        }
    }
    manifest.default_context = manifest.default_context.or(plan.command.context);
    fill_contexts(archive, &mut manifest, found.packed_contexts)?;
    Ok(Some(manifest))
}

fn plan<R: Read + Seek>(
    archive: &mut Archive<'_, R>,
    info: &BTreeMap<String, String>,
) -> Result<Option<Plan>, JobZipError> {
    let named = info.get("job").filter(|text| !text.is_empty() && !text.contains('/')).cloned();
    let Some(job) = named.clone().or_else(|| lone_launcher(archive)) else {
        return Ok(None);
    };
    let path = format!("{job}/{job}_run.sh");
    let launcher = match archive.metadata(&path)? {
        Some(text) => script::parse(&String::from_utf8_lossy(&text), &job),
        None => None,
    };
    if named.is_none() && launcher.is_none() {
        return Ok(None);
    }
    if !archive.has_folder(&job) {
        // Facts beside one runnable jar: a microservice of an older build, which does not say so in its facts.
        if archive.files().any(|path| path.ends_with(".jar") && !path.contains('/')) {
            return Ok(None);
        }
        return Err(JobZipError::MissingFiles { missing: vec![format!("{job}/")] });
    }
    Ok(Some(match launcher {
        Some(Launcher::Command(command)) => Plan { job, command, computed: false },
        Some(Launcher::Placeholder { jvm_args }) if !jvm_args.is_empty() => computed(archive, job, info, jvm_args),
        _ => computed(archive, job, info, DEFAULT_JVM_ARGS.map(str::to_owned).to_vec()),
    }))
}

/// The job whose `<Job>/<Job>_run.sh` is the only one of that shape.
fn lone_launcher<R: Read + Seek>(archive: &Archive<'_, R>) -> Option<String> {
    let mut found = archive.files().filter_map(|path| {
        let (folder, file) = path.split_once('/')?;
        (file.strip_suffix("_run.sh")? == folder).then(|| folder.to_owned())
    });
    found.next().filter(|_| found.next().is_none())
}

fn job_jar(job: &str, info: &BTreeMap<String, String>) -> String {
    let version = info.get("jobVersion").map_or("", String::as_str).replace('.', "_");
    format!("{job}/{}_{version}.jar", job.to_lowercase())
}

/// The class path as the builder would write it: job folder, shared jars, the job's jar, jars of child jobs.
fn computed<R: Read + Seek>(
    archive: &Archive<'_, R>,
    job: String,
    info: &BTreeMap<String, String>,
    jvm_args: Vec<String>,
) -> Plan {
    let jars_in = |folder: &str| {
        let mut jars: Vec<String> = archive
            .files()
            .filter(|path| path.ends_with(".jar") && path.rsplit_once('/').is_some_and(|(parent, _)| parent == folder))
            .map(str::to_owned)
            .collect();
        jars.sort();
        jars
    };
    let mut shared = jars_in("lib");
    shared.sort_by_key(|path| path != "lib/routines.jar");
    let mut own = jars_in(&job);
    let main = job_jar(&job, info);
    own.sort_by_key(|path| *path != main);
    let class_path = [vec![job.clone()], shared, own].concat();
    Plan { job, command: JavaCommand { jvm_args, class_path, ..JavaCommand::default() }, computed: true }
}

fn exists<R: Read + Seek>(archive: &Archive<'_, R>, path: &str) -> bool {
    match path.strip_suffix("/*") {
        Some(folder) => archive.has_folder(folder),
        None => archive.has_file(path) || archive.has_folder(path),
    }
}

struct MainClass {
    class: String,
    context_file_support: bool,
    /// Context files inside the jar, as old builders left them (`recorded`).
    packed_contexts: Vec<(String, Vec<u8>)>,
}

fn find_main_class<R: Read + Seek>(
    archive: &mut Archive<'_, R>,
    facts: &Manifest,
    plan: &Plan,
    limits: &Limits,
) -> Result<MainClass, JobZipError> {
    let wanted = wanted_classes(facts, plan);
    let expected = job_jar(&plan.job, &facts.info);
    let mut jars: Vec<String> = archive
        .files()
        .filter(|path| path.strip_prefix(&plan.job).is_some_and(|rest| rest.starts_with('/') && rest.ends_with(".jar")))
        .filter(|path| !path.starts_with(&format!("{}/items/", plan.job)))
        .map(str::to_owned)
        .collect();
    jars.sort_by_key(|path| *path != expected);
    if jars.is_empty() {
        return Err(JobZipError::MissingFiles { missing: vec![expected] });
    }
    for class in &wanted {
        let path = format!("{}/{}.class", plan.job, class.replace('.', "/"));
        if let Some(bytes) = archive.metadata(&path)? {
            return Ok(MainClass {
                class: class.clone(),
                context_file_support: knows_context_file(&bytes),
                packed_contexts: Vec::new(),
            });
        }
    }
    for path in &jars {
        let bytes = archive.read(path, limits.max_inspected_jar_bytes)?.unwrap_or_default();
        let Some(mut jar) = Archive::open_jar(Cursor::new(bytes), limits) else {
            return Err(JobZipError::Metadata { path: path.clone(), problem: "is not a readable jar".into() });
        };
        if let Some(found) = look_into(&mut jar, &wanted, &plan.job)? {
            return Ok(found);
        }
    }
    let class = wanted.into_iter().next().unwrap_or_else(|| plan.job.clone());
    Err(JobZipError::MainClassMissing { class, searched: jars })
}

/// The class of the launcher, then the one that the builder's naming rule gives (`recorded`).
fn wanted_classes(facts: &Manifest, plan: &Plan) -> Vec<String> {
    let mut wanted = Vec::new();
    if !plan.command.main_class.is_empty() {
        wanted.push(plan.command.main_class.clone());
    }
    if let (Some(project), Some(version)) = (&facts.project, &facts.version) {
        let (project, job) = (project.to_lowercase(), plan.job.to_lowercase());
        let ruled = format!("{project}.{job}_{}.{}", version.replace('.', "_"), plan.job);
        if !wanted.contains(&ruled) {
            wanted.push(ruled);
        }
    }
    wanted
}

fn look_into<R: Read + Seek>(
    jar: &mut Archive<'_, R>,
    wanted: &[String],
    job: &str,
) -> Result<Option<MainClass>, JobZipError> {
    let path_of = |class: &str| format!("{}.class", class.replace('.', "/"));
    let class = wanted.iter().find(|class| jar.has_file(&path_of(class))).cloned().or_else(|| {
        let end = format!("/{job}.class");
        let mut named = jar.files().filter(|path| path.ends_with(&end));
        let only = named.next().filter(|_| named.next().is_none())?;
        Some(only.trim_end_matches(".class").replace('/', "."))
    });
    let Some(class) = class else {
        return Ok(None);
    };
    let bytes = jar.metadata(&path_of(&class))?.unwrap_or_default();
    let package = class.rsplit_once('.').map_or("", |(package, _)| package);
    let folder = format!("{}/contexts", package.replace('.', "/"));
    let files: Vec<ContextFile> = jar.files().filter_map(|path| context_file(path, &folder, package)).collect();
    let mut packed_contexts = Vec::new();
    for file in files {
        let text = jar.metadata(&file.path)?.unwrap_or_default();
        packed_contexts.push((file.context, text));
    }
    Ok(Some(MainClass { context_file_support: knows_context_file(&bytes), class, packed_contexts }))
}

fn knows_context_file(class: &[u8]) -> bool {
    class.windows(12).any(|part| part == b"context_file")
}

fn fill_contexts<R: Read + Seek>(
    archive: &mut Archive<'_, R>,
    manifest: &mut Manifest,
    packed: Vec<(String, Vec<u8>)>,
) -> Result<(), JobZipError> {
    let files = find_context_files(archive, &manifest.launch.working_dir);
    let mut names = Vec::new();
    for file in files.iter().filter(|file| file.package == manifest.launch.package) {
        let pairs = read_properties(archive, &file.path)?;
        names.extend(pairs.iter().map(|(name, _)| name.clone()));
        manifest.contexts.insert(file.context.clone(), pairs.into_iter().collect());
    }
    if manifest.contexts.is_empty() {
        for (context, text) in packed {
            let pairs = properties::parse(&text).unwrap_or_default();
            names.extend(pairs.iter().map(|(name, _)| name.clone()));
            manifest.contexts.insert(context, pairs.into_iter().collect());
        }
    }
    manifest.launch.context_files = files;
    let item = read_item(archive, manifest)?;
    manifest.default_context = manifest
        .default_context
        .take()
        .or_else(|| item.default_context.clone())
        .or_else(|| usual_default(&manifest.contexts));
    let designed = designed_parameters(&item, manifest.default_context.as_deref());
    fill_parameters(manifest, names, &designed);
    Ok(())
}

/// All `contexts/` folders of the job folder; copies among designs and sources are not on the class path.
fn find_context_files<R: Read + Seek>(archive: &Archive<'_, R>, job: &str) -> Vec<ContextFile> {
    let mut files: Vec<ContextFile> = archive
        .files()
        .filter_map(|path| {
            let inside = path.strip_prefix(job)?.strip_prefix('/')?;
            let (folder, _) = inside.rsplit_once('/')?;
            let package = folder.strip_suffix("/contexts")?;
            let foreign = ["items", "src"].iter().any(|top| package == *top || package.starts_with(&format!("{top}/")));
            if foreign { None } else { context_file(path, &format!("{job}/{folder}"), &package.replace('/', ".")) }
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// The design of the job, when it is in the archive and readable; also fills purpose and description.
fn read_item<R: Read + Seek>(archive: &mut Archive<'_, R>, manifest: &mut Manifest) -> Result<Item, JobZipError> {
    let (start, job) = (format!("{}/items/", manifest.job), &manifest.job);
    let matches = |path: &&str| {
        let file = path.rsplit('/').next().unwrap_or(path);
        let version = file.strip_suffix(".item").and_then(|f| f.strip_prefix(job.as_str())?.strip_prefix('_'));
        path.starts_with(&start)
            && version.is_some_and(|found| match &manifest.version {
                Some(version) => found == version,
                None => found.starts_with(|c: char| c.is_ascii_digit()),
            })
    };
    let Some(path) = archive.files().find(matches).map(str::to_owned) else {
        return Ok(Item::default());
    };
    let text = archive.metadata(&path)?.unwrap_or_default();
    let item = settle(item::parse_item(&text), &path, &mut manifest.warnings)?.unwrap_or_default();
    let beside = format!("{}.properties", path.trim_end_matches(".item"));
    if let Some(text) = archive.metadata(&beside)?
        && let Some(found) = settle(item::parse_item_properties(&text), &beside, &mut manifest.warnings)?
    {
        (manifest.purpose, manifest.description) = found;
    }
    Ok(item)
}

fn settle<T>(parsed: Result<T, ItemProblem>, path: &str, warnings: &mut Vec<String>) -> Result<Option<T>, JobZipError> {
    match parsed {
        Ok(value) => Ok(Some(value)),
        Err(ItemProblem::Hostile(problem)) => {
            Err(JobZipError::Metadata { path: path.to_owned(), problem: problem.to_owned() })
        }
        Err(ItemProblem::Broken(problem)) => {
            warnings.push(format!("\"{path}\" {problem}: types and comments of the parameters are not known"));
            Ok(None)
        }
    }
}

/// The parameters of all contexts of a design, those of the default context first.
fn designed_parameters(item: &Item, default: Option<&str>) -> Vec<Parameter> {
    let mut contexts: Vec<_> = item.contexts.iter().collect();
    contexts.sort_by_key(|context| Some(context.name.as_str()) != default);
    let mut parameters: Vec<Parameter> = Vec::new();
    let mut known = HashSet::new();
    for designed in contexts.iter().flat_map(|context| &context.parameters) {
        if !known.insert(designed.name.as_str()) {
            continue;
        }
        let secret = designed.type_name == "Password" || is_encrypted(&designed.value);
        // Old designs keep the quotes of the source text around a value (`recorded`).
        let value = designed.value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(&designed.value);
        let type_name = if designed.type_name.is_empty() { "String" } else { &designed.type_name };
        parameters.push(Parameter {
            name: designed.name.clone(),
            type_name: type_name.to_owned(),
            default: (!secret).then(|| value.to_owned()),
            comment: designed.comment.clone(),
            required: designed.prompt_needed,
            secret,
        });
    }
    parameters
}
