//! Component metrics: rows of the links of a run, and the search over all runs.

use crate::Page;
use crate::actor::Actor;
use crate::app::Service;
use crate::error::Error;
use stoker_domain::ids::{EnvironmentId, RunId};
use stoker_domain::{Permission, Right};
use stoker_store::components::{self, ComponentMetric, MetricFilter, Order, RunRows};
use stoker_store::runs::{self, Run};

/// Who may look at metrics and history (source: doc).
pub(crate) const MONITOR: &[Permission] = &[Permission::Operator];
/// Right on the workspace of a run to look at them (source: doc).
pub(crate) const SEE: &[Right] = &[Right::View];
/// Most metrics removed in one pass.
const BATCH: i64 = 2_000;

/// Metrics of one run.
#[derive(Clone, Debug)]
pub struct RunMetrics {
    /// The run.
    pub run: Run,
    /// Its sums and jobs, once it has said something.
    pub rows: Option<RunRows>,
    /// A page of its links.
    pub page: Page<ComponentMetric>,
}

/// A search over the metrics of all runs.
#[derive(Clone, Debug)]
pub struct MetricSearch {
    /// The environment.
    pub environment: EnvironmentId,
    /// First start of a component, milliseconds.
    pub from_ms: i64,
    /// Last one.
    pub to_ms: i64,
    /// Columns and the values of which one must be there.
    pub any_of: Vec<(&'static str, Vec<String>)>,
    /// The order.
    pub order: Order,
    /// Page size, 1 to 200.
    pub limit: i64,
    /// Items to pass over.
    pub offset: i64,
}

impl Service {
    /// The sums of a run that the caller has been shown already.
    pub async fn run_rows(&self, actor: &Actor, run: &Run) -> Result<Option<RunRows>, Error> {
        // Nothing can have been counted before an engine has it.
        if run.epoch == 0 {
            return Ok(None);
        }
        let allowed = actor.allow(crate::runs::RUN)?;
        let id = run.id.clone();
        self.get(&allowed, move |tx| Ok(components::rows(tx, &id)?)).await
    }

    /// The links of one run and their rows.
    pub async fn run_metrics(
        &self,
        actor: &Actor,
        id: &RunId,
        order: Order,
        limit: i64,
        offset: i64,
    ) -> Result<RunMetrics, Error> {
        let allowed = actor.allow(MONITOR)?;
        let (id, proof) = (id.clone(), allowed.clone());
        self.read(&allowed, move |tx| {
            let run = runs::get(tx, &id)?.ok_or_else(|| Error::not_found("Task execution not found."))?;
            proof.right(tx, &run.workspace_id, SEE)?;
            let rows = components::rows(tx, &id)?;
            let (items, total) = components::of_run(tx, &id, order, limit, offset)?;
            Ok(RunMetrics { run, rows, page: Page { items, limit, offset, total } })
        })
        .await
    }

    /// Links of all runs that the caller may see.
    pub async fn search_metrics(&self, actor: &Actor, search: MetricSearch) -> Result<Page<ComponentMetric>, Error> {
        let allowed = actor.allow(MONITOR)?;
        let filter = MetricFilter {
            environment: search.environment,
            from_ms: search.from_ms,
            to_ms: search.to_ms,
            any_of: search.any_of,
            visible_to: allowed.visible(SEE),
        };
        let (order, limit, offset) = (search.order, search.limit, search.offset);
        let (items, total) = self
            .read::<_, Error, _>(&allowed, move |tx| Ok(components::search(tx, &filter, order, limit, offset)?))
            .await?;
        Ok(Page { items, limit, offset, total })
    }

    /// Removes metrics that are older than they are kept; gives how many went.
    pub(crate) async fn forget_metrics(&self) -> Result<u64, Error> {
        let before = self.now() - stoker_domain::limits::METRICS_MS;
        let system = crate::Allowed::system();
        if !self.read::<_, Error, _>(&system, move |tx| Ok(components::any_older(tx, before)?)).await? {
            return Ok(0);
        }
        self.write(&system, move |tx| Ok(components::forget(tx, before, BATCH)?)).await
    }
}
