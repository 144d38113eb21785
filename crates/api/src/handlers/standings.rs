//! How tasks and plans stand, many at once: paths of our own.

use super::{Answer, ok};
use crate::App;
use crate::extract::{Auth, Query};
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use stoker_domain::time::to_text;
use stoker_domain::{plan, run};
use stoker_service::standings::{PlanStanding, TaskStanding};

/// Which of them.
#[derive(Deserialize)]
pub struct Named {
    /// Ids, separated by commas; at most 100.
    ids: String,
}

impl Named {
    fn list(&self) -> Vec<String> {
        self.ids.split(',').map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect()
    }
}

fn put_next(body: &mut Value, next_ms: Option<i64>) {
    if let Some(next) = next_ms {
        body["nextStart"] = to_text(next).into();
    }
}

fn task(of: &TaskStanding) -> Value {
    let mut body = json!({ "id": of.task.id.as_str(), "artifactVersion": of.task.artifact_version });
    if let Some(newest) = &of.newest_version {
        body["newestVersion"] = newest.as_str().into();
    }
    if let Some(last) = &of.last {
        body["lastRun"] = json!({
            "executionId": last.id.as_str(),
            "status": run::published_status(last.state, last.outcome),
            "triggerTimestamp": to_text(last.trigger_ms),
        });
    }
    put_next(&mut body, of.next_ms);
    body
}

fn planned(of: &PlanStanding) -> Value {
    let mut body = json!({ "id": of.plan.id.as_str() });
    if let Some(last) = &of.last {
        body["lastRun"] = json!({
            "executionId": last.id.as_str(),
            "status": plan::published_status(last.state, last.outcome),
            "triggerTimestamp": to_text(last.start_ms),
        });
    }
    put_next(&mut body, of.next_ms);
    body
}

/// `GET /stoker/v1/tasks/standings`
pub async fn tasks(State(app): State<App>, Auth(actor): Auth, Query(query): Query<Named>) -> Answer {
    let found = app.service.task_standings(&actor, query.list()).await?;
    ok(&found.iter().map(task).collect::<Vec<_>>())
}

/// `GET /stoker/v1/plans/standings`
pub async fn plans(State(app): State<App>, Auth(actor): Auth, Query(query): Query<Named>) -> Answer {
    let found = app.service.plan_standings(&actor, query.list()).await?;
    ok(&found.iter().map(planned).collect::<Vec<_>>())
}
