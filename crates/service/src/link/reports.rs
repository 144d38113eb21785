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
        let (request, chunks) = with_chunks(request).await?;
        let (service, now) = (self.clone(), self.now());
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
                let mut messages = Messages { offers: Vec::new(), stops: stops(tx, &id, &hash)? };
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

fn apply(tx: &mut Tx<'_>, run: &mut Run, report: &Report, chunk: Option<Vec<u8>>, now: i64) -> Result<Applied, Error> {
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
        Report::Log { seq, lines, first_ms, last_ms, .. } => {
            append_log(tx, run, *seq, *lines, (*first_ms, *last_ms), chunk.unwrap_or_default())
        }
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

/// Checks the log chunks of a request, outside of the transaction: it costs time that others would have to wait.
async fn with_chunks(request: ReportRequest) -> Result<(ReportRequest, Vec<Option<Vec<u8>>>), Error> {
    let log = |report: &Report| match report {
        Report::Log { data, .. } => data.len(),
        _ => 0,
    };
    let size: usize = request.reports.iter().map(log).sum();
    let work = move || {
        let chunks = request.reports.iter().map(checked_chunk).collect::<Result<Vec<_>, _>>()?;
        Ok((request, chunks))
    };
    if size <= CHECKED_HERE {
        return work();
    }
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

/// The packed lines of a log report that can be read and are what the report says; `None` for other reports. What an
/// engine says is never believed: a chunk that cannot be read would spoil the log of its run for ever.
fn checked_chunk(report: &Report) -> Result<Option<Vec<u8>>, Error> {
    use base64::Engine as _;
    let Report::Log { run, seq, lines, first_ms, last_ms, data, .. } = report else { return Ok(None) };
    let wrong = |what: &str| refused(REFUSED_PROTOCOL, format!("log chunk {seq} of run {} {what}", told(run, 36)));
    if data.len() > CHUNK_BYTES {
        return Err(wrong("is too large"));
    }
    let bytes = base64::engine::general_purpose::STANDARD.decode(data).map_err(|_| wrong("is not base64"))?;
    let found = chunk::check(&bytes, CHUNK_UNPACKED).map_err(|error| wrong(&format!("cannot be read: {error}")))?;
    if found.lines == 0 || found.lines > CHUNK_LINES {
        return Err(wrong(&format!("has {} lines; 1 to {CHUNK_LINES} are allowed", found.lines)));
    }
    if (found.lines as i64, found.first_ms, found.last_ms) != (*lines, *first_ms, *last_ms) {
        return Err(wrong("does not hold the lines that its report names"));
    }
    Ok(Some(bytes))
}

fn append_log(
    tx: &mut Tx<'_>,
    run: &mut Run,
    seq: i64,
    lines: i64,
    (first_ms, last_ms): (i64, i64),
    data: Vec<u8>,
) -> Result<Applied, Error> {
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
