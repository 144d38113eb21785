//! Rows of data-driven scenarios.

use std::collections::BTreeSet;

use super::{Files, NoFiles};
use crate::json::Json;
use crate::model::{Data, DataFormat, Drive, Kind};

/// Most rows of one scenario.
pub const MAX_ROWS: usize = 100_000;

/// One row: names and values.
pub type DataRow = Vec<(String, String)>;

/// Reads the rows of a scenario.
///
/// # Errors
/// A text that says which line or element is wrong.
pub fn rows(data: &Data, files: &dyn Files) -> Result<Vec<DataRow>, String> {
    let text = match (&data.file, &data.text) {
        (Some(file), None) => {
            String::from_utf8(files.read(file)?).map_err(|_| format!("the data file `{file}` is no UTF-8 text"))?
        }
        (None, Some(text)) => text.clone(),
        _ => return Err("data needs either `file` or `text`".to_owned()),
    };
    let text = text.trim_start_matches('\u{feff}');
    let rows = match data.format {
        DataFormat::Csv => csv(text)?,
        DataFormat::Json => json(text)?,
    };
    match rows.len() {
        0 => Err("the data has no rows".to_owned()),
        count if count > MAX_ROWS => Err(format!("the data has {count} rows, more than {MAX_ROWS}")),
        _ => Ok(rows),
    }
}

/// Names of variables that get their values only while something runs: values before a request, values taken from
/// responses, elements of loops, columns of data that stands in the project. Sorted, each once.
pub fn bound_names(drive: &Drive) -> Vec<String> {
    let mut names = BTreeSet::new();
    for (_, entity) in drive.walk() {
        match &entity.kind {
            Kind::Request(request) => {
                let added = &request.additions;
                names.extend(added.before.iter().map(|one| one.name.clone()));
                names.extend(added.extract.iter().map(|one| one.name.clone()));
                names.extend(added.each.iter().map(|one| one.name.clone()));
            }
            Kind::Scenario(added) => {
                // Data that cannot be read is told when it is run.
                let rows = added.data.as_ref().and_then(|data| rows(data, &NoFiles).ok());
                names.extend(rows.into_iter().flatten().take(1).flatten().map(|(name, _)| name));
            }
            _ => {}
        }
    }
    names.into_iter().filter(|name| !name.is_empty()).collect()
}

fn json(text: &str) -> Result<Vec<DataRow>, String> {
    let Json::Array(items) = Json::parse(text).map_err(|error| format!("the data is {error}"))? else {
        return Err("the data must be a JSON array of objects".to_owned());
    };
    let row = |(at, item): (usize, &Json)| match item.as_object() {
        Some(members) => Ok(members.iter().map(|(name, value)| (name.clone(), value.render())).collect()),
        None => Err(format!("element {at} of the data is no object but {}", item.kind())),
    };
    items.iter().enumerate().map(row).collect()
}

fn csv(text: &str) -> Result<Vec<DataRow>, String> {
    let mut records = records(text)?.into_iter();
    let Some((_, names)) = records.next() else { return Ok(Vec::new()) };
    let mut rows = Vec::new();
    for (line, record) in records {
        if record.len() != names.len() {
            return Err(format!(
                "line {line} of the data has {} values, the first line {} names",
                record.len(),
                names.len()
            ));
        }
        rows.push(names.iter().map(|name| name.trim().to_owned()).zip(record).collect());
    }
    Ok(rows)
}

/// Records with the lines they begin at. Empty lines are passed over.
fn records(text: &str) -> Result<Vec<(usize, Vec<String>)>, String> {
    let mut all = Vec::new();
    let (mut record, mut field, mut quoted, mut was_quoted) = (Vec::new(), String::new(), false, false);
    let (mut line, mut start) = (1, 1);
    let mut letters = text.chars().peekable();
    loop {
        let letter = letters.next();
        match letter {
            Some('"') if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            Some('"') if quoted => quoted = false,
            Some(c) if quoted => {
                line += usize::from(c == '\n');
                field.push(c);
            }
            None if quoted => return Err(format!("a quote in line {start} of the data is not closed")),
            Some('"') if field.is_empty() && !was_quoted => (quoted, was_quoted) = (true, true),
            Some(',') => {
                record.push(std::mem::take(&mut field));
                was_quoted = false;
            }
            Some('\r') if letters.peek() == Some(&'\n') => {}
            Some('\n') | None => {
                if !record.is_empty() || !field.is_empty() || was_quoted {
                    record.push(std::mem::take(&mut field));
                    all.push((start, std::mem::take(&mut record)));
                }
                was_quoted = false;
                line += 1;
                start = line;
                if letter.is_none() {
                    return Ok(all);
                }
            }
            Some(c) => field.push(c),
        }
    }
}
