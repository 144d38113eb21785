//! What can go wrong with a call, and how an error body is read.

use serde_json::Value;

/// Longest server message that is kept, in characters.
const MESSAGE_LIMIT: usize = 500;

/// Why a call failed. `method` and `path` name the call; the path is without the query.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The base URL cannot be used.
    #[error("`{url}` is no base URL of a server: {reason}")]
    BadUrl {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The token holds characters that no HTTP header may hold.
    #[error("the access token holds characters that cannot be sent; copy it again, on one line")]
    BadToken,
    /// The HTTP client could not be made, for example because the system has no trusted certificates.
    #[error("cannot set up the HTTP client")]
    Setup(#[source] reqwest::Error),
    /// No connection, or it broke.
    #[error("{method} {path}: no answer from {server}: {reason}")]
    Unreachable {
        /// HTTP method.
        method: String,
        /// Path of the call.
        path: String,
        /// Base URL of the server.
        server: String,
        /// The innermost cause in words.
        reason: String,
        /// Whether the server did not even accept the connection.
        connecting: bool,
    },
    /// The server took too long.
    #[error("{method} {path}: {server} did not answer in time")]
    Timeout {
        /// HTTP method.
        method: String,
        /// Path of the call.
        path: String,
        /// Base URL of the server.
        server: String,
    },
    /// The server answered, but not with success.
    #[error("{method} {path}: {status} {message}{}", request_suffix(.request_id.as_deref()))]
    Refused {
        /// HTTP method.
        method: String,
        /// Path of the call.
        path: String,
        /// HTTP status, 300 to 599.
        status: u16,
        /// The server's words, or the standard phrase of the status.
        message: String,
        /// Id of the request in the server's log.
        request_id: Option<String>,
        /// Permission or right that the call needs, when the contract names one.
        needs: Option<&'static str>,
    },
    /// The answer was a success with a body that does not fit the contract.
    #[error("{method} {path}: the answer (status {status}) is not what the contract says: {reason}")]
    BadAnswer {
        /// HTTP method.
        method: String,
        /// Path of the call.
        path: String,
        /// HTTP status.
        status: u16,
        /// What does not fit.
        reason: String,
    },
    /// Data that should be sent or saved could not be read or written on this side.
    #[error("{method} {path}: cannot read or write the transferred data on this side")]
    LocalIo {
        /// HTTP method.
        method: String,
        /// Path of the call.
        path: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
}

impl ClientError {
    /// HTTP status of an answer that was no success.
    pub fn status(&self) -> Option<u16> {
        match self {
            ClientError::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether the server has no such object.
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404)
    }

    /// Whether the same call may well succeed a little later: the connection failed, the server is overloaded, restarting
    /// or limits the rate (`client`: 408, 429 and 5xx are retried in the field; 501 means *not configured* or *not there*).
    pub fn is_transient(&self) -> bool {
        match self {
            ClientError::Unreachable { .. } | ClientError::Timeout { .. } => true,
            ClientError::Refused { status, .. } => matches!(status, 408 | 429 | 500 | 502 | 503 | 504),
            _ => false,
        }
    }

    /// What to do about it, one sentence without full stop, when that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            ClientError::BadUrl { .. } => {
                Some("give it like https://stoker.example.com or http://127.0.0.1:8080".into())
            }
            ClientError::BadToken => None,
            ClientError::Setup(_) => {
                Some("an https server needs the system's certificates (package ca-certificates)".into())
            }
            ClientError::Unreachable { server, connecting: true, .. } => {
                Some(format!("is the server running at {server}?"))
            }
            ClientError::Unreachable { server, .. } => Some(format!(
                "the connection broke; look whether the server at {server} or a proxy before it restarted"
            )),
            ClientError::Timeout { .. } => {
                Some("try again; when it stays so, look at the server's load and log".into())
            }
            ClientError::Refused { status, needs, .. } => refusal_hint(*status, *needs),
            ClientError::BadAnswer { .. } => {
                Some("is this URL a Stoker server, and is it newer than this program?".into())
            }
            ClientError::LocalIo { .. } => None,
        }
    }
}

fn refusal_hint(status: u16, needs: Option<&'static str>) -> Option<String> {
    match (status, needs) {
        (401, _) => Some("the token is missing, unknown or expired: log in again".into()),
        (403, Some(needs)) => Some(format!("this call needs {needs}")),
        (403, None) => Some("the token's user or service account lacks a permission".into()),
        (404, Some(needs)) => Some(format!("it does not exist, or you may not see it: the call needs {needs}")),
        (404, None) => Some("it does not exist, or you may not see it".into()),
        (429, _) => Some("too many calls: wait a minute and try again".into()),
        (300..=399, _) => Some("the server redirects; give the URL it redirects to as the server's base URL".into()),
        (502..=504, _) => Some("the server or a proxy before it is not ready: try again in a moment".into()),
        _ => None,
    }
}

