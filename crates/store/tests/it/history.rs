//! The history against a plain model, whatever stretches of time it is looked at in, page by page.

use std::cmp::Reverse;

use stoker_domain::ids::{EngineId, EnvironmentId, RunProfileId, TaskId, WorkspaceId};
use stoker_domain::run::{Outcome, State};
use stoker_domain::runtime::RuntimeType;
use stoker_domain::{Right, Rights, SeededRandom};
use stoker_store::history::{self, Clause, Field, HistoryFilter, Place as At, RuntimeField, Ways};
use stoker_store::runs::Run;
use stoker_store::{StoreError, params};

use crate::lists::pick;
use crate::support::{Place, both, hex_id, run_row};

/// Milliseconds between two instants of the model: longer than the first stretch that is looked at.
const UNIT: i64 = 10 * 60 * 1000;
const NAMES: [&str; 4] = ["Load Orders", "load stock", "50% off", "Export"];

both! {
    async fn the_history_is_searched_as_a_plain_model_is(place: Place) {
        let (environment, workspace) = place.workspace().await;
        let random = SeededRandom::new(11);
        let mut all = Vec::new();
        for number in 0..150 {
            let row = random_run(number, &random, &environment, &workspace);
            all.push(row.clone());
            place.insert(row).await.expect("a run");
        }
        let names: Vec<[String; 3]> = all
            .iter()
            .map(|run| [run.workspace_id.to_string(), run.task_id.to_string(), run.task_name.to_lowercase()])
            .collect();
        let noted = place.store.write::<_, StoreError, _>(move |tx| {
            for [workspace, task, name] in &names {
                let sql = "INSERT INTO task_names (workspace_id, task_id, name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
                tx.execute(sql, params![workspace, task, name])?;
            }
            Ok(())
        });
        noted.await.expect("names");
        for _ in 0..60 {
            let filter = random_filter(&random);
            let mut expected: Vec<&Run> = all.iter().filter(|run| filter.clauses.iter().all(|c| fits(run, c))).collect();
            expected.sort_by_key(|run| key(run));
            let expected: Vec<String> = expected.iter().map(|run| run.id.to_string()).collect();
            for (first_ms, few) in [(1, 0), (UNIT, 60), (i64::MAX, 1_000)] {
                let size = 1 + pick(&random, 40);
                let found = every_page(&place, &filter, size as i64, Ways { first_ms, few }).await;
                assert_eq!(found, expected, "{first_ms} {few} {size} {filter:?}");
            }
        }
    }
}

/// Goes through all pages of a size.
async fn every_page(place: &Place, filter: &HistoryFilter, size: i64, ways: Ways) -> Vec<String> {
    let (mut found, mut after) = (Vec::new(), None::<At>);
    loop {
        let (asked, from) = (filter.clone(), after.clone());
        let page = place.store.read(move |tx| history::find_by(tx, &asked, from.as_ref(), size, ways)).await;
        let page = page.expect("a page");
        assert!(page.len() <= size as usize);
        let Some(last) = page.last() else { return found };
        after = Some(last.clone());
        found.extend(page.into_iter().map(|place| place.id));
    }
}

fn key(run: &Run) -> (bool, i64, i64, Reverse<String>) {
    let end = run.finish_ms;
    (end.is_some(), end.map_or(0, |finish| -finish), run.trigger_ms, Reverse(run.id.to_string()))
}

fn random_run(number: usize, random: &SeededRandom, environment: &EnvironmentId, workspace: &WorkspaceId) -> Run {
    let mut row = run_row(number, environment, workspace);
    let task = pick(random, 6);
    row.task_id = TaskId::trusted(hex_id("7", task));
    // Tasks were renamed meanwhile.
    row.task_name = NAMES[(task + pick(random, 2)) % NAMES.len()].to_owned();
    row.trigger_ms = pick(random, 40) as i64 * UNIT;
    row.state = State::ALL[pick(random, 4)];
    if row.state == State::Finished {
        row.outcome = Some(Outcome::ALL[pick(random, Outcome::ALL.len())]);
        row.finish_ms = Some(row.trigger_ms + pick(random, 3) as i64 * UNIT);
    }
    row.start_ms = (pick(random, 4) > 0).then_some(row.trigger_ms);
    row.user_id = ["ann", "bob"][usize::from(pick(random, 9) == 0)].to_owned();
    row.engine_id = (pick(random, 3) > 0).then(|| EngineId::trusted(hex_id("e", pick(random, 3))));
    row.artifact_version = ["0.1", "0.2"][usize::from(pick(random, 9) == 0)].to_owned();
    row.api_version = (pick(random, 4) == 0).then(|| "2021-03".to_owned());
    row.run_profile_id = (pick(random, 5) == 0).then(|| RunProfileId::trusted("profile"));
    row
}

