//! Run configurations of plans: what starts a plan, and whether its runs may overlap.

use crate::actor::Actor;
use crate::app::Service;
use crate::error::Error;
use crate::plans::{SEE, USE, unknown};
use crate::triggers::{ExecutableId, Startable, TriggerChoice};
use serde_json::{Map, Value, json};
use stoker_domain::Right;
use stoker_domain::ids::PlanId;
use stoker_store::db::{Json, Record};
use stoker_store::plans::{self, Plan};

/// A run configuration as it is shown.
#[derive(Clone, Debug)]
pub struct PlanRunConfigView {
    /// The plan.
    pub plan: Plan,
    /// URL of its webhook.
    pub webhook_url: Option<String>,
}

/// A run configuration as it comes from outside.
#[derive(Clone, Debug)]
pub struct PlanRunConfigRequest {
    /// What starts it.
    pub trigger: TriggerChoice,
    /// Whether several runs may be active at once.
    pub parallel: Option<bool>,
    /// The runtime that the older generation asks for; kept and shown, each task runs where its own configuration says.
    pub runtime: Option<Value>,
}

impl Service {
    /// Sets what starts a plan.
    pub async fn set_plan_run_config(
        &self,
        actor: &Actor,
        id: &PlanId,
        mut request: PlanRunConfigRequest,
    ) -> Result<PlanRunConfigView, Error> {
        let allowed = actor.allow(USE)?;
        let this = ExecutableId::Plan(id.clone());
        request.trigger = self.checked_choice(&allowed, &this, request.trigger).await?;
        self.fire_before_change(&this).await?;
        let (service, proof, now) = (self.clone(), allowed.clone(), self.now());
        self.write(&allowed, move |tx| {
            let startable = this.lock(tx)?;
            let Startable::Plan(plan) = startable.clone() else { return Err(unknown()) };
            let mut plan = *plan;
            proof.right(tx, &plan.workspace_id, &[Right::Execute])?;
            service.set_trigger(tx, &proof, &startable, &request.trigger, now)?;
            let mut config = Map::new();
            config.insert("trigger".to_owned(), request.trigger.shown()?);
            config.insert("parallelExecutionAllowed".to_owned(), json!(request.parallel.unwrap_or(false)));
            let runtime = request.runtime.or_else(|| plan.run_config.0.get("runtime").cloned());
            config.extend(runtime.map(|runtime| ("runtime".to_owned(), runtime)));
            plan.run_config = Json(config);
            plan.updated_ms = now;
            plan.update(tx)?;
            service.audit_plan(tx, &proof, "plan.run-config", &plan)?;
            let webhook_url = service.webhook_url(tx, this.kind(), this.as_str())?;
            Ok(PlanRunConfigView { plan, webhook_url })
        })
        .await
    }

    /// The run configuration of a plan.
    pub async fn plan_run_config(&self, actor: &Actor, id: &PlanId) -> Result<PlanRunConfigView, Error> {
        let allowed = actor.allow(USE)?;
        let (service, proof, id) = (self.clone(), allowed.clone(), id.clone());
        self.read(&allowed, move |tx| {
            let plan = plans::get(tx, &id)?.ok_or_else(unknown)?;
            proof.right(tx, &plan.workspace_id, SEE)?;
            let startable = Startable::Plan(Box::new(plan.clone()));
            let webhook_url = service.webhook_url_for(tx, &proof, &startable)?;
            Ok(PlanRunConfigView { plan, webhook_url })
        })
        .await
    }
}
