//! Statements that lock several runs take them in the order of their ids, so that no two of them wait for each other.
//! Only PostgreSQL has such locks.

use postgres::{Client, NoTls};
use std::time::{Duration, Instant};
use stoker_domain::ids::EngineId;
use stoker_domain::run::State;
use stoker_store::{Database, StoreError, Tx, runs};

use crate::support::{Backend, Place, hex_id, run_id, run_row};

fn engine() -> EngineId {
    EngineId::trusted(hex_id("9", 1))
}

/// Two unknown runs of an engine. They lie in the table, and became unknown, in the order opposite to that of their ids.
async fn two_unknown_runs() -> Place {
    let place = Place::new(Backend::Postgres).await;
    let (environment, workspace) = place.workspace().await;
    for (number, unknown_ms) in [(2, 10), (1, 20)] {
        let mut row = run_row(number, &environment, &workspace);
        row.state = State::Running;
        row.engine_id = Some(engine());
        row.trigger_ms = unknown_ms;
        row.lease_ms = Some(unknown_ms);
        row.unknown_ms = Some(unknown_ms);
        place.insert(row).await.expect("a run");
    }
    place
}

/// A connection beside the store; it blocks, so it wants a thread of its own.
fn beside(place: &Place) -> Client {
    let Database::Postgres(url) = &place.database else { panic!("a PostgreSQL database") };
    Client::connect(url, NoTls).expect("connect")
}

fn locked(client: &mut postgres::Transaction<'_>, number: usize, how: &str) -> Result<(), postgres::Error> {
    let sql = format!("SELECT id FROM runs WHERE id = $1 FOR UPDATE {how}");
    client.query_one(&sql, &[&run_id(number).as_str()]).map(drop)
}

/// Waits until a statement of the store waits for a lock.
fn somebody_waits(place: &Place) {
    let mut watch = beside(place);
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let begin = Instant::now();
    while watch.query_one(sql, &[]).expect("look").get::<_, i64>(0) == 0 {
        assert!(begin.elapsed() < Duration::from_secs(30), "nobody waits for the lock");
    }
}

/// While somebody holds the run with the lower id, `work` waits for it without having taken the other.
async fn takes_the_lower_id_first<T: Send + 'static>(
    work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
) -> T {
    let place = two_unknown_runs().await;
    let store = place.store.clone();
    let (begun, begin) = tokio::sync::oneshot::channel::<()>();
    let holder = tokio::task::spawn_blocking(move || {
        let mut client = beside(&place);
        let mut holding = client.transaction().expect("begin");
        locked(&mut holding, 1, "").expect("hold the first");
        begun.send(()).expect("somebody listens");
        somebody_waits(&place);
        let mut other = beside(&place);
        let mut trying = other.transaction().expect("begin");
        let free = locked(&mut trying, 2, "NOWAIT");
        drop((trying, holding));
        (free, place)
    });
    begin.await.expect("the lock is held");
    let done = store.write(work).await.expect("a write");
    let (free, _place) = holder.await.expect("the holder");
    free.expect("the second is free while the first is waited for");
    done
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn extended_leases_are_locked_in_order() {
    let back = takes_the_lower_id_first(|tx| runs::extend_leases(tx, &engine(), 90)).await;
    assert_eq!(back, [run_id(1), run_id(2)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leased_runs_are_locked_in_order_and_come_oldest_first() {
    let leased = takes_the_lower_id_first(|tx| runs::leased(tx, &engine())).await;
    assert_eq!(leased.into_iter().map(|run| run.id).collect::<Vec<_>>(), [run_id(2), run_id(1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_somebody_holds_is_not_given_up() {
    let place = two_unknown_runs().await;
    let runtime = tokio::runtime::Handle::current();
    let held = tokio::task::spawn_blocking(move || {
        let mut holder = beside(&place);
        let mut holding = holder.transaction().expect("begin");
        locked(&mut holding, 1, "").expect("hold the first");
        let look = place.store.write::<_, StoreError, _>(|tx| runs::lost(tx, 50, 10));
        let lost = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(10), look).await });
        drop(holding);
        (lost.expect("nothing is waited for").expect("a write"), place)
    });
    let (lost, place) = held.await.expect("join");
    assert_eq!(lost, [run_id(2)]);
    let all = place.store.write::<_, StoreError, _>(|tx| runs::lost(tx, 50, 10)).await.expect("a write");
    assert_eq!(all, [run_id(2), run_id(1)]);
}

/// Whoever is told that a write was refused may try again at once, with rows that nobody holds any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_write_holds_nothing_once_it_is_answered() {
    let place = two_unknown_runs().await;
    for number in 0..300 {
        let refused = place.store.write::<(), StoreError, _>(|tx| {
            let held = runs::lost(tx, 50, 10)?;
            Err(StoreError::Reference(format!("{} of them", held.len())))
        });
        assert!(matches!(refused.await, Err(StoreError::Reference(text)) if text == "2 of them"), "try {number}");
        let found = place.store.write::<_, StoreError, _>(|tx| runs::lost(tx, 50, 10)).await.expect("a write");
        assert_eq!(found.len(), 2, "try {number}");
    }
}
