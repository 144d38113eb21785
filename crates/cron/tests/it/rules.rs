//! Triggers of the published API, from body to instants.

use jiff::{SignedDuration, Timestamp};
use stoker_cron::{DaysSpec, Rule, TimesSpec, TriggerKind, TriggerSpec, explain_changes, first_clash};

use crate::zones::{ZONES, at};

fn spec(kind: TriggerKind, start: &str, zone: &str) -> TriggerSpec {
    TriggerSpec {
        start_date: Some(start.to_owned()),
        time_zone: Some(zone.to_owned()),
        interval: Some(1),
        at_times: (kind != TriggerKind::Cron).then(|| TimesSpec::at_time("02:30")),
        ..TriggerSpec::empty(kind)
    }
}

fn cron(expression: &str, zone: &str) -> TriggerSpec {
    TriggerSpec { cron_expression: Some(expression.to_owned()), ..spec(TriggerKind::Cron, "2026-01-01", zone) }
}

fn rule(spec: &TriggerSpec) -> Rule {
    Rule::new(spec, &ZONES).unwrap()
}

/// The next few instants as the clock of the zone shows them, with the offset.
fn fires(spec: &TriggerSpec, after: &str, count: usize) -> Vec<String> {
    let rule = rule(spec);
    let instants = std::iter::successors(rule.next_after(at(after)), |last| rule.next_after(*last));
    let shown = |instant: Timestamp| instant.to_zoned(rule.zone().clone()).strftime("%F %H:%M %:z").to_string();
    instants.take(count).map(shown).collect()
}

fn wrong(spec: &TriggerSpec) -> Vec<String> {
    let error = Rule::new(spec, &ZONES).unwrap_err();
    error.fields().iter().map(|field| field.field().to_owned()).collect()
}

#[test]
fn once() {
    let spec = spec(TriggerKind::Once, "2026-02-05", "Europe/Berlin");
    assert_eq!(fires(&spec, "2020-01-01T00:00:00Z", 5), ["2026-02-05 02:30 +01:00"]);
    assert_eq!(fires(&spec, "2026-02-05T01:29:59.999Z", 5).len(), 1);
    assert!(fires(&spec, "2026-02-05T01:30:00Z", 5).is_empty());
    assert_eq!(rule(&spec).describe(), "once on 2026-02-05 at 02:30, Europe/Berlin");
}

#[test]
fn once_at_the_start_time_when_there_are_no_times() {
    let mut spec = spec(TriggerKind::Once, "2026-02-05", "UTC");
    spec.at_times = None;
    spec.start_time = Some("23:59".to_owned());
    assert_eq!(fires(&spec, "2026-01-01T00:00:00Z", 5), ["2026-02-05 23:59 +00:00"]);
}

#[test]
fn daily_counts_days_from_the_start_date() {
    let mut spec = spec(TriggerKind::Daily, "2026-02-05", "UTC");
    spec.interval = Some(3);
    spec.at_times = Some(TimesSpec::at_specific_times(&["14:00", "02:30", "14:00"]));
    let expected = ["2026-02-08 14:00 +00:00", "2026-02-11 02:30 +00:00", "2026-02-11 14:00 +00:00"];
    assert_eq!(fires(&spec, "2026-02-08T02:30:00Z", 3), expected);
    assert_eq!(fires(&spec, "1999-01-01T00:00:00Z", 1), ["2026-02-05 02:30 +00:00"]);
    assert_eq!(rule(&spec).describe(), "every 3 days at 02:30 and 14:00, UTC, from 2026-02-05");
}

#[test]
fn intervals_include_both_ends_and_start_anew_each_day() {
    let mut spec = spec(TriggerKind::Daily, "2026-02-05", "UTC");
    spec.at_times = Some(TimesSpec::at_intervals("08:00", "09:00", 25));
    let expected =
        ["2026-02-05 08:00 +00:00", "2026-02-05 08:25 +00:00", "2026-02-05 08:50 +00:00", "2026-02-06 08:00 +00:00"];
    assert_eq!(fires(&spec, "2026-01-01T00:00:00Z", 4), expected);
    spec.at_times = Some(TimesSpec::at_intervals("08:00", "09:00", 5));
    assert_eq!(fires(&spec, "2026-02-05T08:54:00Z", 2), ["2026-02-05 08:55 +00:00", "2026-02-05 09:00 +00:00"]);
    assert_eq!(rule(&spec).describe(), "every day every 5 minutes from 08:00 to 09:00, UTC, from 2026-02-05");
}

