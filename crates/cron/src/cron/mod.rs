//! Quartz cron expressions.

mod days;
mod describe;
mod error;
mod item;
mod parse;
mod search;

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub use error::{CronError, Field, Problem};

use days::DayRule;

/// Longest expression that is read, in characters. The longest useful ones, lists of all seconds, have fewer than 200.
pub const MAX_CHARS: usize = 1024;

/// A Quartz cron expression that was understood.
///
/// # Fields
///
/// `seconds minutes hours day-of-month month day-of-week [year]`, split by blanks or tabs; upper and lower case do not
/// matter. The published API leaves the seconds out ([`Cron::parse_without_seconds`]).
///
/// | Written | Meaning |
/// |---|---|
/// | `*` | every value |
/// | `?` | no condition, in exactly one of the two day fields |
/// | `5`, `MAR`, `FRI` | one value; days of the week are 1 (Sunday) to 7 (Saturday) |
/// | `2-6`, `MON-FRI`, `22-4`, `FRI-MON` | a range, both ends included; it may wrap, except for years |
/// | `0/15`, `*/15`, `/15`, `8-18/2` | every so many from the first value on, to the field's or the range's end |
/// | `1,3,20-25` | a list |
/// | `L`, `L-3` | the last day of the month, three days before it |
/// | `LW`, `L-3W`, `15W` | the weekday (Monday to Friday) of the same month nearest to that day |
/// | `L` as day of week | Saturday |
/// | `6L`, `FRIL` | the last Friday of the month |
/// | `6#3`, `FRI#3` | the third Friday of the month |
///
/// # What follows Quartz against intuition
///
/// These are well-formed and fire as in Quartz 2.3.2 (`recorded`); [`Cron::notes`] says so in words.
///
/// - With `W` in a list of days only the smallest day of the list counts, as one with `W`.
/// - With `#` in a list of weekdays only the smallest weekday of the list counts, as one with that `#`.
/// - A step after a name or a range of names has no effect: `MON-FRI/2` is `MON-FRI`.
/// - A month that lacks the day of `31W` counts as if it went on: when that day would be a Saturday, the Friday before it
///   is the nearest weekday, the 30th. So does `L-30W` at the other end: when "day 0" is a Sunday, it is the 1st.
/// - A step of 0 stands for 1 after `*`, and for no step at all after a value or a range: `5-9/0` is `5`.
///
/// # Where Quartz and we differ
///
/// - Text that Quartz reads past without using it is refused with the cure: more fields than seven, letters after a
///   value (`MONDAY`, `1-5W`, `15WX`, `*5`), `?` in a list, `L` in a field where it has no meaning,
///   weekdays that do not exist (`8#1`).
/// - Years are 1970 to 2099. Quartz takes any number, and how far it looks depends on the clock of its machine.
/// - Where Quartz searches for ever, we do not: `0W` is refused; months too short for `L-29W` and the like are passed over;
///   a `W` day whose time falls into a gap of the clock is skipped, as other days are.
/// - Behind a gap that is not one whole hour at a whole hour (Lord Howe: half an hour, Troll: two) Quartz may pass over times
///   that exist and match; we fire at all of them. A `W` day that a zone left out (Apia, 30 December 2011) has no nearest
///   weekday.
/// - For `29W` and `30W` Quartz fires on the last Friday of a February that lacks the day, if the day would be a Saturday,
///   the expression does not name January or the search starts in that February. We leave the start of the search out of
///   it, so that a preview and the scheduler always agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    text: String,
    with_seconds: bool,
    fields: Fields,
    notes: Vec<Note>,
}

/// The fields as sets; bit `n` stands for the value `n`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fields {
    seconds: u64,
    minutes: u64,
    hours: u32,
    days: DayRule,
    months: u16,
    years: Years,
}

/// The years of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Years {
    Every,
    /// In ascending order.
    Listed(Vec<i16>),
}

impl Years {
    fn contains(&self, year: i16) -> bool {
        match self {
            Self::Every => true,
            Self::Listed(years) => years.binary_search(&year).is_ok(),
        }
    }
}

