//! What is found wrong with a drive before it is run.

use std::collections::HashMap;

use stoker_tester::inspect::inspect;
use stoker_tester::model::*;
use stoker_tester::run::NoFiles;

use crate::runs::{check, request, scenario, with};

fn found(requests: Vec<Entity>, environments: Vec<Environment>) -> Vec<String> {
    let mut project = Entity::new("p", "Shop", Kind::Project);
    project.children = vec![scenario("S", ScenarioAdditions::default(), requests)];
    let drive = Drive { entities: vec![project], environments, ..Drive::default() };
    let places = HashMap::from([("a".to_owned(), "s.toml:7".to_owned())]);
    let findings = inspect(&drive, &places, &NoFiles);
    findings
        .iter()
        .map(|one| {
            let place = one.place.as_deref().unwrap_or("-");
            format!("{} {place} {}: {}", if one.wrong { "wrong" } else { "remark" }, one.path.join("/"), one.text)
        })
        .collect()
}

#[test]
fn every_kind_of_mistake_is_found_once_with_its_place() {
    for (path, parts) in [
        (
            "/${\"x\".lowr()}",
            &["wrong s.toml:7 Shop/S/a: path: `${\"x\".lowr()}` at line 1, column 8", "did you mean `lower`?"][..],
        ),
        ("/${md5()}", &["md5: needs a value before the dot"]),
        ("/${\"x\".sha(\"SHA1\")}", &["1 arguments given"]),
        ("/${\"Shop\".\"S\".\"b\".\"response\"}", &["`S` has no `b`"]),
        ("/${\"Shop\".\"S\".\"a\".\"respons\"}", &["did you mean `response`?"]),
        ("/${\"Shop\".\"S\"}", &["a whole scenario cannot be a value"]),
        ("/${getEntityById(\"gone\").\"name\"}", &["no entity has the id gone"]),
        ("/${", &["expected a name"]),
        ("/${nobody}", &["remark", "`nobody` is a variable of no environment"]),
        ("/${nobody.\"x\"}", &["remark", "`nobody` is a variable of no environment"]),
        ("/${\"Shp\".\"S\".\"a\".\"name\"}", &["remark", "did you mean `Shop`?"]),
        ("/${\"x\".substring(random(3, 4))}", &["random: 2 arguments given"]),
        (
            "/${\"Shop\".\"S\".\"a\".\"response\".\"body\"}",
            &["in a circle", "`Shop / S / a` (s.toml:7) uses itself in path"],
        ),
    ] {
        let made = found(vec![request("a", "GET", path)], vec![base()]);
        assert_eq!(made.len(), 1, "{path}: {made:?}");
        for part in parts {
            assert!(made[0].contains(part), "{path}: {made:?}");
        }
    }
}

/// The variable that all of these requests use.
fn base() -> Environment {
    Environment { name: "dev".into(), variables: vec![Variable::new("base", "http://h")], ..Environment::default() }
}

#[test]
fn assertions_files_and_conditions_are_looked_at() {
    let entity = with(request("a", "POST", "/"), |made| {
        let off = Assertion { enabled: Some(false), ..check(Subject::Other("Off".into()), "", "Nothing", "") };
        made.assertions = vec![
            check(Subject::ResponseJsonBody, "$.a[", "Exists", ""),
            check(Subject::ResponseXmlBody, "//a[", "Exists", ""),
            check(Subject::Other("ResponseStatu".into()), "code", "Equals", "1"),
            check(Subject::ResponseBody, "content", "Matches", "(a"),
            check(Subject::ResponseBody, "content", "Equls", "1"),
            off,
        ];
        made.additions.when = Some(Condition { value: "${base}".into(), is: "Is".into(), to: String::new() });
        (made.body.kind, made.additions.file) = (BodyKind::File, Some("gone.bin".into()));
    });
    let made = found(vec![entity], vec![base()]);
    for (at, part) in [
        "assertion 1: the JSON path",
        "assertion 2: the XPath `//a[` is wrong",
        "assertion 3: the subject `ResponseStatu` is not supported; did you mean `ResponseStatus`?",
        "assertion 4: the regular expression `(a` is wrong",
        "assertion 5: the comparison `Equls` is not supported; did you mean `Equals`?",
        "when: the comparison `Is` is not supported",
        "gone.bin",
    ]
    .iter()
    .enumerate()
    {
        assert!(made[at].starts_with("wrong") && made[at].contains(part), "{at} {part}: {made:?}");
    }
    assert_eq!(made.len(), 7);
}

#[test]
fn good_requests_and_their_names_are_left_alone() {
    let login = with(request("a", "POST", "/login"), |made| {
        made.additions.extract = vec![Extraction {
            name: "token".into(),
            subject: "ResponseHeader".into(),
            path: "x".into(),
            pattern: Some("t-(\\d+)".into()),
            otherwise: None,
        }];
    });
    let uses = request(
        "b",
        "GET",
        "/${token}/${\"Shop\".\"S\".\"a\".\"response\".\"status\".\"code\"}/${\"[1]\".\"0\"}/${\"x\".upper()}",
    );
    assert_eq!(found(vec![login, uses], vec![base()]), Vec::<String>::new());
}

#[test]
fn variables_that_hold_expressions_and_their_circles_are_told() {
    let mut environment = base();
    let value = |name: &str, value: &str| Variable::new(name, value);
    environment.variables.extend([
        value("a", "${b}"),
        value("b", "x ${\"c\".\"d\"}"),
        value("c", "${a}"),
        value("z", "${a}"),
    ]);
    let made = found(vec![request("r", "GET", "/${a}")], vec![environment]);
    assert_eq!(made.len(), 4, "{made:?}");
    assert!(made[0].starts_with("remark - dev: the value of the variable `a` holds an expression"), "{made:?}");
    assert!(made[0].ends_with("in a circle: `a` uses `b` uses `c` uses `a`"), "{made:?}");
    assert!(!made[3].contains("circle"), "{made:?}");
}

#[test]
fn each_circle_is_told_once() {
    let by =
        |id: &str, other: &str| request(id, "GET", &format!("/${{\"Shop\".\"S\".\"{other}\".\"response\".\"body\"}}"));
    let made = found(vec![by("a", "b"), by("b", "a"), by("c", "b"), by("d", "d")], vec![base()]);
    assert_eq!(made.len(), 2, "{made:?}");
    assert!(made[0].contains("`Shop / S / a` (s.toml:7) uses `Shop / S / b`"), "{made:?}");
    assert!(made[1].contains("`Shop / S / d` uses itself"), "{made:?}");
}
