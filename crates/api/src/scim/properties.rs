//! Filters and changes of any shape: what is printed reads back the same, and nothing takes the reader down.

use super::filter::Op;
use super::{Filter, MAX_CHARS, PatchRequest, patched};
use proptest::prelude::*;
use serde_json::{Value, json};

fn printed(filter: &Filter) -> String {
    let joined = |all: &[Filter], word: &str| {
        let parts: Vec<String> = all.iter().map(|one| format!("({})", printed(one))).collect();
        parts.join(word)
    };
    match filter {
        Filter::Or(all) => joined(all, " or "),
        Filter::And(all) => joined(all, " and "),
        Filter::Not(inner) => format!("not ({})", printed(inner)),
        Filter::Present(path) => format!("{} pr", path.join(".")),
        Filter::Compare(path, op, value) => format!("{} {} {value}", path.join("."), word(*op)),
        Filter::Element(path, inner) => format!("{}[{}]", path.join("."), printed(inner)),
    }
}

fn word(op: Op) -> &'static str {
    match op {
        Op::Eq => "eq",
        Op::Ne => "ne",
        Op::Co => "co",
        Op::Sw => "sw",
        Op::Ew => "ew",
        Op::Gt => "gt",
        Op::Ge => "ge",
        Op::Lt => "lt",
        Op::Le => "le",
    }
}

fn path() -> impl Strategy<Value = Vec<String>> {
    // `not` begins an opposite.
    let name =
        "[a-z$_][A-Za-z0-9_-]{0,6}".prop_filter("a word of the language", |name| !name.eq_ignore_ascii_case("not"));
    proptest::collection::vec(name, 1..3)
}

fn literal() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<String>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    let ops = [Op::Eq, Op::Ne, Op::Co, Op::Sw, Op::Ew, Op::Gt, Op::Ge, Op::Lt, Op::Le];
    let leaf = prop_oneof![
        path().prop_map(Filter::Present),
        (path(), proptest::sample::select(ops.to_vec()), literal()).prop_map(|(p, op, v)| Filter::Compare(p, op, v)),
    ];
    leaf.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Filter::Or),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Filter::And),
            inner.clone().prop_map(|one| Filter::Not(Box::new(one))),
            (path(), inner).prop_map(|(p, one)| Filter::Element(p, Box::new(one))),
        ]
    })
}

fn document() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        Just("userName".to_owned()),
        Just("emails".to_owned()),
        Just("value".to_owned()),
        Just("name".to_owned()),
        "[a-c]{1,2}",
    ];
    literal().prop_recursive(3, 24, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map(name.clone(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn operation() -> impl Strategy<Value = Value> {
    let op = prop_oneof!["add", "replace", "remove", "Add", "REMOVE", "move", ""];
    let path = prop_oneof![
        Just(Value::Null),
        Just(json!("userName")),
        Just(json!("emails[value eq \"a\"].value")),
        Just(json!("emails[type eq \"work\"]")),
        Just(json!("name.givenName")),
        Just(json!("id")),
        filter().prop_map(|one| json!(format!("emails[{}].value", printed(&one)))),
        "[ -~]{0,20}".prop_map(Value::from),
    ];
    (op, path, document()).prop_map(|(op, path, value)| json!({ "op": op, "path": path, "value": value }))
}

proptest! {
    #[test]
    fn a_printed_filter_reads_back(filter in filter()) {
        let text = printed(&filter);
        prop_assume!(text.chars().count() <= MAX_CHARS);
        prop_assert_eq!(Filter::parse(&text), Ok(filter), "{}", text);
    }

    #[test]
    fn any_text_is_read_or_refused(
        text in r#"((userName|a\.b|eq|pr|and|or|not|"[a-z]*"|"|true|1e400|-0|[()\[\]. ]) ?){0,30}|.{0,60}"#,
        document in document(),
    ) {
        if let Ok(filter) = Filter::parse(&text) {
            let _ = filter.matches(&document);
            prop_assert_eq!(Filter::parse(&printed(&filter)), Ok(filter), "{}", text);
        }
    }

    #[test]
    fn a_filter_and_its_opposite_divide_all_documents(filter in filter(), document in document()) {
        let opposite = Filter::Not(Box::new(filter.clone()));
        prop_assert_ne!(filter.matches(&document), opposite.matches(&document));
    }

    #[test]
    fn changes_of_any_shape_are_made_or_refused(document in document(), operations in proptest::collection::vec(operation(), 0..6)) {
        let body = json!({ "Operations": operations });
        let request: PatchRequest = serde_json::from_value(body).expect("each operation has an op");
        let object = document.is_object();
        if let Ok(changed) = patched(document, &request) {
            prop_assert_eq!(changed.is_object(), object);
            // The same once more is taken too, or a filter does not fit any more: it never falls over.
            let _ = patched(changed, &request);
        }
    }

    #[test]
    fn what_nobody_may_change_stays(operations in proptest::collection::vec(operation(), 1..6)) {
        let request: PatchRequest = serde_json::from_value(json!({ "Operations": operations })).expect("operations");
        let before = json!({ "id": "1", "meta": { "a": 1 }, "userName": "x", "emails": [{ "value": "a" }] });
        if let Ok(after) = patched(before, &request) {
            prop_assert_eq!((&after["id"], &after["meta"]), (&json!("1"), &json!({ "a": 1 })));
        }
    }
}

/// The largest request there is takes moments, whatever it asks for.
#[test]
fn the_work_of_a_request_is_bounded() {
    let begun = std::time::Instant::now();
    let members = |count: usize| (0..count).map(|n| json!({ "value": n.to_string() })).collect::<Vec<_>>();
    let many = json!({ "Operations": [{ "op": "add", "path": "members", "value": members(60_000) }] });
    let request: PatchRequest = serde_json::from_value(many).expect("a request");
    let refused = patched(json!({ "members": [] }), &request).expect_err("too many");
    assert!(refused.to_string().contains("more than 10000 elements"), "{refused}");
    let one = |n: usize| json!({ "op": "add", "path": "members", "value": [{ "value": (n % 9).to_string() }] });
    let often = json!({ "Operations": (0..100).map(one).collect::<Vec<_>>() });
    let request: PatchRequest = serde_json::from_value(often).expect("a request");
    let changed = patched(json!({ "members": members(2_000) }), &request).expect("nothing new");
    assert_eq!(changed["members"].as_array().map(Vec::len), Some(2_000));
    let deep = format!("{}a pr{}", "(".repeat(1_990), ")".repeat(1_990));
    assert!(Filter::parse(&deep).is_err());
    let wide = vec!["a.b co \"x\""; 250].join(" or ");
    let document = json!({ "a": (0..1_000).map(|n| json!({ "b": n.to_string() })).collect::<Vec<_>>() });
    assert!(!Filter::parse(&wide).expect("a filter").matches(&document));
    assert!(begun.elapsed() < std::time::Duration::from_secs(60), "{:?}", begun.elapsed());
}
