//! Comparison with walking along the calendar, second by second or day by day, in many zones.
//!
//! The generator makes the sets of values itself, so that neither the reader nor the search can be wrong in the same way
//! as the check.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;
use stoker_cron::{Cron, DaysSpec, Rule, TimesSpec, TriggerKind, TriggerSpec};

use crate::zones::{ZONES, zone};

/// Twenty zones: both hemispheres, odd offsets, changes of half an hour and two hours, changes at midnight, no changes.
const NAMES: [&str; 20] = [
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Dublin",
    "America/New_York",
    "America/St_Johns",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/Havana",
    "America/Asuncion",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Beirut",
    "Asia/Tehran",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Antarctica/Troll",
];

/// A field: how it is written, and what it means.
type Written = (String, BTreeSet<u32>);

fn number(least: u32, most: u32) -> impl Strategy<Value = Written> {
    prop_oneof![
        Just(("*".to_owned(), (least..=most).collect())),
        (least..=most).prop_map(|value| (value.to_string(), BTreeSet::from([value]))),
        (least..=most, least..=most).prop_map(move |(from, to)| {
            let wrapped = (least..=most)
                .filter(|value| if from <= to { (from..=to).contains(value) } else { *value >= from || *value <= to });
            (format!("{from}-{to}"), wrapped.collect())
        }),
        (least..=most, 1..=most / 2).prop_map(move |(from, step)| {
            (format!("{from}/{step}"), (from..=most).filter(|value| (value - from) % step == 0).collect())
        }),
        prop::collection::btree_set(least..=most, 1..5)
            .prop_map(|set| { (set.iter().map(u32::to_string).collect::<Vec<_>>().join(","), set) }),
    ]
}

/// Day fields: how both are written, and whether a date is meant.
#[derive(Debug, Clone)]
enum Days {
    OfMonth(Written),
    OfWeek(Written),
    Last(u8),
    LastNearest,
    Nearest(u8),
    LastOfWeek(u8),
    Nth(u8, u8),
}

fn days() -> impl Strategy<Value = Days> {
    prop_oneof![
        3 => number(1, 31).prop_map(Days::OfMonth),
        3 => number(1, 7).prop_map(Days::OfWeek),
        1 => (0..=30_u8).prop_map(Days::Last),
        1 => Just(Days::LastNearest),
        1 => (1..=28_u8).prop_map(Days::Nearest),
        1 => (1..=7_u8).prop_map(Days::LastOfWeek),
        1 => (1..=7_u8, 1..=5_u8).prop_map(|(day, nth)| Days::Nth(day, nth)),
    ]
}

fn weekday(date: Date) -> u8 {
    date.weekday().to_sunday_one_offset().unsigned_abs()
}

/// Of the days from Monday to Friday of the month the one nearest to `day`.
fn nearest(day: Date) -> Date {
    let month = day.first_of_month().series(1.day()).take_while(|other| other.month() == day.month());
    let workdays = month.filter(|other| (2..=6).contains(&weekday(*other)));
    // Friday and Monday are equally near to nothing: Saturday is nearer to Friday, Sunday to Monday.
    workdays.min_by_key(|other| (*other - day).get_days().abs()).unwrap()
}

impl Days {
    fn fields(&self) -> (String, String) {
        let open = "?".to_owned();
        match self {
            Self::OfMonth((text, _)) => (text.clone(), open),
            Self::OfWeek((text, _)) => (open, text.clone()),
            Self::Last(0) => ("L".to_owned(), open),
            Self::Last(before) => (format!("L-{before}"), open),
            Self::LastNearest => ("LW".to_owned(), open),
            Self::Nearest(day) => (format!("{day}W"), open),
            Self::LastOfWeek(day) => (open, format!("{day}L")),
            Self::Nth(day, nth) => (open, format!("{day}#{nth}")),
        }
    }

