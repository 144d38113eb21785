//! When a trigger is due, as it is written and stored, and the rule made of it.

use crate::error::Error;
use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;
use serde::{Deserialize, Serialize};
use stoker_cron::{DayKind, DaysSpec, Rule, TimeKind, TimesSpec, TriggerKind, TriggerSpec};

/// Times of the day of a trigger (source: spec, `TimeSchedule`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AtTimes {
    /// `AT_TIME`, `AT_SPECIFIC_TIMES` or `AT_INTERVALS`.
    #[serde(rename = "type")]
    pub kind: String,
    /// HH:mm each, for `AT_SPECIFIC_TIMES`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<Vec<String>>,
    /// HH:mm, for `AT_TIME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// HH:mm, for `AT_INTERVALS`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<String>,
    /// HH:mm, for `AT_INTERVALS`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<String>,
    /// Minutes, for `AT_INTERVALS`, 1 to 1440.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<i32>,
}

/// Days of a trigger (source: spec, `DaySchedule`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AtDays {
    /// `DAY_OF_WEEK` or `DAY_OF_MONTH`.
    #[serde(rename = "type")]
    pub kind: String,
    /// 1 to 31, for `DAY_OF_MONTH`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<i32>,
    /// `MONDAY` to `SUNDAY`, for `DAY_OF_WEEK`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<Vec<String>>,
}

/// When a trigger is due (source: spec, the common part of `Trigger` and `ScheduleTrigger`). This is also the stored
/// form: fields may be added, with a default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Definition {
    /// `ONCE`, `DAILY`, `WEEKLY`, `MONTHLY` or `CRON`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Days, weeks or months from one to the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<i32>,
    /// yyyy-MM-dd.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date: Option<String>,
    /// HH:mm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<String>,
    /// Name of a time zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Times of the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_times: Option<AtTimes>,
    /// Days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_days: Option<AtDays>,
    /// Quartz expression without seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron_expression: Option<String>,
}

/// Types of triggers that time starts.
const KINDS: [TriggerKind; 5] =
    [TriggerKind::Once, TriggerKind::Daily, TriggerKind::Weekly, TriggerKind::Monthly, TriggerKind::Cron];

/// An empty text is what some clients send for nothing.
fn given(text: &Option<String>) -> Option<String> {
    text.clone().filter(|text| !text.is_empty())
}

