//! Reading expressions: mistakes, remarks and words.

use jiff::tz::TimeZone;
use proptest::prelude::*;
use stoker_cron::{Cron, Field, MAX_CHARS};

use crate::zones::at;

fn error(text: &str) -> String {
    Cron::parse(text).unwrap_err().to_string()
}

#[test]
fn mistakes_name_field_column_and_cure() {
    let cases = [
        ("0 0 0 1 *", "column 10 (day of week): there are 5 fields, write 6 or 7"),
        ("0 0 0 1 * ? * *", "column 15: there are 8 fields, write 6 or 7"),
        ("0 61 0 * * ?", "column 3 (minutes): `61` is not a value here, use 0 to 59"),
        ("0  0 24 * * ?", "column 6 (hours): `24` is not a value here, use 0 to 23"),
        ("0 0 0 * * *", "column 11 (day of week): day of month and day of week cannot both name days, put `?` in one"),
        ("0 0 0 ? * ?", "column 11 (day of week): day of month and day of week are both `?`, put `*` in one"),
        ("0 0 0 1,32 * ?", "column 9 (day of month): `32` is not a value here, use 1 to 31"),
        ("0 0 0 ? FEBR MON", "column 12 (month): `R` has no meaning here, remove it"),
        ("0 0 0 ? * MONDAY", "column 14 (day of week): `DAY` has no meaning here, remove it"),
        ("0 0 0 ? * FUN", "column 11 (day of week): `FUN` is not a name here, use 1 (Sunday) to 7 (Saturday)"),
        ("0 0 0 1-5W * ?", "column 10 (day of month): `W` can only stand after a single day"),
        ("0 0 0 L,1 * ?", "column 7 (day of month): `L` can only stand alone"),
        ("0 0 0 L-31 * ?", "column 9 (day of month): `31` days before the last day are too many, use 0 to 30"),
        ("0 0 0 ? * 6#6", "column 12 (day of week): `#` can only stand once"),
        ("? 0 0 * * ?", "column 1 (seconds): `?` can only stand for the day of month or the day of week"),
        ("*/60 0 0 * * ?", "column 3 (seconds): the step `60` is too large, use 1 to 59"),
        ("0 5/ 0 * * ?", "column 5 (minutes): a number is missing after `/`"),
        ("0 5- 0 * * ?", "column 4 (minutes): the range has no end"),
        ("0 0 0 ? JAN-3 MON", "column 12 (month): the range has no end, write two numbers or two names"),
        ("0 0 0 1 1 ? 2030-2028", "column 13 (year): the range of years goes backwards"),
        ("0 0 0 1 1 ? 2100", "column 13 (year): `2100` is not a value here, use 1970 to 2099"),
        ("0 , 0 * * ?", "column 3 (minutes): there is no value between the commas"),
        ("0 99999999999999999999 0 * * ?", "column 3 (minutes): `99999999999999999999` is not a value here"),
        ("0 0 0 \u{1b}[31m * ?", "column 7 (day of month): `\u{fffd}[31M` has no meaning here"),
    ];
    for (text, expected) in cases {
        let message = error(text);
        assert!(message.starts_with(&format!("cannot read the cron expression at {expected}")), "{text}: {message}");
    }
    let field = Cron::parse("0 0 0 ? * 9").unwrap_err();
    assert_eq!((field.field(), field.column()), (Some(Field::DayOfWeek), 11));
}

#[test]
fn the_form_without_seconds() {
    let cron = Cron::parse_without_seconds("30 2 ? * MON-FRI *").unwrap();
    assert_eq!(cron.describe(), "at 02:30, on Monday to Friday");
    let next = cron.next_after(at("2026-02-06T02:30:00Z"), &TimeZone::UTC);
    assert_eq!(next, Some(at("2026-02-09T02:30:00Z")));
    let message = Cron::parse_without_seconds("0 30 2 ? * MON-FRI *").unwrap_err().to_string();
    assert!(message.contains("there are 7 fields, write 5 or 6: minutes, hours"), "{message}");
    let message = Cron::parse_without_seconds("30 2 ? *").unwrap_err().to_string();
    assert!(message.contains("(day of week): there are 4 fields"), "{message}");
}

#[test]
fn tabs_and_runs_of_blanks_split_fields_but_line_ends_do_not() {
    let cron = Cron::parse("\t0 0\t\t2  *\t* ? ").unwrap();
    assert_eq!(cron.describe(), "at 02:00");
    assert!(Cron::parse("0 0\n2 * * ?").is_err());
}

