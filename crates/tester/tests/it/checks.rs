//! Comparisons, one by one.

use stoker_tester::Response;
use stoker_tester::check::{Outcome, check};
use stoker_tester::model::{Comparison, Subject};

fn response() -> Response {
    Response {
        status: 200,
        message: "OK".into(),
        headers: vec![("Count".into(), "12".into()), ("Vary".into(), "a, b".into()), ("Vary".into(), "c".into())],
        body: br#"{"s":"RECORD","n":10.0,"b":true,"z":null,"a":["Azure","AWS",1],"o":{"k":1,"l":2},"e":[],"w":" "}"#
            .to_vec(),
        ..Response::default()
    }
}

#[test]
fn comparisons_on_json() {
    use Outcome::{Error, Failure, Ok};
    for (path, comparison, expected, outcome) in [
        ("$.s", "Equals", "RECORD", Ok),
        ("$.s", "Equals", "\"RECORD\"", Ok),
        ("$.s", "DoesNotEqual", "record", Ok),
        ("$.n", "Equals", "10", Ok),
        ("$.n", "Greater", "9.5", Ok),
        ("$.n", "GreateOrEqual", "10", Ok),
        ("$.n", "GreaterThanOrEqual", "11", Failure),
        ("$.n", "Less", "abc", Error),
        ("$.s", "Greater", "\"abc\"", Ok),
        ("$.z", "Greater", "1", Error),
        ("$.b", "Equals", "true", Ok),
        ("$.z", "Equals", "null", Ok),
        ("$.z", "Exists", "stale", Ok),
        ("$.none", "DoesNotExist", "stale", Ok),
        ("$.a", "Contains", "Azure", Ok),
        ("$.a", "Contains", "\"Azure\", \"AWS\"", Ok),
        ("$.a", "Contains", "[1, \"AWS\"]", Ok),
        ("$.a", "Contains", "\"AWS\", \"GCP\"", Failure),
        ("$.a", "DoesNotContain", "GCP", Ok),
        ("$.o", "Contains", "\"k\",\"l\"", Ok),
        ("$.n", "Contains", "1", Error),
        ("$.s", "Contains", "COR", Ok),
        ("$.a", "LengthEqual", "3", Ok),
        ("$.", "LengthGreaterThanOrEqual", "8", Ok),
        ("$.s", "LengthLessOrEqual", "6", Ok),
        ("$.n", "LengthEqual", "2", Error),
        ("$.a", "LengthEqual", "many", Error),
        ("$.s", "Matches", "/^rec/i", Ok),
        ("$.a", "Matches", "Azure\",\"AWS", Ok),
        ("$.w", "IsBlank", "", Ok),
        ("$.s", "IsNotBlank", "", Ok),
        ("$.e", "Equals", "[ ]", Ok),
        ("$.a[0]", "Equals", "Azure", Ok),
        ("$..zzz", "Exists", "", Failure),
    ] {
        let made = check(&response(), &Subject::ResponseJsonBody, path, &Comparison::from_name(comparison), expected);
        assert_eq!(made.outcome, outcome, "{path} {comparison} {expected}: {}", made.message);
    }
}

#[test]
fn comparisons_on_the_rest() {
    for (subject, path, comparison, expected) in [
        (Subject::ResponseStatus, "message", "Equals", "OK"),
        (Subject::ResponseHeader, "count", "Greater", "3"),
        (Subject::ResponseHeader, "vary", "LengthEqual", "3"),
        (Subject::ResponseHeader, "vary", "Contains", "b, c"),
        (Subject::ResponseHeader, "nope", "DoesNotExist", ""),
        (Subject::ResponseBody, "content", "Exists", ""),
        (Subject::ResponseBody, "content", "Contains", "RECORD"),
    ] {
        let made = check(&response(), &subject, path, &Comparison::from_name(comparison), expected);
        assert_eq!(made.outcome, Outcome::Ok, "{subject:?} {path}: {}", made.message);
    }
    let xml = Response { body: b"<a><b>7</b><b>8</b><c>x</c></a>".to_vec(), ..Response::default() };
    for (path, comparison, expected) in [
        ("//c", "Equals", "x"),
        ("//b", "LengthEqual", "2"),
        ("//b", "Contains", "7"),
        ("//b[1]", "Greater", "6"),
        ("count(//b)", "Equals", "2"),
        ("//c", "LengthEqual", "1"),
        ("//d", "DoesNotExist", ""),
    ] {
        let made = check(&xml, &Subject::ResponseXmlBody, path, &Comparison::from_name(comparison), expected);
        assert_eq!(made.outcome, Outcome::Ok, "{path}: {}", made.message);
    }
    let empty = check(&Response::default(), &Subject::ResponseBody, "content", &Comparison::from_name("Exists"), "");
    assert_eq!(empty.outcome, Outcome::Failure);
}

/// Which comparison fits which value: `o` it can be judged, `E` it is an Error, `x` it does not hold because nothing is
/// there, `+` it holds for the same reason.
#[test]
fn every_comparison_on_every_kind_of_value() {
    const KINDS: [(&str, &str); 9] = [
        ("text", "$.s"),
        ("number", "$.n"),
        ("boolean", "$.b"),
        ("null", "$.z"),
        ("array", "$.a"),
        ("object", "$.o"),
        ("missing", "$.none"),
        ("header", "count"),
        ("nodes", "//b"),
    ];
    let xml = Response { body: b"<a><b>7</b><b>8</b></a>".to_vec(), ..Response::default() };
    let verdict = |kind: &str, path: &str, comparison: &str| {
        let (response, subject) = match kind {
            "header" => (response(), Subject::ResponseHeader),
            "nodes" => (xml.clone(), Subject::ResponseXmlBody),
            _ => (response(), Subject::ResponseJsonBody),
        };
        let made = check(&response, &subject, path, &Comparison::from_name(comparison), "1");
        match (made.outcome, kind) {
            (Outcome::Error, _) => 'E',
            (Outcome::Ok, "missing") => '+',
            (_, "missing") => 'x',
            _ => 'o',
        }
    };
    for (comparisons, verdicts) in [
        (&["Equals"][..], "ooooooxoo"),
        (&["DoesNotEqual"], "oooooo+oo"),
        (&["Exists", "IsNotBlank"], "ooooooxoo"),
        (&["DoesNotExist", "IsBlank"], "oooooo+oo"),
        (&["Contains"], "oEEEooxoo"),
        (&["DoesNotContain"], "oEEEoo+oo"),
        (&["Matches"], "ooooooxoo"),
        (&["DoesNotMatch"], "oooooo+oo"),
        (&["Less", "LessOrEqual", "LessThanOrEqual"], "oooEooxoo"),
        (&["Greater", "GreateOrEqual", "GreaterOrEqual", "GreaterThanOrEqual"], "oooEooxoo"),
        (&["LengthEqual", "LengthGreaterThanOrEqual", "LengthLessThanOrEqual", "LengthLessOrEqual"], "oEEEooxoo"),
    ] {
        for comparison in comparisons {
            let found: String = KINDS.iter().map(|(kind, path)| verdict(kind, path, comparison)).collect();
            assert_eq!(found, verdicts, "{comparison} of {KINDS:?}");
        }
    }
}
