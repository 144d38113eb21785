//! A project of API tests that is shared, with a secret that its owner keeps beside it: it must outlive what operators do.

use serde_json::json;
use stoker_testkit::http::Http;

use crate::support::text;

const PROJECTS: &str = "/stoker/v1/tester/projects";

/// Makes one whose only request asks the server itself, with a token that is secret. Gives its id.
pub(super) async fn shared(http: &Http, host: &str, workspace: &str, token: &str) -> String {
    let project = text(&http.post(PROJECTS, &json!({ "name": "Kept" })).await.expect(201).json()["id"]);
    let document = json!({
        "version": 6,
        "entities": [{ "entity": {
            "type": "Request", "id": "r", "name": "Who", "method": { "name": "GET" },
            "uri": { "scheme": { "name": "http" }, "host": host, "path": "/stoker/v1/tester/projects" },
            "headers": [{ "name": "Authorization", "value": "Bearer ${token}", "enabled": true }],
            "body": { "bodyType": "Text" },
        } }],
        "environments": [{ "id": "e", "name": "Here", "variables": {
            "v": { "name": "token", "private": true, "enabled": true, "value": token } } }],
    });
    let path = format!("{PROJECTS}/{project}");
    let _ = http.put(&path, &json!({ "version": 1, "name": "Kept", "document": document })).await.expect(200);
    let share = json!({ "version": 2, "workspaceId": workspace });
    let _ = http.put(&format!("{path}/workspace"), &share).await.expect(200);
    project
}

/// Its secret and the latest response can be read.
pub(super) async fn readable(http: &Http, project: &str) {
    let path = format!("{PROJECTS}/{project}");
    let kept = http.get(&path).await.expect(200).json();
    assert_eq!(kept["secrets"], json!(["v"]), "{kept}");
    let asked = json!({ "text": "${\"Who\".\"response\".\"status\".\"code\"}" });
    let said = http.post(&format!("{path}/preview"), &asked).await.expect(200).json();
    assert_eq!(said["value"], "200", "{said}");
}

/// A run of it with the secret is answered.
pub(super) async fn run(http: &Http, project: &str) {
    let begun = http.post(&format!("{PROJECTS}/{project}/runs"), &json!({ "environmentId": "e" })).await.expect(201);
    let run = text(&begun.json()["id"]);
    let ended = http.get(&format!("/stoker/v1/tester/runs/{run}?waitSeconds=20")).await.expect(200).json();
    assert_eq!(ended["outcome"], "Ok", "{ended}");
}
