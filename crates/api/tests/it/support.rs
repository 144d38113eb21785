//! A whole server in this process, over real TCP, on either database, with a clock that the test moves.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};
use stoker_api::App;
use stoker_api::console::Asset;
use stoker_blobs::Blobs;
use stoker_domain::ids::{RoleId, UserId, alphanumeric};
use stoker_domain::{SharedRandom, SystemRandom, TestClock};
use stoker_secrets::keyring::KeyRing;
use stoker_service::app::Parts;
use stoker_service::bootstrap::Bootstrap;
use stoker_service::reconcile::Report;
use stoker_service::{Service, Settings};
use stoker_store::accounts::{PersonalToken, User};
use stoker_store::db::{Json, Record};
use stoker_store::roles::{self, Role};
use stoker_store::{Database, Store, StoreError};
use stoker_testkit::balancer::Balancer;
use stoker_testkit::http::{Answer, Http, Method};
use stoker_testkit::postgres::{TestDatabase, database_from};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::replicas::{self, Replica, Replicas};

/// Where the clock of every test stands at its start: 2026-02-03T09:00:00Z.
pub(crate) const START_MS: i64 = 1_770_109_200_000;
/// A console of few files.
const CONSOLE: &[Asset] = &[
    Asset {
        path: "index.html",
        hash: "i1",
        plain:
            b"<!doctype html><head><meta name=style-nonce content=__NONCE__><script src=/assets/a-1.js></script></head>",
        brotli: None,
        gzip: None,
    },
    Asset {
        path: "assets/a-1.js",
        hash: "a1",
        plain: b"plain script",
        brotli: Some(b"brotli script"),
        gzip: Some(b"gzip script"),
    },
    Asset {
        path: "routes.json",
        hash: "r1",
        plain: br#"[["",["assets/start.js"]],["runs/*",["assets/run.js","assets/log.js"]]]"#,
        brotli: None,
        gzip: None,
    },
    Asset { path: "icon.svg", hash: "s1", plain: b"<svg/>", brotli: None, gzip: None },
];
/// One minute in milliseconds.
pub(crate) const MINUTE: i64 = 60_000;

/// Which database a server stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    /// A file in a temporary folder.
    Sqlite,
    /// A database of its own on the PostgreSQL server of the tests.
    Postgres,
}

/// Makes two tests of one story: `name::sqlite` and `name::postgres`.
macro_rules! both {
    ($($(#[$doc:meta])* async fn $name:ident($server:ident: TestServer) $body:block)+) => {$(
        $(#[$doc])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn story($server: $crate::support::TestServer) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                story($crate::support::TestServer::start($crate::support::Backend::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                story($crate::support::TestServer::start($crate::support::Backend::Postgres).await).await;
            }
        }
    )+};
}
pub(crate) use both;

async fn open(database: Database) -> Store {
    let opened = tokio::task::spawn_blocking(move || Store::open(&database)).await.expect("join");
    opened.expect("open the store")
}

/// A server that serves until it is dropped. Its reconcilers run only when the test says so.
pub(crate) struct TestServer {
    /// What the first start made, the admin's token among it.
    pub(crate) bootstrap: Bootstrap,
    /// The use cases behind the server, for what has no call.
    pub(crate) service: Service,
    /// The time as the server sees it.
    pub(crate) clock: Arc<TestClock>,
    /// The database, for looking at what is stored.
    pub(crate) store: Store,
    /// Base URL, without a slash at the end.
    pub(crate) url: String,
    /// All servers; more than one when the environment asks for it.
    replicas: Replicas,
    settings: Settings,
    blobs: PathBuf,
    keys: String,
    http: Http,
    // Dropped last: the server above works in them.
    folder: TempDir,
    database: Option<Arc<TestDatabase>>,
}

impl TestServer {
    /// A server with the default settings.
    pub(crate) async fn start(backend: Backend) -> Self {
        Self::start_with(backend, Settings::default()).await
    }

