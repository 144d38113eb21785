//! Logs of runs: pages of lines, and files for download.

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::error::Error;
use crate::runs::visible_run;
use serde::{Deserialize, Serialize};
use stoker_domain::ids::RunId;
use stoker_domain::{Permission, limits};
use stoker_secrets::{SecretError, token};
use stoker_store::logs::{self, ChunkPlace};
use stoker_store::runs::Run;
use stoker_store::{Tx, runs};
use stoker_wire::chunk::{self, Line, Stream};

/// Who may read logs. The published guide asks for rights that the account of its own procedure cannot hold; here
/// VIEW or EXECUTE is enough, so that both guides work (decided, see `docs/compatibility.md`).
const READ: &[Permission] = &[Permission::Operator, Permission::EngineUse];
const DELETE: &[Permission] = &[Permission::ExecutionLogsDelete];

/// One line as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// `TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR` or `FATAL`.
    pub severity: &'static str,
    /// When the engine saw it, milliseconds.
    pub at_ms: i64,
    /// The text.
    pub text: String,
}

/// Which lines of a log are asked for.
#[derive(Clone, Copy, Debug)]
pub struct LogQuery {
    /// How many lines, 1 to 200.
    pub count: i64,
    /// How many to pass over.
    pub start_index: i64,
    /// Newest first.
    pub newest_first: bool,
    /// Start of the window, milliseconds.
    pub from_ms: Option<i64>,
    /// End of the window, milliseconds.
    pub to_ms: Option<i64>,
}

/// A page of lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPage {
    /// The run it belongs to.
    pub run: RunInfo,
    /// The lines.
    pub lines: Vec<LogLine>,
    /// Lines of the run in all.
    pub total: i64,
    /// Lines in the window.
    pub filtered: i64,
    /// Where the next page begins; absent on the last.
    pub next_index: Option<i64>,
}

/// What log answers say of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunInfo {
    /// Name of the artifact.
    pub artifact_name: String,
    /// Its version.
    pub artifact_version: String,
    /// The task.
    pub task_id: String,
}

/// Form of a log file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogFormat {
    /// A JSON array of lines.
    #[serde(rename = "JSON")]
    Json,
    /// Plain text.
    #[serde(rename = "TEXT")]
    Text,
}

/// What a log file holds; travels signed inside its token and its URL, so nothing is kept for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogFile {
    /// Always `log-file` or `log-url`: a token made for something else is none.
    use_for: String,
    /// The run.
    pub run: String,
    /// First line.
    first: i64,
    /// Number of lines.
    lines: i64,
    /// Form.
    pub format: LogFormat,
    /// File name.
    pub name: String,
    /// End of its life, seconds.
    exp: i64,
}

/// Answer to the start of a log file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFileBegun {
    /// Lines in it.
    pub lines: i64,
    /// Its token.
    pub token: String,
    /// When lines were cut at the front: the time at which the next file should end (source: doc).
    pub cut_before_ms: Option<i64>,
}

/// Severity of a line: the level it carries, else INFO for output and ERROR for the error stream, whose bare lines
/// are stack traces and messages of failures (source: inferred).
pub fn severity(line: &Line) -> &'static str {
    const LEVELS: [(&str, &str); 8] = [
        ("TRACE", "TRACE"),
        ("DEBUG", "DEBUG"),
        ("INFO", "INFO"),
        ("WARN", "WARN"),
        ("WARNING", "WARN"),
        ("ERROR", "ERROR"),
        ("SEVERE", "ERROR"),
        ("FATAL", "FATAL"),
    ];
    let level = line.text.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(level, _)| level.trim());
    if let Some(found) = level.and_then(|level| LEVELS.iter().find(|(name, _)| *name == level)) {
        return found.1;
    }
    match line.stream {
        Stream::Out | Stream::Engine => "INFO",
        Stream::Err => "ERROR",
    }
}

fn info(run: &Run) -> RunInfo {
    RunInfo {
        artifact_name: run.artifact_name.clone(),
        artifact_version: run.artifact_version.clone(),
        task_id: run.task_id.to_string(),
    }
}

fn decoded(tx: &mut Tx<'_>, run: &RunId, place: &ChunkPlace) -> Result<Vec<Line>, Error> {
    let data = logs::data(tx, run, place.epoch, place.number)?;
    chunk::decode(&data.unwrap_or_default()).map_err(Error::internal)
}

