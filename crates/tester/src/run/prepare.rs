//! A stored request with all expressions evaluated: method, address, headers, bytes.

use reqwest::Url;

use super::{Files, body, web_socket};
use crate::effort::Effort;
use crate::encode;
use crate::expr::{Evaluator, ExprError, Sources};
use crate::model::{Query, Request, Row, Variables, WebSocket};

/// A request that can be sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prepared {
    /// Method.
    pub method: String,
    /// Whole address, evaluated and encoded.
    pub url: String,
    /// Headers of the request itself, in order.
    pub headers: Vec<(String, String)>,
    /// Body; `None` when the method takes none.
    pub body: Option<Vec<u8>>,
    /// What is said over a WebSocket, evaluated; the address is then an `http` or `https` one.
    pub web_socket: Option<WebSocket>,
}

/// Most headers, query rows and form rows together.
const MAX_ROWS: usize = 10_000;

/// The variables with the values that stand before a request, made in their order; as a run has them when it sends it.
/// Each may take so many steps of [`Effort`].
///
/// # Errors
/// A text that names the value, the expression and its place.
pub fn with_values(request: &Request, sources: Sources<'_>, steps: u64) -> Result<Variables, String> {
    let mut variables = sources.variables.clone();
    for binding in &request.additions.before {
        let sources = Sources { variables: &variables, ..sources };
        let made = Evaluator::within(sources, Effort::of(steps)).text(&binding.value);
        let made = made.map_err(|error| field(&format!("value `{}`", binding.name), &error))?;
        variables.set(&binding.name, made);
    }
    Ok(variables)
}

/// Evaluates a request.
///
/// # Errors
/// A text that names the field, the expression and its place.
pub fn prepare(request: &Request, evaluator: &Evaluator<'_>, files: &dyn Files) -> Result<Prepared, String> {
    to_send(request, evaluator, files).map(|(prepared, _)| prepared)
}

/// The same with its address taken apart.
pub(super) fn to_send(
    request: &Request,
    evaluator: &Evaluator<'_>,
    files: &dyn Files,
) -> Result<(Prepared, Url), String> {
    let rows = request.headers.len() + request.uri.query.as_ref().map_or(0, |query| query.items.len());
    if rows > MAX_ROWS {
        return Err(format!("the request has {rows} rows of headers and query, more than {MAX_ROWS}"));
    }
    if request.method.name.is_empty() {
        return Err("method: it is empty".to_owned());
    }
    let mut headers = Vec::new();
    for row in request.headers.iter().filter(|row| row.is_on() && !row.name.is_empty()) {
        headers.push(pair(row, "header", evaluator)?);
    }
    let address = address(request, evaluator)?;
    let url = address.as_str().to_owned();
    if let Some(wanted) = &request.additions.web_socket {
        if request.method.name != "GET" {
            return Err(format!("method: a WebSocket is opened with GET, not {}", request.method.name));
        }
        let talk = web_socket::prepare(wanted, evaluator, &mut headers)?;
        let method = "GET".to_owned();
        return Ok((Prepared { method, url, headers, body: None, web_socket: Some(talk) }, address));
    }
    let body = if request.method.takes_body { body::build(request, evaluator, files, &mut headers)? } else { None };
    Ok((Prepared { method: request.method.name.clone(), url, headers, body, web_socket: None }, address))
}

/// Name and value of a row, evaluated.
pub(super) fn pair(row: &Row, what: &str, evaluator: &Evaluator<'_>) -> Result<(String, String), String> {
    let name = evaluator.text(&row.name).map_err(|error| field(&format!("name of {what} `{}`", row.name), &error))?;
    let value = evaluator.text(row.value()).map_err(|error| field(&format!("{what} `{}`", row.name), &error))?;
    Ok((name, value))
}

pub(super) fn field(name: &str, error: &ExprError) -> String {
    format!("{name}: {error}")
}

fn address(request: &Request, evaluator: &Evaluator<'_>) -> Result<Url, String> {
    let uri = &request.uri;
    let part = |name: &str, text: &Option<String>| {
        evaluator.text(text.as_deref().unwrap_or("")).map_err(|error| field(name, &error))
    };
    let (host, path) = (part("host", &uri.host)?, part("path", &uri.path)?);
    let mut url = format!("{host}{path}").trim().to_owned();
    if !host.is_empty() && !path.is_empty() && !path.starts_with(['/', '?']) && !host.ends_with('/') {
        url = format!("{host}/{path}");
    }
    // A variable may hold a whole base address (`file`).
    if !["http://", "https://", "ws://", "wss://"].iter().any(|scheme| url.starts_with(scheme)) {
        let scheme = uri.scheme.name.as_deref().unwrap_or("http");
        if !matches!(scheme, "http" | "https" | "ws" | "wss") {
            return Err(format!("scheme: `{scheme}` is not http, https, ws or wss"));
        }
        url = format!("{scheme}://{url}");
    }
    if let Some(rest) = url.strip_prefix("ws") {
        if request.additions.web_socket.is_none() {
            return Err(
                "scheme: an address of a WebSocket needs `web_socket` with its turns; the console has it under Flow"
                    .to_owned(),
            );
        }
        // Its opening is a request of HTTP.
        url = format!("http{rest}");
    }
    if let Some(query) = &uri.query {
        append_query(&mut url, query, evaluator)?;
    }
    Url::parse(&url).map_err(|error| format!("address `{url}`: {error}"))
}

fn append_query(url: &mut String, query: &Query, evaluator: &Evaluator<'_>) -> Result<(), String> {
    let fragment = url.find('#').map(|at| url.split_off(at));
    let delimiter = query.delimiter.as_deref().unwrap_or("&");
    let mut first = !url.contains('?');
    for row in query.items.iter().filter(|row| row.is_on()) {
        let (name, value) = pair(row, "query", evaluator)?;
        let encoded = |text: &str| if row.encoded { text.to_owned() } else { encode::query(text) };
        url.push_str(if first { "?" } else { delimiter });
        first = false;
        url.push_str(&encoded(&name));
        if row.value.is_some() {
            url.push('=');
            url.push_str(&encoded(&value));
        }
    }
    url.push_str(&fragment.unwrap_or_default());
    Ok(())
}
