//! Who may call what: every implemented operation is in the table, and the table is true.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use stoker_api::family::Family;
use stoker_api::operations::Support;
use stoker_api::routes;
use stoker_domain::{Permission, SystemRandom};
use stoker_secrets::{keyring::KeyRing, token};
use stoker_testkit::http::{Answer, Http, Method};

use crate::dialects::{refusal_keys, tmc};
use crate::rights_table::{Call, Need, Who, all};
use crate::support::{MINUTE, START_MS, TestServer, both, id, keys};
use crate::world::World;
use crate::world::engines::DYNAMIC_WORKSPACE;

const PUBLISHED: [(&str, &str); 2] = [
    ("2021-03", include_str!("../../../../openapi/upstream/operations-2021-03.tsv")),
    ("v2.6", include_str!("../../../../openapi/upstream/operations-v2.6.tsv")),
];

/// One call of the table in one generation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) call: Call,
    pub(crate) generation: &'static str,
    path: &'static str,
}

impl Sample {
    pub(crate) fn url(&self) -> String {
        if self.generation == "v2.6" { format!("/tmc/v2.6{}", self.path) } else { self.path.to_owned() }
    }

    pub(crate) fn family(&self) -> Family {
        if self.generation == "v2.6" || self.path.starts_with("/tmc/") {
            tmc()
        } else {
            Family::of(self.path.split('?').next().unwrap_or_default())
        }
    }

    fn is(&self, method: &str, published: &str) -> bool {
        let path = self.path.split('?').next().unwrap_or_default();
        let (mine, theirs): (Vec<&str>, Vec<&str>) = (path.split('/').collect(), published.split('/').collect());
        self.call.method == method
            && mine.len() == theirs.len()
            && mine.iter().zip(&theirs).all(|(m, t)| if t.starts_with('{') { m.starts_with('@') } else { m == t })
    }

    fn permissions(&self) -> &'static [&'static str] {
        match self.call.who {
            Who::Holders(list) | Who::Persons(list) => list,
            Who::Anybody | Who::Others => &[],
        }
    }

    async fn send(&self, server: &TestServer, world: &World, http: &Http, fresh: bool) -> Answer {
        world.send(server, http, (self.call.method, &self.url(), self.call.body), fresh).await
    }
}

/// Every right on a workspace.
const EVERYTHING: &[&str] = &["AUTHOR", "EXECUTE", "VIEW", "MANAGE", "PUBLISH"];

/// What a holder of these permissions may be given at most: whoever may only use engines, not more than that.
fn most(permissions: &[&str]) -> &'static [&'static str] {
    let editor = ["TMC_OPERATOR", "TMC_CONNECTION_RESOURCE_EDIT"].iter().any(|edit| permissions.contains(edit));
    if editor || !permissions.contains(&"TMC_ENGINE_USE") { EVERYTHING } else { &["EXECUTE", "VIEW"] }
}

/// Clients of service accounts, one for each pair of permissions and rights on workspace `Shared`.
#[derive(Default)]
struct Accounts {
    clients: BTreeMap<String, Http>,
    /// A workspace of another environment, on which all of them have all rights that they may have.
    elsewhere: Option<String>,
}

impl Accounts {
    /// Those whose rights on another workspace are of no use to them.
    async fn of_elsewhere(server: &TestServer) -> Self {
        let body = json!({ "name": "far away", "workspaceName": "Far" });
        let _ = server.http().post("/orchestration/environments", &body).await.expect(201);
        let found = server.http().get("/orchestration/workspaces?query=name==Far").await.expect(200).json();
        Self { elsewhere: Some(id(&found[0])), ..Self::default() }
    }

