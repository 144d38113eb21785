//! The keys of a request, the same in both shapes.

use super::NativeError;
use super::fields::{Fields, additions};
use crate::json::{Json, Object};
use crate::model::{
    Assertion, Body, BodyKind, Comparison, Form, Method, PartKind, Query, Request, Retry, Row, Scheme, Subject, Uri,
};

pub(super) fn read(from: &mut Fields) -> Result<Request, NativeError> {
    // Names people, so it does not enter the model.
    from.take("metaInfo");
    let mut request = Request {
        method: from.object("method")?.map(method).transpose()?.unwrap_or_default(),
        uri: from.object("uri")?.map(uri).transpose()?.unwrap_or_default(),
        headers: rows(from, "headers")?.unwrap_or_default(),
        headers_type: from.text("headersType")?,
        body: from.object("body")?.map(body).transpose()?.unwrap_or_default(),
        assertions: Vec::new(),
        retry: from.object("retryConfiguration")?.map(retry).transpose()?,
        additions: additions(from)?,
        extra: Object::default(),
    };
    for assertion_fields in from.list("assertions")?.unwrap_or_default() {
        request.assertions.push(assertion(assertion_fields)?);
    }
    if request.additions.graphql.is_some() && request.body.kind == BodyKind::Text {
        request.body.kind = BodyKind::GraphQl;
    }
    Ok(request)
}

fn method(mut from: Fields) -> Result<Method, NativeError> {
    Ok(Method {
        name: from.required("name")?,
        takes_body: from.flag("requestBody")?.unwrap_or(false),
        extra: from.rest(),
    })
}

fn uri(mut from: Fields) -> Result<Uri, NativeError> {
    let scheme = match from.object("scheme")? {
        Some(mut scheme) => Scheme { name: scheme.text("name")?, extra: scheme.rest() },
        None => Scheme::default(),
    };
    let query = match from.object("query")? {
        Some(mut query) => Some(Query {
            delimiter: query.text("delimiter")?,
            items: rows(&mut query, "items")?.unwrap_or_default(),
            extra: query.rest(),
        }),
        None => None,
    };
    Ok(Uri { scheme, host: from.text("host")?, path: from.text("path")?, query, extra: from.rest() })
}

fn rows(from: &mut Fields, name: &str) -> Result<Option<Vec<Row>>, NativeError> {
    let Some(list) = from.list(name)? else { return Ok(None) };
    list.into_iter().map(row).collect::<Result<_, _>>().map(Some)
}

fn row(mut from: Fields) -> Result<Row, NativeError> {
    let kind = from.text("type")?.map(|kind| match kind.as_str() {
        "Text" => PartKind::Text,
        "File" => PartKind::File,
        _ => PartKind::Other(kind),
    });
    Ok(Row {
        name: from.text("name")?.unwrap_or_default(),
        value: from.text("value")?,
        enabled: from.flag("enabled")?,
        kind,
        encoded: from.flag("alreadyEncoded")?.unwrap_or(false),
        extra: from.rest(),
    })
}

fn body(mut from: Fields) -> Result<Body, NativeError> {
    let kind = match from.text("bodyType")?.as_deref() {
        None | Some("Text") => BodyKind::Text,
        Some("Form") => BodyKind::Form,
        Some("File") => BodyKind::File,
        Some(other) => BodyKind::Other(other.to_owned()),
    };
    let form = match from.object("formBody")? {
        Some(mut form) => Some(Form {
            encoding: form.text("encoding")?,
            items: rows(&mut form, "items")?.unwrap_or_default(),
            extra: form.rest(),
        }),
        None => None,
    };
    Ok(Body { kind, text: from.text("textBody")?, form, extra: from.rest() })
}

fn assertion(mut from: Fields) -> Result<Assertion, NativeError> {
    Ok(Assertion {
        subject: Subject::from_name(&from.required("subject")?),
        path: from.text("path")?,
        comparison: Comparison::from_name(&from.required("comparison")?),
        value: from.take("value"),
        enabled: from.flag("enabled")?,
        extra: from.rest(),
    })
}

fn retry(mut from: Fields) -> Result<Retry, NativeError> {
    Ok(Retry {
        count: from.count("retryCount")?.unwrap_or(0),
        interval_seconds: from.count("intervalInSeconds")?.unwrap_or(0),
        extra: from.rest(),
    })
}

