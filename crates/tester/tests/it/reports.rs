//! Reports as files.

use stoker_tester::effort::Effort;
use stoker_tester::model::*;
use stoker_tester::report::{html, json, junit, tap};

use crate::runs::{check, request, run, scenario, with};
use crate::support;

#[tokio::test]
async fn four_forms_of_one_run() {
    let bad = with(request("two", "POST", "/login"), |request| {
        request.assertions = vec![check(Subject::ResponseBody, "content", "Contains", "<b>&\u{1}")];
    });
    let polled =
        with(request("polled", "GET", "/poll"), |request| request.retry = Some(Retry { count: 5, ..Retry::default() }));
    let broken = request("br#oken", "GET", "/${\"x\".md6()}");
    let all = vec![polled, bad, request("three", "GET", "/echo")];
    let report = run(vec![scenario("A & B", ScenarioAdditions::default(), all), broken]).await;

    let xml = junit(&report);
    let document = stoker_tester::xpath::Document::parse(&xml).unwrap();
    let text =
        |path: &str| stoker_tester::xpath::evaluate(&document, path, &Effort::default()).unwrap().text(&document);
    assert_eq!(text("concat(/testsuites/@tests, /testsuites/@failures, /testsuites/@errors)"), "411");
    assert_eq!(text("//testsuite[1]/@name"), "A & B");
    assert_eq!(text("//testcase[@name='polled']/system-out"), "3 attempts");
    // What the schema allows: children and attributes of each element.
    for (element, children, attributes) in [
        ("testsuites", "testsuite", "name time tests failures errors"),
        ("testsuite", "testcase", "name tests failures errors time skipped timestamp"),
        ("testcase", "skipped error failure system-out", "name time classname"),
        ("failure", "", "type message"),
        ("error", "", "type message"),
        ("skipped", "", "type message"),
        ("system-out", "", ""),
    ] {
        let one_of = |names: &str| {
            let names: Vec<String> = names.split(' ').map(|name| format!("name() = '{name}'")).collect();
            names.join(" or ")
        };
        assert_ne!(text(&format!("count(//{element})")), "0", "{element}");
        assert_eq!(text(&format!("count(//{element}/*[not({})])", one_of(children))), "0", "{element}: {xml}");
        assert_eq!(text(&format!("count(//{element}/@*[not({})])", one_of(attributes))), "0", "{element}: {xml}");
    }
    let all = "count(//testsuite[not(@name and @tests and @failures and @errors)] | //testcase[not(@name)])";
    assert_eq!(text(all), "0", "{xml}");
    assert!(text("//testcase[@name='two']/failure").contains("expected Contains `<b>&\u{fffd}`"), "{xml}");
    assert!(text("//testcase[@name='three']/skipped/@message").contains("an earlier request, `two`"));
    assert!(text("//testcase/error").contains("did you mean `md5`?"));

    let lines = tap(&report);
    assert!(lines.starts_with("TAP version 14\n1..4\nok 1 - A & B / polled\nnot ok 2 - A & B / two\n"), "{lines}");
    assert!(
        lines.contains("ok 3 - A & B / three # SKIP an earlier request")
            && lines.contains("not ok 4 - (top) / br\\#oken")
    );

    let page = html(&report);
    assert!(page.contains("A &amp; B") && !page.contains("<b>&") && !page.contains("<script") && page.contains("md6"));

    let value = support::json(&json(&report));
    assert_eq!(value.get("outcome").unwrap().render(), "Error");
    let requests = value.get("units").unwrap().as_array().unwrap()[0].get("requests").unwrap().clone();
    assert_eq!(requests.as_array().unwrap()[1].get("exchange").unwrap().get("status").unwrap().render(), "200");
}

#[tokio::test]
async fn data_that_cannot_be_read_is_an_error_in_every_form() {
    let data = Data { file: Some("gone.csv".into()), ..Data::default() };
    let added = ScenarioAdditions { data: Some(data), ..ScenarioAdditions::default() };
    let report = run(vec![scenario("rows", added, vec![request("x", "GET", "/echo")])]).await;
    let (xml, lines) = (junit(&report), tap(&report));
    assert!(xml.contains("<testsuites tests=\"2\" failures=\"0\" errors=\"1\""), "{xml}");
    assert!(xml.contains("tests=\"2\" failures=\"0\" errors=\"1\" skipped=\"1\"") && xml.contains("gone.csv"), "{xml}");
    assert!(lines.contains("\n1..2\n") && lines.contains("\nnot ok 2 - rows / (scenario)\n# Error\n"), "{lines}");
    assert!(lines.contains("gone.csv"), "{lines}");
    assert!(html(&report).contains("gone.csv"));
}
