//! All routes in one flat list: a search for a path finds its handler.
//!
//! A line of the list serves both generations where they share the operation: the path of the newer one, and the path
//! below `/tmc/vX.Y`. Published operations without a line answer 501.

mod catalog;
mod engine_kinds;
mod own;
mod people;
mod sign_in;
mod tester;

use crate::App;
use crate::console;
use crate::describe::{Describe, Description};
use crate::error::ApiError;
use crate::handlers::{
    accounts, artifacts, engines, environments, executions, history, logs, observability, plan_executions, plans,
    promotions, rights, run_profiles, schedules, tasks, triggers, workspaces,
};
use crate::operations::{Built, Operation, Support, numbered, table};
use axum::Router;
use axum::handler::Handler;
use axum::http::StatusCode;
use axum::routing::{MethodFilter, MethodRouter};
use std::collections::BTreeMap;

/// The routers of the two generations; ours and the engine link are in the first.
///
/// `S` is what is still missing before they can answer: [`App`] as they are built, nothing after
/// [`Routers::with_state`].
#[derive(Clone)]
pub struct Routers<S = ()> {
    /// Paths that do not begin with `/tmc`.
    pub agnostic: Router<S>,
    /// Paths below `/tmc/vX.Y`.
    pub tmc: Router<S>,
}

impl Routers<App> {
    /// Gives every handler the application. Done once: it touches each of several hundred routes.
    pub fn with_state(self, app: App) -> Routers {
        Routers { agnostic: self.agnostic.with_state(app.clone()), tmc: self.tmc.with_state(app) }
    }
}