pub(super) fn write(request: &Request, extensions: bool, into: &mut Object) {
    let mut method = Object::default();
    method.insert("name".into(), Json::text(&request.method.name));
    if request.method.takes_body {
        method.insert("requestBody".into(), Json::Bool(true));
    }
    method.extend(request.method.extra.clone());
    into.insert("method".into(), Json::Object(method));
    into.insert("uri".into(), write_uri(&request.uri));
    into.insert("headers".into(), write_rows(&request.headers));
    put_text(into, "headersType", request.headers_type.as_ref());
    into.insert("body".into(), write_body(request));
    if !request.assertions.is_empty() {
        into.insert("assertions".into(), Json::Array(request.assertions.iter().map(write_assertion).collect()));
    }
    if let Some(retry) = &request.retry {
        let mut made = Object::default();
        made.insert("retryCount".into(), Json::int(retry.count));
        made.insert("intervalInSeconds".into(), Json::int(retry.interval_seconds));
        made.extend(retry.extra.clone());
        into.insert("retryConfiguration".into(), Json::Object(made));
    }
    if extensions {
        super::write::additions(&request.additions, into);
    }
}

fn put_text(into: &mut Object, name: &str, value: Option<&String>) {
    if let Some(value) = value {
        into.insert(name.to_owned(), Json::text(value));
    }
}

fn write_uri(uri: &Uri) -> Json {
    let mut scheme = Object::default();
    put_text(&mut scheme, "name", uri.scheme.name.as_ref());
    scheme.extend(uri.scheme.extra.clone());
    let mut made = Object::default();
    if !scheme.is_empty() {
        made.insert("scheme".into(), Json::Object(scheme));
    }
    put_text(&mut made, "host", uri.host.as_ref());
    put_text(&mut made, "path", uri.path.as_ref());
    if let Some(query) = &uri.query {
        let mut inner = Object::default();
        put_text(&mut inner, "delimiter", query.delimiter.as_ref());
        inner.insert("items".into(), write_rows(&query.items));
        inner.extend(query.extra.clone());
        made.insert("query".into(), Json::Object(inner));
    }
    made.extend(uri.extra.clone());
    Json::Object(made)
}

fn write_rows(rows: &[Row]) -> Json {
    Json::Array(rows.iter().map(write_row).collect())
}

fn write_row(row: &Row) -> Json {
    let mut made = Object::default();
    if let Some(enabled) = row.enabled {
        made.insert("enabled".into(), Json::Bool(enabled));
    }
    made.insert("name".into(), Json::text(&row.name));
    put_text(&mut made, "value", row.value.as_ref());
    match &row.kind {
        Some(PartKind::Text) => made.insert("type".into(), Json::text("Text")),
        Some(PartKind::File) => made.insert("type".into(), Json::text("File")),
        Some(PartKind::Other(kind)) => made.insert("type".into(), Json::text(kind)),
        None => None,
    };
    if row.encoded {
        made.insert("alreadyEncoded".into(), Json::Bool(true));
    }
    made.extend(row.extra.clone());
    Json::Object(made)
}

fn write_body(request: &Request) -> Json {
    let body = &request.body;
    let mut made = Object::default();
    let kind = match &body.kind {
        BodyKind::Text | BodyKind::GraphQl => "Text",
        BodyKind::Form => "Form",
        BodyKind::File => "File",
        BodyKind::Other(kind) => kind,
    };
    made.insert("bodyType".into(), Json::text(kind));
    // The reference has no GraphQL body; it can send the same thing as text.
    let as_text =
        (body.kind == BodyKind::GraphQl).then(|| request.additions.graphql.as_ref().map(super::write::graphql_text));
    put_text(&mut made, "textBody", as_text.flatten().as_ref().or(body.text.as_ref()));
    if let Some(form) = &body.form {
        let mut inner = Object::default();
        put_text(&mut inner, "encoding", form.encoding.as_ref());
        inner.insert("items".into(), write_rows(&form.items));
        inner.extend(form.extra.clone());
        made.insert("formBody".into(), Json::Object(inner));
    }
    made.extend(body.extra.clone());
    Json::Object(made)
}

fn write_assertion(assertion: &Assertion) -> Json {
    let mut made = Object::default();
    if let Some(enabled) = assertion.enabled {
        made.insert("enabled".into(), Json::Bool(enabled));
    }
    made.insert("subject".into(), Json::text(assertion.subject.name()));
    put_text(&mut made, "path", assertion.path.as_ref());
    made.insert("comparison".into(), Json::text(assertion.comparison.name()));
    if let Some(value) = &assertion.value {
        made.insert("value".into(), value.clone());
    }
    made.extend(assertion.extra.clone());
    Json::Object(made)
}
