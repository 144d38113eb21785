//! Paths written in odd ways: never another resource than the one whose rights were checked.

use serde_json::json;
use stoker_testkit::http::Http;

use crate::raw;
use crate::support::{TestServer, both, id};

/// The path with each odd way of writing it.
fn odd(path: &str) -> Vec<String> {
    let (before, last) = path.rsplit_once('/').expect("a slash");
    let hex = |c: char| format!("%{:02x}", c as u32);
    let first = last.chars().next().expect("a sign");
    vec![
        format!("{before}/x/../{last}"),
        format!("{before}/./{last}"),
        format!("{before}/x/%2e%2e/{last}"),
        format!("{before}/%2e/{last}"),
        format!("{before}/x/%252e%252e/{last}"),
        format!("{before}%2f{last}"),
        format!("{before}%2F{last}"),
        format!("{before}%252f{last}"),
        format!("{before}%5c{last}"),
        format!("{before}\\{last}"),
        format!("{before}//{last}"),
        format!("//{}", &path[1..]),
        format!("/{path}"),
        format!("{path}/"),
        format!("{path}//"),
        format!("{path}."),
        format!("{path}/."),
        format!("{path}%20"),
        format!("{path}%00"),
        format!("{path}%0d%0a"),
        format!("{path};x=y"),
        format!("{path};"),
        format!("{before};x=y/{last}"),
        format!("{path}%3fx"),
        format!("{path}%23x"),
        format!("{path}?"),
        format!("{path}#x"),
        path.to_uppercase(),
        format!("{before}/{}{}", hex(first), &last[first.len_utf8()..]),
        format!("{before}/%{}{}", &hex(first)[1..].replace('%', ""), &last[1..]),
        format!("{before}/%c0%ae%c0%ae/{last}"),
        format!("{path}%ff"),
        format!("/health/live/..{path}"),
        format!("/health/live%2f..{path}"),
        format!("/tmc/v2.6/..{path}"),
        format!("/tmc/v2.6/%2e%2e{path}"),
        format!("/tmc/v9.9{path}"),
        format!("/assets/..{path}"),
        format!("http://elsewhere{path}"),
        format!("http://user@elsewhere:1{path}"),
        format!("https://elsewhere/health/live/..{path}"),
    ]
}

/// What a caller gets for exactly these bytes as the target.
async fn ask(server: &TestServer, token: Option<&str>, method: &str, target: &str) -> (u16, String) {
    let credentials = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    let bytes = format!("{method} {target} HTTP/1.1\r\nhost: test\r\n{credentials}connection: close\r\n\r\n");
    let answer = raw::exchange(server, bytes.as_bytes()).await;
    answer.map_or((400, String::new()), |answer| (answer.status, answer.text))
}

async fn workspace(http: &Http, environment: &str, name: &str) -> String {
    let body = json!({ "name": name, "environmentId": environment, "owner": "admin" });
    id(&http.post("/orchestration/workspaces", &body).await.expect(201).json())
}

both! {
    async fn no_way_of_writing_a_path_shows_what_the_caller_may_not_see(server: TestServer) {
        let http = server.http();
        let secret = workspace(http, server.environment(), "marked-as-secret").await;
        let artifact = server.artifact("marked-as-secret-too", "1").await;
        let task = server.task("marked-as-secret-too", &artifact, "1").await;
        let stranger = server.service_account(&["TMC_OPERATOR"], &[]).await;
        let admin = server.bootstrap.personal_access_token.clone();
        for path in [
            format!("/orchestration/executables/tasks/{task}"),
            format!("/orchestration/artifacts/{artifact}"),
            "/account/users".to_owned(),
            "/security/audit/logs".to_owned(),
            "/scim/v2/Users".to_owned(),
            "/stoker/v1/sessions".to_owned(),
            format!("/tmc/v2.6/executables/tasks/{task}"),
        ] {
            let (status, whole) = ask(&server, Some(&admin), "GET", &path).await;
            assert_eq!(status, 200, "{path}: {whole}");
            for target in odd(&path) {
                for token in [None, Some(stranger.token.as_str())] {
                    let (status, text) = ask(&server, token, "GET", &target).await;
                    let page = text.contains("<!doctype html>");
                    assert!(status < 500 && (status >= 400 || page || target.contains("sessions")), "{target}: {status} {text}");
                    assert!(!text.contains("marked-as-secret") && !text.contains("\"admin\""), "{target}: {text}");
                }
                // With every right it is the same thing or nothing.
                let (status, text) = ask(&server, Some(&admin), "GET", &target).await;
                assert!(status != 200 || text.len() == whole.len() || text.contains("<!doctype html>") || path.contains("audit"), "{target}: {text}");
            }
        }
        assert_eq!(http.get(&format!("/orchestration/workspaces?query=id=={secret}")).await.status, 200);
    }

    async fn no_way_of_writing_a_path_removes_what_the_caller_may_not_remove(server: TestServer) {
        let http = server.http();
        let mine = workspace(http, server.environment(), "mine").await;
        let other = workspace(http, server.environment(), "other").await;
        let stranger = server.service_account(&["TMC_OPERATOR"], &[]).await;
        for target in odd(&format!("/orchestration/workspaces/{other}")).into_iter().chain([
            format!("/orchestration/workspaces/{mine}/../{other}"),
            format!("/orchestration/workspaces/{mine}%2f..%2f{other}"),
            format!("/orchestration/workspaces/{mine};{other}"),
            format!("/orchestration/workspaces/{mine}%00{other}"),
            format!("/orchestration/workspaces/{mine}/{other}"),
            format!("/orchestration/workspaces/{mine},{other}"),
        ]) {
            for token in [None, Some(stranger.token.as_str())] {
                let (status, text) = ask(&server, token, "DELETE", &target).await;
                assert!((400..500).contains(&status), "{target}: {status} {text}");
            }
        }
        for path in [
            format!("/orchestration/workspaces/{mine}/../{other}"),
            format!("/orchestration/workspaces/{mine}%2f..%2f{other}"),
            format!("/orchestration/workspaces/{mine};{other}"),
            format!("/orchestration/workspaces/{mine}%00{other}"),
        ] {
            let admin = &server.bootstrap.personal_access_token;
            let (status, text) = ask(&server, Some(admin), "DELETE", &path).await;
            assert!((400..500).contains(&status), "{path}: {status} {text}");
        }
        let left = http.get("/orchestration/workspaces").await.expect(200).text();
        assert!(left.contains(&mine) && left.contains(&other), "{left}");
    }
}
