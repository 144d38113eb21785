//! Two stores on one PostgreSQL database tell each other what they changed.

use std::time::Duration;

use stoker_store::StoreError;
use stoker_store::db::Whose;

use crate::support::{Backend, Place, open};

/// Far longer than a hint takes.
const SOON: Duration = Duration::from_secs(30);

/// A transaction after which this principal may have lost access.
async fn lose(place: &Place, id: &'static str) {
    let done = place.store.write::<_, StoreError, _>(move |tx| {
        tx.access_changed(Whose::only(id));
        Ok(())
    });
    done.await.expect("an empty transaction");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_only_listens_hears_the_other() {
    let place = Place::new(Backend::Postgres).await;
    let idle = open(&place.database).await.expect("a second store");
    let (mut access, mut changes) = (idle.access_lost(), idle.changes());
    // Once more each time: the first may be told before the second store listens.
    let heard = tokio::time::timeout(SOON, async {
        let mut again = tokio::time::interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                changed = access.changed() => return changed.expect("the second store lives"),
                _ = again.tick() => lose(&place, "somebody").await,
            }
        }
    });
    assert!(heard.await.is_ok(), "nothing was heard");
    let said = access.borrow().since(0);
    assert!(said.concerns("somebody") && !said.concerns("somebody else"), "{said:?}");
    let before = *changes.borrow_and_update();
    let _ = place.workspace().await;
    let told = tokio::time::timeout(SOON, changes.wait_for(|now| !now.differing(&before).is_empty()));
    assert!(told.await.is_ok(), "no topic was heard");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_undone_ends_no_access() {
    let place = Place::new(Backend::Sqlite).await;
    let failed = place.store.write::<(), StoreError, _>(|tx| {
        tx.access_changed(Whose::Everybody);
        Err(StoreError::Closed)
    });
    let _ = failed.await.expect_err("it was undone");
    assert_eq!(place.store.access_lost().borrow().count(), 0);
    lose(&place, "somebody").await;
    assert_eq!(
        place.store.access_lost().borrow().since(0),
        Whose::only("somebody"),
        "known when the caller is answered"
    );
}
