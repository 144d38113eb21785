//! Texts to drive.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::lines::{FORM, HEADER, QUERY, row_line, row_of, uri_of, url_line};
use super::{FORMAT, FolderError, Loaded, Texts, kept};
use crate::json::{Json, Object};
use crate::model::{
    Assertion, Body, BodyKind, Comparison, Drive, Entity, Environment, Form, Kind, MAX_ENTITIES, Method, Query,
    Request, RequestAdditions, Retry, Row, ScenarioAdditions, Scheme, Subject, Uri, Variable, put_in_order,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DriveFile {
    format: i64,
    kept: Option<String>,
    #[serde(default)]
    request: Vec<RequestFile>,
}

/// A project, a service or a scenario.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContainerFile {
    id: String,
    name: String,
    description: Option<String>,
    edited: Option<String>,
    kept: Option<String>,
    more: Option<ScenarioAdditions>,
    #[serde(default)]
    request: Vec<RequestFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestFile {
    id: String,
    name: String,
    description: Option<String>,
    edited: Option<String>,
    method: String,
    url: Option<String>,
    scheme: Option<String>,
    host: Option<String>,
    path: Option<String>,
    #[serde(default)]
    query: Vec<String>,
    #[serde(default)]
    headers: Vec<String>,
    body: Option<String>,
    form: Option<String>,
    #[serde(default)]
    parts: Vec<String>,
    send: Option<String>,
    #[serde(default)]
    checks: Vec<Vec<String>>,
    retry: Option<u32>,
    retry_seconds: Option<u32>,
    kept: Option<String>,
    #[serde(default)]
    more: RequestAdditions,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvironmentFile {
    id: String,
    name: String,
    description: Option<String>,
    edited: Option<String>,
    kept: Option<String>,
    #[serde(default)]
    variable: Vec<VariableFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VariableFile {
    name: String,
    value: Option<String>,
    secret: Option<String>,
    enabled: Option<bool>,
    id: Option<String>,
    created: Option<String>,
    kept: Option<String>,
}

/// Reads all files of a drive. Files with other endings than those of the layout are passed over.
///
/// # Errors
/// [`FolderError::File`] with file and line.
pub fn read(texts: &Texts) -> Result<Loaded, FolderError> {
    let fail = |file: &str, problem: String| FolderError::File { file: file.to_owned(), problem };
    let top: DriveFile = match texts.get("drive.toml") {
        Some(text) => parse("drive.toml", text)?,
        None => return Err(fail("drive.toml", "the file is missing; it begins with `format = 1`".to_owned())),
    };
    if top.format != FORMAT {
        return Err(fail("drive.toml", format!("format {} is not known, this program reads {FORMAT}", top.format)));
    }
    let mut drive = Drive { extra: bag("drive.toml", top.kept)?, ..Drive::default() };
    let mut places = HashMap::new();
    let mut folders: BTreeMap<String, Vec<Entity>> = BTreeMap::new();
    let lines = Lines::of("drive.toml", &texts["drive.toml"]);
    folders.insert(String::new(), requests(&lines, top.request, &mut places)?);
    let mut containers = Vec::new();
    for (file, text) in texts {
        let (folder, name) = file.rsplit_once('/').map_or(("", file.as_str()), |(folder, name)| (folder, name));
        if folder == "environments" && name.ends_with(".toml") {
            drive.environments.push(environment(file, parse(file, text)?)?);
        } else if name.ends_with(".scenario.toml") {
            let made = container(file, text, |more| Kind::Scenario(more.unwrap_or_default()), &mut places)?;
            folders.entry(folder.to_owned()).or_default().push(made);
        } else if name == "project.toml" || name == "service.toml" {
            let kind = if name == "project.toml" { Kind::Project } else { Kind::Service };
            containers.push((folder.to_owned(), file, container(file, text, |_| kind, &mut places)?));
        }
    }
    // Inner folders first, so that each is whole when it goes into the outer one.
    containers.sort_by_key(|(folder, ..)| std::cmp::Reverse(folder.matches('/').count()));
    for (folder, file, mut made) in containers {
        let inside = folders.remove(&folder).unwrap_or_default();
        made.children.extend(inside);
        if let Some(wrong) = made.children.iter().find(|child| !made.kind.may_hold(&child.kind)) {
            return Err(fail(
                file,
                format!("a {} cannot hold the {} `{}`", made.kind.name(), wrong.kind.name(), wrong.name),
            ));
        }
        put_in_order(&mut made.children);
        let outer = folder.rsplit_once('/').map_or("", |(outer, _)| outer).to_owned();
        folders.entry(outer).or_default().push(made);
    }
    drive.entities = folders.remove("").unwrap_or_default();
    put_in_order(&mut drive.entities);
    if let Some(folder) = folders.keys().next() {
        return Err(fail(folder, "the folder has scenarios but no project.toml or service.toml".to_owned()));
    }
    if places.len() > MAX_ENTITIES {
        return Err(fail("drive.toml", format!("more than {MAX_ENTITIES} entities")));
    }
    Ok(Loaded { drive, places })
}

fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, FolderError> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| format!("line {}: ", crate::json::place(text, span.start).0));
        FolderError::File { file: file.to_owned(), problem: format!("{}{}", line.unwrap_or_default(), error.message()) }
    })
}

