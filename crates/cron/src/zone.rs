//! Between wall-clock times and instants.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};

/// What a wall-clock time is in a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Instant {
    /// It comes once.
    Once(Timestamp),
    /// It comes twice.
    Twice {
        /// The first time.
        first: Timestamp,
        /// The second time.
        second: Timestamp,
    },
    /// The clock jumps over it.
    Never {
        /// The instant at which the clock jumps.
        jump: Timestamp,
        /// What the clock shows after the jump; always later than the wall-clock time asked for.
        shows: DateTime,
    },
}

/// Finds out; `None` when the instant would lie outside the years that can be written.
pub(crate) fn instant(zone: &TimeZone, wall: DateTime) -> Option<Instant> {
    match zone.to_ambiguous_timestamp(wall).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(wall).ok().map(Instant::Once),
        AmbiguousOffset::Fold { before, after } => {
            let first = before.to_timestamp(wall).ok()?;
            let second = after.to_timestamp(wall).ok()?;
            Some(Instant::Twice { first, second })
        }
        AmbiguousOffset::Gap { before: _, after } => {
            let before_jump = after.to_timestamp(wall).ok()?;
            let mut jumps = zone.following(before_jump).take(4);
            jumps.find_map(|jump| {
                let shows = zone.to_datetime(jump.timestamp());
                (shows > wall).then_some(Instant::Never { jump: jump.timestamp(), shows })
            })
        }
    }
}

/// The first whole second after an instant.
pub(crate) fn next_second(after: Timestamp) -> Option<Timestamp> {
    let floor = after.as_nanosecond().div_euclid(1_000_000_000);
    Timestamp::from_second(i64::try_from(floor).ok()? + 1).ok()
}

/// The wall-clock time one second later.
pub(crate) fn second_later(wall: DateTime) -> Option<DateTime> {
    wall.checked_add(1.second()).ok()
}
