//! Rules in plain English.

use super::{Cycle, MonthDays, Pattern, Rule};
use crate::words;

/// Up to this many times of the day are listed one by one.
const MAX_TIMES_LISTED: usize = 6;

pub(super) fn describe(rule: &Rule) -> String {
    let mut parts = vec![match &rule.pattern {
        Pattern::Cron(cron) => cron.describe(),
        Pattern::Calendar { cycle, times } => format!("{} {}", days(*cycle), at(times)),
    }];
    parts.push(rule.zone.iana_name().unwrap_or("UTC").to_owned());
    let once = matches!(rule.pattern, Pattern::Calendar { cycle: Cycle::Once { .. }, .. });
    if let Some(start) = rule.start.filter(|_| !once) {
        let midnight = start == start.start_of_day();
        let text = if midnight { start.date().to_string() } else { start.strftime("%Y-%m-%d %H:%M").to_string() };
        parts.push(format!("from {text}"));
    }
    if let Some(end) = rule.end {
        parts.push(format!("until {}", end.to_zoned(rule.zone.clone()).strftime("%Y-%m-%d %H:%M")));
    }
    parts.join(", ")
}

fn days(cycle: Cycle) -> String {
    match cycle {
        Cycle::Once { date } => format!("once on {date}"),
        Cycle::Days { interval, .. } => words::every(interval, "day"),
        Cycle::Weeks { interval, days, .. } => {
            format!("{} on {}", words::every(interval, "week"), words::weekdays(days))
        }
        Cycle::Months { interval, days, .. } => {
            let on = match days {
                MonthDays::Day(day) => format!("day {day}"),
                MonthDays::Last => "the last day".to_owned(),
                MonthDays::Weekdays(days) => format!("each {}", words::weekdays(days)),
            };
            format!("{} on {on}", words::every(interval, "month"))
        }
    }
}

fn at(times: &[u16]) -> String {
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    let even = |first: u16, second: u16| times.windows(2).all(|pair| pair[1] - pair[0] == second - first);
    match *times {
        [first, second, .., last] if times.len() > MAX_TIMES_LISTED && even(first, second) => {
            let minutes = u32::from(second - first);
            format!("{} from {} to {}", words::every(minutes, "minute"), clock(first), clock(last))
        }
        [first, .., last] if times.len() > MAX_TIMES_LISTED => {
            format!("at {} times from {} to {}", times.len(), clock(first), clock(last))
        }
        _ => format!("at {}", words::and(&times.iter().map(|&minute| clock(minute)).collect::<Vec<_>>())),
    }
}
