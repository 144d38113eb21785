//! Lists of runs against a plain model, with open and closed days, by every way a page is found.

use stoker_domain::ids::{EnvironmentId, TaskId, WorkspaceId};
use stoker_domain::run::{Outcome, State};
use stoker_domain::{Right, Rights, SeededRandom};
use stoker_store::runs::{Run, RunFilter};
use stoker_store::{StoreError, run_list, run_totals};

use crate::lists::pick;
use crate::support::{Place, both, hex_id, run_row};

/// A quarter of a day: four instants of the model make a day that can be closed.
const UNIT: i64 = run_totals::DAY_MS / 4;

/// Compares random questions with the model.
async fn check(place: &Place, all: &[Run], random: &SeededRandom, when: &str) {
    for _ in 0..80 {
        let filter = random_filter(random);
        let (limit, offset) = (1 + pick(random, 20) as i64, pick(random, 30) as i64);
        let mut expected: Vec<&Run> = all.iter().filter(|run| matches(run, &filter)).collect();
        expected.sort_by(|a, b| b.trigger_ms.cmp(&a.trigger_ms).then(a.id.cmp(&b.id)));
        let page: Vec<&Run> = expected.iter().copied().skip(offset as usize).take(limit as usize).collect();
        // Looked at in many stretches of time, in some, and at once.
        for first_ms in [1, UNIT, i64::MAX] {
            let asked = filter.clone();
            let found = place.store.read(move |tx| run_list::list_by(tx, &asked, limit, offset, first_ms)).await;
            let (found, total) = found.expect("list");
            assert_eq!(total, expected.len() as i64, "{when} {first_ms} {filter:?}");
            assert_eq!(found.iter().collect::<Vec<_>>(), page, "{when} {first_ms} {filter:?} {limit} {offset}");
        }
    }
}

both! {
    async fn runs_are_listed_as_a_plain_model_lists_them(place: Place) {
        let (environment, workspace) = place.workspace().await;
        let random = SeededRandom::new(5);
        let mut all = Vec::new();
        for number in 0..120 {
            let row = random_run(number, &random, &environment, &workspace);
            all.push(row.clone());
            place.insert(row).await.expect("a run");
        }
        check(&place, &all, &random, "open").await;
        let now = 4 * run_totals::DAY_MS;
        while let Some(day) = place.store.read(move |tx| run_totals::closable(tx, now)).await.expect("look") {
            place.store.write(move |tx| run_totals::close(tx, day)).await.expect("close a day");
            // Another server closes it too.
            place.store.write(move |tx| run_totals::close(tx, day)).await.expect("close a day again");
        }
        let open = place.store.read(run_totals::open_since).await.expect("look");
        assert_eq!(open, Some(3), "the day before has not been over for long enough");
        check(&place, &all, &random, "closed").await;
        for number in 120..160 {
            let row = random_run(number, &random, &environment, &workspace);
            all.push(row.clone());
            place.insert(row.clone()).await.expect("a run");
            let (Some(outcome), Some(finish)) = (row.outcome, row.finish_ms) else { continue };
            let (workspace, times) = (row.workspace_id, (row.trigger_ms, finish));
            let late = place.store.write::<_, StoreError, _>(move |tx| {
                run_totals::late(tx, &workspace, outcome, times, 10 * run_totals::DAY_MS)
            });
            late.await.expect("a late end");
        }
        check(&place, &all, &random, "late").await;
    }
}

fn random_run(number: usize, random: &SeededRandom, environment: &EnvironmentId, workspace: &WorkspaceId) -> Run {
    let mut row = run_row(number, environment, workspace);
    row.task_id = TaskId::trusted(hex_id("7", pick(random, 3)));
    // Few instants, so that many runs share one and the order must be total.
    row.trigger_ms = pick(random, 16) as i64 * UNIT;
    row.state = State::ALL[pick(random, 4)];
    if row.state == State::Finished {
        row.outcome = Some(Outcome::ALL[pick(random, Outcome::ALL.len())]);
        row.finish_ms = Some(row.trigger_ms + pick(random, 6) as i64 * UNIT);
    }
    row
}

fn random_filter(random: &SeededRandom) -> RunFilter {
    let from = pick(random, 16) as i64 * UNIT;
    let mut filter = RunFilter {
        from_ms: from,
        to_ms: from + pick(random, 10) as i64 * UNIT + pick(random, 2) as i64,
        now_ms: if pick(random, 2) == 0 { i64::MAX } else { 5 * UNIT },
        visible_to: ("me".to_owned(), [Right::View, Right::Execute].into_iter().collect::<Rights>().mask()),
        ..RunFilter::default()
    };
    if pick(random, 2) == 0 {
        filter.task = Some(TaskId::trusted(hex_id("7", pick(random, 3))));
    }
    match pick(random, 4) {
        3 => filter.states = vec![State::Queued, State::Finished],
        0 => filter.states = vec![State::Queued, State::Offered],
        1 => {
            filter.states = vec![State::Finished];
            filter.outcome = Some(Outcome::ALL[pick(random, Outcome::ALL.len())]);
        }
        _ => {}
    }
    filter
}

/// The published rule: a run matches when it starts in the window, ends in it, lies in it or spans it.
fn matches(run: &Run, filter: &RunFilter) -> bool {
    let end = run.finish_ms.unwrap_or(i64::MAX);
    let (from, to) = (filter.from_ms, filter.to_ms);
    let within = |at: i64| (from..=to).contains(&at);
    (within(run.trigger_ms) || within(end) || (run.trigger_ms < from && end > to))
        && filter.task.as_ref().is_none_or(|task| run.task_id == *task)
        && (filter.states.is_empty() || filter.states.contains(&run.state))
        && filter.outcome.is_none_or(|outcome| run.outcome == Some(outcome))
}
