//! Schedules and triggers as they are written: rules, limits, links, upcoming events.

use serde_json::{Value, json};
use stoker_testkit::http::{Answer, Method};

use crate::support::{MINUTE, START_MS, TestServer, both, id};

const SCHEDULES: &str = "/orchestration/schedules";
const TASKS: &str = "/orchestration/executables/tasks";
const DAY: i64 = 24 * 60 * MINUTE;

/// A trigger that is due by a cron expression, in UTC.
pub(crate) fn cron(name: &str, expression: &str) -> Value {
    json!({ "name": name, "type": "CRON", "cronExpression": expression, "timeZone": "UTC" })
}

/// A schedule with one trigger; gives its path.
pub(crate) async fn schedule(server: &TestServer, trigger: Value) -> String {
    let body = json!({ "environmentId": server.environment(), "description": "nightly", "trigger": trigger });
    let made = server.http().post(SCHEDULES, &body).await.expect(201).json();
    format!("{SCHEDULES}/{}", id(&made))
}

/// Sets the run configuration of a task with this trigger.
pub(crate) async fn set_trigger(server: &TestServer, (task, engine): (&str, &str), trigger: Value) -> Answer {
    let body = json!({ "trigger": trigger, "runtime": { "type": "REMOTE_ENGINE", "id": engine } });
    server.http().put(&format!("{TASKS}/{task}/run-config"), &body).await
}

async fn names(server: &TestServer, path: &str) -> Vec<String> {
    let body = server.http().get(path).await.expect(200).json();
    let triggers = body["triggers"].as_array().expect("triggers").clone();
    triggers.iter().map(|trigger| trigger["name"].as_str().expect("a name").to_owned()).collect()
}

#[track_caller]
fn message(answer: &Answer) -> String {
    answer.json()["message"].as_str().unwrap_or_else(|| panic!("no message: {}", answer.text())).to_owned()
}

