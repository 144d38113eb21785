//! The life of a run: states, outcomes, and the one function that moves a run from state to state.

use crate::runtime::ArtifactType;
use crate::text_enum::text_enum;
use serde::{Deserialize, Serialize};

text_enum!(
    /// Where a run stands inside this program.
    State {
        /// Accepted; no engine has it.
        Queued = "queued",
        /// Leased to an engine that has not yet said that the job started.
        Offered = "offered",
        /// The job's process runs.
        Running = "running",
        /// Over; an [`Outcome`] says how.
        Finished = "finished",
    }
);

text_enum!(
    /// How a run ended.
    Outcome {
        /// Exit 0.
        Success = "success",
        /// Exit 0, with rejected rows.
        Rejected = "rejected",
        /// The job ended with an error, or was lost with its host.
        Failed = "failed",
        /// The job never started.
        DeployFailed = "deploy_failed",
        /// Stopped by a person.
        Terminated = "terminated",
        /// Stopped because it took too long.
        TerminatedTimeout = "terminated_timeout",
        /// Stopped because its engine shut down.
        TerminatedShutdown = "terminated_shutdown",
    }
);

impl Outcome {
    /// Those that somebody should look at: who stops a run knows why, and an engine that shuts down says so itself.
    pub const WENT_WRONG: [Self; 3] = [Self::Failed, Self::DeployFailed, Self::TerminatedTimeout];
}

text_enum!(
    /// What made a run (source: spec).
    RunType {
        /// By API, console or command line.
        Manual = "MANUAL",
        /// By a schedule.
        Scheduled = "SCHEDULED",
        /// By a webhook.
        Webhook = "WEBHOOK",
        /// By a plan.
        Plan = "PLAN",
    }
);

text_enum!(
    /// Why a run did not start (source: spec; the values in use here).
    MisfireReason {
        /// Another run of the task is active and parallel runs are not allowed.
        ParallelExecutionForbidden = "PARALLEL_EXECUTION_FORBIDDEN",
        /// The artifact version is gone.
        ArtifactNotFound = "UNABLE_TO_RETRIEVE_ARTIFACT_OR_TASK_MAVEN_URL",
        /// The task was paused.
        TaskIsPaused = "TASK_IS_PAUSED",
        /// No member of the cluster came up in time.
        EngineUnavailableInCluster = "REMOTE_ENGINE_UNAVAILABLE_IN_CLUSTER",
        /// The engine did not come up in time.
        EngineUnavailable = "REMOTE_ENGINE_UNAVAILABLE",
        /// The engine was removed.
        EngineNotFound = "REMOTE_ENGINE_CONTAINER_NOT_FOUND",
        /// The engine could not prepare the job after all attempts.
        MaxDeploymentAttempts = "MAX_DEPLOYMENT_ATTEMPTS_REACHED",
        /// As many runs are active as the account may have.
        RunLimitReached = "MAX_PARALLEL_TASKS_LIMIT_REACHED",
        /// None of the others.
        Unknown = "UNKNOWN",
    }
);

/// The `status` of the published API for a run (source: spec).
pub fn published_status(state: State, outcome: Option<Outcome>) -> &'static str {
    match (state, outcome) {
        (State::Queued | State::Offered, _) => "dispatching",
        (State::Running, _) => "executing",
        (State::Finished, Some(Outcome::Success)) => "execution_successful",
        (State::Finished, Some(Outcome::Rejected)) => "execution_rejected",
        (State::Finished, Some(Outcome::DeployFailed)) => "deploy_failed",
        (State::Finished, Some(Outcome::Terminated)) => "terminated",
        (State::Finished, Some(Outcome::TerminatedTimeout)) => "terminated_timeout",
        (State::Finished, Some(Outcome::TerminatedShutdown)) => "terminated_shutdown",
        (State::Finished, Some(Outcome::Failed) | None) => "execution_failed",
    }
}

/// The `executionStatus` of the published API for a run (source: spec; stopping inferred).
pub fn published_execution_status(state: State, outcome: Option<Outcome>, stopping: bool) -> &'static str {
    match (state, outcome) {
        (State::Queued, _) => "EXECUTION_EVENT_RECEIVED",
        (State::Offered, _) => "DISPATCHING_FLOW",
        (State::Running, _) if stopping => "STOPPING_FLOW_EXECUTION",
        (State::Running, _) => "STARTING_FLOW_EXECUTION",
        (State::Finished, Some(Outcome::Success)) => "EXECUTION_SUCCESS",
        (State::Finished, Some(Outcome::Rejected)) => "EXECUTION_REJECTED",
        (State::Finished, Some(Outcome::DeployFailed)) => "DEPLOY_FAILED",
        (State::Finished, Some(Outcome::Terminated)) => "EXECUTION_TERMINATED",
        (State::Finished, Some(Outcome::TerminatedTimeout)) => "EXECUTION_TERMINATED_TIMEOUT",
        (State::Finished, Some(Outcome::TerminatedShutdown)) => "EXECUTION_TERMINATED_SHUTDOWN",
        (State::Finished, Some(Outcome::Failed) | None) => "EXECUTION_FAILED",
    }
}

