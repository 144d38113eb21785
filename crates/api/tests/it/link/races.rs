//! A session is replaced while a run is on its way to the poll of the one before: whoever comes first, the run is
//! offered and ends once.

use std::collections::BTreeSet;

use stoker_wire::RunEpoch;

use super::driver::{Engine, check_events, finished, of, quick, started, status, task_on};
use crate::support::{Backend, START_MS, TestServer};

/// Rounds of the race; each with other pauses between its parties.
const ROUNDS: usize = 48;

async fn pause(steps: usize) {
    for _ in 0..steps {
        tokio::task::yield_now().await;
    }
}

async fn a_session_is_replaced_while_a_run_is_handed_over(backend: Backend) {
    let server = TestServer::start_with(backend, quick()).await;
    let mut engine = Engine::ready(&server, "one", 0).await;
    let task = task_on(&server, "one", &engine).await;
    for round in 0..ROUNDS {
        let (service, session) = (server.service.clone(), engine.session.clone());
        let poll = tokio::spawn(async move { service.poll(&session).await });
        pause(round % 7).await;
        let start = async {
            pause(round % 5 * 3).await;
            server.run(&task).await
        };
        let replace = async {
            pause(round % 11 * 2).await;
            engine.open(&server, 0, &[]).await
        };
        // In every third round the connection of the old poll breaks as well.
        let hang_up = async {
            if round % 3 == 0 {
                pause(round % 13).await;
                poll.abort();
            }
        };
        let (run, opened, ()) = tokio::join!(start, replace, hang_up);
        // The answer of the old poll arrives in every second round, and is lost in the others.
        let mut seen: BTreeSet<RunEpoch> = opened.messages.offers.iter().map(of).collect();
        if let Ok(Ok(old)) = poll.await
            && round % 2 == 0
        {
            seen.extend(old.offers.iter().map(of));
        }
        for _ in 0..5 {
            if seen.iter().any(|one| one.run == run) {
                break;
            }
            // What was lost comes again with a sign of life.
            server.clock.advance(server.service.settings().lease_ms / 2);
            seen.extend(engine.poll().await.offers.iter().map(of));
        }
        let seen: Vec<RunEpoch> = seen.into_iter().collect();
        assert!(seen.iter().all(|one| one.run == run), "round {round}: {seen:?} is not about {run}");
        let newest = seen.last().unwrap_or_else(|| panic!("round {round}: the run was never offered"));
        // The engine starts whatever it was offered; only the newest epoch may count.
        for one in &seen {
            let answer = engine.report(&[started(one, START_MS), finished(one, "success", START_MS)]).await;
            assert_eq!(answer.stale.is_empty(), one == newest, "round {round}: {seen:?}, {one:?}");
            assert!(answer.messages.offers.is_empty(), "round {round}: offered again after its end");
        }
        assert_eq!(status(&server, &run).await, "execution_successful", "round {round}");
        check_events(&server, &run).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_replaced_while_a_run_is_handed_over_sqlite() {
    a_session_is_replaced_while_a_run_is_handed_over(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_replaced_while_a_run_is_handed_over_postgres() {
    a_session_is_replaced_while_a_run_is_handed_over(Backend::Postgres).await;
}