both! {
    async fn a_schedule_lives_until_it_is_removed(server: TestServer) {
        let path = schedule(&server, cron("a", "30 2 ? * MON-FRI *")).await;
        let shown = server.http().get(&path).await.expect(200).json();
        let wanted = json!({
            "id": path.rsplit('/').next(), "description": "nightly", "environmentId": server.environment(),
            "triggers": [cron("a", "30 2 ? * MON-FRI *")],
        });
        assert_eq!(shown, wanted);
        let _ = server.http().json(Method::PATCH, &path, &json!({ "description": "weekdays" })).await.expect(204);
        let weekly = json!({
            "name": "b", "type": "WEEKLY", "interval": 1, "startDate": "2026-02-07", "timeZone": "Europe/Berlin",
            "atTimes": { "type": "AT_SPECIFIC_TIMES", "times": ["08:00", "20:00"] },
            "atDays": { "type": "DAY_OF_WEEK", "days": ["SATURDAY"] }, "timeout": 30,
        });
        let triggers = format!("{path}/triggers");
        let added = server.http().post(&triggers, &weekly).await.expect(200);
        assert_eq!(added.text(), "");
        let shown = server.http().get(&path).await.expect(200).json();
        assert_eq!((&shown["description"], &shown["triggers"][1]), (&json!("weekdays"), &weekly));

        let copied = server.http().post(&path, &json!({})).await.expect(201).json();
        let copy = server.http().get(&format!("{SCHEDULES}/{}", id(&copied))).await.expect(200).json();
        assert_eq!((&copy["description"], &copy["triggers"]), (&json!("copy of weekdays"), &shown["triggers"]));

        let _ = server.http().put(&triggers, &cron("a", "45 3 * * ?")).await.expect(200);
        assert_eq!(server.http().get(&path).await.json()["triggers"][0]["cronExpression"], "45 3 * * ?");
        let _ = server.http().put(&triggers, &cron("c", "45 4 * * ?")).await.expect(404);
        let _ = server.http().delete(&format!("{triggers}?name=c")).await.expect(404);
        let _ = server.http().delete(&format!("{triggers}?name=a")).await.expect(204);
        assert_eq!(names(&server, &path).await, ["b"]);
        let _ = server.http().delete(&path).await.expect(204);
        let _ = server.http().get(&path).await.expect(404);
        let _ = server.http().delete(&path).await.expect(404);
        assert_eq!(server.http().get(SCHEDULES).await.json()["total"], 1, "the copy stays");
    }

    async fn the_list_is_narrowed(server: TestServer) {
        let (task, _) = server.ready_task("t").await;
        for (number, text) in ["nightly load", "Nightly report", "weekly"].into_iter().enumerate() {
            let body = json!({
                "environmentId": server.environment(), "description": text,
                "trigger": cron("a", &format!("30 {number} * * ?")),
            });
            let made = id(&server.http().post(SCHEDULES, &body).await.expect(201).json());
            if text == "weekly" {
                let _ = server.http().put(&format!("{TASKS}/{task}/schedule"), &json!({ "scheduleId": made })).await.expect(200);
            }
            server.clock.advance(1);
        }
        let environment = json!({ "name": "other", "workspaceName": "w" });
        let other = id(&server.http().post("/orchestration/environments", &environment).await.expect(201).json());
        for (query, wanted) in [
            ("", &["nightly load", "Nightly report", "weekly"][..]),
            ("?descriptionFilter=nightly", &["nightly load"]),
            ("?descriptionFilter=^[nN]ightly%20", &["nightly load", "Nightly report"]),
            ("?descriptionFilter=ly$", &["weekly"]),
            ("?onlyBound=true", &["weekly"]),
            ("?onlyBound=false&limit=1&offset=1", &["Nightly report"]),
            (&format!("?environmentId={other}"), &[]),
            (&format!("?environmentId={}", server.environment()), &["nightly load", "Nightly report", "weekly"]),
        ] {
            let page = server.http().get(&format!("{SCHEDULES}{query}")).await.expect(200).json();
            let found: Vec<&str> =
                page["items"].as_array().expect("items").iter().filter_map(|i| i["description"].as_str()).collect();
            assert_eq!(found, wanted, "{query}");
        }
        let answer = server.http().get(&format!("{SCHEDULES}?descriptionFilter=(")).await.expect(400);
        assert!(message(&answer).starts_with("descriptionFilter"), "{}", answer.text());
        let _ = server.http().get(&format!("{SCHEDULES}?descriptionFilter={}", "a".repeat(256))).await.expect(400);
        let _ = server.http().get(&format!("{SCHEDULES}?limit=0")).await.expect(400);
        // With its schedules an environment without tasks goes.
        let body = json!({ "environmentId": other, "description": "x", "trigger": cron("a", "0 1 * * ?") });
        let _ = server.http().post(SCHEDULES, &body).await.expect(201);
        let _ = server.http().delete(&format!("/orchestration/environments/{other}")).await.expect(204);
        assert_eq!(server.http().get(SCHEDULES).await.json()["total"], 3);
    }

    async fn triggers_keep_the_published_rules(server: TestServer) {
        let path = schedule(&server, cron("t0", "0 0 * * ?")).await;
        let triggers = format!("{path}/triggers");
        let same = server.http().post(&triggers, &cron("other", "0 0 * * ?")).await.expect(409);
        assert!(message(&same).contains("t0"), "{}", same.text());
        let taken = server.http().post(&triggers, &cron("t0", "0 12 * * ?")).await.expect(409);
        assert!(message(&taken).contains("name"), "{}", taken.text());
        let close = server.http().post(&triggers, &cron("near", "4 0 1 1 ?")).await.expect(409);
        assert!(message(&close).contains("2027-01-01T00:04:00.000Z (near)"), "{}", close.text());
        // Four years from now, on a leap day only.
        let _ = server.http().post(&triggers, &cron("leap", "3 0 29 2 ?")).await.expect(409);
        let _ = server.http().post(&triggers, &cron("far enough", "5 0 29 2 ?")).await.expect(200);
        let denied = server.http().put(&triggers, &cron("far enough", "56 23 * * ?")).await.expect(409);
        assert!(message(&denied).contains("5 minutes"), "{}", denied.text());
        for number in 2..15 {
            let _ = server.http().post(&triggers, &cron(&format!("t{number}"), &format!("0 {number} * * ?"))).await.expect(200);
        }
        assert_eq!(names(&server, &path).await.len(), 15);
        let many = server.http().post(&triggers, &cron("t15", "0 15 * * ?")).await.expect(400);
        assert!(message(&many).contains("15"), "{}", many.text());
    }

    async fn a_bad_trigger_is_refused_with_its_field(server: TestServer) {
        let (task, engine) = server.ready_task("t").await;
        let daily = |more: Value| {
            let mut body = json!({
                "type": "DAILY", "interval": 1, "startDate": "2026-02-05", "timeZone": "Europe/Berlin",
                "atTimes": { "type": "AT_TIME", "time": "02:30" },
            });
            body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            body
        };
        for (trigger, field) in [
            (json!({ "type": "HOURLY" }), "trigger.type"),
            (json!({ "type": 5 }), "trigger.type"),
            (json!({ "type": "MULTIPLE" }), "trigger.type"),
            (json!({}), "trigger.type"),
            (daily(json!({ "interval": 0 })), "trigger.interval"),
            (daily(json!({ "interval": "x" })), "trigger.interval"),
            (daily(json!({ "startDate": "2026-02-30" })), "trigger.startDate"),
            (daily(json!({ "timeZone": "Europe/Nowhere" })), "trigger.timeZone"),
            (daily(json!({ "timeZone": null })), "trigger.timeZone"),
            (daily(json!({ "atTimes": { "type": "AT_TIME", "time": "25:00" } })), "trigger.atTimes.time"),
            (daily(json!({ "atTimes": { "type": "AT_TIME" } })), "trigger.atTimes.time"),
            (daily(json!({ "atTimes": { "time": "02:30" } })), "trigger.atTimes"),
            (daily(json!({ "atTimes": { "type": "AT_SPECIFIC_TIMES", "times": ["02:30", "x"] } })), "trigger.atTimes.times[1]"),
            (daily(json!({ "atTimes": { "type": "AT_INTERVALS", "startTime": "02:00", "endTime": "03:00", "interval": 4 } })), "5 minutes"),
            (daily(json!({ "type": "WEEKLY" })), "trigger.atDays"),
            (daily(json!({ "type": "MONTHLY", "atDays": { "type": "DAY_OF_MONTH", "day": 32 } })), "trigger.atDays.day"),
            (json!({ "type": "CRON", "timeZone": "UTC" }), "trigger.cronExpression"),
            (json!({ "type": "CRON", "timeZone": "UTC", "cronExpression": "* * * * * *" }), "trigger.cronExpression"),
            (json!({ "type": "CRON", "timeZone": "UTC", "cronExpression": "0/4 * * * ?" }), "5 minutes"),
            (json!({ "type": "ONCE", "startDate": "2026-02-03", "timeZone": "UTC", "atTimes": { "type": "AT_TIME", "time": "08:59" } }), "trigger.startDate"),
            (json!({ "type": "ONCE", "startDate": "2026-02-03", "timeZone": "UTC", "atTimes": { "type": "AT_TIME", "time": "09:00" } }), "trigger.startDate"),
        ] {
            let answer = set_trigger(&server, (&task, &engine), trigger.clone()).await;
            assert_eq!(answer.status, 400, "{trigger}: {}", answer.text());
            assert!(message(&answer).contains(field), "{trigger}: {}", answer.text());
        }
        let config = server.http().get(&format!("{TASKS}/{task}/run-config")).await.json();
        assert_eq!(config["trigger"], json!({ "type": "MANUAL" }), "nothing changed");
        for (body, field) in [
            (json!({ "trigger": cron("a", "0 1 * * ?") }), "environmentId"),
            (json!({ "environmentId": "x", "trigger": cron("a", "0 1 * * ?") }), "Environment"),
            (json!({ "environmentId": server.environment() }), "trigger"),
            (json!({ "environmentId": server.environment(), "trigger": { "type": "CRON" } }), "trigger"),
            (json!({ "environmentId": server.environment(), "trigger": cron("", "0 1 * * ?") }), "trigger.name"),
            (json!({ "environmentId": server.environment(), "trigger": cron("a", "0 1 * *") }), "trigger.cronExpression"),
            (json!({ "environmentId": server.environment(), "trigger": { "name": "a", "type": "CRON", "timeZone": "UTC", "cronExpression": "0 1 * * ?", "timeout": 0 } }), "trigger.timeout"),
        ] {
            let answer = server.http().post(SCHEDULES, &body).await;
            assert_eq!(answer.status, 400, "{body}: {}", answer.text());
            assert!(message(&answer).contains(field), "{body}: {}", answer.text());
        }
        assert_eq!(server.http().get(SCHEDULES).await.json()["total"], 0);
    }

    async fn a_schedule_belongs_to_one_task(server: TestServer) {
        let (one, engine) = server.ready_task("one").await;
        let (two, _) = server.ready_task("two").await;
        let path = schedule(&server, cron("a", "30 2 * * ?")).await;
        let link = json!({ "scheduleId": path.rsplit('/').next() });
        let (of_one, of_two) = (format!("{TASKS}/{one}/schedule"), format!("{TASKS}/{two}/schedule"));
        let http = server.http();
        let _ = http.get(&of_one).await.expect(404);
        let _ = http.delete(&of_one).await.expect(404);
        let _ = http.put(&of_one, &json!({ "scheduleId": "66f0a1b2c3d4e5f601230001" })).await.expect(404);
        let _ = http.put(&of_one, &json!({})).await.expect(400);
        // A trigger of the run configuration goes when the schedule comes.
        let daily = json!({ "type": "CRON", "cronExpression": "0 5 * * ?", "timeZone": "UTC" });
        let set = set_trigger(&server, (&one, &engine), daily.clone()).await.expect(200).json();
        assert_eq!(set["trigger"], daily);
        let _ = http.get(&of_one).await.expect(404);
        assert_eq!(http.put(&of_one, &link).await.expect(200).text(), "");
        let _ = http.put(&of_one, &link).await.expect(200);
        let _ = http.put(&of_two, &link).await.expect(403);
        let linked = http.get(&of_one).await.expect(200).json();
        assert_eq!((&linked["executableId"], &linked["executableType"]), (&json!(one), &json!("Task")));
        let config_path = format!("{TASKS}/{one}/run-config");
        let config = http.get(&config_path).await.json();
        assert_eq!(config["trigger"]["type"], "MULTIPLE");
        // What was read is sent back with another level, and the schedule stays.
        let mut changed = config.clone();
        changed["logLevel"] = json!("INFO");
        let _ = http.put(&config_path, &changed).await.expect(200);
        let _ = http.get(&of_one).await.expect(200);
        let used = http.delete(&path).await.expect(409);
        assert!(message(&used).contains(&one), "{}", used.text());
        let _ = http.delete(&of_one).await.expect(204);
        assert_eq!(http.get(&config_path).await.json()["trigger"]["type"], "MANUAL");
        let _ = http.put(&of_two, &link).await.expect(200);
        // Another trigger in the run configuration takes the schedule away.
        let _ = set_trigger(&server, (&two, &engine), daily).await.expect(200);
        let _ = http.get(&of_two).await.expect(404);
        let _ = http.put(&of_two, &link).await.expect(200);
        let _ = http.delete(&format!("{TASKS}/{two}/run-config")).await.expect(204);
        let _ = http.delete(&format!("{TASKS}/{two}/run-config")).await.expect(204);
        let left = http.get(&format!("{TASKS}/{two}/run-config")).await.json();
        assert_eq!((&left["trigger"]["type"], &left["runtime"]["id"]), (&json!("MANUAL"), &json!(engine_of(&server, &two).await)));
        // A removed task leaves its schedule behind.
        let _ = http.put(&of_two, &link).await.expect(200);
        let _ = http.delete(&format!("{TASKS}/{two}")).await.expect(204);
        let orphan = http.get(&path).await.expect(200).json();
        assert!(orphan.get("executableId").is_none(), "{orphan}");
        let _ = http.delete(&path).await.expect(204);
    }

    async fn upcoming_events_are_what_will_happen(server: TestServer) {
        let (task, engine) = server.ready_task("t").await;
        let path = schedule(&server, cron("a", "0 12 * * ?")).await;
        let _ = server.http().post(&format!("{path}/triggers"), &cron("b", "30 9 4 2 ?")).await.expect(200);
        let to = START_MS + 2 * DAY;
        let simulated = server.http().get(&format!("{path}/events?to={to}")).await.expect(200).json();
        let event = |at: &str, name: &str| json!({ "datetime": at, "sourceTriggerName": name });
        assert_eq!(simulated, json!([
            event("2026-02-03T12:00:00.000Z", "a"), event("2026-02-04T09:30:00.000Z", "b"), event("2026-02-04T12:00:00.000Z", "a"),
        ]));
        let second = server.http().get(&format!("{path}/events?to={to}&limit=1&offset=1")).await.expect(200).json();
        assert_eq!(second, json!([event("2026-02-04T09:30:00.000Z", "b")]));
        let past = server.http().get(&format!("{path}/events?from={}&to={START_MS}", START_MS - DAY)).await.expect(200).json();
        assert_eq!(past, json!([event("2026-02-02T12:00:00.000Z", "a")]), "reproducible");
        for query in ["", "?to=x", &format!("?to={}", START_MS - 1), "?to=99999999999999", &format!("?to={to}&limit=101")] {
            let _ = server.http().get(&format!("{path}/events{query}")).await.expect(400);
        }
        let older = server.http().get(&format!("/tmc/v2.6{}/events?to={to}", path.trim_start_matches("/orchestration"))).await;
        let older = older.expect(200).json();
        assert_eq!((&older["total"], &older["items"][1]), (&json!(3), &json!({ "sourceTriggerName": "b", "date": "2026-02-04T09:30:00.000Z" })));

        let upcoming = format!("{TASKS}/{task}/run-config/events?to={to}");
        assert_eq!(server.http().get(&upcoming).await.expect(200).json()["items"], json!([]));
        let _ = server.http().put(&format!("{TASKS}/{task}/schedule"), &json!({ "scheduleId": path.rsplit('/').next() })).await.expect(200);
        let page = server.http().get(&upcoming).await.expect(200).json();
        assert_eq!(page["items"], json!(["2026-02-03T12:00:00.000Z", "2026-02-04T09:30:00.000Z", "2026-02-04T12:00:00.000Z"]));
        assert_eq!((&page["total"], &page["limit"], &page["offset"]), (&json!(3), &json!(100), &json!(0)));

        let search = "/orchestration/executables/events/search";
        let ask = |more: Value| {
            let mut body = json!({ "environmentId": server.environment(), "to": to });
            body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            body
        };
        let all = server.http().post(search, &ask(json!({}))).await.expect(200).json();
        assert_eq!(all["total"], 3);
        let first = json!({ "id": task, "sourceTriggerName": "a", "date": "2026-02-03T12:00:00.000Z", "type": "TASK" });
        assert_eq!(all["items"][0], first);
        for (more, total) in [
            (json!({ "workspaceIds": [server.workspace()] }), 3),
            (json!({ "workspaceIds": [] }), 3),
            (json!({ "tags": ["x"] }), 0),
            (json!({ "runtime": { "type": "REMOTE_ENGINE", "id": engine } }), 3),
            (json!({ "runtime": { "type": "REMOTE_ENGINE_CLUSTER" } }), 0),
            (json!({ "from": START_MS + DAY }), 2),
        ] {
            let page = server.http().post(search, &ask(more.clone())).await.expect(200).json();
            assert_eq!(page["total"], total, "{more}");
        }
        for (more, field) in [
            (json!({ "to": null }), "to"),
            (json!({ "to": "soon" }), "to"),
            (json!({ "environmentId": "x" }), "Environment"),
            (json!({ "workspaceIds": 5 }), "workspaceIds"),
            (json!({ "runtime": { "type": "TOASTER" } }), "runtime.type"),
            (json!({ "limit": 101 }), "limit"),
        ] {
            let answer = server.http().post(search, &ask(more.clone())).await.expect(400);
            assert!(message(&answer).contains(field), "{more}: {}", answer.text());
        }
        // A paused task starts nothing.
        let _ = server.http().put(&format!("{TASKS}/{task}/pause"), &json!({ "pause": true })).await.expect(202);
        assert_eq!(server.http().get(&upcoming).await.json()["total"], 0);
        assert_eq!(server.http().post(search, &ask(json!({}))).await.json()["total"], 0);
    }

    async fn both_generations_show_one_schedule(server: TestServer) {
        let body = json!({
            "environmentId": server.environment(), "description": "x",
            "trigger": {
                "name": "a", "type": "DAILY", "interval": 2, "startDate": "2026-02-05", "startTime": "01:00", "timeZone": "UTC",
                "atTimes": { "type": "AT_TIME", "time": "02:30" },
            },
        });
        for version in ["v1.1", "v2.6"] {
            assert_eq!(server.http().post(&format!("/tmc/{version}/schedules"), &body).await.expect(201).text(), "");
        }
        let list = server.http().get("/tmc/v2.6/schedules").await.expect(200).json();
        assert_eq!(list["total"], 2);
        assert!(list["items"][0]["triggers"][0].get("startTime").is_none(), "{list}");
        let newer = server.http().get(SCHEDULES).await.json();
        assert_eq!(newer["items"][0]["triggers"][0]["startTime"], "01:00");
        assert_eq!(newer["items"][0]["id"], list["items"][0]["id"]);
    }

    async fn tasks_are_found_by_what_starts_them(server: TestServer) {
        let (task, engine) = server.ready_task("t").await;
        let (other, _) = server.ready_task("u").await;
        let _ = set_trigger(&server, (&task, &engine), json!({ "type": "CRON", "cronExpression": "0 5 * * ?", "timeZone": "UTC" })).await.expect(200);
        for (kind, wanted) in [("cron", Some(&task)), ("no_trigger", Some(&other)), ("daily", None)] {
            let page = server.http().post(&format!("{TASKS}/search"), &json!({ "triggerType": kind })).await.expect(200).json();
            let found = page["items"].as_array().expect("items").iter().map(|i| i["executable"].as_str().expect("an id"));
            assert_eq!(found.collect::<Vec<_>>(), wanted.into_iter().collect::<Vec<_>>(), "{kind}");
        }
        let answer = server.http().post(&format!("{TASKS}/search"), &json!({ "triggerType": "hourly" })).await.expect(400);
        assert!(message(&answer).contains("triggerType"), "{}", answer.text());
    }
}

async fn engine_of(server: &TestServer, task: &str) -> String {
    let config = server.http().get(&format!("{TASKS}/{task}/run-config")).await.json();
    config["runtime"]["id"].as_str().expect("an engine").to_owned()
}
