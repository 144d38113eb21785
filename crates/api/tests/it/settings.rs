//! Settings that change while the server runs: where a value comes from, who may change it, and what it does at once.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use stoker_service::settings::SETTINGS;
use stoker_service::vitals::{Disk, Standing};
use stoker_service::{Service, Settings};
use stoker_testkit::http::{Http, Method};

use crate::link::driver::{Engine, parallel_task};
use crate::support::{Backend, TestServer, both, id};

const PATH: &str = "/stoker/v1/settings";
const TASKS: &str = "/orchestration/executables/tasks";

fn path(name: &str) -> String {
    format!("{PATH}/{name}")
}

/// The setting as the list shows it.
async fn shown(server: &TestServer, name: &str) -> Value {
    let all = server.http().get(PATH).await.expect(200).json();
    let found = all.as_array().expect("a list").iter().find(|one| one["name"] == name).cloned();
    found.unwrap_or_else(|| panic!("no {name} in {all}"))
}

/// Sets it on all servers.
async fn set(server: &TestServer, name: &str, value: Value) -> Value {
    let told = server.http().put(&path(name), &json!({ "value": value })).await.expect(200).json();
    for service in server.services() {
        service.follow_settings().await.expect("settings");
    }
    told
}

/// What is refused, in words.
async fn refused(server: &TestServer, name: &str, body: Value, status: u16) -> String {
    server.http().put(&path(name), &body).await.expect(status).json()["message"].as_str().expect("words").to_owned()
}

