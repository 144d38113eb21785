//! Where this server differs from the contract, and whether somebody looked at it.
//!
//! Parameters and fields that handlers read come from the server itself; everything else that differs is said in
//! `openapi/differences.tsv` and proved by the tests, which hold every answer against the documents.

use super::facts::{self, Body, Call, Difference, Facts, Field, Route};
use super::types::{self, Type};
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeSet;

/// The contract with the reviewed differences worked in, and what nobody reviewed.
pub(super) struct Review {
    pub(super) ours: Facts,
    /// Lines to be added, each with an empty reason.
    pub(super) open: Vec<String>,
}

/// Works the reviewed differences into one generation. Numbers of the lines that count go into `used`.
pub(super) fn review(
    generation: &str,
    contract: Facts,
    routes: &[Route],
    lines: &[Difference],
    used: &mut BTreeSet<usize>,
) -> Result<Review> {
    let mut ours = contract;
    for (number, line) in lines.iter().enumerate().filter(|(_, line)| line.of(generation)) {
        let done = if line.place.contains(' ') {
            change_call(&mut ours, routes, line)
        } else if line.place == "*" {
            Ok(false)
        } else {
            change_model(&mut ours, line)
        };
        if done.with_context(|| format!("openapi/differences.tsv: {} {}", line.place, line.kind))? {
            used.insert(number);
        }
    }
    let mut open = Vec::new();
    for route in routes {
        let Some(call) = ours.call(&route.method, &route.path) else { continue };
        for (kind, value) in findings(call, route, &ours)? {
            let place = format!("{} {}", call.method, call.path);
            let known = lines.iter().enumerate().find(|(_, line)| {
                line.of(generation)
                    && line.kind == kind
                    && line.value == value
                    && (line.place == "*" || names(line, &call.method, &call.path))
            });
            match known {
                Some((number, _)) => {
                    used.insert(number);
                }
                None => open.push(format!("{generation}\t{place}\t{kind}\t{value}\t")),
            }
        }
    }
    Ok(Review { ours, open })
}

/// Whether a line speaks of this operation.
fn names(line: &Difference, method: &str, path: &str) -> bool {
    line.place.split_once(' ').is_some_and(|(verb, place)| verb == method && facts::same_path(place, path))
}

/// What a handler reads beside the contract, and what of it it does not read.
fn findings(call: &Call, route: &Route, facts: &Facts) -> Result<Vec<(&'static str, String)>> {
    let mut found = Vec::new();
    if let Some(read) = &route.query {
        let told: Vec<&str> = call.query.iter().map(|member| member.name.as_str()).collect();
        compare(&told, &told, read, ["unread-query", "lenient-query"], &mut found);
    }
    let json = matches!(route.body.as_str(), "json" | "optional");
    match (&call.body, json) {
        (None, true) => found.push(("body", "the handler reads JSON".to_owned())),
        (Some(_), false) if route.body == "-" => found.push(("body", "the handler reads none".to_owned())),
        (Some(Body { kind, .. }), true) => {
            if let (Some(read), Some(fields)) = (&route.fields, members(kind, facts)?) {
                let told: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
                let wanted: Vec<&str> = fields.iter().filter(|(_, reads)| *reads).map(|(name, _)| *name).collect();
                compare(&told, &wanted, read, ["unread-body", "lenient-body"], &mut found);
            }
        }
        _ => {}
    }
    Ok(found)
}