    /// A server with these settings.
    pub(crate) async fn start_with(backend: Backend, settings: Settings) -> Self {
        let folder = tempfile::tempdir().expect("make a folder");
        let (database, postgres) = match backend {
            Backend::Sqlite => (Database::Sqlite(folder.path().join("stoker.db")), None),
            Backend::Postgres => {
                let database = database_from("api", |url| {
                    drop(Store::open(&Database::Postgres(url.to_owned())).expect("make the tables"));
                });
                (Database::Postgres(database.url.clone()), Some(database))
            }
        };
        let postgres = postgres.map(Arc::new);
        let count = if backend == Backend::Postgres { replicas::asked_for() } else { 1 };
        let blobs = folder.path().join("artifacts");
        let random: SharedRandom = Arc::new(SystemRandom::new());
        let (keys, clock) = (KeyRing::generate(&*random), Arc::new(TestClock::at(START_MS)));
        let balancer = (count > 1).then(Balancer::start);
        let (mut all, mut made, mut url) =
            (Vec::new(), None, balancer.as_ref().map(|balancer| balancer.url().to_owned()));
        for _ in 0..count {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("listen");
            let address = listener.local_addr().expect("the own address");
            let url = url.get_or_insert_with(|| format!("http://{address}"));
            let store = open(database.clone()).await;
            let service = Service::new(Parts {
                store: store.clone(),
                blobs: Blobs::open(&blobs).expect("open the blobs"),
                keys: KeyRing::from_text(&keys).expect("make a key"),
                clock: clock.clone(),
                random: random.clone(),
                settings: settings.clone(),
                public_url: url.clone(),
            });
            let announce = |bootstrap: &Bootstrap| {
                made = Some(bootstrap.clone());
                Ok(())
            };
            service.bootstrap(announce).await.expect("make the first objects");
            let app = App { service, engine_program: None, console: CONSOLE };
            all.push(Replica::serve(listener, app, store, random.clone()));
        }
        let replicas = Replicas::new(all, balancer);
        let (bootstrap, url) = (made.expect("the first start announces what it makes"), url.expect("a URL"));
        let mut http = Http::new(&url)
            .with_token(&bootstrap.personal_access_token)
            .with_witness(Arc::new(crate::documents::witness));
        if let Some(settle) = replicas.settle(postgres.as_ref()) {
            http = http.with_settle(settle);
        }
        Self {
            http,
            bootstrap,
            service: replicas.all[0].service.clone(),
            clock,
            store: replicas.all[0].store.clone(),
            url,
            replicas,
            settings,
            blobs,
            keys,
            folder,
            database: postgres,
        }
    }

    /// Another server of the same installation, which serves nobody but has reconcilers: same database, same clock.
    pub(crate) async fn second(&self) -> Service {
        self.second_at(self.clock.clone()).await
    }

    /// The same with a clock of its own.
    pub(crate) async fn second_at(&self, clock: Arc<TestClock>) -> Service {
        let database = match &self.database {
            Some(database) => Database::Postgres(database.url.clone()),
            None => Database::Sqlite(self.folder.path().join("stoker.db")),
        };
        let random: SharedRandom = Arc::new(SystemRandom::new());
        Service::new(Parts {
            store: open(database).await,
            blobs: Blobs::open(&self.blobs).expect("open the blobs again"),
            keys: KeyRing::from_text(&self.keys).expect("the same key"),
            clock,
            random,
            settings: self.settings.clone(),
            public_url: self.url.clone(),
        })
    }

    /// Claims signed with the key of this installation, as only its servers can.
    pub(crate) fn signed(&self, claims: &Value) -> String {
        let keys = KeyRing::from_text(&self.keys).expect("the same key");
        stoker_secrets::token::sign(&keys, claims).expect("sign")
    }

    /// A client with the token of the first user, who has every permission and every right on workspace `Shared`.
    pub(crate) fn http(&self) -> &Http {
        &self.http
    }

    /// A client without a token.
    pub(crate) fn anonymous(&self) -> Http {
        self.http.without_token()
    }

    /// Host and port of [`TestServer::url`].
    pub(crate) fn address(&self) -> SocketAddr {
        self.url.trim_start_matches("http://").parse().expect("an address")
    }

    /// Where raw sockets connect to: the servers themselves, in turn.
    pub(crate) fn direct(&self) -> SocketAddr {
        self.replicas.next().address
    }

    /// Id of environment `default`.
    pub(crate) fn environment(&self) -> &str {
        &self.bootstrap.environment_id
    }

    /// Id of workspace `Shared`.
    pub(crate) fn workspace(&self) -> &str {
        &self.bootstrap.workspace_id
    }

    /// One pass of all reconcilers; of several servers each has its turn.
    pub(crate) async fn reconcile(&self) -> Report {
        self.replicas.next().service.reconcile().await.expect("a pass of the reconcilers")
    }

    /// The use cases behind each server.
    pub(crate) fn services(&self) -> impl Iterator<Item = &Service> {
        self.replicas.all.iter().map(|replica| &replica.service)
    }

    /// What each of several servers writes down within a second is written: last uses, and what was asked and answered.
    /// One server alone shows such things at once.
    pub(crate) async fn catch_up(&self) {
        if self.replicas.all.len() > 1 {
            for service in self.services() {
                service.reconcile().await.expect("a pass of the reconcilers");
            }
        }
    }