/// The lines `from..to` by number, oldest first.
fn lines_between(
    tx: &mut Tx<'_>,
    run: &RunId,
    index: &[ChunkPlace],
    from: i64,
    to: i64,
) -> Result<Vec<LogLine>, Error> {
    let mut found = Vec::new();
    for place in index.iter().filter(|p| p.first_line < to && p.first_line + p.lines > from) {
        for (number, line) in decoded(tx, run, place)?.into_iter().enumerate() {
            let number = place.first_line + number as i64;
            if number >= from && number < to {
                found.push(LogLine { severity: severity(&line), at_ms: line.at_ms, text: line.text });
            }
        }
    }
    Ok(found)
}

/// Number of the first line for which `reached` holds; times never go back within a run, so a search by chunk and then
/// by line finds it.
fn first_line_at(
    tx: &mut Tx<'_>,
    run: &RunId,
    index: &[ChunkPlace],
    total: i64,
    reached: impl Fn(i64) -> bool,
) -> Result<i64, Error> {
    let at = index.partition_point(|place| !reached(place.last_ms));
    let Some(place) = index.get(at) else { return Ok(total) };
    let lines = decoded(tx, run, place)?;
    Ok(place.first_line + lines.partition_point(|line| !reached(line.at_ms)) as i64)
}

fn window(
    tx: &mut Tx<'_>,
    run: &RunId,
    index: &[ChunkPlace],
    total: i64,
    from_ms: Option<i64>,
    to_ms: Option<i64>,
) -> Result<(i64, i64), Error> {
    let first = match from_ms {
        Some(from) => first_line_at(tx, run, index, total, |at| at >= from)?,
        None => 0,
    };
    let end = match to_ms {
        Some(to) => first_line_at(tx, run, index, total, |at| at > to)?,
        None => total,
    };
    Ok((first, end.max(first)))
}

impl Service {
    /// A page of log lines; works while the run goes on.
    pub async fn log_page(&self, actor: &Actor, id: &RunId, query: LogQuery) -> Result<LogPage, Error> {
        let allowed = actor.allow(READ)?;
        let (id, proof) = (id.clone(), allowed.clone());
        self.read(&allowed, move |tx| {
            let run = visible_run(tx, &proof, &id)?;
            let index = logs::index(tx, &id)?;
            let total = index.last().map_or(0, |p| p.first_line + p.lines);
            let (first, end) = window(tx, &id, &index, total, query.from_ms, query.to_ms)?;
            let filtered = end - first;
            let skip = query.start_index.min(filtered);
            let count = query.count.min(filtered - skip);
            let lines = if query.newest_first {
                let mut lines = lines_between(tx, &id, &index, end - skip - count, end - skip)?;
                lines.reverse();
                lines
            } else {
                lines_between(tx, &id, &index, first + skip, first + skip + count)?
            };
            let next_index = (skip + count < filtered).then_some(skip + count);
            Ok(LogPage { run: info(&run), lines, total, filtered, next_index })
        })
        .await
    }

    /// Fixes what a log file will hold: at most the last 100,000 lines of the window (source: doc).
    pub async fn begin_log_file(
        &self,
        actor: &Actor,
        id: &RunId,
        format: LogFormat,
        window_ms: (Option<i64>, Option<i64>),
        long_name: bool,
    ) -> Result<LogFileBegun, Error> {
        let allowed = actor.allow(READ)?;
        let (wanted, proof) = (id.clone(), allowed.clone());
        let (run, first, lines, cut) = self
            .read::<_, Error, _>(&allowed, move |tx| {
                let run = visible_run(tx, &proof, &wanted)?;
                let index = logs::index(tx, &wanted)?;
                let total = index.last().map_or(0, |p| p.first_line + p.lines);
                let (first, end) = window(tx, &wanted, &index, total, window_ms.0, window_ms.1)?;
                let kept = first.max(end - limits::LOG_FILE_LINES);
                let cut = if kept > first {
                    lines_between(tx, &wanted, &index, kept - 1, kept)?.first().map(|line| line.at_ms)
                } else {
                    None
                };
                Ok((run, kept, end - kept, cut))
            })
            .await?;
        let name = if long_name { format!("{}_{id}.log", run.task_id) } else { format!("{id}.log") };
        let file = LogFile {
            use_for: "log-file".to_owned(),
            run: id.to_string(),
            first,
            lines,
            format,
            name,
            exp: (self.now() + limits::LOG_FILE_MS) / 1000,
        };
        Ok(LogFileBegun { lines, token: token::sign(&self.inner.keys, &file)?, cut_before_ms: cut })
    }

