//! Values on their way in and out, and the violations that have a name.

use stoker_domain::PrincipalKind;
use stoker_domain::ids::{EnvironmentId, UserId, WorkspaceId};
use stoker_store::accounts::{PersonalToken, User};
use stoker_store::db::{Json, Record};
use stoker_store::logs::{self, LogChunk};
use stoker_store::workspaces::Grant;
use stoker_store::{StoreError, Value, params, settings};

use crate::support::{both, hex_id, run_id, workspace_row};

fn user(number: usize, login: &str) -> User {
    User {
        id: UserId::trusted(format!("user {number}")),
        login: login.to_owned(),
        password_hash: None,
        first_name: "Ünï \u{1F525}".to_owned(),
        last_name: String::new(),
        email: "a@b.c".to_owned(),
        permissions: Json(vec!["TMC_OPERATOR".to_owned()]),
        active: true,
        created_ms: i64::MAX,
    }
}

fn chunk(number: i64, data: Vec<u8>) -> LogChunk {
    LogChunk { run_id: run_id(1), epoch: 1, number, first_line: 0, lines: 1, first_ms: i64::MIN, last_ms: 0, data }
}

both! {
    async fn many_rows_are_added_and_found_together(place: Place) {
        let odd = ["it's", "a\"b", "a,b", "{x}", "\\", "NULL", "", "\u{1F525}", "$1 ?"];
        let users: Vec<User> = (0..71).map(|n| user(n, odd.get(n).map_or(&*format!("login {n}"), |text| text))).collect();
        let rows: Vec<User> = users.iter().map(|u| User { id: UserId::trusted(u.login.clone()), ..u.clone() }).collect();
        let added = rows.clone();
        place.store.write::<_, StoreError, _>(move |tx| User::insert_all(tx, &added)).await.expect("all of them");
        let mut keys: Vec<String> = odd.iter().map(|text| (*text).to_owned()).collect();
        keys.extend(["login 70".to_owned(), "nobody".to_owned(), "a".to_owned()]);
        let mut found = place.store.read(move |tx| User::with_keys(tx, keys)).await.expect("the rows");
        let mut wanted: Vec<User> =
            rows.iter().filter(|row| odd.contains(&&*row.login) || row.login == "login 70").cloned().collect();
        let by_id = |a: &User, b: &User| a.id.cmp(&b.id);
        found.sort_by(by_id);
        wanted.sort_by(by_id);
        assert_eq!(found, wanted);
        let count = place.store.read(|tx| tx.query_int("SELECT count(*) FROM users WHERE id <> 'x'", &[])).await;
        assert_eq!(count.expect("a number"), 71);
        let none = place.store.read(|tx| User::with_keys(tx, Vec::new())).await.expect("no rows");
        assert!(none.is_empty());
        let more = vec![user(100, "new"), user(101, "it's")];
        let twice = place.store.write::<_, StoreError, _>(move |tx| User::insert_all(tx, &more)).await;
        assert!(matches!(twice, Err(StoreError::Duplicate(_))), "{twice:?}");
        let left = place.store.read(|tx| tx.query_int("SELECT count(*) FROM users WHERE login = 'new'", &[])).await;
        assert_eq!(left.expect("a number"), 0, "all or nothing");
    }

    async fn a_taken_key_is_a_duplicate(place: Place) {
        place.insert(user(1, "ada")).await.expect("the first");
        let same_login = place.insert(user(2, "ada")).await;
        assert!(matches!(same_login, Err(StoreError::Duplicate(_))), "{same_login:?}");
        let same_id = place.insert(user(1, "bob")).await;
        assert!(matches!(same_id, Err(StoreError::Duplicate(_))), "{same_id:?}");
        let (_, workspace) = place.workspace().await;
        let grant = Grant {
            principal_id: "me".to_owned(),
            workspace_id: workspace,
            principal_kind: PrincipalKind::Human,
            rights: stoker_domain::Rights::default(),
        };
        let pair = place.insert(grant).await;
        assert!(matches!(pair, Err(StoreError::Duplicate(_))), "{pair:?}");
    }

    async fn a_broken_reference_has_its_own_error(place: Place) {
        let nowhere = EnvironmentId::trusted(hex_id("e", 9));
        let orphan = place.insert(workspace_row(&WorkspaceId::trusted(hex_id("a", 9)), &nowhere, "orphan")).await;
        assert!(matches!(orphan, Err(StoreError::Reference(_))), "{orphan:?}");
        let token = PersonalToken {
            id: "t".to_owned(),
            user_id: UserId::trusted("nobody"),
            name: "n".to_owned(),
            hash: "h".to_owned(),
            created_ms: 1,
            expires_ms: None,
        };
        let orphan = place.insert(token).await;
        assert!(matches!(orphan, Err(StoreError::Reference(_))), "{orphan:?}");
        let (environment, _) = place.workspace().await;
        let parent = place.store.write(move |tx| stoker_store::environments::delete(tx, &environment)).await;
        assert!(matches!(parent, Err(StoreError::Reference(_))), "{parent:?}");
    }

    async fn other_violations_are_neither(place: Place) {
        let missing = place
            .store
            .write::<_, StoreError, _>(|tx| {
                tx.execute("INSERT INTO settings (name, value) VALUES ('x', $1)", &[Value::Null])
            })
            .await;
        assert!(matches!(missing, Err(StoreError::Sqlite(_) | StoreError::Postgres(_))), "{missing:?}");
    }

    async fn a_row_comes_back_as_it_went_in(place: Place) {
        let row = user(1, "ada");
        place.insert(row.clone()).await.expect("insert");
        let mut changed = row.clone();
        changed.password_hash = Some("hash".to_owned());
        changed.active = false;
        changed.created_ms = i64::MIN;
        let update = changed.clone();
        let found = place
            .store
            .write::<_, StoreError, _>(move |tx| {
                let before = User::select(tx, "WHERE login = $1", params!["ada"])?;
                assert_eq!(update.update(tx)?, 1);
                Ok((before, User::select(tx, "", params![])?))
            })
            .await
            .expect("change");
        assert_eq!(found, (vec![row], vec![changed]));
    }

    /// PostgreSQL has no NUL in texts. It must not make the request fail, and must not eat what stands around it.
    async fn nul_in_a_text_does_no_harm(place: Place) {
        place.put("n", "before\0after").await.expect("stored");
        let text = place.store.get(|tx| settings::get(tx, "n")).await.expect("get").expect("a value");
        assert!(text.starts_with("before") && text.ends_with("after"), "{text:?}");
        let by_nul = place.store.get(|tx| settings::get(tx, "n\0")).await.expect("a search for NUL is no error");
        assert_eq!(by_nul, None);
    }

    async fn bytes_of_every_size_come_back(place: Place) {
        let large: Vec<u8> = (0..12_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for (number, data) in [Vec::new(), vec![0], (0..=255).collect(), large].into_iter().enumerate() {
            let number = number as i64;
            place.insert(chunk(number, data.clone())).await.expect("insert");
            let found = place.store.read(move |tx| logs::data(tx, &run_id(1), 1, number)).await.expect("read");
            assert!(found.as_ref() == Some(&data), "{} bytes", data.len());
        }
        let none = place.store.get(|tx| logs::data(tx, &run_id(1), 2, 0)).await.expect("read");
        assert_eq!(none, None);
    }

    async fn long_texts_come_back(place: Place) {
        let text = "ä\n\t\"'\\;$1{lock}?\u{1F525}".repeat(50_000);
        place.put("long", &text).await.expect("insert");
        let found = place.store.get(|tx| settings::get(tx, "long")).await.expect("get");
        assert!(found.as_ref() == Some(&text));
    }

    async fn a_column_of_another_kind_is_named(place: Place) {
        place.put("n", "text").await.expect("a row");
        let (text, missing, null) = place
            .store
            .read::<_, StoreError, _>(|tx| {
                let row = tx.query_opt("SELECT value, coalesce(NULL, NULL, value) FROM settings", params![])?;
                let row = row.ok_or(StoreError::Closed)?;
                Ok((row.int(0), row.text(7), row.is_null(0)?))
            })
            .await
            .expect("read");
        assert!(matches!(text, Err(StoreError::Shape { column: 0, .. })), "{text:?}");
        assert!(matches!(missing, Err(StoreError::Shape { column: 7, .. })), "{missing:?}");
        assert!(!null);
    }
}