    /// As [`TestServer::run`], always at the server whose use cases are `service`.
    pub(crate) async fn run_here(&self, task: &str) -> String {
        let http = Http::new(&format!("http://{}", self.replicas.all[0].address));
        let http = http.with_token(&self.bootstrap.personal_access_token);
        let answer = http.post("/processing/executions", &json!({ "executable": task })).await.expect(201).json();
        answer["executionId"].as_str().expect("executionId is a text").to_owned()
    }

    /// Every file below the folder of artifacts, unfinished uploads too, but not the one that servers lock.
    pub(crate) fn artifact_files(&self) -> Vec<PathBuf> {
        let (mut files, mut folders) = (Vec::new(), vec![self.blobs.clone()]);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("list a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files.retain(|path| !path.ends_with("gate"));
        files
    }
}

/// What stories need before they can begin; each makes it by calls and panics when one is refused.
impl TestServer {
    /// Sends an archive to the publish call.
    pub(crate) async fn send_archive(&self, name: &str, version: &str, zip: Vec<u8>) -> Answer {
        let path =
            format!("/stoker/v1/artifacts?workspaceId={}&name={name}&version={version}", self.bootstrap.workspace_id);
        self.http.send(Method::POST, &path, &[("content-type", "application/zip")], Some(zip)).await
    }

    /// Publishes a script that says hello as an artifact in workspace `Shared`; gives the artifact's id.
    pub(crate) async fn artifact(&self, name: &str, version: &str) -> String {
        let zip = stoker_testkit::fixtures::script_archive("#!/bin/sh\necho hello\n");
        id(&self.send_archive(name, version, zip).await.expect(201).json())
    }

    /// A task for version `version` of an artifact in workspace `Shared`; gives its id. It has no run configuration.
    pub(crate) async fn task(&self, name: &str, artifact: &str, version: &str) -> String {
        let body = json!({
            "name": name, "workspaceId": self.bootstrap.workspace_id, "artifact": { "id": artifact, "version": version },
        });
        id(&self.http.post("/orchestration/executables/tasks", &body).await.expect(201).json())
    }

    /// A connection of application `Custom` in workspace `Shared`; gives its id.
    pub(crate) async fn connection(&self, name: &str, parameters: &Value) -> String {
        let body = json!({ "name": name, "workspaceId": self.workspace(), "app": "Custom", "parameters": parameters });
        id(&self.http.post("/orchestration/connections", &body).await.expect(201).json())
    }

    /// A file or folder as a resource in workspace `Shared`; gives its id.
    pub(crate) async fn resource(&self, name: &str, is_file: bool, bytes: &[u8]) -> String {
        let part = json!({ "name": name, "workspaceId": self.workspace(), "file": is_file }).to_string();
        let parts = [("resource", None, part.as_bytes()), ("file", Some(name), bytes)];
        id(&self.send_form(Method::POST, "/orchestration/resources", &parts).await.expect(201).json())
    }

