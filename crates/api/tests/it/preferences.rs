//! What the console keeps for a user.

use serde_json::json;
use stoker_testkit::http::Method;

use crate::support::both;

const PATH: &str = "/stoker/v1/preferences";

both! {
    async fn they_are_kept_for_each_user_and_no_change_is_lost(server: TestServer) {
        let (person, ada) = server.person("ada", &[]).await;
        assert_eq!(ada.get(PATH).await.expect(200).json(), json!({ "version": 0, "document": {} }));
        let views = json!({ "views": [{ "name": "Failed ✗", "search": "status=failed" }] });
        let first = json!({ "version": 0, "document": views });
        assert_eq!(ada.json(Method::PUT, PATH, &first).await.expect(200).json(), json!({ "version": 1, "document": views }));
        assert_eq!(ada.get(PATH).await.expect(200).json(), json!({ "version": 1, "document": views }));
        // A second browser that read before the change is told so, and nothing of the first is lost.
        let refused = ada.json(Method::PUT, PATH, &json!({ "version": 0, "document": {} })).await.expect(409);
        assert!(refused.text().contains("version: 0 was replaced by 1"), "{}", refused.text());
        let ahead = ada.json(Method::PUT, PATH, &json!({ "version": 7, "document": {} })).await.expect(409);
        assert!(ahead.text().contains("version"), "{}", ahead.text());
        assert_eq!(ada.get(PATH).await.expect(200).json()["document"], views);
        let next = ada.json(Method::PUT, PATH, &json!({ "version": 1, "document": { "views": [] } })).await.expect(200);
        assert_eq!(next.json()["version"], 2);
        // They are ada's alone, and go with her.
        assert_eq!(server.http().get(PATH).await.expect(200).json()["version"], 0);
        let _ = server.http().delete(&format!("/account/users/{person}")).await.expect(204);
        let left = server.store.read::<_, stoker_store::StoreError, _>(|tx| {
            tx.query_int("SELECT count(*) FROM preferences", &[])
        });
        assert_eq!(left.await.expect("count"), 0);
    }

    async fn what_is_no_object_or_too_large_is_refused(server: TestServer) {
        let http = server.http();
        for (body, word) in [
            (json!({ "version": 0, "document": [] }), "document"),
            (json!({ "version": 0, "document": "{}" }), "document"),
            (json!({ "version": "0", "document": {} }), "version"),
            (json!({ "document": {} }), "version"),
            (json!({ "version": 0, "document": { "views": "x".repeat(65_536) } }), "document: must have at most 64 KiB"),
        ] {
            let refused = http.json(Method::PUT, PATH, &body).await.expect(400);
            assert!(refused.text().contains(word), "{}", refused.text());
        }
        assert_eq!(http.get(PATH).await.expect(200).json()["version"], 0);
        let fits = json!({ "version": 0, "document": { "views": "x".repeat(65_000) } });
        assert_eq!(http.json(Method::PUT, PATH, &fits).await.expect(200).json()["version"], 1);
    }
}