    /// The URL of a log file; it needs no further credentials and lives 60 minutes. Files are made while they are
    /// fetched, so they are always ready.
    pub async fn log_file_url(&self, actor: &Actor, id: &RunId, token_text: &str) -> Result<String, Error> {
        let allowed = actor.allow(READ)?;
        let (wanted, proof) = (id.clone(), allowed.clone());
        self.get(&allowed, move |tx| visible_run(tx, &proof, &wanted)).await?;
        let mut file = self.log_file(token_text, "log-file")?;
        if file.run != id.as_str() {
            return Err(Error::invalid("the token belongs to another execution"));
        }
        file.use_for = "log-url".to_owned();
        let signed = token::sign(&self.inner.keys, &file)?;
        Ok(format!("{}/stoker/v1/log-files/{signed}", self.public_url()))
    }

    fn log_file(&self, text: &str, use_for: &str) -> Result<LogFile, Error> {
        let file: LogFile = token::verify(&self.inner.keys, text).map_err(|error| match error {
            SecretError::Token => Error::invalid("the token of a log file is not valid"),
            other => other.into(),
        })?;
        if file.use_for != use_for || file.exp * 1000 <= self.now() {
            return Err(Error::invalid("the token of a log file has expired: generate the file again"));
        }
        Ok(file)
    }

    /// Reads the signed name out of a log file's URL.
    pub fn open_log_file(&self, signed: &str) -> Result<LogFile, Error> {
        self.log_file(signed, "log-url")
    }

    /// The next lines of a log file from line `at` of the file on, a chunk at a time; empty at the end.
    pub async fn log_file_part(&self, file: &LogFile, at: i64) -> Result<Vec<LogLine>, Error> {
        const PART: i64 = 5_000;
        let (from, to) = (file.first + at, file.first + file.lines.min(at + PART));
        if from >= to {
            return Ok(Vec::new());
        }
        let id = RunId::trusted(file.run.as_str());
        self.read(&Allowed::system(), move |tx| {
            let index = logs::index(tx, &id)?;
            lines_between(tx, &id, &index, from, to)
        })
        .await
    }

    /// Removes the log of a run; also fine when there is none (source: spec). The timeline of the run then says so.
    pub async fn delete_logs(&self, actor: &Actor, id: &RunId) -> Result<(), Error> {
        let allowed = actor.allow(DELETE)?;
        let (id, proof, service) = (id.clone(), allowed.clone(), self.clone());
        self.write(&allowed, move |tx| {
            let run = runs::get(tx, &id)?.ok_or_else(|| Error::not_found("Task execution not found."))?;
            let now = service.now();
            if logs::delete(tx, &id)? > 0 {
                note_removal(tx, &id, &proof, now)?;
            }
            let change = Change {
                action: "run.delete-log",
                object: ("run", id.as_str()),
                workspace: Some(&run.workspace_id),
                detail: None,
            };
            audit::record(tx, proof.actor(), now, service.random(), change)
        })
        .await
    }
}

/// Has the timeline of a run say who removed its log.
pub(crate) fn note_removal(tx: &mut Tx<'_>, run: &RunId, proof: &Allowed, now: i64) -> Result<(), Error> {
    let by = serde_json::json!({ "by": proof.actor().name });
    Ok(runs::add_event(tx, run, now, "log_deleted", Some(by.to_string()))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_get_the_severity_they_carry() {
        let line = |stream, text: &str| severity(&Line { stream, at_ms: 0, text: text.to_owned() });
        assert_eq!(line(Stream::Out, "[WARN ] 12:00:01 x- careful"), "WARN");
        assert_eq!(line(Stream::Out, "[INFO ]: a - b"), "INFO");
        assert_eq!(line(Stream::Out, "[FATAL] gone"), "FATAL");
        assert_eq!(line(Stream::Err, "\tat x.Y.main(Y.java:1)"), "ERROR");
        assert_eq!(line(Stream::Out, "1|line 1"), "INFO");
        assert_eq!(line(Stream::Out, "[42] is no level"), "INFO");
    }
}
