//! The OpenAPI documents: written from the route table, the contract and the reviewed differences.

mod differences;
mod document;
mod facts;
mod types;

use crate::{shell, steps};
use anyhow::{Context, Result, ensure};
use facts::{Facts, Route};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Pages and files that are looked at, not called; in no document. The engine link has no document either.
const PAGES: [&str; 3] = ["/tmc", "/openapi", "/openapi/{file}"];

/// Writes the documents below `openapi/`, after building the server as it is now.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    steps::build_programs(false)?;
    if arguments.iter().any(|argument| argument == "diff") {
        let texts = documents(shell::root())?;
        println!("{} documents; every difference from the contract is reviewed", texts.len());
        return Ok(());
    }
    let folder = shell::root().join("openapi");
    let texts = documents(shell::root())?;
    for name in stored(&folder)?.into_iter().filter(|name| !texts.contains_key(name)) {
        std::fs::remove_file(folder.join(&name)).with_context(|| format!("cannot remove openapi/{name}"))?;
    }
    for (name, text) in texts {
        std::fs::write(folder.join(&name), text).with_context(|| format!("cannot write openapi/{name}"))?;
    }
    Ok(())
}

/// Fails when a checked-in document is not what the server that was built last would have it, or when a difference from
/// the contract is not reviewed.
pub(crate) fn check(root: &Path) -> Result<()> {
    if !server().is_file() {
        steps::build_programs(false)?;
    }
    let folder = root.join("openapi");
    let texts = documents(root)?;
    let mut stale: Vec<String> = stored(&folder)?.into_iter().filter(|name| !texts.contains_key(name)).collect();
    for (name, text) in &texts {
        if std::fs::read_to_string(folder.join(name)).unwrap_or_default() != *text {
            stale.push(name.clone());
        }
    }
    ensure!(
        stale.is_empty(),
        "not up to date in openapi/: {}; run `cargo xtask openapi` and commit the change",
        stale.join(", ")
    );
    Ok(())
}

fn server() -> PathBuf {
    shell::target().join("debug/stoker-server")
}

/// The documents that are checked in.
fn stored(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).context("cannot read openapi/")? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".json") {
            names.push(name);
        }
    }
    Ok(names)
}

fn ask(argument: &str) -> Result<String> {
    shell::output(Command::new(server()).arg(argument))
        .with_context(|| format!("cannot ask the server for its {argument}; build it anew"))
}

/// The texts of all documents by file name.
fn documents(root: &Path) -> Result<BTreeMap<String, String>> {
    let folder = root.join("openapi");
    let (routes, gaps) = (facts::routes(&ask("routes")?)?, gaps(&ask("operations")?));
    ensure!(routes.len() > 100, "the server listed only {} routes", routes.len());
    let lines = facts::differences(&folder.join("differences.tsv"))?;
    let own = facts::own(&folder.join("own"))?;
    let (mut used, mut open, mut sides) = (BTreeSet::new(), Vec::new(), Vec::new());
    for generation in ["2021-03", "v2.6"] {
        let routes: Vec<Route> = routes.iter().filter(|route| route.generation == generation).cloned().collect();
        let mut contract = facts::upstream(&folder.join("upstream"), generation)?;
        add_own(&mut contract, &own, generation);
        let review = differences::review(generation, contract, &routes, &lines, &mut used)?;
        open.extend(review.open);
        sides.push((generation, review.ours, routes));
    }
    let unused = lines.iter().enumerate().filter(|(number, _)| !used.contains(number));
    let unused: Vec<String> = unused.map(|(_, line)| format!("{} {} {}", line.place, line.kind, line.value)).collect();
    ensure!(unused.is_empty(), "openapi/differences.tsv: nothing differs so any more:\n{}", unused.join("\n"));
    ensure!(
        open.is_empty(),
        "not as published; correct it, or add to openapi/differences.tsv with a reason:\n{}",
        open.join("\n")
    );
    let mut texts = BTreeMap::new();
    for (generation, ours, routes) in &sides {
        write(generation, ours, routes, &gaps, &mut texts)?;
    }
    Ok(texts)
}

/// Puts our own calls beside the contract: those below `/tmc/v1.3` to the older generation, all others to the newer one.
fn add_own(contract: &mut Facts, own: &Facts, generation: &str) {
    for call in &own.calls {
        let old = call.path.strip_prefix("/tmc/v1.3");
        if old.is_some() == (generation == "v2.6") {
            let path = old.unwrap_or(&call.path).to_owned();
            contract.calls.push(facts::Call { path, ..call.clone() });
        }
    }
    for (name, fields) in &own.models {
        contract.models.entry(name.clone()).or_insert_with(|| fields.clone());
    }
}

/// What is missing of partial operations, by generation, method and path.
fn gaps(text: &str) -> BTreeMap<(String, String, String), String> {
    let rows = text.lines().filter_map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        let [generation, _, method, path, _, "partial", gap] = columns.as_slice() else { return None };
        Some((((*generation).to_owned(), (*method).to_owned(), (*path).to_owned()), (*gap).to_owned()))
    });
    rows.collect()
}

fn write(
    generation: &str,
    ours: &Facts,
    routes: &[Route],
    gaps: &BTreeMap<(String, String, String), String>,
    texts: &mut BTreeMap<String, String>,
) -> Result<()> {
    let mut drafts: BTreeMap<&str, document::Draft<'_>> = BTreeMap::new();
    for route in routes {
        if route.document == "-" || PAGES.contains(&route.path.as_str()) {
            continue;
        }
        let call = ours.call(&route.method, &route.path).with_context(|| {
            format!(
                "{} {} is routed but not described: add a line to openapi/own/calls.tsv (docs/adding-an-endpoint.md)",
                route.method, route.path
            )
        })?;
        let key = (generation.to_owned(), call.method.clone(), call.path.clone());
        let gap = gaps.get(&key).map_or("", String::as_str);
        let draft = drafts.entry(&route.document).or_insert_with(|| document::Draft {
            name: &route.document,
            calls: Vec::new(),
            models: &ours.models,
        });
        draft.calls.push((call, route, gap));
    }
    for (name, mut draft) in drafts {
        draft.calls.sort_by(|a, b| (&a.0.path, &a.0.method).cmp(&(&b.0.path, &b.0.method)));
        let text = serde_json::to_string_pretty(&document::write(&draft)?)? + "\n";
        texts.insert(format!("{name}.json"), text);
    }
    Ok(())
}
