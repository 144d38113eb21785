//! The report of a run of API tests as engines tell it, in the form that the description of `/stoker/v1` gives it. It is kept
//! and shown as it is, so nothing else may be in it.

use serde::{Deserialize, Serialize};

/// How a request, an assertion or a scenario ended.
#[derive(Serialize, Deserialize)]
enum Outcome {
    Skipped,
    Ok,
    Failure,
    Error,
}

/// A count or a time.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
struct Natural(i64);

impl TryFrom<i64> for Natural {
    type Error = &'static str;

    fn try_from(value: i64) -> Result<Self, Self::Error> {
        if value < 0 { Err("a number is below 0") } else { Ok(Self(value)) }
    }
}

impl From<Natural> for i64 {
    fn from(value: Natural) -> Self {
        value.0
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    items: Vec<Item>,
    units: Vec<Unit>,
    left_out: Natural,
}

/// A request in it.
#[derive(Serialize, Deserialize)]
struct Item {
    unit: String,
    request: Request,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Unit {
    title: String,
    scenario: bool,
    outcome: Outcome,
    duration_ms: Natural,
    problem: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    id: String,
    name: String,
    element: Option<Element>,
    place: Option<String>,
    outcome: Outcome,
    attempts: Natural,
    duration_ms: Natural,
    problem: Option<String>,
    checks: Vec<Check>,
    warnings: Vec<String>,
    extracted: Vec<Pair>,
    exchange: Option<Exchange>,
}

#[derive(Serialize, Deserialize)]
struct Element {
    number: Natural,
    value: String,
}

#[derive(Serialize, Deserialize)]
struct Check {
    subject: String,
    path: String,
    comparison: String,
    expected: Option<String>,
    received: Option<String>,
    outcome: Outcome,
    message: String,
}

#[derive(Serialize, Deserialize)]
struct Pair {
    name: String,
    value: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Exchange {
    method: String,
    uri: String,
    request_headers: Vec<Pair>,
    request_body: String,
    redirects: Vec<String>,
    status: i32,
    message: String,
    response_headers: Vec<Pair>,
    response_body: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_bytes: Option<String>,
    response_length: Natural,
    latency_ms: Natural,
    duration_ms: Natural,
}

/// A report in the described form. Members that this server does not know, of an engine that is newer, go; what may be
/// `null` may be missing, as an engine that is older leaves it out.
///
/// # Errors
/// Where it is wrong, and what is.
pub fn read(text: &str) -> Result<String, String> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let report: Report = serde_path_to_error::deserialize(&mut reader).map_err(|error| error.to_string())?;
    reader.end().and_then(|()| serde_json::to_string(&report)).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use stoker_tester::check::Outcome as Ended;
    use stoker_tester::hosted::Shown;
    use stoker_tester::run::{RequestReport, RunReport, UnitReport};
    use stoker_tester::{Exchange, Response};

    /// What the tester itself writes, with everything that can be there.
    fn written() -> String {
        let check = stoker_tester::check::check(
            &Response { status: 404, ..Response::default() },
            &stoker_tester::model::Subject::ResponseStatus,
            "code",
            &stoker_tester::model::Comparison::from_name("Equals"),
            "200",
        );
        let pair = || vec![("n".to_owned(), "v".to_owned())];
        let exchange = Exchange {
            request_headers: pair(),
            redirects: vec!["http://before/".into()],
            response: Response { status: 404, headers: pair(), body: vec![0x89, 0xff], ..Response::default() },
            ..Exchange::default()
        };
        let request = RequestReport {
            id: "r".into(),
            name: "Who".into(),
            element: Some((1, "e".into())),
            place: Some("shop.toml:3".into()),
            outcome: Ended::Failure,
            attempts: 1,
            duration_ms: 2,
            problem: Some("p".into()),
            checks: vec![check],
            warnings: vec!["w".into()],
            extracted: pair(),
            exchange: Some(exchange.into()),
        };
        let unit = UnitReport {
            path: vec!["Shop".into()],
            scenario: true,
            row: None,
            outcome: Ended::Failure,
            duration_ms: 2,
            problem: None,
            requests: vec![request],
        };
        let (outcome, environment) = (Ended::Failure, None);
        let report = RunReport { outcome, environment, started_ms: 0, duration_ms: 2, units: vec![unit] };
        Shown::new(true, 100_000).ended(Ok(report)).progress.report
    }

    fn value(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn what_the_tester_writes_comes_back_whole() {
        assert_eq!(value(&read(&written()).unwrap()), value(&written()));
    }

    #[test]
    fn what_is_new_goes_and_what_may_be_null_may_be_missing() {
        let mut told = value(&written());
        told["weather"] = json!("fine");
        let request = &mut told["items"][0]["request"];
        request["mood"] = json!({ "a": 1 });
        for name in ["element", "place", "problem", "exchange"] {
            let _ = request.as_object_mut().unwrap().remove(name);
        }
        let read = value(&read(&told.to_string()).unwrap());
        let request = &read["items"][0]["request"];
        assert_eq!((read.get("weather"), request.get("mood")), (None, None));
        assert_eq!((&request["element"], &request["exchange"]), (&Value::Null, &Value::Null));
    }

    #[test]
    fn what_is_not_in_the_described_form_is_named() {
        for (pointer, wrong, said) in [
            ("/items/0/request/name", json!(7), "expected a string"),
            ("/items/0/request/outcome", json!("Splendid"), "unknown variant `Splendid`"),
            ("/items/0/request/attempts", json!(-1), "below 0"),
            ("/items/0/request/durationMs", json!(u64::MAX), "i64"),
            ("/items/0/request/checks/0/outcome", json!(null), "expected value"),
            ("/items/0/request/checks/0/message", json!(["x"]), "expected a string"),
            ("/items/0/request/extracted/0", json!({ "name": "n" }), "missing field `value`"),
            ("/items/0/request/exchange/status", json!("404"), "i32"),
            ("/items/0/request/exchange/responseHeaders", json!({}), "expected a sequence"),
            ("/items/0/request/element/number", json!(1.5), "i64"),
            ("/units/0/scenario", json!("yes"), "expected a boolean"),
            ("/leftOut", json!(-1), "below 0"),
        ] {
            let mut told = value(&written());
            *told.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = wrong;
            let problem = read(&told.to_string()).unwrap_err();
            let last = pointer.rsplit('/').find(|part| part.parse::<usize>().is_err()).unwrap();
            assert!(problem.contains(said) && problem.contains(last), "{pointer}: {problem}");
        }
    }
}
