//! Signing in by an OpenID Connect provider of other people, as it comes from its registry.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use stoker_testkit::http::{Answer, Http, Method};
use stoker_testkit::programs::target_folder;

use crate::support::{Backend, Stage, StageOptions};

const BEGIN: &str = "/stoker/v1/session/openid";

/// The provider on a port of its own; ends with the value.
struct Provider {
    process: Child,
    /// It would end at the next line that nobody can read.
    _output: BufReader<ChildStdout>,
    issuer: String,
}

impl Provider {
    fn start(claims_in_id_token: bool) -> Self {
        let folder = target_folder().expect("the target folder").join("node");
        assert!(
            folder.join("node_modules/oidc-provider").exists(),
            "there is no provider; run `cargo xtask node` first"
        );
        let mut command = Command::new("node");
        command
            .arg("provider.mjs")
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        command.env("CLAIMS_IN_ID_TOKEN", if claims_in_id_token { "yes" } else { "no" });
        let mut process = command.spawn().expect("start node");
        let mut issuer = String::new();
        let mut output = BufReader::new(process.stdout.take().expect("its output"));
        output.read_line(&mut issuer).expect("its first line");
        let issuer = issuer.trim().to_owned();
        assert!(issuer.starts_with("http://127.0.0.1:"), "{issuer:?}");
        Self { process, _output: output, issuer }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A browser: one jar of cookies for each side.
#[derive(Default)]
struct Browser(BTreeMap<String, BTreeMap<String, String>>);

impl Browser {
    async fn get(&mut self, http: &Http, url: &str) -> Answer {
        let host = url.split('/').nth(2).expect("a host").to_owned();
        let jar = self.0.entry(host).or_default();
        let cookies: Vec<String> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = http.send(Method::GET, url, &[("cookie", &cookies.join("; "))], None).await;
        for cookie in answer.headers.get_all("set-cookie") {
            let pair = cookie.to_str().expect("text").split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a pair");
            if value.is_empty() {
                jar.remove(name)
            } else {
                jar.insert(name.to_owned(), value.to_owned())
            };
        }
        answer
    }

    /// Goes where it is sent, until it is back at the server; gives the address with which it comes back.
    async fn at_the_provider(&mut self, stage: &Stage, http: &Http, who: &str) -> String {
        let started = self.get(http, &format!("{}{BEGIN}?returnTo=/runs", stage.server.url())).await.expect(303);
        let mut url = format!("{}&login_hint={who}", started.header("location").expect("where to"));
        for _ in 0..10 {
            if url.starts_with(stage.server.url()) {
                return url;
            }
            let answer = self.get(http, &url).await;
            let next = answer.header("location").unwrap_or_else(|| panic!("{} {}", answer.status, answer.text()));
            url = if next.starts_with('/') {
                format!("{}{next}", url.split('/').take(3).collect::<Vec<_>>().join("/"))
            } else {
                next.to_owned()
            };
        }
        panic!("the provider sends the browser around: {url}");
    }
}

async fn stage(provider: &Provider, create_users: bool) -> Stage {
    let secret = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(secret.path(), "a secret & more\n").expect("write the secret");
    let open_id = json!({
        "issuer": provider.issuer, "clientId": "stoker", "clientSecretFile": secret.path(), "name": "Test provider",
        "createUsers": create_users,
    });
    let options =
        StageOptions { settings: Some(json!({ "openId": open_id })), without_engine: true, ..Default::default() };
    let stage = Stage::start(Backend::Sqlite, options).await;
    let mapping = json!([{ "name": "north", "roles": ["Operator"] }]);
    let _ = stage.http.post("/security/role-mappings", &mapping).await.expect(200);
    stage
}

async fn a_sign_in(claims_in_id_token: bool) {
    let provider = Provider::start(claims_in_id_token);
    let stage = stage(&provider, true).await;
    let http = Http::new(stage.server.url());
    let ways = http.get("/stoker/v1/session/ways").await.expect(200).json();
    assert_eq!(ways["openId"], json!({ "name": "Test provider", "path": BEGIN }));
    let mut browser = Browser::default();
    let back = browser.at_the_provider(&stage, &http, "ada").await;
    assert!(back.contains("code=") && back.contains("state="), "{back}");
    let done = browser.get(&http, &back).await.expect(303);
    assert_eq!(done.header("location"), Some("/runs"));
    let shown = browser.get(&http, &format!("{}/stoker/v1/session", stage.server.url())).await.expect(200).json();
    assert_eq!((&shown["user"]["login"], &shown["user"]["name"]), (&json!("ada"), &json!("Ada Byron")));
    assert!(shown["permissions"].as_array().is_some_and(|all| all.contains(&json!("TMC_OPERATOR"))), "{shown}");

    // The same code again, by the same browser: the provider has seen it.
    let again = browser.at_the_provider(&stage, &http, "ada").await;
    let sealed = browser.0.clone();
    let _ = browser.get(&http, &again).await.expect(303);
    let replayed = Browser(sealed).get(&http, &again).await;
    assert_eq!(replayed.status, 401, "{}", replayed.text());
    // A code with the state of another browser.
    let stolen = browser.at_the_provider(&stage, &http, "ada").await;
    let mut other = Browser::default();
    let _ = other.at_the_provider(&stage, &http, "ada").await;
    assert_eq!(other.get(&http, &stolen).await.status, 401);
    assert_eq!(Browser::default().get(&http, &stolen).await.status, 401);
    // Somebody in no group gets no role, and somebody unknown to the provider is refused there.
    let mut eve = Browser::default();
    let back = eve.at_the_provider(&stage, &http, "eve").await;
    assert!(eve.get(&http, &back).await.expect(401).text().contains("no role"));
    let mut nobody = Browser::default();
    let back = nobody.at_the_provider(&stage, &http, "nobody").await;
    assert!(nobody.get(&http, &back).await.expect(401).text().contains("access_denied"));
    let users: Value = stage.http.get("/stoker/v1/users").await.expect(200).json();
    let logins: Vec<&str> =
        users.as_array().expect("a list").iter().filter_map(|user| user["login"].as_str()).collect();
    assert_eq!(logins, ["ada", "admin", "eve"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_claims_of_the_id_token() {
    a_sign_in(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_claims_of_the_userinfo_endpoint() {
    a_sign_in(false).await;
}
