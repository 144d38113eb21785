//! Text to [`Cron`].

use super::days::DayRule;
use super::error::{CronError, Field, Problem};
use super::item::{self, Item};
use super::{Cron, Fields, MAX_CHARS, Note, Years, search};
use crate::MAX_YEAR;

/// A field's text and where it begins, counted in characters from 1.
struct Piece<'a> {
    field: Field,
    text: &'a str,
    column: usize,
}

/// The values of one field.
#[derive(Default)]
struct Values {
    /// Bit `n` for value `n`; of years bit `n` stands for 1970 + n.
    bits: [u64; 3],
    /// Special elements in their order.
    special: Vec<Item>,
}

impl Values {
    fn insert(&mut self, value: u32) {
        if let Some(word) = usize::try_from(value / 64).ok().and_then(|index| self.bits.get_mut(index)) {
            *word |= 1 << (value % 64);
        }
    }

    fn low(&self) -> u64 {
        self.bits[0]
    }
}

pub(super) fn parse(text: &str, with_seconds: bool) -> Result<Cron, CronError> {
    let length = text.chars().count();
    if length > MAX_CHARS {
        return Err(CronError::new(None, MAX_CHARS + 1, Problem::TooLong { length }));
    }
    let upper = text.to_ascii_uppercase();
    let pieces = split(&upper, with_seconds)?;
    let mut notes = Vec::new();
    let mut fields = pieces.iter().map(|piece| values(piece, &mut notes));
    let mut next = || fields.next().transpose().map(Option::unwrap_or_default);
    let seconds = if with_seconds { next()?.low() } else { 1 };
    let minutes = next()?.low();
    let hours = low_u32(&next()?);
    let of_month = next()?;
    let months = u16::try_from(next()?.low()).unwrap_or(u16::MAX);
    let of_week = next()?;
    let years = next()?;
    drop(fields);
    let days = day_rule(&pieces, &of_month, &of_week, &mut notes)?;
    let fields = Fields { seconds, minutes, hours, days, months, years: years_of(&pieces, &years) };
    if !search::ever_fires(&fields) {
        notes.push(Note::NeverFires);
    }
    Ok(Cron { text: text.to_owned(), with_seconds, fields, notes })
}

fn low_u32(values: &Values) -> u32 {
    u32::try_from(values.low()).unwrap_or(u32::MAX)
}

/// Cuts the text at blanks and tabs and gives each piece its field.
fn split(text: &str, with_seconds: bool) -> Result<Vec<Piece<'_>>, CronError> {
    let names = if with_seconds { &Field::ALL[..] } else { &Field::ALL[1..] };
    let mut words = Vec::new();
    let mut column = 1;
    for word in text.split([' ', '\t']) {
        if !word.is_empty() {
            words.push((word, column));
        }
        column += word.chars().count() + 1;
    }
    let found = words.len();
    if let Some((_, column)) = words.get(names.len()) {
        return Err(CronError::new(None, *column, Problem::TooManyFields { found, seconds: with_seconds }));
    }
    if found + 1 < names.len() {
        let missing = names.get(found).copied();
        return Err(CronError::new(missing, column - 1, Problem::TooFewFields { found, seconds: with_seconds }));
    }
    Ok(names.iter().zip(words).map(|(&field, (text, column))| Piece { field, text, column }).collect())
}

/// Reads the list of one field.
fn values(piece: &Piece<'_>, notes: &mut Vec<Note>) -> Result<Values, CronError> {
    let mut values = Values::default();
    let mut column = piece.column;
    let mut items = Vec::new();
    for text in piece.text.split(',') {
        // Quartz reads past empty elements.
        if !text.is_empty() {
            items.push((item::read(piece.field, text, column)?, column));
        }
        column += text.chars().count() + 1;
    }
    if items.is_empty() {
        return Err(CronError::new(piece.field, piece.column, Problem::EmptyList));
    }
    check_list(piece, &items)?;
    for (item, _) in items {
        add(&mut values, piece.field, item, notes);
    }
    Ok(values)
}

/// What may not stand in a list with others.
fn check_list(piece: &Piece<'_>, items: &[(Item, usize)]) -> Result<(), CronError> {
    let list = piece.text.contains(',');
    let days = matches!(piece.field, Field::DayOfMonth | Field::DayOfWeek);
    if list && days {
        for (item, column) in items {
            let problem = match item {
                Item::Question => Problem::QuestionMarkInList,
                Item::Last { .. } | Item::LastOfWeek { .. } => Problem::MisplacedLast,
                Item::Value { value: 7, named: false, step: None } if at(piece, *column) == Some('L') => {
                    Problem::MisplacedLast
                }
                _ => continue,
            };
            return Err(CronError::new(piece.field, *column, problem));
        }
    }
    let mut nth = items.iter().filter(|(item, _)| matches!(item, Item::Nth { .. }));
    match nth.nth(1) {
        Some((_, column)) => Err(CronError::new(piece.field, *column, Problem::MisplacedNth)),
        None => Ok(()),
    }
}

/// The character at a column of the whole text.
fn at(piece: &Piece<'_>, column: usize) -> Option<char> {
    piece.text.chars().nth(column - piece.column)
}

