//! Which keys there are, and where what they wrap stands.

use stoker_store::data_keys::{self, CURRENT, OLD, RETIRED, SEALED};
use stoker_store::{StoreError, params};

use crate::support::both;

/// Columns whose name sounds like a secret and that hold none.
const HARMLESS: [(&str, &str); 2] = [("engines", "sealing_key"), ("service_accounts", "secret_hash")];

both! {
    /// Whoever adds a column with secrets is told to name it, or a change of the data key would leave it behind.
    async fn every_column_that_sounds_like_a_secret_is_wrapped_again(place: Place) {
        let columns = place.store.read::<_, StoreError, _>(|tx| tx.text_columns()).await.expect("the columns");
        assert!(columns.len() > 100, "{}", columns.len());
        for (table, column) in &columns {
            let sounds = column.contains("seal") || column.contains("secret") || column.contains("encrypted");
            let known = SEALED.iter().any(|sealed| sealed.table == table && sealed.column == column)
                || HARMLESS.contains(&(table.as_str(), column.as_str()));
            assert!(!sounds || known, "{table}.{column} is neither in SEALED nor in HARMLESS");
        }
        for sealed in SEALED {
            let there = columns.iter().any(|(table, column)| sealed.table == table && sealed.column == column);
            assert!(there, "{sealed:?} is no column of a text");
        }
    }

    /// One key is current, the others were.
    async fn keys_change_over_and_retire_in_order(place: Place) {
        let told = place.store.write::<_, StoreError, _>(|tx| {
            data_keys::adopt(tx, "first", 1)?;
            data_keys::adopt(tx, "other", 2)?;
            data_keys::switch(tx, "second", 3)?;
            assert_eq!(data_keys::retire(tx, "second")?, 0, "the current one stays");
            assert_eq!(data_keys::retire(tx, "first")?, 1);
            data_keys::switch(tx, "third", 4)?;
            data_keys::finish(tx, "third", 5)?;
            data_keys::all(tx)
        }).await.expect("the keys");
        let told: Vec<_> = told.iter().map(|key| (key.id.as_str(), key.state.as_str(), key.done_ms)).collect();
        assert_eq!(told, [("first", RETIRED, Some(1)), ("second", OLD, None), ("third", CURRENT, Some(5))]);
    }

    /// Whatever still needs a key is found, also in a column that nobody named.
    async fn a_mark_is_found_wherever_it_stands(place: Place) {
        place.put("anywhere", "{\"x\":\"e2:0123456789abcdef:AAAA\"}").await.expect("a row");
        let find = |mark: &'static str| place.store.read::<_, StoreError, _>(move |tx| data_keys::mentions(tx, mark));
        let found = find("e2:0123456789abcdef:").await.expect("search");
        assert_eq!(found, [("settings".to_owned(), "value".to_owned(), 1)]);
        assert_eq!(find("e2:fedcba9876543210:").await.expect("search"), []);
        let rows = place.store.read::<_, StoreError, _>(|tx| tx.query_int("SELECT count(*) FROM settings", params![]));
        assert_eq!(rows.await.expect("count"), 1);
    }
}
