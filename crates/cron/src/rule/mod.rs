//! Triggers of the published API as rules.

mod check;
mod describe;
mod error;
mod search;
mod spec;

use jiff::civil::{Date, DateTime};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Span, Timestamp};

pub use check::MAX_TIMES;
pub use error::{FieldError, RuleError};
pub use spec::{DayKind, DaysSpec, TimeKind, TimesSpec, TriggerKind, TriggerSpec};

use crate::Cron;

/// One trigger that time starts, checked, with its zone: says when it fires.
///
/// | Type | Fires |
/// |---|---|
/// | once | on the start date at one time |
/// | daily | every so many days, counted from the start date |
/// | weekly | on the named days of every so many weeks, counted from the week of the start date; weeks begin on Monday (`inferred`) |
/// | monthly | on one day, the last day or the named weekdays of every so many months, counted from the month of the start date |
/// | cron | as its expression says, see [`Cron`] |
///
/// Each at the times of the day that `atTimes` gives. Months that lack the day are passed over (`inferred`: as Quartz
/// does with such a day). Nothing fires before start date and start time, or after the end. Two rules are equal when the
/// same fields made them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    kind: TriggerKind,
    pattern: Pattern,
    zone: TimeZone,
    start: Option<DateTime>,
    end: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    Cron(Cron),
    /// Days, and minutes of the day in ascending order.
    Calendar {
        cycle: Cycle,
        times: Vec<u16>,
    },
}

/// Which days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cycle {
    Once {
        date: Date,
    },
    Days {
        first: Date,
        interval: u32,
    },
    /// `days` has bits 1 (Sunday) to 7 (Saturday).
    Weeks {
        first: Date,
        interval: u32,
        days: u8,
    },
    Months {
        first: Date,
        interval: u32,
        days: MonthDays,
    },
}

/// Which days of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MonthDays {
    /// 1 to 31.
    Day(u8),
    Last,
    /// Bits 1 (Sunday) to 7 (Saturday).
    Weekdays(u8),
}

impl Rule {
    /// Checks a trigger and makes a rule of it. `zones` knows the time zones by their names.
    ///
    /// # Errors
    ///
    /// Names every wrong field of the JSON body with its cure. A trigger that would never fire is wrong too.
    pub fn new(spec: &TriggerSpec, zones: &TimeZoneDatabase) -> Result<Self, RuleError> {
        check::check(spec, zones)
    }

    /// Which type the trigger has.
    pub fn kind(&self) -> TriggerKind {
        self.kind
    }

    /// The zone in which its times are meant.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The cron expression of a cron rule.
    pub fn cron(&self) -> Option<&Cron> {
        match &self.pattern {
            Pattern::Cron(cron) => Some(cron),
            Pattern::Calendar { .. } => None,
        }
    }

    /// The first instant after `after` at which it fires; `None` when there is none any more.
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let next = match &self.pattern {
            Pattern::Cron(cron) => cron.next_after_start(after, &self.zone, self.start),
            Pattern::Calendar { cycle, times } => search::next_after(cycle, times, &self.zone, self.start, after),
        };
        next.filter(|next| self.end.is_none_or(|end| *next <= end))
    }

    /// The instants not before `from` and before `to`, ascending, at most `limit`.
    pub fn between(&self, from: Timestamp, to: Timestamp, limit: usize) -> Vec<Timestamp> {
        let just_before = from.checked_sub(Span::new().nanoseconds(1)).ok();
        let first = self.next_after(just_before.unwrap_or(from));
        let fires = std::iter::successors(first, |last| self.next_after(*last));
        fires.take_while(|instant| *instant < to).take(limit).collect()
    }

    /// The rule in plain English: `every 2 days at 02:30, Europe/Berlin, from 2026-02-05`.
    pub fn describe(&self) -> String {
        describe::describe(self)
    }

    /// The smallest wall-clock time it names that is not before `from`, whether or not it exists; `from` is at least the
    /// start.
    pub(crate) fn next_wall(&self, from: DateTime) -> Option<DateTime> {
        let from = self.start.map_or(from, |start| from.max(start));
        match &self.pattern {
            Pattern::Cron(cron) => cron.next_wall(from),
            Pattern::Calendar { cycle, times } => search::next_wall(cycle, times, from),
        }
    }

    /// The last instant at which it may fire.
    pub(crate) fn end(&self) -> Option<Timestamp> {
        self.end
    }
}
