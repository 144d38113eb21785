//! Plans: what a step waits for, where a plan run stands, and the one function that says what comes next.

use crate::ids::{PlanId, StepId, TaskId};
use crate::run::{Outcome, State};
use crate::text_enum::text_enum;
use serde::{Deserialize, Serialize};

text_enum!(
    /// When a step counts as passed (source: spec).
    StepCondition {
        /// Every task of the step succeeded.
        AllSucceeded = "ALL_SUCCEEDED",
        /// One or more tasks succeeded.
        AtLeastOneSucceeded = "AT_LEAST_ONE_SUCCEEDED",
        /// Always.
        AlwaysProceedOn = "ALWAYS_PROCEED_ON",
    }
);

impl StepCondition {
    /// The `status` of the step in a chart: when to go on to the next one (source: spec, the mapping is inferred).
    pub fn chart_status(self) -> &'static str {
        match self {
            StepCondition::AllSucceeded => "SUCCESS",
            StepCondition::AtLeastOneSucceeded => "PARTIAL_SUCCESS",
            StepCondition::AlwaysProceedOn => "PROCEED",
        }
    }
}

/// The `status` of a failure handler in a chart (source: spec).
pub const CHART_HANDLER: &str = "FAIL";

/// One step of a plan, as it is defined and as it is pinned by a plan run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanStep {
    /// Its id.
    pub id: StepId,
    /// Its name.
    pub name: String,
    /// When it counts as passed.
    pub condition: StepCondition,
    /// The tasks it runs side by side.
    pub tasks: Vec<TaskId>,
    /// What runs when it fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<Handler>,
    /// What an operator should know before a repetition from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Tasks that a repetition of failed tasks leaves out, because they had succeeded. Empty in a definition.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<TaskId>,
}

/// What runs when a step fails: all of it side by side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handler {
    /// Tasks.
    pub tasks: Vec<TaskId>,
    /// Plans.
    pub plans: Vec<PlanId>,
}

impl PlanStep {
    /// The tasks that run, without those that are left out.
    pub fn running(&self) -> impl Iterator<Item = &TaskId> {
        self.tasks.iter().filter(|task| !self.left_out.contains(task))
    }

    /// How many tasks run.
    pub fn planned(&self) -> usize {
        self.running().count()
    }
}

text_enum!(
    /// Whether a step run is that of the step itself or of its failure handler.
    StepKind {
        /// The step.
        Step = "step",
        /// What runs when the step failed.
        Handler = "handler",
    }
);

text_enum!(
    /// Where a step run stands.
    StepState {
        /// Not its turn yet; it stays so when the plan run ends before.
        Waiting = "waiting",
        /// Its tasks were started.
        Running = "running",
        /// Over; a [`StepOutcome`] says how.
        Finished = "finished",
    }
);

text_enum!(
    /// How a step run ended.
    StepOutcome {
        /// Its condition is met.
        Passed = "passed",
        /// Its condition is not met, or the plan run was stopped.
        Failed = "failed",
    }
);

text_enum!(
    /// Where a plan run stands.
    PlanState {
        /// A step of it runs.
        Running = "running",
        /// Over; a [`PlanOutcome`] says how.
        Finished = "finished",
    }
);

text_enum!(
    /// How a plan run ended.
    PlanOutcome {
        /// The last step passed.
        Success = "success",
        /// A step failed, or somebody stopped it.
        Failed = "failed",
        /// It never began; a [`PlanMisfire`] says why.
        Misfired = "misfired",
    }
);

text_enum!(
    /// Why a plan run did not begin (source: spec).
    PlanMisfire {
        /// Another run of the plan is active and parallel runs are not allowed.
        ParallelForbidden = "PARALLEL_EXECUTIONS_FORBIDDEN",
        /// The plan was started too often.
        LimitReached = "SIMULTANEOUS_EXECUTIONS_LIMIT_REACHED",
        /// The plan is paused.
        Paused = "PLAN_EXECUTIONS_PAUSED",
    }
);

/// The `status` of the published API for a plan run (source: spec).
pub fn published_status(state: PlanState, outcome: Option<PlanOutcome>) -> &'static str {
    match (state, outcome) {
        (PlanState::Running, _) => "executing",
        (PlanState::Finished, Some(PlanOutcome::Success)) => "execution_successful",
        (PlanState::Finished, Some(PlanOutcome::Misfired)) => "execution_misfired",
        (PlanState::Finished, Some(PlanOutcome::Failed) | None) => "execution_failed",
    }
}