impl Definition {
    /// The rule; `place` is what stands before the field names in messages: `trigger.`, or nothing.
    ///
    /// # Errors
    ///
    /// Names every wrong field.
    pub fn rule(&self, zones: &TimeZoneDatabase, place: &str) -> Result<Rule, Error> {
        let kind = KINDS.into_iter().find(|kind| kind.name() == self.kind).ok_or_else(|| {
            Error::invalid(format!(
                "{place}type: {:?} is not ONCE, DAILY, WEEKLY, MONTHLY or CRON",
                shortened(&self.kind)
            ))
        })?;
        let spec = TriggerSpec {
            kind,
            interval: self.interval,
            start_date: given(&self.start_date),
            start_time: given(&self.start_time),
            time_zone: given(&self.time_zone),
            at_times: self.at_times.as_ref().map(|times| times.spec(place)).transpose()?,
            at_days: self.at_days.as_ref().map(|days| days.spec(place)).transpose()?,
            cron_expression: given(&self.cron_expression),
            end: None,
        };
        Rule::new(&spec, zones).map_err(|error| {
            let wrong: Vec<String> = error.fields().iter().map(|wrong| format!("{place}{wrong}")).collect();
            Error::invalid(wrong.join("; "))
        })
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

impl AtTimes {
    fn spec(&self, place: &str) -> Result<TimesSpec, Error> {
        let kinds = [TimeKind::AtTime, TimeKind::AtSpecificTimes, TimeKind::AtIntervals];
        let kind = kinds.into_iter().find(|kind| kind.name() == self.kind).ok_or_else(|| {
            Error::invalid(format!(
                "{place}atTimes.type: {:?} is not AT_TIME, AT_SPECIFIC_TIMES or AT_INTERVALS",
                shortened(&self.kind)
            ))
        })?;
        Ok(TimesSpec {
            kind,
            time: given(&self.time),
            times: self.times.clone().unwrap_or_default(),
            start_time: given(&self.start_time),
            end_time: given(&self.end_time),
            interval: self.interval,
        })
    }
}

impl AtDays {
    fn spec(&self, place: &str) -> Result<DaysSpec, Error> {
        let kinds = [DayKind::DayOfWeek, DayKind::DayOfMonth];
        let kind = kinds.into_iter().find(|kind| kind.name() == self.kind).ok_or_else(|| {
            Error::invalid(format!(
                "{place}atDays.type: {:?} is not DAY_OF_WEEK or DAY_OF_MONTH",
                shortened(&self.kind)
            ))
        })?;
        Ok(DaysSpec { kind, day: self.day, last: false, days: self.days.clone().unwrap_or_default() })
    }
}

/// The instant of milliseconds since the epoch, or the nearest end of what can be written.
pub(crate) fn instant(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(if ms < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// The first due instant after `ms`, in milliseconds.
pub(crate) fn next_ms(rule: &Rule, ms: i64) -> Option<i64> {
    rule.next_after(instant(ms)).map(|next| next.as_millisecond())
}

/// What the scheduler has to do for one trigger now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    /// The latest instant that is due; the others are passed over with it.
    pub(crate) at_ms: i64,
    /// Whether it is too late for a start.
    pub(crate) late: bool,
    /// How many earlier instants were due and not acted on; counting ends at [`COUNTED`].
    pub(crate) missed: i64,
    /// When it is due again.
    pub(crate) next_ms: Option<i64>,
}

/// Missed instants are counted up to here.
const COUNTED: i64 = 1_000;

/// Looks from the stored due instant `from_ms` to now. Of several due instants only the latest can be started: the
/// others were missed while no server ran (source: inferred, as Quartz does by default). One that is more than
/// `late_after_ms` old is too late.
pub(crate) fn due(rule: &Rule, from_ms: i64, now_ms: i64, late_after_ms: i64) -> Due {
    let (mut at_ms, mut missed) = (from_ms, 0);
    let mut next = next_ms(rule, from_ms);
    while let Some(instant) = next.filter(|instant| *instant <= now_ms) {
        if missed == COUNTED {
            // A very long outage: look only at what could still be started, or at the last day.
            let recent =
                [late_after_ms, 24 * 60 * 60 * 1000].into_iter().find_map(|ago| last_in(rule, now_ms - ago, now_ms));
            at_ms = recent.unwrap_or(at_ms).max(at_ms);
            next = next_ms(rule, now_ms);
            break;
        }
        missed += 1;
        at_ms = instant;
        next = next_ms(rule, instant);
    }
    Due { at_ms, late: now_ms - at_ms > late_after_ms, missed, next_ms: next }
}

/// The last due instant after `from_ms` and not after `to_ms`.
fn last_in(rule: &Rule, from_ms: i64, to_ms: i64) -> Option<i64> {
    let first = next_ms(rule, from_ms).filter(|at| *at <= to_ms)?;
    std::iter::successors(Some(first), |at| next_ms(rule, *at).filter(|next| *next <= to_ms)).last()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINUTE: i64 = 60_000;
    const LATE: i64 = 15 * MINUTE;

    fn zones() -> TimeZoneDatabase {
        TimeZoneDatabase::bundled()
    }

    fn cron(expression: &str) -> Rule {
        let definition = Definition {
            kind: "CRON".to_owned(),
            time_zone: Some("Europe/Berlin".to_owned()),
            cron_expression: Some(expression.to_owned()),
            ..Definition::default()
        };
        definition.rule(&zones(), "trigger.").expect("a rule")
    }

    #[test]
    fn messages_name_the_field_with_its_place_in_the_body() {
        let text = |json: &str| {
            let definition: Definition = serde_json::from_str(json).expect("read");
            definition.rule(&zones(), "trigger.").expect_err("it is wrong").to_string()
        };
        assert!(text(r#"{"type":"HOURLY"}"#).starts_with("trigger.type: \"HOURLY\""));
        assert!(text(r#"{"type":"CRON","timeZone":"UTC"}"#).contains("trigger.cronExpression:"));
        assert!(
            text(r#"{"type":"CRON","timeZone":"Mars/Base","cronExpression":"0 0 * * ?"}"#)
                .contains("trigger.timeZone:")
        );
        let times =
            text(r#"{"type":"DAILY","interval":1,"startDate":"2026-02-05","timeZone":"UTC","atTimes":{"type":"X"}}"#);
        assert!(times.starts_with("trigger.atTimes.type:"), "{times}");
    }

    #[test]
    fn the_stored_form_is_read_back_and_leaves_out_what_is_absent() {
        let text = r#"{"type":"WEEKLY","interval":2,"startDate":"2026-02-05","timeZone":"UTC","atTimes":{"type":"AT_TIME","time":"02:30"},"atDays":{"type":"DAY_OF_WEEK","days":["MONDAY"]}}"#;
        let definition: Definition = serde_json::from_str(text).expect("read");
        assert_eq!(serde_json::to_string(&definition).expect("write"), text);
    }

    #[test]
    fn of_several_due_instants_the_latest_counts() {
        let rule = cron("0/5 * * * ?");
        let base = 1_770_109_200_000;
        let on_time = Due { at_ms: base, late: false, missed: 0, next_ms: Some(base + 5 * MINUTE) };
        assert_eq!(due(&rule, base, base, LATE), on_time);
        assert_eq!(due(&rule, base, base + 5 * MINUTE - 1, LATE), on_time);
        let later = due(&rule, base, base + 12 * MINUTE, LATE);
        assert_eq!(later, Due { at_ms: base + 10 * MINUTE, late: false, missed: 2, next_ms: Some(base + 15 * MINUTE) });
    }

    #[test]
    fn after_a_long_outage_a_rare_trigger_is_too_late_and_a_frequent_one_goes_on() {
        let base = 1_770_109_200_000;
        let daily = cron("0 10 * * ?");
        let first = next_ms(&daily, base - 24 * 60 * MINUTE).expect("a day");
        let found = due(&daily, first, first + 20 * MINUTE, LATE);
        assert!(found.late && found.missed == 0, "{found:?}");
        let year = 365 * 24 * 60 * MINUTE;
        let frequent = due(&cron("0/5 * * * ?"), base, base + year, LATE);
        assert_eq!((frequent.at_ms, frequent.late, frequent.missed), (base + year, false, COUNTED));
        assert_eq!(frequent.next_ms, Some(base + year + 5 * MINUTE));
    }

    proptest! {
        /// However the passes of the scheduler fall, each instant is acted on or counted as missed, once.
        #[test]
        fn no_instant_is_lost_or_doubled(pauses in proptest::collection::vec(1i64..40 * MINUTE, 1..60)) {
            let rule = cron("3/7 * * * ?");
            let mut now = 1_774_500_000_000;
            let mut stored = next_ms(&rule, now);
            let first = stored.expect("it is due sometime");
            let (mut acted, mut last) = (0, None);
            for pause in pauses {
                now += pause;
                if let Some(from) = stored.filter(|at| *at <= now) {
                    let found = due(&rule, from, now, LATE);
                    prop_assert!(found.at_ms <= now && found.at_ms >= from && last.is_none_or(|l| l < found.at_ms));
                    prop_assert!(found.next_ms.is_none_or(|next| next > now));
                    prop_assert_eq!(found.late, now - found.at_ms > LATE);
                    acted += 1 + found.missed;
                    last = Some(found.at_ms);
                    stored = found.next_ms;
                }
            }
            let all = rule.between(instant(first), instant(now + 1), usize::MAX).len() as i64;
            prop_assert_eq!(acted, all);
        }
    }
}
