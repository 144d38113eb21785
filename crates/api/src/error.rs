//! Refusals and failures on their way out, and the dialect of each family.

use crate::family::Family;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::borrow::Cow;
use stoker_service::Error;

/// An answer that is not a success. The edge turns it into the body of the family; until then it travels in the
/// response's extensions.
#[derive(Clone, Debug)]
pub struct ApiError {
    /// HTTP status.
    pub status: StatusCode,
    /// For the caller: what is wrong and what to do.
    pub message: String,
    /// Machine-readable code, where the family has one.
    pub code: Option<&'static str>,
    /// Seconds until the next try makes sense: header `Retry-After` (source: client).
    pub retry_after: Option<u64>,
}

/// Longest message of an answer, characters. Messages name what was sent, which may be a megabyte.
const MESSAGE_CHARS: usize = 600;

fn short(message: &str) -> Cow<'_, str> {
    match message.char_indices().nth(MESSAGE_CHARS) {
        Some((end, _)) => Cow::Owned(format!("{}…", &message[..end])),
        None => Cow::Borrowed(message),
    }
}

impl ApiError {
    /// An error with a message for the caller.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), code: None, retry_after: None }
    }

    /// A malformed request.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// No valid credentials.
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized")
    }

    /// More requests than the operator allows one caller.
    pub fn too_many_requests(seconds: u64) -> Self {
        let message = format!("too many requests: try again in {seconds} s");
        Self { retry_after: Some(seconds), ..Self::new(StatusCode::TOO_MANY_REQUESTS, message) }
    }

    /// An operation of the contract that is not built.
    pub fn not_built() -> Self {
        Self::new(StatusCode::NOT_IMPLEMENTED, "This operation is not available yet; see the compatibility page")
    }

    /// The body in the dialect of a family.
    pub fn body(&self, family: Family, request_id: &str) -> Value {
        let (status, message) = (self.status.as_u16(), short(&self.message));
        match family {
            Family::ServiceAccounts if self.status == StatusCode::CONFLICT => json!({ "detail": message }),
            Family::ServiceAccounts => json!({ "status": status, "detail": message }),
            Family::Core if self.status == StatusCode::UNAUTHORIZED => {
                json!({ "status": status, "message": message, "detail": message })
            }
            Family::Tmc(_) if self.status == StatusCode::UNAUTHORIZED => {
                json!({ "status": status, "message": message, "detail": message })
            }
            Family::Observability if self.status == StatusCode::UNAUTHORIZED => {
                json!({ "status": status, "message": message })
            }
            Family::Core | Family::Identity | Family::Observability | Family::Tmc(_) | Family::Stoker => {
                json!({ "status": status, "message": message, "requestId": request_id })
            }
            Family::DynamicEngines => json!({
                "status": status, "title": self.status.canonical_reason().unwrap_or("Error"), "details": message,
            }),
            Family::Datasets => json!({
                "status": status, "error": self.status.canonical_reason().unwrap_or("Error"), "message": message,
            }),
            Family::Scim => json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
                "status": status.to_string(), "detail": message,
            }),
            Family::Engine => json!({ "code": self.code.unwrap_or("error"), "message": message }),
        }
    }
}

/// What is told when a change met another one that nobody could see before.
const COLLISION: &str =
    "another request changed the same in this moment, and nothing was changed by this one: look again";

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        use stoker_wire::{REFUSED_NOT_PAIRED, REFUSED_PROTOCOL, REFUSED_SESSION};
        if error.is_collision() {
            tracing::warn!(error = &error as &dyn std::error::Error, "two requests were in each other's way");
            return Self::new(StatusCode::CONFLICT, COLLISION);
        }
        let status = match &error {
            Error::Invalid(_) => StatusCode::BAD_REQUEST,
            Error::Unauthorized | Error::SecondFactor(_) | Error::OpenId(_) => StatusCode::UNAUTHORIZED,
            Error::Forbidden(_) => StatusCode::FORBIDDEN,
            Error::NotFound(_) => StatusCode::NOT_FOUND,
            Error::Conflict(_) => StatusCode::CONFLICT,
            Error::Paused(_) => StatusCode::METHOD_NOT_ALLOWED,
            Error::InUse(_) => StatusCode::NOT_ACCEPTABLE,
            Error::NotConfigured(_) | Error::NoEngine(_) | Error::NoArtifact(_) => StatusCode::NOT_IMPLEMENTED,
            Error::NotRepeatable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Error::Precondition(_) => StatusCode::PRECONDITION_REQUIRED,
            Error::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Error::TooManyTries { .. } | Error::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Error::Link { code, .. } => match *code {
                REFUSED_SESSION => StatusCode::CONFLICT,
                REFUSED_NOT_PAIRED => StatusCode::UNAUTHORIZED,
                REFUSED_PROTOCOL => StatusCode::BAD_REQUEST,
                _ => StatusCode::UNAUTHORIZED,
            },
            Error::Unavailable | Error::KeyMissing(_) => StatusCode::SERVICE_UNAVAILABLE,
            Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if let Error::KeyMissing(id) = &error {
            tracing::error!(key = %id, "a stored secret needs a data key that is not in data.key of this server");
        }
        if let Error::Internal(source) = &error {
            tracing::error!(error = &**source as &dyn std::error::Error, "a request failed");
        }
        let code = match &error {
            Error::Link { code, .. } => Some(*code),
            _ => None,
        };
        let retry_after = match &error {
            Error::TooManyTries { seconds } => u64::try_from(*seconds).ok(),
            Error::Unavailable | Error::KeyMissing(_) => Some(1),
            _ => None,
        };
        Self { status, message: error.to_string(), code, retry_after }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