/// The `executionStatus` of the published API for a plan run (source: spec).
pub fn published_execution_status(state: PlanState, outcome: Option<PlanOutcome>) -> &'static str {
    match (state, outcome) {
        (PlanState::Running, _) => "STARTED",
        (PlanState::Finished, Some(PlanOutcome::Success)) => "EXECUTION_SUCCESS",
        (PlanState::Finished, Some(PlanOutcome::Misfired)) => "EXECUTION_MISFIRED",
        (PlanState::Finished, Some(PlanOutcome::Failed) | None) => "EXECUTION_FAILED",
    }
}

/// The `executionStatus` of a step run: the words of plan runs (source: spec has a text without values, inferred).
pub fn published_step_status(state: StepState, outcome: Option<StepOutcome>) -> &'static str {
    match (state, outcome) {
        (StepState::Waiting, _) => "UNDEFINED",
        (StepState::Running, _) => "STARTED",
        (StepState::Finished, Some(StepOutcome::Passed)) => "EXECUTION_SUCCESS",
        (StepState::Finished, Some(StepOutcome::Failed) | None) => "EXECUTION_FAILED",
    }
}

/// Reads a published `status` filter.
pub fn from_published_status(status: &str) -> Option<(PlanState, Option<PlanOutcome>)> {
    let status = status.to_ascii_lowercase();
    if status == published_status(PlanState::Running, None) {
        return Some((PlanState::Running, None));
    }
    let outcome = PlanOutcome::ALL.iter().find(|o| published_status(PlanState::Finished, Some(**o)) == status)?;
    Some((PlanState::Finished, Some(*outcome)))
}

/// What has become of the tasks and plans of a step run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Still active.
    pub open: usize,
    /// Ended well.
    pub succeeded: usize,
    /// Ended otherwise, or never started.
    pub failed: usize,
}

impl Tally {
    /// Counts a run. A run with rejected rows ended well (source: spec calls it so).
    pub fn add_run(&mut self, state: State, outcome: Option<Outcome>) {
        match (state, outcome) {
            (State::Finished, Some(Outcome::Success | Outcome::Rejected)) => self.succeeded += 1,
            (State::Finished, _) => self.failed += 1,
            _ => self.open += 1,
        }
    }

    /// Counts a plan run.
    pub fn add_plan(&mut self, state: PlanState, outcome: Option<PlanOutcome>) {
        match (state, outcome) {
            (PlanState::Finished, Some(PlanOutcome::Success)) => self.succeeded += 1,
            (PlanState::Finished, _) => self.failed += 1,
            (PlanState::Running, _) => self.open += 1,
        }
    }

    /// Counts what could not be started at all.
    pub fn add_refused(&mut self) {
        self.failed += 1;
    }

    /// Whether a step with this condition passed. A step that had nothing to run passes.
    pub fn passes(&self, condition: StepCondition) -> bool {
        match condition {
            StepCondition::AllSucceeded => self.failed == 0,
            StepCondition::AtLeastOneSucceeded => self.succeeded > 0 || self.failed == 0,
            StepCondition::AlwaysProceedOn => true,
        }
    }
}

/// What a plan run does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The running step is not over.
    Wait,
    /// The running step is over with this outcome; the step at the next position begins.
    Step(StepOutcome),
    /// The running step failed and its failure handler begins.
    Handler,
    /// The running step, with the first outcome, was the last; the plan run is over.
    End(StepOutcome, PlanOutcome),
}

/// Where a plan run stands when its next move is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What runs.
    pub kind: StepKind,
    /// Condition of the step.
    pub condition: StepCondition,
    /// Whether the step has a failure handler.
    pub has_handler: bool,
    /// Whether a step follows.
    pub has_next: bool,
    /// Whether somebody stopped the plan run.
    pub stopped: bool,
    /// What has become of what it started.
    pub tally: Tally,
}

