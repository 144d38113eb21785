//! Routes of our own: what the published contract has no call for, and the link of the engines.

use super::{List, people, sign_in, tester};
use crate::handlers::{
    artifacts, docs, engine_link, engines_at_work, events, executions, logs, operator, plan_executions, promotions,
    schedule_preview, settings, standings, triggers, webhooks,
};

pub(super) fn fill(list: &mut List) {
    people::fill_own(list);
    sign_in::fill_own(list);
    tester::fill_own(list);
    list.own("POST", "/stoker/v1/artifacts", artifacts::publish);
    list.own("POST", "/stoker/v1/webhooks/{token}", webhooks::call);
    list.own("GET", "/stoker/v1/tasks/standings", standings::tasks);
    list.own("GET", "/stoker/v1/plans/standings", standings::plans);
    list.own("GET", "/stoker/v1/tasks/{id}/firings", triggers::task::fires);
    list.own("GET", "/stoker/v1/plans/{id}/firings", triggers::plan::fires);
    list.own("GET", "/stoker/v1/tasks/{id}/webhook", triggers::task::webhook);
    list.own("GET", "/stoker/v1/plans/{id}/webhook", triggers::plan::webhook);
    list.own("PUT", "/stoker/v1/tasks/{id}/webhook", triggers::task::webhook_term);
    list.own("PUT", "/stoker/v1/plans/{id}/webhook", triggers::plan::webhook_term);
    list.own("POST", "/stoker/v1/schedules/preview", schedule_preview::preview);
    list.own("GET", "/stoker/v1/executions/summary", executions::summary);
    list.own("GET", "/stoker/v1/executions/{id}/timeline", executions::timeline);
    list.own("GET", "/stoker/v1/executions/plans/{id}/timeline", plan_executions::timeline);
    list.own("DELETE", "/stoker/v1/executions/plans/{id}", plan_executions::stop);
    list.own("GET", "/stoker/v1/engines", engines_at_work::list);
    list.own("GET", "/stoker/v1/engines/{id}", engines_at_work::get);
    list.own("POST", "/stoker/v1/engines/{id}/drain", engines_at_work::drain);
    list.own("POST", "/stoker/v1/engines/{id}/resume", engines_at_work::resume);
    list.own("GET", "/stoker/v1/promotions/{id}/executions", promotions::runs);
    list.own("GET", "/stoker/v1/log-files/{token}", logs::download);
    list.own("GET", "/tmc", docs::page);
    list.own("GET", "/openapi", docs::page);
    list.own("GET", "/openapi/{file}", docs::file);
    list.own("GET", "/stoker/v1/events", events::listen);
    list.own("GET", "/stoker/v1/settings", settings::list);
    list.own("PUT", "/stoker/v1/settings/{name}", settings::set);
    list.own("DELETE", "/stoker/v1/settings/{name}", settings::unset);
    list.own("GET", "/stoker/v1/system", settings::system);
    list.own("GET", "/health/live", operator::live);
    list.own("GET", "/health/ready", operator::ready);
    list.own("GET", "/downloads/remote-engine.tar.gz", operator::tar_gz);
    list.own("GET", "/downloads/remote-engine.zip", operator::zip);
    list.own("POST", stoker_wire::PAIR_PATH, engine_link::pair);
    list.own("POST", stoker_wire::SESSION_PATH, engine_link::session);
    list.own("POST", stoker_wire::POLL_PATH, engine_link::poll);
    list.own("POST", stoker_wire::REPORT_PATH, engine_link::reports);
    list.own("POST", stoker_wire::GOODBYE_PATH, engine_link::goodbye);
    list.own("POST", stoker_wire::api_tests::TAKE_TEST_PATH, engine_link::take_test);
    list.own("POST", stoker_wire::api_tests::TEST_NEWS_PATH, engine_link::test_news);
    list.own("GET", "/engine/v1/artifacts/{sha256}", engine_link::artifact);
}
