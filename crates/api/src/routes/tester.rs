//! Routes of the API tester of the console.

use super::List;
use crate::handlers::{tester, tester_runs, tester_tools};

pub(super) fn fill_own(list: &mut List) {
    list.own("GET", "/stoker/v1/tester/projects", tester::list);
    list.own("POST", "/stoker/v1/tester/projects", tester::create);
    list.own("GET", "/stoker/v1/tester/projects/{id}", tester::get);
    list.own("PUT", "/stoker/v1/tester/projects/{id}", tester::put);
    list.own("DELETE", "/stoker/v1/tester/projects/{id}", tester::delete);
    list.own("PUT", "/stoker/v1/tester/projects/{id}/workspace", tester::share);
    list.own("PUT", "/stoker/v1/tester/projects/{id}/secrets", tester::secrets);
    list.own("POST", "/stoker/v1/tester/imports", tester_tools::import);
    list.own("GET", "/stoker/v1/tester/projects/{id}/export", tester_tools::export);
    list.own("POST", "/stoker/v1/tester/projects/{id}/preview", tester_tools::preview);
    list.own("POST", "/stoker/v1/tester/projects/{id}/code", tester_tools::code);
    list.own("POST", "/stoker/v1/tester/projects/{id}/checks", tester_tools::checks);
    list.own("POST", "/stoker/v1/tester/projects/{id}/runs", tester_runs::start);
    list.own("GET", "/stoker/v1/tester/engines", tester_runs::engines);
    list.own("GET", "/stoker/v1/tester/runs", tester_runs::list);
    list.own("GET", "/stoker/v1/tester/runs/{id}", tester_runs::get);
    list.own("POST", "/stoker/v1/tester/runs/{id}/cancel", tester_runs::cancel);
}
