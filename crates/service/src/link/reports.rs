//! Reports: what happened on an engine, stored in one transaction for each request.

use super::{current, engine_of, refused, stops, told};
use crate::actor::Allowed;
use crate::app::Service;
use crate::error::Error;
use crate::runs::end;
use std::collections::{BTreeMap, BTreeSet};
use stoker_domain::ids::{EngineId, RunId};
use stoker_domain::run::{Event, Outcome, State, Step, transition};
use stoker_domain::{crash, limits};
use stoker_secrets::token;
use stoker_store::logs::LogChunk;
use stoker_store::runs::{EndRow, Run};
use stoker_store::{Tx, logs, runs};
use stoker_wire::{End, Messages, REFUSED_PROTOCOL, Report, ReportRequest, ReportResponse, chunk};

/// Largest log chunk accepted, bytes of base64.
const CHUNK_BYTES: usize = 2 * 1024 * 1024;
/// Largest log chunk accepted, bytes after unpacking; engines cut theirs at a tenth of it.
const CHUNK_UNPACKED: usize = 4 * 1024 * 1024;
/// Most lines of one log chunk; engines cut theirs at 5,000.
const CHUNK_LINES: usize = 100_000;
/// Most base64 that is checked on the thread of the request, bytes; more than that goes to a thread for slow work.
const CHECKED_HERE: usize = 64 * 1024;
/// Most reports in one request.
const REPORTS: usize = 5_000;

impl Service {
    /// Stores what happened on an engine. Everything is on disk when this returns.
    pub async fn report(&self, request: ReportRequest) -> Result<ReportResponse, Error> {
        if request.reports.len() > REPORTS {
            return Err(refused(REFUSED_PROTOCOL, format!("more than {REPORTS} reports in one request")));
        }
        let id = engine_of(&request.session)?;
        let hash = token::hash(&request.session);
        let (service, now) = (self.clone(), self.now());
        let (request, chunks) = with_chunks(request, now).await?;
        let answer = self
            .write(&Allowed::system(), move |tx| {
                let engine = current(tx, &id, &hash)?;
                service.sign_of_life(tx, &engine, now)?;
                let mut rows = locked(tx, &id, &hash, &request.reports)?;
                let mut stale = BTreeSet::new();
                let mut ended = false;
                let mut plans = BTreeSet::new();
                for (report, chunk) in request.reports.iter().zip(chunks) {
                    let run_epoch = report.run_epoch();
                    let row = rows.get_mut(run_epoch.run.as_str());
                    let mut row = row.filter(|r| r.epoch == run_epoch.epoch && r.engine_id.as_ref() == Some(&id));
                    let applied = match row.as_mut() {
                        Some(run) => apply(tx, run, report, chunk, now)?,
                        None => Applied::Stale,
                    };
                    match applied {
                        Applied::Ended => {
                            ended = true;
                            plans.extend(row.and_then(|run| run.plan_run_id.clone()));
                        }
                        Applied::Yes => {}
                        Applied::Stale => {
                            stale.insert(run_epoch);
                        }
                    }
                }
                let mut messages = Messages { stops: stops(tx, &id, &hash)?, ..Messages::default() };
                if ended {
                    service.add_offers(tx, &engine, now, &mut messages)?;
                }
                crash::point("report.before-commit");
                Ok::<_, Error>((ReportResponse { stale: stale.into_iter().collect(), messages }, plans))
            })
            .await;
        crash::point("report.after-commit");
        let (answer, plans) = answer?;
        for plan_run in plans {
            self.wake_plan(plan_run);
        }
        Ok(answer)
    }
}

/// The runs that the reports and the stops of the engine are about, locked in the order of their ids: two transactions
/// that lock several runs never wait for each other.
fn locked(
    tx: &mut Tx<'_>,
    engine: &EngineId,
    session: &str,
    reports: &[Report],
) -> Result<BTreeMap<String, Run>, Error> {
    // What is no id of a run cannot be in the database, and need not be looked for there.
    let mut ids: BTreeSet<RunId> =
        reports.iter().filter_map(|report| RunId::parse(report.run_epoch().run.as_str()).ok()).collect();
    if !ids.is_empty() {
        ids.extend(runs::unsent_stops(tx, engine, session)?.into_iter().map(|(id, _)| id));
    }
    let mut rows = BTreeMap::new();
    for id in ids {
        if let Some(run) = runs::lock(tx, &id)? {
            rows.insert(run.id.to_string(), run);
        }
    }
    Ok(rows)
}

/// What a report did.
enum Applied {
    Yes,
    Ended,
    Stale,
}

