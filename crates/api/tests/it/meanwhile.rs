//! Calls that write a row as a whole, or look before they write, while somebody else changes the same: nothing of the
//! other change is lost, and no call fails inside.

use std::time::Duration;

use serde_json::{Value, json};
use stoker_domain::ids::{EnvironmentId, ServiceAccountId, WorkspaceId};
use stoker_domain::{PrincipalKind, Right, Rights};
use stoker_store::accounts::{self, ServiceAccount};
use stoker_store::db::{Json, Record as _};
use stoker_store::environments::{self, Environment};
use stoker_store::workspaces::{self, Grant, Workspace};
use stoker_store::{StoreError, Tx, people};
use stoker_testkit::http::{Answer, Method};

use crate::support::{TestServer, both, id};

/// Waits until a statement waits for what somebody else holds. On SQLite the writer does one thing after the other, and
/// nobody waits there.
async fn until_somebody_waits(server: &TestServer) {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let waiting = || server.store.read::<_, StoreError, _>(move |tx| tx.query_int(sql, &[]));
    let look = async { while waiting().await.expect("look") == 0 {} };
    if server.store.kind() == "postgres" {
        tokio::time::timeout(Duration::from_secs(30), look).await.expect("somebody waits");
    }
}

/// Makes the call while the transaction of `change` is not over, and lets that end once the call waits for it.
async fn during<F>(server: &TestServer, change: F, call: impl Future<Output = Answer>) -> Answer
where
    F: FnOnce(&mut Tx<'_>) -> Result<(), StoreError> + Send + 'static,
{
    let ((held, is_held), (go, gone)) = (tokio::sync::oneshot::channel(), std::sync::mpsc::channel());
    let change = server.store.write::<_, StoreError, _>(move |tx| {
        change(tx)?;
        held.send(()).expect("somebody listens");
        gone.recv().expect("it may end");
        Ok(())
    });
    let meanwhile = async {
        is_held.await.expect("the change is made, and held");
        let release = async {
            until_somebody_waits(server).await;
            go.send(()).expect("the change ends");
        };
        tokio::join!(call, release).0
    };
    let (changed, answer) = tokio::join!(change, meanwhile);
    changed.expect("the change is kept");
    answer
}

both! {
    async fn a_renewed_secret_keeps_new_permissions(server: TestServer) {
        let account = server.service_account(&["TMC_OPERATOR"], &[]).await;
        let (wanted, row_id) = (vec!["AUDIT_LOGS_VIEW".to_owned()], ServiceAccountId::trusted(account.id.as_str()));
        let permissions = Json(wanted.clone());
        let change = move |tx: &mut Tx<'_>| {
            people::lock_all(tx)?;
            let row = accounts::service_account(tx, &row_id)?.expect("the account");
            ServiceAccount { permissions, ..row }.update(tx).map(drop)
        };
        let path = format!("/stoker/v1/service-accounts/{}/secret", account.id);
        let renew = server.http().send(Method::POST, &path, &[], None);
        let renewed = during(&server, change, renew).await.expect(200).json();
        assert_eq!(renewed["permissions"], json!(wanted));
        let now = server.http().get(&format!("/account/service-accounts/{}", account.id)).await.expect(200).json();
        assert_eq!(now["permissions"], json!(wanted));
        let _ = server.token(&account.id, renewed["secret"].as_str().expect("a secret")).await;
    }

    async fn a_renamed_workspace_keeps_its_new_protection(server: TestServer) {
        let row_id = WorkspaceId::trusted(server.workspace());
        let change = move |tx: &mut Tx<'_>| {
            let row = workspaces::get(tx, &row_id)?.expect("the workspace");
            Workspace { protected_artifact_update: true, ..row }.update(tx).map(drop)
        };
        let (path, body) = (format!("/orchestration/workspaces/{}", server.workspace()), json!({ "name": "Renamed" }));
        let _ = during(&server, change, server.http().put(&path, &body)).await.expect(204);
        let listed = server.http().get("/orchestration/workspaces").await.expect(200).json();
        assert_eq!((&listed[0]["name"], &listed[0]["protectedArtifactUpdate"]), (&json!("Renamed"), &json!(true)));
    }

    async fn a_described_environment_keeps_its_new_name(server: TestServer) {
        let environments = "/orchestration/dynamic-engine-environments";
        let body = json!({ "name": "before", "workspaceName": "w" });
        let made = id(&server.http().post(environments, &body).await.expect(201).json());
        let row_id = EnvironmentId::trusted(made.as_str());
        let change = move |tx: &mut Tx<'_>| {
            people::lock_all(tx)?;
            let row = environments::get(tx, &row_id)?.expect("the environment");
            Environment { name: "after".to_owned(), ..row }.update(tx).map(drop)
        };
        let (path, body) = (format!("{environments}/{made}"), json!({ "description": "told" }));
        let _ = during(&server, change, server.http().put(&path, &body)).await.expect(200);
        let now = server.http().get(&path).await.expect(200).json();
        assert_eq!((&now["name"], &now["description"]), (&json!("after"), &json!("told")));
    }

    /// Two administrators give the same: the later one is told so.
    async fn rights_that_are_given_meanwhile_are_there_already(server: TestServer) {
        let account = server.service_account(&["TMC_OPERATOR"], &[]).await;
        let grant = Grant {
            principal_id: account.id.clone(),
            workspace_id: WorkspaceId::trusted(server.workspace()),
            principal_kind: PrincipalKind::Service,
            rights: [Right::View].into_iter().collect::<Rights>(),
        };
        let change = move |tx: &mut Tx<'_>| {
            people::lock_all(tx)?;
            grant.insert(tx)
        };
        let path = format!("/security/workspaces/{}/service-accounts/{}/permissions", server.workspace(), account.id);
        let refused = during(&server, change, server.http().post(&path, &json!(["EXECUTE"]))).await.expect(409);
        assert!(refused.text().contains("set already"), "{}", refused.text());
        assert_eq!(rights(&server, &path).await, json!(["VIEW"]));
    }

    /// What goes while something is added to it is a conflict, and no defect.
    async fn what_is_removed_meanwhile_is_a_conflict(server: TestServer) {
        let body = json!({ "name": "Passing", "environmentId": server.environment() });
        let made = id(&server.http().post("/orchestration/workspaces", &body).await.expect(201).json());
        let gone = WorkspaceId::trusted(made.as_str());
        let change = move |tx: &mut Tx<'_>| workspaces::delete(tx, &gone).map(drop);
        let body = json!({ "name": "c", "workspaceId": made, "app": "Custom", "parameters": [] });
        let refused = during(&server, change, server.http().post("/orchestration/connections", &body)).await;
        assert!(matches!(refused.status, 403 | 404 | 409), "{}: {}", refused.status, refused.text());
        if server.store.kind() == "postgres" {
            assert_eq!(refused.status, 409, "it was there when it was looked at: {}", refused.text());
            assert!(refused.text().contains("look again"), "{}", refused.text());
        }
    }
}

async fn rights(server: &TestServer, path: &str) -> Value {
    server.http().get(path).await.expect(200).json()["permissions"].clone()
}