    fn means(&self, date: Date) -> bool {
        let last = date.last_of_month();
        let day = u8::try_from(date.day()).unwrap();
        match self {
            Self::OfMonth((_, days)) => days.contains(&day.into()),
            Self::OfWeek((_, days)) => days.contains(&weekday(date).into()),
            Self::Last(before) => (last - date).get_days() == i32::from(*before),
            Self::LastNearest => date == nearest(last),
            Self::Nearest(wanted) => date == nearest(date.first_of_month() + (i64::from(*wanted) - 1).days()),
            Self::LastOfWeek(wanted) => weekday(date) == *wanted && (last - date).get_days() < 7,
            Self::Nth(wanted, nth) => weekday(date) == *wanted && (day - 1) / 7 + 1 == *nth,
        }
    }
}

#[derive(Debug, Clone)]
struct Expression {
    seconds: Written,
    minutes: Written,
    hours: Written,
    days: Days,
    months: Written,
}

impl Expression {
    fn text(&self) -> String {
        let (of_month, of_week) = self.days.fields();
        let (seconds, minutes, hours, months) = (&self.seconds.0, &self.minutes.0, &self.hours.0, &self.months.0);
        format!("{seconds} {minutes} {hours} {of_month} {months} {of_week}")
    }

    fn means_date(&self, date: Date) -> bool {
        self.months.1.contains(&u32::try_from(date.month()).unwrap()) && self.days.means(date)
    }

    fn means(&self, wall: jiff::civil::DateTime) -> bool {
        let has = |set: &BTreeSet<u32>, value: i8| set.contains(&u32::try_from(value).unwrap());
        has(&self.seconds.1, wall.second())
            && has(&self.minutes.1, wall.minute())
            && has(&self.hours.1, wall.hour())
            && self.means_date(wall.date())
    }
}

fn expression(seconds: BoxedStrategy<Written>) -> impl Strategy<Value = Expression> {
    (seconds, number(0, 59), number(0, 23), days(), number(1, 12))
        .prop_map(|(seconds, minutes, hours, days, months)| Expression { seconds, minutes, hours, days, months })
}

fn at_second(second: u32) -> Written {
    (second.to_string(), BTreeSet::from([second]))
}

/// An instant of the ten years from 2020 on, often one shortly before a change of the clocks.
fn start() -> impl Strategy<Value = (TimeZone, Timestamp)> {
    let years = date(2020, 1, 1).at(0, 0, 0, 0)..date(2030, 1, 1).at(0, 0, 0, 0);
    let seconds = |when: jiff::civil::DateTime| when.to_zoned(TimeZone::UTC).unwrap().timestamp().as_second();
    let any = seconds(years.start)..seconds(years.end);
    (prop::sample::select(&NAMES[..]), any, prop::option::weighted(0.7, 0..30 * 3600_i64)).prop_map(
        |(name, second, ahead)| {
            let zone = zone(name);
            let mut start = Timestamp::from_second(second).unwrap();
            if let Some(ahead) = ahead
                && let Some(change) = zone.following(start).next()
            {
                start = change.timestamp() - SignedDuration::from_secs(ahead);
            }
            (zone, start)
        },
    )
}

/// Whether this instant is the last one with its wall-clock time.
fn is_last(zone: &TimeZone, instant: Timestamp) -> bool {
    let wall = zone.to_datetime(instant);
    zone.to_ambiguous_timestamp(wall).later().unwrap() == instant
}

