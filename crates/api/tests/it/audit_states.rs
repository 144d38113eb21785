//! What the audit trail tells of changed objects: which members, steps, rights and rules, before and after.

use serde_json::{Value, json};
use stoker_testkit::http::Method;

use crate::plans::{PLANS, plan_body, step};
use crate::promotions::{PROMOTIONS, pair};
use crate::support::{TestServer, both, id};

const EVENTS: &str = "/stoker/v1/audit-events";
const CLUSTERS: &str = "/processing/runtimes/remote-engine-clusters";

/// The newest event of an object with this action, and what was told of the object before. Time moves on, so that the next
/// event is a later one.
async fn last(server: &TestServer, object: &str, action: &str) -> (Value, Value) {
    let found = server.http().get(&format!("{EVENTS}?objectId={object}")).await.expect(200).json();
    let items = found["items"].as_array().expect("a list");
    let event =
        items.iter().find(|event| event["action"] == action).unwrap_or_else(|| panic!("no {action} in {found}"));
    let told = server.http().get(&format!("{EVENTS}/{}", id(event))).await.expect(200).json();
    server.clock.advance(1);
    (told["event"]["detail"].clone(), told["before"]["detail"].clone())
}

async fn ada(server: &TestServer, login: &str) -> String {
    let body = json!({
        "login": login, "firstName": login, "lastName": "Byron", "email": format!("{login}@example.com"),
        "preferredLanguage": "en", "timezone": "Europe/Paris",
    });
    let made = id(&server.http().post("/account/users", &body).await.expect(201).json());
    server.clock.advance(1);
    made
}

