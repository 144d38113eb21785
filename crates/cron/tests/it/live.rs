//! Random expressions, answered by the real Quartz at this moment. For the nightly run: it needs Java and Debian's
//! `libquartz2-java` (`make setup`).

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use stoker_cron::Cron;

use crate::golden::{answer, difference};
use crate::zones::zone;

const LIBRARY: &str = "/usr/share/java/quartz2.jar";
const QUESTIONS: usize = 4000;
const COUNT: usize = 30;

/// Zones whose gaps are whole hours and whose rules have been the same for long, so that Java's data is as ours.
const NAMES: [&str; 6] =
    ["UTC", "Europe/Berlin", "America/New_York", "America/St_Johns", "Australia/Sydney", "Asia/Kathmandu"];

/// One element, with a little beyond the bounds.
fn element(least: u32, most: u32) -> BoxedStrategy<String> {
    let low = least.saturating_sub(1);
    prop_oneof![
        3 => Just("*".to_owned()),
        4 => (least..=most).prop_map(|value| value.to_string()),
        3 => (least..=most, least..=most).prop_map(|(from, to)| format!("{from}-{to}")),
        1 => (low..=most + 1, low..=most + 1).prop_map(|(from, to)| format!("{from}-{to}")),
        2 => (least..=most, 0..=most + 2).prop_map(|(from, step)| format!("{from}/{step}")),
        2 => (0..=most + 2).prop_map(|step| format!("*/{step}")),
        2 => (least..=most, least..=most, 0..=most + 2).prop_map(|(from, to, step)| format!("{from}-{to}/{step}")),
    ]
    .boxed()
}

fn list(element: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    let several = prop::collection::vec(element.clone(), 2..4).prop_map(|elements| elements.join(","));
    prop_oneof![4 => element, 1 => several]
}

fn of_month() -> impl Strategy<Value = String> {
    let special = prop_oneof![
        Just("L".to_owned()),
        Just("LW".to_owned()),
        (0..=32_u32).prop_map(|before| format!("L-{before}")),
        (0..=27_u32).prop_map(|before| format!("L-{before}W")),
        (1..=28_u32).prop_map(|day| format!("{day}W")),
    ];
    list(prop_oneof![2 => element(1, 31), 1 => special].boxed())
}

fn of_week() -> impl Strategy<Value = String> {
    let name = || prop::sample::select(vec!["SUN", "mon", "TUE", "WED", "thu", "FRI", "Sat", "DAY"]);
    let special = prop_oneof![
        Just("L".to_owned()),
        (0..=8_u32).prop_map(|day| format!("{day}L")),
        (1..=7_u32, 0..=6_u32).prop_map(|(day, nth)| format!("{day}#{nth}")),
        name().prop_map(str::to_owned),
        name().prop_map(|name| format!("{name}L")),
        (name(), 1..=5_u32).prop_map(|(name, nth)| format!("{name}#{nth}")),
        (name(), name()).prop_map(|(from, to)| format!("{from}-{to}")),
        (name(), name(), 1..=3_u32).prop_map(|(from, to, step)| format!("{from}-{to}/{step}")),
    ];
    list(prop_oneof![1 => element(1, 7), 2 => special].boxed())
}

fn days() -> impl Strategy<Value = (String, String)> {
    prop_oneof![
        10 => of_month().prop_map(|days| (days, "?".to_owned())),
        10 => of_week().prop_map(|days| ("?".to_owned(), days)),
        1 => (of_month(), of_week()),
        1 => Just(("?".to_owned(), "?".to_owned())),
    ]
}

fn expression() -> impl Strategy<Value = String> {
    let seconds = prop_oneof![3 => Just("0".to_owned()), 1 => list(element(0, 59))];
    let years = prop_oneof![4 => Just(""), 1 => Just(" *"), 1 => Just(" 2027-2031"), 1 => Just(" 2025/3")];
    (seconds, list(element(0, 59)), list(element(0, 23)), days(), list(element(1, 12)), years).prop_map(
        |(seconds, minutes, hours, (of_month, of_week), months, years)| {
            format!("{seconds} {minutes} {hours} {of_month} {months} {of_week}{years}")
        },
    )
}

struct Question {
    zone: &'static str,
    start: i64,
    expression: String,
}

fn question(runner: &mut TestRunner) -> Question {
    let parts = (prop::sample::select(&NAMES[..]), 1_577_836_800..1_893_456_000_i64, 0..4 * 3600_i64, expression());
    let (name, second, ahead, expression) = parts.new_tree(runner).unwrap().current();
    let any = Timestamp::from_second(second).unwrap();
    let change = zone(name).following(any).next().map(|change| change.timestamp().as_second());
    Question { zone: name, start: change.map_or(second, |change| change - ahead), expression }
}

/// The answers of Quartz, one for each question.
fn ask(questions: &[Question]) -> Vec<String> {
    let mut text = String::new();
    for question in questions {
        writeln!(text, "{}|{}|{COUNT}|{}", question.zone, question.start, question.expression).unwrap();
    }
    let mut java = Command::new("java")
        .args(["-cp", LIBRARY, concat!(env!("CARGO_MANIFEST_DIR"), "/oracle/Oracle.java"), "live"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("start java; `make setup` installs it");
    let mut stdin = java.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()).unwrap());
    let output = java.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "Java failed; is {LIBRARY} there? `make setup` installs it");
    let answers: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(answers.len(), questions.len());
    answers
}

#[test]
#[ignore = "needs Java and Quartz"]
fn random_expressions_are_answered_as_by_quartz() {
    let mut runner = TestRunner::new(Config::default());
    let questions: Vec<Question> = (0..QUESTIONS).map(|_| question(&mut runner)).collect();
    let mut wrong = Vec::new();
    let mut accepted = 0;
    for (question, theirs) in questions.iter().zip(ask(&questions)) {
        let what = format!("{} in {} after {}", question.expression, question.zone, question.start);
        match (Cron::parse(&question.expression), theirs.as_str()) {
            (Err(_), "refused") => {}
            (Err(error), _) => wrong.push(format!("{what}: Quartz accepts, {error}")),
            (Ok(_), "refused") => wrong.push(format!("{what}: Quartz refuses")),
            (Ok(cron), theirs) => {
                accepted += 1;
                let start = Timestamp::from_second(question.start).unwrap();
                let difference = difference(&cron, start, &zone(question.zone), &answer(start, theirs));
                wrong.extend(difference.map(|difference| format!("{what}: {difference}")));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    assert!(accepted > QUESTIONS / 4, "only {accepted} expressions were accepted");
}