    async fn with(&mut self, server: &TestServer, permissions: &[&str], rights: &[&str]) -> Http {
        let key = format!("{permissions:?} {rights:?}");
        if let Some(http) = self.clients.get(&key) {
            return http.clone();
        }
        let account = server.service_account(permissions, rights).await;
        // The same rights where the tasks of Dynamic Engines lie, which cannot lie in workspace `Shared`.
        let path = format!("/orchestration/workspaces?query=name=={DYNAMIC_WORKSPACE}");
        for workspace in server.http().get(&path).await.expect(200).json().as_array().expect("a list") {
            let path = format!("/security/workspaces/{}/service-accounts/{}/permissions", id(workspace), account.id);
            if !rights.is_empty() {
                let _ = server.http().post(&path, &json!(rights)).await.expect(201);
            }
        }
        if permissions.contains(&"TMC_PROMOTION_EXECUTION") {
            // That permission alone is not enough: one also has to be an executor.
            crate::promotions::assign_everywhere(server, &account.id).await;
        }
        if let Some(elsewhere) = &self.elsewhere {
            let path = format!("/security/workspaces/{elsewhere}/service-accounts/{}/permissions", account.id);
            let _ = server.http().post(&path, &json!(most(permissions))).await.expect(201);
        }
        let http = account.http;
        self.clients.insert(key, http.clone());
        http
    }

    /// The client of a person with one permission.
    async fn person(&mut self, server: &TestServer, permission: &str) -> Http {
        if let Some(http) = self.clients.get(permission) {
            return http.clone();
        }
        let (_, http) = server.person(&format!("person {permission}"), &[permission]).await;
        self.clients.insert(permission.to_owned(), http.clone());
        http
    }
}

pub(crate) fn samples() -> Vec<Sample> {
    let of = |call: Call| {
        let newer = Sample { call, generation: "2021-03", path: call.path };
        let newer = Some(newer).filter(|sample| !sample.path.is_empty());
        let older = call.tmc.map(|path| Sample { call, generation: "v2.6", path });
        [newer, older].into_iter().flatten()
    };
    all().flat_map(of).collect()
}

fn holders() -> impl Iterator<Item = Sample> {
    samples().into_iter().filter(|sample| matches!(sample.call.who, Who::Holders(_) | Who::Persons(_)))
}

/// Statuses that the contract names for success; for what it does not name, those of our own documents.
fn success(sample: &Sample) -> Vec<u16> {
    for (generation, text) in PUBLISHED {
        for line in text.lines().skip(1).filter(|_| generation == sample.generation) {
            let columns: Vec<&str> = line.split('\t').collect();
            if sample.is(columns[1], columns[2]) {
                return columns[3].split(',').map(|status| status.parse().expect("a status")).collect();
            }
        }
    }
    match sample.call.method {
        "POST" if sample.path.ends_with("/cancel") => vec![204],
        "POST"
            if ["/confirm", "/recovery-codes", "/secret", "/preview", "/code", "/checks", "/drain", "/resume"]
                .iter()
                .any(|end| sample.path.ends_with(end)) =>
        {
            vec![200]
        }
        "POST" => vec![201],
        // What is put back to its default is shown.
        "DELETE" if sample.path.starts_with("/stoker/v1/settings/") => vec![200],
        "DELETE" => vec![204],
        "PUT" if sample.path.ends_with("/password") => vec![204],
        _ => vec![200],
    }
}

#[test]
fn every_implemented_operation_is_in_the_table() {
    let (routes, samples) = (routes::build(), samples());
    let published = routes.operations.iter().filter(|o| o.support != Support::Missing);
    let mut routed: Vec<(&str, &str, &str)> = published.map(|o| (o.generation, o.method, o.path)).collect();
    routed.extend(routes.unpublished.iter().map(|(method, path)| ("2021-03", *method, path.as_str())));
    let known = |(generation, method, path): &(&str, &str, &str)| {
        samples.iter().any(|sample| sample.generation == *generation && sample.is(method, path))
    };
    let missing: Vec<_> = routed.iter().filter(|route| !known(route)).collect();
    assert!(missing.is_empty(), "add a sample call to rights_table.rs for each of {missing:#?}");
    let routed_somewhere = |sample: &&Sample| {
        !routed.iter().any(|(generation, method, path)| sample.generation == *generation && sample.is(method, path))
    };
    let stale: Vec<_> = samples.iter().filter(routed_somewhere).map(|s| (s.call.method, s.path)).collect();
    assert!(stale.is_empty(), "no route fits the sample calls {stale:#?}");
}

