//! Analyses and runs of promotions: who may, what is written down, and how each run ends exactly once.

use super::copy::{Copy, Order};
use super::scope::{Root, Scope};
use super::{MANAGE, PromotionView, SEE, unknown, view};
use crate::Page;
use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::error::Error;
use serde_json::json;
use std::time::Duration;
use stoker_domain::ids::{PromotionId, PromotionRunId};
use stoker_domain::promotion::{ItemStatus, PromotionStatus, Report};
use stoker_domain::{Permission, Right, crash, limits, names};
use stoker_store::Tx;
use stoker_store::db::{Json, Record};
use stoker_store::promotions::objects::Reading;
use stoker_store::promotions::{self, PromotionRun};

/// Who may analyse and run, beside being an executor (source: doc).
const RUN: &[Permission] = &[Permission::PromotionExecution];
/// Runs that one pass of the reconciler looks at.
const BATCH: i64 = 20;

/// What a call that analyses or runs a promotion says.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Whether resources of the target stay as they are; absent is no.
    pub keep_resources: Option<bool>,
    /// Whether run profiles of the target stay as they are; absent is no.
    pub keep_profiles: Option<bool>,
    /// Free text for the audit trail, at most 255 characters.
    pub context: Option<String>,
    /// What it is narrowed to.
    pub scope: Scope,
}

/// A promotion run as it is shown.
pub type PromotionRunView = PromotionRun;

/// What a call that starts a run came to.
#[derive(Clone, Debug)]
pub enum Ran {
    /// It ended while the caller waited.
    Finished(Box<PromotionRunView>),
    /// It goes on without the caller.
    Started(PromotionRunId),
}

/// Whoever acts is an executor and has access to a workspace of the target (source: doc).
fn must_run(tx: &mut Tx<'_>, allowed: &Allowed, view: &PromotionView) -> Result<(), Error> {
    if !promotions::is_executor(tx, &view.promotion.id, &allowed.actor().id)? {
        return Err(Error::Forbidden(format!(
            "Forbidden: you are no executor of the promotion {}; a holder of TMC_PIPELINE_MANAGEMENT can make you one",
            view.name()
        )));
    }
    if !allowed.has_right_in(tx, &view.target.id, &Right::ALL)? {
        let name = &view.target.name;
        return Err(Error::Forbidden(format!("Forbidden: this needs a right on a workspace of environment {name}")));
    }
    Ok(())
}

/// Managers and executors see the runs of a promotion.
fn must_see_runs(tx: &mut Tx<'_>, allowed: &Allowed, id: &PromotionId) -> Result<(), Error> {
    let actor = allowed.actor();
    if actor.has_any(MANAGE) || promotions::is_executor(tx, id, &actor.id)? {
        return Ok(());
    }
    Err(Error::Forbidden(
        "Forbidden: only executors of the promotion and holders of TMC_PIPELINE_MANAGEMENT see its runs".to_owned(),
    ))
}

fn order(view: &PromotionView, run: &PromotionRun, how: Reading, now: i64) -> Order {
    let root = run.scope_kind.zip(run.scope_id.as_deref()).and_then(|(kind, id)| Root::stored(kind, id));
    Order {
        source: view.source.clone(),
        target: view.target.clone(),
        root,
        keep_resources: run.keep_resources.unwrap_or(false),
        keep_profiles: run.keep_profiles.unwrap_or(false),
        author: run.user_id.clone(),
        author_kind: run.user_kind,
        principal: run.principal_id.clone(),
        how,
        now,
    }
}

/// Ends a run as failed.
fn failed(run: &mut PromotionRun, message: String, now: i64) {
    run.status = PromotionStatus::Failed;
    run.message = Some(message);
    run.finish_ms = Some(now);
}

/// What the caller is told when a run could not be carried out; nothing of it was kept.
fn reason(error: &Error) -> String {
    let again = "nothing was promoted; run the promotion again";
    match error {
        changed if changed.is_collision() => format!("objects of the target environment changed meanwhile: {again}"),
        Error::Internal(_) => format!("the run failed inside the server: {again}"),
        other => format!("{other}: {again}"),
    }
}

impl Service {
    /// A run as the call asks for it, checked but not stored.
    fn new_promotion_run(&self, allowed: &Allowed, id: &PromotionId, options: &Options) -> Result<PromotionRun, Error> {
        let text = |text: &String| names::described("context", text, limits::PROMOTION_CONTEXT_CHARS);
        let context = options.context.as_ref().map(text).transpose()?;
        let (actor, now) = (allowed.actor(), self.now());
        Ok(PromotionRun {
            id: PromotionRunId::generate(now, self.random()),
            promotion_id: id.clone(),
            user_id: actor.name.clone(),
            user_kind: actor.kind,
            principal_id: actor.id.clone(),
            keep_resources: options.keep_resources,
            keep_profiles: options.keep_profiles,
            scope_kind: None,
            scope_id: None,
            context,
            status: PromotionStatus::Started,
            message: None,
            report: Json(Report::default()),
            trigger_ms: now,
            start_ms: now,
            finish_ms: None,
        })
    }

