//! Expressions in plain English.

use super::days::DayRule;
use super::{Fields, Years};
use crate::words;

/// Up to this many times of the day are listed one by one.
const MAX_TIMES_LISTED: u32 = 6;

/// The shape of a set of numbers.
enum Shape {
    /// Every value of the field.
    All,
    /// A few values, or many without order.
    List(Vec<u8>),
    /// At least three values without gap.
    Run { from: u8, to: u8 },
    /// At least three values, evenly spaced, and no further one would fit below the field's end.
    Steps { from: u8, step: u8 },
}

fn shape(set: u64, least: u8, most: u8) -> Shape {
    let values: Vec<u8> = (least..=most).filter(|value| set & (1 << value) != 0).collect();
    let [first, second, .., last] = values[..] else { return Shape::List(values) };
    let step = second - first;
    if values.len() < 3 || values.windows(2).any(|pair| pair[1] - pair[0] != step) {
        return Shape::List(values);
    }
    match step {
        1 if first == least && last == most => Shape::All,
        1 => Shape::Run { from: first, to: last },
        _ if first < least + step && last > most - step => Shape::Steps { from: first, step },
        _ => Shape::List(values),
    }
}

/// The whole expression, without the zone.
pub(super) fn describe(fields: &Fields) -> String {
    let parts = [times(fields), days(fields.days), months(fields.months), years(&fields.years)];
    let said: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    said.join(", ")
}

fn times(fields: &Fields) -> String {
    let count = fields.seconds.count_ones() * fields.minutes.count_ones() * fields.hours.count_ones();
    if count <= MAX_TIMES_LISTED {
        return format!("at {}", words::and(&each_time(fields)));
    }
    let second = shape(fields.seconds, 0, 59);
    let minute = shape(fields.minutes, 0, 59);
    let hour = shape(fields.hours.into(), 0, 23);
    let mut parts = Vec::new();
    let on_the_minute = fields.seconds == 1;
    if !on_the_minute {
        parts.push(part(&second, "second"));
    }
    let said_by_seconds = matches!(second, Shape::All) && matches!(minute, Shape::All);
    let hourly = on_the_minute && fields.minutes == 1;
    if !hourly && !said_by_seconds {
        parts.push(part(&minute, "minute"));
    }
    match hour {
        Shape::All if hourly => parts.push("every hour".to_owned()),
        Shape::All => {}
        hour if hourly => parts.push(format!("on the hour {}", within(&hour))),
        hour => parts.push(within(&hour)),
    }
    parts.join(", ")
}

/// `02:30`, or with seconds where there are any.
fn each_time(fields: &Fields) -> Vec<String> {
    let members = |set: u64| (0..64_u8).filter(move |value| set & (1 << value) != 0);
    let mut said = Vec::new();
    for hour in members(fields.hours.into()) {
        for minute in members(fields.minutes) {
            for second in members(fields.seconds) {
                said.push(match fields.seconds {
                    1 => format!("{hour:02}:{minute:02}"),
                    _ => format!("{hour:02}:{minute:02}:{second:02}"),
                });
            }
        }
    }
    said
}

/// Seconds or minutes.
fn part(shape: &Shape, word: &str) -> String {
    match shape {
        Shape::All => format!("every {word}"),
        Shape::List(values) if values.len() == 1 => format!("at {word} {}", numbers(values)),
        Shape::List(values) => format!("at {word}s {}", numbers(values)),
        Shape::Run { from, to } => format!("every {word} from {from} to {to}"),
        Shape::Steps { from: 0, step } => format!("every {step} {word}s"),
        Shape::Steps { from, step } => format!("every {step} {word}s from {word} {from} on"),
    }
}

/// Hours as a frame around what happens in them.
fn within(hour: &Shape) -> String {
    match hour {
        Shape::All => "of every hour".to_owned(),
        Shape::List(values) if values.len() == 1 => format!("in hour {}", numbers(values)),
        Shape::List(values) => format!("in the hours {}", numbers(values)),
        Shape::Run { from, to } => format!("in the hours {from} to {to}"),
        Shape::Steps { from: 0, step } => format!("in every {step}{} hour", suffix(*step)),
        Shape::Steps { from, step } => format!("in every {step}{} hour from hour {from} on", suffix(*step)),
    }
}

fn suffix(number: u8) -> &'static str {
    match number {
        2 => "nd",
        3 => "rd",
        _ => "th",
    }
}

fn numbers(values: &[u8]) -> String {
    words::and(&values.iter().map(u8::to_string).collect::<Vec<_>>())
}

fn days(rule: DayRule) -> String {
    let weekday = |weekday: u8| words::WEEKDAYS[usize::from(weekday - 1)];
    match rule {
        DayRule::OfMonth(set) => match shape(set.into(), 1, 31) {
            Shape::All => String::new(),
            Shape::List(values) if values.len() == 1 => format!("on day {} of the month", numbers(&values)),
            Shape::List(values) => format!("on days {} of the month", numbers(&values)),
            Shape::Run { from, to } => format!("on days {from} to {to} of the month"),
            Shape::Steps { from, step } => format!("every {step} days from day {from} of the month on"),
        },
        DayRule::Last { before } => format!("on {} of the month", last_day(before)),
        DayRule::LastNearest { before: 0 } => "on the last weekday (Monday to Friday) of the month".to_owned(),
        DayRule::LastNearest { before } => {
            format!("on the weekday (Monday to Friday) nearest to {} of the month", last_day(before))
        }
        DayRule::Nearest { day } => format!("on the weekday (Monday to Friday) nearest to day {day} of the month"),
        DayRule::OfWeek(set) if set.count_ones() == 7 => String::new(),
        DayRule::OfWeek(set) => format!("on {}", words::weekdays(set)),
        DayRule::LastOfWeek { weekday: day } => format!("on the last {} of the month", weekday(day)),
        DayRule::Nth { weekday: day, nth } => format!("on the {} {} of the month", words::ordinal(nth), weekday(day)),
    }
}

fn last_day(before: u8) -> String {
    match before {
        0 => "the last day".to_owned(),
        _ => format!("the day {} before the last day", words::count(before.into(), "day")),
    }
}

fn months(set: u16) -> String {
    let name = |month: u8| words::MONTHS[usize::from(month - 1)].to_owned();
    match shape(set.into(), 1, 12) {
        Shape::All => String::new(),
        Shape::List(values) => format!("in {}", words::and(&values.into_iter().map(name).collect::<Vec<_>>())),
        Shape::Run { from, to } => format!("in {} to {}", name(from), name(to)),
        Shape::Steps { from, step } => format!("every {step} months from {} on", name(from)),
    }
}

fn years(years: &Years) -> String {
    let Years::Listed(years) = years else { return String::new() };
    match years[..] {
        [first, _, .., last] if usize::from((last - first).unsigned_abs()) + 1 == years.len() => {
            format!("in {first} to {last}")
        }
        _ => format!("in {}", words::and(&years.iter().map(i16::to_string).collect::<Vec<_>>())),
    }
}