#[test]
fn start_time_cuts_the_first_day_only() {
    let mut spec = spec(TriggerKind::Daily, "2026-02-05", "UTC");
    spec.start_time = Some("02:31".to_owned());
    assert_eq!(fires(&spec, "2026-01-01T00:00:00Z", 1), ["2026-02-06 02:30 +00:00"]);
}

#[test]
fn weekly_counts_weeks_from_monday() {
    // The start is a Thursday: its own Monday has passed, the next week is left out.
    let mut spec = spec(TriggerKind::Weekly, "2026-02-05", "UTC");
    spec.interval = Some(2);
    spec.at_days = Some(DaysSpec::of_week(&["SUNDAY", "monday"]));
    let expected = ["2026-02-08 02:30 +00:00", "2026-02-16 02:30 +00:00", "2026-02-22 02:30 +00:00"];
    assert_eq!(fires(&spec, "2026-01-01T00:00:00Z", 3), expected);
    assert_eq!(rule(&spec).describe(), "every 2 weeks on Monday and Sunday at 02:30, UTC, from 2026-02-05");
}

#[test]
fn monthly_passes_over_months_without_the_day() {
    let mut spec = spec(TriggerKind::Monthly, "2026-01-31", "UTC");
    spec.at_days = Some(DaysSpec::of_month(31));
    let expected = ["2026-01-31 02:30 +00:00", "2026-03-31 02:30 +00:00", "2026-05-31 02:30 +00:00"];
    assert_eq!(fires(&spec, "2026-01-01T00:00:00Z", 3), expected);
    spec.at_days = Some(DaysSpec::last_of_month());
    let expected = ["2026-01-31 02:30 +00:00", "2026-02-28 02:30 +00:00", "2026-03-31 02:30 +00:00"];
    assert_eq!(fires(&spec, "2026-01-01T00:00:00Z", 3), expected);
    assert_eq!(rule(&spec).describe(), "every month on the last day at 02:30, UTC, from 2026-01-31");
}

#[test]
fn monthly_on_weekdays_and_every_few_months() {
    let mut spec = spec(TriggerKind::Monthly, "2025-11-25", "UTC");
    spec.interval = Some(3);
    spec.at_days = Some(DaysSpec::of_week(&["FRIDAY"]));
    let expected = ["2025-11-28 02:30 +00:00", "2026-02-06 02:30 +00:00", "2026-02-13 02:30 +00:00"];
    assert_eq!(fires(&spec, "2025-01-01T00:00:00Z", 3), expected);
}

#[test]
fn a_gap_moves_calendar_times_to_its_end_and_skips_cron_times() {
    let mut daily = spec(TriggerKind::Daily, "2026-03-28", "Europe/Berlin");
    daily.at_times = Some(TimesSpec::at_specific_times(&["02:15", "02:45", "03:00"]));
    let expected =
        ["2026-03-28 03:00 +01:00", "2026-03-29 03:00 +02:00", "2026-03-30 02:15 +02:00", "2026-03-30 02:45 +02:00"];
    assert_eq!(fires(&daily, "2026-03-28T01:45:00Z", 4), expected);
    let cron = cron("15,45 2 * * ?", "Europe/Berlin");
    assert_eq!(fires(&cron, "2026-03-28T01:45:00Z", 1), ["2026-03-30 02:15 +02:00"]);
}

#[test]
fn an_overlap_fires_calendar_times_first_and_cron_times_last() {
    let daily = spec(TriggerKind::Daily, "2026-10-24", "Europe/Berlin");
    let expected = ["2026-10-25 02:30 +02:00", "2026-10-26 02:30 +01:00"];
    assert_eq!(fires(&daily, "2026-10-24T12:00:00Z", 2), expected);
    assert_eq!(fires(&daily, "2026-10-25T00:30:00Z", 1), ["2026-10-26 02:30 +01:00"]);
    let cron = cron("30 2 * * ?", "Europe/Berlin");
    let expected = ["2026-10-25 02:30 +01:00", "2026-10-26 02:30 +01:00"];
    assert_eq!(fires(&cron, "2026-10-24T12:00:00Z", 2), expected);
}

