//! Trigger rules and time zones in, instants out: when is a task due?
//!
//! [`Cron`] reads Quartz cron expressions and finds the instants that Quartz finds. [`Rule`] is one trigger as the
//! published API describes it: once, daily, weekly, monthly or cron, with start, end and zone. Both are pure: no clock,
//! no files, no threads. A caller hands in the instant to search from and, for rules, the database of time zones.
//!
//! # When the clocks change
//!
//! Expressions and rules speak of wall-clock times. Twice a year, in many zones, a wall-clock time does not exist or
//! comes twice. What happens then is part of the contract:
//!
//! | | a time that does not exist (the gap in spring) | a time that comes twice (the overlap in autumn) |
//! |---|---|---|
//! | cron | does not fire | fires once, the *second* time |
//! | once, daily, weekly, monthly | fires once, at the first instant after the gap | fires once, the *first* time |
//!
//! The line for cron is what the real Quartz 2.3.2 does (`recorded`, see `tests/golden`), with the consequence that an
//! expression that fires every half hour is silent for the first pass of the repeated hour. In full: Quartz takes the
//! wall-clock time of the instant after which it searches, looks for the smallest matching wall-clock time not before it
//! that exists, and answers its last instant. So a search that starts in the first pass of the repeated hour at 02:40
//! does not find 02:30 of the second pass. The other line is ours (`inferred`): a nightly load neither fails to appear
//! nor runs twice. Times that move to the same instant after a gap fire once.
//!
//! [`explain_changes`] says what each change of the clocks does to one rule, for people who have to check it.
//!
//! # Example
//!
//! ```
//! use jiff::{Timestamp, tz::TimeZone};
//! use stoker_cron::Cron;
//!
//! let cron = Cron::parse("0 30 2 ? * MON-FRI")?;
//! assert_eq!(cron.describe(), "at 02:30, on Monday to Friday");
//! let friday: Timestamp = "2026-02-06T02:30:00Z".parse()?;
//! let next = cron.next_after(friday, &TimeZone::UTC);
//! assert_eq!(next, Some("2026-02-09T02:30:00Z".parse()?));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits
//!
//! Nothing fires before [`MIN_YEAR`] or after [`MAX_YEAR`]. An expression has at most [`MAX_CHARS`] characters. Every
//! search ends: it goes at most once through the days of these years.

mod changes;
mod cron;
mod rule;
mod spacing;
mod words;
mod zone;

pub use changes::{ClockChange, Direction, MAX_CHANGES, MAX_LISTED, explain_changes};
pub use cron::{Cron, CronError, Field, Fires, MAX_CHARS, Note, Problem};
pub use rule::{
    DayKind, DaysSpec, FieldError, MAX_TIMES, Rule, RuleError, TimeKind, TimesSpec, TriggerKind, TriggerSpec,
};
pub use spacing::{Clash, first_clash};

/// First year in which anything fires: the first that Quartz knows.
pub const MIN_YEAR: i16 = 1970;

/// Last year in which anything fires, and the largest value of the year field (`doc`: Quartz documents 1970 to 2099).
pub const MAX_YEAR: i16 = 2099;
