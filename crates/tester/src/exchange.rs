//! Request and response as they went over the wire, and the latest ones of a run.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::json::Json;
use crate::text;

/// A request as it was sent and the response to it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exchange {
    /// Method.
    pub method: String,
    /// Whole address, evaluated and encoded.
    pub uri: String,
    /// Headers as sent, in order.
    pub request_headers: Vec<(String, String)>,
    /// Body as sent.
    pub request_body: Vec<u8>,
    /// The last response, redirects followed or not.
    pub response: Response,
    /// Addresses that were redirected from, in order.
    pub redirects: Vec<String>,
}

/// A message of a talk over a WebSocket, as reports show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    /// Turn of the talk, from 1.
    pub turn: i64,
    /// Whether we sent it.
    pub sent: bool,
    /// `text`, `binary` (in Base64) or `close`.
    pub kind: String,
    /// The message; of a close its code and reason.
    pub text: String,
}

impl Exchange {
    /// The messages of a talk over a WebSocket, in the order of its turns; nothing for any other exchange.
    pub fn messages(&self) -> Option<Vec<Spoken>> {
        let opened = self.response.status == 101
            && values(&self.request_headers, "upgrade").iter().any(|value| value.eq_ignore_ascii_case("websocket"));
        let read = |bytes: &[u8], sent: bool| -> Option<Vec<Spoken>> {
            let Json::Array(items) = Json::parse(&decode(bytes)).ok()? else { return None };
            Some(items.iter().map(|item| spoken(item, sent)).collect())
        };
        let mut all = opened.then(|| read(&self.request_body, true)).flatten()?;
        all.extend(read(&self.response.body, false)?);
        // What is sent in a turn goes out before its answers are waited for; the order is kept within both.
        all.sort_by_key(|message| message.turn);
        Some(all)
    }
}

fn spoken(item: &Json, sent: bool) -> Spoken {
    let text = |name: &str| item.get(name).map(Json::render).unwrap_or_default();
    let kind = text("type");
    let said = if kind == "close" { format!("{} {}", text("code"), text("reason")) } else { text("data") };
    Spoken { turn: item.get("turn").and_then(Json::as_i64).unwrap_or(0), sent, text: said.trim().to_owned(), kind }
}

/// A response.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Reason of the code.
    pub message: String,
    /// Headers in order; repeated ones stay apart.
    pub headers: Vec<(String, String)>,
    /// Body, content coding removed.
    pub body: Vec<u8>,
    /// Milliseconds from the start of the sending to the end of the body.
    pub duration_ms: u64,
    /// Milliseconds from the start of the sending to the headers.
    pub latency_ms: u64,
}

impl Response {
    /// The body as text, in the charset of its `Content-Type`, else as UTF-8; other bytes become replacement marks.
    pub fn text(&self) -> String {
        text::decoded(&self.body, self.content_type()).0
    }

    fn content_type(&self) -> &str {
        self.header_values("content-type").first().copied().unwrap_or("")
    }

    /// What whoever looks into the body should know: that it is packed in a way that was not undone, or is no text
    /// although it should be.
    pub(crate) fn remarks(&self) -> Vec<String> {
        const KNOWN: [&str; 5] = ["", "identity", "gzip", "x-gzip", "deflate"];
        let coding = self.header_values("content-encoding").join(", ").to_lowercase();
        if !KNOWN.contains(&coding.trim()) && !self.body.is_empty() {
            return vec![format!(
                "the body is packed as `{coding}`, which is not undone; ask for `Accept-Encoding: gzip`"
            )];
        }
        let kind = self.content_type().to_lowercase();
        let is_text = kind.starts_with("text/") || ["json", "xml", "charset"].iter().any(|part| kind.contains(part));
        if is_text { text::decoded(&self.body, &kind).1.into_iter().collect() } else { Vec::new() }
    }

    /// Values of a header, letter case does not matter.
    pub fn header_values(&self, name: &str) -> Vec<&str> {
        values(&self.headers, name)
    }
}

/// UTF-8, a byte-order mark is dropped.
pub(crate) fn decode(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.strip_prefix('\u{feff}').map_or_else(|| text.to_string(), str::to_owned)
}

/// Values of a header in a list of them.
pub(crate) fn values<'a>(headers: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str()).collect()
}

/// The latest exchange of each saved request, by the id of its entity.
#[derive(Debug, Default)]
pub struct Exchanges {
    latest: RwLock<HashMap<String, Arc<Exchange>>>,
}

impl Exchanges {
    /// The latest exchange of this request.
    pub fn get(&self, id: &str) -> Option<Arc<Exchange>> {
        self.latest.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// Puts a newer one in place.
    pub fn put(&self, id: &str, exchange: Arc<Exchange>) {
        self.latest.write().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), exchange);
    }
}
