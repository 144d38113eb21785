//! One element of a field's list: text to meaning.

use super::error::{CronError, Field, Problem};

/// What an element says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Item {
    /// `*`, `*/n` or `/n`.
    Every { step: Option<u32> },
    /// `?`
    Question,
    /// `v`, `v/n`.
    Value { value: u32, named: bool, step: Option<u32> },
    /// `a-b`, `a-b/n`.
    Range { from: u32, to: u32, named: bool, step: Option<u32> },
    /// `L`, `L-n`, `LW`, `L-nW`.
    Last { before: u8, nearest: bool },
    /// `15W`
    Nearest { day: u8 },
    /// `6L`
    LastOfWeek { weekday: u8 },
    /// `6#3`
    Nth { weekday: u8, nth: u8 },
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// A number or a name.
#[derive(Clone, Copy)]
struct Value {
    number: u32,
    named: bool,
    column: usize,
}

/// A position in an element.
struct Reader<'a> {
    field: Field,
    rest: &'a str,
    column: usize,
}

/// Reads one element. `text` is in upper case and not empty; `column` is that of its first character.
pub(super) fn read(field: Field, text: &str, column: usize) -> Result<Item, CronError> {
    let mut reader = Reader { field, rest: text, column };
    let item = reader.item()?;
    if reader.rest.is_empty() { Ok(item) } else { Err(reader.left_over()) }
}

