//! Starting what is due: a task or a plan, by a trigger of time or by a webhook. What comes of it is written into the
//! record of the due instant.

use crate::actor::Allowed;
use crate::app::Service;
use crate::batch::Batch;
use crate::error::Error;
use crate::plan_checks::{check_configured, workspaces_of};
use crate::plan_engine::{DuePlan, Origin};
use crate::refusals::{Refusal, paused_by, refusal};
use crate::runs::{GivenParameter, StartRequest};
use crate::schedules::links::PAUSED;
use crate::starts::{Begun, DueCause};
use crate::webhooks::payload_parameter;
use serde_json::Value;
use std::collections::BTreeSet;
use stoker_domain::ids::{EngineId, PlanId, PlanRunId, ServiceAccountId, TaskId, WorkspaceId};
use stoker_domain::plan::PlanMisfire;
use stoker_domain::run::{MisfireReason, RunType};
use stoker_domain::schedule::{ExecutableKind, FireResult};
use stoker_domain::{PrincipalKind, Right};
use stoker_store::plans::Plan;
use stoker_store::schedules::Fire;
use stoker_store::tasks::Task;
use stoker_store::{Tx, accounts, plans, workspaces};

/// Something that is due now.
pub(crate) struct DueStart<'a> {
    /// In whose name.
    pub(crate) owner: (PrincipalKind, &'a str),
    /// By a schedule or a webhook.
    pub(crate) run_type: RunType,
    /// When it was due.
    pub(crate) due_ms: i64,
    /// Why there is no time left for it, in words.
    pub(crate) late: Option<String>,
    /// Minutes after which a task run is stopped, instead of what the task says.
    pub(crate) timeout_minutes: Option<i64>,
    /// The calls of a webhook.
    pub(crate) payload: Option<String>,
    /// What the first event of a task's run tells about it.
    pub(crate) detail: Value,
}

/// What was started; to be handed to [`Service::follow_up`] after the commit.
pub(crate) enum Started {
    /// A run of a task.
    Run(Box<Begun>),
    /// A plan run, and engines to wake.
    Plan(PlanRunId, BTreeSet<EngineId>),
}

impl Service {
    /// Starts what the record is about, or writes into the record why not. The caller stores the record.
    pub(crate) fn start_due(
        &self,
        tx: &mut Tx<'_>,
        start: DueStart<'_>,
        fire: &mut Fire,
        batch: &mut Batch,
    ) -> Result<Option<Started>, Error> {
        let gone = |what: &str| Refusal::new(MisfireReason::Unknown, format!("the {what} was removed"));
        let outcome = match fire.executable_kind {
            ExecutableKind::Task => match batch.task(tx, &TaskId::trusted(fire.executable_id.as_str()))? {
                Some(task) => self.start_due_task(tx, &task, start, fire, batch)?,
                None => Err(gone("task")),
            },
            ExecutableKind::Plan => match plans::lock(tx, &PlanId::trusted(fire.executable_id.as_str()))? {
                Some(plan) => self.start_due_plan(tx, &plan, start, fire, batch.now)?,
                None => Err(gone("plan")),
            },
        };
        match outcome {
            Ok(started) => Ok(started),
            Err(refusal) => {
                refuse(fire, refusal);
                Ok(None)
            }
        }
    }

    fn start_due_task(
        &self,
        tx: &mut Tx<'_>,
        task: &Task,
        start: DueStart<'_>,
        fire: &mut Fire,
        batch: &mut Batch,
    ) -> Result<Result<Option<Started>, Refusal>, Error> {
        if task.paused {
            skip(
                fire,
                PAUSED,
                format!("task {} was paused{}", task.name, paused_by(task.pause_user.as_deref(), task.pause_ms)),
            );
            return Ok(Ok(None));
        }
        note_late(fire, start.late.as_ref());
        let request = StartRequest {
            task: task.id.clone(),
            parameters: start.payload.as_deref().map(payload_parameter).into_iter().collect::<Vec<GivenParameter>>(),
            log_level: None,
            timeout_minutes: start.timeout_minutes,
            run_type: start.run_type,
            api_version: None,
        };
        let cause = DueCause { request: &request, due_ms: start.due_ms, late: start.late, detail: start.detail };
        let allowed = Allowed::on_behalf(start.owner.0, start.owner.1);
        let begun = match self.begin_due(tx, &allowed, task, cause, batch)? {
            Ok(begun) => begun,
            Err(refusal) => return Ok(Err(refusal)),
        };
        fire.run_id = Some(begun.run.id.clone());
        if fire.result == FireResult::Started {
            fire.reason = begun.run.misfire_reason.map(|reason| reason.id().to_owned());
            fire.message.clone_from(&begun.run.error_message);
        }
        Ok(Ok(Some(Started::Run(Box::new(begun)))))
    }

