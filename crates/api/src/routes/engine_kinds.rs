//! Routes of the engines that are entities only: Gen2 and Dynamic Engines, and run profiles of every kind of engine.

use super::{List, put};
use crate::handlers::{dynamic_engines, dynamic_environments, pipeline_engines, pipeline_profiles, run_profile_search};
use crate::operations::Support;

pub(super) fn fill(list: &mut List) {
    use Support::{Complete, Partial};
    let all = ("/processing/runtimes/pipeline-engines", "/runtimes/pipeline-engines");
    let one = ("/processing/runtimes/pipeline-engines/{engineId}", "/runtimes/pipeline-engines/{engineId}");
    let pairing =
        ("/processing/runtimes/pipeline-engines/{engineId}/pairing", "/runtimes/pipeline-engines/{engineId}/pairing");
    let profiles = (
        "/processing/runtimes/pipeline-engines/{engineId}/run-profiles",
        "/runtimes/pipeline-engines/{engineId}/run-profiles",
    );
    let of_type = (
        "/processing/runtimes/pipeline-engines/{engineId}/run-profiles/{type}/{runProfileId}",
        "/runtimes/pipeline-engines/{engineId}/run-profiles/{type}/{runProfileId}",
    );
    list.both("GET", all.0, all.1, Complete, pipeline_engines::list);
    let unpaired = Partial("no Gen2 engine can be paired: its protocol is not published");
    list.both("POST", all.0, all.1, unpaired, pipeline_engines::create);
    list.both("GET", one.0, one.1, Complete, pipeline_engines::get);
    list.both("DELETE", one.0, one.1, Complete, pipeline_engines::delete);
    list.both("DELETE", pairing.0, pairing.1, Complete, pipeline_engines::unpair);
    list.both("GET", profiles.0, profiles.1, Complete, pipeline_engines::profiles);
    list.both("DELETE", of_type.0, of_type.1, Complete, pipeline_profiles::delete_of_type);
    fill_kinds(list);
    fill_dynamic(list);
    let all = "/processing/run-profiles";
    let one = "/processing/run-profiles/{id}";
    list.newer("POST", all, Complete, run_profile_search::create);
    list.newer("POST", "/processing/run-profiles/search", Complete, run_profile_search::search);
    list.newer("GET", one, Complete, run_profile_search::get);
    list.newer("PUT", one, Complete, run_profile_search::update);
    list.newer("DELETE", one, Complete, run_profile_search::delete);
}

/// The five kinds of run profiles of Gen2 engines. The published path for removing has the kind as a parameter; a router
/// prefers the fixed path of the kind, so the same call stands there too.
fn fill_kinds(list: &mut List) {
    macro_rules! kind {
        ($name:literal, $module:ident) => {{
            const ALL: (&str, &str) = (
                concat!("/processing/runtimes/pipeline-engines/{engineId}/run-profiles/", $name),
                concat!("/runtimes/pipeline-engines/{engineId}/run-profiles/", $name),
            );
            const ONE: (&str, &str) = (
                concat!("/processing/runtimes/pipeline-engines/{engineId}/run-profiles/", $name, "/{runProfileId}"),
                concat!("/runtimes/pipeline-engines/{engineId}/run-profiles/", $name, "/{runProfileId}"),
            );
            list.both("POST", ALL.0, ALL.1, Support::Complete, pipeline_profiles::$module::create);
            list.both("GET", ONE.0, ONE.1, Support::Complete, pipeline_profiles::$module::get);
            list.both("PUT", ONE.0, ONE.1, Support::Complete, pipeline_profiles::$module::replace);
            put(&mut list.agnostic, ONE.0, "DELETE", pipeline_profiles::$module::delete);
            put(&mut list.tmc, ONE.1, "DELETE", pipeline_profiles::$module::delete);
        }};
    }
    kind!("advanced", advanced);
    kind!("big-data", big_data);
    kind!("databricks", databricks);
    kind!("standard", standard);
    kind!("data-integration", data_integration);
}

fn fill_dynamic(list: &mut List) {
    use Support::{Complete, Partial};
    let all = "/processing/runtimes/dynamic-engines";
    let one = "/processing/runtimes/dynamic-engines/{id}";
    let environment = "/processing/runtimes/dynamic-engines/{dynamicEngineId}/environments/{environmentId}";
    let environment_status =
        "/processing/runtimes/dynamic-engines/{dynamicEngineId}/environments/{environmentId}/status";
    let apart = Partial("no installation can be connected: its protocol is not published");
    list.newer("GET", all, Complete, dynamic_engines::list);
    list.newer("POST", all, apart, dynamic_engines::create);
    list.newer("GET", one, Complete, dynamic_engines::get);
    list.newer("PUT", one, Complete, dynamic_engines::update);
    list.newer("DELETE", one, Complete, dynamic_engines::delete);
    let status = "/processing/runtimes/dynamic-engines/{dynamicEngineId}/infra/status";
    list.newer("GET", status, Complete, dynamic_engines::status);
    list.newer("GET", environment_status, Complete, dynamic_engines::environment_status);
    list.newer("DELETE", environment, Complete, dynamic_engines::remove_environment);
    let versions = "/processing/runtimes/dynamic-engine-versions";
    list.newer("GET", versions, Partial("always empty: no version can be connected"), dynamic_engines::versions);

    let all = "/orchestration/dynamic-engine-environments";
    let one = "/orchestration/dynamic-engine-environments/{environmentId}";
    let connection = "/orchestration/dynamic-engine-environments/{environmentId}/connection";
    list.newer("POST", all, Complete, dynamic_environments::create);
    let search = "/orchestration/dynamic-engine-environments/search";
    list.newer("POST", search, Complete, dynamic_environments::search);
    list.newer("GET", one, Complete, dynamic_environments::get);
    list.newer("PUT", one, Complete, dynamic_environments::update);
    list.newer("DELETE", one, Complete, dynamic_environments::delete);
    list.newer("POST", connection, Complete, dynamic_environments::assign);
    list.newer("DELETE", connection, Complete, dynamic_environments::unassign);
    let config = "/orchestration/executables/tasks/{taskId}/de-run-config";
    list.newer("GET", config, Complete, dynamic_environments::get_run_config);
    let lineage = Partial("lineage is not collected; asking for it answers 501");
    list.newer("PUT", config, lineage, dynamic_environments::put_run_config);
    list.newer("DELETE", config, Complete, dynamic_environments::stop_schedule);
}
