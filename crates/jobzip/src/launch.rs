//! From a manifest and the facts of one run to a command line.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::manifest::{Kind, Launch, Manifest};

/// What is particular to one run.
#[derive(Clone, Copy, Debug)]
pub struct LaunchRequest<'a> {
    /// The `java` program to use; not looked at for scripts.
    pub java: &'a Path,
    /// The run's private folder, made by [`prepare_run`](crate::prepare_run); absolute.
    pub root: &'a Path,
    /// Context to load.
    pub context: Option<&'a str>,
    /// `OFF`, `FATAL`, `ERROR`, `WARN`, `INFO`, `DEBUG` or `TRACE`; Java jobs only (`client`: `--log4jLevel`).
    pub log_level: Option<&'a str>,
    /// Runtime arguments of a run profile. They replace those of the artifact (`doc`), except the ones that open modules
    /// or add some (`--add-opens`, `--add-exports`, `--add-reads`, `--add-modules`): without them the classes of the
    /// artifact do not work, however much memory a profile grants (`inferred`).
    pub jvm_args: Option<&'a [String]>,
    /// Short id that the job puts into its logs and statistics; Java jobs only.
    pub pid: &'a str,
    /// Port on 127.0.0.1 for the statistics of the job; Java jobs only.
    pub stat_port: Option<u16>,
    /// Values that are not secret, for scripts and jars; Java jobs read theirs from the files that
    /// [`write_contexts`](crate::write_contexts) writes.
    pub plain_params: &'a [(String, String)],
    /// Properties file with all values, for scripts and jars; see [`CONTEXT_FILE`](crate::CONTEXT_FILE).
    pub context_file: Option<&'a Path>,
}

/// A process to start, without any shell between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// Program file.
    pub program: PathBuf,
    /// Its arguments, without the program itself.
    pub args: Vec<OsString>,
    /// Folder to start it in; absolute when the request's root is.
    pub working_dir: PathBuf,
    /// Variables to add to the environment. `STOKER_CONTEXT_FILE` names the properties file with all values of the run,
    /// secret ones included (scripts and jars only; our own addition).
    pub env: Vec<(String, OsString)>,
}

/// Says how to start a run. Secret values never appear in the result: they travel in files of mode 0600.
#[must_use]
pub fn command_line(manifest: &Manifest, request: &LaunchRequest<'_>) -> CommandLine {
    let launch = &manifest.launch;
    let working_dir = request.root.join(&launch.working_dir);
    let mut args = Vec::new();
    let program = match manifest.kind {
        Kind::Java => {
            java_args(launch, request, &mut args);
            request.java.to_owned()
        }
        Kind::Jar => {
            runtime_args(launch, request, &mut args);
            args.extend(["-jar".into(), entry(launch, request)]);
            value_args(request, &mut args);
            request.java.to_owned()
        }
        Kind::Script => {
            args.extend(launch.interpreter.iter().skip(1).map(OsString::from));
            args.push(entry(launch, request));
            value_args(request, &mut args);
            PathBuf::from(launch.interpreter.first().map_or("/bin/sh", String::as_str))
        }
    };
    let file = request.context_file.filter(|_| manifest.kind != Kind::Java);
    let env = file.map(|path| ("STOKER_CONTEXT_FILE".to_owned(), path.into())).into_iter().collect();
    CommandLine { program, args, working_dir, env }
}

fn entry(launch: &Launch, request: &LaunchRequest<'_>) -> OsString {
    request.root.join(launch.entry.as_deref().unwrap_or_default()).into()
}

fn value_args(request: &LaunchRequest<'_>, args: &mut Vec<OsString>) {
    args.extend(request.context.map(|name| format!("--context={name}").into()));
    for (name, value) in request.plain_params {
        args.extend(["--context_param".into(), format!("{name}={value}").into()]);
    }
}

fn runtime_args(launch: &Launch, request: &LaunchRequest<'_>, args: &mut Vec<OsString>) {
    let mut given: Vec<String> = match request.jvm_args {
        Some(profile) => {
            let mut all = module_args(&launch.jvm_args);
            all.extend_from_slice(profile);
            all
        }
        None => launch.jvm_args.clone(),
    };
    for charset in ["file.encoding", "stdout.encoding", "stderr.encoding"] {
        let option = format!("-D{charset}=");
        if !given.iter().any(|arg| arg.starts_with(&option)) {
            given.push(option + "UTF-8");
        }
    }
    args.extend(given.into_iter().map(OsString::from));
}

fn module_args(all: &[String]) -> Vec<String> {
    const MODULE_OPTIONS: [&str; 4] = ["--add-opens", "--add-exports", "--add-reads", "--add-modules"];
    let mut kept = Vec::new();
    let mut args = all.iter();
    while let Some(arg) = args.next() {
        if MODULE_OPTIONS.contains(&arg.as_str()) {
            kept.push(arg.clone());
            kept.extend(args.next().cloned());
        } else if arg.split_once('=').is_some_and(|(option, _)| MODULE_OPTIONS.contains(&option)) {
            kept.push(arg.clone());
        }
    }
    kept
}

fn java_args(launch: &Launch, request: &LaunchRequest<'_>, args: &mut Vec<OsString>) {
    runtime_args(launch, request, args);
    let mut repository = OsString::from("-Dtalend.component.manager.m2.repository=");
    repository.push(request.root.join("lib"));
    args.push(repository);
    args.extend(["-cp".into(), class_path(launch, request.root)]);
    args.extend(launch.main_class.as_ref().map(OsString::from));
    args.extend(request.context.map(|name| format!("--context={name}").into()));
    args.extend(request.log_level.map(|level| format!("--log4jLevel={level}").into()));
    args.push(format!("--pid={}", request.pid).into());
    if let Some(port) = request.stat_port {
        args.extend([format!("--stat_port={port}").into(), "--client_host=127.0.0.1".into()]);
    }
}

/// Absolute paths, as a launcher has them. A colon in the root would end a path early, so then they are relative to the
/// working folder.
fn class_path(launch: &Launch, root: &Path) -> OsString {
    let root_text = root.as_os_str().to_string_lossy();
    let up = "../".repeat(launch.working_dir.split('/').filter(|part| !part.is_empty()).count());
    let mut text = OsString::new();
    for (index, path) in launch.class_path.iter().enumerate() {
        if index > 0 {
            text.push(":");
        }
        if root_text.contains(':') {
            text.push(format!("{up}{path}"));
        } else {
            text.push(root.join(path));
        }
    }
    text
}
