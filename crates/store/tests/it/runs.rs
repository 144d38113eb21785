//! The statements that move runs refuse what the state does not allow, whoever calls them.

use stoker_domain::ids::EngineId;
use stoker_domain::run::{Outcome, State};
use stoker_store::logs::{self, LogChunk};
use stoker_store::runs::{self, EndRow};
use stoker_store::{StoreError, Tx};

use crate::support::{Place, both, hex_id, run_id, run_row};

fn engine(number: usize) -> EngineId {
    EngineId::trusted(hex_id("9", number))
}

fn end(outcome: Outcome) -> EndRow {
    EndRow {
        outcome,
        start_ms: Some(5),
        finish_ms: 9,
        exit_code: Some(4),
        exit_signal: None,
        error_type: None,
        error_message: None,
        misfire_reason: None,
    }
}

async fn write<T: Send + 'static>(
    place: &Place,
    f: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
) -> T {
    place.store.write(f).await.expect("a write")
}

both! {
    async fn a_run_is_offered_once_and_ends_once(place: Place) {
        let (environment, workspace) = place.workspace().await;
        place.insert(run_row(1, &environment, &workspace)).await.expect("a run");
        let id = run_id(1);
        let touched = write(&place, {
            let id = id.clone();
            move |tx| {
                Ok([
                    runs::requeue(tx, &id)?,
                    runs::offer(tx, &id, &engine(1), 1, 50)?,
                    runs::offer(tx, &id, &engine(2), 1, 50)?,
                    runs::requeue(tx, &id)?,
                    runs::offer(tx, &id, &engine(2), 2, 50)?,
                    runs::request_stop(tx, &id, 6)?,
                    runs::request_stop(tx, &id, 7)?,
                    runs::finish(tx, &id, &end(Outcome::Success))?,
                    runs::finish(tx, &id, &end(Outcome::Failed))?,
                    runs::requeue(tx, &id)?,
                    runs::offer(tx, &id, &engine(1), 3, 50)?,
                ])
            }
        })
        .await;
        assert_eq!(touched, [0, 1, 0, 1, 1, 1, 0, 1, 0, 0, 0]);
        let run = place.store.get(move |tx| runs::get(tx, &id)).await.expect("get").expect("the run");
        assert_eq!((run.state, run.outcome, run.epoch), (State::Finished, Some(Outcome::Success), 2));
        assert_eq!((run.stop_ms, run.start_ms, run.lease_ms, run.unknown_ms), (Some(6), Some(5), None, None));
        assert_eq!(run.secrets, None, "nobody needs them any more");
        assert_eq!(run.engine_id, Some(engine(2)), "which engine had it stays known");
    }

    async fn queued_runs_come_oldest_first_for_engine_and_cluster(place: Place) {
        let (environment, workspace) = place.workspace().await;
        for (number, (target, trigger)) in
            [("cluster", 30), ("engine", 20), ("cluster", 10), ("other", 5), ("engine", 20)].into_iter().enumerate()
        {
            let mut row = run_row(number, &environment, &workspace);
            row.target_id = target.to_owned();
            row.trigger_ms = trigger;
            place.insert(row).await.expect("a run");
        }
        let (alone, clustered) = write(&place, |tx| {
            Ok((runs::queued(tx, "engine", None, 10)?, runs::queued(tx, "engine", Some("cluster"), 3)?))
        })
        .await;
        let ids = |runs: Vec<runs::Run>| runs.into_iter().map(|run| run.id).collect::<Vec<_>>();
        assert_eq!(ids(alone), [run_id(1), run_id(4)]);
        assert_eq!(ids(clustered), [run_id(2), run_id(1), run_id(4)]);
    }

    async fn leases_end_become_unknown_and_come_back(place: Place) {
        let (environment, workspace) = place.workspace().await;
        for number in 1..=2 {
            place.insert(run_row(number, &environment, &workspace)).await.expect("a run");
        }
        let steps = write(&place, |tx| {
            runs::offer(tx, &run_id(1), &engine(1), 1, 50)?;
            let early = runs::lease_ended(tx, 50, 10)?;
            let ended = runs::lease_ended(tx, 51, 10)?;
            let marked = (runs::mark_unknown(tx, &run_id(1))?, runs::mark_unknown(tx, &run_id(1))?);
            let again = runs::lease_ended(tx, 51, 10)?;
            let lost = (runs::lost(tx, 50, 10)?, runs::lost(tx, 51, 10)?);
            let others = runs::extend_leases(tx, &engine(2), 90)?;
            let back = runs::extend_leases(tx, &engine(1), 90)?;
            let still = runs::extend_leases(tx, &engine(1), 95)?;
            Ok((early, ended, marked, again, lost, others, back, still))
        })
        .await;
        let one = vec![run_id(1)];
        assert_eq!(steps, (vec![], one.clone(), (1, 0), vec![], (vec![], one.clone()), vec![], one, vec![]));
    }

    async fn events_are_numbered_without_gaps(place: Place) {
        let kinds = ["accepted", "waiting", "offered"];
        for (at, kind) in kinds.into_iter().enumerate() {
            let detail = (at == 1).then(|| "{\"reason\":\"no_slot\"}".to_owned());
            write(&place, move |tx| runs::add_event(tx, &run_id(1), at as i64, kind, detail)).await;
        }
        write(&place, |tx| runs::add_event(tx, &run_id(2), 0, "accepted", None)).await;
        let events = place.store.read(|tx| runs::events(tx, &run_id(1))).await.expect("read");
        let found: Vec<(i64, &str)> = events.iter().map(|event| (event.number, event.kind.as_str())).collect();
        assert_eq!(found, [(1, "accepted"), (2, "waiting"), (3, "offered")]);
    }

    /// Each run that ended with lines is found until these are removed; what goes on, or said nothing, never.
    async fn lines_are_found_by_the_end_of_their_run(place: Place) {
        let (environment, workspace) = place.workspace().await;
        for (number, (finish_ms, lines)) in
            [(Some(20), 3), (None, 5), (Some(10), 1), (Some(5), 0), (Some(30), 2)].into_iter().enumerate()
        {
            let mut row = run_row(number, &environment, &workspace);
            (row.finish_ms, row.log_lines) = (finish_ms, lines);
            row.state = if finish_ms.is_some() { State::Finished } else { State::Running };
            place.insert(row).await.expect("a run");
            let (run_id, first_line) = (run_id(number), 0);
            let chunk = LogChunk { run_id, epoch: 1, number: 0, first_line, lines, first_ms: 0, last_ms: 0, data: vec![0] };
            if lines > 0 {
                place.insert(chunk).await.expect("a chunk");
            }
        }
        let found = async |before_ms: i64, limit: i64| {
            let aged = place.store.read::<_, StoreError, _>(move |tx| logs::aged(tx, before_ms, limit)).await;
            aged.expect("read").into_iter().map(|aged| aged.run).collect::<Vec<_>>()
        };
        assert_eq!(found(30, 10).await, [run_id(2), run_id(0)], "the oldest first");
        assert_eq!(found(31, 1).await, [run_id(2)]);
        let removed = write(&place, |tx| Ok((logs::delete(tx, &run_id(2))?, logs::delete(tx, &run_id(2))?))).await;
        assert_eq!(removed, (1, 0));
        assert_eq!(found(31, 10).await, [run_id(0), run_id(4)]);
    }
}
