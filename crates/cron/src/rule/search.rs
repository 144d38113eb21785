//! From a wall-clock time to the next one that a calendar rule names.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::{Cycle, MonthDays};
use crate::MAX_YEAR;
use crate::zone::{self, Instant};

/// The first instant after `after`, with nothing before the wall-clock time `start`.
pub(super) fn next_after(
    cycle: &Cycle,
    times: &[u16],
    zone: &TimeZone,
    start: Option<DateTime>,
    after: Timestamp,
) -> Option<Timestamp> {
    let mut from = zone.to_datetime(after);
    if let Some(start) = start {
        from = from.max(start);
    }
    loop {
        let wall = next_wall(cycle, times, from)?;
        let instant = match zone::instant(zone, wall)? {
            Instant::Once(instant) | Instant::Twice { first: instant, .. } => instant,
            Instant::Never { jump, .. } => jump,
        };
        if instant > after {
            return Some(instant);
        }
        from = zone::second_later(wall)?;
    }
}

/// The smallest named wall-clock time not before `from`.
pub(super) fn next_wall(cycle: &Cycle, times: &[u16], from: DateTime) -> Option<DateTime> {
    let date = next_date(cycle, from.date())?;
    if date == from.date() {
        let later = times.iter().find_map(|&minute| time(minute).filter(|time| *time >= from.time()));
        if let Some(time) = later {
            return Some(date.to_datetime(time));
        }
        let date = next_date(cycle, date.tomorrow().ok()?)?;
        return Some(date.to_datetime(time(*times.first()?)?));
    }
    Some(date.to_datetime(time(*times.first()?)?))
}

fn time(minute_of_day: u16) -> Option<Time> {
    let hour = i8::try_from(minute_of_day / 60).ok()?;
    let minute = i8::try_from(minute_of_day % 60).ok()?;
    Time::new(hour, minute, 0, 0).ok()
}

/// The first named date not before `from`.
fn next_date(cycle: &Cycle, from: Date) -> Option<Date> {
    let date = match *cycle {
        Cycle::Once { date } => (date >= from).then_some(date)?,
        Cycle::Days { first, interval } => on_or_after(first, from.max(first), i64::from(interval))?,
        Cycle::Weeks { first, interval, days } => next_in_weeks(first, interval, days, from.max(first))?,
        Cycle::Months { first, interval, days } => next_in_months(first, interval, days, from.max(first))?,
    };
    (date.year() <= MAX_YEAR).then_some(date)
}

/// The first of `first`, `first + step`, ... that is not before `from`, itself not before `first`.
fn on_or_after(first: Date, from: Date, step: i64) -> Option<Date> {
    let past = i64::from((from - first).get_days()).rem_euclid(step);
    if past == 0 { Some(from) } else { from.checked_add((step - past).days()).ok() }
}

fn next_in_weeks(first: Date, interval: u32, days: u8, from: Date) -> Option<Date> {
    let monday = |date: Date| date.checked_sub(i64::from(date.weekday().to_monday_zero_offset()).days()).ok();
    let first_week = monday(first)?;
    let mut week = on_or_after(first_week, monday(from)?, i64::from(interval) * 7)?;
    // The week of `from` may have no day left; then it is the next one.
    for _ in 0..2 {
        for offset in 0..7_i64 {
            let date = week.checked_add(offset.days()).ok()?;
            if date >= from && named(days, date.weekday()) {
                return Some(date);
            }
        }
        week = week.checked_add((i64::from(interval) * 7).days()).ok()?;
    }
    None
}

fn named(days: u8, weekday: Weekday) -> bool {
    days & (1 << weekday.to_sunday_one_offset()) != 0
}

fn next_in_months(first: Date, interval: u32, days: MonthDays, from: Date) -> Option<Date> {
    let begin = first.first_of_month();
    let mut month = from.first_of_month();
    let passed = (i32::from(month.year()) - i32::from(begin.year())) * 12 + i32::from(month.month() - begin.month());
    let over = passed.rem_euclid(i32::try_from(interval).ok()?);
    if over != 0 {
        month = month.checked_add((i64::from(interval) - i64::from(over)).months()).ok()?;
    }
    while month.year() <= MAX_YEAR {
        if let Some(date) = in_month(days, month, from) {
            return Some(date);
        }
        month = month.checked_add(i64::from(interval).months()).ok()?;
    }
    None
}

/// The first named day of a month that is not before `from`.
fn in_month(days: MonthDays, month: Date, from: Date) -> Option<Date> {
    match days {
        MonthDays::Day(day) => {
            let date = Date::new(month.year(), month.month(), i8::try_from(day).ok()?).ok()?;
            (date >= from).then_some(date)
        }
        MonthDays::Last => Some(month.last_of_month()).filter(|date| *date >= from),
        MonthDays::Weekdays(days) => {
            let start = month.max(from);
            let mut left = start.series(1.day()).take_while(|date| date.month() == month.month());
            left.find(|date| named(days, date.weekday()))
        }
    }
}
