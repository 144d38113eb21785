//! Promotions: standing pairs of environments, and copying from one to the other.
//!
//! A call that starts a run writes it down as started, and a second transaction copies everything and ends it. Whatever
//! is killed in between, the reconciler begins that second transaction again: the target has either all or nothing.

mod artifacts;
mod changes;
mod copy;
mod executors;
mod parts;
mod plans;
mod runs;
mod runtimes;
mod scope;
mod tasks;
mod told;

pub use runs::{Options, PromotionRunView, Ran};
pub use scope::Scope;

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::audit_states::{self, with_change};
use crate::environments::{description, kept};
use crate::error::{Error, taken};
use std::collections::HashMap;
use stoker_domain::Permission;
use stoker_domain::ids::{EnvironmentId, PromotionId};
use stoker_store::db::Record;
use stoker_store::environments::{self, Environment};
use stoker_store::promotions::{self, Promotion};
use stoker_store::{StoreError, Tx};

/// Who may define promotions and say who runs them (source: doc).
const MANAGE: &[Permission] = &[Permission::PipelineManagement];
/// Who may look at promotions: managers at all, executors at their own (source: inferred).
const SEE: &[Permission] = &[Permission::PipelineManagement, Permission::PromotionExecution];

/// Fields a filter may name.
const FIELDS: &[&str] = &[
    "executable",
    "id",
    "name",
    "description",
    "sourceEnvironment.id",
    "sourceEnvironment.name",
    "targetEnvironment.id",
    "targetEnvironment.name",
];

/// A promotion with its environments.
#[derive(Clone, Debug, PartialEq)]
pub struct PromotionView {
    /// The promotion.
    pub promotion: Promotion,
    /// Where objects come from.
    pub source: Environment,
    /// Where they go.
    pub target: Environment,
}

impl PromotionView {
    /// Its name: that of both environments, as they are called now (source: spec by its example of a filter).
    pub fn name(&self) -> String {
        format!("{} to {}", self.source.name, self.target.name)
    }

    fn field(&self, name: &str) -> Option<String> {
        match name {
            "executable" | "id" => Some(self.promotion.id.to_string()),
            "name" => Some(self.name()),
            "description" => self.promotion.description.clone(),
            "sourceEnvironment.id" => Some(self.source.id.to_string()),
            "sourceEnvironment.name" => Some(self.source.name.clone()),
            "targetEnvironment.id" => Some(self.target.id.to_string()),
            "targetEnvironment.name" => Some(self.target.name.clone()),
            _ => None,
        }
    }
}

fn unknown() -> Error {
    Error::not_found("Promotion id not found.")
}

fn named_environment(tx: &mut Tx<'_>, field: &str, id: &EnvironmentId) -> Result<Environment, Error> {
    environments::get(tx, id)?.ok_or_else(|| Error::not_found(format!("{field}: there is no environment {id}")))
}

fn view(tx: &mut Tx<'_>, promotion: Promotion) -> Result<PromotionView, Error> {
    let source = environments::get(tx, &promotion.source_id)?.ok_or_else(crate::environments::unknown)?;
    let target = environments::get(tx, &promotion.target_id)?.ok_or_else(crate::environments::unknown)?;
    Ok(PromotionView { promotion, source, target })
}

/// Refuses with 403 whoever neither manages promotions nor may run this one.
fn must_be_visible(tx: &mut Tx<'_>, allowed: &Allowed, id: &PromotionId) -> Result<(), Error> {
    if allowed.actor().has_any(MANAGE) || promotions::is_executor(tx, id, &allowed.actor().id)? {
        return Ok(());
    }
    Err(Error::Forbidden(
        "Forbidden: only executors of the promotion and holders of TMC_PIPELINE_MANAGEMENT see it".to_owned(),
    ))
}

impl Service {
    /// The promotions the actor may see, narrowed by a filter.
    pub async fn list_promotions(&self, actor: &Actor, query: Option<&str>) -> Result<Vec<PromotionView>, Error> {
        let allowed = actor.allow(SEE)?;
        let filter = match query.map(str::trim).filter(|text| !text.is_empty()) {
            None => None,
            Some(text) => Some(stoker_filter::parse(text, FIELDS).map_err(|e| Error::invalid(format!("_s: {e}")))?),
        };
        let own = (!actor.has_any(MANAGE)).then(|| actor.id.clone());
        let found = self
            .read::<_, Error, _>(&allowed, move |tx| {
                let places: HashMap<_, _> = environments::all(tx)?.into_iter().map(|e| (e.id.clone(), e)).collect();
                let rows = promotions::all(tx, own.as_deref())?;
                Ok(rows
                    .into_iter()
                    .filter_map(|promotion| {
                        let source = places.get(&promotion.source_id)?.clone();
                        let target = places.get(&promotion.target_id)?.clone();
                        Some(PromotionView { promotion, source, target })
                    })
                    .collect::<Vec<_>>())
            })
            .await?;
        Ok(kept(found, filter.as_ref(), PromotionView::field))
    }

