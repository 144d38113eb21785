//! Schedules and their events.

use super::body;
use crate::family::Family;
use serde::Serialize;
use serde_json::Value;
use stoker_domain::time::to_text;
use stoker_service::rows::{Fire, Trigger};
use stoker_service::schedules::{EventSearch, ScheduleView};

body!(
    /// `Schedule` (source: spec).
    ScheduleBody {
        /// Its id.
        id: String,
        /// Free text.
        description: String,
        /// Its triggers in order.
        triggers: Vec<Value>,
        /// Where it lies.
        environment_id: String,
        /// What it starts.
        #[serde(skip_serializing_if = "Option::is_none")]
        executable_id: Option<String>,
        /// `Task` or `Plan`.
        #[serde(skip_serializing_if = "Option::is_none")]
        executable_type: Option<&'static str>,
    }
);

impl ScheduleBody {
    /// Packs a schedule.
    pub fn of(view: ScheduleView, family: Family) -> Self {
        Self {
            id: view.schedule.id.to_string(),
            description: view.schedule.description,
            triggers: view.triggers.iter().map(|trigger| trigger_body(trigger, family)).collect(),
            environment_id: view.schedule.environment_id.to_string(),
            executable_id: view.link.as_ref().map(|link| link.executable_id.clone()),
            executable_type: view.link.map(|link| link.executable_kind.capitalised()),
        }
    }
}

/// `ScheduleTrigger` (source: spec); the older generation has no `startTime`.
fn trigger_body(trigger: &Trigger, family: Family) -> Value {
    let mut body = serde_json::Map::new();
    body.insert("name".to_owned(), trigger.name.clone().into());
    if let Value::Object(definition) = &trigger.definition.0 {
        body.extend(definition.clone());
    }
    if family.is_tmc() {
        body.shift_remove("startTime");
    }
    if let Some(minutes) = trigger.timeout_minutes {
        body.insert("timeout".to_owned(), minutes.into());
    }
    body.into()
}

body!(
    /// `ScheduledEventsResponse` (source: spec).
    EventBody {
        /// Id of the task or plan.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// Name of the trigger, for schedules of their own.
        #[serde(skip_serializing_if = "Option::is_none")]
        source_trigger_name: Option<String>,
        /// When.
        date: String,
        /// `TASK` or `PLAN`.
        #[serde(skip_serializing_if = "Option::is_none")]
        r#type: Option<&'static str>,
    }
);

impl EventBody {
    /// Packs an upcoming event.
    pub fn of(event: EventSearch) -> Self {
        let (kind, id) = event.executable.map_or((None, None), |(kind, id)| (Some(kind.id()), Some(id)));
        Self {
            id,
            source_trigger_name: Some(event.trigger).filter(|name| !name.is_empty()),
            date: to_text(event.at_ms),
            r#type: kind,
        }
    }
}

body!(
    /// Our own answer: what became of a due instant.
    FireBody {
        /// When it was due.
        due_at: String,
        /// When the server acted.
        at: String,
        /// Its schedule.
        schedule_id: String,
        /// Name of the trigger; empty for the trigger of a run configuration.
        trigger: String,
        /// `started`, `missed`, `skipped` or `refused`.
        result: &'static str,
        /// Why not, by the published names of misfire reasons.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Why not, in words.
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        /// How many earlier instants were passed over with it.
        missed: i64,
        /// The run, or plan run.
        #[serde(skip_serializing_if = "Option::is_none")]
        execution_id: Option<String>,
    }
);

impl FireBody {
    /// Packs the record of a due instant.
    pub fn of(row: Fire) -> Self {
        Self {
            due_at: to_text(row.due_ms),
            at: to_text(row.at_ms),
            schedule_id: row.schedule_id.to_string(),
            trigger: row.trigger_name,
            result: row.result.id(),
            reason: row.reason,
            message: row.message,
            missed: row.missed,
            execution_id: row.run_id.map(|id| id.to_string()).or(row.plan_run_id.map(|id| id.to_string())),
        }
    }
}
