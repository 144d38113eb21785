//! Users, groups and roles: they are managed by calls, and what a role gives acts at once.

use serde_json::{Value, json};
use stoker_testkit::http::{Answer, Http, Method};

use crate::support::{MINUTE, both, id};

fn ada(login: &str) -> Value {
    json!({ "login": login, "email": "ada@example.com", "firstName": "Ada", "lastName": "Byron" })
}

#[track_caller]
fn says(answer: &Answer, status: u16, field: &str) {
    assert_eq!(answer.status, status, "{field}: {}", answer.text());
    let text = answer.json()["message"].as_str().unwrap_or_default().to_owned();
    assert!(text.contains(field), "{text:?} does not name {field}");
}

async fn role_named(http: &Http, name: &str) -> Value {
    let path = format!("/account/roles?nameFilter={}", name.replace(' ', "%20"));
    let found = http.get(&path).await.expect(200).json();
    found
        .as_array()
        .and_then(|all| all.iter().find(|r| r["name"] == name))
        .cloned()
        .unwrap_or_else(|| panic!("{found}"))
}

both! {
    async fn a_user_is_made_changed_and_removed(server: TestServer) {
        let http = server.http();
        let operator = role_named(http, "Operator").await;
        let mut body = ada("ada");
        for (field, value) in [
            ("roleIds", json!([operator["id"]])), ("phone", json!("+1 2")), ("timezone", json!("Europe/Paris")),
            ("title", json!("Dr")), ("preferredLanguage", json!("fr")), ("applications", json!(["TMC", "STUDIO"])),
        ] {
            body[field] = value;
        }
        let made = http.post("/account/users?invite=false", &body).await.expect(201).json();
        for (field, value) in [
            ("name", json!("Ada Byron")), ("active", json!(true)), ("timezone", json!("Europe/Paris")),
            ("preferredLanguage", json!("fr")), ("accountId", json!(server.bootstrap.account_id)),
            ("applications", json!(["STUDIO", "TMC"])), ("lastModified", json!("2026-02-03T09:00:00.000+00:00")),
            ("roleIds", json!([operator["id"]])), ("phone", json!("+1 2")), ("title", json!("Dr")),
        ] {
            assert_eq!(made[field], value, "{field}");
        }
        assert_eq!(made["roles"][0]["name"], "Operator");
        let path = format!("/account/users/{}", id(&made));
        assert_eq!(http.get(&path).await.expect(200).json(), made);
        server.clock.advance(MINUTE);
        // What may be left out is kept; a phone is a plain field and goes.
        let changed = http.put(&path, &ada("ada")).await.expect(200).json();
        assert_eq!((&changed["roleIds"], &changed["timezone"]), (&json!([operator["id"]]), &json!("Europe/Paris")));
        assert_eq!(changed["lastModified"], "2026-02-03T09:01:00.000+00:00");
        assert!(changed.get("phone").is_none(), "{changed}");
        let mut none = ada("ada");
        none["roleIds"] = json!([]);
        assert_eq!(http.put(&path, &none).await.expect(200).json()["roles"], json!([]));
        let _ = http.delete(&path).await.expect(204);
        let _ = http.get(&path).await.expect(404);
        let _ = http.delete(&path).await.expect(404);
        // The login is free again.
        let _ = http.post("/account/users?admin=true", &ada("ada")).await.expect(201);
    }

    async fn what_a_user_may_not_hold_is_refused_and_changes_nothing(server: TestServer) {
        let http = server.http();
        let _ = http.post("/account/users", &ada("taken")).await.expect(201);
        let count = || async { http.get("/account/users").await.expect(200).json().as_array().map(Vec::len) };
        let before = count().await;
        for (field, value) in [
            ("login", json!("")), ("login", json!("a b")), ("login", json!("x".repeat(256))), ("email", json!("ada")),
            ("email", json!("a@")), ("firstName", json!(" ")), ("lastName", json!("a\u{7}")), ("phone", json!("1".repeat(101))),
            ("preferredLanguage", json!("xx")), ("timezone", json!("Mars/Base")), ("applications", json!(["NOPE"])),
            ("roleIds", json!(["x"])), ("roleIds", json!(["00000000-0000-4000-8000-000000000000"])),
            ("roleIds", json!(vec!["x"; 10_000])), ("active", json!("maybe")), ("login", json!(5)),
        ] {
            let mut body = ada("fresh");
            body[field] = value;
            says(&http.post("/account/users", &body).await, 400, field);
        }
        for login in ["taken", "TAKEN"] {
            says(&http.post("/account/users", &ada(login)).await, 409, "login");
        }
        assert_eq!(count().await, before);
        for path in ["/account/users/x", "/account/groups/x", "/account/roles/x"] {
            says(&http.get(path).await, 400, "ID is not valid id");
        }
        for query in ["page=0", "page=-1", "size=0", "size=101", "page=x", "size=1e9"] {
            for list in ["users", "groups", "roles"] {
                let field = query.split('=').next().expect("a name");
                says(&http.get(&format!("/account/{list}?{query}")).await, 400, field);
            }
        }
        says(&http.get("/account/users?workspace_id=x").await, 400, "Workspace");
    }

    async fn lists_have_pages_in_headers(server: TestServer) {
        let http = server.http();
        for number in 0..4 {
            let _ = http.post("/account/users", &ada(&format!("user{number}"))).await.expect(201);
        }
        let page = http.get("/account/users?page=2&size=2").await.expect(200);
        let logins: Vec<_> = page.json().as_array().expect("a list").iter().map(|u| u["login"].clone()).collect();
        assert_eq!(logins, [json!("user1"), json!("user2")]);
        for (name, value) in [
            ("page-first", "false"), ("page-last", "false"), ("page-number", "2"), ("page-total-elements", "2"),
            ("total-elements", "5"), ("total-pages", "3"),
        ] {
            assert_eq!(page.header(name), Some(value), "{name}");
        }
        let past = http.get("/account/users?page=9&size=2").await.expect(200);
        assert_eq!((past.json(), past.header("page-last")), (json!([]), Some("true")));
        let here = http.get(&format!("/account/users?workspace_id={}", server.workspace())).await.expect(200).json();
        assert_eq!(here.as_array().map(Vec::len), Some(1), "only the admin has rights there: {here}");
        let there = http.get(&format!("/account/users?environment_id={}", server.environment())).await.expect(200);
        assert_eq!(there.json(), here);
    }

    async fn a_role_gives_its_permissions_at_once(server: TestServer) {
        let http = server.http();
        let (person, other) = server.person("ada", &[]).await;
        let body = json!({ "name": "watchers", "permissions": ["TMC_SERVICE_ACCOUNT_MANAGEMENT", "TDS_CAMPAIGN_OWNER"] });
        let answer = http.post("/account/roles", &body).await.expect(201);
        let role = id(&answer.json());
        assert_eq!(answer.header("location"), Some(format!("/account/roles/{role}").as_str()));
        assert_eq!(answer.json()["meta"]["created"], "2026-02-03T09:00:00.000+00:00");
        let accounts = "/account/service-accounts";
        let _ = other.get(accounts).await.expect(403);
        let path = format!("/account/users/{person}/roles");
        let _ = http.post(&path, &json!([role, role])).await.expect(200);
        let _ = other.get(accounts).await.expect(200);
        let holders = http.get(&format!("/account/roles/{role}/users")).await.expect(200).json();
        assert_eq!(holders[0]["login"], "ada");
        let me = other.get("/account/me").await.expect(200).json();
        assert_eq!((&me["type"], &me["login"], &me["active"]), (&json!("USER"), &json!("ada"), &json!(true)));
        assert!(me["roles"].as_array().is_some_and(|roles| roles.iter().any(|r| r["name"] == "watchers")), "{me}");
        // A role that is held cannot be removed; its permissions can change.
        says(&http.delete(&format!("/account/roles/{role}")).await, 400, "held by 1 users");
        let less = json!({ "name": "watchers", "permissions": [] });
        let _ = http.put(&format!("/account/roles/{role}"), &less).await.expect(200);
        let _ = other.get(accounts).await.expect(403);
        let _ = http.put(&format!("/account/roles/{role}"), &body).await.expect(200);
        let _ = other.get(accounts).await.expect(200);
        let one = format!("{path}/{role}");
        let _ = http.delete(&one).await.expect(204);
        let _ = other.get(accounts).await.expect(403);
        says(&http.delete(&one).await, 404, "does not hold");
        let _ = http.delete(&format!("/account/roles/{role}")).await.expect(204);
        let _ = http.get(&format!("/account/roles/{role}")).await.expect(404);
    }

    async fn another_server_knows_of_a_change_within_a_second(server: TestServer) {
        let second = server.second().await;
        let (person, _) = server.person("ada", &["TMC_OPERATOR"]).await;
        let token = server.token_of(&person).await;
        assert!(second.authenticate(&token, "account").await.is_ok());
        let mut body = ada("ada");
        body["active"] = json!(false);
        let _ = server.http().put(&format!("/account/users/{person}"), &body).await.expect(200);
        server.clock.advance(1_000);
        assert!(second.authenticate(&token, "account").await.is_err());
        let _ = server.anonymous().with_token(&token).get("/account/me").await.expect(401);
        body["active"] = json!(true);
        let _ = server.http().put(&format!("/account/users/{person}"), &body).await.expect(200);
        let _ = server.anonymous().with_token(&token).get("/account/me").await.expect(200);
        let _ = server.http().delete(&format!("/account/users/{person}")).await.expect(204);
        let _ = server.anonymous().with_token(&token).get("/account/me").await.expect(401);
        server.clock.advance(1_000);
        assert!(second.authenticate(&token, "account").await.is_err());
    }

    async fn predefined_roles_are_there_and_stay(server: TestServer) {
        let http = server.http();
        let all = http.get("/account/roles").await.expect(200).json();
        let names: Vec<_> = all.as_array().expect("a list").iter().filter_map(|r| r["name"].as_str()).collect();
        assert_eq!(names, [
            "Administrator", "Assets Manager", "Environment Administrator", "Infrastructure Administrator",
            "Integration Developer", "Operator", "Project Administrator", "Security Administrator",
        ]);
        let operator = role_named(http, "Operator").await;
        assert_eq!(operator["permissions"], json!(["TMC_OPERATOR", "TMC_RUN_PROFILE_MANAGEMENT"]));
        let path = format!("/account/roles/{}", id(&operator));
        says(&http.delete(&path).await, 400, "predefined");
        says(&http.put(&path, &json!({ "name": "x", "permissions": [] })).await, 400, "predefined");
        says(&http.post("/account/roles", &json!({ "name": "Operator" })).await, 409, "name");
        says(&http.post("/account/roles", &json!({ "name": "x", "permissions": ["TMC_ALL"] })).await, 400, "permissions");
        says(&http.post("/account/roles", &json!({ "name": "", "permissions": [] })).await, 400, "name");
        let many = json!({ "name": "x", "permissions": vec!["TMC_OPERATOR"; 10_000] });
        says(&http.post("/account/roles", &many).await, 400, "permissions");
        // A later start changes nothing.
        let _ = server.service.bootstrap(|_| Ok(())).await.expect("a second start");
        assert_eq!(http.get("/account/roles").await.expect(200).json(), all);
    }

    async fn users_of_a_version_without_roles_become_administrators(server: TestServer) {
        // As it was: no roles, and the permissions in the row of the user.
        let made = server.store.write::<_, stoker_store::StoreError, _>(|tx| {
            tx.execute("DELETE FROM user_roles", &[])?;
            tx.execute("DELETE FROM roles", &[])
        });
        let _ = made.await.expect("an older version");
        let _ = server.service.bootstrap(|_| Ok(())).await.expect("a start of this version");
        let me = server.http().get("/account/me").await.expect(200).json();
        assert_eq!(me["roles"][0]["name"], "Administrator", "{me}");
        let permissions = me["roles"][0]["permissions"].as_array().map(Vec::len);
        assert_eq!(permissions, Some(stoker_domain::Permission::ALL.len()));
    }

    async fn somebody_can_always_manage_users(server: TestServer) {
        let http = server.http();
        let me = http.get("/account/me").await.expect(200).json();
        let (own, administrator) = (format!("/account/users/{}", id(&me)), role_named(http, "Administrator").await);
        let held = format!("{own}/roles/{}", id(&administrator));
        let mut body = json!({ "login": "admin", "email": "admin@example.com", "firstName": "A", "lastName": "B" });
        for (field, value) in [("roleIds", json!([])), ("active", json!(false))] {
            let mut body = body.clone();
            body[field] = value;
            let answer = http.put(&own, &body).await;
            assert_eq!(answer.status, 400, "{}", answer.text());
        }
        says(&http.delete(&own).await, 400, "yourself");
        says(&http.delete(&held).await, 400, "nobody to manage users");
        says(&http.delete(&format!("/account/roles/{}/users/{}", id(&administrator), id(&me))).await, 400, "nobody");
        assert_eq!(http.get("/account/me").await.expect(200).json(), me, "nothing was changed");
        body["login"] = json!("root");
        says(&http.put(&own, &body).await, 400, "login");
        // A second administrator makes it possible; the last of both cannot go.
        let (_, other) = server.person("eve", &["TMC_USER_MANAGEMENT", "TMC_ROLE_MANAGEMENT"]).await;
        let _ = other.delete(&own).await.expect(204);
        let _ = http.get("/account/me").await.expect(401);
        let eve = id(&other.get("/account/me").await.expect(200).json());
        let role = other.get(&format!("/account/users/{eve}/roles")).await.expect(200).json();
        let less = json!({ "name": "less", "permissions": ["TMC_USER_MANAGEMENT"] });
        says(&other.put(&format!("/account/roles/{}", id(&role[0])), &less).await, 400, "nobody to manage users");
    }

    async fn two_administrators_cannot_disarm_each_other_at_once(server: TestServer) {
        let (first, one) = server.person("one", &["TMC_USER_MANAGEMENT", "TMC_ROLE_MANAGEMENT"]).await;
        let (second, two) = server.person("two", &["TMC_USER_MANAGEMENT", "TMC_ROLE_MANAGEMENT"]).await;
        let admin = id(&server.http().get("/account/me").await.expect(200).json());
        let _ = one.delete(&format!("/account/users/{admin}")).await.expect(204);
        let (paths, a, b) = ((format!("/account/users/{second}"), format!("/account/users/{first}")), one.clone(), two.clone());
        let (left, right) = tokio::join!(
            tokio::spawn(async move { a.delete(&paths.0).await.status }),
            tokio::spawn(async move { b.delete(&paths.1).await.status }),
        );
        let (left, right) = (left.expect("join"), right.expect("join"));
        assert!((left == 204) != (right == 204), "{left} {right}");
    }

    async fn groups_have_members(server: TestServer) {
        let http = server.http();
        let (ada, bob) = (server.person("ada", &[]).await.0, server.person("bob", &[]).await.0);
        let answer = http.post("/account/groups", &json!({ "name": "north", "userIds": [ada] })).await.expect(201);
        let group = answer.json();
        let path = format!("/account/groups/{}", id(&group));
        assert_eq!(answer.header("location"), Some(path.as_str()));
        assert_eq!(group["userIds"], json!([ada]));
        says(&http.post("/account/groups", &json!({ "name": "north" })).await, 409, "name");
        for users in [json!(["x"]), json!(["00000000-0000-4000-8000-000000000000"]), json!(vec!["x"; 10_000])] {
            says(&http.post("/account/groups", &json!({ "name": "n", "userIds": users })).await, 400, "userIds");
            says(&http.post(&format!("{path}/users"), &users).await, 400, "userIds");
        }
        server.clock.advance(MINUTE);
        let more = http.post(&format!("{path}/users"), &json!([bob, ada])).await.expect(200).json();
        assert_eq!(more["userIds"].as_array().map(Vec::len), Some(2));
        assert_eq!(more["lastModified"], "2026-02-03T09:01:00.000+00:00");
        let members = http.get(&format!("{path}/users?size=1&page=2")).await.expect(200);
        assert_eq!((members.json()[0]["login"].clone(), members.header("total-elements")), (json!("bob"), Some("2")));
        let of_bob = http.get(&format!("/account/users/{bob}/groups?nameFilter=ort")).await.expect(200).json();
        assert_eq!(of_bob[0]["name"], "north");
        assert_eq!(http.get(&format!("/account/users/{bob}/groups?nameFilter=x")).await.expect(200).json(), json!([]));
        let _ = http.delete(&format!("/account/users/{bob}/groups/{}", id(&group))).await.expect(204);
        says(&http.delete(&format!("{path}/users/{bob}")).await, 404, "not in the group");
        let _ = http.post(&format!("/account/users/{bob}/groups"), &json!([id(&group)])).await.expect(200);
        says(&http.post(&format!("/account/users/{bob}/groups"), &json!(["x"])).await, 400, "groupIds");
        let renamed = http.json(Method::PATCH, &path, &json!({ "name": "south" })).await.expect(200).json();
        assert_eq!(renamed["name"], "south");
        // A removed user is in no group any more, a removed group leaves its members.
        let _ = http.delete(&format!("/account/users/{ada}")).await.expect(204);
        assert_eq!(http.get(&path).await.expect(200).json()["userIds"], json!([bob]));
        let _ = http.delete(&path).await.expect(204);
        let _ = http.get(&path).await.expect(404);
        let _ = http.get(&format!("/account/users/{bob}")).await.expect(200);
    }

    async fn a_service_account_learns_what_it_may_do(server: TestServer) {
        let account = server.service_account(&["TMC_ENGINE_USE"], &[]).await;
        let me = account.http.get("/account/me").await.expect(200).json();
        assert_eq!(me, json!({
            "type": "SERVICE_ACCOUNT", "id": account.id, "name": "account 0", "permissions": ["TMC_ENGINE_USE"],
            "createdDate": "2026-02-03T09:00:00.000Z", "lastModified": "2026-02-03T09:00:00.000Z",
        }));
    }
}
