//! `stoker test list` and `stoker test code`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use stoker_tester::Exchanges;
use stoker_tester::codegen::{self, Language};
use stoker_tester::effort::Effort;
use stoker_tester::expr::{Evaluator, Sources};
use stoker_tester::model::{Kind, Variables};
use stoker_tester::run::{Folder, prepare, with_values};

use super::App;
use super::source::{self, ProcessClock};
use crate::exit::{Failure, Result};
use crate::pairs;

#[derive(Args)]
pub(crate) struct ListArgs {
    /// Project folder or exported file
    path: PathBuf,
}

/// A line of the list.
#[derive(Serialize)]
struct Row {
    path: Vec<String>,
    kind: &'static str,
    place: Option<String>,
}

pub(super) fn list(app: &App, args: &ListArgs) -> Result<()> {
    let source = source::load(app, &args.path)?;
    let rows: Vec<Row> = source
        .drive
        .walk()
        .into_iter()
        .map(|(path, entity)| Row {
            path: path.into_iter().map(str::to_owned).collect(),
            kind: entity.kind.name(),
            place: source.places.get(&entity.id).cloned(),
        })
        .collect();
    app.out.list(&rows, "entries", &["KIND", "PATH", "PLACE"], |row| {
        vec![row.kind.to_lowercase(), row.path.join(" / "), row.place.clone().unwrap_or_default()]
    })
}

#[derive(Args)]
pub(crate) struct CodeArgs {
    /// Project folder or exported file
    path: PathBuf,
    /// The request, as a path of names such as `Shop/Users/Sign up`
    request: String,
    /// Language of the program
    #[arg(long, value_enum, default_value_t = Wanted::Curl)]
    language: Wanted,
    /// Environment whose variables are used; private ones need no value and stand as their names
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// Variable that wins over the environment; repeatable
    #[arg(long, value_name = "NAME=VALUE", value_parser = pairs::parse)]
    var: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Wanted {
    Curl,
    Python,
    Java,
    Javascript,
    Go,
    Rust,
}

impl From<Wanted> for Language {
    fn from(wanted: Wanted) -> Self {
        match wanted {
            Wanted::Curl => Language::Curl,
            Wanted::Python => Language::Python,
            Wanted::Java => Language::Java,
            Wanted::Javascript => Language::JavaScript,
            Wanted::Go => Language::Go,
            Wanted::Rust => Language::Rust,
        }
    }
}

pub(super) fn code(app: &App, args: &CodeArgs) -> Result<()> {
    let source = source::load(app, &args.path)?;
    let names = super::run::names(&args.request);
    let path: Vec<&str> = names.iter().map(String::as_str).collect();
    let Some(entity) = source.drive.by_path(&path) else {
        return Err(Failure::usage(format!("there is nothing at `{}`", args.request))
            .hint("see `stoker test list` for what there is"));
    };
    let Kind::Request(request) = &entity.kind else {
        return Err(Failure::usage(format!("`{}` is a {}, not a request", args.request, entity.kind.name())));
    };
    let environment = source::environment(&source.drive, args.env.as_deref())?;
    let mut variables = environment.map(Variables::of).unwrap_or_default();
    for variable in environment.iter().flat_map(|environment| &environment.variables) {
        if variable.is_private() {
            // A program that is printed must not carry the secret.
            variables.set(&variable.name, format!("<{}>", variable.secret.as_deref().unwrap_or(&variable.name)));
        }
    }
    for (name, value) in pairs::collect(args.var.iter().cloned())? {
        variables.set(&name, value);
    }
    let (clock, entropy, exchanges) = (ProcessClock::new(app), source::entropy(app, None), Exchanges::default());
    let sources = Sources {
        variables: &variables,
        drive: &source.drive,
        exchanges: &exchanges,
        clock: &clock,
        entropy: &entropy,
    };
    let variables = with_values(request, sources, Effort::STEPS).map_err(Failure::usage)?;
    let evaluator = Evaluator::new(Sources { variables: &variables, ..sources });
    let prepared = prepare(request, &evaluator, &Folder::new(&source.files)).map_err(Failure::usage)?;
    for warning in evaluator.take_warnings() {
        app.out.warn(&warning);
    }
    let text = codegen::generate(&prepared, args.language.into()).map_err(|error| Failure::usage(error.to_string()))?;
    app.out.line(text.trim_end())
}