fn apply(tx: &mut Tx<'_>, run: &mut Run, report: &Report, chunk: Option<Chunk>, now: i64) -> Result<Applied, Error> {
    match report {
        Report::Started { at_ms, .. } => match transition(run.state, run.outcome, Event::Start) {
            Ok(Step::To(state, _)) => {
                runs::start(tx, &run.id, *at_ms)?;
                runs::add_event(tx, &run.id, now, "started", None)?;
                run.state = state;
                run.start_ms = Some(*at_ms);
                Ok(Applied::Yes)
            }
            Ok(_) => Ok(Applied::Yes),
            Err(_) => Ok(Applied::Stale),
        },
        Report::Log { seq, .. } => match chunk {
            Some(chunk) => append_log(tx, run, *seq, chunk),
            None => Ok(Applied::Yes),
        },
        Report::Components { components, .. } => {
            super::components::store(tx, run, components, now)?;
            Ok(Applied::Yes)
        }
        Report::Finished { end: how, .. } => {
            let row = end_row(how, now);
            match transition(run.state, run.outcome, Event::End(row.outcome)) {
                Ok(Step::To(state, outcome)) => {
                    end(tx, run, &row, now)?;
                    run.state = state;
                    run.outcome = outcome;
                    Ok(Applied::Ended)
                }
                Ok(_) => Ok(Applied::Yes),
                Err(_) => Ok(Applied::Stale),
            }
        }
    }
}

/// A log chunk as it will be stored.
struct Chunk {
    lines: i64,
    first_ms: i64,
    last_ms: i64,
    data: Vec<u8>,
}

/// Reads the log chunks of a request, outside of the transaction: it costs time that others would have to wait. `None`
/// for other reports.
async fn with_chunks(request: ReportRequest, now: i64) -> Result<(ReportRequest, Vec<Option<Chunk>>), Error> {
    let log = |report: &Report| match report {
        Report::Log { data, .. } => data.len(),
        _ => 0,
    };
    let size: usize = request.reports.iter().map(log).sum();
    let work = move || {
        let chunks = request.reports.iter().map(|report| read_chunk(report, now)).collect();
        (request, chunks)
    };
    if size <= CHECKED_HERE {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}

/// The packed lines of a log report, or in their place one line that says what is wrong with them. A chunk that cannot
/// be read would spoil the log of its run for ever, and refusing it would hold up all that comes after it.
fn read_chunk(report: &Report, now: i64) -> Option<Chunk> {
    let Report::Log { run, seq, lines, first_ms, last_ms, data, .. } = report else { return None };
    match checked(*lines, (*first_ms, *last_ms), data) {
        Ok(data) => Some(Chunk { lines: *lines, first_ms: *first_ms, last_ms: *last_ms, data }),
        Err(what) => {
            tracing::warn!(run = told(run, 36), seq, what, "a piece of a log cannot be used");
            let text = format!("[stoker] a piece of the log is missing here: it came from the engine and {what}");
            let at_ms = (*first_ms).clamp(0, now);
            let line = chunk::Line { stream: chunk::Stream::Engine, at_ms, text };
            Some(Chunk { lines: 1, first_ms: at_ms, last_ms: at_ms, data: chunk::encode(&[line]) })
        }
    }
}

/// The bytes of a chunk that can be read and are what their report says; else what is wrong.
fn checked(lines: i64, times: (i64, i64), data: &str) -> Result<Vec<u8>, String> {
    use base64::Engine as _;
    if data.len() > CHUNK_BYTES {
        return Err("is too large".to_owned());
    }
    let bytes = base64::engine::general_purpose::STANDARD.decode(data).map_err(|_| "is not base64".to_owned())?;
    let found = chunk::check(&bytes, CHUNK_UNPACKED).map_err(|error| format!("cannot be read: {error}"))?;
    if found.lines == 0 || found.lines > CHUNK_LINES {
        return Err(format!("has {} lines; 1 to {CHUNK_LINES} are allowed", found.lines));
    }
    if (found.lines as i64, (found.first_ms, found.last_ms)) != (lines, times) {
        return Err("does not hold the lines that its report names".to_owned());
    }
    Ok(bytes)
}

fn append_log(tx: &mut Tx<'_>, run: &mut Run, seq: i64, chunk: Chunk) -> Result<Applied, Error> {
    let expected = run.log_chunks;
    if seq < expected {
        return Ok(Applied::Yes);
    }
    if run.state == State::Finished {
        return Ok(Applied::Stale);
    }
    if seq > expected {
        return Err(refused(REFUSED_PROTOCOL, format!("log chunk {seq} came before chunk {expected}")));
    }
    let Chunk { lines, first_ms, last_ms, data } = chunk;
    let chunk = LogChunk {
        run_id: run.id.clone(),
        epoch: run.epoch,
        number: seq,
        first_line: run.log_lines,
        lines,
        first_ms,
        last_ms,
        data,
    };
    logs::append(tx, &chunk)?;
    run.log_lines += lines;
    run.log_chunks += 1;
    Ok(Applied::Yes)
}

fn end_row(how: &End, now: i64) -> EndRow {
    let outcome = Outcome::from_id(&how.outcome).unwrap_or(Outcome::Failed);
    EndRow {
        outcome,
        start_ms: how.started_ms,
        // An engine whose clock runs ahead must not end a run in the future.
        finish_ms: how.ended_ms.min(now),
        exit_code: how.exit_code,
        exit_signal: how.signal,
        error_type: how.error_type.as_deref().map(|text| told(text, limits::NAME_CHARS)),
        error_message: how.error_message.as_deref().map(|text| told(text, limits::DESCRIPTION_CHARS)),
        misfire_reason: (outcome == Outcome::DeployFailed)
            .then_some(stoker_domain::run::MisfireReason::MaxDeploymentAttempts),
    }
}
