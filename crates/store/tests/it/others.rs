//! Two stores on one PostgreSQL database tell each other what they changed.

use std::time::Duration;

use crate::support::{Backend, Place, open};

/// Far longer than a hint takes.
const SOON: Duration = Duration::from_secs(30);

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
                _ = again.tick() => place.store.tell_access_lost(),
            }
        }
    });
    assert!(heard.await.is_ok(), "nothing was heard");
    let before = *changes.borrow_and_update();
    let _ = place.workspace().await;
    let told = tokio::time::timeout(SOON, changes.wait_for(|now| !now.differing(&before).is_empty()));
    assert!(told.await.is_ok(), "no topic was heard");
}
