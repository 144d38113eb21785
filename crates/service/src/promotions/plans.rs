//! Plans: their steps name the tasks and plans of the target. A plan that has never run is not promoted (source: doc).

use super::copy::Copy;
use crate::error::Error;
use serde_json::{Map, json};
use std::collections::BTreeSet;
use stoker_domain::ids::{PlanId, StepId, TaskId};
use stoker_domain::plan::{Handler, PlanStep};
use stoker_domain::promotion::{Item, ItemKind, ItemStatus, Level, User};
use stoker_store::Tx;
use stoker_store::db::Json;
use stoker_store::plans::{self, Plan};
use stoker_store::promotions::objects;

/// A source plan and the one of its name in the target.
#[derive(Clone, Debug)]
pub(super) struct PlanPair {
    name: String,
    there: Option<Plan>,
    /// Its id in the target, once it was dealt with.
    target: Option<PlanId>,
    /// Why it is left out.
    skipped: Option<(ItemStatus, String)>,
}

/// Why a plan cannot be carried over to the target as it is.
type Hindrance = String;

impl Copy<'_> {
    /// These plans and the failure handlers they need, handlers first; the plans of the target are locked by it.
    pub(super) fn with_handlers(
        &mut self,
        tx: &mut Tx<'_>,
        wanted: Vec<Plan>,
        alone: bool,
    ) -> Result<Vec<Plan>, Error> {
        let mut ordered = Vec::new();
        for plan in wanted {
            self.before(tx, plan, alone, &mut ordered, 0)?;
        }
        Ok(ordered)
    }

    fn before(
        &mut self,
        tx: &mut Tx<'_>,
        plan: Plan,
        alone: bool,
        ordered: &mut Vec<Plan>,
        depth: i64,
    ) -> Result<(), Error> {
        if self.plans.contains_key(&plan.id) || depth > stoker_domain::limits::PLAN_DEPTH {
            return Ok(());
        }
        let pair = self.plan_pair(tx, &plan, alone)?;
        let left_out = pair.skipped.is_some();
        self.plans.insert(plan.id.clone(), pair);
        if left_out {
            self.report_left_out(&plan);
            return Ok(());
        }
        let (_, handlers) = crate::plan_checks::named_by(&plan.steps.0);
        for id in handlers {
            if let Some(handler) = plans::get(tx, &id)? {
                self.before(tx, handler, false, ordered, depth + 1)?;
            }
        }
        ordered.push(plan);
        Ok(())
    }

    fn plan_pair(&mut self, tx: &mut Tx<'_>, plan: &Plan, alone: bool) -> Result<PlanPair, Error> {
        let workspace = self.workspace(tx, &plan.workspace_id)?;
        let there = match &workspace.target {
            Some(place) => objects::plan(tx, &place.id, &plan.name, self.order.how)?,
            None => None,
        };
        let skipped = if workspace.target.is_none() {
            Some((ItemStatus::Failed, format!("its workspace {} cannot be promoted", workspace.source.name)))
        } else if plan.paused {
            Some((ItemStatus::Skipped, "it is paused: resume it to promote it".to_owned()))
        } else if !objects::has_run(tx, &plan.id)? {
            let status = if alone { ItemStatus::Failed } else { ItemStatus::Skipped };
            Some((status, "it has never run: a plan must have run once before it is promoted".to_owned()))
        } else {
            None
        };
        let target = skipped.as_ref().and(there.as_ref()).map(|plan| plan.id.clone());
        Ok(PlanPair { name: plan.name.clone(), there, target, skipped })
    }

    fn report_left_out(&mut self, plan: &Plan) {
        let mut item = Item::new(ItemKind::Plan, plan.id.as_str(), &plan.name, ItemStatus::Skipped);
        if let Some(pair) = self.plans.get(&plan.id) {
            item.target_id = pair.target.as_ref().map(ToString::to_string);
            match &pair.skipped {
                Some((ItemStatus::Failed, reason)) => item.fail(reason.clone()),
                Some((_, reason)) => {
                    item.say(if plan.paused { Level::Info } else { Level::Warn }, reason.clone());
                }
                None => {}
            }
        }
        self.report(Some(&plan.workspace_id), item);
    }

    /// Promotes a plan whose tasks and failure handlers were dealt with.
    pub(super) fn plan_itself(&mut self, tx: &mut Tx<'_>, source: Plan) -> Result<(), Error> {
        let mut item = Item::new(ItemKind::Plan, source.id.as_str(), &source.name, ItemStatus::Reused);
        let there = self.plans.get(&source.id).and_then(|pair| pair.there.clone());
        let target = match self.steps(&source, there.as_ref()) {
            Err(hindrance) => {
                item.status = ItemStatus::Skipped;
                item.say(Level::Warn, hindrance);
                there.map(|plan| plan.id)
            }
            Ok(steps) => Some(self.plan_into(tx, &source, there, steps, &mut item)?),
        };
        item.target_id = target.as_ref().map(ToString::to_string);
        let user = User {
            kind: ItemKind::Plan,
            id: item.id.clone(),
            target_id: item.target_id.clone(),
            name: item.name.clone(),
        };
        let (tasks, handlers) = crate::plan_checks::named_by(&source.steps.0);
        let named: BTreeSet<String> =
            tasks.iter().map(TaskId::to_string).chain(handlers.iter().map(PlanId::to_string)).collect();
        for id in named {
            self.uses(&id, user.clone());
        }
        if let Some(pair) = self.plans.get_mut(&source.id) {
            pair.target = target;
        }
        self.report(Some(&source.workspace_id), item);
        Ok(())
    }

    /// The steps in terms of the target. Steps keep their ids there by name, so that a repetition changes nothing.
    fn steps(&self, source: &Plan, there: Option<&Plan>) -> Result<Vec<PlanStep>, Hindrance> {
        let mut known: Vec<&PlanStep> = there.map(|plan| plan.steps.0.iter().collect()).unwrap_or_default();
        let mut steps = Vec::with_capacity(source.steps.0.len());
        for step in &source.steps.0 {
            let id = match known.iter().position(|old| old.name == step.name) {
                Some(place) => known.remove(place).id.clone(),
                None => StepId::generate(self.order.now, self.service.random()),
            };
            let handler = match &step.handler {
                None => None,
                Some(handler) => Some(Handler {
                    tasks: handler.tasks.iter().map(|id| self.task_there(id)).collect::<Result<_, _>>()?,
                    plans: handler.plans.iter().map(|id| self.plan_there(id)).collect::<Result<_, _>>()?,
                }),
            };
            let tasks = step.tasks.iter().map(|id| self.task_there(id)).collect::<Result<_, _>>()?;
            steps.push(PlanStep { id, tasks, handler, left_out: Vec::new(), ..step.clone() });
        }
        Ok(steps)
    }

    fn task_there(&self, id: &TaskId) -> Result<TaskId, Hindrance> {
        let pair = self.tasks.get(id).ok_or_else(|| format!("its task {id} was removed"))?;
        let missing = || format!("it needs task {}, which is not promoted and not in the target", pair.name);
        pair.target.clone().ok_or_else(missing)
    }

    fn plan_there(&self, id: &PlanId) -> Result<PlanId, Hindrance> {
        let pair = self.plans.get(id).ok_or_else(|| format!("its failure handler {id} was removed"))?;
        let missing = || format!("it needs plan {}, which is not promoted and not in the target", pair.name);
        pair.target.clone().ok_or_else(missing)
    }

    fn plan_into(
        &mut self,
        tx: &mut Tx<'_>,
        source: &Plan,
        there: Option<Plan>,
        steps: Vec<PlanStep>,
        item: &mut Item,
    ) -> Result<PlanId, Error> {
        let now = self.order.now;
        let Some(there) = there else {
            let workspace = self.workspace(tx, &source.workspace_id)?.target;
            let workspace = workspace.ok_or_else(|| Error::internal("a plan without a workspace was promoted"))?;
            let plan = Plan {
                id: PlanId::generate(now, self.service.random()),
                workspace_id: workspace.id,
                environment_id: self.order.target.id.clone(),
                name: source.name.clone(),
                description: source.description.clone(),
                author: self.order.author.clone(),
                author_kind: self.order.author_kind,
                steps: Json(steps),
                run_config: Json(self.plan_config(source, item)),
                paused: false,
                pause_context: None,
                pause_user: None,
                pause_user_kind: None,
                pause_ms: None,
                created_ms: now,
                updated_ms: now,
            };
            let id = plan.id.clone();
            item.status = ItemStatus::Created;
            self.changes.plans.push(plan);
            return Ok(id);
        };
        let mut plan = there.clone();
        plan.description.clone_from(&source.description);
        plan.steps = Json(steps);
        let id = plan.id.clone();
        if plan != there {
            plan.updated_ms = now;
            item.status = ItemStatus::Replaced;
            self.changes.changed_plans.push(plan);
        }
        Ok(id)
    }

    /// As for tasks, the trigger stays behind.
    fn plan_config(&self, source: &Plan, item: &mut Item) -> Map<String, serde_json::Value> {
        let mut config = source.run_config.0.clone();
        if let Some(trigger) = config.get_mut("trigger") {
            if trigger["type"] != json!("MANUAL") {
                item.say(Level::Info, "its trigger is not promoted: set one in the target when it is wanted");
            }
            *trigger = json!({ "type": "MANUAL" });
        }
        config
    }
}