both! {
    async fn a_group_tells_who_came_and_who_went(server: TestServer) {
        let http = server.http();
        let (one, two) = (ada(&server, "ada").await, ada(&server, "bob").await);
        let made = id(&http.post("/account/groups", &json!({ "name": "north", "userIds": [one] })).await.expect(201).json());
        let (told, before) = last(&server, &made, "group.create").await;
        assert_eq!((&told["members"], &told["change"]["added"], before), (&json!(["ada"]), &json!(["ada"]), Value::Null));
        // As a directory does it.
        let patch = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [
            { "op": "add", "path": "members", "value": [{ "value": two }] },
            { "op": "remove", "path": format!("members[value eq \"{one}\"]") },
        ] });
        let _ = http.json(Method::PATCH, &format!("/scim/v2/Groups/{made}"), &patch).await.expect(200);
        let (told, before) = last(&server, &made, "group.update").await;
        assert_eq!((&before["members"], &told["members"]), (&json!(["ada"]), &json!(["bob"])));
        assert_eq!(told["change"], json!({ "added": ["bob"], "removed": ["ada"] }));
        // A user that is removed leaves its group, and the group says so.
        let _ = http.delete(&format!("/account/users/{two}")).await.expect(204);
        let (told, before) = last(&server, &made, "group.update").await;
        assert_eq!((&before["members"], &told["members"]), (&json!(["bob"]), &json!([])));
        assert_eq!(told["change"]["removed"], json!(["bob"]));
        let (told, _) = last(&server, &two, "user.delete").await;
        assert_eq!((&told["login"], &told["email"]), (&json!("bob"), &json!("bob@example.com")));
    }

    async fn a_plan_tells_its_steps_with_tasks_conditions_and_handlers(server: TestServer) {
        let http = server.http();
        let artifact = server.artifact("a", "0.1").await;
        let (one, two) = (server.task("one", &artifact, "0.1").await, server.task("two", &artifact, "0.1").await);
        let steps = json!([step("load", &[&one])]);
        let made = id(&http.post(PLANS, &plan_body(&server, "night", steps)).await.expect(201).json());
        server.clock.advance(1);
        let steps = json!([
            { "name": "load", "condition": "AT_LEAST_ONE_SUCCEEDED", "taskIds": [one, two],
              "handlerOnFailure": { "taskIds": [two] } },
            step("report", &[&two]),
        ]);
        let _ = http.put(&format!("{PLANS}/{made}"), &plan_body(&server, "night", steps)).await.expect(200);
        let (told, before) = last(&server, &made, "plan.update").await;
        let (one, two) = (format!("one ({one})"), format!("two ({two})"));
        assert_eq!(before["steps"], json!([{ "name": "load", "condition": "ALL_SUCCEEDED", "tasks": [one] }]));
        assert_eq!(told["steps"], json!([
            { "name": "load", "condition": "AT_LEAST_ONE_SUCCEEDED", "tasks": [one, two],
              "onFailure": { "tasks": [two], "plans": [] } },
            { "name": "report", "condition": "ALL_SUCCEEDED", "tasks": [two] },
        ]));
        let trigger = json!({ "type": "CRON", "cronExpression": "0 3 * * ?", "timeZone": "UTC" });
        let _ = http.put(&format!("{PLANS}/{made}/run-config"), &json!({ "trigger": trigger })).await.expect(200);
        let (told, before) = last(&server, &made, "plan.run-config").await;
        assert_eq!((&told["runConfig"]["trigger"]["cronExpression"], &before["runConfig"]), (&json!("0 3 * * ?"), &json!({})));
    }

    async fn a_long_list_says_what_is_left_out(server: TestServer) {
        let artifact = server.artifact("a", "0.1").await;
        let task = server.task("one", &artifact, "0.1").await;
        let steps: Vec<Value> = (0..260).map(|number| step(&format!("step {number}"), &[&task])).collect();
        let made = id(&server.http().post(PLANS, &plan_body(&server, "long", json!(steps))).await.expect(201).json());
        let (told, _) = last(&server, &made, "plan.create").await;
        assert_eq!((told["steps"].as_array().map(Vec::len), &told["leftOut"]["steps"]), (Some(200), &json!(60)));
    }

    async fn a_task_and_a_connection_tell_which_values_are_new_and_no_value(server: TestServer) {
        let http = server.http();
        let secret = json!([{ "name": "host", "value": "alpha-1" }, { "name": "pass", "value": "alpha-2", "encrypted": true }]);
        let made = server.connection("db", &secret).await;
        server.clock.advance(1);
        let changed = json!([{ "name": "host", "value": "alpha-1" }, { "name": "pass", "value": "alpha-3", "encrypted": true }]);
        let _ = http.put(&format!("/orchestration/connections/{made}"), &json!({ "parameters": changed })).await.expect(200);
        let (told, before) = last(&server, &made, "connection.update").await;
        assert_eq!(told["change"]["newValues"], json!(["pass"]));
        assert_eq!((&told["parameters"], &before["parameters"]), (&json!(["host", "pass (secret)"]), &told["parameters"]));
        let artifact = server.artifact("a", "0.1").await;
        let task = server.task("one", &artifact, "0.1").await;
        server.clock.advance(1);
        let body = json!({
            "name": "one", "workspaceId": server.workspace(), "artifact": { "id": artifact, "version": "0.1" },
            "parameters": { "context_limit": "alpha-4" }, "tags": ["nightly"],
        });
        let _ = http.put(&format!("/orchestration/executables/tasks/{task}"), &body).await.expect(200);
        let (told, before) = last(&server, &task, "task.update").await;
        assert_eq!((&told["tags"], &before["tags"]), (&json!(["nightly"]), &json!([])));
        assert_eq!(told["change"]["newValues"], told["parameters"]);
        assert_eq!(told["parameters"].as_array().map(Vec::len), Some(1), "{told}");
        let all = http.get(&format!("{EVENTS}?limit=100")).await.expect(200).text();
        assert!(!all.contains("alpha-"), "{all}");
        let _ = http.put(&format!("/orchestration/executables/tasks/{task}/pause"), &json!({ "pause": true, "pauseContext": "stock-taking" })).await.expect(202);
        let (told, before) = last(&server, &task, "task.pause").await;
        assert_eq!((&told["paused"], &told["pauseContext"], &before["paused"]), (&json!(true), &json!("stock-taking"), &json!(false)));
    }

    async fn a_cluster_tells_its_engines_and_a_run_profile_its_arguments(server: TestServer) {
        let http = server.http();
        let engine = id(&server.engine("first").await);
        let profiles = format!("/processing/runtimes/remote-engines/{engine}/run-profiles");
        let body = json!({ "name": "big", "type": "JOB_SERVER", "jvmArguments": ["-Xmx1g", "-Dpass=alpha-1"] });
        let profile = id(&http.post(&profiles, &body).await.expect(201).json());
        server.clock.advance(1);
        let body = json!({ "name": "big", "type": "JOB_SERVER", "jvmArguments": ["-Xmx2g", "-Dpass=alpha-2"] });
        let _ = http.put(&format!("{profiles}/{profile}"), &body).await.expect(200);
        let (told, before) = last(&server, &profile, "run-profile.update").await;
        assert_eq!(before["jvmArguments"], json!(["-Xmx1g", "-Dpass=…"]));
        assert_eq!((&told["jvmArguments"], &told["change"]["newValues"]), (&json!(["-Xmx2g", "-Dpass=…"]), &json!(["-Dpass"])));
        let _ = http.delete(&format!("{profiles}/{profile}")).await.expect(202);
        let made = id(&http.post(CLUSTERS, &json!({ "name": "all", "environmentId": server.environment() })).await.expect(201).json());
        server.clock.advance(1);
        let member = format!("{CLUSTERS}/{made}/engines/{engine}");
        let _ = http.send(Method::PUT, &member, &[], None).await.expect(204);
        let (told, before) = last(&server, &made, "cluster.add-engine").await;
        assert_eq!((&before["engines"], &told["engines"]), (&json!([]), &json!([format!("first ({engine})")])));
        let _ = http.delete(&member).await.expect(204);
        let (told, before) = last(&server, &made, "cluster.remove-engine").await;
        assert_eq!((&before["engines"], &told["engines"]), (&json!([format!("first ({engine})")]), &json!([])));
    }

    async fn rights_on_a_workspace_are_told_before_and_after(server: TestServer) {
        let http = server.http();
        let user = ada(&server, "ada").await;
        let path = format!("/security/workspaces/{}/users/{user}/permissions", server.workspace());
        let _ = http.post(&path, &json!(["VIEW"])).await.expect(201);
        let (told, before) = last(&server, &user, "rights.create").await;
        assert_eq!((&told["rights"], &told["name"], &told["workspace"]), (&json!(["VIEW"]), &json!("ada"), &json!("Shared")));
        assert_eq!(before, Value::Null);
        let _ = http.put(&path, &json!(["VIEW", "EXECUTE"])).await.expect(204);
        let (told, before) = last(&server, &user, "rights.update").await;
        assert_eq!((&before["rights"], told["rights"].as_array().map(Vec::len)), (&json!(["VIEW"]), Some(2)));
        let _ = http.delete(&path).await.expect(204);
        let (told, before) = last(&server, &user, "rights.delete").await;
        assert_eq!((&told["rights"], before["rights"].as_array().map(Vec::len)), (&json!([]), Some(2)));
        // What was taken away is not there before what is given anew; and a removed user loses its rights by name.
        let _ = http.post(&path, &json!(["AUTHOR"])).await.expect(201);
        assert_eq!(last(&server, &user, "rights.create").await.1, Value::Null);
        let _ = http.delete(&format!("/account/users/{user}")).await.expect(204);
        let (told, before) = last(&server, &user, "rights.delete").await;
        assert_eq!((&told["name"], &told["rights"], &before["rights"]), (&json!("ada"), &json!([]), &json!(["AUTHOR"])));
        // Whoever makes a workspace gets rights on it.
        let body = json!({ "name": "w", "environmentId": server.environment() });
        let made = id(&http.post("/orchestration/workspaces", &body).await.expect(201).json());
        let found = http.get(&format!("{EVENTS}?objectType=principal&limit=1")).await.expect(200).json();
        let event = &found["items"][0];
        assert_eq!((&event["action"], &event["workspaceId"], &event["detail"]["workspace"]), (&json!("rights.create"), &json!(made), &json!("w")));
    }

    async fn roles_mappings_and_the_allowlist_tell_all_they_hold(server: TestServer) {
        let http = server.http();
        let user = ada(&server, "ada").await;
        let body = json!({ "name": "watch", "permissions": ["TMC_OPERATOR"] });
        let role = id(&http.post("/account/roles", &body).await.expect(201).json());
        server.clock.advance(1);
        let _ = http.post(&format!("/account/roles/{role}/users"), &json!([user])).await.expect(204);
        let (told, _) = last(&server, &role, "role.give").await;
        assert_eq!(told["users"], json!(["ada"]));
        let (told, before) = last(&server, &user, "user.update").await;
        assert_eq!((&before["roles"], &told["roles"]), (&json!([]), &json!(["watch"])));
        let path = "/security/role-mappings";
        let _ = http.post(path, &json!([{ "name": "south", "roles": ["watch"] }])).await.expect(200);
        server.clock.advance(1);
        let two = json!([{ "name": "south", "roles": ["Operator"] }, { "name": "north", "roles": ["watch"] }]);
        let _ = http.post(path, &two).await.expect(200);
        let (told, before) = last(&server, "all", "role-mapping.update").await;
        assert_eq!(before["mappings"], json!({ "south": ["watch"] }));
        assert_eq!(told["mappings"], json!({ "north": ["watch"], "south": ["Operator"] }));
        let _ = http.delete(&format!("{path}/north")).await.expect(204);
        let (told, _) = last(&server, "all", "role-mapping.update").await;
        assert_eq!((&told["mappings"], &told["change"]["removed"]), (&json!({ "south": ["Operator"] }), &json!(["north"])));
        let list = json!({ "enabled": false, "ips": [{ "ip": "127.0.0.0/8", "description": "here" }] });
        let _ = http.post("/security/ip-allowlist", &list).await.expect(201);
        server.clock.advance(1);
        let _ = http.post("/security/ip-allowlist/ips", &json!([{ "ip": "10.0.0.0/8", "description": "" }])).await.expect(201);
        let found = http.get(&format!("{EVENTS}?objectType=ip-allowlist&limit=1")).await.expect(200).json();
        let object = found["items"][0]["objectId"].as_str().expect("an id").to_owned();
        let (told, before) = last(&server, &object, "ip-allowlist.update").await;
        assert_eq!((&before["ips"], &told["change"]["added"]), (&json!(["127.0.0.0/8 (here)"]), &json!(["10.0.0.0/8"])));
        let _ = http.delete("/security/ip-allowlist").await.expect(204);
        let (told, _) = last(&server, &object, "ip-allowlist.delete").await;
        assert_eq!(told["ips"].as_array().map(Vec::len), Some(2));
    }

    async fn schedules_and_what_they_start_are_told(server: TestServer) {
        let http = server.http();
        let artifact = server.artifact("t", "0.1").await;
        let task = server.task("t", &artifact, "0.1").await;
        server.clock.advance(1);
        server.configure(&task, &id(&server.engine("t").await)).await;
        let trigger = |name: &str, cron: &str| json!({ "name": name, "type": "CRON", "cronExpression": cron, "timeZone": "UTC" });
        let body = json!({ "environmentId": server.environment(), "description": "night", "trigger": trigger("a", "0 3 * * ?") });
        let made = id(&http.post("/orchestration/schedules", &body).await.expect(201).json());
        server.clock.advance(1);
        let path = format!("/orchestration/schedules/{made}/triggers");
        let _ = http.post(&path, &trigger("b", "0 5 * * ?")).await.expect(200);
        let (told, before) = last(&server, &made, "schedule.trigger.add").await;
        assert_eq!(before["triggers"].as_object().map(serde_json::Map::len), Some(1));
        assert_eq!((&told["triggers"]["b"]["cronExpression"], &told["change"]["trigger"]), (&json!("0 5 * * ?"), &json!(["b"])));
        let link = format!("/orchestration/executables/tasks/{task}/schedule");
        let _ = http.put(&link, &json!({ "scheduleId": made })).await.expect(200);
        let (told, before) = last(&server, &task, "task.schedule.link").await;
        assert_eq!((&told["runConfig"]["trigger"]["type"], &told["change"]["schedule"]), (&json!("MULTIPLE"), &json!([made])));
        assert_eq!(before["runConfig"]["trigger"]["type"], "MANUAL");
        let _ = http.delete(&format!("{path}?name=a")).await.expect(204);
        let (told, before) = last(&server, &made, "schedule.trigger.delete").await;
        assert_eq!(before["triggers"].as_object().map(serde_json::Map::len), Some(2));
        assert_eq!(told["triggers"].as_object().map(serde_json::Map::len), Some(1));
    }

    async fn a_promotion_tells_its_executors_and_every_object_it_wrote(server: TestServer) {
        let http = server.http();
        let artifact = server.artifact("a", "0.1").await;
        let source = server.task("load", &artifact, "0.1").await;
        let pair = pair(&server, "target").await;
        server.clock.advance(1);
        let account = server.service_account(&["TMC_PROMOTION_EXECUTION"], &[]).await.id;
        let path = format!("{PROMOTIONS}/{}/service-accounts/{account}", pair.id);
        let _ = http.send(Method::PUT, &path, &[], None).await.expect(204);
        let (told, _) = last(&server, &pair.id, "promotion.addPromoter").await;
        assert_eq!(told["change"]["added"].as_array().map(Vec::len), Some(1), "{told}");
        assert_eq!(told["executors"].as_array().map(Vec::len), Some(2), "{told}");
        let _ = http.delete(&format!("/account/service-accounts/{account}")).await.expect(204);
        let (told, before) = last(&server, &pair.id, "promotion.removePromoter").await;
        assert_eq!((before["executors"].as_array().map(Vec::len), &told["executors"]), (Some(2), &json!(["admin"])));
        let run = pair.run(&server, json!({})).await;
        server.clock.advance(1);
        let promoted = pair.there(&server, "executables/tasks", "load").await;
        let task = promoted[0]["executable"].as_str().expect("an id");
        let (told, _) = last(&server, task, "task.create").await;
        assert_eq!((&told["name"], &told["change"]["promotionRun"]), (&json!("load"), &json!([run["executionId"]])));
        let body = json!({
            "name": "load", "workspaceId": server.workspace(), "artifact": { "id": artifact, "version": "0.1" },
            "description": "every night",
        });
        let _ = http.put(&format!("/orchestration/executables/tasks/{source}"), &body).await.expect(200);
        let _ = pair.run(&server, json!({})).await;
        let (told, before) = last(&server, task, "task.update").await;
        assert_eq!((&told["description"], &before["description"]), (&json!("every night"), &Value::Null));
    }

    async fn projects_environments_and_tokens_tell_what_they_are(server: TestServer) {
        let http = server.http();
        let user = ada(&server, "ada").await;
        let body = json!({ "name": "sources", "url": "https://x:alpha-1@git.example.com/p", "owner": "admin" });
        let made = id(&http.post("/orchestration/projects", &body).await.expect(201).json());
        server.clock.advance(1);
        let path = format!("/orchestration/projects/{made}/authorization-users/{user}");
        let _ = http.send(Method::PUT, &path, &[], None).await;
        let found = http.get(&format!("{EVENTS}?objectId={made}")).await.expect(200);
        assert!(!found.text().contains("alpha-1"), "{}", found.text());
        let environment = json!({ "name": "east", "workspaceName": "w", "description": "far" });
        let made = id(&http.post("/orchestration/environments", &environment).await.expect(201).json());
        server.clock.advance(1);
        let _ = http.put(&format!("/orchestration/environments/{made}"), &json!({ "name": "west" })).await;
        let (told, before) = last(&server, &made, "environment.update").await;
        assert_eq!((&before["name"], &told["name"], &told["description"]), (&json!("east"), &json!("west"), &json!("far")));
        let body = json!({ "name": "ci", "expiresAt": "2026-03-01T00:00:00Z" });
        let made = id(&http.post("/stoker/v1/me/tokens", &body).await.expect(201).json());
        let (told, _) = last(&server, &made, "access-token.create").await;
        assert_eq!((&told["user"], &told["expiresAt"]), (&json!("admin"), &json!("2026-03-01T00:00:00.000Z")));
    }
}