fn bag(file: &str, text: Option<String>) -> Result<Object, FolderError> {
    let fail = |problem: String| FolderError::File { file: file.to_owned(), problem: format!("kept: {problem}") };
    match text.map(|text| Json::parse(&text)).transpose() {
        Ok(None) => Ok(Object::default()),
        Ok(Some(Json::Object(members))) => Ok(members),
        Ok(Some(other)) => Err(fail(format!("an object is needed, found {}", other.kind()))),
        Err(error) => Err(fail(error.to_string())),
    }
}

/// Lines of a file, from 1, by the id that stands there.
struct Lines<'a> {
    file: &'a str,
    ids: HashMap<&'a str, usize>,
}

impl<'a> Lines<'a> {
    fn of(file: &'a str, text: &'a str) -> Self {
        let mut ids = HashMap::new();
        for (at, line) in text.lines().enumerate() {
            let quoted = line.strip_prefix("id = ").and_then(|rest| rest.trim().strip_prefix(['"', '\'']));
            if let Some((id, _)) = quoted.and_then(|rest| rest.split_once(['"', '\''])) {
                ids.entry(id).or_insert(at + 1);
            }
        }
        Self { file, ids }
    }

    /// File and line of an id; the first line when it is written in an unusual way.
    fn place(&self, id: &str) -> String {
        format!("{}:{}", self.file, self.ids.get(id).copied().unwrap_or(1))
    }
}

fn container(
    file: &str,
    text: &str,
    kind: impl FnOnce(Option<ScenarioAdditions>) -> Kind,
    places: &mut HashMap<String, String>,
) -> Result<Entity, FolderError> {
    let read: ContainerFile = parse(file, text)?;
    let lines = Lines::of(file, text);
    places.insert(read.id.clone(), lines.place(&read.id));
    let mut made = Entity::new(read.id, read.name, kind(read.more));
    (made.description, made.last_modified) = (read.description, read.edited);
    made.extra = bag(file, read.kept)?;
    made.children = requests(&lines, read.request, places)?;
    Ok(made)
}

fn requests(
    lines: &Lines<'_>,
    list: Vec<RequestFile>,
    places: &mut HashMap<String, String>,
) -> Result<Vec<Entity>, FolderError> {
    list.into_iter()
        .map(|read| {
            let at = lines.place(&read.id);
            let fail = |problem: String| FolderError::File { file: at.clone(), problem };
            let kept = bag(&at, read.kept.clone())?;
            let (id, name) = (read.id.clone(), read.name.clone());
            let (description, edited) = (read.description.clone(), read.edited.clone());
            let mut request = request(read).map_err(fail)?;
            if !kept.is_empty() {
                request = kept::restore(request, kept).map_err(fail)?;
            }
            let extra = std::mem::take(&mut request.extra);
            let mut made = Entity::new(id.clone(), name, Kind::Request(Box::new(request)));
            (made.description, made.last_modified, made.extra) = (description, edited, extra);
            places.insert(id, at);
            Ok(made)
        })
        .collect()
}

