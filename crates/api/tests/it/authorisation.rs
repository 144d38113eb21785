//! Ways around rights that look closed: what starts by itself in somebody else's name, and what refusals give away.

use serde_json::{Value, json};
use stoker_testkit::http::Http;

use crate::plans::{PLANS, plan, plan_body, step};
use crate::support::{ServiceUser, TestServer, both, id};

const TASKS: &str = "/orchestration/executables/tasks";
const SCHEDULES: &str = "/orchestration/schedules";

/// Another workspace of environment `default`.
async fn workspace(server: &TestServer, name: &str) -> String {
    let body = json!({ "name": name, "environmentId": server.environment() });
    id(&server.http().post("/orchestration/workspaces", &body).await.expect(201).json())
}

async fn grant(server: &TestServer, account: &ServiceUser, workspace: &str, rights: &[&str]) {
    let path = format!("/security/workspaces/{workspace}/service-accounts/{}/permissions", account.id);
    let _ = server.http().post(&path, &json!(rights)).await.expect(201);
}

/// A task of its own artifact in a workspace.
async fn task_in(server: &TestServer, workspace: &str, name: &str) -> String {
    let artifact = server.artifact(name, "0.1").await;
    let body = json!({ "name": name, "workspaceId": workspace, "artifact": { "id": artifact, "version": "0.1" } });
    id(&server.http().post(TASKS, &body).await.expect(201).json())
}

async fn cron(http: &Http, plan: &str) {
    let trigger = json!({ "type": "CRON", "cronExpression": "0 3 * * ?", "timeZone": "UTC" });
    let _ = http.put(&format!("{PLANS}/{plan}/run-config"), &json!({ "trigger": trigger })).await.expect(200);
}

