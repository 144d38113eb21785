//! Objects that the sample calls of the rights table stand on: shared ones, and fresh ones for calls that use them up.

#[path = "world_engines.rs"]
pub(crate) mod engines;

use serde_json::json;
use stoker_testkit::fixtures::script_archive;
use stoker_testkit::http::{Answer, Http, Method};

use crate::support::{Part, TestServer, form_of, id};

/// Shared objects by their `@name`, longest names first so that none is taken for the start of another.
pub(crate) struct World {
    shared: Vec<(&'static str, String)>,
    counter: std::sync::atomic::AtomicU64,
}

impl World {
    /// Makes the shared objects.
    pub(crate) async fn new(server: &TestServer) -> Self {
        let http = server.http();
        let artifact = server.artifact("shared", "0.1").await;
        let engine = id(&server.engine("shared").await);
        let world = Self {
            shared: vec![
                ("@env", server.environment().to_owned()),
                ("@ws", server.workspace().to_owned()),
                ("@version", "0.1".to_owned()),
                ("@sha256", "0".repeat(64)),
                ("@artifact", artifact),
                ("@engine", engine),
            ],
            counter: Default::default(),
        };
        let mut shared = world.shared.clone();
        let granted = server.service_account(&["TMC_OPERATOR"], &["VIEW"]).await.id;
        shared.extend([("@granted", granted.clone()), ("@account", granted)]);
        let environment = json!({ "name": "second", "workspaceName": "Own" });
        let second = http.post("/orchestration/environments", &environment).await.expect(201).json();
        let (task, cluster) = (world.make(server, "task").await, world.make(server, "cluster").await);
        shared.extend([("@env2", id(&second)), ("@task", task), ("@cluster", cluster)]);
        shared.push(("@schedule", world.make(server, "schedule").await));
        for (name, kind) in [("@connection", "connection"), ("@resource", "resource"), ("@project", "project")] {
            shared.push((name, world.make(server, kind).await));
        }
        shared.push(("@linked", world.make(server, "linked").await));
        let promotion = json!({ "sourceEnvironmentId": id(&second), "targetEnvironmentId": server.environment() });
        let promotion = http.post(crate::promotions::PROMOTIONS, &promotion).await.expect(201).json();
        let promotion = promotion["executable"].as_str().expect("the id").to_owned();
        shared.push(("@promorun", crate::promotions::analysis(server, &promotion).await));
        shared.push(("@promotion", promotion));
        shared.push(("@hook", world.make(server, "hook").await));
        shared.push(("@hooked", world.make(server, "hooked").await));
        shared.push(("@daily", world.make(server, "daily").await));
        let grants = http.get("/security/permissions").await.expect(200).json();
        shared.push(("@user", grants[0]["userId"].as_str().expect("the admin's id").to_owned()));
        let world = Self { shared, ..world };
        let login = world.text();
        let person = server.person(&login, &[]).await.0;
        let role = world.make(server, "role").await;
        let group = http.post("/account/groups", &json!({ "name": world.text() })).await.expect(201).json();
        let entry = json!({ "ip": "10.1.1.1", "description": "first" });
        let list = json!({ "enabled": false, "ips": [entry] });
        let list = http.post("/security/ip-allowlist", &list).await.expect(201).json();
        let mapping = json!([{ "name": "north", "roles": ["Operator"] }]);
        let _ = http.post("/security/role-mappings", &mapping).await.expect(200);
        let mut shared = world.shared.clone();
        shared.extend([("@entry", id(&list["ips"][0])), ("@mapping", "north".to_owned())]);
        shared.push(("@urn", "urn:ietf:params:scim:schemas:core:2.0:User".to_owned()));
        shared.push(("@kind", "User".to_owned()));
        shared.extend([("@login", login), ("@person", person), ("@role", role), ("@group", id(&group))]);
        let world = Self { shared, ..world };
        let run = world.make(server, "run").await;
        let log = http.send(Method::POST, &format!("/monitoring/executions/{run}/logs"), &[], None).await.expect(200);
        let token = log.json()["token"].as_str().expect("the token of a log file").to_owned();
        let status = http.post(&format!("/monitoring/executions/{run}/logs/status"), &json!(token)).await.expect(200);
        let url = status.json()["presignedURL"].as_str().expect("the URL of the file").to_owned();
        let file = url.rsplit('/').next().expect("the last part").to_owned();
        let (plan_run, linked) = (world.make(server, "planrun").await, world.make(server, "plinked").await);
        let hooked = world.make(server, "phooked").await;
        // Its first step fails at once, so that there is a failure handler to look at.
        server.reconcile().await;
        let path = format!("/processing/executions/plans/{plan_run}");
        let plan = http.get(&path).await.expect(200).json()["planId"].as_str().expect("the plan").to_owned();
        let steps = http.get(&format!("{path}/steps")).await.expect(200).json();
        let step = steps[0]["executionId"].as_str().expect("a step run").to_owned();
        let mut shared = world.shared;
        shared.extend([("@run", run), ("@log-token", token), ("@log-file", file)]);
        shared.extend([("@document", "core.json".to_owned())]);
        let events = http.get("/stoker/v1/audit-events").await.expect(200).json();
        shared.push(("@event", id(&events["items"][0])));
        let world = Self { shared, ..world };
        let kinds = world.engine_kinds(server).await;
        let mut shared = world.shared;
        shared.extend(kinds);
        shared.extend([("@planrun", plan_run), ("@plan", plan), ("@steprun", step), ("@plinked", linked)]);
        shared.push(("@phooked", hooked));
        shared.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        Self { shared, ..world }
    }

