//! Times for people, and times that people type.

use crate::exit::{Failure, Result};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, civil};

/// `2026-02-03 10:27:20` in the local zone; empty for an absent time, the text itself when it is no time.
pub(crate) fn local(text: Option<&str>, zone: &TimeZone) -> String {
    shown(text, zone, "%Y-%m-%d %H:%M:%S")
}

/// Like [`local`], with milliseconds.
pub(crate) fn local_exact(text: &str, zone: &TimeZone) -> String {
    shown(Some(text), zone, "%Y-%m-%d %H:%M:%S%.3f")
}

fn shown(text: Option<&str>, zone: &TimeZone, format: &str) -> String {
    let Some(text) = text else { return String::new() };
    match text.parse::<Timestamp>() {
        Ok(at) => at.to_zoned(zone.clone()).strftime(format).to_string(),
        Err(_) => text.to_owned(),
    }
}

/// An instant in milliseconds since 1970 as [`local_exact`] shows it.
pub(crate) fn local_millis(millis: i64, zone: &TimeZone) -> String {
    let at = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
}

/// Time from one RFC 3339 text to another; `None` when one is missing or not readable.
pub(crate) fn between(from: Option<&str>, to: Option<&str>) -> Option<SignedDuration> {
    let at = |text: Option<&str>| text?.parse::<Timestamp>().ok();
    Some(at(to)?.duration_since(at(from)?))
}

/// `0.4s`, `12s`, `3m 05s`, `2h 01m`, `3d 4h`.
pub(crate) fn spoken(duration: SignedDuration) -> String {
    let millis = duration.as_millis().max(0);
    let seconds = millis / 1000;
    match seconds {
        0..10 => format!("{seconds}.{}s", millis % 1000 / 100),
        10..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h {:02}m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}d {}h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// Reads `--since`: `90s`, `10m`, `2h`, `3d`, a date, a local date and time, or an RFC 3339 instant.
pub(crate) fn since(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp> {
    let bad = || {
        Failure::usage(format!("`{text}` is no time for `--since`"))
            .hint("write it like 10m, 2h, 3d, 2026-02-03, 2026-02-03T09:30 or 2026-02-03T09:30:00Z")
    };
    if let Some(ago) = ago(text) {
        return now.checked_sub(ago).map_err(|_| bad());
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let local = text.parse::<civil::DateTime>().map_err(|_| bad())?;
    Ok(local.to_zoned(zone.clone()).map_err(|_| bad())?.timestamp())
}

fn ago(text: &str) -> Option<SignedDuration> {
    let unit = text.chars().last()?;
    let number = text.strip_suffix(unit)?;
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = number.parse().ok()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    Some(SignedDuration::from_secs(number.checked_mul(seconds)?))
}

/// The form in which log requests name a second (source: doc).
pub(crate) fn api_second(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn zone() -> TimeZone {
        TimeZone::fixed(jiff::tz::offset(2))
    }

    #[test]
    fn times_are_shown_in_the_local_zone() {
        assert_eq!(local(Some("2026-02-03T09:27:20.412Z"), &zone()), "2026-02-03 11:27:20");
        assert_eq!(local_exact("2026-02-03T09:27:20.412Z", &zone()), "2026-02-03 11:27:20.412");
        assert_eq!(local_millis(1_770_109_652_123, &TimeZone::UTC), "2026-02-03 09:07:32.123");
        assert_eq!(local(None, &zone()), "");
        assert_eq!(local(Some("soon"), &zone()), "soon");
    }

    #[test]
    fn durations_are_short() {
        let spoken = |millis| spoken(SignedDuration::from_millis(millis));
        assert_eq!(spoken(412), "0.4s");
        assert_eq!(spoken(12_900), "12s");
        assert_eq!(spoken(185_000), "3m 05s");
        assert_eq!(spoken(7_260_000), "2h 01m");
        assert_eq!(spoken(273_600_000), "3d 4h");
        assert_eq!(spoken(-5), "0.0s");
    }

    #[test]
    fn since_reads_ages_dates_and_instants() {
        let now: Timestamp = "2026-02-03T12:00:00Z".parse().unwrap();
        let read = |text| since(text, now, &zone()).map(api_second);
        assert_eq!(read("90s").unwrap(), "2026-02-03T11:58:30Z");
        assert_eq!(read("2h").unwrap(), "2026-02-03T10:00:00Z");
        assert_eq!(read("3d").unwrap(), "2026-01-31T12:00:00Z");
        assert_eq!(read("2026-02-03").unwrap(), "2026-02-02T22:00:00Z");
        assert_eq!(read("2026-02-03T09:30").unwrap(), "2026-02-03T07:30:00Z");
        assert_eq!(read("2026-02-03T09:30:00Z").unwrap(), "2026-02-03T09:30:00Z");
        for bad in ["", "m", "10", "-5m", "10y", "yesterday", "99999999999999999d", "ä"] {
            assert_eq!(read(bad).unwrap_err().exit, crate::exit::Exit::Usage, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn since_never_panics(text in ".*") {
            let now: Timestamp = "2026-02-03T12:00:00Z".parse().unwrap();
            let _ = since(&text, now, &zone());
        }
    }
}