fn request_suffix(request_id: Option<&str>) -> String {
    request_id.map_or_else(String::new, |id| format!(" (request {id})"))
}

/// What an error body says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) message: Option<String>,
    pub(crate) request_id: Option<String>,
}

/// Reads an error body of any family: `message`, `detail`, `details`, `errors[].message`, `title`, `error` (`spec`,
/// `client`). Control characters are replaced, because the text ends up on terminals.
pub(crate) fn read_error_body(body: &[u8], is_text: bool) -> Said {
    let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
        let text = is_text.then(|| String::from_utf8_lossy(body)).and_then(|text| clean(&text));
        return Said { message: text, request_id: None };
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).and_then(clean);
    let listed = fields.get("errors").and_then(|all| all.get(0)).and_then(|one| one.get("message"));
    let message = match (text("message"), text("detail").or_else(|| text("details"))) {
        (Some(message), Some(more)) if more != message => Some(format!("{message}: {more}")),
        (message, more) => message.or(more),
    };
    let message = message
        .or_else(|| listed.and_then(Value::as_str).and_then(clean))
        .or_else(|| text("title"))
        .or_else(|| text("error"));
    Said { message, request_id: text("requestId") }
}

fn clean(text: &str) -> Option<String> {
    let text: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(MESSAGE_LIMIT).collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(body: &str) -> Option<String> {
        read_error_body(body.as_bytes(), false).message
    }

    #[test]
    fn all_families_are_understood() {
        assert_eq!(
            message(r#"{"status":404,"message":"Workspace id not found."}"#).unwrap(),
            "Workspace id not found."
        );
        assert_eq!(message(r#"{"status":403,"detail":"no"}"#).unwrap(), "no");
        assert_eq!(message(r#"{"message":"bad","details":"field x"}"#).unwrap(), "bad: field x");
        assert_eq!(message(r#"{"message":"bad","detail":"bad"}"#).unwrap(), "bad");
        assert_eq!(message(r#"{"errors":[{"message":"first","code":"X"}]}"#).unwrap(), "first");
        assert_eq!(message(r#"{"error":"Not Found","status":404}"#).unwrap(), "Not Found");
        assert_eq!(message("<html>"), None);
        assert_eq!(read_error_body(b"plain words\n", true).message.unwrap(), "plain words");
    }

    #[test]
    fn the_request_id_is_shown() {
        let said = read_error_body(br#"{"message":"x","requestId":"d0c1"}"#, false);
        assert_eq!(said.request_id.as_deref(), Some("d0c1"));
        let error = ClientError::Refused {
            method: "GET".into(),
            path: "/orchestration/environments".into(),
            status: 500,
            message: "x".into(),
            request_id: said.request_id,
            needs: None,
        };
        assert_eq!(error.to_string(), "GET /orchestration/environments: 500 x (request d0c1)");
    }

    fn refused(status: u16, needs: Option<&'static str>) -> ClientError {
        let (method, path) = ("GET".into(), "/x".into());
        ClientError::Refused { method, path, status, message: String::new(), request_id: None, needs }
    }

    #[test]
    fn hints_name_the_cure() {
        assert!(refused(401, None).hint().unwrap().contains("log in"));
        assert!(refused(403, Some("TMC_OPERATOR")).hint().unwrap().contains("TMC_OPERATOR"));
        assert_eq!(refused(409, None).hint(), None);
    }

    #[test]
    fn only_passing_troubles_are_transient() {
        assert!(refused(503, None).is_transient());
        assert!(refused(429, None).is_transient());
        assert!(!refused(501, None).is_transient());
        assert!(!refused(401, None).is_transient());
    }

    proptest! {
        #[test]
        fn bodies_never_bring_control_characters(body in proptest::collection::vec(any::<u8>(), 0..200), text: bool) {
            if let Some(message) = read_error_body(&body, text).message {
                prop_assert!(!message.chars().any(char::is_control));
            }
        }

        #[test]
        fn json_texts_are_cleaned(words in ".*") {
            let body = serde_json::json!({"message": words}).to_string();
            if let Some(message) = read_error_body(body.as_bytes(), false).message {
                prop_assert!(!message.chars().any(char::is_control));
                prop_assert!(message.chars().count() <= MESSAGE_LIMIT);
            }
        }
    }
}
