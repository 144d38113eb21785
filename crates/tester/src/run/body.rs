//! Bodies as bytes.

use super::Files;
use super::prepare::{field, pair};
use crate::encode;
use crate::expr::Evaluator;
use crate::json::Json;
use crate::model::{BodyKind, Form, GraphQl, PartKind, Request};

const URL_ENCODED: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";

/// The body and, unless it is there already, its `Content-Type`.
pub(super) fn build(
    request: &Request,
    evaluator: &Evaluator<'_>,
    files: &dyn Files,
    headers: &mut Vec<(String, String)>,
) -> Result<Option<Vec<u8>>, String> {
    match &request.body.kind {
        BodyKind::Text => {
            let Some(text) = request.body.text.as_ref().filter(|text| !text.is_empty()) else { return Ok(None) };
            if request.additions.raw_body {
                return Ok(Some(text.clone().into_bytes()));
            }
            evaluator.text(text).map(|text| Some(text.into_bytes())).map_err(|error| field("body", &error))
        }
        BodyKind::Form => {
            let empty = Form::default();
            let form = request.body.form.as_ref().unwrap_or(&empty);
            if form.encoding.as_deref() == Some(MULTIPART) {
                return multipart(form, evaluator, files, headers).map(Some);
            }
            content_type(headers, URL_ENCODED);
            let mut pairs = Vec::new();
            for row in form.items.iter().filter(|row| row.is_on()) {
                if row.kind == Some(PartKind::File) {
                    return Err(format!("form `{}`: a file needs the encoding {MULTIPART}", row.name));
                }
                let (name, value) = pair(row, "form", evaluator)?;
                pairs.push(format!("{}={}", encode::form(&name), encode::form(&value)));
            }
            Ok(Some(pairs.join("&").into_bytes()))
        }
        BodyKind::File => {
            let name = request.additions.file.as_deref().ok_or(
                "body: it is a file, but the request does not name one; exports of the reference keep no file paths",
            )?;
            let name = evaluator.text(name).map_err(|error| field("file", &error))?;
            content_type(headers, media_type(&name));
            files.read(&name).map(Some).map_err(|problem| format!("body: {problem}"))
        }
        BodyKind::GraphQl => {
            content_type(headers, "application/json");
            let graphql = request.additions.graphql.as_ref().ok_or("body: the GraphQL document is missing")?;
            graph_ql(graphql, evaluator).map(|text| Some(text.into_bytes()))
        }
        BodyKind::Other(kind) => Err(format!("body: the kind `{kind}` is not supported; use Text, Form or File")),
    }
}

fn content_type(headers: &mut Vec<(String, String)>, value: &str) {
    if crate::exchange::values(headers, "content-type").is_empty() {
        headers.push(("Content-Type".to_owned(), value.to_owned()));
    }
}

fn graph_ql(graphql: &GraphQl, evaluator: &Evaluator<'_>) -> Result<String, String> {
    let query = evaluator.text(&graphql.query).map_err(|error| field("GraphQL query", &error))?;
    let variables = evaluator.text(&graphql.variables).map_err(|error| field("GraphQL variables", &error))?;
    let mut body = crate::json::Object::default();
    body.insert("query".to_owned(), Json::Text(query));
    if !variables.trim().is_empty() {
        let parsed = Json::parse(&variables).map_err(|error| format!("GraphQL variables: {error}"))?;
        body.insert("variables".to_owned(), parsed);
    }
    if let Some(operation) = &graphql.operation {
        body.insert("operationName".to_owned(), Json::text(operation));
    }
    Ok(Json::Object(body).to_string())
}

fn multipart(
    form: &Form,
    evaluator: &Evaluator<'_>,
    files: &dyn Files,
    headers: &mut Vec<(String, String)>,
) -> Result<Vec<u8>, String> {
    let boundary = format!("stoker-{}", evaluator.random_hex());
    let mut out = Vec::new();
    for row in form.items.iter().filter(|row| row.is_on()) {
        let (name, value) = pair(row, "form", evaluator)?;
        out.extend(format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"", quoted(&name)).into_bytes());
        if row.kind == Some(PartKind::File) {
            let file_name = value.rsplit('/').next().unwrap_or(&value);
            out.extend(
                format!("; filename=\"{}\"\r\nContent-Type: {}", quoted(file_name), media_type(file_name)).into_bytes(),
            );
            out.extend(b"\r\n\r\n");
            out.extend(files.read(&value).map_err(|problem| format!("form `{name}`: {problem}"))?);
        } else {
            out.extend(b"\r\n\r\n");
            out.extend(value.into_bytes());
        }
        out.extend(b"\r\n");
    }
    out.extend(format!("--{boundary}--\r\n").into_bytes());
    // A stored type has no boundary, or an old one.
    headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
    headers.push(("Content-Type".to_owned(), format!("{MULTIPART}; boundary={boundary}")));
    Ok(out)
}

/// A name inside quotes, escaped as browsers do.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// Media type by the ending of a file name.
pub(crate) fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).as_deref() {
        Some("json") => "application/json",
        Some("xml") => "application/xml",
        Some("html" | "htm") => "text/html",
        Some("txt") => "text/plain",
        Some("csv") => "text/csv",
        Some("yaml" | "yml") => "application/yaml",
        Some("pdf") => "application/pdf",
        Some("zip") => "application/zip",
        Some("gz") => "application/gzip",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("gif") => "image/gif",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
