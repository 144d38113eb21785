//! From a wall-clock time to the next matching one.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time, date};
use jiff::tz::TimeZone;

use super::Fields;
use crate::zone::{self, Instant};
use crate::{MAX_YEAR, MIN_YEAR};

/// What Quartz answers when asked for the instant after `after`, with nothing before the wall-clock time `start`.
pub(super) fn next_after(
    fields: &Fields,
    after: Timestamp,
    zone: &TimeZone,
    start: Option<DateTime>,
) -> Option<Timestamp> {
    let mut from = zone.to_datetime(zone::next_second(after)?);
    if let Some(start) = start {
        from = from.max(start);
    }
    loop {
        let wall = next_wall(fields, from)?;
        match zone::instant(zone, wall)? {
            Instant::Once(instant) | Instant::Twice { second: instant, .. } => return Some(instant),
            Instant::Never { shows, .. } => from = shows,
        }
    }
}

/// Whether there is any matching wall-clock time.
pub(super) fn ever_fires(fields: &Fields) -> bool {
    next_wall(fields, date(MIN_YEAR, 1, 1).at(0, 0, 0, 0)).is_some()
}

/// The smallest matching wall-clock time not before `from`, which is a whole second.
pub(super) fn next_wall(fields: &Fields, from: DateTime) -> Option<DateTime> {
    let from = from.max(date(MIN_YEAR, 1, 1).at(0, 0, 0, 0));
    let mut first_month = from.month();
    let mut first_day = from.day();
    let mut today = true;
    for year in from.year()..=MAX_YEAR {
        if fields.years.contains(year) {
            for month in first_month..=12 {
                if fields.months & (1 << month) != 0 {
                    let named = fields.days.in_month(year, month, fields.months & 2 != 0);
                    let mut left = named & (u32::MAX << first_day.unsigned_abs());
                    while left != 0 {
                        let day = i8::try_from(left.trailing_zeros()).ok()?;
                        let earliest = if today && day == from.day() { from.time() } else { Time::midnight() };
                        if let Some(time) = next_time(fields, earliest) {
                            return Some(Date::new(year, month, day).ok()?.to_datetime(time));
                        }
                        left &= left - 1;
                    }
                }
                first_day = 1;
                today = false;
            }
        }
        first_month = 1;
        first_day = 1;
        today = false;
    }
    None
}

/// The smallest matching time of the day not before `from`.
fn next_time(fields: &Fields, from: Time) -> Option<Time> {
    let (hour, minute, second) = (from.hour(), from.minute(), from.second());
    let first_minute = lowest(fields.minutes, 0)?;
    let first_second = lowest(fields.seconds, 0)?;
    if u64::from(fields.hours) & (1 << hour) != 0 {
        if fields.minutes & (1 << minute) != 0
            && let Some(second) = lowest(fields.seconds, second)
        {
            return Time::new(hour, minute, second, 0).ok();
        }
        if let Some(minute) = lowest(fields.minutes, minute + 1) {
            return Time::new(hour, minute, first_second, 0).ok();
        }
    }
    let hour = lowest(fields.hours.into(), hour + 1)?;
    Time::new(hour, first_minute, first_second, 0).ok()
}

/// The smallest member of a set that is not below `least`, 0 to 63.
fn lowest(set: u64, least: i8) -> Option<i8> {
    let left = set & u64::MAX.checked_shl(u32::from(least.unsigned_abs()))?;
    if left == 0 { None } else { i8::try_from(left.trailing_zeros()).ok() }
}