fn random_filter(random: &SeededRandom) -> HistoryFilter {
    let mut clauses = Vec::new();
    if pick(random, 3) == 0 {
        let values =
            vec![["EXECUTION_SUCCESS", "EXECUTION_FAILED", "EXECUTION_TERMINATED"][pick(random, 3)].to_owned()];
        clauses.push(Clause::Among { field: Field::Status, values, not: pick(random, 2) == 0 });
    }
    if pick(random, 3) == 0 {
        let from_ms = pick(random, 40) as i64 * UNIT;
        clauses.push(Clause::Period { from_ms, to_ms: from_ms + pick(random, 20) as i64 * UNIT });
    }
    if pick(random, 3) == 0 {
        let part = ["load", "LOAD o", "50%", "xport"][pick(random, 4)].to_owned();
        clauses.push(Clause::Name { part, not: pick(random, 3) == 0 });
    }
    if pick(random, 4) == 0 {
        let values = vec![hex_id("7", pick(random, 6)), hex_id("7", pick(random, 6))];
        clauses.push(Clause::Among { field: Field::Task, values, not: pick(random, 3) == 0 });
    }
    if pick(random, 4) == 0 {
        let values = vec![["ann", "bob", "nobody"][pick(random, 3)].to_owned()];
        clauses.push(Clause::Among { field: Field::Operator, values, not: pick(random, 3) == 0 });
    }
    if pick(random, 4) == 0 {
        clauses.push(Clause::Duration { longer: pick(random, 2) == 0, ms: pick(random, 3) as i64 * UNIT });
    }
    if pick(random, 5) == 0 {
        let values = vec!["profile".to_owned()];
        clauses.push(Clause::Among { field: Field::RunProfile, values, not: pick(random, 2) == 0 });
    }
    if pick(random, 5) == 0 {
        let values = vec![["0.1", "0.2", "0.3"][pick(random, 3)].to_owned()];
        clauses.push(Clause::Among { field: Field::ArtifactVersion, values, not: pick(random, 3) == 0 });
    }
    if pick(random, 5) == 0 {
        let values = vec!["2021-03".to_owned()];
        clauses.push(Clause::Among { field: Field::ApiVersion, values, not: pick(random, 3) == 0 });
    }
    if pick(random, 5) == 0 {
        clauses.push(Clause::NoApiVersion(pick(random, 2) == 0));
    }
    if pick(random, 4) == 0 {
        let engine = (RuntimeField::Engine, vec![hex_id("e", pick(random, 3))], pick(random, 3) == 0);
        clauses.push(Clause::Runtime { any: pick(random, 2) == 0, parts: vec![engine] });
    }
    HistoryFilter {
        environment: None,
        services: false,
        of_plans: false,
        clauses,
        now_ms: if pick(random, 2) == 0 { i64::MAX } else { 20 * UNIT },
        visible_to: ("me".to_owned(), [Right::View].into_iter().collect::<Rights>().mask()),
    }
}

fn fits(run: &Run, clause: &Clause) -> bool {
    match clause {
        Clause::Among { field: Field::Status, values, not } => {
            let fitting = |status: &String| match (status.as_str(), run.outcome) {
                ("EXECUTION_SUCCESS", Some(outcome)) => outcome == Outcome::Success,
                ("EXECUTION_FAILED", Some(outcome)) => outcome == Outcome::Failed,
                (_, Some(outcome)) => [Outcome::Terminated, Outcome::TerminatedShutdown].contains(&outcome),
                (_, None) => false,
            };
            values.iter().any(fitting) != *not
        }
        Clause::Period { from_ms, to_ms } => match run.finish_ms {
            Some(end) => (*from_ms..=*to_ms).contains(&end),
            None => run.trigger_ms <= *to_ms,
        },
        Clause::Name { part, not } => run.task_name.to_lowercase().contains(&part.to_lowercase()) != *not,
        Clause::Among { field: Field::Operator, values, not } => values.contains(&run.user_id) != *not,
        Clause::Among { field: Field::RunProfile, values, not } => {
            run.run_profile_id.as_ref().is_some_and(|id| values.contains(&id.to_string())) != *not
        }
        Clause::Among { field: Field::ArtifactVersion, values, not } => values.contains(&run.artifact_version) != *not,
        Clause::Among { field: Field::ApiVersion, values, not } => {
            run.api_version.as_ref().is_some_and(|version| values.contains(version)) != *not
        }
        Clause::NoApiVersion(none) => run.api_version.is_none() == *none,
        Clause::Duration { longer, ms } => match (run.start_ms, run.finish_ms) {
            (Some(start), Some(end)) => {
                if *longer {
                    end - start > *ms
                } else {
                    end - start < *ms
                }
            }
            _ => false,
        },
        Clause::Runtime { parts, .. } => parts.iter().all(|(_, values, not)| {
            let target = if run.runtime_type == RuntimeType::RemoteEngine { run.target_id.as_str() } else { "" };
            let engine = run.engine_id.as_ref().map_or(target.to_owned(), ToString::to_string);
            values.contains(&engine) != *not
        }),
        Clause::Among { values, not, .. } => values.contains(&run.task_id.to_string()) != *not,
    }
}
