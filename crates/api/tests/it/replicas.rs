//! Several servers of one installation behind a round-robin proxy, in this process: every suite runs on them when
//! `STOKER_TEST_REPLICAS` says how many, in place of the one server on PostgreSQL.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use stoker_api::App;
use stoker_domain::SharedRandom;
use stoker_service::Service;
use stoker_store::Store;
use stoker_store::db::Topic;
use stoker_testkit::balancer::Balancer;
use stoker_testkit::http::Settle;
use stoker_testkit::postgres::TestDatabase;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// Channel and word by which a server says that log lines changed: what every one of them is seen to hear.
const HINT: (&str, &str) = ("stoker_changes_1", "2");
/// Longest time until what one server changed is known to all; a second is promised, and the machine may be busy.
const KNOWN: Duration = Duration::from_secs(20);

/// How many servers a test on PostgreSQL has.
pub(crate) fn asked_for() -> usize {
    let count = std::env::var("STOKER_TEST_REPLICAS").ok().and_then(|text| text.parse().ok());
    count.filter(|count| (1..=9).contains(count)).unwrap_or(1)
}

/// A server of the installation.
pub(crate) struct Replica {
    /// Its use cases.
    pub(crate) service: Service,
    /// Its way to the database.
    pub(crate) store: Store,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Dropped when it ends: what serves, and what follows the other servers.
    _alive: [oneshot::Sender<()>; 2],
}

impl Replica {
    /// Serves until the value is dropped.
    pub(crate) fn serve(listener: TcpListener, app: App, store: Store, random: SharedRandom) -> Self {
        let (service, address) = (app.service.clone(), listener.local_addr().expect("the own address"));
        let ((alive, gone), (following, stopped)) = (oneshot::channel::<()>(), oneshot::channel::<()>());
        tokio::spawn(stoker_api::serve(listener, app, random, async move {
            let _ = gone.await;
        }));
        let follower = service.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = stopped => {}
                () = follower.follow_others() => {}
            }
        });
        Self { service, store, address, _alive: [alive, following] }
    }
}

/// All servers of the installation; with one only there is no proxy.
pub(crate) struct Replicas {
    /// The servers, at least one.
    pub(crate) all: Vec<Replica>,
    /// What spreads the requests, for as long as it is kept.
    _balancer: Option<Balancer>,
    turn: AtomicUsize,
}

impl Replicas {
    pub(crate) fn new(all: Vec<Replica>, balancer: Option<Balancer>) -> Self {
        if let Some(balancer) = &balancer {
            let addresses: Vec<String> = all.iter().map(|replica| replica.address.to_string()).collect();
            balancer.lead_to(addresses.iter().map(String::as_str));
        }
        Self { all, _balancer: balancer, turn: AtomicUsize::new(0) }
    }

    /// The servers in turn.
    pub(crate) fn next(&self) -> &Replica {
        &self.all[self.turn.fetch_add(1, Ordering::Relaxed) % self.all.len()]
    }

    /// Waits after changes of who may do what until all servers know; nothing for a single server. The clock of a test
    /// stands, so nothing ends by itself that is believed for a second.
    pub(crate) fn settle(&self, database: Option<&Arc<TestDatabase>>) -> Option<Settle> {
        let database = database.filter(|_| self.all.len() > 1)?.clone();
        let stores: Arc<[Store]> = self.all.iter().map(|replica| replica.store.clone()).collect();
        Some(Arc::new(move |path| {
            let (stores, database) = (stores.clone(), database.clone());
            let concerns = concerns_access(path);
            Box::pin(async move {
                if concerns {
                    known_to_all(&stores, &database).await;
                }
            })
        }))
    }
}

/// Whether a change below this path may take access from somebody.
fn concerns_access(path: &str) -> bool {
    const NEVER: [&str; 6] =
        ["/orchestration/", "/processing/", "/monitoring/", "/engine/", "/security/oauth/", "/stoker/v1/artifacts"];
    !NEVER.iter().any(|start| path.starts_with(start))
}

/// Every server has told what it had to tell, and what is told after that has been heard by all: messages of a database
/// arrive in their order.
async fn known_to_all(stores: &[Store], database: &Arc<TestDatabase>) {
    let wait = async {
        // Another thread sends them, and says nothing of it.
        let mut look = tokio::time::interval(Duration::from_millis(5));
        while !stores.iter().all(Store::others_are_told) {
            look.tick().await;
        }
        let mut heard: Vec<_> = stores.iter().map(Store::changes).collect();
        let before: Vec<_> = heard.iter_mut().map(|counts| *counts.borrow_and_update()).collect();
        let database = database.clone();
        tokio::task::spawn_blocking(move || database.notify(HINT.0, HINT.1)).await.expect("a notification");
        for (counts, before) in heard.iter_mut().zip(before) {
            let new = |now: &stoker_store::db::Counts| now.differing(&before).contains(&Topic::Logs);
            counts.wait_for(new).await.expect("the server is there");
        }
    };
    let in_time = tokio::time::timeout(KNOWN, wait).await;
    assert!(in_time.is_ok(), "the servers do not hear each other");
}
