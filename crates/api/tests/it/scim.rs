//! SCIM: the usual procedures of identity providers, and what is refused.

use serde_json::{Value, json};
use stoker_testkit::http::{Answer, Http, Method};

use crate::support::{both, id};

const USERS: &str = "/scim/v2/Users";
const GROUPS: &str = "/scim/v2/Groups";
const ROLES: &str = "/scim/v2/Roles";

#[track_caller]
fn says(answer: &Answer, status: u16, text: &str) {
    assert_eq!(answer.status, status, "{text}: {}", answer.text());
    let body = answer.json();
    assert_eq!(body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
    assert_eq!(body["status"], json!(status.to_string()));
    assert!(body["detail"].as_str().is_some_and(|detail| detail.contains(text)), "{body} does not hold {text}");
}

async fn patch(http: &Http, path: &str, operations: Value) -> Answer {
    let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations });
    http.json(Method::PATCH, path, &body).await
}

fn ada(login: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": login, "externalId": "x1",
        "name": { "givenName": "Ada", "familyName": "Byron" },
        "emails": [{ "value": "home@b.c", "type": "home" }, { "value": "ada@b.c", "type": "work", "primary": true }],
    })
}

both! {
    async fn a_provider_provisions_a_user(server: TestServer) {
        let http = server.http();
        // The documented procedure: look up the role, make the user with it.
        let found = http.get(&format!("{ROLES}?filter=name%20eq%20%22operator%22")).await.expect(200).json();
        assert_eq!((found["totalResults"].clone(), found["itemsPerPage"].clone()), (json!(1), json!(1)));
        let role = id(&found["Resources"][0]);
        let mut body = ada("ada");
        (body["roles"], body["active"], body["password"]) = (json!([{ "value": role }]), json!(true), json!("correct horse battery"));
        let answer = http.post(USERS, &body).await.expect(201);
        let made = answer.json();
        let path = format!("{USERS}/{}", id(&made));
        assert_eq!(answer.header("location"), Some(format!("{}{path}", server.url).as_str()));
        assert_eq!(made["emails"], json!([{ "value": "ada@b.c", "type": "work", "primary": true }]));
        assert_eq!((&made["roles"][0]["display"], &made["meta"]["resourceType"]), (&json!("Operator"), &json!("User")));
        assert!(!answer.text().contains("battery"));
        assert_eq!(made["externalId"], "x1");
        assert!(server.service.check_password("ada", "correct horse battery", None).await.is_ok());
        // It is the same user in the account's own calls.
        let same = http.get(&format!("/account/users/{}", id(&made))).await.expect(200).json();
        assert_eq!((&same["login"], &same["roles"][0]["name"]), (&json!("ada"), &json!("Operator")));
        // Deactivated as two providers do it.
        let off = patch(http, &path, json!([{ "op": "Replace", "path": "active", "value": "False" }])).await.expect(200);
        assert_eq!(off.json()["active"], json!(false));
        let on = patch(http, &path, json!([{ "op": "replace", "value": { "active": true, "title": "Dr" } }])).await.expect(200);
        assert_eq!((&on.json()["active"], &on.json()["title"]), (&json!(true), &json!("Dr")));
        let less = patch(http, &path, json!([{ "op": "remove", "path": "roles" }, { "op": "remove", "path": "title" }])).await;
        let less = less.expect(200).json();
        assert_eq!((&less["roles"], less.get("title")), (&json!([]), None));
        let _ = patch(http, &path, json!([{ "op": "replace", "path": "password", "value": "staple correct horse" }])).await.expect(200);
        let _ = patch(http, &path, json!([{ "op": "add", "path": "roles", "value": [{ "value": role }] }])).await.expect(200);
        assert!(server.service.check_password("ada", "staple correct horse", None).await.is_ok());
        let mut whole = ada("ada");
        whole["preferredLanguage"] = json!("fr-CH");
        let whole = http.put(&path, &whole).await.expect(200).json();
        assert_eq!(whole["preferredLanguage"], "fr");
        let _ = http.delete(&path).await.expect(204);
        says(&http.get(&path).await, 404, "User id");
        says(&http.delete(&path).await, 404, "User id");
    }

    /// A directory finds what it made by its own id, whatever happened to the name; case counts.
    async fn a_directory_finds_what_it_made(server: TestServer) {
        let http = server.http();
        let (mut user, plain) = (ada("ada"), { let mut plain = ada("bob"); plain.as_object_mut().expect("an object").remove("externalId"); plain });
        user["externalId"] = json!("X-1");
        let group = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "north", "externalId": "X-1" });
        let role = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Role"], "name": "watch", "externalId": "X-1",
            "entitlements": [{ "value": "TMC_OPERATOR" }],
        });
        for (kind, body, same, name) in [(USERS, &user, Some("/account/users"), "userName"), (GROUPS, &group, None, "displayName"), (ROLES, &role, None, "name")] {
            let made = http.post(kind, body).await.expect(201).json();
            let path = format!("{kind}/{}", id(&made));
            assert_eq!(http.get(&path).await.expect(200).json()["externalId"], "X-1");
            let count = |text: &'static str| async move {
                let found = http.get(&format!("{kind}?filter=externalId%20eq%20%22{text}%22")).await.expect(200).json();
                found["totalResults"].clone()
            };
            assert_eq!((count("X-1").await, count("x-1").await, count("X-2").await), (json!(1), json!(0), json!(0)), "{kind}");
            // A change without a word of it keeps it; a whole document without it removes it.
            let kept = patch(http, &path, json!([{ "op": "replace", "path": name, "value": made[name] }])).await.expect(200);
            assert_eq!(kept.json()["externalId"], "X-1");
            let new = patch(http, &path, json!([{ "op": "replace", "path": "externalId", "value": "X-2" }])).await.expect(200);
            assert_eq!((&new.json()["externalId"], count("X-2").await), (&json!("X-2"), json!(1)));
            if let Some(own) = same {
                let mut body = http.get(&format!("{own}/{}", id(&made))).await.expect(200).json();
                assert!(body.get("externalId").is_none(), "the account's own calls do not know it");
                body["firstName"] = json!("Augusta");
                let _ = http.put(&format!("{own}/{}", id(&made)), &body).await.expect(200);
                assert_eq!(count("X-2").await, json!(1), "and do not lose it");
            }
            let gone = patch(http, &path, json!([{ "op": "remove", "path": "externalId" }])).await.expect(200).json();
            assert!(gone.get("externalId").is_none());
            let _ = http.put(&path, body).await.expect(200);
            assert_eq!(count("X-1").await, json!(1));
            let mut bad = body.clone();
            bad["externalId"] = json!(7);
            says(&http.put(&path, &bad).await, 400, "externalId");
            bad["externalId"] = json!("x".repeat(256));
            says(&http.put(&path, &bad).await, 400, "externalId");
        }
        assert!(http.post(USERS, &plain).await.expect(201).json().get("externalId").is_none());
    }

    async fn users_are_searched(server: TestServer) {
        let http = server.http();
        for login in ["carol", "alice", "bob"] {
            let _ = http.post(USERS, &ada(login)).await.expect(201);
        }
        let logins = |body: &Value| -> Vec<String> {
            body["Resources"].as_array().expect("a list").iter().map(|u| u["userName"].as_str().unwrap_or_default().to_owned()).collect()
        };
        for (query, wanted) in [
            ("sortBy=userName", vec!["admin", "alice", "bob", "carol"]),
            ("sortBy=userName&sortOrder=descending&count=2", vec!["carol", "bob"]),
            ("sortBy=userName&startIndex=3&count=1", vec!["bob"]),
            ("sortBy=userName&filter=name.familyName%20eq%20%22byron%22%20and%20not%20(userName%20sw%20%22a%22)", vec!["bob", "carol"]),
            ("filter=emails%5Bvalue%20co%20%22nobody%22%5D", vec![]),
            ("filter=userName%20eq%20%22bob%22&attributes=userName", vec!["bob"]),
        ] {
            let found = http.get(&format!("{USERS}?{query}")).await.expect(200).json();
            assert_eq!(logins(&found), wanted, "{query}");
        }
        let body = json!({ "filter": "userName sw \"a\"", "sortBy": "userName", "attributes": ["userName"], "count": 10 });
        let found = http.post(&format!("{USERS}/.search"), &body).await.expect(200).json();
        assert_eq!(logins(&found), ["admin", "alice"]);
        assert!(found["Resources"][0].get("emails").is_none() && found["Resources"][0].get("id").is_some());
        says(&http.get(&format!("{USERS}?filter=userName%20is%20x")).await, 400, "filter");
        says(&http.get(&format!("{USERS}?sortOrder=up")).await, 400, "sortOrder");
        says(&http.get(&format!("{USERS}?count=x")).await, 400, "count");
        says(&http.get(&format!("{USERS}?filter={}", "(".repeat(4_001))).await, 400, "filter");
    }

    async fn bad_documents_change_nothing(server: TestServer) {
        let http = server.http();
        let made = http.post(USERS, &ada("ada")).await.expect(201).json();
        let path = format!("{USERS}/{}", id(&made));
        says(&http.post(USERS, &ada("ADA")).await, 409, "login");
        for (field, value, text) in [
            ("userName", json!(5), "userName"), ("name", json!({ "givenName": "x" }), "name.familyName"), ("emails", json!("x"), "emails"),
            ("emails", json!([]), "emails"), ("emails", json!([{ "value": "nothing" }]), "email"), ("active", json!("perhaps"), "active"),
            ("roles", json!([{ "value": "x" }]), "roleIds"), ("password", json!("short"), "password"), ("timezone", json!("Mars"), "timezone"),
            ("roles", json!(vec![json!({ "value": "x" }); 10_000]), "roleIds"),
        ] {
            let mut body = ada("fresh");
            body[field] = value;
            says(&http.post(USERS, &body).await, 400, text);
            body["userName"] = if field == "userName" { json!(5) } else { json!("ada") };
            says(&http.put(&path, &body).await, 400, text);
        }
        says(&http.put(&path, &ada("other")).await, 400, "login");
        for (operations, text) in [
            (json!([{ "op": "replace", "path": "title", "value": "Dr" }, { "op": "move", "path": "x" }]), "Operations[1]"),
            (json!([{ "op": "replace", "path": "id", "value": "x" }]), "id"), (json!([{ "op": "remove", "path": "userName" }]), "userName"),
            (json!([{ "op": "add" }]), "path"), (json!([{ "path": "title" }]), "op"),
        ] {
            says(&patch(http, &path, operations).await, 400, text);
        }
        assert_eq!(http.get(&path).await.expect(200).json(), made);
        let all = http.get(USERS).await.expect(200).json();
        assert_eq!(all["totalResults"], json!(2));
        says(&http.get(&format!("{USERS}/x")).await, 400, "User ID");
    }

    async fn members_come_and_go_one_by_one(server: TestServer) {
        let http = server.http();
        let mut people = Vec::new();
        for login in ["a1", "a2", "a3", "a4", "a5", "a6"] {
            people.push(server.person(login, &[]).await.0);
        }
        let body = json!({ "displayName": "north", "members": [{ "value": people[0] }] });
        let group = http.post(GROUPS, &body).await.expect(201).json();
        let path = format!("{GROUPS}/{}", id(&group));
        says(&http.post(GROUPS, &body).await, 409, "name");
        says(&http.post(GROUPS, &json!({ "members": [] })).await, 400, "displayName");
        // Two editors at once do not lose each other's member.
        let calls = people[1..].iter().map(|person| {
            let (http, path, person) = (http.clone(), path.clone(), person.clone());
            tokio::spawn(async move { patch(&http, &path, json!([{ "op": "add", "path": "members", "value": [{ "value": person }] }])).await.status })
        });
        for call in calls.collect::<Vec<_>>() {
            assert_eq!(call.await.expect("join"), 200);
        }
        let count = |body: &Value| body["members"].as_array().map_or(0, Vec::len);
        assert_eq!(count(&http.get(&path).await.expect(200).json()), 6);
        let gone = patch(http, &path, json!([{ "op": "remove", "path": format!("members[value eq \"{}\"]", people[0]) }])).await;
        assert_eq!(count(&gone.expect(200).json()), 5);
        says(&patch(http, &path, json!([{ "op": "add", "path": "members", "value": [{ "value": "nobody" }] }])).await, 400, "members");
        let user = http.get(&format!("{USERS}/{}", people[1])).await.expect(200).json();
        assert_eq!(user["groups"][0]["display"], "north");
        let found = http.get(&format!("{GROUPS}?filter=members%20eq%20%22{}%22&excludedAttributes=members", people[1])).await;
        let found = found.expect(200).json();
        assert!(found["totalResults"] == 1 && found["Resources"][0].get("members").is_none(), "{found}");
        let renamed = http.put(&path, &json!({ "displayName": "south" })).await.expect(200).json();
        assert_eq!((&renamed["displayName"], count(&renamed)), (&json!("south"), 0));
        let _ = http.delete(&path).await.expect(204);
    }

    async fn roles_hold_entitlements(server: TestServer) {
        let http = server.http();
        let made = http.post(ROLES, &json!({ "name": "watch", "entitlements": [{ "value": "TMC_OPERATOR" }] })).await.expect(201).json();
        let path = format!("{ROLES}/{}", id(&made));
        let more = patch(http, &path, json!([{ "op": "add", "path": "entitlements", "value": [{ "value": "AUDIT_LOGS_VIEW" }] }])).await;
        let ids = |body: &Value| -> Vec<Value> { body["entitlements"].as_array().expect("a list").iter().map(|e| e["value"].clone()).collect() };
        assert_eq!(ids(&more.expect(200).json()), ["AUDIT_LOGS_VIEW", "TMC_OPERATOR"]);
        let none = patch(http, &path, json!([{ "op": "remove", "path": "entitlements" }])).await.expect(200).json();
        assert_eq!(none["entitlements"], json!([]));
        says(&http.post(ROLES, &json!({ "name": "x" })).await, 400, "entitlements");
        says(&http.put(&path, &json!({ "name": "x", "entitlements": [{ "value": "NOPE" }] })).await, 400, "NOPE");
        let _ = http.delete(&path).await.expect(204);
        let predefined = http.get(&format!("{ROLES}?filter=name%20eq%20%22Operator%22")).await.expect(200).json();
        says(&http.delete(&format!("{ROLES}/{}", id(&predefined["Resources"][0]))).await, 400, "predefined");
    }

    async fn the_service_describes_itself(server: TestServer) {
        let plain = server.anonymous();
        let config = plain.get("/scim/v2/ServiceProviderConfig").await.expect(200).json();
        assert_eq!((&config["patch"]["supported"], &config["bulk"]["supported"]), (&json!(true), &json!(false)));
        let types = plain.get("/scim/v2/ResourceTypes").await.expect(200).json();
        let names: Vec<_> = types["Resources"].as_array().expect("a list").iter().map(|t| t["name"].clone()).collect();
        assert_eq!(names, ["User", "Group", "Role"]);
        for kind in types["Resources"].as_array().expect("a list") {
            let schema = plain.get(&format!("/scim/v2/Schemas/{}", kind["schema"].as_str().expect("a schema"))).await.expect(200);
            assert!(schema.json()["attributes"].as_array().is_some_and(|all| !all.is_empty()));
        }
        let answer = plain.send(Method::GET, "/scim/v2/Schemas", &[("accept", "application/scim+json")], None).await;
        assert_eq!(answer.header("content-type"), Some("application/scim+json"));
        says(&plain.get("/scim/v2/ResourceTypes/Planet").await, 400, "Planet");
        says(&plain.get(USERS).await, 401, "Unauthorized");
    }
}