/// Reads a published `status` filter: the state it asks for, and the outcome when it names a final one.
pub fn from_published_status(status: &str) -> Option<(Vec<State>, Option<Outcome>)> {
    let status = status.to_ascii_lowercase();
    match status.as_str() {
        "dispatching" => Some((vec![State::Queued, State::Offered], None)),
        "executing" => Some((vec![State::Running], None)),
        _ => Outcome::ALL
            .iter()
            .find(|outcome| published_status(State::Finished, Some(**outcome)) == status)
            .map(|outcome| (vec![State::Finished], Some(*outcome))),
    }
}

/// Whether the artifact is a service that is deployed instead of a job that ends.
pub fn is_service(artifact_type: ArtifactType) -> bool {
    matches!(artifact_type, ArtifactType::Route | ArtifactType::DataService)
}

/// Something that happens to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// An engine takes the lease: a new epoch begins.
    Offer,
    /// The engine could not take it; the run waits again.
    Withdraw,
    /// The job's process started.
    Start,
    /// Somebody asked to stop it.
    Stop,
    /// It ended.
    End(Outcome),
}

/// What an event does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The run moves to this state.
    To(State, Option<Outcome>),
    /// The run stays where it is and is now stopping.
    Stopping,
    /// A repeat; nothing changes.
    Nothing,
}

/// An event that must not happen in that state; a defect or a stale message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{event:?} is not possible while a run is {}", state.id())]
pub struct Illegal {
    /// Where the run stood.
    pub state: State,
    /// What was tried.
    pub event: Event,
}

/// The one transition function: every change of a run's state goes through it. Repeats are harmless, everything
/// illegal is refused. Invariant: once finished, a run never changes again.
pub fn transition(state: State, outcome: Option<Outcome>, event: Event) -> Result<Step, Illegal> {
    let illegal = Err(Illegal { state, event });
    match (state, event) {
        (State::Queued, Event::Offer) => Ok(Step::To(State::Offered, None)),
        (State::Queued, Event::Stop) => Ok(Step::To(State::Finished, Some(Outcome::Terminated))),
        (State::Queued, Event::End(Outcome::DeployFailed)) => {
            Ok(Step::To(State::Finished, Some(Outcome::DeployFailed)))
        }
        (State::Queued, Event::Withdraw) => Ok(Step::Nothing),
        (State::Queued, Event::Start | Event::End(_)) => illegal,

        (State::Offered, Event::Start) => Ok(Step::To(State::Running, None)),
        (State::Offered, Event::Withdraw) => Ok(Step::To(State::Queued, None)),
        (State::Running, Event::Start) => Ok(Step::Nothing),
        (State::Offered | State::Running, Event::Stop) => Ok(Step::Stopping),
        (State::Offered | State::Running, Event::End(outcome)) => Ok(Step::To(State::Finished, Some(outcome))),
        (State::Offered | State::Running, Event::Offer) | (State::Running, Event::Withdraw) => illegal,

        (State::Finished, Event::Stop) => Ok(Step::Nothing),
        (State::Finished, Event::End(again)) if Some(again) == outcome => Ok(Step::Nothing),
        (State::Finished, _) => illegal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events() -> Vec<Event> {
        let mut events = vec![Event::Offer, Event::Withdraw, Event::Start, Event::Stop];
        events.extend(Outcome::ALL.iter().map(|o| Event::End(*o)));
        events
    }

    #[test]
    fn a_finished_run_never_changes() {
        for outcome in Outcome::ALL {
            for event in events() {
                match transition(State::Finished, Some(*outcome), event) {
                    Ok(Step::Nothing) | Err(_) => {}
                    other => panic!("{outcome:?} {event:?} gave {other:?}"),
                }
            }
        }
    }

    #[test]
    fn only_a_queued_run_can_be_offered() {
        for state in State::ALL {
            let offered = transition(*state, Some(Outcome::Success), Event::Offer);
            assert_eq!(offered.is_ok(), *state == State::Queued, "{state:?}");
        }
    }

    #[test]
    fn a_run_that_never_left_the_queue_cannot_succeed() {
        for outcome in Outcome::ALL {
            let ended = transition(State::Queued, None, Event::End(*outcome));
            assert_eq!(ended.is_ok(), *outcome == Outcome::DeployFailed);
        }
    }

    #[test]
    fn repeats_are_harmless() {
        assert_eq!(transition(State::Running, None, Event::Start), Ok(Step::Nothing));
        assert_eq!(transition(State::Finished, Some(Outcome::Failed), Event::End(Outcome::Failed)), Ok(Step::Nothing));
        assert_eq!(transition(State::Finished, Some(Outcome::Success), Event::Stop), Ok(Step::Nothing));
    }

    #[test]
    fn published_names_read_back() {
        for outcome in Outcome::ALL {
            let status = published_status(State::Finished, Some(*outcome));
            assert_eq!(from_published_status(&status.to_uppercase()), Some((vec![State::Finished], Some(*outcome))));
        }
        assert_eq!(from_published_status("RUNNING"), None);
    }
}
