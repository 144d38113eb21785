//! A talk over a WebSocket, as stored.

use serde::{Deserialize, Serialize};

/// Opens a WebSocket and talks in turns: each sends its messages and then waits for answers. The request is a GET to a
/// `ws`, `wss`, `http` or `https` address; its headers and assertions count as always.
///
/// The body is then a JSON array with an object for each message that came: `turn` (from 1), `type` (`text`, `binary` or
/// `close`), `data` (text, of binary ones in Base64), and `json` when a text is an object or array; a close has `code` and
/// `reason`. An answer other than 101 is an ordinary response, and one of 2xx is an Error.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebSocket {
    /// Sub-protocols that are offered, the best first; the server must take one of them or none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub protocols: Vec<String>,
    /// What is said, in order; none only opens and closes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub turns: Vec<Turn>,
}

/// One turn of a talk: it ends after so many messages, with the message that its condition is true of, or when its time is
/// over, whatever comes first. What has come by then counts; only a condition that was true of nothing is a Failure.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Turn {
    /// Text messages, sent one after the other; may hold expressions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub send: Vec<String>,
    /// Most messages that are awaited, 0 to 10000. Missing: 1, or 10000 with a condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u32>,
    /// Time for the turn in milliseconds, 1 to 600000. Missing: 10000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within_ms: Option<u64>,
    /// The message that is waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<MessageIs>,
}

/// Says which message is waited for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MessageIs {
    /// JSON path inside the message, never evaluated; empty: the whole text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// Name of a [`crate::model::Comparison`].
    pub is: String,
    /// Expected value, may hold expressions.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub to: String,
}

impl WebSocket {
    /// Most turns of a talk.
    pub const MAX_TURNS: usize = 100;
    /// Most messages that one talk sends.
    pub const MAX_SENT: usize = 1_000;
    /// Most messages that one talk receives.
    pub const MAX_RECEIVED: u32 = 10_000;
    /// Longest time of all turns together, in milliseconds.
    pub const MAX_MS: u64 = 600_000;
    /// Time of a turn that names none, in milliseconds.
    pub const USUAL_MS: u64 = 10_000;
}

impl Turn {
    /// Most messages that are awaited.
    pub fn awaited(&self) -> u32 {
        let usual = if self.until.is_some() { WebSocket::MAX_RECEIVED } else { 1 };
        self.at_most.unwrap_or(usual).min(WebSocket::MAX_RECEIVED)
    }

    /// Time for the turn in milliseconds.
    pub fn time_ms(&self) -> u64 {
        self.within_ms.unwrap_or(WebSocket::USUAL_MS).clamp(1, WebSocket::MAX_MS)
    }
}