impl Reader<'_> {
    fn error(&self, column: usize, problem: Problem) -> CronError {
        CronError::new(self.field, column, problem)
    }

    /// Why the text after a complete element cannot stand there.
    fn left_over(&self) -> CronError {
        let problem = match self.rest.chars().next() {
            Some('W') => Problem::MisplacedWeekday,
            Some('L') => Problem::MisplacedLast,
            Some('#') => Problem::MisplacedNth,
            Some('?') => Problem::QuestionMarkInList,
            _ => Problem::Unexpected { found: self.rest.to_owned() },
        };
        self.error(self.column, problem)
    }

    fn eat(&mut self, expected: char) -> bool {
        match self.rest.strip_prefix(expected) {
            Some(rest) => {
                self.rest = rest;
                self.column += 1;
                true
            }
            None => false,
        }
    }

    fn item(&mut self) -> Result<Item, CronError> {
        let start = self.column;
        let days = matches!(self.field, Field::DayOfMonth | Field::DayOfWeek);
        if self.eat('?') {
            return if days { Ok(Item::Question) } else { Err(self.error(start, Problem::QuestionMark)) };
        }
        if self.eat('*') {
            return Ok(Item::Every { step: self.step(true)? });
        }
        if self.rest.starts_with('/') {
            return Ok(Item::Every { step: self.step(true)? });
        }
        if self.rest.starts_with('W') && self.field != Field::DayOfWeek {
            return Err(self.error(start, Problem::MisplacedWeekday));
        }
        if self.eat('L') {
            return self.last(start);
        }
        let value = self.value()?;
        self.after_value(value)
    }

    fn last(&mut self, start: usize) -> Result<Item, CronError> {
        match self.field {
            Field::DayOfMonth => {}
            Field::DayOfWeek if self.rest.is_empty() => return Ok(Item::Value { value: 7, named: false, step: None }),
            _ => return Err(self.error(start, Problem::MisplacedLast)),
        }
        let mut before = 0;
        if self.eat('-') {
            let column = self.column;
            let digits = self.digits().ok_or_else(|| self.error(column, Problem::MisplacedLast))?;
            let number = digits.parse().ok().filter(|days| *days <= 30);
            before = number.ok_or_else(|| self.error(column, Problem::LastOffset { found: digits }))?;
        }
        Ok(Item::Last { before, nearest: self.eat('W') })
    }

    fn after_value(&mut self, value: Value) -> Result<Item, CronError> {
        let column = self.column;
        if self.eat('-') {
            let same_kind = self.rest.chars().next().is_some_and(|c| c.is_ascii_alphabetic() == value.named);
            if !same_kind {
                return Err(self.error(column, Problem::MissingRangeEnd));
            }
            let end = self.value()?;
            return self.range(value, end);
        }
        let number = value.number;
        if self.rest.starts_with('W') && self.field == Field::DayOfMonth && !value.named {
            self.eat('W');
            return Ok(Item::Nearest { day: self.small(value)? });
        }
        if self.field == Field::DayOfWeek {
            if self.eat('L') {
                return Ok(Item::LastOfWeek { weekday: self.small(value)? });
            }
            if self.eat('#') {
                let nth = self.digits().and_then(|digits| digits.parse().ok()).filter(|nth| (1..=5).contains(nth));
                let nth = nth.ok_or_else(|| self.error(column, Problem::MisplacedNth))?;
                return Ok(Item::Nth { weekday: self.small(value)?, nth });
            }
        }
        let step = self.step(!value.named)?;
        self.in_bounds(value, true)?;
        Ok(Item::Value { value: number, named: value.named, step })
    }

    fn range(&mut self, from: Value, to: Value) -> Result<Item, CronError> {
        self.in_bounds(from, true)?;
        // Quartz checks only the upper bound of the end; 0 as the end stands for the last value.
        self.in_bounds(to, self.field == Field::Year)?;
        if self.field == Field::Year && to.number < from.number {
            return Err(self.error(from.column, Problem::YearsBackwards));
        }
        let step = self.step(false)?;
        Ok(Item::Range { from: from.number, to: to.number, named: from.named, step })
    }

    /// A value that was checked and fits a day.
    fn small(&self, value: Value) -> Result<u8, CronError> {
        self.in_bounds(value, true)?;
        u8::try_from(value.number).map_err(|_| self.out_of_range(value))
    }

    fn in_bounds(&self, value: Value, lower_too: bool) -> Result<(), CronError> {
        let (least, most) = self.field.bounds();
        let inside = value.number <= most && (value.number >= least || !lower_too);
        if inside { Ok(()) } else { Err(self.out_of_range(value)) }
    }

    fn out_of_range(&self, value: Value) -> CronError {
        let found = value.number.to_string();
        self.error(value.column, Problem::OutOfRange { found, field: self.field })
    }

    /// `/n`, or nothing. Quartz bounds the step only behind `*` and single numbers.
    fn step(&mut self, bounded: bool) -> Result<Option<u32>, CronError> {
        if !self.eat('/') {
            return Ok(None);
        }
        let column = self.column;
        let digits = self.digits().ok_or_else(|| self.error(column, Problem::MissingStep))?;
        let largest = match self.field {
            _ if !bounded => i32::MAX.unsigned_abs(),
            Field::Seconds | Field::Minutes => 59,
            Field::Hours => 23,
            Field::DayOfMonth => 31,
            Field::Month => 12,
            Field::DayOfWeek => 7,
            Field::Year => i32::MAX.unsigned_abs(),
        };
        let step = digits.parse().ok().filter(|step| *step <= largest);
        step.map(Some).ok_or_else(|| self.error(column, Problem::StepTooLarge { found: digits, largest }))
    }

    fn value(&mut self) -> Result<Value, CronError> {
        let column = self.column;
        if self.rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return self.name();
        }
        let digits = self.digits().ok_or_else(|| {
            let found = self.rest.to_owned();
            self.error(
                column,
                if found.starts_with('#') { Problem::MisplacedNth } else { Problem::Unexpected { found } },
            )
        })?;
        let number = digits.parse().ok().filter(|number| *number <= i32::MAX.unsigned_abs());
        let number =
            number.ok_or_else(|| self.error(column, Problem::OutOfRange { found: digits, field: self.field }))?;
        Ok(Value { number, named: false, column })
    }

    fn name(&mut self) -> Result<Value, CronError> {
        let column = self.column;
        let names: &[&str] = match self.field {
            Field::Month => &MONTHS,
            Field::DayOfWeek => &WEEKDAYS,
            _ => &[],
        };
        let letters = self.rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(self.rest.len());
        let written = &self.rest[..letters];
        let Some((number, name)) = (1..).zip(names).find(|(_, name)| written.starts_with(**name)) else {
            let found = written.to_owned();
            let problem = if names.is_empty() {
                Problem::Unexpected { found }
            } else {
                Problem::UnknownName { found, field: self.field }
            };
            return Err(self.error(column, problem));
        };
        // `FRIL` is Friday and `L`; any other letter after a name is a mistake.
        if letters > name.len() && !(self.field == Field::DayOfWeek && &written[name.len()..] == "L") {
            let found = written[name.len()..].to_owned();
            return Err(self.error(column + name.len(), Problem::Unexpected { found }));
        }
        self.rest = &self.rest[name.len()..];
        self.column += name.len();
        Ok(Value { number, named: true, column })
    }

    /// One or more digits.
    fn digits(&mut self) -> Option<String> {
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        self.column += end;
        (!digits.is_empty()).then(|| digits.to_owned())
    }
}
