//! What changes of the clocks do to a rule.

use std::fmt;

use jiff::civil::DateTime;
use jiff::{Timestamp, tz::TimeZone};

use crate::rule::{Rule, TriggerKind};
use crate::{words, zone};

/// At most this many changes are explained in one call: fifty years of two changes.
pub const MAX_CHANGES: usize = 100;

/// At most this many wall-clock times are listed for one change.
pub const MAX_LISTED: usize = 60;

/// Which way the clocks go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Wall-clock times are left out.
    Forward,
    /// Wall-clock times come twice.
    Back,
}

/// One change of the clocks and what it does to one rule.
///
/// Its text form is one or two sentences for people: `2026-03-29: the clock goes forward from 02:00 to 03:00. 02:30 does
/// not exist and does not fire.`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockChange {
    /// When it happens.
    pub at: Timestamp,
    /// Which way.
    pub direction: Direction,
    /// What the clock would show at that instant without the change.
    pub old: DateTime,
    /// What it shows instead.
    pub new: DateTime,
    /// Times named by the rule that do not exist or come twice, ascending; at most [`MAX_LISTED`], see [`Self::more`].
    pub affected: Vec<DateTime>,
    /// Whether there are further affected times that are not listed.
    pub more: bool,
    /// Whether the rule follows Quartz: times in a gap do not fire, others fire the second time. Else times in a gap fire
    /// at [`Self::at`], others the first time.
    pub as_quartz: bool,
}

/// Explains each change of the clocks from `from` (included) to `to` (not included) in the rule's zone, also those that
/// do not touch the rule; at most [`MAX_CHANGES`]. Changes of a zone's name or daylight mark alone are none.
pub fn explain_changes(rule: &Rule, from: Timestamp, to: Timestamp) -> Vec<ClockChange> {
    let zone = rule.zone();
    let before = from.checked_sub(jiff::Span::new().nanoseconds(1)).unwrap_or(from);
    let changes = zone.following(before).map(|change| change.timestamp());
    let changes = changes.take_while(|at| *at < to && rule.end().is_none_or(|end| *at <= end));
    changes.filter_map(|at| explain(rule, zone, at)).take(MAX_CHANGES).collect()
}

fn explain(rule: &Rule, zone: &TimeZone, at: Timestamp) -> Option<ClockChange> {
    let new = zone.to_datetime(at);
    let just_before = at.checked_sub(jiff::Span::new().nanoseconds(1)).ok()?;
    let old = zone.to_offset(just_before).to_datetime(at);
    let (direction, first, behind) = match old.cmp(&new) {
        std::cmp::Ordering::Less => (Direction::Forward, old, new),
        std::cmp::Ordering::Greater => (Direction::Back, new, old),
        std::cmp::Ordering::Equal => return None,
    };
    let next = |from: DateTime| rule.next_wall(from).filter(|wall| *wall < behind);
    let mut named = std::iter::successors(next(first), |wall| next(zone::second_later(*wall)?));
    let affected: Vec<DateTime> = named.by_ref().take(MAX_LISTED).collect();
    let more = affected.len() == MAX_LISTED && named.next().is_some();
    let as_quartz = rule.kind() == TriggerKind::Cron;
    Some(ClockChange { at, direction, old, new, affected, more, as_quartz })
}

impl fmt::Display for ClockChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = match self.direction {
            Direction::Forward => "forward",
            Direction::Back => "back",
        };
        let (old, new) = (clock(self.old, self.new), clock(self.new, self.new));
        write!(f, "{}: the clock goes {way} from {old} to {new}. ", self.old.date())?;
        if self.affected.is_empty() {
            return f.write_str("Nothing of this trigger falls into that time.");
        }
        f.write_str(&self.times())?;
        let one = self.affected.len() == 1;
        let (exists, comes, fires) =
            if one { ("does not exist", "comes", "fires") } else { ("do not exist", "come", "fire") };
        match (self.direction, self.as_quartz, one) {
            (Direction::Forward, true, true) => write!(f, " {exists} and does not fire."),
            (Direction::Forward, true, false) => write!(f, " {exists} and do not fire."),
            (Direction::Forward, false, true) => write!(f, " {exists} and fires at {new} instead."),
            (Direction::Forward, false, false) => write!(f, " {exists} and fire once at {new} instead."),
            (Direction::Back, true, _) => write!(f, " {comes} twice and {fires} only the second time."),
            (Direction::Back, false, _) => write!(f, " {comes} twice and {fires} only the first time."),
        }
    }
}

impl ClockChange {
    /// A few of the affected times in words.
    fn times(&self) -> String {
        let shown = self.affected.iter().take(4).map(|wall| clock(*wall, self.new));
        let mut shown: Vec<String> = shown.collect();
        let left = self.affected.len() - shown.len();
        if self.more {
            shown.push(format!("more than {left} others"));
        } else if left > 0 {
            shown.push(words::count(left, "other"));
        }
        words::and(&shown)
    }
}

/// A time of the day, with the date where it is another than that of `near` and seconds where there are any.
fn clock(wall: DateTime, near: DateTime) -> String {
    let time = if wall.second() == 0 { wall.strftime("%H:%M") } else { wall.strftime("%H:%M:%S") };
    if wall.date() == near.date() { time.to_string() } else { format!("{} {time}", wall.date()) }
}
