//! `stoker test init`.

use std::path::PathBuf;

use clap::Args;
use stoker_tester::folder;
use stoker_tester::model::{
    Assertion, Comparison, Drive, Entity, Environment, Kind, Method, Request, Row, Scheme, Subject, Uri, Variable,
};
use stoker_tester::world::new_uuid;

use super::App;
use super::source;
use crate::exit::{Exit, Failure, Result};

#[derive(Args)]
pub(crate) struct InitArgs {
    /// Project folder to make
    folder: PathBuf,
    /// Address of what is tested, for the environment `local`
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    url: String,
}

pub(super) fn init(app: &App, args: &InitArgs) -> Result<()> {
    let shown = args.folder.display();
    if args.folder.join("drive.toml").exists() {
        return Err(
            Failure::usage(format!("{shown} is a project already")).hint("`stoker test list` shows what is in it")
        );
    }
    let entropy = source::entropy(app, None);
    let drive = first_steps(&|| new_uuid(&entropy), &args.url);
    folder::save(&drive, &args.folder)
        .map_err(|error| Failure::new(Exit::Failed, format!("cannot write {shown}: {error}")))?;
    app.out.note(&format!("{shown} holds a first scenario; run it with `stoker test run {shown} --env local`"));
    Ok(())
}

/// Two requests, the second of which uses what the first one has brought.
fn first_steps(id: &dyn Fn() -> String, url: &str) -> Drive {
    let request = |name: &str, path: &str, headers: Vec<Row>, checks: Vec<Assertion>| {
        let uri =
            Uri { scheme: Scheme::default(), host: Some("${base}".into()), path: Some(path.into()), ..Uri::default() };
        let made = Request { method: Method::named("GET"), uri, headers, assertions: checks, ..Request::default() };
        Entity::new(id(), name, Kind::Request(Box::new(made)))
    };
    let check = |subject: Subject, path: &str, comparison: &str, value: &str| {
        Assertion::new(subject, path, Comparison::from_name(comparison), value)
    };
    let first = request(
        "Front page",
        "/",
        Vec::new(),
        vec![
            check(Subject::ResponseStatus, "code", "Less", "400"),
            check(Subject::Response, "duration", "Less", "5000"),
        ],
    );
    let before = "${\"First steps\".\"Greeting\".\"Front page\".\"response\".\"status\".\"code\"}";
    let second = request(
        "Once more",
        "/",
        vec![Row::new("X-Status-Before", before)],
        vec![check(Subject::ResponseStatus, "code", "Equals", before)],
    );
    let mut scenario = Entity::new(id(), "Greeting", Kind::Scenario(Default::default()));
    scenario.children = vec![first, second];
    let mut project = Entity::new(id(), "First steps", Kind::Project);
    project.children = vec![scenario];
    let variables = vec![Variable { id: id(), ..Variable::new("base", url) }];
    let environment = Environment { id: id(), name: "local".into(), variables, ..Environment::default() };
    Drive { entities: vec![project], environments: vec![environment], ..Drive::default() }
}
