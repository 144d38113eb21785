//! The request: method, address, headers, body, assertions, retry.

use super::{Assertion, RequestAdditions};
use crate::json::Object;

/// A request as stored. Every text may hold expressions unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// HTTP method.
    pub method: Method,
    /// Address.
    pub uri: Uri,
    /// Header rows.
    pub headers: Vec<Row>,
    /// `Form` or `Raw`: which editor shows the headers.
    pub headers_type: Option<String>,
    /// Body; only the part that its kind names is sent.
    pub body: Body,
    /// Checks of the response, in order.
    pub assertions: Vec<Assertion>,
    /// Sending again after a failure.
    pub retry: Option<Retry>,
    /// What Stoker adds.
    pub additions: RequestAdditions,
    /// Unknown keys.
    pub extra: Object,
}

/// HTTP method.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Method {
    /// `GET`, `POST`, or one of the user's own.
    pub name: String,
    /// Whether a body is sent with it (`file`: `requestBody`, missing when not).
    pub takes_body: bool,
    /// Unknown keys, among them the reference's `link` and `custom`.
    pub extra: Object,
}

impl Method {
    /// A method by its name; POST, PUT, PATCH and DELETE take a body, as do names that are not predefined.
    pub fn named(name: &str) -> Self {
        let takes_body = !matches!(name, "GET" | "HEAD" | "OPTIONS" | "TRACE" | "CONNECT");
        Self { name: name.to_owned(), takes_body, extra: Object::default() }
    }
}

/// Address in the parts in which files keep it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Uri {
    /// `http` or `https`; of WebSockets also `ws` or `wss`.
    pub scheme: Scheme,
    /// Host with optional port. Missing in old files: the host is then the first part of the path (`file`).
    pub host: Option<String>,
    /// Path.
    pub path: Option<String>,
    /// Query rows.
    pub query: Option<Query>,
    /// Unknown keys.
    pub extra: Object,
}

/// Scheme of an address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scheme {
    /// `http` or `https`; missing in some old files, then `http`. Of WebSockets also `ws` or `wss`.
    pub name: Option<String>,
    /// Unknown keys, among them the reference's `version` and `secure`.
    pub extra: Object,
}

/// Query of an address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// Between the rows; `&` when missing.
    pub delimiter: Option<String>,
    /// Rows; repeated names are normal.
    pub items: Vec<Row>,
    /// Unknown keys.
    pub extra: Object,
}

/// Name and value of a header, query item or form part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// Empty names occur; such header rows are not sent.
    pub name: String,
    /// Missing in some files, then empty. Of a file part: path of the file, below the project's folder (`inferred`: the
    /// reference keeps none).
    pub value: Option<String>,
    /// Missing means off (`file`: the writer leaves out `false`).
    pub enabled: Option<bool>,
    /// Form rows only.
    pub kind: Option<PartKind>,
    /// Query rows only: send as it is, do not percent-encode (`doc`: "already encoded"; the key is `inferred`).
    pub encoded: bool,
    /// Unknown keys.
    pub extra: Object,
}

impl Row {
    /// A row that is on.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: Some(value.into()), enabled: Some(true), ..Self::default() }
    }

    /// Whether it is sent.
    pub fn is_on(&self) -> bool {
        self.enabled == Some(true)
    }

    /// The value, empty when missing.
    pub fn value(&self) -> &str {
        self.value.as_deref().unwrap_or("")
    }
}

/// Kind of a form part, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartKind {
    /// The value is the part.
    Text,
    /// The value names a file.
    File,
    /// Something else, kept.
    Other(String),
}

/// Which part of the body is sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum BodyKind {
    /// [`Body::text`].
    #[default]
    Text,
    /// [`Body::form`].
    Form,
    /// The file that [`RequestAdditions::file`] names.
    File,
    /// [`RequestAdditions::graphql`]; stands in files of the reference as JSON text.
    GraphQl,
    /// Something else, kept; sending it is an error.
    Other(String),
}

/// Body in all its forms; what is not sent is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Body {
    /// Which one is sent.
    pub kind: BodyKind,
    /// Text body; line ends stay as they are.
    pub text: Option<String>,
    /// Form body.
    pub form: Option<Form>,
    /// Unknown keys, among them `autoSetLength` and `textBodyEditorHeight`.
    pub extra: Object,
}

/// Form body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Form {
    /// `application/x-www-form-urlencoded` (also when missing) or `multipart/form-data`.
    pub encoding: Option<String>,
    /// Rows in order.
    pub items: Vec<Row>,
    /// Unknown keys, among them `overrideContentType`.
    pub extra: Object,
}

/// Retry on failure (`doc`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Retry {
    /// Further attempts after the first; at most [`Retry::MAX_COUNT`] are made.
    pub count: u32,
    /// Seconds between attempts; at most [`Retry::MAX_SECONDS`] are waited.
    pub interval_seconds: u32,
    /// Unknown keys.
    pub extra: Object,
}

impl Retry {
    /// Most further attempts.
    pub const MAX_COUNT: u32 = 1_000;
    /// Longest pause in seconds.
    pub const MAX_SECONDS: u32 = 3_600;
}

impl Request {
    /// Calls `change` for every text of the reference's own fields in which expressions are evaluated, also in rows and
    /// bodies that are off.
    pub(crate) fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        for text in [&mut self.uri.host, &mut self.uri.path, &mut self.body.text].into_iter().flatten() {
            change(text);
        }
        let query = self.uri.query.iter_mut().flat_map(|query| &mut query.items);
        let form = self.body.form.iter_mut().flat_map(|form| &mut form.items);
        for row in self.headers.iter_mut().chain(query).chain(form) {
            change(&mut row.name);
            row.value.iter_mut().for_each(&mut *change);
        }
        for assertion in &mut self.assertions {
            if let Some(crate::json::Json::Text(text)) = &mut assertion.value {
                change(text);
            }
        }
    }
}