/// Something in an expression that has less effect than it seems to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// Days beside one with `W`.
    OnlySmallestNearest {
        /// The day that counts.
        day: u8,
    },
    /// Weekdays beside one with `#`.
    OnlySmallestNth {
        /// The weekday that counts, 1 for Sunday to 7 for Saturday.
        weekday: u8,
    },
    /// A step after a name.
    StepAfterName(Field),
    /// A step of 0.
    StepZero(Field),
    /// There is no such date between [`MIN_YEAR`](crate::MIN_YEAR) and [`MAX_YEAR`](crate::MAX_YEAR).
    NeverFires,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnlySmallestNearest { day } => {
                write!(f, "beside `W` only the smallest day of the list counts, as `{day}W`; use several triggers")
            }
            Self::OnlySmallestNth { weekday } => {
                let name = crate::words::WEEKDAYS[usize::from(weekday - 1)];
                write!(f, "beside `#` only the first weekday of the list counts, {name}; use several triggers")
            }
            Self::StepAfterName(field) => write!(f, "in {field} the step after a name has no effect, use numbers"),
            Self::StepZero(field) => write!(f, "in {field} a step of 0 has no effect, write 1 or more"),
            Self::NeverFires => f.write_str("there is no such date, so this never fires"),
        }
    }
}

impl Cron {
    /// Reads an expression of 6 or 7 fields that begins with the seconds, as Quartz does.
    ///
    /// # Errors
    ///
    /// Names field, column and cure of the first mistake.
    pub fn parse(text: &str) -> Result<Self, CronError> {
        parse::parse(text, true)
    }

    /// Reads an expression of 5 or 6 fields that begins with the minutes, as the published API has it (`spec`); the
    /// second is 0.
    ///
    /// # Errors
    ///
    /// Names field, column and cure of the first mistake.
    pub fn parse_without_seconds(text: &str) -> Result<Self, CronError> {
        parse::parse(text, false)
    }

    /// The expression as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the first field is the seconds.
    pub fn has_seconds(&self) -> bool {
        self.with_seconds
    }

    /// What in this expression has less effect than it seems to have; empty for most.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// The first instant after `after` at which Quartz fires, always a whole second; `None` when there is none until the
    /// end of [`MAX_YEAR`](crate::MAX_YEAR). The crate's documentation says what a change of the clocks does.
    pub fn next_after(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        search::next_after(&self.fields, after, zone, None)
    }

    /// All instants after `after`, each found from the one before, as a scheduler does.
    pub fn fires<'a>(&'a self, after: Timestamp, zone: &'a TimeZone) -> Fires<'a> {
        Fires { cron: self, zone, last: Some(after) }
    }

    /// The expression in plain English, without the zone: `at 02:30, on Monday to Friday`.
    pub fn describe(&self) -> String {
        describe::describe(&self.fields)
    }

    /// The smallest matching wall-clock time not before `from`.
    pub(crate) fn next_wall(&self, from: jiff::civil::DateTime) -> Option<jiff::civil::DateTime> {
        search::next_wall(&self.fields, from)
    }

    /// [`Cron::next_after`] that finds nothing before the wall-clock time `start`.
    pub(crate) fn next_after_start(
        &self,
        after: Timestamp,
        zone: &TimeZone,
        start: Option<jiff::civil::DateTime>,
    ) -> Option<Timestamp> {
        search::next_after(&self.fields, after, zone, start)
    }
}

/// With seconds, as [`Cron::parse`].
impl FromStr for Cron {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Self, CronError> {
        Self::parse(text)
    }
}

/// As it was written.
impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The instants of an expression in ascending order; see [`Cron::fires`].
#[derive(Debug, Clone)]
pub struct Fires<'a> {
    cron: &'a Cron,
    zone: &'a TimeZone,
    last: Option<Timestamp>,
}

impl Iterator for Fires<'_> {
    type Item = Timestamp;

    fn next(&mut self) -> Option<Timestamp> {
        self.last = self.cron.next_after(self.last?, self.zone);
        self.last
    }
}

impl std::iter::FusedIterator for Fires<'_> {}
