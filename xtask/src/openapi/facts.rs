//! The tables under `openapi/`: the published contract, our own calls, and the reviewed differences.

use super::types::{self, Member, Type};
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeMap;
use std::path::Path;

/// One operation.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) area: String,
    pub(super) purpose: String,
    /// Its published `operationId`, where that is known.
    pub(super) id: Option<String>,
    pub(super) query: Vec<Member>,
    pub(super) body: Option<Body>,
    pub(super) answers: Vec<Answer>,
    pub(super) errors: Vec<String>,
}

/// The body of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Body {
    /// Media type.
    pub(super) media: String,
    pub(super) kind: Type,
}

/// One success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: String,
    /// Media type and type; none for an empty body.
    pub(super) body: Option<Body>,
}

/// One field of a model.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) member: Member,
    /// In answers only.
    pub(super) read_only: bool,
}

/// Models by name, fields in the order of the table.
pub(super) type Models = BTreeMap<String, Vec<Field>>;

/// One generation of the contract, or our own part.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub(super) calls: Vec<Call>,
    pub(super) models: Models,
}

impl Facts {
    /// The call with this method and path, whatever its parameters are called.
    pub(super) fn call(&self, method: &str, path: &str) -> Option<&Call> {
        self.calls.iter().find(|call| call.method == method && same_path(&call.path, path))
    }
}

/// Whether two paths differ only in the names of their parameters.
pub(super) fn same_path(one: &str, other: &str) -> bool {
    let parameter = |segment: &str| segment.starts_with('{');
    let (one, other): (Vec<&str>, Vec<&str>) = (one.split('/').collect(), other.split('/').collect());
    one.len() == other.len() && one.iter().zip(&other).all(|(a, b)| a == b || (parameter(a) && parameter(b)))
}

/// The lines of a table after the first, in columns.
fn rows<const N: usize>(file: &Path) -> Result<Vec<[String; N]>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut rows = Vec::new();
    for (number, line) in text.lines().enumerate().skip(1).filter(|(_, line)| !line.is_empty()) {
        let columns: Vec<String> = line.split('\t').map(str::to_owned).collect();
        let count = columns.len();
        let row = <[String; N]>::try_from(columns);
        rows.push(row.ok().with_context(|| {
            format!("{} line {}: {count} columns between tabs, {N} are needed", file.display(), number + 1)
        })?);
    }
    Ok(rows)
}

/// A media type by its short name in the tables, or JSON with a type.
fn body(text: &str) -> Result<Body> {
    let media = match text {
        "text" => "text/plain",
        "zip" => "application/zip",
        "gzip" => "application/gzip",
        "csv" => "application/octet-stream",
        "bytes" => "*/*",
        _ => "",
    };
    if !media.is_empty() {
        let kind = types::plain(if text == "text" { "string" } else { "binary" });
        return Ok(Body { media: media.to_owned(), kind });
    }
    Ok(match text.strip_prefix("multipart ") {
        Some(parts) => Body { media: "multipart/form-data".to_owned(), kind: types::parse(parts)? },
        None => Body { media: "application/json".to_owned(), kind: types::parse(text)? },
    })
}

/// Reads `200 Task; 204`.
pub(super) fn answers(text: &str) -> Result<Vec<Answer>> {
    text.split("; ")
        .map(|part| {
            let (status, kind) = part.split_once(' ').unwrap_or((part, ""));
            ensure!(status.len() == 3 && status.parse::<u16>().is_ok(), "{part:?}: begins with no status");
            let body = if kind.is_empty() { None } else { Some(body(kind)?) };
            Ok(Answer { status: status.to_owned(), body })
        })
        .collect()
}

/// Reads a body of a request; `-` is none.
pub(super) fn request(text: &str) -> Result<Option<Body>> {
    if text == "-" { Ok(None) } else { body(text).map(Some) }
}

fn query(text: &str) -> Result<Vec<Member>> {
    if text == "-" { Ok(Vec::new()) } else { text.split("; ").map(types::member).collect() }
}

fn models(file: &Path) -> Result<Models> {
    let mut models = Models::new();
    for [model, field, kind, required] in rows(file)? {
        let place = || format!("{}: {model}.{field}", file.display());
        let kind = types::parse(&kind).with_context(place)?;
        let (required, read_only) = match required.as_str() {
            "yes" => (true, false),
            "-" => (false, false),
            "read-yes" => (true, true),
            "read" => (false, true),
            _ => bail!("{}: {required:?} is none of yes, -, read-yes, read", place()),
        };
        let member = Member { name: field, required, kind, default: None };
        models.entry(model).or_default().push(Field { member, read_only });
    }
    Ok(models)
}