    /// One promotion.
    pub async fn promotion(&self, actor: &Actor, id: &PromotionId) -> Result<PromotionView, Error> {
        let allowed = actor.allow(SEE)?;
        let (id, proof) = (id.clone(), allowed.clone());
        self.read(&allowed, move |tx| {
            let promotion = promotions::get(tx, &id)?.ok_or_else(unknown)?;
            must_be_visible(tx, &proof, &id)?;
            view(tx, promotion)
        })
        .await
    }

    /// Defines a pair. Nobody may run it until somebody is made an executor.
    pub async fn create_promotion(
        &self,
        actor: &Actor,
        source: &EnvironmentId,
        target: &EnvironmentId,
        text: Option<String>,
    ) -> Result<PromotionView, Error> {
        let allowed = actor.allow(MANAGE)?;
        if source == target {
            return Err(Error::invalid("targetEnvironmentId: must be another environment than sourceEnvironmentId"));
        }
        let now = self.now();
        let promotion = Promotion {
            id: PromotionId::generate(now, self.random()),
            source_id: source.clone(),
            target_id: target.clone(),
            description: description(text)?,
            created_ms: now,
            updated_ms: now,
        };
        let (service, proof) = (self.clone(), allowed.clone());
        self.write(&allowed, move |tx| {
            let source = named_environment(tx, "sourceEnvironmentId", &promotion.source_id)?;
            let target = named_environment(tx, "targetEnvironmentId", &promotion.target_id)?;
            let view = PromotionView { promotion, source, target };
            let message = format!("a promotion from {} exists already", view.name());
            view.promotion.insert(tx).map_err(|error| match error {
                StoreError::Reference(_) => Error::not_found("the environment was removed meanwhile"),
                other => taken(message)(other),
            })?;
            service.audit_promotion(tx, &proof, "promotion.create", &view.promotion, &[])?;
            Ok(view)
        })
        .await
    }

    /// Changes the description.
    pub async fn describe_promotion(&self, actor: &Actor, id: &PromotionId, text: String) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        let described = description(Some(text))?;
        let (id, service, proof, now) = (id.clone(), self.clone(), allowed.clone(), self.now());
        self.write(&allowed, move |tx| {
            let mut promotion = promotions::lock(tx, &id)?.ok_or_else(unknown)?;
            promotion.description = described;
            promotion.updated_ms = now;
            promotion.update(tx)?;
            let view = view(tx, promotion)?;
            service.audit_promotion(tx, &proof, "promotion.update", &view.promotion, &[])
        })
        .await
    }

    /// Removes a promotion; its runs stay as history. Refused while a run of it is active.
    pub async fn delete_promotion(&self, actor: &Actor, id: &PromotionId) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        let (id, service, proof) = (id.clone(), self.clone(), allowed.clone());
        self.write(&allowed, move |tx| {
            let promotion = promotions::lock(tx, &id)?.ok_or_else(unknown)?;
            if let Some(run) = promotions::active_run(tx, &id)? {
                let message = format!("run {run} of the promotion is active: remove the promotion after its end");
                return Err(Error::invalid(message));
            }
            let view = view(tx, promotion)?;
            service.audit_promotion(tx, &proof, "promotion.delete", &view.promotion, &[])?;
            promotions::delete(tx, &id)?;
            Ok(())
        })
        .await
    }

    /// Tells a promotion with who may run it, and what of that this event did.
    pub(crate) fn audit_promotion(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        action: &str,
        row: &Promotion,
        change: &[(&str, Vec<String>)],
    ) -> Result<(), Error> {
        let detail = with_change(audit_states::promotion(tx, row)?, change);
        self.audit_on_promotion(tx, allowed, action, &row.id, detail)
    }

    fn audit_on_promotion(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        action: &str,
        id: &PromotionId,
        detail: serde_json::Value,
    ) -> Result<(), Error> {
        let change = Change { action, object: ("promotion", id.as_str()), workspace: None, detail: Some(detail) };
        audit::record(tx, allowed.actor(), self.now(), self.random(), change)
    }
}