fn compare(
    told: &[&str],
    wanted: &[&str],
    read: &[String],
    kinds: [&'static str; 2],
    found: &mut Vec<(&'static str, String)>,
) {
    let unread = wanted.iter().filter(|name| !read.iter().any(|r| r == *name));
    found.extend(unread.map(|name| (kinds[0], (*name).to_owned())));
    let more = read.iter().filter(|name| !told.contains(&name.as_str()));
    found.extend(more.map(|name| (kinds[1], name.clone())));
}

/// The fields of an object type, each with whether requests carry it; none for other types.
fn members<'a>(kind: &'a Type, facts: &'a Facts) -> Result<Option<Vec<(&'a str, bool)>>> {
    Ok(match kind {
        Type::Model(name) => {
            let fields = facts.models.get(name).with_context(|| format!("the model {name} is in no table"))?;
            Some(fields.iter().map(|field| (field.member.name.as_str(), !field.read_only)).collect())
        }
        Type::Object(members) => Some(members.iter().map(|member| (member.name.as_str(), true)).collect()),
        _ => None,
    })
}

/// Changes an operation; whether the line counts for this generation.
fn change_call(facts: &mut Facts, routes: &[Route], line: &Difference) -> Result<bool> {
    let Some(call) = facts.calls.iter_mut().find(|call| names(line, &call.method, &call.path)) else {
        return Ok(false);
    };
    match line.kind.as_str() {
        "answers" => {
            let answers = facts::answers(&line.value)?;
            ensure!(call.answers != answers, "the contract says so too: remove the line");
            call.answers = answers;
        }
        "body" => {
            let body = facts::request(&line.value)?;
            ensure!(call.body != body, "the contract says so too: remove the line");
            call.body = body;
        }
        "extra-query" => call.query.push(types::member(&line.value)?),
        "unread-query" => {
            let route = routes.iter().find(|r| r.method == call.method && facts::same_path(&r.path, &call.path));
            let reads = |name: &String| route.and_then(|r| r.query.as_ref()).is_none_or(|read| read.contains(name));
            ensure!(!reads(&line.value), "the handler reads {}, or is not built: remove the line", line.value);
            let before = call.query.len();
            call.query.retain(|member| member.name != line.value);
            ensure!(call.query.len() < before, "the contract has no parameter {}: remove the line", line.value);
        }
        // These only explain what was found.
        "unread-body" | "lenient-query" | "lenient-body" => return Ok(false),
        other => bail!("{other:?} is no kind of difference of an operation"),
    }
    Ok(true)
}

/// Changes a model; whether the line counts for this generation.
fn change_model(facts: &mut Facts, line: &Difference) -> Result<bool> {
    let (model, name) = line.place.split_once('.').context("name the field as Model.field")?;
    let Some(fields) = facts.models.get_mut(model) else { return Ok(false) };
    if let "extra" | "extra-input" = line.kind.as_str() {
        let kind = types::parse(line.value.trim_end_matches('*'))?;
        ensure!(!fields.iter().any(|f| f.member.name == name), "the contract has the field: remove the line");
        let member = types::Member { name: name.to_owned(), required: line.value.ends_with('*'), kind, default: None };
        fields.push(Field { member, read_only: line.kind == "extra" });
        return Ok(true);
    }
    let Some(at) = fields.iter().position(|field| field.member.name == name) else { return Ok(false) };
    let field = &mut fields[at];
    let changed = match line.kind.as_str() {
        "absent" => {
            fields.remove(at);
            true
        }
        "optional" => std::mem::replace(&mut field.member.required, false),
        "required" => !std::mem::replace(&mut field.member.required, true),
        "read-only" => !std::mem::replace(&mut field.read_only, true),
        "type" => {
            let kind = types::parse(&line.value)?;
            let changed = field.member.kind != kind;
            field.member.kind = kind;
            changed
        }
        other => bail!("{other:?} is no kind of difference of a field"),
    };
    ensure!(changed || line.generation == "both", "the contract says so too: remove the line");
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        let field = |name: &str| Field { member: types::member(name).expect(name), read_only: false };
        let call = Call {
            id: None,
            method: "POST".to_owned(),
            path: "/things/{id}".to_owned(),
            area: String::new(),
            purpose: String::new(),
            query: vec![types::member("limit:int32").expect("a member"), types::member("name").expect("a member")],
            body: facts::request("Thing").expect("a body"),
            answers: facts::answers("200 Thing").expect("answers"),
            errors: Vec::new(),
        };
        let models = [("Thing".to_owned(), vec![field("id*"), field("size:int32")])];
        Facts { calls: vec![call], models: models.into_iter().collect() }
    }

    fn route(query: &str, fields: &str) -> Vec<Route> {
        let line = format!("2021-03\tcore\tPOST\t/things/{{thing}}\ttoken\t{query}\tjson\t{fields}");
        facts::routes(&line).expect("a route")
    }

    fn line(place: &str, kind: &str, value: &str) -> Difference {
        let [generation, place, kind, value] = ["2021-03", place, kind, value].map(str::to_owned);
        Difference { generation, place, kind, value }
    }

    fn reviewed(routes: &[Route], lines: &[Difference]) -> Result<(Review, usize)> {
        let mut used = BTreeSet::new();
        Ok((review("2021-03", facts(), routes, lines, &mut used)?, used.len()))
    }

    #[test]
    fn what_nobody_reviewed_is_named() {
        let (review, _) = reviewed(&route("limit,_s", "id,color"), &[]).expect("a review");
        assert_eq!(
            review.open,
            [
                "2021-03\tPOST /things/{id}\tunread-query\tname\t",
                "2021-03\tPOST /things/{id}\tlenient-query\t_s\t",
                "2021-03\tPOST /things/{id}\tunread-body\tsize\t",
                "2021-03\tPOST /things/{id}\tlenient-body\tcolor\t",
            ]
        );
        let (same, _) = reviewed(&route("limit,name", "id,size"), &[]).expect("a review");
        assert!(same.open.is_empty(), "{:?}", same.open);
    }

    #[test]
    fn reviewed_differences_change_the_document() {
        let lines = [
            line("POST /things/{any}", "unread-query", "name"),
            line("*", "lenient-query", "_s"),
            line("Thing.size", "absent", ""),
            line("Thing.color", "extra", "string*"),
            line("Thing.weight", "extra-input", "int32"),
            line("POST /things/{id}", "answers", "201 Thing"),
        ];
        let (review, used) = reviewed(&route("limit,_s", "id,weight"), &lines).expect("a review");
        assert!(review.open.is_empty(), "{:?}", review.open);
        assert_eq!(used, lines.len());
        let names: Vec<_> = review.ours.models["Thing"].iter().map(|f| f.member.name.as_str()).collect();
        assert_eq!(names, ["id", "color", "weight"]);
        let read: Vec<bool> = review.ours.models["Thing"].iter().map(|f| !f.read_only).collect();
        assert_eq!(read, [true, false, true], "what is only sent is nothing that is read");
        assert_eq!(review.ours.calls[0].query.len(), 1);
        assert_eq!(review.ours.calls[0].answers[0].status, "201");
    }

    #[test]
    fn stale_lines_are_refused() {
        for stale in [
            line("POST /things/{id}", "unread-query", "name"),
            line("POST /things/{id}", "answers", "200 Thing"),
            line("Thing.size", "type", "int32"),
            line("Thing.id", "required", ""),
            line("Thing.id", "extra", "string"),
        ] {
            assert!(reviewed(&route("limit,name", "id,size"), std::slice::from_ref(&stale)).is_err(), "{stale:?}");
        }
        let lines = [line("Nothing.size", "absent", ""), line("*", "lenient-query", "_x")];
        assert_eq!(reviewed(&route("limit,name", "id,size"), &lines).expect("a review").1, 0);
    }
}
