//! Why something did not start: one rule for tasks and plans, whether a trigger, a webhook or a plan step asked for it.
//! What a caller would be refused becomes a published reason and words for the record.

use crate::error::Error;
use serde_json::{Value, json};
use stoker_domain::ids::RunId;
use stoker_domain::run::MisfireReason;
use stoker_domain::time::to_text;
use stoker_store::StoreError;
use stoker_store::tasks::Task;

/// A start that is not possible now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The published reason (source: spec); `UNKNOWN` where none fits.
    pub(crate) reason: MisfireReason,
    /// The cause and the cure in words.
    pub(crate) message: String,
    /// What stands in the way, as fields of the event that tells the end; null when that is nothing one could look at.
    pub(crate) object: Value,
}

impl Refusal {
    /// One without an object.
    pub(crate) fn new(reason: MisfireReason, message: String) -> Self {
        Self { reason, message, object: Value::Null }
    }

    /// The task must not run twice at once, and runs.
    pub(crate) fn overlap(task: &str, run: &RunId) -> Self {
        let message = format!("run {run} of task {task} is active and parallel runs are not allowed");
        Self { reason: MisfireReason::ParallelExecutionForbidden, message, object: json!({ "runId": run.as_str() }) }
    }

    /// The task is paused.
    pub(crate) fn paused(task: &Task) -> Self {
        let at = task.pause_ms.map(to_text);
        let message = format!("task {} is paused{}", task.name, paused_by(task.pause_user.as_deref(), task.pause_ms));
        let object = json!({ "pausedBy": task.pause_user, "pausedAt": at });
        Self { reason: MisfireReason::TaskIsPaused, message, object }
    }
}

/// Who paused something and when, to be put behind the words that it is paused.
pub(crate) fn paused_by(user: Option<&str>, at_ms: Option<i64>) -> String {
    let by = user.map(|user| format!(" by {user}")).unwrap_or_default();
    let since = at_ms.map(|at| format!(" since {}", to_text(at))).unwrap_or_default();
    by + &since
}

/// The refusal for an error that came up before anything was written.
///
/// # Errors
///
/// A failure of the database stays an error, because it may pass: everything is undone and tried again.
pub(crate) fn refusal(error: Error) -> Result<Refusal, Error> {
    let reason = match &error {
        Error::Unavailable | Error::KeyMissing(_) => return Err(error),
        Error::Internal(source) if source.is::<StoreError>() => return Err(error),
        Error::Internal(source) => {
            tracing::error!(error = &**source as &dyn std::error::Error, "something cannot be started");
            let message = "it cannot be started; the server's log has the cause".to_owned();
            return Ok(Refusal::new(MisfireReason::Unknown, message));
        }
        Error::NoEngine(_) => MisfireReason::EngineNotFound,
        Error::NoArtifact(_) => MisfireReason::ArtifactNotFound,
        Error::Paused(_) => MisfireReason::TaskIsPaused,
        _ => MisfireReason::Unknown,
    };
    Ok(Refusal::new(reason, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(error: Error) -> Option<MisfireReason> {
        refusal(error).ok().map(|refusal| refusal.reason)
    }

    #[test]
    fn each_cause_has_its_published_reason() {
        assert_eq!(reason(Error::NoEngine("x".to_owned())), Some(MisfireReason::EngineNotFound));
        assert_eq!(reason(Error::NoArtifact("x".to_owned())), Some(MisfireReason::ArtifactNotFound));
        assert_eq!(reason(Error::Paused("x".to_owned())), Some(MisfireReason::TaskIsPaused));
        assert_eq!(reason(Error::NotConfigured("x".to_owned())), Some(MisfireReason::Unknown));
        assert_eq!(reason(Error::Forbidden("x".to_owned())), Some(MisfireReason::Unknown));
    }

    #[test]
    fn what_may_pass_is_tried_again_and_what_is_broken_is_not() {
        assert_eq!(reason(Error::Unavailable), None);
        assert_eq!(reason(Error::internal(StoreError::Closed)), None);
        let broken = refusal(Error::internal("a secret of ours")).expect("a refusal");
        assert!(!broken.message.contains("secret"), "{}", broken.message);
    }
}