fn request(read: RequestFile) -> Result<Request, String> {
    let rows = |lines: &[String], separator| lines.iter().map(|line| row_of(line, separator)).collect::<Vec<Row>>();
    let mut uri = read.url.as_deref().map(uri_of).unwrap_or_else(|| Uri {
        scheme: Scheme { name: read.scheme, ..Scheme::default() },
        host: read.host,
        path: read.path,
        ..Uri::default()
    });
    if !read.query.is_empty() {
        uri.query = Some(Query { delimiter: None, items: rows(&read.query, QUERY), extra: Object::default() });
    }
    let mut body = Body { text: read.body, ..Body::default() };
    if let Some(encoding) = read.form {
        let encoding = Some(encoding).filter(|encoding| !encoding.is_empty());
        (body.kind, body.form) =
            (BodyKind::Form, Some(Form { encoding, items: rows(&read.parts, FORM), extra: Object::default() }));
    }
    match read.send.as_deref() {
        None => {}
        Some("file") => body.kind = BodyKind::File,
        Some("graphql") => body.kind = BodyKind::GraphQl,
        Some(other) => body.kind = BodyKind::Other(other.to_owned()),
    }
    Ok(Request {
        method: Method::named(&read.method),
        uri,
        headers: rows(&read.headers, HEADER),
        body,
        assertions: read.checks.into_iter().map(check).collect::<Result<_, _>>()?,
        retry: read.retry.map(|count| Retry {
            count,
            interval_seconds: read.retry_seconds.unwrap_or(0),
            extra: Object::default(),
        }),
        additions: read.more,
        ..Request::default()
    })
}

fn check(parts: Vec<String>) -> Result<Assertion, String> {
    let shown = format!("{parts:?}");
    let mut parts = parts.into_iter();
    let (Some(subject), Some(path), Some(comparison)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(format!("the check {shown} needs subject, path and comparison"));
    };
    let (value, off) = (parts.next(), parts.next());
    if off.as_deref().is_some_and(|off| off != "off") || parts.next().is_some() {
        return Err(format!("after the value of the check {shown} only \"off\" may follow"));
    }
    Ok(Assertion {
        subject: Subject::from_name(&subject),
        path: Some(path),
        comparison: Comparison::from_name(&comparison),
        value: value.map(Json::Text),
        enabled: off.map(|_| false),
        extra: Object::default(),
    })
}

/// What reading the pleasant form of a request will give, without what is kept.
pub(super) fn pleasant(request: &Request) -> Request {
    let rows = |rows: &[Row], separator: &str| -> Vec<Row> {
        let lines: Option<Vec<String>> = rows.iter().map(|row| row_line(row, separator)).collect();
        lines.unwrap_or_default().iter().map(|line| row_of(line, separator)).collect()
    };
    let mut made = Request {
        method: Method::named(&request.method.name),
        uri: match url_line(&request.uri) {
            Some(line) => uri_of(&line),
            None => Uri {
                scheme: Scheme { name: request.uri.scheme.name.clone(), ..Scheme::default() },
                host: request.uri.host.clone(),
                path: request.uri.path.clone(),
                ..Uri::default()
            },
        },
        headers: rows(&request.headers, HEADER),
        body: Body { kind: request.body.kind.clone(), ..Body::default() },
        assertions: request.assertions.clone(),
        retry: request.retry.as_ref().map(|retry| Retry { extra: Object::default(), ..retry.clone() }),
        additions: request.additions.clone(),
        ..Request::default()
    };
    let items = request.uri.query.as_ref().map(|query| rows(&query.items, QUERY)).unwrap_or_default();
    if !items.is_empty() {
        made.uri.query = Some(Query { delimiter: None, items, extra: Object::default() });
    }
    if request.body.kind == BodyKind::Text {
        made.body.text = request.body.text.clone().filter(|text| !text.is_empty());
    }
    if let (BodyKind::Form, Some(form)) = (&request.body.kind, &request.body.form) {
        let encoding = form.encoding.clone().filter(|encoding| !encoding.is_empty());
        made.body.form = Some(Form { encoding, items: rows(&form.items, FORM), extra: Object::default() });
    }
    for assertion in &mut made.assertions {
        assertion.extra = Object::default();
        assertion.path = Some(assertion.path().to_owned());
        if assertion.value.is_some() || !assertion.is_on() {
            assertion.value = Some(Json::Text(assertion.expected()));
        }
        assertion.enabled = (!assertion.is_on()).then_some(false);
    }
    made
}

fn environment(file: &str, read: EnvironmentFile) -> Result<Environment, FolderError> {
    let mut made = Environment {
        id: read.id,
        name: read.name,
        variables: Vec::new(),
        last_modified: read.edited,
        description: read.description,
        extra: bag(file, read.kept)?,
    };
    for variable in read.variable {
        let mut extra = bag(file, variable.kept)?;
        let private = extra.shift_remove("private").and_then(|private| private.as_bool());
        made.variables.push(Variable {
            id: variable.id.unwrap_or_default(),
            name: variable.name,
            value: variable.value,
            enabled: Some(variable.enabled.unwrap_or(true)),
            private: private.or(variable.secret.is_some().then_some(true)),
            created_at: variable.created,
            secret: variable.secret,
            extra,
        });
    }
    Ok(made)
}
