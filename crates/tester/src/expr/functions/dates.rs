//! Functions on points in time. All of them count in UTC.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};

use super::{Call, whole};
use crate::json::Json;

/// `addTime(unit, amount)`: a number stays a number of milliseconds, an ISO text stays such a text.
pub(super) fn add_time(call: Call<'_>) -> Result<Json, String> {
    let unit = call.arg(0).unwrap_or_default();
    let amount = call.whole(1, "amount", 0)?;
    let input = call.input.clone().unwrap_or_default();
    let (start, as_number) = match whole(&input) {
        Some(ms) => (read_ms(ms)?, true),
        None => (parse(&input.render(), "ISO_8601")?, false),
    };
    let span = span(&unit.to_uppercase(), amount).ok_or_else(|| {
        format!("the unit must be YEAR, MONTH, WEEK, DAY, HOUR, MINUTE, SECOND or MILLISECOND, not `{unit}`")
    })?;
    let moved = start.to_zoned(TimeZone::UTC).checked_add(span.map_err(out_of_range)?).map_err(out_of_range)?;
    if as_number { Ok(Json::int(moved.timestamp().as_millisecond())) } else { Ok(Json::Text(iso(moved.timestamp()))) }
}

fn span(unit: &str, amount: i64) -> Option<Result<Span, jiff::Error>> {
    let empty = Span::new();
    Some(match unit {
        "YEAR" | "YEARS" => empty.try_years(amount),
        "MONTH" | "MONTHS" => empty.try_months(amount),
        "WEEK" | "WEEKS" => empty.try_weeks(amount),
        "DAY" | "DAYS" => empty.try_days(amount),
        "HOUR" | "HOURS" => empty.try_hours(amount),
        "MINUTE" | "MINUTES" => empty.try_minutes(amount),
        "SECOND" | "SECONDS" => empty.try_seconds(amount),
        "MILLISECOND" | "MILLISECONDS" => empty.try_milliseconds(amount),
        _ => return None,
    })
}

fn out_of_range(error: jiff::Error) -> String {
    format!("the result is out of range: {error}")
}

/// `formatDate(from, to)`.
pub(super) fn format_date(call: Call<'_>) -> Result<Json, String> {
    let (from, to) = (call.arg(0).unwrap_or_default(), call.arg(1).unwrap_or_default());
    let at = parse(&call.text(), &from)?;
    match to.as_str() {
        "TIMESTAMP" => Ok(Json::int(at.as_millisecond())),
        "ISO_8601" => Ok(Json::Text(iso(at))),
        pattern => write(&at.to_zoned(TimeZone::UTC), pattern).map(Json::Text),
    }
}

/// `2018-01-31T09:05:00.000Z`
fn iso(at: Timestamp) -> String {
    format!("{at:.3}")
}

fn read_ms(ms: i64) -> Result<Timestamp, String> {
    Timestamp::from_millisecond(ms).map_err(out_of_range)
}

fn parse(text: &str, form: &str) -> Result<Timestamp, String> {
    match form {
        "TIMESTAMP" => match whole(&Json::text(text)) {
            Some(ms) => read_ms(ms),
            None => Err(format!("`{text}` is no number of milliseconds")),
        },
        "ISO_8601" => {
            if let Ok(at) = text.parse::<Timestamp>() {
                return Ok(at);
            }
            let local = text.parse::<DateTime>().map_err(|_| format!("`{text}` is no ISO 8601 date"))?;
            local.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp()).map_err(out_of_range)
        }
        pattern => read(text, pattern),
    }
}

/// A run of one letter, or text that stands for itself.
enum Piece {
    Field(char, usize),
    Plain(char),
}

