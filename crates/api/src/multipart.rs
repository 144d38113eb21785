//! Multipart bodies, read part by part and piece by piece; nothing large is held in memory.

use crate::error::ApiError;
use crate::extract::{BODY_PAUSE, wanted_type};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use bytes::{Bytes, BytesMut};
use stoker_domain::limits;

/// Bytes that boundaries and the heads of parts may have beside texts and file.
const FRAME_BYTES: u64 = 64 * 1024;

/// A body that is being read.
pub(crate) struct Form {
    parts: multer::Multipart<'static>,
}

/// One part of it.
pub(crate) struct Part {
    field: multer::Field<'static>,
}

fn refused(error: multer::Error) -> ApiError {
    match error {
        multer::Error::StreamReadFailed(_) | multer::Error::IncompleteStream => ApiError::invalid("the body broke off"),
        multer::Error::StreamSizeExceeded { .. } => too_large(),
        other => ApiError::invalid(format!("the multipart body cannot be read: {other}")),
    }
}

fn too_large() -> ApiError {
    let message = format!("file: the body has more bytes than a resource of {} needs", limits::RESOURCE_BYTES);
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, message)
}

async fn in_time<T>(step: impl Future<Output = Result<T, multer::Error>>) -> Result<T, ApiError> {
    match tokio::time::timeout(BODY_PAUSE, step).await {
        Ok(result) => result.map_err(refused),
        Err(_) => Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time")),
    }
}

impl Form {
    /// Begins to read; 415 when the body is of another kind, 413 when it says to be too large.
    pub(crate) fn of(request: Request) -> Result<Self, ApiError> {
        let wanted = "multipart/form-data";
        let kind = request.headers().get(header::CONTENT_TYPE);
        let Some(kind) = kind else {
            let message = format!("Content-Type: is missing; use {wanted}");
            return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
        };
        wanted_type(request.headers(), &[wanted])?;
        let boundary = kind.to_str().ok().and_then(|kind| multer::parse_boundary(kind).ok());
        let boundary = boundary.ok_or_else(|| ApiError::invalid("Content-Type: the boundary is missing"))?;
        let most = limits::RESOURCE_BYTES + limits::UPLOAD_TEXT_BYTES as u64 + FRAME_BYTES;
        let length = request.headers().get(header::CONTENT_LENGTH);
        if length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok()).is_some_and(|length| length > most) {
            return Err(too_large());
        }
        let bounds = multer::Constraints::new().size_limit(multer::SizeLimit::new().whole_stream(most));
        let stream = request.into_body().into_data_stream();
        Ok(Self { parts: multer::Multipart::with_constraints(stream, boundary, bounds) })
    }

    /// The next part, `None` at the end. The part before it must be gone.
    pub(crate) async fn next(&mut self) -> Result<Option<Part>, ApiError> {
        Ok(in_time(self.parts.next_field()).await?.map(|field| Part { field }))
    }
}

impl Part {
    /// Its name; empty when it has none.
    pub(crate) fn name(&self) -> &str {
        self.field.name().unwrap_or_default()
    }

    /// The name of the file it holds.
    pub(crate) fn file_name(&self) -> Option<String> {
        self.field.file_name().map(str::to_owned)
    }

    /// Its next bytes, `None` at its end.
    pub(crate) async fn piece(&mut self) -> Result<Option<Bytes>, ApiError> {
        in_time(self.field.chunk()).await
    }

    /// All of a small part.
    pub(crate) async fn text(&mut self) -> Result<Bytes, ApiError> {
        let mut bytes = BytesMut::new();
        while let Some(piece) = self.piece().await? {
            if bytes.len() + piece.len() > limits::UPLOAD_TEXT_BYTES {
                let message = format!("{}: has more than {} bytes", self.name(), limits::UPLOAD_TEXT_BYTES);
                return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, message));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes.freeze())
    }
}
