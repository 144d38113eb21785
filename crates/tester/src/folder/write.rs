//! Drive to texts.

use std::collections::BTreeSet;

use super::lines::{FORM, HEADER, QUERY, row_line, url_line};
use super::read::pleasant;
use super::toml_text::Toml;
use super::{FORMAT, Texts, kept};
use crate::json::{Json, Object};
use crate::model::{Assertion, BodyKind, Drive, Entity, Environment, Kind, Request, Row};

/// Writes all files of a drive.
pub fn write(drive: &Drive) -> Texts {
    let mut texts = Texts::new();
    let mut top = Toml::default();
    top.value("format", &Json::int(FORMAT));
    bag(&mut top, &drive.extra);
    let mut names = BTreeSet::from(["environments".to_owned()]);
    contents(&drive.in_run_order(), "", top, "drive.toml", &mut names, &mut texts);
    let mut names = BTreeSet::new();
    for environment in &drive.environments {
        let name = unique(&environment.name, &mut names);
        texts.insert(format!("environments/{name}.toml"), write_environment(environment));
    }
    texts
}

fn bag(out: &mut Toml, extra: &Object) {
    if !extra.is_empty() {
        out.text("kept", &Json::Object(extra.clone()).to_string());
    }
}

/// Writes the requests among the children into the container's own file, the others into files beside it.
fn contents(
    children: &[&Entity],
    folder: &str,
    mut own: Toml,
    own_name: &str,
    names: &mut BTreeSet<String>,
    texts: &mut Texts,
) {
    for child in children {
        match &child.kind {
            Kind::Request(made) => request(&mut own, child, made),
            Kind::Scenario(_) => {
                let name = unique(&child.name, names);
                texts.insert(format!("{folder}{name}.scenario.toml"), scenario(child));
            }
            Kind::Project | Kind::Service => {
                let inner = format!("{folder}{}/", unique(&child.name, names));
                let mut head = Toml::default();
                common(&mut head, child);
                let file = format!("{}.toml", child.kind.name().to_lowercase());
                contents(&child.in_run_order(), &inner, head, &file, &mut BTreeSet::new(), texts);
            }
        }
    }
    texts.insert(format!("{folder}{own_name}"), own.finish());
}

/// A file name for a name, different from all before.
fn unique(name: &str, taken: &mut BTreeSet<String>) -> String {
    let mut slug = String::new();
    for c in name.to_lowercase().chars().take(60) {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    let base = if slug.trim_matches('-').is_empty() { "unnamed" } else { slug.trim_matches('-') };
    let mut tries = std::iter::once(base.to_owned()).chain((2..).map(|number| format!("{base}-{number}")));
    let free = tries.find(|name| !taken.contains(name)).unwrap_or_default();
    taken.insert(free.clone());
    free
}

fn common(out: &mut Toml, entity: &Entity) {
    out.text("id", &entity.id);
    out.text("name", &entity.name);
    out.maybe("description", entity.description.as_ref());
    out.maybe("edited", entity.last_modified.as_ref());
    if !matches!(entity.kind, Kind::Request(_)) {
        bag(out, &entity.extra);
    }
}

fn scenario(entity: &Entity) -> String {
    let mut out = Toml::default();
    common(&mut out, entity);
    if let Kind::Scenario(additions) = &entity.kind {
        more(&mut out, "[more]", additions);
    }
    for child in &entity.children {
        if let Kind::Request(made) = &child.kind {
            request(&mut out, child, made);
        }
    }
    out.finish()
}

/// What Stoker adds, as a table of its own.
fn more<T: serde::Serialize + Default + PartialEq>(out: &mut Toml, header: &str, additions: &T) {
    if *additions == T::default() {
        return;
    }
    // Plain structs of texts and numbers: neither step can fail.
    let json = serde_json::to_string(additions).ok().and_then(|text| Json::parse(&text).ok());
    if let Some(Json::Object(members)) = json {
        out.table(header);
        for (key, value) in &members {
            match value {
                Json::Array(items) => out.list(key, items),
                Json::Text(text) => out.text(key, text),
                other => out.value(key, other),
            }
        }
    }
}

fn request(out: &mut Toml, entity: &Entity, request: &Request) {
    out.table("[[request]]");
    common(out, entity);
    out.text("method", &request.method.name);
    match url_line(&request.uri) {
        Some(line) => out.text("url", &line),
        None => {
            out.maybe("scheme", request.uri.scheme.name.as_ref());
            out.maybe("host", request.uri.host.as_ref());
            out.maybe("path", request.uri.path.as_ref());
        }
    }
    rows(out, "query", request.uri.query.iter().flat_map(|query| &query.items), QUERY);
    rows(out, "headers", request.headers.iter(), HEADER);
    match &request.body.kind {
        BodyKind::Text => out.maybe("body", request.body.text.as_ref().filter(|text| !text.is_empty())),
        BodyKind::Form => {
            let form = request.body.form.as_ref();
            out.text("form", form.and_then(|form| form.encoding.as_deref()).unwrap_or(""));
            rows(out, "parts", form.iter().flat_map(|form| &form.items), FORM);
        }
        BodyKind::File => out.text("send", "file"),
        BodyKind::GraphQl => out.text("send", "graphql"),
        BodyKind::Other(kind) => out.text("send", kind),
    }
    out.list("checks", &request.assertions.iter().map(check).collect::<Vec<_>>());
    if let Some(retry) = &request.retry {
        out.value("retry", &Json::int(retry.count));
        out.value("retry_seconds", &Json::int(retry.interval_seconds));
    }
    let mut original = request.clone();
    original.extra.extend(entity.extra.clone());
    bag(out, &kept::difference(&original, &pleasant(request)));
    more(out, "[request.more]", &request.additions);
}

fn rows<'a>(out: &mut Toml, key: &str, rows: impl Iterator<Item = &'a Row>, separator: &str) {
    let lines: Option<Vec<Json>> = rows.map(|row| row_line(row, separator).map(Json::Text)).collect();
    // Rows that have no line are kept in the reference's form.
    out.list(key, &lines.unwrap_or_default());
}

/// Subject, path, comparison, value; `off` as a fifth when it is not checked.
fn check(assertion: &Assertion) -> Json {
    let mut parts = vec![assertion.subject.name().into(), assertion.path().into(), assertion.comparison.name().into()];
    if assertion.value.is_some() || !assertion.is_on() {
        parts.push(Json::Text(assertion.expected()));
    }
    if !assertion.is_on() {
        parts.push("off".into());
    }
    Json::Array(parts)
}

fn write_environment(environment: &Environment) -> String {
    let mut out = Toml::default();
    out.text("id", &environment.id);
    out.text("name", &environment.name);
    out.maybe("description", environment.description.as_ref());
    out.maybe("edited", environment.last_modified.as_ref());
    bag(&mut out, &environment.extra);
    for variable in &environment.variables {
        out.table("[[variable]]");
        out.text("name", &variable.name);
        if variable.is_private() {
            // The value never enters a file that is shared; the name of the secret stands for it.
            out.text("secret", variable.secret.as_ref().unwrap_or(&variable.name));
        } else {
            out.maybe("value", variable.value.as_ref());
        }
        if !variable.is_on() {
            out.value("enabled", &Json::Bool(false));
        }
        out.maybe("id", Some(&variable.id).filter(|id| !id.is_empty()));
        out.maybe("created", variable.created_at.as_ref());
        let mut extra = variable.extra.clone();
        if let Some(private) = variable.private.filter(|_| !variable.is_private()) {
            extra.insert("private".to_owned(), Json::Bool(private));
        }
        bag(&mut out, &extra);
    }
    out.finish()
}