    /// Says what a run would do, and changes nothing. The answer is kept like that of a run.
    pub async fn analyse_promotion(
        &self,
        actor: &Actor,
        id: &PromotionId,
        options: Options,
    ) -> Result<PromotionRunView, Error> {
        let allowed = actor.allow(RUN)?;
        let mut run = self.new_promotion_run(&allowed, id, &options)?;
        let (service, proof, now) = (self.clone(), allowed.clone(), self.now());
        let run = self
            .read::<_, Error, _>(&allowed, move |tx| {
                let promotion = promotions::get(tx, &run.promotion_id)?.ok_or_else(unknown)?;
                let view = view(tx, promotion)?;
                must_run(tx, &proof, &view)?;
                let root = options.scope.resolve(tx, &view.source.id)?;
                run.scope_kind = root.as_ref().map(Root::kind);
                run.scope_id = root.as_ref().map(|root| root.id().to_owned());
                let plan = Copy::plan(&service, tx, order(&view, &run, Reading::Only, now))?;
                run.report = Json(plan.into_report());
                run.status = PromotionStatus::Analysed;
                run.message = run.report.0.first_failure();
                run.finish_ms = Some(service.now());
                Ok(run)
            })
            .await?;
        let (service, proof, row) = (self.clone(), allowed.clone(), run.clone());
        self.write::<_, Error, _>(&allowed, move |tx| {
            row.insert(tx)?;
            service.audit_promotion_run(tx, &proof, "promotion.analyze", &row)
        })
        .await?;
        Ok(run)
    }

    /// Runs a promotion and waits a while for its end. Refused while another run of it is active.
    pub async fn run_promotion(&self, actor: &Actor, id: &PromotionId, options: Options) -> Result<Ran, Error> {
        let allowed = actor.allow(RUN)?;
        let run = self.new_promotion_run(&allowed, id, &options)?;
        let started = self.accept_promotion_run(&allowed, run, options.scope).await?;
        crash::point("promotion.run.after-commit");
        let (service, id) = (self.clone(), started.clone());
        // A task of its own: it goes on when the caller hangs up or has waited long enough.
        let work = tokio::spawn(async move { service.carry_out(&id, false).await });
        match tokio::time::timeout(Duration::from_millis(self.settings().promotion_wait_ms), work).await {
            Err(_) => Ok(Ran::Started(started)),
            Ok(joined) => Ok(match joined.map_err(Error::internal)?? {
                Some(run) => Ran::Finished(Box::new(run)),
                None => Ran::Started(started),
            }),
        }
    }

    /// Writes a run down as started: from then on it ends exactly once, whatever is killed.
    async fn accept_promotion_run(
        &self,
        allowed: &Allowed,
        mut run: PromotionRun,
        scope: Scope,
    ) -> Result<PromotionRunId, Error> {
        let (service, proof) = (self.clone(), allowed.clone());
        self.write(allowed, move |tx| {
            let promotion = promotions::lock(tx, &run.promotion_id)?.ok_or_else(unknown)?;
            let view = view(tx, promotion)?;
            must_run(tx, &proof, &view)?;
            let root = scope.resolve(tx, &view.source.id)?;
            if let Some(other) = promotions::active_run(tx, &view.promotion.id)? {
                let message =
                    format!("run {other} of the promotion {} is active: wait until it has ended", view.name());
                return Err(Error::NotConfigured(message));
            }
            run.scope_kind = root.as_ref().map(Root::kind);
            run.scope_id = root.as_ref().map(|root| root.id().to_owned());
            run.insert(tx)?;
            service.audit_promotion_run(tx, &proof, "promotion.run", &run)?;
            crash::point("promotion.run.before-commit");
            Ok(run.id)
        })
        .await
    }

    /// Carries out a started run and ends it, both in one transaction. `None` when the database does not answer now, or,
    /// for a pass of the reconciler, when somebody else is at it: the next pass looks again.
    async fn carry_out(&self, id: &PromotionRunId, only_free: bool) -> Result<Option<PromotionRun>, Error> {
        // Until the commit nobody may find a file of an artifact unused and remove it.
        let keeping = match only_free {
            false => self.inner.blobs.hold().await?,
            true => match self.inner.blobs.try_hold().await? {
                Some(held) => held,
                None => return Ok(None),
            },
        };
        let (service, wanted) = (self.clone(), id.clone());
        let done = self
            .write::<_, Error, _>(&Allowed::system(), move |tx| {
                let run = match only_free {
                    true => promotions::claim_run(tx, &wanted)?,
                    false => promotions::lock_run(tx, &wanted)?,
                };
                let Some(run) = run else { return Ok(None) };
                if run.status != PromotionStatus::Started {
                    return Ok(Some(run));
                }
                let ended = service.copy_and_end(tx, run)?;
                crash::point("promotion.copy.before-commit");
                Ok(Some(ended))
            })
            .await;
        crash::point("promotion.copy.after-commit");
        drop(keeping);
        match done {
            Ok(run) => Ok(run),
            Err(Error::Unavailable | Error::KeyMissing(_)) => Ok(None),
            Err(error) => self.give_up_promotion(id, &error).await,
        }
    }

