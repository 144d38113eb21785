//! The form of refusals: each family of paths has its own.

use serde_json::{Value, json};
use stoker_api::family::{Family, TmcVersion};
use stoker_testkit::http::{Answer, Method};

use crate::support::{TestServer, both, keys};

/// The family of `/tmc/v2.6`.
pub(crate) fn tmc() -> Family {
    Family::Tmc(TmcVersion { major: 2, minor: 6 })
}

/// The fields of a refusal, sorted (source: spec, as the compatibility page lists them).
pub(crate) fn refusal_keys(family: Family, status: u16) -> Vec<&'static str> {
    match (family, status) {
        (Family::ServiceAccounts, 409) => vec!["detail"],
        (Family::ServiceAccounts, _) => vec!["detail", "status"],
        (Family::Core | Family::Tmc(_), 401) => vec!["detail", "message", "status"],
        (Family::Observability, 401) => vec!["message", "status"],
        (Family::DynamicEngines, _) => vec!["details", "status", "title"],
        (Family::Datasets, _) => vec!["error", "message", "status"],
        (Family::Scim, _) => vec!["detail", "schemas", "status"],
        (Family::Engine, _) => vec!["code", "message"],
        _ => vec!["message", "requestId", "status"],
    }
}

/// Sends one request that must be refused, and checks status, fields, type and request id.
async fn refused(server: &TestServer, family: Family, status: u16, request: (&str, &str, &str, &str)) {
    let (method, path, kind, body) = request;
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let http = if status == 401 { &server.anonymous() } else { server.http() };
    if status == 413 {
        // Only the length is announced: a body that is sent and not read may cost its sender the answer.
        let more = format!("content-type: {kind}\r\ncontent-length: {}\r\n", 2 << 20);
        let head = crate::raw::head(server, method.as_str(), path, &more);
        let answer = crate::raw::exchange(server, head.as_bytes()).await.expect("an answer");
        assert_eq!((answer.status, keys(&answer.json())), (413, refusal_keys(family, 413)), "{answer:?}");
        return;
    }
    let body = (!body.is_empty()).then(|| body.as_bytes().to_vec());
    let answer = http.send(method, path, &[("content-type", kind)], body).await;
    let what = format!("{request:?}: {}", answer.text());
    assert_eq!(answer.status, status, "{what}");
    checked(family, &answer, &what);
}

#[track_caller]
fn checked(family: Family, answer: &Answer, what: &str) -> String {
    let body = answer.json();
    assert_eq!(keys(&body), refusal_keys(family, answer.status), "{what}");
    let kind = if family == Family::Scim { "application/scim+json" } else { "application/json" };
    assert_eq!(answer.header("content-type"), Some(kind), "{what}");
    let id = answer.header("x-request-id").expect("a request id");
    assert_eq!(id.len(), 36, "{what}");
    if let Some(inside) = body.get("requestId") {
        assert_eq!(inside, id, "{what}");
    }
    match (family, body.get("status")) {
        (Family::Scim, inside) => assert_eq!(inside, Some(&json!(answer.status.to_string())), "{what}"),
        (_, Some(inside)) => assert_eq!(inside, &json!(answer.status), "{what}"),
        (_, None) => {}
    }
    let text = ["message", "detail", "details"].iter().find_map(|field| body.get(*field).and_then(Value::as_str));
    text.filter(|text| !text.is_empty()).unwrap_or_else(|| panic!("no message: {what}")).to_owned()
}

const JSON: &str = "application/json";

