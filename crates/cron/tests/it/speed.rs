//! How long searches take. The bounds are wide, because tests run unoptimized beside others; run with `--nocapture` to see
//! the numbers.

use std::hint::black_box;
use std::time::{Duration, Instant};

use stoker_cron::Cron;

use crate::zones::{at, zone};

/// Mean time of one search.
#[allow(clippy::print_stdout, reason = "the numbers are what one looks at")]
fn mean(expression: &str, searches: u32) -> Duration {
    let cron = Cron::parse(expression).unwrap();
    let zone = zone("Europe/Berlin");
    let first = at("2026-02-05T10:20:30Z");
    let mut last = first;
    let start = Instant::now();
    for _ in 0..searches {
        last = black_box(cron.next_after(last, &zone)).unwrap_or(first);
    }
    let mean = start.elapsed() / searches;
    println!("{mean:>12?}  {expression}");
    mean
}

#[test]
fn searches_are_quick() {
    for expression in
        ["0 30 2 ? * MON-FRI", "0 0/15 * * * ?", "* * * * * ?", "0 0 6 LW * ?", "0 0 12 ? * 6#3", "0 0 0 29 2 ?"]
    {
        assert!(mean(expression, 2000) < Duration::from_millis(1), "{expression}");
    }
}

#[test]
fn impossible_dates_are_quick() {
    for expression in ["0 0 0 31 2 ?", "0 0 0 ? 2 1#5 2027", "0 30 2 29 3 ? 2026", "* * * 30 2 ?"] {
        assert!(
            Cron::parse(expression).unwrap().fires(at("2026-01-01T00:00:00Z"), &zone("Europe/Berlin")).next().is_none()
        );
        assert!(mean(expression, 100) < Duration::from_millis(50), "{expression}");
    }
}
