//! From the written trigger to the rule.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::error::{FieldError, RuleError};
use super::spec::{DayKind, DaysSpec, TimeKind, TimesSpec, TriggerKind, TriggerSpec};
use super::{Cycle, MonthDays, Pattern, Rule};
use crate::{Cron, MAX_YEAR, MIN_YEAR};

/// Most times of a day that may be listed: one each minute.
pub const MAX_TIMES: usize = 1440;

/// Longest piece of a wrong value that a message repeats, in characters.
const MAX_ECHO: usize = 40;

const DAY_NAMES: [&str; 7] = ["SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"];

/// Collects what is wrong while reading on.
struct Check<'a> {
    spec: &'a TriggerSpec,
    wrong: Vec<FieldError>,
}

pub(super) fn check(spec: &TriggerSpec, zones: &TimeZoneDatabase) -> Result<Rule, RuleError> {
    let mut check = Check { spec, wrong: Vec::new() };
    let interval = check.interval();
    let start = check.start();
    let zone = check.zone(zones);
    let times = check.times();
    let cycle = check.cycle(interval, start);
    let cron = check.cron();
    if !check.wrong.is_empty() {
        return Err(RuleError::new(check.wrong));
    }
    let pattern = match (cron, cycle) {
        (Some(cron), _) => Pattern::Cron(cron),
        (None, Some(cycle)) => Pattern::Calendar { cycle, times },
        (None, None) => return Err(RuleError::new(vec![FieldError::new("type", "this kind of trigger has no times")])),
    };
    let zone = zone.unwrap_or(TimeZone::UTC);
    let rule = Rule { kind: spec.kind, pattern, zone, start, end: spec.end };
    if rule.next_after(jiff::Timestamp::MIN).is_none() {
        return Err(RuleError::new(vec![never(spec)]));
    }
    Ok(rule)
}

/// Why a well-formed trigger fires at no time at all.
fn never(spec: &TriggerSpec) -> FieldError {
    let (field, message) = match spec.kind {
        _ if spec.end.is_some() => ("end", "the trigger never fires before its end, choose a later one"),
        TriggerKind::Once => {
            ("atTimes.time", "the time lies before startTime, so this never fires; choose a later one")
        }
        TriggerKind::Cron => {
            ("cronExpression", "there is no such date from startDate on, so this never fires; change it")
        }
        _ => ("atDays", "no month that the interval reaches has this day, so this never fires; change one of them"),
    };
    FieldError::new(field, message)
}