both! {
    /// Time starts a plan in the name of whoever set the trigger. Somebody who may only change the plan could have tasks of
    /// other workspaces started so.
    async fn a_plan_that_starts_by_itself_gets_no_task_its_author_may_not_start(server: TestServer) {
        let foreign = workspace(&server, "foreign").await;
        let (own, other, third) = (
            task_in(&server, server.workspace(), "own").await,
            task_in(&server, &foreign, "other").await,
            task_in(&server, server.workspace(), "third").await,
        );
        let author = server.service_account(&["TMC_OPERATOR"], &["VIEW", "AUTHOR"]).await;
        grant(&server, &author, &foreign, &["VIEW"]).await;
        let handler = plan(&server, "handler", json!([step("one", &[&own])])).await;
        let armed = plan(&server, "armed", json!([step("one", &[&own])])).await;
        let with = |name: &str, task: &str| plan_body(&server, name, json!([step("one", &[&own]), step("two", &[task])]));
        // Nothing starts it by itself: whoever starts it needs the rights then.
        let _ = author.http.put(&format!("{PLANS}/{armed}"), &with("armed", &other)).await.expect(200);
        let _ = author.http.put(&format!("{PLANS}/{armed}"), &plan_body(&server, "armed", json!([step("one", &[&own])]))).await.expect(200);
        cron(server.http(), &armed).await;
        let refused = author.http.put(&format!("{PLANS}/{armed}"), &with("armed", &other)).await.expect(403);
        assert!(refused.text().contains("EXECUTE"), "{}", refused.text());
        let _ = author.http.put(&format!("{PLANS}/{armed}"), &with("armed", &third)).await.expect(200);
        // Nor through a plan that it runs when a step fails.
        let mut body = plan_body(&server, "armed", json!([step("one", &[&own])]));
        body["steps"][0]["handlerOnFailure"] = json!({ "planIds": [handler] });
        let _ = server.http().put(&format!("{PLANS}/{armed}"), &body).await.expect(200);
        let _ = author.http.put(&format!("{PLANS}/{handler}"), &with("handler", &other)).await.expect(403);
        // Who may start the task may add it; what is there already may stay.
        let _ = server.http().put(&format!("{PLANS}/{handler}"), &with("handler", &other)).await.expect(200);
        let mut kept = with("handler", &other);
        kept["description"] = json!("changed");
        let _ = author.http.put(&format!("{PLANS}/{handler}"), &kept).await.expect(200);
    }

    /// The dates of a schedule are when its plan starts everything it names.
    async fn the_schedule_of_a_plan_is_changed_by_who_may_start_all_of_it(server: TestServer) {
        let foreign = workspace(&server, "foreign").await;
        let (own, other) = (task_in(&server, server.workspace(), "own").await, task_in(&server, &foreign, "other").await);
        let made = plan(&server, "p", json!([step("one", &[&own]), step("two", &[&other])])).await;
        let trigger = |name: &str, cron: &str| json!({ "name": name, "type": "CRON", "cronExpression": cron, "timeZone": "UTC" });
        let body = json!({ "environmentId": server.environment(), "description": "night", "trigger": trigger("a", "0 3 * * ?") });
        let schedule = id(&server.http().post(SCHEDULES, &body).await.expect(201).json());
        let _ = server.http().put(&format!("{PLANS}/{made}/schedule"), &json!({ "scheduleId": schedule })).await.expect(200);
        let half = server.service_account(&["TMC_OPERATOR"], &["VIEW", "EXECUTE"]).await;
        grant(&server, &half, &foreign, &["VIEW"]).await;
        let triggers = format!("{SCHEDULES}/{schedule}/triggers");
        assert_eq!(half.http.post(&triggers, &trigger("b", "0 5 * * ?")).await.status, 428);
        assert_eq!(half.http.put(&triggers, &trigger("a", "0 6 * * ?")).await.status, 428);
        assert_eq!(half.http.delete(&format!("{triggers}?name=a")).await.status, 403);
        let shown = server.http().get(&format!("{SCHEDULES}/{schedule}")).await.expect(200).json();
        assert_eq!(shown["triggers"][0]["cronExpression"], "0 3 * * ?");
        assert_eq!(shown["triggers"].as_array().map(Vec::len), Some(1));
        let whole = server.service_account(&["TMC_OPERATOR"], &["VIEW", "EXECUTE"]).await;
        grant(&server, &whole, &foreign, &["EXECUTE"]).await;
        let added = whole.http.post(&triggers, &trigger("b", "0 5 * * ?")).await;
        assert!(added.status < 300, "{}", added.text());
    }

    /// A refusal tells names only of what the caller may see.
    async fn a_refusal_names_nothing_of_workspaces_that_are_not_seen(server: TestServer) {
        let foreign = workspace(&server, "foreign").await;
        let task = task_in(&server, server.workspace(), "own").await;
        let secret = json!({ "name": "Merger with Acme", "workspaceId": foreign, "steps": [step("one", &[&task])] });
        let hidden = id(&server.http().post(PLANS, &secret).await.expect(201).json());
        let author = server.service_account(&["TMC_OPERATOR"], &["VIEW", "AUTHOR"]).await;
        let refused = author.http.delete(&format!("{TASKS}/{task}")).await.expect(409);
        assert!(!refused.text().contains("Acme"), "{}", refused.text());
        assert!(refused.text().contains("another workspace"), "{}", refused.text());
        let seen = server.http().delete(&format!("{TASKS}/{task}")).await.expect(409);
        assert!(seen.text().contains("Merger with Acme"), "{}", seen.text());
        let _ = server.http().delete(&format!("{PLANS}/{hidden}")).await.expect(204);
        // Connections and resources too, which tasks of other workspaces may use.
        let connection = server.connection("db", &json!([])).await;
        let artifact = server.artifact("b", "0.1").await;
        let body = json!({
            "name": "Layoffs", "workspaceId": foreign, "artifact": { "id": artifact, "version": "0.1" },
            "connections": { "connection_db": connection },
        });
        let _ = server.http().post(TASKS, &body).await.expect(201);
        let editor = server.service_account(&["TMC_OPERATOR"], &["VIEW", "MANAGE"]).await;
        let refused = editor.http.delete(&format!("/orchestration/connections/{connection}")).await.expect(409);
        assert!(!refused.text().contains("Layoffs"), "{}", refused.text());
        let empty: Value = server.http().get(&format!("{TASKS}?name=Layoffs")).await.expect(200).json();
        assert_eq!(empty["total"], 1);
    }
}
