use super::*;

fn started(run: &str) -> Report {
    Report::Started { run: run.into(), epoch: 1, at_ms: 0 }
}

fn log(run: &str, bytes: usize) -> Report {
    let data = "x".repeat(bytes);
    Report::Log { run: run.into(), epoch: 1, seq: 0, lines: 1, first_ms: 0, last_ms: 0, data }
}

fn runs(batch: &Batch) -> Vec<String> {
    batch.reports.iter().map(|report| report.run_epoch().run).collect()
}

#[tokio::test]
async fn reports_of_all_runs_share_a_request_in_order() {
    let outbox = Outbox::new();
    for run in ["a", "b", "a"] {
        outbox.push(Item::new(started(run), Acknowledge::Nothing, None));
    }
    let batch = outbox.batch().unwrap();
    assert_eq!(runs(&batch), ["a", "b", "a"]);
    assert_eq!(runs(&outbox.batch().unwrap()), ["a", "b", "a"], "the same until it is acknowledged");
    outbox.push(Item::new(started("c"), Acknowledge::Nothing, None));
    outbox.acknowledge(&batch);
    assert_eq!(runs(&outbox.batch().unwrap()), ["c"]);
}

#[tokio::test]
async fn a_request_is_bounded_but_never_empty() {
    let outbox = Outbox::new();
    for (run, size) in [("huge", 3 << 20), ("a", 600 << 10), ("b", 600 << 10)] {
        outbox.push(Item::new(log(run, size), Acknowledge::Nothing, None));
    }
    for run in ["huge", "a", "b"] {
        let batch = outbox.batch().unwrap();
        assert_eq!(runs(&batch), [run]);
        outbox.acknowledge(&batch);
    }
    outbox.drained().await;
}

#[tokio::test]
async fn a_purge_during_a_request_takes_nothing_else_away() {
    let outbox = Outbox::new();
    let (sender, waiter) = oneshot::channel();
    outbox.push(Item::new(started("stale"), Acknowledge::Nothing, None));
    outbox.push(Item::new(started("a"), Acknowledge::Waiter(sender), None));
    let batch = outbox.batch().unwrap();
    outbox.purge(&RunEpoch { run: "stale".into(), epoch: 1 });
    outbox.push(Item::new(started("later"), Acknowledge::Nothing, None));
    outbox.acknowledge(&batch);
    waiter.await.unwrap();
    assert_eq!(runs(&outbox.batch().unwrap()), ["later"]);
}

#[tokio::test]
async fn log_data_in_memory_is_bounded() {
    let outbox = Outbox::new();
    let whole = outbox.reserve(MAX_HELD as u64 * 2).await;
    let mut next = Box::pin(outbox.reserve(1));
    let pending = std::future::poll_fn(|context| std::task::Poll::Ready(next.as_mut().poll(context).is_pending()));
    assert!(pending.await);
    outbox.push(Item::new(log("a", 10), Acknowledge::Nothing, Some(whole)));
    let batch = outbox.batch().unwrap();
    outbox.acknowledge(&batch);
    drop(next.await);
}
