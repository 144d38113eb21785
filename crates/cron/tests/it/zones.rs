//! Zones for tests, from the data that comes with the library.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// Zone data that does not depend on the machine.
pub(crate) static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A zone by its name.
pub(crate) fn zone(name: &str) -> TimeZone {
    ZONES.get(name).unwrap()
}

/// An instant by its text.
pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