/// Routers and the table of what is built.
pub struct Routes {
    /// The routers.
    pub routers: Routers<App>,
    /// Every published operation.
    pub operations: Vec<Operation>,
    /// Method and path of what is routed beside them: our own paths, and those of versions before 2.0 below `/tmc`.
    pub unpublished: Vec<(&'static str, String)>,
    /// What the handler of each built operation reads, for the OpenAPI documents.
    pub reads: Vec<Read>,
}

/// What the handler behind a path reads.
#[derive(Clone, Debug)]
pub struct Read {
    /// `2021-03`, also for our own paths, or `v2.6`.
    pub generation: &'static str,
    /// HTTP method.
    pub method: &'static str,
    /// Path as the list has it; below `/tmc/vX.Y` for that generation.
    pub path: String,
    /// Asked only when the documents are made.
    pub description: fn() -> Description,
}

#[derive(Default)]
struct List {
    agnostic: BTreeMap<String, MethodRouter<App>>,
    tmc: BTreeMap<String, MethodRouter<App>>,
    built: Built,
    unpublished: Vec<(&'static str, String)>,
    reads: Vec<Read>,
}

fn filter(method: &str) -> MethodFilter {
    match method {
        "POST" => MethodFilter::POST,
        "PUT" => MethodFilter::PUT,
        "PATCH" => MethodFilter::PATCH,
        "DELETE" => MethodFilter::DELETE,
        _ => MethodFilter::GET,
    }
}

fn put<H: Handler<T, App>, T: 'static>(
    map: &mut BTreeMap<String, MethodRouter<App>>,
    path: &str,
    method: &str,
    handler: H,
) {
    let path = numbered(path);
    let before = map.remove(&path).unwrap_or_default();
    map.insert(path, before.on(filter(method), handler));
}

impl List {
    /// An operation that both generations have.
    fn both<H, T>(&mut self, method: &'static str, path: &str, tmc: &str, support: Support, handler: H)
    where
        H: Handler<T, App>,
        T: Describe + 'static,
    {
        put(&mut self.tmc, tmc, method, handler.clone());
        self.read::<T>("v2.6", method, tmc);
        self.built.insert(("v2.6", method, numbered(tmc)), support);
        self.newer(method, path, support, handler);
    }

    /// An operation of the older generation only.
    fn older<H, T>(&mut self, method: &'static str, tmc: &str, support: Support, handler: H)
    where
        H: Handler<T, App>,
        T: Describe + 'static,
    {
        put(&mut self.tmc, tmc, method, handler);
        self.read::<T>("v2.6", method, tmc);
        self.built.insert(("v2.6", method, numbered(tmc)), support);
    }

    /// An operation of the newer generation only.
    fn newer<H, T>(&mut self, method: &'static str, path: &str, support: Support, handler: H)
    where
        H: Handler<T, App>,
        T: Describe + 'static,
    {
        put(&mut self.agnostic, path, method, handler);
        self.read::<T>("2021-03", method, path);
        self.built.insert(("2021-03", method, numbered(path)), support);
    }

    /// A path of an old version below `/tmc`, or one of ours: in no published table.
    fn own<H, T>(&mut self, method: &'static str, path: &str, handler: H)
    where
        H: Handler<T, App>,
        T: Describe + 'static,
    {
        put(&mut self.agnostic, path, method, handler);
        self.read::<T>("2021-03", method, path);
        self.unpublished.push((method, path.to_owned()));
    }

    fn old<H, T>(&mut self, method: &'static str, path: &str, handler: H)
    where
        H: Handler<T, App>,
        T: Describe + 'static,
    {
        put(&mut self.tmc, path, method, handler);
        self.read::<T>("v2.6", method, path);
        self.unpublished.push((method, format!("/tmc/v1.3{path}")));
    }

    fn read<T: Describe>(&mut self, generation: &'static str, method: &'static str, path: &str) {
        self.reads.push(Read { generation, method, path: path.to_owned(), description: T::description });
    }
}

async fn missing() -> ApiError {
    ApiError::not_built()
}

async fn no_path() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "there is no such path")
}

async fn no_method() -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "the method is not allowed on this path")
}

/// Builds the routers; every published operation without a handler gets one that answers 501.
pub fn build() -> Routes {
    let mut list = List::default();
    fill_identity(&mut list);
    people::fill(&mut list);
    fill_orchestration(&mut list);
    fill_schedules(&mut list);
    fill_processing(&mut list);
    engine_kinds::fill(&mut list);
    fill_promotions(&mut list);
    own::fill(&mut list);
    let operations = table(&list.built);
    for operation in operations.iter().filter(|o| o.support == Support::Missing) {
        let map = if operation.generation == "v2.6" { &mut list.tmc } else { &mut list.agnostic };
        put(map, operation.path, operation.method, missing);
    }
    let router = |map: BTreeMap<String, MethodRouter<App>>| {
        let router = map
            .into_iter()
            .fold(Router::new(), |router, (path, methods)| router.route(&path, methods.fallback(no_method)));
        router.fallback(no_path)
    };
    // Paths that no route has may be files and places of the console.
    let agnostic = router(list.agnostic).fallback(console::answer);
    let routers = Routers { agnostic, tmc: router(list.tmc) };
    Routes { routers, operations, unpublished: list.unpublished, reads: list.reads }
}

fn fill_identity(list: &mut List) {
    use Support::Complete;
    list.newer("POST", "/security/oauth/token", Complete, accounts::token);
    list.newer("GET", "/account/service-accounts", Complete, accounts::list);
    list.newer("POST", "/account/service-accounts", Complete, accounts::create);
    list.newer("GET", "/account/service-accounts/{id}", Complete, accounts::get);
    list.newer("PUT", "/account/service-accounts/{id}", Complete, accounts::update);
    list.newer("DELETE", "/account/service-accounts/{id}", Complete, accounts::delete);
    list.newer("GET", "/account/service-accounts/count", Complete, accounts::count);
    list.newer("GET", "/account/service-accounts/permissions", Complete, accounts::permissions);

    let user = "/security/workspaces/{workspaceId}/users/{userId}/permissions";
    let user_tmc = "/workspaces/{workspaceId}/users/{userId}/permissions";
    list.both("GET", user, user_tmc, Complete, rights::users::get);
    list.both("POST", user, user_tmc, Complete, rights::users::create);
    list.both("PUT", user, user_tmc, Complete, rights::users::replace);
    list.both("DELETE", user, user_tmc, Complete, rights::users::delete);
    list.both("GET", "/security/permissions", "/permissions", Complete, rights::users::search);
    list.both("POST", "/security/permissions/batch", "/permissions/batch", Complete, rights::users::create_batch);
    list.both("PUT", "/security/permissions/batch", "/permissions/batch", Complete, rights::users::replace_batch);
    list.both("DELETE", "/security/permissions/batch", "/permissions/batch", Complete, rights::users::delete_batch);
    let service = "/security/workspaces/{workspaceId}/service-accounts/{serviceAccountId}/permissions";
    list.newer("GET", service, Complete, rights::service_accounts::get);
    list.newer("POST", service, Complete, rights::service_accounts::create);
    list.newer("PUT", service, Complete, rights::service_accounts::replace);
    list.newer("DELETE", service, Complete, rights::service_accounts::delete);
    let search = "/security/service-accounts/permissions";
    list.newer("GET", search, Complete, rights::service_accounts::search);
    let batch = "/security/service-accounts/permissions/batch";
    list.newer("POST", batch, Complete, rights::service_accounts::create_batch);
    list.newer("PUT", batch, Complete, rights::service_accounts::replace_batch);
    list.newer("DELETE", batch, Complete, rights::service_accounts::delete_batch);
}

fn fill_orchestration(list: &mut List) {
    use Support::Complete;
    list.both("GET", "/orchestration/environments", "/environments", Complete, environments::list);
    list.both("POST", "/orchestration/environments", "/environments", Complete, environments::create);
    list.both("PUT", "/orchestration/environments/{id}", "/environments/{id}", Complete, environments::update);
    list.both("DELETE", "/orchestration/environments/{id}", "/environments/{id}", Complete, environments::delete);

    list.both("GET", "/orchestration/workspaces", "/workspaces", Complete, workspaces::list);
    list.both("POST", "/orchestration/workspaces", "/workspaces", Complete, workspaces::create);
    list.both("PUT", "/orchestration/workspaces/{id}", "/workspaces/{id}", Complete, workspaces::update);
    list.both("DELETE", "/orchestration/workspaces/{id}", "/workspaces/{id}", Complete, workspaces::delete);

    let artifact = ("/orchestration/artifacts/{artifactId}", "/artifacts/{id}");
    let version = ("/orchestration/artifacts/{artifactId}/versions/{version}", "/artifacts/{id}/versions/{version}");
    list.both("GET", "/orchestration/artifacts", "/artifacts", Complete, artifacts::list);
    list.both("GET", artifact.0, artifact.1, Complete, artifacts::get);
    list.both("DELETE", artifact.0, artifact.1, Complete, artifacts::delete);
    list.both("GET", version.0, version.1, Complete, artifacts::version);
    list.both("DELETE", version.0, version.1, Complete, artifacts::delete_version);

    let all = ("/orchestration/executables/tasks", "/executables/tasks");
    let one = ("/orchestration/executables/tasks/{taskId}", "/executables/tasks/{taskId}");
    let config = ("/orchestration/executables/tasks/{taskId}/run-config", "/executables/tasks/{taskId}/run-config");
    let pause = ("/orchestration/executables/tasks/{taskId}/pause", "/executables/tasks/{taskId}/pause");
    list.both("GET", all.0, all.1, Complete, tasks::list);
    list.both("POST", all.0, all.1, Complete, tasks::create);
    let search = ("/orchestration/executables/tasks/search", "/executables/tasks/search");
    list.both("POST", search.0, search.1, Complete, tasks::search);
    list.both("GET", one.0, one.1, Complete, tasks::get);
    list.both("PUT", one.0, one.1, Complete, tasks::update);
    list.newer("PATCH", one.0, Complete, tasks::patch);
    list.both("DELETE", one.0, one.1, Complete, tasks::delete);
    list.both("GET", config.0, config.1, Complete, tasks::get_run_config);
    list.both("PUT", config.0, config.1, Complete, tasks::put_run_config);
    list.both("PUT", pause.0, pause.1, Complete, tasks::pause);
    list.newer("GET", "/processing/executables/tasks", Complete, tasks::list);
    catalog::fill(list);
    fill_plans(list);
    // Versions before 2.0 have one path for all executables.
    list.old("GET", "/executables", tasks::list);
    list.old("GET", "/executables/{id}", tasks::get);
}

fn fill_plans(list: &mut List) {
    use Support::Complete;
    let all = ("/orchestration/executables/plans", "/executables/plans");
    let one = ("/orchestration/executables/plans/{planId}", "/executables/plans/{planId}");
    let config = ("/orchestration/executables/plans/{planId}/run-config", "/executables/plans/{planId}/run-config");
    let pause = ("/orchestration/executables/plans/{planId}/pause", "/executables/plans/{planId}/pause");
    let schedule = ("/orchestration/executables/plans/{planId}/schedule", "/executables/plans/{planId}/schedule");
    let upcoming = (
        "/orchestration/executables/plans/{planId}/run-config/events",
        "/executables/plans/{planId}/run-config/events",
    );
    list.both("GET", all.0, all.1, Complete, plans::list);
    list.both("POST", all.0, all.1, Complete, plans::create);
    list.both("GET", one.0, one.1, Complete, plans::get);
    list.both("PUT", one.0, one.1, Complete, plans::update);
    list.both("DELETE", one.0, one.1, Complete, plans::delete);
    list.both("GET", config.0, config.1, Complete, plans::get_run_config);
    list.both("PUT", config.0, config.1, Complete, plans::put_run_config);
    list.both("DELETE", config.0, config.1, Complete, triggers::plan::stop);
    list.both("GET", upcoming.0, upcoming.1, Complete, triggers::plan::events);
    list.both("GET", schedule.0, schedule.1, Complete, triggers::plan::schedule);
    list.both("PUT", schedule.0, schedule.1, Complete, triggers::plan::link);
    list.both("DELETE", schedule.0, schedule.1, Complete, triggers::plan::unlink);
    list.both("PUT", pause.0, pause.1, Complete, plans::pause);
    list.newer("GET", "/processing/executables/plans", Complete, plans::list);

    let start = ("/processing/executions/plans", "/executions/plans");
    let run = ("/processing/executions/plans/{planExecutionId}", "/executions/plans/{id}");
    let steps = ("/processing/executions/plans/{planExecutionId}/steps", "/executions/plans/{planExecutionId}/steps");
    let step = (
        "/processing/executions/plans/{planExecutionId}/steps/{stepExecutionId}",
        "/executions/plans/{planExecutionId}/steps/{stepExecutionId}",
    );
    let handler = (
        "/processing/executions/plans/{planExecutionId}/steps/{stepExecutionId}/error-handler",
        "/executions/plans/{planExecutionId}/steps/{stepExecutionId}/error-handler",
    );
    let runs = ("/processing/executables/plans/executions", "/executables/plans/executions");
    let of_plan = ("/processing/executables/plans/{planId}/executions", "/executables/plans/{planId}/executions");
    list.both("POST", start.0, start.1, Complete, plan_executions::start);
    list.both("GET", run.0, run.1, Complete, plan_executions::get);
    list.both("GET", steps.0, steps.1, Complete, plan_executions::steps);
    list.both("GET", step.0, step.1, Complete, plan_executions::step);
    list.both("GET", handler.0, handler.1, Complete, plan_executions::error_handler);
    list.both("GET", runs.0, runs.1, Complete, plan_executions::list);
    list.both("GET", of_plan.0, of_plan.1, Complete, plan_executions::of_plan);
}

fn fill_promotions(list: &mut List) {
    use Support::Complete;
    let all = ("/orchestration/executables/promotions", "/executables/promotions");
    let one = ("/orchestration/executables/promotions/{promotionId}", "/executables/promotions/{promotionId}");
    let users = ("/orchestration/executables/promotions/{promotionId}/users", "/executables/promotions/{id}/users");
    let user =
        ("/orchestration/executables/promotions/{id}/users/{userId}", "/executables/promotions/{id}/users/{userId}");
    list.both("GET", all.0, all.1, Complete, promotions::list);
    list.both("POST", all.0, all.1, Complete, promotions::create);
    list.both("GET", one.0, one.1, Complete, promotions::get);
    list.both("PATCH", one.0, one.1, Complete, promotions::patch);
    list.both("DELETE", one.0, one.1, Complete, promotions::delete);
    list.both("GET", users.0, users.1, Complete, promotions::users);
    list.both("PUT", user.0, user.1, Complete, promotions::add_user);
    list.both("DELETE", user.0, user.1, Complete, promotions::remove_user);
    let account = "/orchestration/executables/promotions/{promotionId}/service-accounts/{serviceAccountId}";
    list.newer("PUT", account, Complete, promotions::add_account);
    list.newer("DELETE", account, Complete, promotions::remove_account);
    let run = ("/processing/executions/promotions", "/executions/promotions");
    let report = ("/processing/executions/promotions/{executionId}", "/executions/promotions/{executionId}");
    list.both("POST", one.0, "/executions/promotions/{id}", Complete, promotions::analyse);
    list.both("POST", run.0, run.1, Complete, promotions::run);
    list.both("GET", report.0, report.1, Complete, promotions::report);
}

fn fill_schedules(list: &mut List) {
    use Support::Complete;
    let all = ("/orchestration/schedules", "/schedules");
    let one = ("/orchestration/schedules/{scheduleId}", "/schedules/{scheduleId}");
    let triggers = ("/orchestration/schedules/{scheduleId}/triggers", "/schedules/{scheduleId}/triggers");
    let events = ("/orchestration/schedules/{scheduleId}/events", "/schedules/{scheduleId}/events");
    list.both("GET", all.0, all.1, Complete, schedules::list);
    list.both("POST", all.0, all.1, Complete, schedules::create);
    list.both("GET", one.0, one.1, Complete, schedules::get);
    list.both("POST", one.0, one.1, Complete, schedules::copy);
    list.both("PATCH", one.0, one.1, Complete, schedules::patch);
    list.both("DELETE", one.0, one.1, Complete, schedules::delete);
    list.both("POST", triggers.0, triggers.1, Complete, schedules::add_trigger);
    list.both("PUT", triggers.0, triggers.1, Complete, schedules::replace_trigger);
    list.both("DELETE", triggers.0, triggers.1, Complete, schedules::delete_trigger);
    list.both("GET", events.0, events.1, Complete, schedules::events);
    let link = ("/orchestration/executables/tasks/{taskId}/schedule", "/executables/tasks/{taskId}/schedule");
    let config = ("/orchestration/executables/tasks/{taskId}/run-config", "/executables/tasks/{taskId}/run-config");
    let upcoming = (
        "/orchestration/executables/tasks/{taskId}/run-config/events",
        "/executables/tasks/{taskId}/run-config/events",
    );
    list.both("GET", link.0, link.1, Complete, triggers::task::schedule);
    list.both("PUT", link.0, link.1, Complete, triggers::task::link);
    list.both("DELETE", link.0, link.1, Complete, triggers::task::unlink);
    list.both("DELETE", config.0, config.1, Complete, triggers::task::stop);
    list.both("GET", upcoming.0, upcoming.1, Complete, triggers::task::events);
    let search = ("/orchestration/executables/events/search", "/executables/events/search");
    list.both("POST", search.0, search.1, Complete, schedules::search);
}

fn fill_processing(list: &mut List) {
    use Support::{Complete, Partial};
    let one = ("/processing/executions/{executionId}", "/executions/{id}");
    list.both("POST", "/processing/executions", "/executions", Complete, executions::start);
    list.both("GET", one.0, one.1, Complete, executions::get);
    list.both("DELETE", one.0, one.1, Complete, executions::stop);
    let all = ("/processing/executables/tasks/executions", "/executables/tasks/executions");
    list.both("GET", all.0, all.1, Complete, executions::list);
    list.both("POST", all.0, all.1, Complete, executions::search);
    let task = ("/processing/executables/tasks/{taskId}/executions", "/executables/tasks/{taskId}/executions");
    list.both("GET", task.0, task.1, Complete, executions::of_task);
    list.newer("GET", "/orchestration/executables/tasks/{taskId}/executions", Complete, executions::of_task);

    let log = ("/monitoring/executions/{id}/logs", "/executions/{id}/logs");
    let status = ("/monitoring/executions/{id}/logs/status", "/executions/{id}/logs/status");
    list.both("GET", log.0, log.1, Complete, logs::page);
    list.both("POST", log.0, log.1, Complete, logs::generate);
    list.both("POST", status.0, status.1, Complete, logs::status);
    list.newer("DELETE", log.0, Complete, logs::delete);
    const OBSERVED: &str = "/monitoring/observability/executions";
    list.newer("POST", &format!("{OBSERVED}/search"), Complete, history::search);
    list.newer("POST", &format!("{OBSERVED}/download"), Complete, history::download);
    list.newer("GET", &format!("{OBSERVED}/{{executionId}}/component"), Complete, observability::of_run);
    list.newer("POST", "/monitoring/observability/metrics/component", Complete, observability::search);

    let engines_all = ("/processing/runtimes/remote-engines", "/runtimes/remote-engines");
    let engine = ("/processing/runtimes/remote-engines/{id}", "/runtimes/remote-engines/{id}");
    let pairing = ("/processing/runtimes/remote-engines/{id}/pairing", "/runtimes/remote-engines/{id}/pairing");
    let debug = ("/processing/runtimes/remote-engines/{id}/debug", "/runtimes/remote-engines/{id}/debug");
    list.both("GET", engines_all.0, engines_all.1, Complete, engines::list);
    list.both("POST", engines_all.0, engines_all.1, Complete, engines::create);
    list.both("GET", engine.0, engine.1, Complete, engines::get);
    list.both("DELETE", engine.0, engine.1, Complete, engines::delete);
    let services = Partial("there are no deployed services yet, so keep...Deployments changes nothing");
    list.newer("GET", "/processing/engines", Complete, engines::services);
    list.both("DELETE", pairing.0, pairing.1, services, engines::unpair);
    list.both(
        "PUT",
        debug.0,
        debug.1,
        Partial("stored and shown; the protocol by which a designer runs jobs on an engine is not published"),
        engines::debug,
    );

    let clusters = ("/processing/runtimes/remote-engine-clusters", "/runtimes/remote-engine-clusters");
    let cluster =
        ("/processing/runtimes/remote-engine-clusters/{clusterId}", "/runtimes/remote-engine-clusters/{clusterId}");
    let member = (
        "/processing/runtimes/remote-engine-clusters/{clusterId}/engines/{engineId}",
        "/runtimes/remote-engine-clusters/{clusterId}/engines/{engineId}",
    );
    list.both("GET", clusters.0, clusters.1, Complete, engines::list_clusters);
    list.both("POST", clusters.0, clusters.1, Complete, engines::create_cluster);
    list.both("GET", cluster.0, cluster.1, Complete, engines::get_cluster);
    list.both("DELETE", cluster.0, cluster.1, Complete, engines::delete_cluster);
    list.both("PUT", member.0, member.1, Complete, engines::add_engine);
    list.both("DELETE", member.0, member.1, Complete, engines::remove_engine);

    let profiles = (
        "/processing/runtimes/remote-engines/{engineId}/run-profiles",
        "/runtimes/remote-engines/{engineId}/run-profiles",
    );
    let profile = (
        "/processing/runtimes/remote-engines/{engineId}/run-profiles/{runProfileId}",
        "/runtimes/remote-engines/{engineId}/run-profiles/{runProfileId}",
    );
    list.both("GET", profiles.0, profiles.1, Complete, run_profiles::engine::list);
    list.both("POST", profiles.0, profiles.1, Complete, run_profiles::engine::create);
    list.both("GET", profile.0, profile.1, Complete, run_profiles::engine::get);
    list.both("PUT", profile.0, profile.1, Complete, run_profiles::engine::update);
    list.both("DELETE", profile.0, profile.1, Complete, run_profiles::engine::delete);
    let profiles = (
        "/processing/runtimes/remote-engine-clusters/{clusterId}/run-profiles",
        "/runtimes/remote-engine-clusters/{clusterId}/run-profiles",
    );
    let profile = (
        "/processing/runtimes/remote-engine-clusters/{clusterId}/run-profiles/{runProfileId}",
        "/runtimes/remote-engine-clusters/{clusterId}/run-profiles/{runProfileId}",
    );
    list.both("GET", profiles.0, profiles.1, Complete, run_profiles::cluster::list);
    list.both("POST", profiles.0, profiles.1, Complete, run_profiles::cluster::create);
    list.both("GET", profile.0, profile.1, Complete, run_profiles::cluster::get);
    list.both("PUT", profile.0, profile.1, Complete, run_profiles::cluster::update);
    list.both("DELETE", profile.0, profile.1, Complete, run_profiles::cluster::delete);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_names_only_published_operations() {
        let mut list = List::default();
        fill_identity(&mut list);
        people::fill(&mut list);
        fill_orchestration(&mut list);
        fill_schedules(&mut list);
        fill_processing(&mut list);
        engine_kinds::fill(&mut list);
        fill_promotions(&mut list);
        let published: Vec<_> =
            table(&Built::new()).into_iter().map(|o| (o.generation, o.method, numbered(o.path))).collect();
        for key in list.built.keys() {
            assert!(published.contains(key), "{key:?} is in no published table");
        }
    }

    #[test]
    fn every_published_operation_is_routed() {
        let routes = build();
        assert_eq!(routes.operations.len(), 280 + 153);
        assert!(routes.operations.iter().any(|o| o.support == Support::Complete));
    }
}
