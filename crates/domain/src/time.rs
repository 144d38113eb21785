//! Text forms of instants. Inside the program an instant is an `i64` of milliseconds since the epoch.

use jiff::Timestamp;
use jiff::fmt::strtime;

/// The instant, or the nearest end of the range that can be written (years -9999 to 9999, a day short at both ends).
fn timestamp(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(if ms < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// `2026-02-03T09:27:20.412Z`: UTC, exactly milliseconds, `Z` (source: client, one parses with a fixed pattern).
pub fn to_text(ms: i64) -> String {
    let timestamp = timestamp(ms);
    let seconds = strtime::format("%Y-%m-%dT%H:%M:%S", timestamp).unwrap_or_default();
    format!("{seconds}.{:03}Z", timestamp.as_millisecond().rem_euclid(1000))
}

/// Reads an RFC 3339 instant; `None` when the text is not one.
pub fn from_text(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(|t| t.as_millisecond())
}

/// `yyyyMMddHHmmss`, the tail of a generated artifact version (source: client).
pub fn version_stamp(ms: i64) -> String {
    let timestamp = timestamp(ms);
    strtime::format("%Y%m%d%H%M%S", timestamp).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_milliseconds_and_z_and_reads_back() {
        for ms in [0, 1, 999, 1_770_109_652_123, 1_770_109_652_000, 253_402_200_000_000] {
            let text = to_text(ms);
            assert_eq!(text.len(), 24, "{text}");
            assert!(text.ends_with('Z'));
            assert_eq!(from_text(&text), Some(ms));
        }
        assert_eq!(to_text(1_770_109_640_412), "2026-02-03T09:07:20.412Z");
        assert_eq!(to_text(i64::MAX), "9999-12-30T22:00:00.999Z");
        assert_eq!(from_text("yesterday"), None);
    }
}