/// The one function that moves a plan run on. A failed step ends the plan run after its handler (source: inferred).
/// Invariant: every chain of moves ends, because each begins a later step, a handler, or nothing.
pub fn next(standing: Standing) -> Next {
    let Standing { kind, condition, has_handler, has_next, stopped, tally } = standing;
    if tally.open > 0 {
        return Next::Wait;
    }
    if kind == StepKind::Handler {
        let outcome = match tally.failed == 0 && !stopped {
            true => StepOutcome::Passed,
            false => StepOutcome::Failed,
        };
        return Next::End(outcome, PlanOutcome::Failed);
    }
    match (tally.passes(condition), stopped) {
        // What was over before the stop could do anything ended well.
        (true, true) if has_next => Next::End(StepOutcome::Failed, PlanOutcome::Failed),
        (true, true) if tally.failed > 0 => Next::End(StepOutcome::Failed, PlanOutcome::Failed),
        (true, _) if has_next => Next::Step(StepOutcome::Passed),
        (true, _) => Next::End(StepOutcome::Passed, PlanOutcome::Success),
        (false, false) if has_handler => Next::Handler,
        (false, _) => Next::End(StepOutcome::Failed, PlanOutcome::Failed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(condition: StepCondition, succeeded: usize, failed: usize) -> Standing {
        let tally = Tally { open: 0, succeeded, failed };
        Standing { kind: StepKind::Step, condition, has_handler: true, has_next: true, stopped: false, tally }
    }

    #[test]
    fn each_condition_decides_as_documented() {
        use StepCondition::{AllSucceeded, AlwaysProceedOn, AtLeastOneSucceeded};
        let go = Next::Step(StepOutcome::Passed);
        for (condition, all, some, none) in [
            (AllSucceeded, go, Next::Handler, Next::Handler),
            (AtLeastOneSucceeded, go, go, Next::Handler),
            (AlwaysProceedOn, go, go, go),
        ] {
            assert_eq!(next(standing(condition, 2, 0)), all, "{condition:?} all");
            assert_eq!(next(standing(condition, 1, 1)), some, "{condition:?} some");
            assert_eq!(next(standing(condition, 0, 2)), none, "{condition:?} none");
            assert_eq!(next(standing(condition, 0, 0)), go, "{condition:?} nothing to do");
        }
    }

    #[test]
    fn the_last_step_and_the_handler_end_the_plan() {
        let last = Standing { has_next: false, ..standing(StepCondition::AllSucceeded, 1, 0) };
        assert_eq!(next(last), Next::End(StepOutcome::Passed, PlanOutcome::Success));
        let bare = Standing { has_handler: false, ..standing(StepCondition::AllSucceeded, 0, 1) };
        assert_eq!(next(bare), Next::End(StepOutcome::Failed, PlanOutcome::Failed));
        for (failed, outcome) in [(0, StepOutcome::Passed), (1, StepOutcome::Failed)] {
            let handler = Standing { kind: StepKind::Handler, ..standing(StepCondition::AlwaysProceedOn, 1, failed) };
            assert_eq!(next(handler), Next::End(outcome, PlanOutcome::Failed));
        }
    }

    #[test]
    fn nothing_moves_while_something_is_active_and_nothing_begins_after_a_stop() {
        for condition in StepCondition::ALL {
            for kind in StepKind::ALL {
                for (has_handler, has_next, stopped) in
                    [(true, true, true), (true, false, true), (false, true, true), (true, true, false)]
                {
                    let mut at = Standing { kind: *kind, has_handler, has_next, stopped, ..standing(*condition, 1, 1) };
                    at.tally.open = 1;
                    assert_eq!(next(at), Next::Wait);
                    at.tally.open = 0;
                    if stopped {
                        assert!(matches!(next(at), Next::End(_, PlanOutcome::Failed)), "{at:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_stop_that_came_too_late_changes_nothing() {
        let late = Standing { stopped: true, has_next: false, ..standing(StepCondition::AllSucceeded, 2, 0) };
        assert_eq!(next(late), Next::End(StepOutcome::Passed, PlanOutcome::Success));
    }

    #[test]
    fn published_names_read_back() {
        for outcome in PlanOutcome::ALL {
            let status = published_status(PlanState::Finished, Some(*outcome));
            assert_eq!(from_published_status(&status.to_uppercase()), Some((PlanState::Finished, Some(*outcome))));
        }
        assert_eq!(from_published_status("executing"), Some((PlanState::Running, None)));
        assert_eq!(from_published_status("terminated"), None);
    }
}