#[test]
fn cron_obeys_start_and_end() {
    let mut spec = cron("0 0/6 * * ?", "UTC");
    spec.start_time = Some("06:00".to_owned());
    spec.end = Some(at("2026-01-01T12:00:00Z"));
    assert_eq!(fires(&spec, "2000-01-01T00:00:00Z", 9), ["2026-01-01 06:00 +00:00", "2026-01-01 12:00 +00:00"]);
    assert_eq!(
        rule(&spec).describe(),
        "at 00:00, 06:00, 12:00 and 18:00, UTC, from 2026-01-01 06:00, until 2026-01-01 12:00"
    );
    spec.start_date = None;
    spec.start_time = None;
    assert_eq!(fires(&spec, "2000-01-01T00:00:00Z", 1), ["2000-01-01 06:00 +00:00"]);
}

#[test]
fn between_includes_the_first_instant_but_not_the_last() {
    let rule = rule(&spec(TriggerKind::Daily, "2026-02-05", "UTC"));
    let found = rule.between(at("2026-02-06T02:30:00Z"), at("2026-02-08T02:30:00Z"), 100);
    assert_eq!(found, [at("2026-02-06T02:30:00Z"), at("2026-02-07T02:30:00Z")]);
    assert_eq!(rule.between(at("2026-02-06T02:30:00Z"), at("2036-02-08T02:30:00Z"), 7).len(), 7);
    assert!(rule.between(at("2026-02-06T02:30:00Z"), at("2026-02-06T02:30:00Z"), 7).is_empty());
}

#[test]
fn every_wrong_field_is_named() {
    let mut daily = spec(TriggerKind::Daily, "05.02.2026", "Europe/Atlantis");
    daily.interval = Some(0);
    daily.at_times = Some(TimesSpec::at_specific_times(&["02:30", "2:30", "24:00"]));
    daily.at_days = Some(DaysSpec::of_month(3));
    daily.cron_expression = Some("0 0 * * ?".to_owned());
    let fields =
        ["interval", "startDate", "timeZone", "atTimes.times[1]", "atTimes.times[2]", "atDays", "cronExpression"];
    assert_eq!(wrong(&daily), fields);
    let text = Rule::new(&daily, &ZONES).unwrap_err().to_string();
    assert!(text.contains("startDate: `05.02.2026` is no date"), "{text}");
    assert!(text.contains("write it as 2026-02-05"), "{text}");
}

#[test]
fn missing_fields_are_named() {
    assert_eq!(wrong(&TriggerSpec::empty(TriggerKind::Once)), ["startDate", "timeZone", "atTimes"]);
    let fields = ["interval", "startDate", "timeZone", "atTimes", "atDays"];
    assert_eq!(wrong(&TriggerSpec::empty(TriggerKind::Weekly)), fields);
    assert_eq!(wrong(&TriggerSpec::empty(TriggerKind::Monthly)), fields);
    assert_eq!(wrong(&TriggerSpec::empty(TriggerKind::Cron)), ["timeZone", "cronExpression"]);
}

#[test]
fn contradictions_are_named() {
    let mut spec = spec(TriggerKind::Weekly, "2026-02-05", "UTC");
    spec.at_days = Some(DaysSpec::of_week(&["MONDAY", "FUNDAY"]));
    spec.at_times = Some(TimesSpec { interval: Some(5), ..TimesSpec::at_time("02:30") });
    assert_eq!(wrong(&spec), ["atTimes.interval", "atDays.days[1]"]);
    spec.at_days = Some(DaysSpec::of_month(3));
    spec.at_times = Some(TimesSpec::at_intervals("10:00", "09:00", 1441));
    assert_eq!(wrong(&spec), ["atTimes.endTime", "atTimes.interval", "atDays.type"]);
    let mut once = self::spec(TriggerKind::Once, "2026-02-05", "UTC");
    once.at_times = Some(TimesSpec::at_specific_times(&["02:30"]));
    assert_eq!(wrong(&once), ["atTimes.type"]);
}

