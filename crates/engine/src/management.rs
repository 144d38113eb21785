//! The job-management log: one JSON object for each change of a run, in the product's shape (source: doc).

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use serde_json::json;
use stoker_wire::{End, Offer};

use crate::engine::Engine;
use crate::ownlog::Rotating;

/// The log.
#[derive(Debug)]
pub(crate) struct ManagementLog {
    file: Mutex<Rotating>,
}

impl ManagementLog {
    pub(crate) fn new(file: Rotating) -> Self {
        Self { file: Mutex::new(file) }
    }

    /// An offer arrived.
    pub(crate) fn received(&self, engine: &Engine, offer: &Offer) {
        self.write(engine, offer, "EXECUTION_EVENT_RECEIVED", "INFO", "run received");
    }

    /// The job is being started.
    pub(crate) fn starting(&self, engine: &Engine, offer: &Offer) {
        self.write(engine, offer, "STARTING_FLOW_EXECUTION", "INFO", "job started");
    }

    /// The run is over.
    pub(crate) fn ended(&self, engine: &Engine, offer: &Offer, end: &End) {
        let phase = match end.outcome.as_str() {
            "success" => "EXECUTION_SUCCESS",
            outcome if outcome.starts_with("terminated") => "EXECUTION_TERMINATED",
            _ => "EXECUTION_FAILED",
        };
        let level = if phase == "EXECUTION_FAILED" { "ERROR" } else { "INFO" };
        self.write(engine, offer, phase, level, end.error_message.as_deref().unwrap_or("run ended"));
    }

    fn write(&self, engine: &Engine, offer: &Offer, phase: &str, level: &str, message: &str) {
        let identity = &engine.parts().identity;
        let line = json!({
            "level": level,
            "loggerName": "stoker.engine.run",
            "message": message,
            "event_type": "JOB_STATUS",
            "job_phase": phase,
            "timestamp": engine.now_ms(),
            "context": {
                "remote_engine_id": identity.engine_id,
                "remote_engine_name": identity.name,
                "task_execution_id": offer.run,
                "task_id": offer.task_id,
                "task_name": offer.task_name,
                "artifact_name": offer.artifact_name,
                "artifact_version": offer.artifact_version,
                "count_of_attempts": offer.epoch,
            },
        });
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // A log that cannot be written must not stop a run.
        let _ = file.write_all(format!("{line}\n").as_bytes());
    }
}
