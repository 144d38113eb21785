//! A trigger as somebody wrote it, unchecked, in the shape of the published bodies.

use jiff::Timestamp;

/// The field `type` of a trigger that time starts. `spec`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TriggerKind {
    /// `ONCE`
    Once,
    /// `DAILY`
    Daily,
    /// `WEEKLY`
    Weekly,
    /// `MONTHLY`
    Monthly,
    /// `CRON`
    Cron,
}

impl TriggerKind {
    /// The word in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Once => "ONCE",
            Self::Daily => "DAILY",
            Self::Weekly => "WEEKLY",
            Self::Monthly => "MONTHLY",
            Self::Cron => "CRON",
        }
    }
}

/// The field `atTimes.type`. `spec`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeKind {
    /// `AT_TIME`: the time in `time`.
    AtTime,
    /// `AT_SPECIFIC_TIMES`: the times in `times`.
    AtSpecificTimes,
    /// `AT_INTERVALS`: from `startTime` to `endTime`, both included, every `interval` minutes.
    AtIntervals,
}

impl TimeKind {
    /// The word in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::AtTime => "AT_TIME",
            Self::AtSpecificTimes => "AT_SPECIFIC_TIMES",
            Self::AtIntervals => "AT_INTERVALS",
        }
    }
}

/// The field `atDays.type`. `spec`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DayKind {
    /// `DAY_OF_WEEK`: the names in `days`.
    DayOfWeek,
    /// `DAY_OF_MONTH`: the number in `day`.
    DayOfMonth,
}

impl DayKind {
    /// The word in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::DayOfWeek => "DAY_OF_WEEK",
            Self::DayOfMonth => "DAY_OF_MONTH",
        }
    }
}

/// The object `atTimes`. Fields that the kind does not use must be absent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TimesSpec {
    /// `type`
    pub kind: TimeKind,
    /// `time`: HH:mm.
    pub time: Option<String>,
    /// `times`: HH:mm each, at most [`MAX_TIMES`](crate::MAX_TIMES).
    pub times: Vec<String>,
    /// `startTime`: HH:mm.
    pub start_time: Option<String>,
    /// `endTime`: HH:mm, not before `startTime`.
    pub end_time: Option<String>,
    /// `interval` in minutes, 1 to 1440.
    pub interval: Option<i32>,
}

impl TimesSpec {
    /// `AT_TIME`.
    pub fn at_time(time: &str) -> Self {
        Self { time: Some(time.to_owned()), ..Self::empty(TimeKind::AtTime) }
    }

    /// `AT_SPECIFIC_TIMES`.
    pub fn at_specific_times(times: &[&str]) -> Self {
        let times = times.iter().map(|&time| time.to_owned()).collect();
        Self { times, ..Self::empty(TimeKind::AtSpecificTimes) }
    }

    /// `AT_INTERVALS`; `interval` in minutes.
    pub fn at_intervals(start_time: &str, end_time: &str, interval: i32) -> Self {
        Self {
            start_time: Some(start_time.to_owned()),
            end_time: Some(end_time.to_owned()),
            interval: Some(interval),
            ..Self::empty(TimeKind::AtIntervals)
        }
    }

    /// Nothing but the kind, to be filled in.
    pub fn empty(kind: TimeKind) -> Self {
        Self { kind, time: None, times: Vec::new(), start_time: None, end_time: None, interval: None }
    }
}

/// The object `atDays`. Fields that the kind does not use must be absent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DaysSpec {
    /// `type`
    pub kind: DayKind,
    /// `day`: 1 to 31. Months that lack the day are passed over (`inferred`: as Quartz does).
    pub day: Option<i32>,
    /// Our addition: the last day of the month, whatever its number; `day` must then be absent.
    pub last: bool,
    /// `days`: `MONDAY` to `SUNDAY`.
    pub days: Vec<String>,
}

impl DaysSpec {
    /// `DAY_OF_WEEK`.
    pub fn of_week(days: &[&str]) -> Self {
        let days = days.iter().map(|&day| day.to_owned()).collect();
        Self { kind: DayKind::DayOfWeek, day: None, last: false, days }
    }

    /// `DAY_OF_MONTH`.
    pub fn of_month(day: i32) -> Self {
        Self { kind: DayKind::DayOfMonth, day: Some(day), last: false, days: Vec::new() }
    }

    /// The last day of the month.
    pub fn last_of_month() -> Self {
        Self { kind: DayKind::DayOfMonth, day: None, last: true, days: Vec::new() }
    }
}

/// A trigger of a schedule or of a run configuration. Field for field the published body, without what is not about
/// time (name, timeout, webhook).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TriggerSpec {
    /// `type`
    pub kind: TriggerKind,
    /// `interval` in days, weeks or months; needed unless `ONCE` or `CRON`.
    pub interval: Option<i32>,
    /// `startDate`: yyyy-MM-dd, nothing fires before it; needed unless `CRON`. Days, weeks and months are counted from it.
    pub start_date: Option<String>,
    /// `startTime`: HH:mm, on `startDate` nothing fires before it. For a rule without `atTimes` also the time it fires at.
    pub start_time: Option<String>,
    /// `timeZone`: a name of the IANA database such as `Europe/Berlin`; needed.
    pub time_zone: Option<String>,
    /// `atTimes`
    pub at_times: Option<TimesSpec>,
    /// `atDays`; needed for `WEEKLY` and `MONTHLY`.
    pub at_days: Option<DaysSpec>,
    /// `cronExpression`, without seconds; needed for `CRON`.
    pub cron_expression: Option<String>,
    /// Our addition: the last instant at which the trigger may fire.
    pub end: Option<Timestamp>,
}

impl TriggerSpec {
    /// Nothing but the kind, to be filled in.
    pub fn empty(kind: TriggerKind) -> Self {
        Self {
            kind,
            interval: None,
            start_date: None,
            start_time: None,
            time_zone: None,
            at_times: None,
            at_days: None,
            cron_expression: None,
            end: None,
        }
    }
}
