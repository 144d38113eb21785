//! One run on one or several threads: who works on which unit when.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_util::stream::{FuturesUnordered, StreamExt};

use super::report::{self, RunReport, UnitReport};
use super::unit::{self, Shared};
use super::{Runner, Transport, mask, plan};
use crate::model::Variables;

/// A run that has begun.
pub struct Session<'a> {
    shared: Shared<'a>,
    units: Vec<plan::Unit<'a>>,
    board: Mutex<Board>,
    started_ms: i64,
    started: u64,
}

/// Which units are left, being worked on and done.
struct Board {
    /// In run order.
    waiting: Vec<usize>,
    running: usize,
    reports: Vec<Option<Vec<UnitReport>>>,
    interrupted: bool,
    /// Threads that wait for a change.
    wakers: Vec<Waker>,
}

impl Board {
    fn wake(&mut self) {
        self.wakers.drain(..).for_each(Waker::wake);
    }
}

/// What woke a thread.
enum Change {
    Look,
    End,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        runner: Runner<'a>,
        units: Vec<plan::Unit<'a>>,
        variables: Variables,
        secrets: Vec<String>,
    ) -> Self {
        let clock = runner.outside.clock;
        let board = Board {
            waiting: (0..units.len()).collect(),
            running: 0,
            reports: units.iter().map(|_| None).collect(),
            interrupted: false,
            wakers: Vec::new(),
        };
        let shared = Shared {
            runner,
            variables,
            masker: mask::Masker::new(secrets),
            jar: Mutex::default(),
            failed: AtomicBool::new(false),
            results: AtomicUsize::new(0),
            named: if runner.options.keep_exchanges { None } else { plan::named(runner.drive) },
        };
        let (started_ms, started) = (clock.now_ms(), clock.monotonic_ms());
        Self { shared, units, board: Mutex::new(board), started_ms, started }
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works until nothing is left, on at most `most` units (at least 1) at a time. May be awaited on several threads at
    /// once, each with a transport of its own; together they keep to [`super::RunOptions::jobs`].
    pub async fn work(&self, transport: &Transport, most: usize) {
        let mut running = FuturesUnordered::new();
        loop {
            while running.len() < most.max(1)
                && let Some(index) = self.take()
            {
                running.push(async move {
                    let made = unit::run(&self.shared, transport, &self.units[index]).await;
                    self.done(index, made);
                });
            }
            let more = running.len() < most.max(1);
            let change = poll_fn(|context| match running.poll_next_unpin(context) {
                Poll::Ready(Some(())) => Poll::Ready(Change::Look),
                _ => self.changed(more, context),
            });
            if let Change::End = change.await {
                break;
            }
        }
    }

    /// The next unit that may begin.
    fn take(&self) -> Option<usize> {
        let mut board = self.board();
        let position = self.ready(&board)?;
        board.running += 1;
        Some(board.waiting.remove(position))
    }

    /// Where the first unit stands that has not to wait for others, while another one may run.
    fn ready(&self, board: &Board) -> Option<usize> {
        if board.interrupted || board.running >= self.shared.runner.options.jobs.max(1) {
            return None;
        }
        let free = |unit: &usize| self.units[*unit].after.iter().all(|before| board.reports[*before].is_some());
        board.waiting.iter().position(free)
    }

    fn done(&self, index: usize, made: Vec<UnitReport>) {
        if self.shared.runner.options.stop_on_failure && made.iter().any(|report| report.outcome.is_bad()) {
            self.shared.failed.store(true, Ordering::Relaxed);
        }
        let mut board = self.board();
        board.reports[index] = Some(made);
        board.running -= 1;
        board.wake();
    }

    /// Whether there is something new for a thread; `more`: it could take another unit. Units wait only for earlier
    /// ones, so something is running while any are left.
    fn changed(&self, more: bool, context: &Context<'_>) -> Poll<Change> {
        let mut board = self.board();
        if board.interrupted || (board.waiting.is_empty() && board.running == 0) {
            return Poll::Ready(Change::End);
        }
        if more && self.ready(&board).is_some() {
            return Poll::Ready(Change::Look);
        }
        if !board.wakers.iter().any(|known| known.will_wake(context.waker())) {
            board.wakers.push(context.waker().clone());
        }
        Poll::Pending
    }

    /// Ends all [`Session::work`] at once; what was under way is dropped.
    pub fn interrupt(&self) {
        self.shared.runner.outside.stop.store(true, Ordering::Relaxed);
        let mut board = self.board();
        board.interrupted = true;
        board.wake();
    }

    /// What the run has shown; complete after [`Session::work`] has ended by itself.
    pub fn report(self) -> RunReport {
        let clock = self.shared.runner.outside.clock;
        let board = self.board.into_inner().unwrap_or_else(PoisonError::into_inner);
        let units: Vec<UnitReport> = board.reports.into_iter().flatten().flatten().collect();
        let mut report = RunReport {
            outcome: report::worst(units.iter().map(|unit| unit.outcome)),
            environment: self.shared.runner.environment.map(|environment| environment.name.clone()),
            started_ms: self.started_ms,
            duration_ms: clock.monotonic_ms().saturating_sub(self.started),
            units,
        };
        self.shared.masker.run(&mut report);
        report
    }
}
