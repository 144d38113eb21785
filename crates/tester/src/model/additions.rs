//! What Stoker adds to the reference's model.
//!
//! In exported files these stand in one key `stoker` of the entity, and only when they differ from the defaults.

use serde::{Deserialize, Serialize};

use super::WebSocket;

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Additions to a request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RequestAdditions {
    /// The request is left out unless this holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
    /// Send once for each element of a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub each: Option<Each>,
    /// Send again until a condition holds; the pauses make it a poll.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Until>,
    /// Read a stream of server-sent events instead of a whole body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<Events>,
    /// Open a WebSocket and talk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web_socket: Option<WebSocket>,
    /// Values made before the request is sent, in order; later ones may use earlier ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<Binding>,
    /// Values taken from the response, for the requests that follow.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extract: Vec<Extraction>,
    /// File that is the whole body, below the project's folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// GraphQL body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub graphql: Option<GraphQl>,
    /// Do not evaluate expressions in the text body.
    #[serde(skip_serializing_if = "is_default")]
    pub raw_body: bool,
    /// Follow redirects; missing: as the run says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follow_redirects: Option<bool>,
    /// Time-out in milliseconds; missing: as the run says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// `false`: send and keep no cookies. An empty `Cookie` header says the same (`doc`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookies: Option<bool>,
    /// Proxy address; missing: as the run says; empty: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// TLS options; missing: as the run says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
}

/// Additions to a scenario.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScenarioAdditions {
    /// The scenario is left out unless this holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
    /// Go on after a request that is not Ok; the reference always stops.
    #[serde(skip_serializing_if = "is_default")]
    pub carry_on: bool,
    /// Run once for each row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Data>,
}

/// Rows of a data-driven scenario. Each column is a variable; exactly one of `file` and `text` is given.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Data {
    /// How the rows are written.
    pub format: DataFormat,
    /// File below the project's folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The rows themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// How rows of data are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DataFormat {
    /// First line: names. Commas, double quotes as in RFC 4180.
    #[default]
    Csv,
    /// An array of objects.
    Json,
}

/// A comparison of two evaluated texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Left side, may hold expressions.
    pub value: String,
    /// Name of a [`crate::model::Comparison`].
    pub is: String,
    /// Right side, may hold expressions.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub to: String,
}

/// Loop over the elements of a JSON array.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Each {
    /// Expression that yields a JSON array.
    #[serde(rename = "in")]
    pub items: String,
    /// Variable that holds the element.
    pub name: String,
}

/// Loop until a condition holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Until {
    /// Checked after each response that is Ok, with its extractions in place.
    pub holds: Condition,
    /// Most sends, 1 to 10000; not reached by then is a Failure.
    pub at_most: u32,
    /// Pause between sends in milliseconds, at most an hour.
    #[serde(default, skip_serializing_if = "is_default")]
    pub pause_ms: u64,
}

/// How much of a stream of server-sent events is read. The body is then a JSON array with an object for each event:
/// `event` (its name, `message` when it has none), `data` (text), `id` when it has one, and `json` when the data is an
/// object or array.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Events {
    /// Stop after so many events, 1 to 10000.
    pub at_most: u32,
    /// Stop after so many milliseconds from the headers on, 1 to 600000. What has come by then counts.
    pub within_ms: u64,
}

/// A name and the text it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// Variable to set.
    pub name: String,
    /// Text, may hold expressions.
    pub value: String,
}

/// A value taken from a response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extraction {
    /// Variable to set.
    pub name: String,
    /// Name of a [`crate::model::Subject`].
    pub subject: String,
    /// Where in the subject.
    #[serde(default)]
    pub path: String,
    /// JavaScript regular expression; its first group, or the whole match, is the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// Used when there is no value; without it that is an Error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<String>,
}

/// GraphQL body, sent as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GraphQl {
    /// Document; may hold expressions.
    pub query: String,
    /// JSON object of variables; may hold expressions. Empty: none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub variables: String,
    /// Which operation of the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
}

/// TLS options. Files are PEM, below the project's folder.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// Check the server's certificate and name.
    pub verify: bool,
    /// Further authorities to trust.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorities: Option<String>,
    /// Client certificate with chain and private key in one file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// Lowest version: `1.2` or `1.3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<String>,
}

impl Default for Tls {
    fn default() -> Self {
        Self { verify: true, authorities: None, identity: None, at_least: None }
    }
}

/// Who shares cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CookieMode {
    /// All requests of a run, as in a browser (`doc`).
    #[default]
    Shared,
    /// Each scenario (and each row of its data) begins without any.
    PerScenario,
    /// Nobody.
    Off,
}