impl Check<'_> {
    fn complain(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.wrong.push(FieldError::new(field, message));
    }

    /// A field that this kind of trigger does not use would have no effect; that is a mistake.
    fn unused(&mut self, present: bool, field: &str) {
        if present {
            let kind = self.spec.kind.name();
            self.complain(field, format!("a {kind} trigger does not use this field, leave it out"));
        }
    }

    fn interval(&mut self) -> u32 {
        let (unit, most) = match self.spec.kind {
            TriggerKind::Once | TriggerKind::Cron => {
                // Clients send 1 with everything; it says nothing.
                self.unused(self.spec.interval.is_some_and(|interval| interval != 1), "interval");
                return 1;
            }
            TriggerKind::Daily => ("days", 3660),
            TriggerKind::Weekly => ("weeks", 520),
            TriggerKind::Monthly => ("months", 120),
        };
        let interval = self.spec.interval.and_then(|interval| u32::try_from(interval).ok());
        match interval.filter(|interval| (1..=most).contains(interval)) {
            Some(interval) => interval,
            None => {
                self.complain("interval", format!("write the number of {unit} from one to the next, 1 to {most}"));
                1
            }
        }
    }

    fn start(&mut self) -> Option<DateTime> {
        let date = match &self.spec.start_date {
            Some(text) => match read_date(text) {
                Some(date) => Some(date),
                None => {
                    let message =
                        format!("{} is no date from {MIN_YEAR} to {MAX_YEAR}, write it as 2026-02-05", echo(text));
                    self.complain("startDate", message);
                    None
                }
            },
            None if self.spec.kind == TriggerKind::Cron => None,
            None => {
                self.complain("startDate", "write the first day as 2026-02-05");
                None
            }
        };
        let time = match &self.spec.start_time {
            Some(text) => self.time("startTime", text),
            None => Time::midnight(),
        };
        if date.is_none() && self.spec.start_date.is_none() && self.spec.start_time.is_some() {
            self.complain("startTime", "without startDate it has no effect, add that or leave this out");
        }
        Some(date?.to_datetime(time))
    }

    fn zone(&mut self, zones: &TimeZoneDatabase) -> Option<TimeZone> {
        let Some(name) = &self.spec.time_zone else {
            self.complain("timeZone", "write the name of a time zone such as Europe/Berlin or UTC");
            return None;
        };
        match zones.get(name) {
            Ok(zone) => Some(zone),
            Err(_) => {
                self.complain(
                    "timeZone",
                    format!("there is no time zone {}, use a name such as Europe/Berlin", echo(name)),
                );
                None
            }
        }
    }

    /// The minutes of the day, ascending.
    fn times(&mut self) -> Vec<u16> {
        if self.spec.kind == TriggerKind::Cron {
            self.unused(self.spec.at_times.is_some(), "atTimes");
            return Vec::new();
        }
        let mut times = match (&self.spec.at_times, &self.spec.start_time) {
            (Some(times), _) => self.at_times(times),
            // A wrong start time was complained about before.
            (None, Some(start)) => read_time(start).map(minute_of_day).into_iter().collect(),
            (None, None) => {
                self.complain(
                    "atTimes",
                    "write when it fires, for example {\"type\": \"AT_TIME\", \"time\": \"02:30\"}",
                );
                Vec::new()
            }
        };
        times.sort_unstable();
        times.dedup();
        times
    }

    fn at_times(&mut self, times: &TimesSpec) -> Vec<u16> {
        let kind = times.kind;
        if self.spec.kind == TriggerKind::Once && kind != TimeKind::AtTime {
            self.complain("atTimes.type", "a ONCE trigger fires at one time, write AT_TIME");
        }
        let present = [
            (times.time.is_some(), TimeKind::AtTime, "time"),
            (!times.times.is_empty(), TimeKind::AtSpecificTimes, "times"),
            (times.start_time.is_some(), TimeKind::AtIntervals, "startTime"),
            (times.end_time.is_some(), TimeKind::AtIntervals, "endTime"),
            (times.interval.is_some(), TimeKind::AtIntervals, "interval"),
        ];
        for (present, user, name) in present {
            if present && user != kind {
                let message = format!("{} does not use this field, leave it out or write {}", kind.name(), user.name());
                self.complain(format!("atTimes.{name}"), message);
            }
        }
        match kind {
            TimeKind::AtTime => vec![self.needed_time("atTimes.time", times.time.as_deref())],
            TimeKind::AtSpecificTimes => self.listed(&times.times),
            TimeKind::AtIntervals => self.spread(times),
        }
    }

    fn listed(&mut self, times: &[String]) -> Vec<u16> {
        if times.is_empty() || times.len() > MAX_TIMES {
            self.complain("atTimes.times", format!("write 1 to {MAX_TIMES} times, for example [\"02:30\"]"));
            return Vec::new();
        }
        let named = times.iter().enumerate();
        named.map(|(index, text)| minute_of_day(self.time(&format!("atTimes.times[{index}]"), text))).collect()
    }

    fn spread(&mut self, times: &TimesSpec) -> Vec<u16> {
        let from = self.needed_time("atTimes.startTime", times.start_time.as_deref());
        let to = self.needed_time("atTimes.endTime", times.end_time.as_deref());
        if to < from {
            self.complain("atTimes.endTime", "it lies before startTime, write a later time of the same day");
        }
        let interval = times.interval.and_then(|interval| u16::try_from(interval).ok());
        match interval.filter(|minutes| (1..=1440).contains(minutes)) {
            Some(minutes) => (from..=to).step_by(minutes.into()).collect(),
            None => {
                self.complain("atTimes.interval", "write the minutes from one time to the next, 1 to 1440");
                Vec::new()
            }
        }
    }

    fn needed_time(&mut self, field: &str, text: Option<&str>) -> u16 {
        match text {
            Some(text) => minute_of_day(self.time(field, text)),
            None => {
                self.complain(field, "write a time of the day as 02:30");
                0
            }
        }
    }

    fn time(&mut self, field: &str, text: &str) -> Time {
        read_time(text).unwrap_or_else(|| {
            self.complain(field, format!("{} is no time of the day, write hours and minutes as 02:30", echo(text)));
            Time::midnight()
        })
    }

    fn cycle(&mut self, interval: u32, start: Option<DateTime>) -> Option<Cycle> {
        let days = self.spec.at_days.as_ref();
        match self.spec.kind {
            TriggerKind::Once | TriggerKind::Daily | TriggerKind::Cron => self.unused(days.is_some(), "atDays"),
            TriggerKind::Weekly | TriggerKind::Monthly => {}
        }
        let start = start.map(DateTime::date);
        match self.spec.kind {
            TriggerKind::Once => Some(Cycle::Once { date: start? }),
            TriggerKind::Cron => None,
            TriggerKind::Daily => Some(Cycle::Days { first: start?, interval }),
            TriggerKind::Weekly => {
                let days = self.week_days(days);
                Some(Cycle::Weeks { first: start?, interval, days })
            }
            TriggerKind::Monthly => {
                let days = self.month_days(days);
                Some(Cycle::Months { first: start?, interval, days })
            }
        }
    }

    fn week_days(&mut self, days: Option<&DaysSpec>) -> u8 {
        match days {
            Some(days) if days.kind == DayKind::DayOfWeek => self.named_days(days),
            Some(_) => {
                self.complain("atDays.type", "a WEEKLY trigger fires on days of the week, write DAY_OF_WEEK");
                0
            }
            None => {
                let example = "write the days, for example {\"type\": \"DAY_OF_WEEK\", \"days\": [\"MONDAY\"]}";
                self.complain("atDays", example);
                0
            }
        }
    }

    fn month_days(&mut self, days: Option<&DaysSpec>) -> MonthDays {
        let Some(days) = days else {
            self.complain("atDays", "write the day, for example {\"type\": \"DAY_OF_MONTH\", \"day\": 1}");
            return MonthDays::Last;
        };
        match days.kind {
            DayKind::DayOfWeek => MonthDays::Weekdays(self.named_days(days)),
            DayKind::DayOfMonth => {
                self.unused_days(!days.days.is_empty(), "days", days.kind);
                let day = days.day.and_then(|day| u8::try_from(day).ok()).filter(|day| (1..=31).contains(day));
                match (days.last, day) {
                    (true, _) if days.day.is_none() => MonthDays::Last,
                    (false, Some(day)) => MonthDays::Day(day),
                    _ => {
                        self.complain("atDays.day", "write one day of the month, 1 to 31, or ask for the last day");
                        MonthDays::Last
                    }
                }
            }
        }
    }

    fn unused_days(&mut self, present: bool, name: &str, kind: DayKind) {
        if present {
            self.complain(format!("atDays.{name}"), format!("{} does not use this field, leave it out", kind.name()));
        }
    }

    /// Bits 1 (Sunday) to 7 (Saturday).
    fn named_days(&mut self, days: &DaysSpec) -> u8 {
        self.unused_days(days.day.is_some() || days.last, "day", days.kind);
        if days.days.is_empty() {
            self.complain("atDays.days", "write at least one day from MONDAY to SUNDAY");
        }
        let mut named = 0;
        // More entries than days are repetitions or mistakes; a few are enough to say so.
        for (index, text) in days.days.iter().enumerate().take(64) {
            match DAY_NAMES.iter().position(|name| name.eq_ignore_ascii_case(text)) {
                Some(day) => named |= 2 << day,
                None => {
                    let message = format!("{} is no day of the week, use MONDAY to SUNDAY", echo(text));
                    self.complain(format!("atDays.days[{index}]"), message);
                }
            }
        }
        if days.days.len() > 64 {
            self.complain("atDays.days", "there are more than 64 entries, name each day once");
        }
        named
    }

    fn cron(&mut self) -> Option<Cron> {
        let text = match (&self.spec.cron_expression, self.spec.kind) {
            (Some(text), TriggerKind::Cron) => text,
            (None, TriggerKind::Cron) => {
                self.complain(
                    "cronExpression",
                    "write minutes, hours, day of month, month and day of week: 30 2 * * ?",
                );
                return None;
            }
            (present, _) => {
                self.unused(present.is_some(), "cronExpression");
                return None;
            }
        };
        match Cron::parse_without_seconds(text) {
            Ok(cron) => Some(cron),
            Err(error) => {
                self.complain("cronExpression", error.to_string());
                None
            }
        }
    }
}

/// yyyy-MM-dd.
fn read_date(text: &str) -> Option<Date> {
    let shaped = text.len() == 10
        && text.bytes().enumerate().all(|(index, byte)| match index {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let date = if shaped { text.parse::<Date>().ok()? } else { return None };
    (MIN_YEAR..=MAX_YEAR).contains(&date.year()).then_some(date)
}

/// HH:mm.
fn read_time(text: &str) -> Option<Time> {
    let (hours, minutes) = text.split_once(':')?;
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !two_digits(hours) || !two_digits(minutes) {
        return None;
    }
    Time::new(hours.parse().ok()?, minutes.parse().ok()?, 0, 0).ok()
}

fn minute_of_day(time: Time) -> u16 {
    u16::from(time.hour().unsigned_abs()) * 60 + u16::from(time.minute().unsigned_abs())
}

/// Puts a wrong value in backticks, without control characters and cut to a bearable length.
fn echo(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_ECHO).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().count() > MAX_ECHO {
        shown.push_str("...");
    }
    format!("`{shown}`")
}
