//! What can be wrong with a cron expression, in words for the person who wrote it.

use std::fmt;

use super::MAX_CHARS;
use crate::{MAX_YEAR, MIN_YEAR};

/// Longest stretch of the expression that a message repeats, in characters.
const MAX_ECHO: usize = 24;

/// The fields of a cron expression, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// 0 to 59; left out in the form without seconds.
    Seconds,
    /// 0 to 59.
    Minutes,
    /// 0 to 23.
    Hours,
    /// 1 to 31, with `?`, `L` and `W`.
    DayOfMonth,
    /// 1 to 12 or JAN to DEC.
    Month,
    /// 1 to 7 or SUN to SAT, with `?`, `L` and `#`.
    DayOfWeek,
    /// 1970 to 2099; may be left out.
    Year,
}

impl Field {
    /// All fields in their order.
    pub const ALL: [Self; 7] =
        [Self::Seconds, Self::Minutes, Self::Hours, Self::DayOfMonth, Self::Month, Self::DayOfWeek, Self::Year];

    /// Name of the field in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Minutes => "minutes",
            Self::Hours => "hours",
            Self::DayOfMonth => "day of month",
            Self::Month => "month",
            Self::DayOfWeek => "day of week",
            Self::Year => "year",
        }
    }

    /// Smallest and largest number.
    pub(crate) fn bounds(self) -> (u32, u32) {
        match self {
            Self::Seconds | Self::Minutes => (0, 59),
            Self::Hours => (0, 23),
            Self::DayOfMonth => (1, 31),
            Self::Month => (1, 12),
            Self::DayOfWeek => (1, 7),
            Self::Year => (MIN_YEAR.unsigned_abs().into(), MAX_YEAR.unsigned_abs().into()),
        }
    }

    /// The values one can write, for messages.
    fn values(self) -> &'static str {
        match self {
            Self::Seconds | Self::Minutes => "0 to 59",
            Self::Hours => "0 to 23",
            Self::DayOfMonth => "1 to 31",
            Self::Month => "1 to 12 or JAN to DEC",
            Self::DayOfWeek => "1 (Sunday) to 7 (Saturday) or SUN to SAT",
            Self::Year => "1970 to 2099",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A cron expression that cannot be read: where, and what to change. The message is safe to show: it repeats at most a
/// short printable piece of the expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read the cron expression at column {column}{}: {problem}", in_field(*.field))]
pub struct CronError {
    field: Option<Field>,
    column: usize,
    problem: Problem,
}

fn in_field(field: Option<Field>) -> String {
    field.map(|field| format!(" ({field})")).unwrap_or_default()
}

impl CronError {
    pub(super) fn new(field: impl Into<Option<Field>>, column: usize, problem: Problem) -> Self {
        Self { field: field.into(), column, problem }
    }

    /// The field in which the mistake is; `None` when it is about the whole expression.
    pub fn field(&self) -> Option<Field> {
        self.field
    }

    /// Column of the offending piece, counted in characters from 1.
    pub fn column(&self) -> usize {
        self.column
    }

    /// What is wrong there.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

/// The kinds of mistakes in a cron expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// More than [`MAX_CHARS`] characters.
    #[error("the expression has {length} characters, at most {MAX_CHARS} are allowed")]
    TooLong {
        /// Length of the text in characters.
        length: usize,
    },
    /// Too few fields.
    #[error("there are {found} fields, write {}", shape(*.seconds))]
    TooFewFields {
        /// Fields there are.
        found: usize,
        /// Whether the form is the one with seconds.
        seconds: bool,
    },
    /// Too many fields.
    #[error("there are {found} fields, write {}", shape(*.seconds))]
    TooManyFields {
        /// Fields there are.
        found: usize,
        /// Whether the form is the one with seconds.
        seconds: bool,
    },
    /// Both day fields name days.
    #[error("day of month and day of week cannot both name days, put `?` in one of them")]
    BothDays,
    /// Neither day field names days.
    #[error("day of month and day of week are both `?`, put `*` in one of them for every day")]
    NoDays,
    /// `?` in a field that is not about days.
    #[error("`?` can only stand for the day of month or the day of week, write `*` here")]
    QuestionMark,
    /// `?` beside something else.
    #[error("`?` must stand alone in its field, remove it or the rest")]
    QuestionMarkInList,
    /// A number outside the field's values.
    #[error("{} is not a value here, use {}", echo(.found), .field.values())]
    OutOfRange {
        /// The number as written.
        found: String,
        /// The field.
        field: Field,
    },
    /// Three letters that are no name of this field.
    #[error("{} is not a name here, use {}", echo(.found), .field.values())]
    UnknownName {
        /// The letters as written.
        found: String,
        /// The field.
        field: Field,
    },
    /// A step larger than the field.
    #[error("the step {} is too large, use 1 to {largest}", echo(.found))]
    StepTooLarge {
        /// The step as written.
        found: String,
        /// The largest step that may be written.
        largest: u32,
    },
    /// `/` without a number after it.
    #[error("a number is missing after `/`, write for example `*/5`")]
    MissingStep,
    /// `-` without a value of the same kind after it.
    #[error("the range has no end, write two numbers or two names, for example `2-6`")]
    MissingRangeEnd,
    /// A range of years that goes backwards.
    #[error("the range of years goes backwards, write the smaller year first")]
    YearsBackwards,
    /// `L` where it means nothing, or in a list.
    #[error("`L` can only stand alone or after a day of the week, and not in a list: write `L`, `L-3`, `LW` or `6L`")]
    MisplacedLast,
    /// `L-31` and beyond.
    #[error("{} days before the last day are too many, use 0 to 30", echo(.found))]
    LastOffset {
        /// The number as written.
        found: String,
    },
    /// `W` where it means nothing.
    #[error("`W` can only stand after a single day of the month or after `L`: write `15W` or `LW`")]
    MisplacedWeekday,
    /// `#` where it means nothing, twice, or with a wrong number.
    #[error("`#` can only stand once, after a day of the week and before 1 to 5: write `6#3` for the third Friday")]
    MisplacedNth,
    /// Nothing but commas.
    #[error("there is no value between the commas, write one or `*`")]
    EmptyList,
    /// Text that has no meaning there.
    #[error("{} has no meaning here, remove it", echo(.found))]
    Unexpected {
        /// The text as written.
        found: String,
    },
}

fn shape(seconds: bool) -> &'static str {
    if seconds {
        "6 or 7: seconds, minutes, hours, day of month, month, day of week and perhaps year"
    } else {
        "5 or 6: minutes, hours, day of month, month, day of week and perhaps year"
    }
}

/// Puts a piece of the expression in backticks, without control characters and cut to a bearable length.
fn echo(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_ECHO).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().count() > MAX_ECHO {
        shown.push_str("...");
    }
    format!("`{shown}`")
}
