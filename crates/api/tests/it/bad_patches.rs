//! SCIM PATCH: made whole or not at all, whatever is in it.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use stoker_testkit::http::Method;

use crate::support::{both, id};

fn operation() -> impl Strategy<Value = Value> {
    let op = prop_oneof![4 => Just("add"), 6 => Just("replace"), 3 => Just("remove"), 1 => Just("move")];
    let path = prop_oneof![
        4 => Just(json!("title")),
        4 => Just(json!("name.familyName")),
        3 => Just(json!("active")),
        3 => Just(json!("emails[type eq \"work\"].value")),
        2 => Just(json!("roles")),
        2 => Just(json!("phoneNumbers[type eq \"work\"].value")),
        1 => Just(json!("id")),
        1 => Just(json!("userName")),
        1 => Just(Value::Null),
        2 => "[a-z.\\[\\]\" ]{0,16}".prop_map(Value::from),
    ];
    let value = prop_oneof![
        4 => "[A-Za-z0-9@. ]{0,12}".prop_map(Value::from),
        2 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => Just(json!([{ "value": "x" }])),
        1 => Just(json!({ "title": "T", "active": true })),
        1 => Just(json!(1e300)),
        1 => ".{0,8}".prop_map(Value::from),
    ];
    (op, path, value).prop_map(|(op, path, value)| json!({ "op": op, "path": path, "value": value }))
}

both! {
    async fn a_refused_change_changes_nothing(server: TestServer) {
        let http = server.http();
        let ada = json!({
            "userName": "ada", "name": { "givenName": "Ada", "familyName": "Byron" },
            "emails": [{ "value": "ada@example.com", "type": "work", "primary": true }],
        });
        let made = http.post("/scim/v2/Users", &ada).await.expect(201).json();
        let path = format!("/scim/v2/Users/{}", id(&made));
        let mut runner = TestRunner::deterministic();
        let (mut refused, mut taken) = (0, 0);
        let mut before = http.get(&path).await.expect(200).json();
        for _ in 0..120 {
            let operations = proptest::collection::vec(operation(), 1..4).new_tree(&mut runner).expect("a value").current();
            server.clock.advance(1_000);
            let body = json!({ "Operations": operations });
            let answer = http.json(Method::PATCH, &path, &body).await;
            let after = http.get(&path).await.expect(200).json();
            match answer.status {
                200 => {
                    taken += 1;
                    assert_eq!(answer.json(), after, "{body}");
                }
                400 | 409 => {
                    refused += 1;
                    assert_eq!(after, before, "{body}: {}", answer.text());
                }
                other => panic!("{other} for {body}: {}", answer.text()),
            }
            assert_eq!((&after["id"], &after["userName"]), (&made["id"], &made["userName"]), "{body}");
            before = after;
        }
        assert!(refused > 10 && taken > 10, "{refused} refused, {taken} taken");
    }
}
