use super::*;
use proptest::prelude::*;
use stoker_jobzip::{Component, Link};

fn heard(lines: &str) -> Totals {
    let mut totals = Totals::default();
    for line in lines.lines() {
        totals.line(0, line.trim().as_bytes(), 7);
    }
    totals
}

fn rows(lines: &str) -> Vec<(String, i64, i64)> {
    let found = heard(lines).components(&BTreeMap::new());
    found.links.into_iter().map(|link| (link.name, link.rows, link.millis)).collect()
}

#[test]
fn the_last_total_of_a_link_counts() {
    let lines = "0|a|a|a|Load|start job||20260203092720.412+0000
        1|a|a|a|row1|0|0|start
        1|a|a|a|row1|5|10
        1|a|a|a|row2|3|9
        1|a|a|a|row1|12|20|stop
        1|a|a|a|OnSubjobOk1|ok
        1|a|a|a|iterate1|exec1
        0|a|a|a|Load|end job||20260203092721.412+0000";
    assert_eq!(rows(lines), [("row1".into(), 12, 20), ("row2".into(), 3, 9)]);
    let found = heard(lines).components(&BTreeMap::new());
    assert_eq!((found.jobs[0].job.as_str(), found.links[0].started_ms), ("Load", 7));
}

#[test]
fn rounds_of_a_loop_and_parallel_parts_are_summed() {
    assert_eq!(
        rows("1|a|a|a|row1|4|1\n1|a|a|a|row1|clear\n1|a|a|a|row1|6|2|stop\n1|a|a|a|row1|1|1"),
        [("row1".into(), 11, 4)]
    );
    assert_eq!(rows("1|a|a|a|row1|9|1\n1|a|a|a|row1|2|1"), [("row1".into(), 11, 2)], "a lower total is the next round");
    assert_eq!(rows("1|a|a|a|row2.0|3|5\n1|a|a|a|row2.1|4|6\n1|a|a|a|row2.0|5|7"), [("row2".into(), 9, 7)]);
}

#[test]
fn a_child_job_has_its_own_links() {
    let lines = "0|a|a|a|Parent|start job||x\n0|a|a|b|Child|start job|tRunJob_1|x\n1|a|a|b|row1|2|1|stop\n1|a|a|a|row1|3|1|stop";
    let found = heard(lines).components(&BTreeMap::new());
    assert_eq!(found.jobs.iter().map(|job| job.job.as_str()).collect::<Vec<_>>(), ["Parent", "Child"]);
    assert_eq!(found.links.iter().map(|link| (link.job, link.rows)).collect::<Vec<_>>(), [(1, 2), (0, 3)]);
}

#[test]
fn the_design_gives_names_sources_and_rejects() {
    let link = |connector: &str, style, source: &str, target: &str| Link {
        connector: connector.into(),
        style,
        source: source.into(),
        target: target.into(),
    };
    let mut flow = Flow::default();
    flow.components.insert("tIn_1".into(), Component { kind: "tIn".into(), label: "the input".into() });
    flow.links.insert("row1".into(), link("FLOW", 0, "tIn_1", "tFilter_1"));
    flow.links.insert("row2".into(), link("FILTER", 0, "tFilter_1", "tOut_1"));
    flow.links.insert("row3".into(), link("REJECT", 0, "tFilter_1", "tOut_2"));
    let lines = "0|a|a|a|Load|start job||x\n1|a|a|a|row1|10|1|stop\n1|a|a|a|row2|9|1|stop\n1|a|a|a|row3|1|1|stop";
    let found = heard(lines).components(&BTreeMap::from([("Load".to_owned(), flow)]));
    assert_eq!((found.processed, found.rejected), (Some(10), Some(1)));
    let first = &found.links[0];
    assert_eq!(first.source.as_ref().unwrap().label, "the input");
    assert_eq!(first.target.as_ref().unwrap().kind, "tFilter", "a component that the design lacks keeps its id");
}

#[test]
fn strange_lines_are_passed_over() {
    for line in ["", "x", "1|a|a|a", "1|a|a|a|row1|-5|1", "1|a|a|a|row1|1|x", "1|a|a|a||1|1", "1|a|a|a|s|17|batch|3|4"]
    {
        assert!(heard(line).components(&BTreeMap::new()).links.is_empty(), "{line}");
    }
    let long = format!("1|a|a|a|{}|1|1", "x".repeat(1000));
    assert_eq!(heard(&long).components(&BTreeMap::new()), Components::default());
}

#[test]
fn the_number_of_links_and_jobs_is_limited() {
    let mut totals = Totals::default();
    for number in 0..LINKS + 50 {
        totals.line(0, format!("1|a|a|a|row{number}|1|1").as_bytes(), 0);
        totals.line(0, format!("0|a|a|p{number}|Job|start job||x").as_bytes(), 0);
    }
    let found = totals.components(&BTreeMap::new());
    assert_eq!((found.links.len(), found.jobs.len()), (LINKS, JOBS));
}

proptest! {
    #[test]
    fn no_line_is_too_strange(lines in prop::collection::vec("[01]?\\|?[a-c|0-9.]{0,30}(\\|start|\\|stop|\\|clear)?", 0..40)) {
        let found = heard(&lines.join("\n")).components(&BTreeMap::new());
        prop_assert!(found.links.iter().all(|link| link.rows >= 0 && link.job < found.jobs.len()));
    }

    /// However a loop cuts its rows into rounds, all of them are counted.
    #[test]
    fn all_rounds_count(rounds in prop::collection::vec(prop::collection::vec(1i64..50, 1..5), 1..8)) {
        let (mut totals, mut sum) = (Totals::default(), 0);
        for round in &rounds {
            totals.line(0, b"1|a|a|a|row1|0|0|start", 0);
            let mut so_far = 0;
            for more in round {
                so_far += more;
                totals.line(0, format!("1|a|a|a|row1|{so_far}|1").as_bytes(), 0);
            }
            sum += so_far;
        }
        prop_assert_eq!(totals.components(&BTreeMap::new()).links[0].rows, sum);
    }
}