    fn start_due_plan(
        &self,
        tx: &mut Tx<'_>,
        plan: &Plan,
        start: DueStart<'_>,
        fire: &mut Fire,
        now: i64,
    ) -> Result<Result<Option<Started>, Refusal>, Error> {
        if plan.paused {
            skip(
                fire,
                PlanMisfire::Paused.id(),
                format!("plan {} was paused{}", plan.name, paused_by(plan.pause_user.as_deref(), plan.pause_ms)),
            );
            return Ok(Ok(None));
        }
        note_late(fire, start.late.as_ref());
        let steps = plan.steps.0.clone();
        if let Err(error) = check_configured(tx, plan, &steps).and_then(|()| owner_may(tx, plan, start.owner)) {
            return refusal(error).map(Err);
        }
        let origin = Origin {
            run_type: start.run_type,
            user: (start.owner.0, start.owner.1.to_owned()),
            api_version: None,
            parent: None,
            rerun: None,
            due: DuePlan {
                due_ms: Some(start.due_ms),
                late: start.late,
                timeout_minutes: start.timeout_minutes,
                payload: start.payload,
            },
        };
        let mut engines = BTreeSet::new();
        let run = self.begin_plan(tx, plan, steps, origin, now, &mut engines)?;
        fire.plan_run_id = Some(run.id.clone());
        if fire.result == FireResult::Started {
            fire.reason = run.misfire_reason.map(|reason| reason.id().to_owned());
            fire.message = run.message;
        }
        Ok(Ok(Some(Started::Plan(run.id, engines))))
    }

    /// What follows the commit of a start. A hint that may be lost, as all of them.
    pub(crate) async fn follow_up(&self, started: Started) {
        match started {
            Started::Run(begun) => self.hand_on(*begun).await,
            Started::Plan(run, engines) => {
                for engine in engines {
                    self.inner.hub.wake(&engine);
                }
                // Its first step may be over already, when nothing of it could be started.
                self.wake_plan(run);
            }
        }
    }
}

/// Writes into the record why nothing was started.
pub(crate) fn refuse(fire: &mut Fire, refusal: Refusal) {
    fire.result = FireResult::Refused;
    fire.reason = Some(refusal.reason.id().to_owned());
    fire.message = Some(refusal.message);
}

fn skip(fire: &mut Fire, reason: &str, message: String) {
    fire.result = FireResult::Skipped;
    fire.reason = Some(reason.to_owned());
    fire.message = Some(message);
}

fn note_late(fire: &mut Fire, late: Option<&String>) {
    if let Some(late) = late {
        fire.result = FireResult::Missed;
        fire.message = Some(late.clone());
    }
}

/// Whether the owner of a schedule or webhook still may run everything in a plan that lies elsewhere: else the next
/// editor of the plan could have foreign tasks run in that name.
fn owner_may(tx: &mut Tx<'_>, plan: &Plan, (kind, name): (PrincipalKind, &str)) -> Result<(), Error> {
    let foreign: Vec<WorkspaceId> =
        workspaces_of(tx, &plan.steps.0)?.into_iter().filter(|id| *id != plan.workspace_id).collect();
    if foreign.is_empty() {
        return Ok(());
    }
    let principal = principal(tx, kind, name)?
        .ok_or_else(|| Error::Forbidden(format!("{name}, in whose name the plan is started, was removed")))?;
    for workspace in foreign {
        if !workspaces::rights(tx, &principal, &workspace)?.has_any([Right::Execute].into_iter().collect()) {
            let message = format!("{name}, in whose name the plan is started, needs EXECUTE on workspace {workspace}");
            return Err(Error::Forbidden(message));
        }
    }
    Ok(())
}

/// The id that rights are granted to, for a login or a service-account id.
pub(crate) fn principal(tx: &mut Tx<'_>, kind: PrincipalKind, name: &str) -> Result<Option<String>, Error> {
    Ok(match kind {
        PrincipalKind::Human => accounts::user_by_login(tx, name)?.map(|user| user.id.to_string()),
        PrincipalKind::Service => match ServiceAccountId::parse(name) {
            Ok(id) => accounts::service_account(tx, &id)?.map(|account| account.id.to_string()),
            Err(_) => None,
        },
    })
}