#[test]
fn triggers_that_never_fire_are_refused() {
    let mut once = spec(TriggerKind::Once, "2026-02-05", "UTC");
    once.start_time = Some("02:31".to_owned());
    assert_eq!(wrong(&once), ["atTimes.time"]);
    assert_eq!(wrong(&cron("0 0 31 2 ?", "UTC")), ["cronExpression"]);
    assert_eq!(wrong(&cron("0 0 1 1 ? 2025", "UTC")), ["cronExpression"]);
    let mut monthly = spec(TriggerKind::Monthly, "2026-02-05", "UTC");
    monthly.interval = Some(12);
    monthly.at_days = Some(DaysSpec::of_month(30));
    assert_eq!(wrong(&monthly), ["atDays"]);
    let mut ended = spec(TriggerKind::Daily, "2026-02-05", "UTC");
    ended.end = Some(at("2026-02-05T02:29:59Z"));
    assert_eq!(wrong(&ended), ["end"]);
}

#[test]
fn a_cron_mistake_names_field_and_column() {
    let error = Rule::new(&cron("0 25 * * ?", "UTC"), &ZONES).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cronExpression: cannot read the cron expression at column 3 (hours): `25` is not a value here, use 0 to 23"
    );
}

#[test]
fn changes_of_the_clocks_are_explained() {
    let year = (at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
    let texts = |spec: &TriggerSpec| -> Vec<String> {
        explain_changes(&rule(spec), year.0, year.1).iter().map(ToString::to_string).collect()
    };
    let daily = spec(TriggerKind::Daily, "2026-01-01", "Europe/Berlin");
    assert_eq!(
        texts(&daily),
        [
            "2026-03-29: the clock goes forward from 02:00 to 03:00. 02:30 does not exist and fires at 03:00 instead.",
            "2026-10-25: the clock goes back from 03:00 to 02:00. 02:30 comes twice and fires only the first time.",
        ]
    );
    assert_eq!(
        texts(&cron("0/30 * * * ?", "Europe/Berlin")),
        [
            "2026-03-29: the clock goes forward from 02:00 to 03:00. 02:00 and 02:30 do not exist and do not fire.",
            "2026-10-25: the clock goes back from 03:00 to 02:00. \
             02:00 and 02:30 come twice and fire only the second time.",
        ]
    );
    assert_eq!(
        texts(&cron("0 12 * * ?", "America/New_York"))[0],
        "2026-03-08: the clock goes forward from 02:00 to 03:00. Nothing of this trigger falls into that time."
    );
    assert!(texts(&cron("* * * * ?", "Europe/Berlin"))[0].contains("02:03 and 56 others do not exist"));
    assert!(texts(&cron("* * * * ?", "Asia/Tokyo")).is_empty());
}

#[test]
fn explained_changes_are_bounded() {
    let rule = rule(&cron("* * * * ?", "Europe/Berlin"));
    let changes = explain_changes(&rule, at("2026-01-01T00:00:00Z"), at("9000-01-01T00:00:00Z"));
    assert_eq!(changes.len(), stoker_cron::MAX_CHANGES);
    assert!(changes.iter().all(|change| change.affected.len() == stoker_cron::MAX_LISTED && !change.more));
}

#[test]
fn clashes_between_triggers_are_found() {
    let rules = [rule(&cron("0 0 * * ?", "UTC")), rule(&cron("56 23 L * ?", "UTC")), rule(&cron("0 12 29 2 ?", "UTC"))];
    let five_minutes = SignedDuration::from_mins(5);
    let (from, to) = (at("2026-02-01T00:00:00Z"), at("2031-02-01T00:00:00Z"));
    let clash = first_clash(&rules, from, to, five_minutes).unwrap();
    assert_eq!(clash.first, (at("2026-02-28T23:56:00Z"), 1));
    assert_eq!(clash.second, (at("2026-03-01T00:00:00Z"), 0));
    assert_eq!(first_clash(&rules, from, to, SignedDuration::from_mins(4)), None);
    let twice = [rules[0].clone(), rules[0].clone()];
    assert_eq!(first_clash(&twice, from, to, five_minutes).unwrap().second, (at("2026-02-01T00:00:00Z"), 1));
}
