//! Names that people would take for the same, where they are kept.

use stoker_domain::ids::EnvironmentId;
use stoker_store::db::Record;
use stoker_store::environments::{self, Environment};
use stoker_store::look_alikes::{self, Named};
use stoker_store::{Store, StoreError, params};

use crate::support::{both, open};

fn environment(number: u32, name: &str) -> Environment {
    Environment {
        id: EnvironmentId::trusted(format!("66f0a1b2c3d4e5f60123000{number}")),
        name: name.to_owned(),
        description: None,
        is_default: false,
        max_cloud_containers: 0,
        created_ms: i64::from(number),
    }
}

async fn put(store: &Store, row: Environment) -> Result<(), StoreError> {
    store.write::<_, StoreError, _>(move |tx| row.insert(tx)).await
}

/// The name that looks like this one.
async fn like(store: &Store, name: &'static str) -> Option<String> {
    let found = store.read(move |tx| look_alikes::find(tx, Named::Environment, "", name)).await;
    found.expect("a look")
}

both! {
    /// Nobody has to look first: the database itself refuses the second one, whatever comes at the same time.
    async fn two_that_look_the_same_cannot_come_in(place: Place) {
        let store = &place.store;
        let names = ["Caf\u{e9}", "CAFE\u{301}", "\u{ff43}af\u{e9}", "caf\u{e9}"];
        let mut set = tokio::task::JoinSet::new();
        for (number, name) in names.into_iter().enumerate() {
            let store = store.clone();
            set.spawn(async move { put(&store, environment(number as u32, name)).await });
        }
        let done = set.join_all().await;
        assert_eq!(done.iter().filter(|one| one.is_ok()).count(), 1, "{done:?}");
        assert!(done.iter().all(|one| matches!(one, Ok(()) | Err(StoreError::Duplicate(_)))), "{done:?}");
        put(store, environment(9, "cafe")).await.expect("an accent is a difference");
        let taken = store.write::<_, StoreError, _>(|tx| Environment { name: "Cafe".into(), ..environment(9, "") }.update(tx));
        assert_eq!(taken.await.expect("its own name in capitals"), 1);
        assert_eq!(like(store, "CAFE").await.as_deref(), Some("Cafe"));
        let renamed = store.write::<_, StoreError, _>(|tx| Environment { name: "caf\u{e9}".into(), ..environment(9, "") }.update(tx));
        assert!(matches!(renamed.await, Err(StoreError::Duplicate(_))));
    }

    /// Rows from before there were keys, or of an older server that still serves, get theirs at the next start.
    async fn what_an_older_version_wrote_gets_its_key(place: Place) {
        let store = &place.store;
        for (number, name) in [(1, "one"), (2, "two"), (3, "three"), (4, "four")] {
            put(store, environment(number, name)).await.expect("a row");
        }
        // As an older version would: two that look the same, and two that changed names.
        let older = store.write::<_, StoreError, _>(|tx| {
            tx.execute("UPDATE environments SET name_key = NULL, name = 'NORD' WHERE created_ms = 2", &[])?;
            tx.execute("UPDATE environments SET name_key = NULL, name = 'nord' WHERE created_ms = 1", &[])?;
            tx.execute("UPDATE environments SET name = 'x' WHERE created_ms = 3", &[])?;
            tx.execute("UPDATE environments SET name = 'three' WHERE created_ms = 4", &[])?;
            tx.execute("UPDATE environments SET name = 'four' WHERE created_ms = 3", &[])
        });
        older.await.expect("rows of an older version");
        assert_eq!(like(store, "nord").await, None);
        let again = open(&place.database).await.expect("the next start");
        assert_eq!(like(&again, "N\u{ff2f}rd").await.as_deref(), Some("nord"), "the oldest");
        assert_eq!(like(&again, "THREE").await.as_deref(), Some("three"));
        assert_eq!(like(&again, "four").await.as_deref(), Some("four"));
        assert!(matches!(put(&again, environment(5, "Nord")).await, Err(StoreError::Duplicate(_))));
        // The other one goes on as it is, and can be changed, also under its name.
        let other = again.write::<_, StoreError, _>(|tx| {
            let mut all = environments::all(tx)?;
            let mut other = all.remove(1);
            other.description = Some("the other one".to_owned());
            other.update(tx)
        });
        assert_eq!(other.await.expect("a change"), 1);
        let third = open(&place.database).await.expect("one more start");
        let keys = third.read::<_, StoreError, _>(|tx| tx.query_int("SELECT count(name_key) FROM environments", params![]));
        assert_eq!(keys.await.expect("a count"), 4);
        // When the first is gone, the key is the other one's.
        let gone = third.write::<_, StoreError, _>(|tx| tx.execute("DELETE FROM environments WHERE created_ms = 1", &[]));
        gone.await.expect("removed");
        let last = open(&place.database).await.expect("the last start");
        assert_eq!(like(&last, "nord").await.as_deref(), Some("NORD"));
    }
}
