//! Projects and who may work on them.

use serde_json::json;
use stoker_testkit::http::Method;

use crate::support::{both, id, keys};

const PROJECTS: &str = "/orchestration/projects";

both! {
    async fn a_project_lives_in_both_generations(server: TestServer) {
        let body = json!({ "name": "Sales loads", "owner": "admin", "url": "https://git.example/sales.git", "description": "d" });
        let made = server.http().post(PROJECTS, &body).await.expect(201).json();
        let fields = ["author", "createDate", "description", "id", "name", "owner", "projectType", "repoType", "technicalLabel", "updateDate", "url"];
        assert_eq!(keys(&made), fields);
        assert_eq!((&made["technicalLabel"], &made["author"], &made["repoType"], &made["projectType"]), (&json!("SALES_LOADS"), &json!("admin"), &json!("GIT"), &json!("DI")));
        for twice in ["Sales loads", "sales-loads"] {
            let body = json!({ "name": twice, "owner": "admin", "url": "" });
            assert!(server.http().post(PROJECTS, &body).await.expect(409).text().contains("name: "));
        }
        let (path, old) = (format!("{PROJECTS}/{}", id(&made)), format!("/tmc/v2.6/projects/{}", id(&made)));
        assert_eq!(server.http().get(&path).await.expect(200).json(), made);
        for (query, total) in [("?projectName=Sales", 1), ("?projectName=sales", 0), ("?name=Sales", 1), ("", 1)] {
            assert_eq!(server.http().get(&format!("{PROJECTS}{query}")).await.expect(200).json()["total"], total, "{query}");
            assert_eq!(server.http().get(&format!("/tmc/v2.6/projects{query}")).await.expect(200).json()["total"], total);
        }
        server.person("mara", &[]).await;
        let changed = server.http().put(&old, &json!({ "owner": "mara", "name": "ignored" })).await.expect(200).json();
        assert_eq!((&changed["owner"], &changed["url"], &changed["name"]), (&json!("mara"), &made["url"], &made["name"]));
        let changed = server.http().put(&path, &json!({ "url": "svn://x/y", "description": "e" })).await.expect(200).json();
        assert_eq!((&changed["owner"], &changed["repoType"], &changed["description"]), (&json!("mara"), &json!("SVN"), &json!("e")));
        let _ = server.http().delete(&old).await.expect(204);
        let _ = server.http().get(&path).await.expect(404);
        let _ = server.http().put(&path, &json!({})).await.expect(404);
        let _ = server.http().delete(&path).await.expect(404);
        let _ = server.http().post(PROJECTS, &body).await.expect(201);
    }

    async fn users_and_groups_are_authorised_once(server: TestServer) {
        let body = json!({ "name": "p", "owner": "admin", "url": "" });
        let project = id(&server.http().post(PROJECTS, &body).await.expect(201).json());
        let (mara, _) = server.person("mara", &[]).await;
        let sent = async |method: Method, path: &str| server.http().send(method, path, &[], None).await;
        let path = format!("{PROJECTS}/{project}/users");
        let user = format!("{path}/{mara}");
        assert_eq!(server.http().get(&path).await.expect(200).json(), json!({ "projectId": project, "userIds": [] }));
        let _ = sent(Method::PUT, &user).await.expect(204);
        let _ = sent(Method::PUT, &user).await.expect(409);
        let old = format!("/tmc/v2.6/projects/{project}/users");
        assert_eq!(server.http().get(&old).await.expect(200).json()["userIds"], json!([mara]));
        let stranger = "0b7d7c5e-6a0e-4a51-9d3f-5f1f0f3f7a11";
        assert!(sent(Method::PUT, &format!("{path}/{stranger}")).await.expect(404).text().contains("User id not found"));
        let _ = sent(Method::PUT, &format!("{path}/mara")).await.expect(400);
        let _ = sent(Method::DELETE, &format!("{old}/{mara}")).await.expect(204);
        let _ = sent(Method::DELETE, &user).await.expect(404);
        let groups = format!("{PROJECTS}/{project}/groups");
        for method in [Method::PUT, Method::DELETE] {
            let answer = sent(method, &format!("{groups}/{stranger}")).await.expect(404);
            assert!(answer.text().contains("roup"), "{}", answer.text());
        }
        let group = id(&server.http().post("/account/groups", &json!({ "name": "builders" })).await.expect(201).json());
        let _ = sent(Method::PUT, &format!("{groups}/{group}")).await.expect(204);
        let _ = sent(Method::PUT, &format!("{groups}/{group}")).await.expect(409);
        let held = async || server.http().get(&groups).await.expect(200).json();
        assert_eq!(held().await, json!({ "projectId": project, "groupIds": [group] }));
        let _ = server.http().delete(&format!("/account/groups/{group}")).await.expect(204);
        assert_eq!(held().await, json!({ "projectId": project, "groupIds": [] }));
        let _ = sent(Method::PUT, &user).await.expect(204);
        let _ = server.http().delete(&format!("{PROJECTS}/{project}")).await.expect(204);
        let _ = server.http().get(&path).await.expect(404);
    }

    async fn bad_projects_are_refused(server: TestServer) {
        let good = json!({ "name": "n", "owner": "admin", "url": "u" });
        for (field, value) in [
            ("name", json!("")), ("name", json!(null)), ("name", json!("a\u{0}")), ("name", json!("x".repeat(256))), ("owner", json!("nobody")),
            ("owner", json!([])), ("url", json!(null)), ("url", json!("x".repeat(2001))), ("url", json!("a\nb")), ("description", json!("\u{7}")),
        ] {
            let mut body = good.clone();
            body[field] = value.clone();
            let answer = server.http().post(PROJECTS, &body).await.expect(400).json();
            assert!(answer["message"].as_str().is_some_and(|m| m.starts_with(field)), "{field} {value}: {answer}");
        }
        let project = id(&server.http().post(PROJECTS, &good).await.expect(201).json());
        let path = format!("{PROJECTS}/{project}");
        let before = server.http().get(&path).await.expect(200).json();
        let _ = server.http().put(&path, &json!({ "url": "new", "owner": "nobody" })).await.expect(400);
        assert_eq!(server.http().get(&path).await.expect(200).json(), before, "nothing changed");
        let answer = server.http().get(&format!("{PROJECTS}/x")).await.expect(400).json();
        assert_eq!(answer["message"], "Project Id is not valid id.");
        for query in ["limit=0", "limit=101", "offset=-1"] {
            let _ = server.http().get(&format!("{PROJECTS}?{query}")).await.expect(400);
        }
    }
}
