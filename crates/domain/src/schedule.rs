//! Enumerations of schedules: what they start, and what became of each due instant.

use crate::text_enum::text_enum;
use serde::{Deserialize, Serialize};

text_enum!(
    /// What a schedule starts (source: spec; the values of `type` in upcoming events).
    ExecutableKind {
        /// A task.
        Task = "TASK",
        /// A plan.
        Plan = "PLAN",
    }
);

impl ExecutableKind {
    /// The capitalised form in `executableType` of a schedule (source: spec).
    pub fn capitalised(self) -> &'static str {
        match self {
            ExecutableKind::Task => "Task",
            ExecutableKind::Plan => "Plan",
        }
    }

    /// The word for it in messages.
    pub fn noun(self) -> &'static str {
        match self {
            ExecutableKind::Task => "task",
            ExecutableKind::Plan => "plan",
        }
    }
}

text_enum!(
    /// What became of a due instant of a trigger.
    FireResult {
        /// A run was made; how that went on stands in the run.
        Started = "started",
        /// Nobody was there when it was due, and it was too late afterwards.
        Missed = "missed",
        /// It was left out on purpose: the executable was paused.
        Skipped = "skipped",
        /// A run could not be made; the reason says why.
        Refused = "refused",
    }
);