    fn text(&self) -> String {
        format!("n{}", self.counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
    }

    fn shared(&self, name: &str) -> &str {
        let found = self.shared.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_else(|| panic!("there is no {name}"))
    }

    /// A fresh object of this kind.
    async fn make(&self, server: &TestServer, kind: &str) -> String {
        let (http, text) = (server.http(), self.text());
        let place = json!({ "name": text, "environmentId": server.environment(), "workspaceId": server.workspace() });
        let profile = json!({ "name": text, "type": "JOB_SERVER", "jvmArguments": [] });
        let made = match kind {
            "artifact" => return server.artifact(&text, "0.1").await,
            "task" => {
                let task = server.task(&text, self.shared("@artifact"), "0.1").await;
                server.configure(&task, self.shared("@engine")).await;
                return task;
            }
            "run" => {
                let task = Box::pin(self.make(server, "task")).await;
                return server.run(&task).await;
            }
            "planrun" => {
                let plan = Box::pin(self.make(server, "plan")).await;
                let config = json!({ "trigger": { "type": "MANUAL" }, "parallelExecutionAllowed": true });
                let path = format!("/orchestration/executables/plans/{plan}/run-config");
                let _ = http.put(&path, &config).await.expect(200);
                let start = json!({ "executable": plan });
                let made = http.post("/processing/executions/plans", &start).await.expect(201).json();
                return made["executionId"].as_str().expect("executionId").to_owned();
            }
            "promotion" => {
                let body = json!({ "sourceEnvironmentId": Box::pin(self.make(server, "env")).await, "targetEnvironmentId": server.environment() });
                let made = http.post(crate::promotions::PROMOTIONS, &body).await.expect(201).json();
                return made["executable"].as_str().expect("the id").to_owned();
            }
            "promoter" => {
                let promotion = self.shared("@promotion");
                let person = server.person(&text, &[]).await.0;
                let path = format!("{}/{promotion}/users/{person}", crate::promotions::PROMOTIONS);
                let _ = http.send(Method::PUT, &path, &[], None).await.expect(204);
                return person;
            }
            "promoaccount" => {
                let promotion = self.shared("@promotion");
                let account = server.service_account(&["TMC_OPERATOR"], &[]).await.id;
                let path = format!("{}/{promotion}/service-accounts/{account}", crate::promotions::PROMOTIONS);
                let _ = http.send(Method::PUT, &path, &[], None).await.expect(204);
                return account;
            }
            "plan" => {
                let (task, paused) = (self.shared("@task"), Box::pin(self.make(server, "task")).await);
                let path = format!("/orchestration/executables/tasks/{paused}/pause");
                let _ = http.put(&path, &json!({ "pause": true })).await.expect(202);
                let handler = json!({ "taskIds": [task] });
                let step = json!({ "name": "one", "condition": "ALL_SUCCEEDED", "taskIds": [paused], "handlerOnFailure": handler });
                let body = json!({ "name": text, "workspaceId": server.workspace(), "steps": [step] });
                http.post("/orchestration/executables/plans", &body).await.expect(201).json()
            }
            "schedule" => {
                let trigger = json!({
                    "name": "first", "type": "CRON", "cronExpression": "0 3 * * ?", "timeZone": "UTC",
                });
                let body = json!({ "environmentId": server.environment(), "description": text, "trigger": trigger });
                http.post("/orchestration/schedules", &body).await.expect(201).json()
            }
            "drained" => {
                let engine = Box::pin(self.make(server, "engine")).await;
                let _ = http.post(&format!("/stoker/v1/engines/{engine}/drain"), &json!({})).await.expect(200);
                return engine;
            }
            "linked" => {
                let task = Box::pin(self.make(server, "task")).await;
                let schedule = Box::pin(self.make(server, "schedule")).await;
                let path = format!("/orchestration/executables/tasks/{task}/schedule");
                let _ = http.put(&path, &json!({ "scheduleId": schedule })).await.expect(200);
                return task;
            }
            "plinked" => {
                let plan = Box::pin(self.make(server, "plan")).await;
                let schedule = Box::pin(self.make(server, "schedule")).await;
                let path = format!("/orchestration/executables/plans/{plan}/schedule");
                let _ = http.put(&path, &json!({ "scheduleId": schedule })).await.expect(200);
                return plan;
            }
            "hook" | "hooked" => {
                let task = Box::pin(self.make(server, "task")).await;
                let body = json!({
                    "trigger": { "type": "WEBHOOK", "webhook": { "name": text } },
                    "runtime": { "type": "REMOTE_ENGINE", "id": self.shared("@engine") },
                });
                let path = format!("/orchestration/executables/tasks/{task}/run-config");
                let set = http.put(&path, &body).await.expect(200).json();
                let url = set["trigger"]["webhook"]["url"].as_str().expect("a URL");
                return if kind == "hooked" { task } else { url.rsplit('/').next().expect("the last part").to_owned() };
            }
            "phooked" => {
                let plan = Box::pin(self.make(server, "plan")).await;
                let body = json!({ "trigger": { "type": "WEBHOOK", "webhook": { "name": text } } });
                let path = format!("/orchestration/executables/plans/{plan}/run-config");
                let _ = http.put(&path, &body).await.expect(200);
                return plan;
            }
            "daily" => {
                let task = Box::pin(self.make(server, "task")).await;
                let body = json!({
                    "trigger": { "type": "CRON", "cronExpression": "0 4 * * ?", "timeZone": "UTC" },
                    "runtime": { "type": "REMOTE_ENGINE", "id": self.shared("@engine") },
                });
                let path = format!("/orchestration/executables/tasks/{task}/run-config");
                let _ = http.put(&path, &body).await.expect(200);
                return task;
            }
            "connection" => return server.connection(&text, &json!([])).await,
            "resource" => return server.resource(&text, true, text.as_bytes()).await,
            "project" => {
                let body = json!({ "name": text, "owner": "admin", "url": "" });
                http.post("/orchestration/projects", &body).await.expect(201).json()
            }
            "worked" => {
                let project = Box::pin(self.make(server, "project")).await;
                let path = format!("/orchestration/projects/{project}/users/{}", self.shared("@user"));
                let _ = http.send(Method::PUT, &path, &[], None).await.expect(204);
                return project;
            }
            "grouped" => {
                let project = Box::pin(self.make(server, "project")).await;
                let path = format!("/orchestration/projects/{project}/groups/{}", self.shared("@group"));
                let _ = http.send(Method::PUT, &path, &[], None).await.expect(204);
                return project;
            }
            "account" => return server.service_account(&["TMC_OPERATOR"], &[]).await.id,
            "granted" => return server.service_account(&["TMC_OPERATOR"], &["VIEW"]).await.id,
            "role" => {
                let body = json!({ "name": text, "permissions": ["TMC_ENGINE_USE"] });
                http.post("/account/roles", &body).await.expect(201).json()
            }
            "held" => {
                let role = Box::pin(self.make(server, "role")).await;
                let path = format!("/account/roles/{role}/users");
                let _ = http.post(&path, &json!([self.shared("@person")])).await.expect(204);
                return role;
            }
            "entry" => {
                let number = self.counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let body = json!([{ "ip": format!("10.7.{}.{}", number / 256, number % 256), "description": "" }]);
                let made = http.post("/security/ip-allowlist/ips", &body).await.expect(201).json();
                return id(&made[0]);
            }
            "setting" => {
                let number = self.counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let path = "/stoker/v1/settings/triggers";
                let _ = http.put(path, &json!({ "value": 4_001 + number })).await.expect(200);
                return "triggers".to_owned();
            }
            "token" => {
                let person = self.shared("@person");
                let _ = server.token_of(person).await;
                let all = http.get(&format!("/stoker/v1/users/{person}/tokens")).await.expect(200).json();
                return id(all.as_array().and_then(|all| all.last()).expect("a token"));
            }
            "full" => {
                let body = json!({ "name": text, "userIds": [self.shared("@person")] });
                http.post("/account/groups", &body).await.expect(201).json()
            }
            "person" => return server.person(&text, &[]).await.0,
            "guarded" => {
                let (person, own) = server.person(&text, &[]).await;
                let _ = own.send(Method::POST, "/stoker/v1/me/totp", &[], None).await.expect(201);
                return person;
            }
            "member" => {
                let engine = id(&server.engine(&text).await);
                let cluster = self.shared("@cluster");
                let path = format!("/processing/runtimes/remote-engine-clusters/{cluster}/engines/{engine}");
                let _ = http.send(Method::PUT, &path, &[], None).await.expect(204);
                return engine;
            }
            "engine" => server.engine(&text).await,
            "cluster" => http.post("/processing/runtimes/remote-engine-clusters", &place).await.expect(201).json(),
            "env" => {
                let body = json!({ "name": text, "workspaceName": "Own" });
                http.post("/orchestration/environments", &body).await.expect(201).json()
            }
            "ws" => http.post("/orchestration/workspaces", &place).await.expect(201).json(),
            "profile" => {
                let path = format!("/processing/runtimes/remote-engines/{}/run-profiles", self.shared("@engine"));
                http.post(&path, &profile).await.expect(201).json()
            }
            "cprofile" => {
                let cluster = self.shared("@cluster");
                let path = format!("/processing/runtimes/remote-engine-clusters/{cluster}/run-profiles");
                http.post(&path, &profile).await.expect(201).json()
            }
            other => return self.make_engine_kind(server, other, &text).await,
        };
        id(&made)
    }

    /// The text with its `@names` filled in; fresh objects are made for `@new-...` when `fresh`, else any id of the
    /// right shape stands there.
    pub(crate) async fn fill(&self, server: &TestServer, text: &str, fresh: bool) -> String {
        let mut text = text.replace("@text", &self.text());
        while let Some(at) = text.find("@new-") {
            let rest = &text[at + 5..];
            let kind: String = rest.chars().take_while(char::is_ascii_lowercase).collect();
            let value = if fresh { self.make(server, &kind).await } else { self.stand_in(&kind).to_owned() };
            text.replace_range(at..at + 5 + kind.len(), &value);
        }
        for (name, value) in &self.shared {
            text = text.replace(name, value);
        }
        text
    }

    /// An existing object, so that only rights decide.
    fn stand_in(&self, kind: &str) -> &str {
        match kind {
            "artifact" => self.shared("@artifact"),
            "task" => self.shared("@task"),
            "run" => self.shared("@run"),
            "plan" => self.shared("@plan"),
            "planrun" => self.shared("@planrun"),
            "plinked" => self.shared("@plinked"),
            "schedule" => self.shared("@schedule"),
            "linked" | "daily" => self.shared("@linked"),
            "connection" => self.shared("@connection"),
            "resource" => self.shared("@resource"),
            "project" | "worked" | "grouped" => self.shared("@project"),
            "account" | "granted" => self.shared("@granted"),
            "promotion" => self.shared("@promotion"),
            "person" | "promoter" | "guarded" => self.shared("@user"),
            "promoaccount" => self.shared("@granted"),
            "role" | "held" => self.shared("@role"),
            "full" => self.shared("@group"),
            "entry" => self.shared("@entry"),
            "setting" => "triggers",
            "member" | "engine" => self.shared("@engine"),
            "cluster" => self.shared("@cluster"),
            "env" => self.shared("@env2"),
            "ws" => self.shared("@ws"),
            "pengine" => self.shared("@pengine"),
            "dengine" => self.shared("@dengine"),
            "deenv" | "assigned" => self.shared("@deenv"),
            _ => "66f0a1b2c3d4e5f601230001",
        }
    }

    /// The text with what only the caller can have: `@own-token` and `@own-session`, fresh ones, and `@code`, the code
    /// of the caller's authenticator.
    pub(crate) async fn with_own(server: &TestServer, http: &Http, text: String) -> String {
        let made = |answer: &Answer| answer.status == 201;
        if text.contains("@code") {
            let begun = text.contains("@code-begun");
            let code = crate::second_factors::code_for(server, http, begun).await;
            return text.replace("@code-begun", &code).replace("@code", &code);
        }
        if !text.contains("@own-") {
            return text;
        }
        if text.contains("@own-test") {
            return crate::tester::with_own(http, text).await;
        }
        let token = http.post("/stoker/v1/me/tokens", &json!({ "name": "own" })).await;
        if !made(&token) {
            return text.replace("@own-token", "none").replace("@own-session", "none");
        }
        if text.contains("@own-session") {
            let secret = &token.json()["token"];
            let _ = server.anonymous().post("/stoker/v1/session", &json!({ "token": secret })).await.expect(201);
            let sessions = http.get("/stoker/v1/sessions").await.expect(200).json();
            return text.replace("@own-session", &id(&sessions[0]));
        }
        text.replace("@own-token", &id(&token.json()))
    }

    /// Sends a sample call.
    pub(crate) async fn send(
        &self,
        server: &TestServer,
        http: &Http,
        (method, path, body): (&str, &str, &str),
        fresh: bool,
    ) -> Answer {
        let mut path = self.fill(server, path, fresh).await;
        path = Self::with_own(server, http, path).await;
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        match body {
            "" => http.send(method, &path, &[], None).await,
            "@zip" => {
                let zip = script_archive("#!/bin/sh\n");
                http.send(method, &path, &[("content-type", "application/zip")], Some(zip)).await
            }
            form if form.starts_with("@form:") => {
                let text = self.fill(server, &form["@form:".len()..], fresh).await;
                let resource = (!text.is_empty()).then_some(("resource", None, text.as_bytes()));
                let parts: Vec<Part<'_>> = resource.into_iter().chain([("file", Some("a.csv"), &b"1,2"[..])]).collect();
                let (kind, body) = form_of(&parts);
                http.send(method, &path, &[("content-type", &kind)], Some(body)).await
            }
            json => {
                let body = Self::with_own(server, http, self.fill(server, json, fresh).await).await.into_bytes();
                http.send(method, &path, &[("content-type", "application/json")], Some(body)).await
            }
        }
    }
}