both! {
    async fn a_value_is_set_told_and_put_back(server: TestServer) {
        let all = server.http().get(PATH).await.expect(200).json();
        let names: Vec<&str> = all.as_array().expect("a list").iter().filter_map(|one| one["name"].as_str()).collect();
        assert_eq!(names, SETTINGS.iter().map(|setting| setting.name).collect::<Vec<_>>());
        let before = shown(&server, "keepLogsDays").await;
        assert_eq!(
            (&before["value"], &before["default"], &before["from"], &before["version"], &before["unit"]),
            (&json!(0), &json!(0), &json!("default"), &json!(0), &json!("days"))
        );
        assert_eq!((&before["least"], &before["most"], before.get("changedAt")), (&json!(0), &json!(36_500), None));
        let told = set(&server, "keepLogsDays", json!(90)).await;
        assert_eq!(told, shown(&server, "keepLogsDays").await);
        assert_eq!(
            (&told["value"], &told["from"], &told["version"], &told["changedBy"], &told["changedAt"]),
            (&json!(90), &json!("set"), &json!(1), &json!("admin"), &json!("2026-02-03T09:00:00.000Z"))
        );
        assert!(server.services().all(|service| service.settings().keep_logs_ms == 90 * 24 * 3_600_000));
        // The same again is no change.
        assert_eq!(set(&server, "keepLogsDays", json!(90)).await["version"], 1);
        server.clock.advance(1_000);
        let back = server.http().delete(&path("keepLogsDays")).await.expect(200).json();
        assert_eq!((&back["value"], &back["from"], &back["version"]), (&json!(0), &json!("default"), &json!(2)));
        assert_eq!(back["changedAt"], "2026-02-03T09:00:01.000Z", "who put it back is told too");
        let events = server.http().get("/stoker/v1/audit-events?objectType=setting").await.expect(200).json();
        let told: Vec<_> = events["items"].as_array().expect("a list").iter().map(|event| {
            (event["action"].clone(), event["objectId"].clone(), event["detail"].clone())
        }).collect();
        let name = json!("keepLogsDays");
        assert_eq!(told, [
            (json!("setting.reset"), name.clone(), json!({ "name": name, "value": 0, "from": "default", "change": { "before": 90 } })),
            (json!("setting.update"), name.clone(), json!({ "name": name, "value": 90, "from": "set", "change": { "before": 0 } })),
        ]);
        let newest = id(&events["items"][0]);
        let event = server.http().get(&format!("/stoker/v1/audit-events/{newest}")).await.expect(200).json();
        assert_eq!((&event["before"]["detail"]["value"], &event["event"]["detail"]["value"]), (&json!(90), &json!(0)));
        // There is nothing to put back.
        assert_eq!(server.http().delete(&path("keepLogsDays")).await.expect(200).json()["version"], 2);
    }

    async fn of_two_who_change_it_the_second_is_told(server: TestServer) {
        let one = json!({ "value": 10, "version": 0 });
        let _ = server.http().put(&path("activeRuns"), &one).await.expect(200);
        let text = refused(&server, "activeRuns", json!({ "value": 20, "version": 0 }), 409).await;
        assert!(text.contains("version: 0 was replaced by 1"), "{text}");
        let _ = server.http().delete(&format!("{}?version=0", path("activeRuns"))).await.expect(409);
        let _ = server.http().delete(&format!("{}?version=1", path("activeRuns"))).await.expect(200);
        // Put back and set again is not what was read.
        let text = refused(&server, "activeRuns", json!({ "value": 20, "version": 1 }), 409).await;
        assert!(text.contains("version: 1 was replaced by 2"), "{text}");
        assert_eq!(shown(&server, "activeRuns").await["value"], 0);
        let _ = server.http().put(&path("activeRuns"), &json!({ "value": 20, "version": 2 })).await.expect(200);
        assert_eq!(shown(&server, "activeRuns").await["value"], 20);
    }

    async fn wrong_values_are_refused_with_the_range(server: TestServer) {
        for (name, value, words) in [
            ("keepLogsDays", json!(-1), "value: must be a whole number from 0 to 36500 (days)"),
            ("keepLogsDays", json!(36_501), "value: must be a whole number from 0 to 36500"),
            ("keepLogsDays", json!(1.5), "value: must be a whole number"),
            ("keepLogsDays", json!("7"), "value: must be a whole number"),
            ("keepLogsDays", json!(null), "value: must be a whole number"),
            ("keepLogsDays", json!(18_446_744_073_709_551_615_u64), "value: must be a whole number"),
            ("webhookDays", json!(3_651), "value: must be a whole number from 0 to 3650"),
            ("deployWaitSeconds", json!(0), "value: must be a whole number from 1 to 315360000 (seconds)"),
            ("engineSilenceSeconds", json!(30), "value: must be more than 30 with a pollSeconds of 20"),
            ("activeRunsFull", json!("drop"), "value: must be skip or wait"),
            ("testerTargets", json!("api.example.org"), "value: must be a list of texts"),
            ("testerTargets", json!(["api.example.org", "*"]), "value[1]: \"*\" is neither an origin"),
            ("testerTargets", json!([1]), "value: must be a list of texts"),
            ("testerTargets", json!(vec!["a"; 1_001]), "value: must have at most 1000 entries"),
            ("testerTargets", json!(["a".repeat(301)]), "value[0]: must have at most 300 characters"),
        ] {
            let text = refused(&server, name, json!({ "value": value }), 400).await;
            assert!(text.contains(words), "{name} {value}: {text}");
        }
        let _ = server.http().put(&path("keepLogsDays"), &json!({ "version": 0 })).await.expect(400);
        let _ = server.http().put(&path("keepLogsDays"), &json!({ "value": 1, "from": "file" })).await.expect(400);
        let _ = server.http().put(&path("keepLogDays"), &json!({ "value": 1 })).await.expect(404);
        let _ = server.http().delete(&path("keepLogDays")).await.expect(404);
        for name in ["pollSeconds", "leaseSeconds", "trustedProxies", "openId"] {
            let text = refused(&server, name, json!({ "value": 1 }), 409).await;
            assert!(text.contains("can be set in the settings file only"), "{name}: {text}");
            assert_eq!(shown(&server, name).await["changeable"], false, "{name}");
        }
        let all = server.http().get(PATH).await.expect(200).json();
        assert!(all.as_array().expect("a list").iter().all(|one| one["from"] == "default"), "{all}");
    }

    async fn limits_act_at_once(server: TestServer) {
        let http = server.http();
        let engine = Engine::ready(&server, "one", 9).await;
        let task = parallel_task(&server, "t", "REMOTE_ENGINE", &engine.id).await;
        let started = async || {
            let run = server.run(&task).await;
            http.get(&format!("/processing/executions/{run}")).await.expect(200).json()["misfiredExecutionReason"].clone()
        };
        assert_eq!(started().await, Value::Null);
        set(&server, "activeRuns", json!(1)).await;
        assert_eq!(started().await, "MAX_PARALLEL_TASKS_LIMIT_REACHED");
        set(&server, "activeRunsFull", json!("wait")).await;
        assert_eq!(started().await, Value::Null, "it waits");
        let _ = http.delete(&path("activeRuns")).await.expect(200);
        set(&server, "tasksAndPlans", json!(1)).await;
        let artifact = server.artifact("more", "0.1").await;
        let body = json!({
            "name": "u", "workspaceId": server.workspace(), "artifact": { "id": artifact, "version": "0.1" },
        });
        let text = http.post(TASKS, &body).await.expect(400).text();
        assert!(text.contains("there are 1 tasks and plans"), "{text}");
        // What is there beyond a lower limit stays as it is.
        set(&server, "tasksAndPlans", json!(2)).await;
        let second = id(&http.post(TASKS, &body).await.expect(201).json());
        set(&server, "tasksAndPlans", json!(1)).await;
        let _ = http.get(&format!("{TASKS}/{second}")).await.expect(200);
        let _ = http.put(&format!("{TASKS}/{second}"), &body).await.expect(200);
    }

    async fn an_engine_is_silent_when_the_setting_says_so(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let availability = async || {
            let path = format!("/processing/runtimes/remote-engines/{}", engine.id);
            server.http().get(&path).await.expect(200).json()["availability"].clone()
        };
        server.clock.advance(61_000);
        assert_eq!(availability().await, "AVAILABLE");
        set(&server, "engineSilenceSeconds", json!(60)).await;
        assert_eq!(availability().await, "NOT_AVAILABLE");
        let engines = server.http().get("/stoker/v1/system").await.expect(200).json()["engines"].clone();
        assert_eq!(engines, json!({ "available": 0, "silent": 1, "unpaired": 0 }));
        set(&server, "engineSilenceSeconds", json!(62)).await;
        assert_eq!(availability().await, "AVAILABLE");
    }

    async fn callers_are_counted_from_the_moment_it_is_set(server: TestServer) {
        let http = Http::new(&format!("http://{}", server.direct())).with_token(&server.bootstrap.personal_access_token);
        for _ in 0..20 {
            assert_eq!(http.get(TASKS).await.status, 200);
        }
        set(&server, "requestsPerMinute", json!(3)).await;
        let answers = [http.get(TASKS).await, http.get(TASKS).await, http.get(TASKS).await, http.get(TASKS).await];
        assert_eq!(answers.map(|answer| answer.status), [200, 200, 200, 429]);
        set(&server, "requestsPerMinute", json!(0)).await;
        assert_eq!(http.get(TASKS).await.status, 200);
    }

    async fn tests_reach_what_was_opened(server: TestServer) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("listen");
        let place = listener.local_addr().expect("an address").to_string();
        let router = axum::Router::new().route("/fine", axum::routing::get("fine"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        assert!(outcome(&server, &place).await.contains("is no allowed target"));
        set(&server, "testerTargets", json!([format!("http://{place}")])).await;
        assert!(outcome(&server, &place).await.contains("is loopback"));
        // The network behind it is opened by the file alone.
        let text = refused(&server, "testerNetworks", json!({ "value": ["127.0.0.1/32"] }), 409).await;
        assert!(text.contains("in the settings file only"), "{text}");
        assert!(outcome(&server, &place).await.contains("is loopback"));
        let _ = server.http().delete(&path("testerTargets")).await.expect(200);
        for service in server.services() {
            service.follow_settings().await.expect("settings");
        }
        assert!(outcome(&server, &place).await.contains("is no allowed target"));
    }

    async fn it_is_told_how_the_installation_is(server: TestServer) {
        server.service.stand_at(Standing {
            listen: "127.0.0.1:9".to_owned(),
            disk: Box::new(|| Ok(Disk { free: 5, total: 7 })),
        });
        let engine = Engine::ready(&server, "one", 1).await;
        let _ = server.engine("never paired").await;
        let task = parallel_task(&server, "t", "REMOTE_ENGINE", &engine.id).await;
        server.run(&task).await;
        let offer = engine.offer().await;
        server.run(&task).await;
        set(&server, "keepLogsDays", json!(7)).await;
        let told = server.http().get("/stoker/v1/system").await.expect(200).json();
        assert_eq!(told["runs"], json!({ "waiting": 1, "running": 1, "unknown": 0 }), "{offer:?}");
        assert_eq!(told["engines"], json!({ "available": 1, "silent": 0, "unpaired": 1 }));
        assert_eq!((&told["keepLogsDays"], &told["since"]), (&json!(7), &json!("2026-02-03T09:00:00.000Z")));
        assert_eq!(told["publicUrl"], server.url.as_str());
        assert_eq!(told["version"], env!("CARGO_PKG_VERSION"));
        let database = &told["database"];
        assert_eq!(database["kind"], server.service.database_kind());
        assert!(database["bytes"].as_i64().is_some_and(|bytes| bytes > 100_000), "{database}");
        assert!(database["schema"].as_str().is_some_and(|name| name >= "0026"), "{database}");
        if server.services().count() == 1 {
            assert_eq!(told["disk"], json!({ "freeBytes": 5, "totalBytes": 7 }));
            assert_eq!(told["listen"], "127.0.0.1:9");
        }
    }

    async fn what_was_set_survives_a_start(server: TestServer) {
        set(&server, "planStartsPerHour", json!(7)).await;
        set(&server, "testerTargets", json!(["api.example.org", "https://h:8443"])).await;
        let again = server.second().await;
        assert_eq!(again.settings().account.plan_starts, 50);
        assert!(!again.bootstrap(|_| Ok(())).await.expect("a start"));
        let settings = again.settings();
        assert_eq!((settings.account.plan_starts, settings.test_targets.names.len()), (7, 2));
        // A value that this program does not understand changes nothing.
        let done = server.store.write::<_, stoker_store::StoreError, _>(|tx| {
            tx.execute("UPDATE server_settings SET value = '\"x\"' WHERE name = 'planStartsPerHour'", &[])?;
            tx.execute("INSERT INTO server_settings (name, value, version, changed_ms, changed_by) \
                        VALUES ('ofTomorrow', '1', 1, 0, 'x'), ('pollSeconds', '3', 1, 0, 'x')", &[])
        });
        done.await.expect("rows");
        again.follow_settings().await.expect("settings");
        assert_eq!((again.settings().account.plan_starts, again.settings().poll_seconds), (50, 20));
        assert_eq!(again.settings().test_targets.names.len(), 2);
    }
}

/// What came of a request that an API test sent there.
async fn outcome(server: &TestServer, place: &str) -> String {
    let http = server.http();
    let projects = "/stoker/v1/tester/projects";
    let project = id(&http.post(projects, &json!({ "name": "Out" })).await.expect(201).json());
    let request = json!({
        "type": "Request", "id": "r", "name": "r", "method": { "name": "GET" },
        "uri": { "scheme": { "name": "http" }, "host": place, "path": "/fine" },
    });
    let document = json!({ "version": 6, "entities": [{ "entity": request }] });
    let body = json!({ "version": 1, "name": "Out", "document": document });
    let _ = http.put(&format!("{projects}/{project}"), &body).await.expect(200);
    let run = id(&http.post(&format!("{projects}/{project}/runs"), &json!({})).await.expect(201).json());
    let run = http.get(&format!("/stoker/v1/tester/runs/{run}?waitSeconds=20")).await.expect(200).json();
    assert_eq!(run["state"], "finished", "{run}");
    let _ = http.delete(&format!("{projects}/{project}")).await.expect(204);
    let item = run["report"]["items"][0]["request"].clone();
    match item["outcome"].as_str() {
        Some("Ok") => "Ok".to_owned(),
        _ => item.to_string(),
    }
}

/// A server whose file holds some settings.
async fn with_file(backend: Backend) -> TestServer {
    let mut settings = Settings { keep_logs_ms: 3 * 24 * 3_600_000, ..Settings::default() };
    settings.in_file = BTreeSet::from(["keepLogsDays", "testerTargets"]);
    TestServer::start_with(backend, settings).await
}

async fn the_file_wins(backend: Backend) {
    let server = with_file(backend).await;
    let told = shown(&server, "keepLogsDays").await;
    assert_eq!((&told["value"], &told["from"], &told["default"]), (&json!(3), &json!("file"), &json!(0)));
    let text = refused(&server, "keepLogsDays", json!({ "value": 9 }), 409).await;
    assert!(
        text.contains("keepLogsDays is fixed by the settings file of this server: take it out of the file"),
        "{text}"
    );
    let _ = server.http().delete(&path("keepLogsDays")).await.expect(409);
    // Fixed to nothing is fixed too.
    let _ = refused(&server, "testerTargets", json!({ "value": ["api.example.org"] }), 409).await;
    // A server without that file may set it; here the file goes on to win.
    let row = "INSERT INTO server_settings (name, value, version, changed_ms, changed_by) VALUES ('keepLogsDays', '9', 1, 0, 'x')";
    let done = server.store.write::<_, stoker_store::StoreError, _>(move |tx| tx.execute(row, &[]));
    done.await.expect("a row");
    server.service.follow_settings().await.expect("settings");
    assert_eq!(server.service.settings().keep_logs_ms, 3 * 24 * 3_600_000);
    assert_eq!(shown(&server, "keepLogsDays").await["from"], "file");
    set(&server, "activeRuns", json!(4)).await;
    assert_eq!(server.service.settings().account.active_runs, 4, "others can be set");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_wins_on_sqlite() {
    the_file_wins(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_wins_on_postgres() {
    the_file_wins(Backend::Postgres).await;
}

/// Waits until a server goes by a limit, as long as it may take on a busy machine.
async fn goes_by(service: &Service, limit: i64) {
    let mut look = tokio::time::interval(Duration::from_millis(5));
    let wait = async {
        while service.settings().account.active_runs != limit {
            look.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.expect("it is heard");
}

/// Another server hears of it without a pass of its reconcilers, and with one where no hint arrives.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_servers_hear_of_it() {
    let server = TestServer::start(Backend::Postgres).await;
    let (other, third) = (server.second().await, server.second().await);
    let follower = other.clone();
    let following = tokio::spawn(async move { follower.follow_others().await });
    set(&server, "activeRuns", json!(5)).await;
    goes_by(&other, 5).await;
    assert_eq!(third.settings().account.active_runs, 0, "nobody told it to look");
    third.reconcile().await.expect("a pass");
    assert_eq!(third.settings().account.active_runs, 5);
    let _ = server.http().delete(&path("activeRuns")).await.expect(200);
    goes_by(&other, 0).await;
    following.abort();
}

/// Whoever may not manage users learns nothing of the server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_see_nothing_of_it() {
    let server = TestServer::start(Backend::Sqlite).await;
    let account = server.service_account(&["TMC_OPERATOR", "AUDIT_LOGS_VIEW"], &[]).await;
    let http = server.anonymous().with_token(&account.token);
    for (method, path) in [
        (Method::GET, PATH.to_owned()),
        (Method::DELETE, path("triggers")),
        (Method::GET, "/stoker/v1/system".to_owned()),
    ] {
        let answer = http.send(method, &path, &[], None).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.text().contains("TMC_USER_MANAGEMENT"), "{}", answer.text());
    }
    assert_eq!(shown(&server, "triggers").await["version"], 0);
}