#[test]
fn too_long_is_refused_before_reading() {
    let text = format!("0 0 0 {} * ?", "1,".repeat(MAX_CHARS / 2));
    assert!(error(&text).contains("at most 1024 are allowed"));
}

#[test]
fn what_has_less_effect_than_it_seems_is_noted() {
    let notes =
        |text: &str| -> Vec<String> { Cron::parse(text).unwrap().notes().iter().map(ToString::to_string).collect() };
    assert!(notes("0 0 0 ? * MON-FRI").is_empty());
    assert!(notes("0 0 0 15,3W * ?")[0].contains("as `3W`"));
    assert!(notes("0 0 0 ? * THU#2,SUN")[0].contains("Sunday"));
    assert!(notes("0 0 0 ? * MON-FRI/2")[0].contains("the step after a name has no effect"));
    assert!(notes("0 5-9/0 0 * * ?")[0].contains("in minutes a step of 0"));
    assert!(notes("0 0 0 31 2 ?")[0].contains("never fires"));
}

#[test]
fn words() {
    let cases = [
        ("* * * * * ?", "every second"),
        ("0 * * * * ?", "every minute"),
        ("0 0 * * * ?", "every hour"),
        ("0 0/15 * * * ?", "every 15 minutes"),
        ("0 5/15 8-17 * * ?", "every 15 minutes from minute 5 on, in the hours 8 to 17"),
        ("0 0 8-17 * * ?", "on the hour in the hours 8 to 17"),
        ("*/10 * 3 * * ?", "every 10 seconds, every minute, in hour 3"),
        ("15 30 2 * * ?", "at 02:30:15"),
        ("0 0,30 2,14 ? * 2,4,6", "at 02:00, 02:30, 14:00 and 14:30, on Monday, Wednesday and Friday"),
        ("0 0 6 L * ?", "at 06:00, on the last day of the month"),
        ("0 0 6 L-3 * ?", "at 06:00, on the day 3 days before the last day of the month"),
        ("0 0 6 LW * ?", "at 06:00, on the last weekday (Monday to Friday) of the month"),
        ("0 0 6 15W * ?", "at 06:00, on the weekday (Monday to Friday) nearest to day 15 of the month"),
        ("0 0 6 ? 1-3 FRIL", "at 06:00, on the last Friday of the month, in January to March"),
        ("0 0 6 ? 2,6 6#3", "at 06:00, on the third Friday of the month, in February and June"),
        (
            "0 0 6 1/5 */4 ? 2027-2029",
            "at 06:00, every 5 days from day 1 of the month on, every 4 months from January on, in 2027 to 2029",
        ),
        ("0 0 6 1,15 * ? 2027", "at 06:00, on days 1 and 15 of the month, in 2027"),
        ("0 0 6 ? * SAT-SUN", "at 06:00, on Saturday and Sunday"),
    ];
    for (text, expected) in cases {
        assert_eq!(Cron::parse(text).unwrap().describe(), expected, "{text}");
    }
}

#[test]
fn an_expression_is_shown_as_it_was_written() {
    let text = "0 0 6 ?  * fri";
    let cron: Cron = text.parse().unwrap();
    assert_eq!(cron.to_string(), text);
    assert_eq!(cron, Cron::parse(text).unwrap());
}

proptest! {
    /// Whatever the text, reading ends without a panic, and so does a search and the description.
    #[test]
    fn no_text_breaks_reading(text in "[-0-9*?/,LWlw# A-Z\t\\PC]{0,60}", start in any::<i32>()) {
        check_text(&text, start)?;
    }

    /// The same with text that is nearly right.
    #[test]
    fn no_likely_text_breaks_reading(fields in prop::collection::vec("([*?]|[0-9]{1,2}|L|LW|MON|JAN|[0-9]{1,2}W)([-/#,LW]([0-9]{1,4}|L|W|FRI|DEC))?", 4..9), start in any::<i32>()) {
        check_text(&fields.join(" "), start)?;
    }
}

fn check_text(text: &str, start: i32) -> Result<(), TestCaseError> {
    for read in [Cron::parse(text), Cron::parse_without_seconds(text)] {
        match read {
            Ok(cron) => {
                let start = jiff::Timestamp::from_second(start.into()).unwrap();
                let next = cron.next_after(start, &TimeZone::UTC);
                prop_assert!(next.is_none_or(|next| next > start), "{text}: {next:?}");
                prop_assert!(!cron.describe().is_empty());
            }
            Err(error) => prop_assert!(error.column() >= 1 && error.column() <= text.chars().count() + 1, "{error}"),
        }
    }
    Ok(())
}
