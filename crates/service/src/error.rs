//! What a use case can answer instead of success.

use stoker_domain::ids::InvalidId;
use stoker_domain::names::NameError;
use stoker_store::StoreError;

/// A refusal or failure. The text is for the caller: it names the field and the cure, never a secret. What only the
/// operator may see is in the source of [`Error::Internal`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request is malformed.
    #[error("{0}")]
    Invalid(String),
    /// No valid credentials.
    #[error("Unauthorized")]
    Unauthorized,
    /// The password is right, but the second factor is missing or wrong. The text begins with `totp` or `recoveryCode`.
    #[error("{0}")]
    SecondFactor(&'static str),
    /// A sign-in by an identity provider came to nothing; the text may be told to whoever tried.
    #[error("{0}")]
    OpenId(String),
    /// A permission or workspace right is missing.
    #[error("{0}")]
    Forbidden(String),
    /// The object is not there.
    #[error("{0}")]
    NotFound(String),
    /// The name is taken, or the object is in use.
    #[error("{0}")]
    Conflict(String),
    /// The task is paused.
    #[error("{0}")]
    Paused(String),
    /// The object is in use and cannot be replaced.
    #[error("{0}")]
    InUse(String),
    /// The task cannot run as it is configured.
    #[error("{0}")]
    NotConfigured(String),
    /// The task is bound to no engine or cluster, or to one that is gone.
    #[error("{0}")]
    NoEngine(String),
    /// The artifact version of the task is gone.
    #[error("{0}")]
    NoArtifact(String),
    /// The plan run cannot be repeated.
    #[error("{0}")]
    NotRepeatable(String),
    /// A schedule cannot be changed because a right is missing (source: spec, a status of its own).
    #[error("{0}")]
    Precondition(String),
    /// Too many bytes.
    #[error("{0}")]
    TooLarge(String),
    /// Too many failed sign-ins from one place.
    #[error("too many failed sign-ins: try again in {seconds} s")]
    TooManyTries {
        /// Seconds until the next try is allowed.
        seconds: i64,
    },
    /// Too many of something at once.
    #[error("{0}")]
    TooMany(String),
    /// The engine link refused: a code of `stoker_wire` and a text for the engine's log.
    #[error("{message}")]
    Link {
        /// One of the `REFUSED_*` codes.
        code: &'static str,
        /// The reason.
        message: String,
    },
    /// The database does not answer; the same request may work a little later.
    #[error("the database does not answer: try again later")]
    Unavailable,
    /// A stored secret needs a data key that this server does not have (yet); the operator finds it in the log.
    #[error("a data key is missing on this server: try again later")]
    KeyMissing(String),
    /// Something failed here; the caller is told only that.
    #[error("Internal Server Error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// A failure of ours with its cause.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }

    /// A malformed request.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(message.into())
    }

    /// Something that is not there.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::NotFound(message.into())
    }

    /// The same refusal as a malformed request, for calls that have no 409 among their published answers.
    pub(crate) fn conflict_as_invalid(self) -> Self {
        match self {
            Self::Conflict(message) => Self::Invalid(message),
            other => other,
        }
    }

    /// Whether the database refused a change because of what another request did in the same moment: nothing was changed,
    /// and whoever looks again sees why. What can be seen before has words of its own.
    pub fn is_collision(&self) -> bool {
        let Self::Internal(source) = self else { return false };
        matches!(source.downcast_ref(), Some(StoreError::Duplicate(_) | StoreError::Reference(_)))
    }

    /// A name that is taken or an object in use.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::Conflict(message.into())
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Closed => Self::Unavailable,
            other => Self::internal(other),
        }
    }
}

impl From<InvalidId> for Error {
    fn from(error: InvalidId) -> Self {
        Self::Invalid(format!("{error}."))
    }
}

impl From<NameError> for Error {
    fn from(error: NameError) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<stoker_secrets::SecretError> for Error {
    fn from(error: stoker_secrets::SecretError) -> Self {
        match error {
            stoker_secrets::SecretError::MissingKey(id) => Self::KeyMissing(id),
            other => Self::internal(other),
        }
    }
}

impl From<stoker_blobs::BlobError> for Error {
    fn from(error: stoker_blobs::BlobError) -> Self {
        match error {
            stoker_blobs::BlobError::TooLarge { limit } => {
                Self::TooLarge(format!("the artifact has more than {limit} bytes, the largest size accepted"))
            }
            other => Self::internal(other),
        }
    }
}

/// Turns a unique violation into a conflict with this message.
pub(crate) fn taken(message: impl Into<String>) -> impl FnOnce(StoreError) -> Error {
    let message = message.into();
    move |error| match error {
        StoreError::Duplicate(_) => Error::Conflict(message),
        other => other.into(),
    }
}