proptest! {
    /// Each instant of a day and a half is found exactly when its wall-clock time matches and comes for the last time.
    #[test]
    fn cron_finds_what_walking_by_minutes_finds(
        expression in expression((0..60_u32).prop_map(at_second).boxed()),
        (zone, start) in start(),
    ) {
        let cron = Cron::parse(&expression.text()).unwrap();
        // A start inside a repeated hour is a matter of its own, see the golden file.
        let start = if is_last(&zone, start) { start } else { start + 3.hours() };
        let second = i64::from(*expression.seconds.1.first().unwrap());
        let mut walked = Vec::new();
        // Offsets with seconds do not occur in these years, so the second of the instant is that of the wall clock.
        let minute = start.as_second().div_euclid(60);
        for minute in minute..minute + 36 * 60 {
            let instant = Timestamp::from_second(minute * 60 + second).unwrap();
            if instant > start && expression.means(zone.to_datetime(instant)) && is_last(&zone, instant) {
                walked.push(instant);
            }
        }
        let end = Timestamp::from_second((minute + 36 * 60) * 60).unwrap();
        let found: Vec<Timestamp> = cron.fires(start, &zone).take_while(|instant| *instant < end).collect();
        prop_assert_eq!(found, walked, "{} in {:?} after {}", cron, zone.iana_name(), start);
    }

    /// The same for twenty minutes by seconds.
    #[test]
    fn cron_finds_what_walking_by_seconds_finds(
        expression in expression(number(0, 59).boxed()),
        (zone, start) in start(),
    ) {
        let cron = Cron::parse(&expression.text()).unwrap();
        let start = if is_last(&zone, start) { start } else { start + 3.hours() };
        let seconds = (1..1200).map(|second| start + SignedDuration::from_secs(second));
        let walked: Vec<Timestamp> = seconds
            .filter(|instant| expression.means(zone.to_datetime(*instant)) && is_last(&zone, *instant))
            .collect();
        let end = start + SignedDuration::from_secs(1200);
        let found: Vec<Timestamp> = cron.fires(start, &zone).take_while(|instant| *instant < end).collect();
        prop_assert_eq!(found, walked, "{} in {:?} after {}", cron, zone.iana_name(), start);
    }

    /// Each day of ten years is found exactly when it matches; at noon, which every zone has every day of these years.
    #[test]
    fn cron_finds_what_walking_by_days_finds(days in days(), months in number(1, 12), name in prop::sample::select(&NAMES[..])) {
        let at = |value: u32| (value.to_string(), BTreeSet::from([value]));
        let expression = Expression { seconds: at(0), minutes: at(0), hours: at(12), days, months };
        let zone = zone(name);
        let cron = Cron::parse(&expression.text()).unwrap();
        let (first, end) = (date(2020, 1, 1), date(2030, 1, 1));
        let dates = first.series(1.day()).take_while(|date| *date < end);
        let walked: Vec<Date> = dates.filter(|date| expression.means_date(*date)).collect();
        let start = zone.to_timestamp(first.at(0, 0, 0, 0)).unwrap();
        let instants = cron.fires(start, &zone).map(|instant| zone.to_datetime(instant));
        let found: Vec<Date> = instants.take_while(|wall| wall.date() < end).map(|wall| wall.date()).collect();
        prop_assert_eq!(found, walked, "{} in {}", cron, name);
    }

    /// Times of a calendar rule: each named wall-clock time fires once, at its first instant or at the end of the gap.
    #[test]
    fn rules_find_what_walking_finds(
        times in prop::collection::btree_set(0..1440_u16, 1..6),
        near in prop::bool::ANY,
        interval in 1..=5_i32,
        (zone, start) in start(),
    ) {
        let first = zone.to_datetime(start).date() - 3.days();
        // Small hours, when the clocks change.
        let times: BTreeSet<u16> = times.into_iter().map(|minute| if near { minute % 240 } else { minute }).collect();
        let texts: Vec<String> = times.iter().map(|minute| format!("{:02}:{:02}", minute / 60, minute % 60)).collect();
        let spec = TriggerSpec {
            interval: Some(interval),
            start_date: Some(first.to_string()),
            time_zone: Some(zone.iana_name().unwrap().to_owned()),
            at_times: Some(TimesSpec::at_specific_times(&texts.iter().map(String::as_str).collect::<Vec<_>>())),
            ..TriggerSpec::empty(TriggerKind::Daily)
        };
        let rule = Rule::new(&spec, &ZONES).unwrap();
        let dates = first.series(i64::from(interval).days()).take_while(|date| *date < first + 8.days());
        let walls = dates.flat_map(|date| times.iter().map(move |&minute| {
            date.at(i8::try_from(minute / 60).unwrap(), i8::try_from(minute % 60).unwrap(), 0, 0)
        }));
        let instants: BTreeSet<Timestamp> = walls.map(|wall| walk_to(&zone, wall)).collect();
        let end = zone.to_timestamp((first + 7.days()).at(0, 0, 0, 0)).unwrap();
        let walked: Vec<Timestamp> = instants.into_iter().filter(|instant| *instant >= start && *instant < end).collect();
        prop_assert_eq!(rule.between(start, end, 1000), walked, "{}", rule.describe());
    }

    /// Weeks and months of a calendar rule over ten years.
    #[test]
    fn weeks_and_months_find_what_walking_finds(
        offset in 0..1000_i64,
        interval in 1..=7_i32,
        named in prop::collection::btree_set(0..7_usize, 1..4),
        which in 0..4_u8,
        day in 1..=31_i32,
    ) {
        const DAYS: [&str; 7] = ["SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"];
        let first = date(2020, 1, 1) + offset.days();
        let names: Vec<&str> = named.iter().map(|day| DAYS[*day]).collect();
        let (kind, days) = match which {
            0 => (TriggerKind::Weekly, DaysSpec::of_week(&names)),
            1 => (TriggerKind::Monthly, DaysSpec::of_week(&names)),
            2 => (TriggerKind::Monthly, DaysSpec::of_month(day)),
            _ => (TriggerKind::Monthly, DaysSpec::last_of_month()),
        };
        let spec = TriggerSpec {
            interval: Some(interval),
            start_date: Some(first.to_string()),
            time_zone: Some("UTC".to_owned()),
            at_times: Some(TimesSpec::at_time("12:00")),
            at_days: Some(days),
            ..TriggerSpec::empty(kind)
        };
        let rule = Rule::new(&spec, &ZONES).unwrap();
        let months = |date: Date| i32::from(date.year()) * 12 + i32::from(date.month());
        let monday = |date: Date| date - i64::from(date.weekday().to_monday_zero_offset()).days();
        let means = |date: Date| match which {
            0 => (monday(date) - monday(first)).get_days() / 7 % interval == 0 && named.contains(&usize::from(weekday(date) - 1)),
            _ if (months(date) - months(first)) % interval != 0 => false,
            1 => named.contains(&usize::from(weekday(date) - 1)),
            2 => i32::from(date.day()) == day,
            _ => date == date.last_of_month(),
        };
        let end = date(2030, 1, 1);
        let walked: Vec<Date> = first.series(1.day()).take_while(|date| *date < end).filter(|date| means(*date)).collect();
        let start = first.at(0, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp();
        let last = end.at(0, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp();
        let found = rule.between(start, last, 10_000);
        let found: Vec<Date> = found.into_iter().map(|instant| TimeZone::UTC.to_datetime(instant).date()).collect();
        prop_assert_eq!(found, walked, "{}", rule.describe());
    }
}

/// Walks from the day before, minute by minute, to the first instant whose clock shows `wall` or, if none does, the first
/// after which it shows more.
fn walk_to(zone: &TimeZone, wall: jiff::civil::DateTime) -> Timestamp {
    let start = wall.to_zoned(TimeZone::UTC).unwrap().timestamp() - 30.hours();
    let instants = (0..60 * 60).map(|minute| start + SignedDuration::from_mins(minute));
    let mut beyond = None;
    for instant in instants {
        let shown = zone.to_datetime(instant);
        if shown == wall {
            return instant;
        }
        if shown > wall && beyond.is_none() {
            beyond = Some(instant);
        }
    }
    beyond.unwrap()
}