/// A refusal of this status in the dialect of the sample's family.
#[track_caller]
fn refused(sample: &Sample, status: u16, answer: &Answer, why: &str) {
    let what = format!("{} {} {why}", sample.call.method, sample.url());
    assert_eq!(answer.status, status, "{what}: {}", answer.text());
    assert_eq!(keys(&answer.json()), refusal_keys(sample.family(), status), "{what}: {}", answer.text());
}

/// Ends of paths whose POST only reads.
const READS: [&str; 10] = [
    "/preview",
    "/code",
    "/checks",
    "/search",
    "/tasks/executions",
    "/logs",
    "/logs/status",
    "/.search",
    "/executions/download",
    "/metrics/component",
];
/// Ends of paths whose DELETE finds nothing to remove in the samples.
const IDLE: [&str; 3] = ["/tasks/@new-task/run-config", "/plans/@plan/run-config", "/tasks/@detask/de-run-config"];

both! {
    async fn without_a_good_token_every_call_is_refused(server: TestServer) {
        let world = World::new(&server).await;
        let account = server.service_account(&["TMC_OPERATOR"], &["VIEW"]).await;
        let other = KeyRing::from_text(&KeyRing::generate(&SystemRandom::new())).expect("another key");
        let (from, until) = (START_MS / 1000, START_MS / 1000 + 7200);
        let claims = json!({ "sub": account.id, "use_for": "service-account", "iat": from, "exp": until, "jti": "x" });
        let foreign = token::sign(&other, &claims).expect("sign");
        let (head, tail) = account.token.split_at(account.token.rfind('.').expect("three parts"));
        let changed = format!("{}x{tail}", &head[..head.len() - 1]);
        let logs = world.fill(&server, "@log-token", false).await;
        server.clock.advance(31 * MINUTE);
        let plain = server.anonymous();
        let clients = [
            ("without a token", plain.clone()),
            ("with garbage", plain.with_token("garbage")),
            ("with a token of another installation", plain.with_token(&foreign)),
            ("with a changed token", plain.with_token(&changed)),
            ("with a token made for something else", plain.with_token(&logs)),
            ("with an expired token", account.http.clone()),
            ("with half the token of a person", plain.with_token(&server.bootstrap.personal_access_token[..40])),
        ];
        for sample in holders() {
            for (why, http) in &clients {
                let answer = sample.send(&server, &world, http, false).await;
                refused(&sample, 401, &answer, why);
                assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            }
        }
    }

    async fn calls_with_other_credentials_refuse_strangers(server: TestServer) {
        let world = World::new(&server).await;
        for sample in samples().into_iter().filter(|sample| sample.call.who == Who::Others) {
            // The token of a person is no credential there either.
            for http in [&server.anonymous(), server.http()] {
                let answer = sample.send(&server, &world, http, false).await;
                assert!([401, 409].contains(&answer.status), "{} {}: {}", sample.path, answer.status, answer.text());
                assert_eq!(keys(&answer.json()), refusal_keys(sample.family(), answer.status));
            }
        }
        for sample in samples().into_iter().filter(|sample| sample.call.who == Who::Anybody) {
            let answer = sample.send(&server, &world, &server.anonymous(), false).await;
            // This server was given no engine program to hand out.
            let status = match sample.path {
                path if path.starts_with("/downloads") => 404,
                // Nor an identity provider.
                path if path.starts_with("/stoker/v1/session/openid") => 404,
                path if path.starts_with("/stoker/v1/webhooks") => 204,
                _ => 200,
            };
            assert_eq!(answer.status, status, "{}: {}", sample.path, answer.text());
        }
    }

    /// Who may manage users is let in from everywhere, and nobody else.
    async fn from_a_refused_address_every_call_is_refused(server: TestServer) {
        let world = World::new(&server).await;
        let all = Permission::ALL.iter().filter(|p| p.for_service_accounts() && **p != Permission::UserManagement);
        let all: Vec<&str> = all.map(|p| p.id()).collect();
        let account = server.service_account(&all, EVERYTHING).await;
        let (_, person) = server.person("away", &all).await;
        let on = json!({ "enabled": true });
        let _ = server.http().json(Method::PATCH, "/security/ip-allowlist", &on).await.expect(200);
        for sample in holders() {
            for (who, http) in [("as a service account", &account.http), ("as a person", &person)] {
                let answer = sample.send(&server, &world, http, false).await;
                refused(&sample, 403, &answer, who);
                assert!(answer.text().contains("IP allowlist"), "{} {who}: {}", sample.url(), answer.text());
            }
        }
    }

    async fn a_wrong_permission_is_refused(server: TestServer) {
        let world = World::new(&server).await;
        let mut allowed: BTreeMap<(&str, String), BTreeSet<&str>> = BTreeMap::new();
        for sample in holders() {
            allowed.entry((sample.call.method, sample.url())).or_default().extend(sample.permissions());
        }
        let mut accounts = Accounts::default();
        for sample in holders().filter(|sample| !sample.permissions().is_empty()) {
            let right = &allowed[&(sample.call.method, sample.url())];
            let wrong = Permission::ALL.iter().filter(|p| p.for_service_accounts()).map(|p| p.id());
            let wrong: Vec<&str> = wrong.filter(|p| !right.contains(p)).collect();
            let http = accounts.with(&server, &wrong, most(&wrong)).await;
            let answer = sample.send(&server, &world, &http, false).await;
            refused(&sample, 403, &answer, "with every other permission");
        }
    }

    /// Whatever rights somebody has on another workspace.
    async fn a_permission_without_the_workspace_right_is_refused(server: TestServer) {
        let world = World::new(&server).await;
        let mut accounts = Accounts::of_elsewhere(&server).await;
        for sample in holders() {
            let (needed, object) = match sample.call.need {
                Need::Nothing => continue,
                Need::OneOf(rights) | Need::Before(rights) => (rights, None),
                Need::Shown(rights, object) => (rights, Some(world.fill(&server, object, false).await)),
            };
            let status = if matches!(sample.call.need, Need::Before(_)) { 428 } else { 403 };
            for permission in sample.permissions() {
                let given = most(&[permission]).iter().copied();
                let given: Vec<&str> = given.filter(|right| !needed.contains(right)).collect();
                let http = accounts.with(&server, &[permission], &given).await;
                let answer = sample.send(&server, &world, &http, false).await;
                let why = format!("with {permission} and {given:?}");
                match &object {
                    None => refused(&sample, status, &answer, &why),
                    Some(object) => {
                        assert_eq!(answer.status, 200, "{} {why}: {}", sample.url(), answer.text());
                        assert!(!answer.text().contains(object), "{} {why}: {}", sample.url(), answer.text());
                    }
                }
            }
        }
    }

    async fn the_smallest_documented_rights_are_enough(server: TestServer) {
        let world = World::new(&server).await;
        let mut accounts = Accounts::default();
        for sample in holders() {
            let (rights, object): (&[&str], _) = match sample.call.need {
                Need::Nothing => (&[""], None),
                Need::OneOf(rights) | Need::Before(rights) => (rights, None),
                Need::Shown(rights, object) => (rights, Some(world.fill(&server, object, false).await)),
            };
            let permissions = match sample.permissions() {
                [] => &["AUDIT_LOGS_VIEW"][..],
                some => some,
            };
            for permission in permissions {
                let fits = |right: &&&str| *permission != "TMC_ENGINE_USE" || ["", "EXECUTE", "VIEW"].contains(*right);
                for right in rights.iter().filter(fits) {
                    let given: Vec<&str> = [*right].into_iter().filter(|r| !r.is_empty()).collect();
                    let http = match sample.call.who {
                        Who::Persons(_) => accounts.person(&server, permission).await,
                        _ => accounts.with(&server, &[permission], &given).await,
                    };
                    let answer = sample.send(&server, &world, &http, true).await;
                    let what = format!("{} {} with {permission} and {right:?}", sample.call.method, sample.url());
                    let wanted = success(&sample);
                    assert!(wanted.contains(&answer.status), "{what}: {} {}", answer.status, answer.text());
                    assert_ne!(answer.status, 207, "{what}: {}", answer.text());
                    if let Some(object) = &object {
                        assert!(answer.text().contains(object), "{what}: {}", answer.text());
                    }
                }
            }
        }
    }

    async fn every_change_leaves_a_record(server: TestServer) {
        let world = World::new(&server).await;
        let mut accounts = Accounts::default();
        // These only read, whatever their method.
        let reads = |path: &str| READS.iter().any(|end| path.ends_with(end));
        // The task has the newest version already, the others are started by nothing or are where they go: there is nothing
        // to change.
        let idle = |sample: &Sample| match sample.call.method {
            "PATCH" => sample.path.ends_with("/tasks/@task"),
            "DELETE" => IDLE.iter().any(|end| sample.path.ends_with(end)),
            // What the console keeps for a person concerns nobody else.
            "PUT" => sample.path.ends_with("/move/@ws") || sample.path == "/stoker/v1/preferences",
            _ => false,
        };
        let mut silent = Vec::new();
        for sample in holders().filter(|sample| !idle(sample)) {
            if sample.call.method == "GET" || (sample.call.method == "POST" && reads(sample.path)) {
                continue;
            }
            let http = match sample.call.who {
                Who::Persons([]) => accounts.person(&server, "AUDIT_LOGS_VIEW").await,
                _ => server.http().clone(),
            };
            let call = &sample.call;
            let what = format!("{} {}", call.method, sample.url());
            let (path, body) = (world.fill(&server, &sample.url(), true).await, world.fill(&server, call.body, true).await);
            let path = World::with_own(&server, &http, path).await;
            let body = World::with_own(&server, &http, body).await;
            let count = || async {
                let count = server.store.read::<_, stoker_store::StoreError, _>(stoker_store::audit::count);
                count.await.expect("count")
            };
            let before = count().await;
            let answer = world.send(&server, &http, (call.method, &path, &body), true).await;
            assert!(success(&sample).contains(&answer.status), "{what}: {} {}", answer.status, answer.text());
            if count().await == before {
                silent.push(format!("{what} ({})", answer.status));
            }
        }
        assert!(silent.is_empty(), "these changed something and left no record: {silent:#?}");
    }

    async fn what_is_not_built_says_so(server: TestServer) {
        let operations = routes::build().operations;
        let missing: Vec<_> = operations.iter().filter(|o| o.support == Support::Missing).collect();
        assert!(!missing.is_empty());
        for operation in missing {
            let path: Vec<&str> = operation.path.split('/').map(|s| if s.starts_with('{') { "x1" } else { s }).collect();
            let (prefix, family) = match operation.generation {
                "v2.6" => ("/tmc/v2.6", tmc()),
                _ => ("", Family::of(operation.path)),
            };
            let method = Method::from_bytes(operation.method.as_bytes()).expect("a method");
            let answer = server.http().send(method, &format!("{prefix}{}", path.join("/")), &[], None).await;
            let what = format!("{} {}", operation.method, operation.path);
            assert_eq!(answer.status, 501, "{what}: {}", answer.text());
            assert_eq!(keys(&answer.json()), refusal_keys(family, 501), "{what}");
        }
    }
}