    /// Sends a multipart body.
    pub(crate) async fn send_form(&self, method: Method, path: &str, parts: &[Part<'_>]) -> Answer {
        let (kind, body) = form_of(parts);
        self.http.send(method, path, &[("content-type", &kind)], Some(body)).await
    }

    /// An engine in environment `default`, not paired; gives what the create call answered.
    pub(crate) async fn engine(&self, name: &str) -> Value {
        let body = json!({
            "name": name, "environmentId": self.bootstrap.environment_id, "workspaceId": self.bootstrap.workspace_id,
        });
        self.http.post("/processing/runtimes/remote-engines", &body).await.expect(201).json()
    }

    /// Binds a task to an engine, to be started by hand.
    pub(crate) async fn configure(&self, task: &str, engine: &str) {
        let body = json!({ "trigger": { "type": "MANUAL" }, "runtime": { "type": "REMOTE_ENGINE", "id": engine } });
        let path = format!("/orchestration/executables/tasks/{task}/run-config");
        let _ = self.http.put(&path, &body).await.expect(200);
    }

    /// Artifact, engine and task under one name, ready to be started; gives the ids of task and engine.
    pub(crate) async fn ready_task(&self, name: &str) -> (String, String) {
        let artifact = self.artifact(name, "0.1").await;
        let (task, engine) = (self.task(name, &artifact, "0.1").await, id(&self.engine(name).await));
        self.configure(&task, &engine).await;
        (task, engine)
    }

    /// Starts a run as the admin; gives its id.
    pub(crate) async fn run(&self, task: &str) -> String {
        let answer = self.http.post("/processing/executions", &json!({ "executable": task })).await.expect(201).json();
        answer["executionId"].as_str().expect("executionId is a text").to_owned()
    }

    /// A new service account with these permissions, and these rights on workspace `Shared` when there are any.
    pub(crate) async fn service_account(&self, permissions: &[&str], rights: &[&str]) -> ServiceUser {
        let count = self.http.get("/account/service-accounts").await.expect(200).json().as_array().map_or(0, Vec::len);
        let body = json!({ "name": format!("account {count}"), "permissions": permissions });
        let made = self.http.post("/account/service-accounts", &body).await.expect(201).json();
        let (account, secret) = (id(&made), made["secret"].as_str().expect("the secret").to_owned());
        if !rights.is_empty() {
            let path = format!("/security/workspaces/{}/service-accounts/{account}/permissions", self.workspace());
            let _ = self.http.post(&path, &json!(rights)).await.expect(201);
        }
        let token = self.token(&account, &secret).await;
        ServiceUser { http: self.http.with_token(&token), token, id: account, secret }
    }

    /// A second person with a role of these permissions, put straight into the database; gives its id and a client with a
    /// token of it.
    pub(crate) async fn person(&self, login: &str, permissions: &[&str]) -> (String, Http) {
        let random = SystemRandom::new();
        let (user, token) = (UserId::generate(START_MS, &random), format!("eyJ{}", alphanumeric(60, &random)));
        let row = User {
            id: user.clone(),
            login: login.to_owned(),
            password_hash: None,
            first_name: String::new(),
            last_name: String::new(),
            email: String::new(),
            permissions: Json(permissions.iter().map(|p| (*p).to_owned()).collect()),
            active: true,
            created_ms: START_MS,
        };
        let personal = PersonalToken {
            id: alphanumeric(24, &random),
            user_id: user.clone(),
            name: "test".to_owned(),
            hash: stoker_secrets::token::hash(&token),
            created_ms: START_MS,
            expires_ms: None,
        };
        let role = Role {
            id: RoleId::generate(START_MS, &random),
            name: format!("role of {login}"),
            permissions: row.permissions.clone(),
            predefined: None,
            created_ms: START_MS,
            modified_ms: START_MS,
            external_id: None,
        };
        let made = self.store.write::<_, StoreError, _>(move |tx| {
            row.insert(tx)?;
            personal.insert(tx)?;
            role.insert(tx)?;
            roles::give(tx, &row.id, &role.id).map(drop)
        });
        made.await.expect("store a person");
        (user.to_string(), self.http.with_token(&token))
    }

    /// A further personal access token of a user, put straight into the database.
    pub(crate) async fn token_of(&self, user: &str) -> String {
        let random = SystemRandom::new();
        let token = format!("eyJ{}", alphanumeric(60, &random));
        let row = PersonalToken {
            id: alphanumeric(24, &random),
            user_id: UserId::trusted(user),
            name: "further".to_owned(),
            hash: stoker_secrets::token::hash(&token),
            created_ms: START_MS,
            expires_ms: None,
        };
        self.store.write::<_, StoreError, _>(move |tx| row.insert(tx)).await.expect("store a token");
        token
    }

    /// Exchanges the credentials of a service account for a token.
    pub(crate) async fn token(&self, account: &str, secret: &str) -> String {
        let body = json!({ "audience": self.url, "grant_type": "client_credentials" }).to_string().into_bytes();
        let headers = [("authorization", basic(account, secret)), ("content-type", "application/json".to_owned())];
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = self.anonymous().send(Method::POST, "/security/oauth/token", &headers, Some(body)).await;
        answer.expect(200).json()["access_token"].as_str().expect("the token").to_owned()
    }
}

/// A service account that has a token.
pub(crate) struct ServiceUser {
    /// A client with its token.
    pub(crate) http: Http,
    /// Its token, good for 30 minutes of the server's clock.
    pub(crate) token: String,
    /// Its id, also its client id.
    pub(crate) id: String,
    /// Its secret.
    pub(crate) secret: String,
}

/// One part of a multipart body: its name, the name of its file, its bytes.
pub(crate) type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

/// A multipart body and its content type.
pub(crate) fn form_of(parts: &[Part<'_>]) -> (String, Vec<u8>) {
    const BOUNDARY: &str = "--------between-the-parts";
    let mut body = Vec::new();
    for (name, file, bytes) in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={BOUNDARY}"), body)
}

/// The header value of HTTP basic authentication.
pub(crate) fn basic(user: &str, password: &str) -> String {
    use base64::Engine as _;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}")))
}

/// The field `id` of a body.
#[track_caller]
pub(crate) fn id(body: &Value) -> String {
    body["id"].as_str().unwrap_or_else(|| panic!("no id in {body}")).to_owned()
}

/// The names of the fields of an object, sorted.
#[track_caller]
pub(crate) fn keys(body: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> =
        body.as_object().unwrap_or_else(|| panic!("{body} is no object")).keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}