    fn copy_and_end(&self, tx: &mut Tx<'_>, mut run: PromotionRun) -> Result<PromotionRun, Error> {
        let now = self.now();
        let Some(promotion) = promotions::get(tx, &run.promotion_id)? else {
            failed(&mut run, "the promotion was removed".to_owned(), now);
            run.update(tx)?;
            return Ok(run);
        };
        let view = view(tx, promotion)?;
        let by = Allowed::on_behalf(run.user_kind, &run.user_id);
        let plan = Copy::plan(self, tx, order(&view, &run, Reading::ToChange, now))?;
        if plan.report_is_defective() {
            let report = plan.into_report();
            failed(&mut run, report.first_failure().unwrap_or_default(), now);
            run.report = Json(report);
        } else {
            plan.write(tx)?;
            self.audit_promoted(tx, &by, &plan, &run)?;
            run.status = plan.report.status();
            run.report = Json(plan.report);
            run.finish_ms = Some(now.max(run.start_ms));
        }
        run.update(tx)?;
        self.audit_promotion_run(tx, &by, "promotion.end", &run)?;
        Ok(run)
    }

    /// Ends a run that could not be carried out; what it had done was undone with its transaction.
    async fn give_up_promotion(&self, id: &PromotionRunId, error: &Error) -> Result<Option<PromotionRun>, Error> {
        tracing::error!(run.id = %id, error = error as &dyn std::error::Error, "a promotion run failed");
        let (service, id, message, now) = (self.clone(), id.clone(), reason(error), self.now());
        self.write(&Allowed::system(), move |tx| {
            let Some(mut run) = promotions::lock_run(tx, &id)? else { return Ok(None) };
            if run.status == PromotionStatus::Started {
                failed(&mut run, message, now);
                run.update(tx)?;
                let by = Allowed::on_behalf(run.user_kind, &run.user_id);
                service.audit_promotion_run(tx, &by, "promotion.end", &run)?;
            }
            Ok(Some(run))
        })
        .await
    }

    /// Carries out runs that were accepted by a server that is gone. Gives how many ended.
    pub(crate) async fn finish_promotions(&self) -> Result<usize, Error> {
        let started = self.read::<_, Error, _>(&Allowed::system(), |tx| Ok(promotions::started(tx, BATCH)?)).await?;
        let mut ended = 0;
        for id in started {
            ended += usize::from(self.carry_out(&id, true).await?.is_some());
        }
        Ok(ended)
    }

    /// One analysis or run with its report: for managers, executors of the promotion, and whoever asked for it.
    pub async fn promotion_run(&self, actor: &Actor, id: &PromotionRunId) -> Result<PromotionRunView, Error> {
        let allowed = actor.allow(SEE)?;
        let (id, proof) = (id.clone(), allowed.clone());
        self.read(&allowed, move |tx| {
            let missing = || Error::not_found("Promotion execution id not found.");
            let run = promotions::run(tx, &id)?.ok_or_else(missing)?;
            if run.principal_id != proof.actor().id {
                must_see_runs(tx, &proof, &run.promotion_id)?;
            }
            Ok(run)
        })
        .await
    }

    /// A page of analyses and runs of a promotion, newest first: for managers and its executors.
    pub async fn promotion_runs(
        &self,
        actor: &Actor,
        id: &PromotionId,
        limit: i64,
        offset: i64,
    ) -> Result<Page<PromotionRunView>, Error> {
        let allowed = actor.allow(SEE)?;
        let (id, proof) = (id.clone(), allowed.clone());
        let (items, total) = self
            .read::<_, Error, _>(&allowed, move |tx| {
                promotions::get(tx, &id)?.ok_or_else(unknown)?;
                must_see_runs(tx, &proof, &id)?;
                Ok(promotions::runs_of(tx, &id, limit, offset)?)
            })
            .await?;
        Ok(Page { items, limit, offset, total })
    }

    fn audit_promotion_run(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        action: &str,
        run: &PromotionRun,
    ) -> Result<(), Error> {
        let count = |status| run.report.0.count(status);
        let mut detail = json!({ "executionId": run.id.as_str(), "context": run.context });
        if let (Some(kind), Some(id)) = (run.scope_kind, &run.scope_id) {
            detail["scope"] = json!({ "type": kind.id(), "id": id });
        }
        if run.finish_ms.is_some() {
            detail["status"] = json!(run.status.id());
            detail["created"] = json!(count(ItemStatus::Created));
            detail["replaced"] = json!(count(ItemStatus::Replaced));
            detail["failed"] = json!(count(ItemStatus::Failed));
        }
        self.audit_on_promotion(tx, allowed, action, &run.promotion_id, detail)
    }
}