/// One generation of the published contract.
pub(super) fn upstream(folder: &Path, generation: &str) -> Result<Facts> {
    let mut facts = Facts { calls: Vec::new(), models: models(&folder.join(format!("models-{generation}.tsv")))? };
    let details = rows::<5>(&folder.join(format!("calls-{generation}.tsv")))?;
    let ids = folder.join(format!("operation-ids-{generation}.tsv"));
    let mut ids = if ids.exists() { rows::<4>(&ids)? } else { Vec::new() };
    for [area, method, path, _, errors, _, purpose] in rows(&folder.join(format!("operations-{generation}.tsv")))? {
        let detail = details.iter().find(|d| d[0] == method && d[1] == path);
        let [.., given, taken, returned] = detail.with_context(|| format!("{method} {path} is not in calls-*.tsv"))?;
        let place = || format!("{generation} {method} {path}");
        let named = ids.iter().position(|row| row[0] == method && row[1] == path);
        facts.calls.push(Call {
            id: named.map(|at| ids.swap_remove(at)[2].clone()),
            query: query(given).with_context(place)?,
            body: request(taken).with_context(place)?,
            answers: answers(returned).with_context(place)?,
            errors: errors.split(',').filter(|e| *e != "-").map(str::to_owned).collect(),
            method,
            path,
            area,
            purpose,
        });
    }
    if let Some([method, path, ..]) = ids.first() {
        bail!("operation-ids-{generation}.tsv: {method} {path} is not in operations-{generation}.tsv");
    }
    Ok(facts)
}

/// Our own calls, and those of old versions below `/tmc`.
pub(super) fn own(folder: &Path) -> Result<Facts> {
    let mut facts = Facts { calls: Vec::new(), models: models(&folder.join("models.tsv"))? };
    for [area, method, path, given, taken, returned, errors, purpose] in rows(&folder.join("calls.tsv"))? {
        let place = || format!("own {method} {path}");
        facts.calls.push(Call {
            id: None,
            query: query(&given).with_context(place)?,
            body: request(&taken).with_context(place)?,
            answers: answers(&returned).with_context(place)?,
            errors: errors.split(',').filter(|e| *e != "-").map(str::to_owned).collect(),
            method,
            path,
            area,
            purpose,
        });
    }
    Ok(facts)
}

/// A reviewed difference between the contract and what this server does.
#[derive(Clone, Debug)]
pub(super) struct Difference {
    /// `2021-03`, `v2.6` or `both`.
    pub(super) generation: String,
    /// `METHOD /path`, `Model` or `Model.field`; `*` for every operation.
    pub(super) place: String,
    pub(super) kind: String,
    pub(super) value: String,
}

impl Difference {
    /// Whether it speaks of this generation.
    pub(super) fn of(&self, generation: &str) -> bool {
        self.generation == "both" || self.generation == generation
    }
}

/// Reads the reviewed differences; each must give a reason.
pub(super) fn differences(file: &Path) -> Result<Vec<Difference>> {
    let mut all = Vec::new();
    for [generation, place, kind, value, reason] in rows(file)? {
        ensure!(matches!(generation.as_str(), "2021-03" | "v2.6" | "both"), "{place}: {generation:?} is no generation");
        ensure!(reason.len() > 10, "{}: {place} {kind}: give the reason in the last column", file.display());
        all.push(Difference { generation, place, kind, value });
    }
    Ok(all)
}

/// One line of `stoker-server routes`.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub(super) generation: String,
    pub(super) document: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) token: bool,
    /// Names of query parameters; none when they are not known.
    pub(super) query: Option<Vec<String>>,
    /// `-`, `json`, `optional` or `bytes`.
    pub(super) body: String,
    /// Names of fields of the body; none when they are not known.
    pub(super) fields: Option<Vec<String>>,
}

/// Reads what the server prints.
pub(super) fn routes(text: &str) -> Result<Vec<Route>> {
    let names = |text: &str| match text {
        "*" => None,
        "-" => Some(Vec::new()),
        names => Some(names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()),
    };
    text.lines()
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            let [generation, document, method, path, token, query, body, fields] = columns.as_slice() else {
                bail!("{line:?} is no line of `stoker-server routes`: build the server anew");
            };
            Ok(Route {
                generation: (*generation).to_owned(),
                document: (*document).to_owned(),
                method: (*method).to_owned(),
                path: (*path).to_owned(),
                token: *token == "token",
                query: names(query),
                body: (*body).to_owned(),
                fields: names(fields),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        let read = answers("200 Task[]; 204; 202 text").expect("answers");
        assert_eq!(read.iter().map(|a| a.status.as_str()).collect::<Vec<_>>(), ["200", "204", "202"]);
        assert_eq!(read[1].body, None);
        assert_eq!(read[2].body.as_ref().map(|b| b.media.as_str()), Some("text/plain"));
        assert!(answers("Task").is_err());
    }

    #[test]
    fn names_of_parameters_do_not_matter() {
        assert!(same_path("/a/{id}/b", "/a/{taskId}/b"));
        assert!(!same_path("/a/{id}/b", "/a/search/b"));
        assert!(!same_path("/a/{id}", "/a"));
    }
}