both! {
    async fn each_family_has_its_own_refusals(server: TestServer) {
        let task = server.ready_task("t").await.0;
        let pause = format!("/orchestration/executables/tasks/{task}/pause");
        let _ = server.http().put(&pause, &json!({ "pause": true })).await.expect(202);
        let start = json!({ "executable": task }).to_string();
        let none = "66f0a1b2c3d4e5f601230001";
        let account = json!({ "name": "a", "permissions": ["TMC_OPERATOR"] }).to_string();
        let _ = server.http().send(Method::POST, "/account/service-accounts", &[], Some(account.clone().into())).await;
        let environment = json!({ "name": "default", "workspaceName": "w", "owner": "admin" }).to_string();
        let artifact = server.artifact("raw", "0.1").await;
        let raw = json!({ "executable": server.task("raw", &artifact, "0.1").await }).to_string();
        let mut families = vec![(Family::Core, String::new(), "/orchestration", "/processing")];
        for version in ["v1.1", "v1.3", "v2.2", "v2.6"] {
            families.push((tmc(), format!("/tmc/{version}"), "", ""));
        }
        for (family, prefix, orchestration, processing) in families {
            let environments = format!("{prefix}{orchestration}/environments");
            let executions = format!("{prefix}{processing}/executions");
            let unknown = format!("{prefix}{orchestration}/executables/tasks/{none}");
            for (status, method, path, kind, body) in [
                (400, "POST", &environments, JSON, "{"),
                (401, "GET", &environments, JSON, ""),
                (404, "GET", &unknown, JSON, ""),
                (404, "GET", &format!("{environments}/nothing/here"), JSON, ""),
                (405, "PATCH", &environments, JSON, "{}"),
                (405, "POST", &executions, JSON, &start),
                (409, "POST", &environments, JSON, &environment),
                (413, "POST", &environments, JSON, ""),
                (415, "POST", &environments, "text/plain", "{}"),
                (501, "POST", &executions, JSON, &raw),
            ] {
                refused(&server, family, status, (method, path, kind, body)).await;
            }
        }
        let accounts = "/account/service-accounts";
        for (status, method, path, kind, body) in [
            (400, "POST", accounts, JSON, "{}"),
            (401, "GET", accounts, JSON, ""),
            (404, "GET", "/account/service-accounts/nobody", JSON, ""),
            (405, "PATCH", accounts, JSON, "{}"),
            (409, "POST", accounts, JSON, &account),
            (413, "POST", accounts, JSON, ""),
            (415, "POST", accounts, "text/plain", "{}"),
        ] {
            refused(&server, Family::ServiceAccounts, status, (method, path, kind, body)).await;
        }
        let token = "/security/oauth/token";
        refused(&server, Family::Identity, 401, ("POST", token, JSON, "{}")).await;
        refused(&server, Family::Identity, 405, ("GET", token, JSON, "")).await;
        refused(&server, Family::Stoker, 404, ("GET", "/nothing", JSON, "")).await;
        refused(&server, Family::Stoker, 404, ("GET", "/tmc/v9.9/workspaces", JSON, "")).await;
        refused(&server, Family::Stoker, 415, ("POST", "/stoker/v1/artifacts?workspaceId=x&name=n&version=1", JSON, "x"))
            .await;
        refused(&server, Family::Engine, 404, ("GET", "/engine/v1/nothing", JSON, "")).await;
        refused(&server, Family::Engine, 400, ("POST", "/engine/v1/poll", JSON, "{}")).await;
        refused(&server, Family::Engine, 405, ("GET", "/engine/v1/poll", JSON, "")).await;
        for (family, path) in [
            (Family::Observability, "/monitoring/observability/nothing"),
            (Family::DynamicEngines, "/processing/runtimes/dynamic-engines/a/b/c/d"),
            (Family::Datasets, "/connections/a/b/c/d"),
            (Family::Scim, "/scim/v2/nothing/at/all"),
        ] {
            refused(&server, family, 404, ("GET", path, JSON, "")).await;
        }
    }

    async fn a_refused_principal_is_told_in_the_dialect(server: TestServer) {
        let weak = server.service_account(&["AUDIT_LOGS_VIEW"], &[]).await.http;
        for (family, path) in [
            (Family::Core, "/orchestration/environments"),
            (tmc(), "/tmc/v2.6/environments"),
            (Family::ServiceAccounts, "/account/service-accounts"),
            (Family::Core, "/security/permissions"),
            (Family::Identity, "/security/service-accounts/permissions"),
        ] {
            let answer = weak.get(path).await;
            assert_eq!(answer.status, 403, "{path}");
            let message = checked(family, &answer, path);
            assert!(message.contains("TMC_"), "the message names what is missing: {message}");
        }
    }

    async fn old_prefixes_doubled_slashes_and_any_bearer(server: TestServer) {
        let token = server.bootstrap.personal_access_token.clone();
        for path in [
            "/orchestration/workspaces",
            "//orchestration//workspaces",
            "/tmc/v1.1/workspaces",
            "/tmc/v1.2/workspaces",
            "/tmc/v1.3/workspaces",
            "/tmc/v2.2/workspaces",
            "/tmc/v2.6/workspaces",
            "//tmc/v2.6//workspaces?query=name==Shared",
        ] {
            for scheme in ["Bearer", "bearer", "BEARER"] {
                let header = format!("{scheme} {token}");
                let headers = [("authorization", header.as_str()), ("content-type", "application/json")];
                let answer = server.anonymous().send(Method::GET, path, &headers, None).await.expect(200).json();
                assert_eq!(answer[0]["id"], server.workspace(), "{path}");
                assert_eq!(answer[0]["environment"]["id"], server.environment(), "{path}");
            }
        }
        for path in ["/tmc/v2.7/workspaces", "/tmc/v3.0/workspaces", "/tmc/2.6/workspaces", "/tmc/v2.6"] {
            let _ = server.http().get(path).await.expect(404);
        }
    }
}