/// Adds what one element names.
fn add(values: &mut Values, field: Field, item: Item, notes: &mut Vec<Note>) {
    let (least, most) = field.bounds();
    let (from, to, step) = match item {
        Item::Every { step } => {
            note_zero(field, step, notes);
            (least, most, step.unwrap_or(1).max(1))
        }
        Item::Value { value, named: false, step: Some(step @ 1..) } => (value, most, step),
        Item::Range { from, to, named: false, step: None | Some(1) } => (from, to, 1),
        Item::Range { from, to, named: false, step: Some(step @ 2..) } => (from, to, step),
        Item::Range { from, to, named: true, step } => {
            if step.is_some() {
                notes.push(Note::StepAfterName(field));
            }
            (from, to, 1)
        }
        Item::Value { value, named, step } => {
            match (named, step) {
                (true, Some(_)) => notes.push(Note::StepAfterName(field)),
                (false, _) => note_zero(field, step, notes),
                (true, None) => {}
            }
            (value, value, 1)
        }
        Item::Range { from, step, .. } => {
            note_zero(field, step, notes);
            (from, from, 1)
        }
        special => {
            values.special.push(special);
            return;
        }
    };
    fill(values, field, from, to, step);
}

fn note_zero(field: Field, step: Option<u32>, notes: &mut Vec<Note>) {
    if step == Some(0) {
        notes.push(Note::StepZero(field));
    }
}

/// Adds a range, wrapping when it ends before it begins.
fn fill(values: &mut Values, field: Field, from: u32, to: u32, step: u32) {
    let (least, most) = field.bounds();
    if field == Field::Year {
        let mut year = from;
        while year <= to {
            values.insert(year - least);
            year = year.saturating_add(step);
        }
        return;
    }
    let size = most - least + 1;
    let end = if to < from { to + size } else { to };
    let mut value = from;
    while value <= end {
        values.insert(if value > most { value - size } else { value });
        value = value.saturating_add(step);
    }
}

/// Puts the two day fields together.
fn day_rule(
    pieces: &[Piece<'_>],
    of_month: &Values,
    of_week: &Values,
    notes: &mut Vec<Note>,
) -> Result<DayRule, CronError> {
    let open = |values: &Values| values.special.contains(&Item::Question);
    let column = |field| pieces.iter().find(|piece| piece.field == field).map_or(1, |piece| piece.column);
    match (open(of_month), open(of_week)) {
        (true, true) => Err(CronError::new(Field::DayOfWeek, column(Field::DayOfWeek), Problem::NoDays)),
        (false, false) => Err(CronError::new(Field::DayOfWeek, column(Field::DayOfWeek), Problem::BothDays)),
        (false, true) => Ok(month_rule(of_month, notes)),
        (true, false) => Ok(week_rule(of_week, notes)),
    }
}

fn month_rule(values: &Values, notes: &mut Vec<Note>) -> DayRule {
    let listed = low_u32(values);
    let mut smallest: Option<u8> = None;
    for item in &values.special {
        match *item {
            Item::Last { before, nearest: true } => return DayRule::LastNearest { before },
            Item::Last { before, nearest: false } => return DayRule::Last { before },
            Item::Nearest { day } => smallest = Some(smallest.map_or(day, |other| other.min(day))),
            _ => {}
        }
    }
    let Some(mut day) = smallest else { return DayRule::OfMonth(listed) };
    if listed != 0 {
        day = day.min(u8::try_from(listed.trailing_zeros()).unwrap_or(day));
    }
    if listed != 0 || values.special.len() > 1 {
        notes.push(Note::OnlySmallestNearest { day });
    }
    DayRule::Nearest { day }
}

fn week_rule(values: &Values, notes: &mut Vec<Note>) -> DayRule {
    let listed = u8::try_from(values.low()).unwrap_or(u8::MAX);
    match values.special.first() {
        Some(&Item::LastOfWeek { weekday }) => DayRule::LastOfWeek { weekday },
        Some(&Item::Nth { weekday, nth }) if listed == 0 => DayRule::Nth { weekday, nth },
        Some(&Item::Nth { weekday, nth }) => {
            let weekday = weekday.min(u8::try_from(listed.trailing_zeros()).unwrap_or(weekday));
            notes.push(Note::OnlySmallestNth { weekday });
            DayRule::Nth { weekday, nth }
        }
        _ => DayRule::OfWeek(listed),
    }
}

/// The years; without the field, all.
fn years_of(pieces: &[Piece<'_>], values: &Values) -> Years {
    if !pieces.iter().any(|piece| piece.field == Field::Year) {
        return Years::Every;
    }
    let named = |year: &i16| {
        let bit = usize::from((year - crate::MIN_YEAR).unsigned_abs());
        values.bits[bit / 64] & (1 << (bit % 64)) != 0
    };
    let all = crate::MIN_YEAR..=MAX_YEAR;
    let listed: Vec<i16> = all.clone().filter(named).collect();
    if listed.len() == all.count() { Years::Every } else { Years::Listed(listed) }
}
