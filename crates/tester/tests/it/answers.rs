//! Answers that are hard to read: other charsets, other packing, too long.

use stoker_tester::check::Outcome;
use stoker_tester::model::*;

use crate::runs::{check, outcomes, request, run, run_with, scenario, with};
use crate::server::Server;

#[tokio::test]
async fn charsets_are_read_and_what_cannot_be_read_is_remarked() {
    let latin = with(request("latin", "GET", "/latin"), |request| {
        request.assertions = vec![check(Subject::ResponseBody, "content", "Contains", "grüße")];
    });
    let later = with(request("later", "POST", "/echo"), |request| {
        request.body.text = Some("${getEntityById(\"latin\").\"response\".\"body\"}".into());
        request.assertions = vec![check(Subject::ResponseJsonBody, "$.body", "Contains", "grüße")];
    });
    let broken = with(request("broken", "GET", "/broken"), |request| {
        request.assertions = vec![check(Subject::ResponseJsonBody, "$.a", "Exists", "")];
    });
    let all = vec![latin, later, broken, request("brotli", "GET", "/brotli"), request("wide", "GET", "/wide")];
    let report = run(vec![scenario("s", ScenarioAdditions::default(), all)]).await;
    assert_eq!(report.outcome, Outcome::Ok, "{:?}", report.requests().map(|one| one.explanation()).collect::<Vec<_>>());
    let said: Vec<String> = report.requests().map(|one| one.warnings.join(" ")).collect();
    assert_eq!((said[0].as_str(), said[1].as_str(), said[4].as_str()), ("", "", ""));
    assert!(said[2].contains("the body is no UTF-8 from byte 6 on"), "{said:?}");
    assert!(said[3].contains("packed as `br`, which is not undone"), "{said:?}");
}

#[tokio::test]
async fn secrets_are_blotted_in_bodies_of_every_charset() {
    let all = ["/latin", "/broken", "/wide"].map(|path| request(path, "GET", path)).to_vec();
    let report = run_with(&Server::start().await, all, |options, _| {
        options.secrets.insert("T".into(), "tok-1".into());
    })
    .await
    .0
    .unwrap();
    for request in report.requests() {
        let text = request.exchange.as_ref().unwrap().response.text();
        assert!(!text.contains("tok-1") && text.contains("*****"), "{text}");
    }
    for report in [stoker_tester::report::html(&report), stoker_tester::report::json(&report)] {
        assert!(!report.contains("tok-1"), "{report}");
    }
}

#[tokio::test]
async fn large_and_endless_answers_are_given_up_and_others_go_on() {
    let one = |id: &str, path: &str| scenario(id, ScenarioAdditions::default(), vec![request(id, "GET", path)]);
    let all = vec![one("a", "/endless"), one("b", "/large"), one("c", "/echo")];
    let report = run(all).await;
    assert_eq!(outcomes(&report), [("a", Outcome::Error), ("b", Outcome::Error), ("c", Outcome::Ok)]);
    for request in report.requests().take(2) {
        assert_eq!(
            request.explanation(),
            "the response body is larger than 33554432 bytes, the most that is read here; ask for less of it"
        );
        assert!(request.exchange.is_none(), "nothing of it is kept");
    }
}
