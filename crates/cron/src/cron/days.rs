//! Which days of a month an expression names.

use jiff::civil::Date;

/// The day fields of an expression; exactly one of the two names days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DayRule {
    /// Days of the month, bits 1 to 31.
    OfMonth(u32),
    /// So many days before the last one, 0 to 30.
    Last { before: u8 },
    /// The weekday nearest to the day that lies so many before the last one.
    LastNearest { before: u8 },
    /// The weekday nearest to a day, 1 to 31.
    Nearest { day: u8 },
    /// Days of the week, bits 1 (Sunday) to 7 (Saturday).
    OfWeek(u8),
    /// The last such weekday of the month, 1 to 7.
    LastOfWeek { weekday: u8 },
    /// The first to fifth such weekday of the month.
    Nth { weekday: u8, nth: u8 },
}

/// Shape of one month.
#[derive(Debug, Clone, Copy)]
struct Month {
    /// 28 to 31.
    length: u8,
    /// Weekday of the first, 1 (Sunday) to 7 (Saturday).
    first: u8,
}

impl Month {
    /// Weekday of a day, 1 (Sunday) to 7 (Saturday).
    fn weekday(self, day: u8) -> u8 {
        (self.first + day - 2) % 7 + 1
    }

    /// The day of the first such weekday, 1 to 7.
    fn first_on(self, weekday: u8) -> u8 {
        (weekday + 7 - self.first) % 7 + 1
    }

    /// The day nearest to `day` in this month that is neither Saturday nor Sunday.
    fn nearest(self, day: u8) -> u8 {
        match self.weekday(day) {
            7 if day == 1 => 3,
            7 => day - 1,
            1 if day == self.length => day - 2,
            1 => day + 1,
            _ => day,
        }
    }

    /// The same for the day that lies so many before the last one. Quartz counts on into the month before: when the
    /// "day 0" is a Sunday, the nearest weekday is the first of this month. `recorded`
    fn nearest_before_last(self, before: u8) -> Option<u8> {
        match self.length.checked_sub(before)? {
            0 => (self.first == 2).then_some(1),
            day => Some(self.nearest(day)),
        }
    }

    /// The same for a day after the last one. Quartz counts on into the month after: when the first day beyond the end is
    /// a Saturday, the nearest weekday is the last of this month. `recorded`
    fn nearest_beyond(self, day: u8) -> Option<u8> {
        (day == self.length + 1 && self.weekday(self.length) == 6).then_some(self.length)
    }
}

impl DayRule {
    /// The named days of a month, as bits 1 to 31. `number` is 1 to 12, other months have none; `january` says whether the
    /// expression names that month, which matters for days that February lacks.
    pub(super) fn in_month(self, year: i16, number: i8, january: bool) -> u32 {
        let Ok(first) = Date::new(year, number, 1) else { return 0 };
        let month = Month {
            length: first.days_in_month().unsigned_abs(),
            first: first.weekday().to_sunday_one_offset().unsigned_abs(),
        };
        let existing = |day: u8| (day >= 1 && day <= month.length).then_some(day);
        let bit = |day: Option<u8>| day.map_or(0, |day| 1 << day);
        match self {
            Self::OfMonth(days) => days & (u32::MAX >> (31 - month.length)),
            Self::Last { before } => bit(month.length.checked_sub(before).and_then(existing)),
            Self::LastNearest { before } => bit(month.nearest_before_last(before)),
            Self::Nearest { day } if day <= month.length => bit(Some(month.nearest(day))),
            Self::Nearest { day } => bit(month.nearest_beyond(day).filter(|_| number != 2 || !january)),
            Self::OfWeek(weekdays) => {
                let named = (1..=7).filter(|weekday| weekdays & (1 << weekday) != 0);
                named.fold(0, |days, weekday| days | every_week_from(month.first_on(weekday), month.length))
            }
            Self::LastOfWeek { weekday } => {
                let first = month.first_on(weekday);
                bit(Some(first + (month.length - first) / 7 * 7))
            }
            Self::Nth { weekday, nth } => bit(existing(month.first_on(weekday) + 7 * (nth - 1))),
        }
    }
}

fn every_week_from(first: u8, length: u8) -> u32 {
    (first..=length).step_by(7).fold(0, |days, day| days | 1 << day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(rule: DayRule, year: i16, month: i8) -> Vec<u8> {
        let bits = rule.in_month(year, month, true);
        (0..32).filter(|day| bits & (1 << day) != 0).collect()
    }

    #[test]
    fn days_that_the_month_lacks_are_absent() {
        assert_eq!(days(DayRule::OfMonth(u32::MAX << 28), 2027, 2), [28]);
        assert_eq!(days(DayRule::OfMonth(u32::MAX << 28), 2028, 2), [28, 29]);
        assert_eq!(days(DayRule::Last { before: 28 }, 2027, 2), []);
        assert_eq!(days(DayRule::Last { before: 28 }, 2028, 2), [1]);
        assert_eq!(days(DayRule::Nearest { day: 31 }, 2026, 4), []);
        assert_eq!(days(DayRule::Nth { weekday: 2, nth: 5 }, 2027, 2), []);
        assert_eq!(days(DayRule::OfMonth(2), 2027, 13), []);
    }

    #[test]
    fn nearest_weekday_stays_in_the_month() {
        // 1 August 2026 is a Saturday, 31 May 2026 a Sunday.
        assert_eq!(days(DayRule::Nearest { day: 1 }, 2026, 8), [3]);
        assert_eq!(days(DayRule::LastNearest { before: 0 }, 2026, 5), [29]);
        assert_eq!(days(DayRule::Nearest { day: 15 }, 2026, 8), [14]);
        assert_eq!(days(DayRule::Nearest { day: 16 }, 2026, 8), [17]);
        assert_eq!(days(DayRule::Nearest { day: 18 }, 2026, 8), [18]);
    }

    #[test]
    fn quartz_looks_one_day_over_the_end_of_a_month() {
        // 30 April 2027 and 28 February 2031 are Fridays, 1 June 2026 is a Monday.
        assert_eq!(days(DayRule::Nearest { day: 31 }, 2027, 4), [30]);
        assert_eq!(days(DayRule::Nearest { day: 29 }, 2031, 2), []);
        assert_eq!(DayRule::Nearest { day: 29 }.in_month(2031, 2, false), 1 << 28);
        assert_eq!(days(DayRule::LastNearest { before: 30 }, 2026, 6), [1]);
        assert_eq!(days(DayRule::LastNearest { before: 30 }, 2026, 9), []);
    }

    #[test]
    fn weekdays_by_order() {
        assert_eq!(days(DayRule::OfWeek(0b100), 2026, 2), [2, 9, 16, 23]);
        assert_eq!(days(DayRule::LastOfWeek { weekday: 6 }, 2026, 2), [27]);
        assert_eq!(days(DayRule::LastOfWeek { weekday: 1 }, 2026, 5), [31]);
        assert_eq!(days(DayRule::Nth { weekday: 6, nth: 3 }, 2026, 2), [20]);
    }
}
