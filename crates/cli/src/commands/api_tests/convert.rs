//! `stoker test import` and `stoker test export`.

use std::path::PathBuf;

use clap::Args;
use stoker_tester::model::{Drive, MergePolicy};
use stoker_tester::native::{self, ExportOptions};
use stoker_tester::{folder, import};

use super::App;
use super::source::{self, ProcessClock};
use crate::exit::{Exit, Failure, Result};
use crate::text::{count, printable};

/// Files that can be taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum From {
    /// Export of the compatible API tester
    Native,
    /// Postman collection 2.0 or 2.1
    Postman,
    /// OpenAPI 3 or Swagger 2, JSON or YAML
    Openapi,
    /// Archive of HTTP requests of a browser
    Har,
    /// A cURL command
    Curl,
}

/// What to do with entries of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Merge {
    /// The newer one stays
    Update,
    /// The imported one stays
    Overwrite,
    /// The one that is there stays
    Preserve,
}

#[derive(Args)]
pub(crate) struct ImportArgs {
    /// File to take over
    file: PathBuf,
    /// Project folder to write; made when it is not there, else what is in it is kept and added to
    #[arg(long, value_name = "FOLDER")]
    into: PathBuf,
    /// Kind of the file; found out when not given
    #[arg(long, value_enum)]
    from: Option<From>,
    /// What to do with entries that are there by the same name
    #[arg(long, value_enum, default_value_t = Merge::Update)]
    merge: Merge,
}

pub(super) fn import(app: &App, args: &ImportArgs) -> Result<()> {
    let text = source::read(&args.file)?;
    let from = args.from.or_else(|| guess(&text)).ok_or_else(|| {
        Failure::usage(format!("{}: the kind of this file is not recognized", args.file.display()))
            .hint("say it with --from: native, postman, openapi, har or curl")
    })?;
    let wrong = |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", args.file.display()));
    let (clock, entropy) = (ProcessClock::new(app), source::entropy(app, None));
    let (drive, warnings) = match from {
        From::Native => {
            let imported = native::import(&text, native::ImportOptions::default()).map_err(|error| wrong(&error))?;
            (imported.drive, imported.warnings)
        }
        other => {
            let imported = match other {
                From::Postman => import::postman(&text, &entropy),
                From::Openapi => import::openapi(&text, &entropy),
                From::Har => import::har(&text, &clock, &entropy),
                _ => import::curl(&text, &entropy),
            };
            let imported = imported.map_err(|error| wrong(&error))?;
            (imported.drive, imported.warnings)
        }
    };
    for warning in &warnings {
        app.out.warn(warning);
    }
    let there = args.into.join("drive.toml").exists();
    let mut all = if there { source::load(app, &args.into)?.drive } else { Drive::default() };
    let policy = match args.merge {
        Merge::Update => MergePolicy::Update,
        Merge::Overwrite => MergePolicy::Overwrite,
        Merge::Preserve => MergePolicy::Preserve,
    };
    all.merge(drive, policy);
    folder::save(&all, &args.into)
        .map_err(|error| Failure::new(Exit::Failed, format!("cannot write {}: {error}", args.into.display())))?;
    let requests = all.walk().iter().filter(|(_, entity)| entity.request().is_some()).count();
    let folder = args.into.display();
    let left_out = match warnings.len() {
        0 => String::new(),
        number => format!("; {} above", count(number, "warning")),
    };
    app.out.note(&format!("{folder} now holds {}{left_out}", count(requests, "request")));
    if let Some(environment) = all.environments.first() {
        let private = environment.variables.iter().filter(|variable| variable.is_private());
        let names: Vec<&str> = private.map(|variable| variable.secret.as_deref().unwrap_or(&variable.name)).collect();
        let (file, said) = match names.as_slice() {
            [] => ("", String::new()),
            names => (" --secrets-file FILE", format!(", where FILE says {}=…", names.join("=…, "))),
        };
        let name = printable(&environment.name);
        app.out.note(&format!("run it with `stoker test run {folder} --env '{name}'{file}`{}", printable(&said)));
    }
    Ok(())
}

/// The kind of a file by what is in it.
fn guess(text: &str) -> Option<From> {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let command = start.strip_prefix("$ ").unwrap_or(start).split_whitespace().next().unwrap_or("");
    if matches!(command, "curl" | "curl.exe") {
        return Some(From::Curl);
    }
    // A wrong guess is refused by the importer with its reason.
    let has = |word: &str| text.contains(word);
    if start.starts_with('{') {
        if has("\"_postman_id\"") || has("schema.getpostman.com") {
            return Some(From::Postman);
        }
        if has("\"entities\"") || has("\"nodes\"") {
            return Some(From::Native);
        }
        if has("\"log\"") && has("\"entries\"") {
            return Some(From::Har);
        }
        if has("\"info\"") && has("\"item\"") {
            return Some(From::Postman);
        }
    }
    (has("openapi") || has("swagger")).then_some(From::Openapi)
}

/// Shapes of a native file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Shape {
    /// Version 6, written by editions from 2020 on
    Tree,
    /// Version 3, understood by older ones too
    Flat,
}

#[derive(Args)]
pub(crate) struct ExportArgs {
    /// Project folder or exported file
    path: PathBuf,
    /// File to write instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Shape of the file
    #[arg(long, value_enum, default_value_t = Shape::Tree)]
    shape: Shape,
    /// Leave out what only Stoker understands
    #[arg(long)]
    plain: bool,
}

pub(super) fn export(app: &App, args: &ExportArgs) -> Result<()> {
    let source = source::load(app, &args.path)?;
    let options = ExportOptions { private_values: false, extensions: !args.plain };
    let text = match args.shape {
        Shape::Tree => native::export_tree(&source.drive, options),
        Shape::Flat => native::export_flat(&source.drive, options),
    };
    match &args.output {
        None => app.out.line(text.trim_end()),
        Some(file) => std::fs::write(file, text)
            .map_err(|error| Failure::new(Exit::Failed, format!("cannot write {}: {error}", file.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_apart_by_what_is_in_them() {
        for (text, kind) in [
            ("curl -X POST https://a.example", From::Curl),
            ("$ curl https://a.example", From::Curl),
            ("curl.exe https://a.example", From::Curl),
            (r#"{"info":{"schema":"https://schema.getpostman.com/json/v2.1.0"}}"#, From::Postman),
            (r#"{"info":{"name":"x"},"item":[]}"#, From::Postman),
            (r#"{"version":6,"entities":[]}"#, From::Native),
            (r#"{"log":{"entries":[]}}"#, From::Har),
            ("openapi: 3.0.0", From::Openapi),
        ] {
            assert_eq!(guess(text), Some(kind), "{text}");
        }
        assert_eq!(guess("name,id"), None);
    }
}
