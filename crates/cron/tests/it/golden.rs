//! Every answer of the real Quartz in `tests/golden/quartz.txt`, compared with ours. `oracle/README.md` says how the
//! file came to be.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use stoker_cron::Cron;

use crate::zones::{at, zone};

const GOLDEN: &str = include_str!("../golden/quartz.txt");
const CASES: &str = include_str!("../../oracle/cases.txt");

/// Expressions that Quartz reads and we refuse, with the reason. The crate's documentation gives the rule.
const WE_REFUSE: &[(&str, &str)] = &[
    ("0 0 0 ? * MONDAY", "letters after a name are unused"),
    ("0 0 0 ? * MONDAY-FRIDAY", "fires on Mondays only"),
    ("0 0 0 1 JANUARY ?", "letters after a name are unused"),
    ("0 0 0 ? * 2-6L", "the L is unused"),
    ("0 0 0 ? * MON-FRI#2", "the #2 is unused"),
    ("0 0 0 ? * 6LX", "the X is unused"),
    ("0 0 0 ? * L-3", "the -3 is unused"),
    ("0 0 0 ? * LW", "the W is unused"),
    ("0 0 0 ? * 6#+3", "the + is unused"),
    ("0 0 0 ? * 8#1", "no such weekday, Quartz forgets to look"),
    ("0 0 0 ? * 0#1", "no such weekday, Quartz forgets to look"),
    ("0 0 0 1-5W * ?", "the W is unused: fires on weekends too"),
    ("0 0 0 15W/2 * ?", "the /2 is unused"),
    ("0 0 0 15WX * ?", "the X is unused"),
    ("0 0 0 L-W * ?", "the - is unused"),
    ("0 0 0 ?X * MON", "the X is unused"),
    ("0 0 0 ?,5 * MON", "the 5 is unused"),
    ("0 0 0 1 * ? *5", "the 5 is unused"),
    ("0 0 0 1 * ? * X", "an eighth field"),
    ("5X * * * * ?", "the X is unused"),
    ("0.5 * * * * ?", "the .5 is unused"),
    ("0-30X * * * * ?", "the X is unused"),
    ("5/10-20 * * * * ?", "the -20 is unused"),
    ("*5 * * * * ?", "the 5 is unused"),
    ("L * * * * ?", "Quartz fails when it searches"),
    ("0 0 0 ? L MON", "Quartz fails when it searches"),
    ("0 0 0 0W * ?", "Quartz searches for ever"),
    ("0 0 0 1 1 ? 2150", "Quartz's last year depends on its machine's clock"),
    ("0 0 0 1 1 ? 1969", "before the first year"),
    ("0 0 0 1 1 ? 2027-2150", "Quartz's last year depends on its machine's clock"),
];

/// Expressions for which we fire at other instants, with the reason.
const WE_FIRE_OTHERWISE: &[(&str, &str)] = &[
    ("0 29-30 2 24-9 * ? 2026-2030", "Lord Howe: behind a gap of half an hour Quartz passes over 02:30, which exists"),
    ("0 0 12 30W 12 ?", "Apia 2011: a day that does not exist has no nearest weekday; Quartz fires a day early"),
];

struct Case {
    zone: TimeZone,
    start: Timestamp,
}

fn cases() -> Vec<Case> {
    let lines = CASES.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, start) = line.split_once(' ').unwrap();
            Case { zone: zone(name), start: at(start) }
        })
        .collect()
}

/// One answer of the oracle: the instants, and whether Quartz said that there are no more.
pub(crate) struct Answer {
    instants: Vec<Timestamp>,
    never: bool,
}

pub(crate) fn answer(start: Timestamp, text: &str) -> Answer {
    let mut second = start.as_second();
    let mut found = Answer { instants: Vec::new(), never: false };
    for word in text.split(' ') {
        match word {
            "never" => found.never = true,
            "endless" | "throws" => {}
            _ => {
                let (step, times) = word.split_once('*').unwrap_or((word, "1"));
                for _ in 0..times.parse::<u32>().unwrap() {
                    second += step.parse::<i64>().unwrap();
                    found.instants.push(Timestamp::from_second(second).unwrap());
                }
            }
        }
    }
    found
}

/// What differs, in words; `None` when we answer as Quartz.
pub(crate) fn difference(cron: &Cron, start: Timestamp, zone: &TimeZone, expected: &Answer) -> Option<String> {
    let mut ours = cron.fires(start, zone);
    for (index, instant) in expected.instants.iter().enumerate() {
        let found = ours.next();
        if found != Some(*instant) {
            return Some(format!("number {index}: Quartz {instant}, we {found:?}"));
        }
    }
    match ours.next() {
        Some(more) if expected.never => Some(format!("Quartz ends, we go on with {more}")),
        _ => None,
    }
}

#[test]
fn answers_are_those_of_quartz() {
    let cases = cases();
    let mut cron = None;
    let mut expression = "";
    let mut wrong = Vec::new();
    let mut otherwise = BTreeSet::new();
    let mut compared = 0;
    for line in GOLDEN.lines().filter(|line| !line.starts_with('#')) {
        if let Some(text) = line.strip_prefix("! ") {
            if let Ok(read) = Cron::parse(text) {
                wrong.push(format!("{text}: Quartz refuses it, we read {}", read.describe()));
            }
        } else if let Some(text) = line.strip_prefix("= ") {
            expression = text;
            cron = match (Cron::parse(text), WE_REFUSE.iter().any(|(known, _)| *known == text)) {
                (Ok(read), false) => Some(read),
                (Err(_), true) => None,
                (Ok(_), true) => panic!("{text}: read after all, take it off the list"),
                (Err(error), false) => {
                    wrong.push(format!("{text}: {error}"));
                    None
                }
            };
        } else if let Some(cron) = &cron {
            let (number, text) = line.split_once(' ').unwrap();
            let case = &cases[number.parse::<usize>().unwrap()];
            let expected = answer(case.start, text);
            compared += expected.instants.len();
            if let Some(difference) = difference(cron, case.start, &case.zone, &expected) {
                if WE_FIRE_OTHERWISE.iter().any(|(known, _)| *known == expression) {
                    otherwise.insert(expression);
                } else {
                    wrong.push(format!("{expression} in case {number}: {difference}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared > 50_000, "only {compared} instants compared");
    for (expression, _) in WE_FIRE_OTHERWISE {
        assert!(otherwise.contains(expression), "{expression}: fires as in Quartz, take it off the list");
    }
}

#[test]
fn every_listed_difference_is_in_the_file_and_has_a_reason() {
    for (expression, reason) in WE_REFUSE.iter().chain(WE_FIRE_OTHERWISE) {
        assert!(GOLDEN.lines().any(|line| line.strip_prefix("= ") == Some(*expression)), "{expression}");
        assert!(!reason.is_empty(), "{expression}");
    }
}