/// Cuts a pattern as Java's date patterns are written: letters are fields, text in single quotes is plain.
fn pieces(pattern: &str) -> Result<Vec<Piece>, String> {
    let letters: Vec<char> = pattern.chars().collect();
    let mut made = Vec::new();
    let mut at = 0;
    while let Some(&letter) = letters.get(at) {
        if letter == '\'' {
            let end =
                letters[at + 1..].iter().position(|c| *c == '\'').ok_or("a quote in the pattern is not closed")?;
            let inner = &letters[at + 1..at + 1 + end];
            made.extend(if inner.is_empty() { &['\''] } else { inner }.iter().map(|c| Piece::Plain(*c)));
            at += end + 2;
        } else if letter.is_ascii_alphabetic() {
            let count = letters[at..].iter().take_while(|c| **c == letter).count();
            if !"yMdHhmsSaXZ".contains(letter) {
                return Err(format!(
                    "the pattern letter `{letter}` is not known; use TIMESTAMP, ISO_8601 or y M d H h m s S a X"
                ));
            }
            made.push(Piece::Field(letter, count));
            at += count;
        } else {
            made.push(Piece::Plain(letter));
            at += 1;
        }
    }
    Ok(made)
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn write(at: &Zoned, pattern: &str) -> Result<String, String> {
    let mut out = String::new();
    for piece in pieces(pattern)? {
        let (letter, width) = match piece {
            Piece::Plain(c) => {
                out.push(c);
                continue;
            }
            Piece::Field(letter, width) => (letter, width),
        };
        let hour12 = if at.hour() % 12 == 0 { 12 } else { at.hour() % 12 };
        let number = match letter {
            'y' if width == 2 => i64::from(at.year().rem_euclid(100)),
            'y' => i64::from(at.year()),
            'M' if width >= 3 => {
                let name = MONTHS[at.month() as usize - 1];
                out.push_str(if width == 3 { &name[..3] } else { name });
                continue;
            }
            'M' => i64::from(at.month()),
            'd' => i64::from(at.day()),
            'H' => i64::from(at.hour()),
            'h' => i64::from(hour12),
            'm' => i64::from(at.minute()),
            's' => i64::from(at.second()),
            'S' => {
                out.extend(format!("{:03}000000", at.millisecond()).chars().take(width.min(9)));
                continue;
            }
            'a' => {
                out.push_str(if at.hour() < 12 { "AM" } else { "PM" });
                continue;
            }
            'X' => {
                out.push('Z');
                continue;
            }
            _ => {
                out.push_str("+0000");
                continue;
            }
        };
        out.push_str(&format!("{number:0width$}", width = width.min(9)));
    }
    Ok(out)
}

fn read(text: &str, pattern: &str) -> Result<Timestamp, String> {
    let fail = || format!("`{text}` does not follow the pattern {pattern}");
    let mut rest = text;
    // Year, month, day, hour, minute, second, millisecond; then the half of the day and the offset in minutes.
    let mut fields = [1970i64, 1, 1, 0, 0, 0, 0];
    let (mut afternoon, mut offset) = (None, 0i64);
    let pieces = pieces(pattern)?;
    for (position, piece) in pieces.iter().enumerate() {
        let (letter, width) = match piece {
            Piece::Plain(c) => {
                rest = rest.strip_prefix(*c).ok_or_else(fail)?;
                continue;
            }
            Piece::Field(letter, width) => (*letter, *width),
        };
        match letter {
            'a' => {
                let half = rest.get(..2).ok_or_else(fail)?.to_uppercase();
                afternoon = Some(half == "PM");
                rest = &rest[2..];
            }
            'X' | 'Z' => offset = read_offset(&mut rest).ok_or_else(fail)?,
            'M' if width >= 3 => {
                let month = MONTHS.iter().position(|name| {
                    let name = if width == 3 { &name[..3] } else { name };
                    rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
                });
                let month = month.ok_or_else(fail)?;
                rest = &rest[if width == 3 { 3 } else { MONTHS[month].len() }..];
                fields[1] = month as i64 + 1;
            }
            _ => {
                // Digits up to the next field, or exactly the width when another number follows at once.
                let tight = matches!(pieces.get(position + 1), Some(Piece::Field(..)));
                let most = if tight { width } else { 9 };
                let count = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
                let value: i64 = rest[..count].parse().map_err(|_| fail())?;
                rest = &rest[count..];
                let slot = match letter {
                    'y' => 0,
                    'M' => 1,
                    'd' => 2,
                    'H' | 'h' => 3,
                    'm' => 4,
                    's' => 5,
                    _ => 6,
                };
                fields[slot] = match letter {
                    'y' if width == 2 => 2000 + value,
                    'h' => value % 12,
                    'S' => format!("{value:0count$}000")[..3].parse().map_err(|_| fail())?,
                    _ => value,
                };
            }
        }
    }
    if afternoon == Some(true) {
        fields[3] += 12;
    }
    if !rest.is_empty() {
        return Err(fail());
    }
    let small = |value: i64| i8::try_from(value).map_err(|_| fail());
    let year = i16::try_from(fields[0]).map_err(|_| fail())?;
    let date = Date::new(year, small(fields[1])?, small(fields[2])?).map_err(|_| fail())?;
    let nanoseconds = i32::try_from(fields[6] * 1_000_000).map_err(|_| fail())?;
    let time = Time::new(small(fields[3])?, small(fields[4])?, small(fields[5])?, nanoseconds).map_err(|_| fail())?;
    let local = DateTime::from_parts(date, time).to_zoned(TimeZone::UTC).map_err(out_of_range)?;
    local.timestamp().checked_sub(Span::new().minutes(offset)).map_err(out_of_range)
}

/// `Z`, `+02`, `+0200` or `+02:00` as minutes.
fn read_offset(rest: &mut &str) -> Option<i64> {
    if let Some(after) = rest.strip_prefix(['Z', 'z']) {
        *rest = after;
        return Some(0);
    }
    let sign = if rest.starts_with('-') { -1 } else { 1 };
    let digits = rest.strip_prefix(['+', '-'])?;
    let hours: i64 = digits.get(..2)?.parse().ok()?;
    let after = digits[2..].strip_prefix(':').unwrap_or(&digits[2..]);
    let minutes = after.get(..2).and_then(|digits| digits.parse::<i64>().ok());
    *rest = if minutes.is_some() { &after[2..] } else { &digits[2..] };
    Some(sign * (hours * 60 + minutes.unwrap_or(0)))
}
