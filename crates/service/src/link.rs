//! The engine's side of the house: pairing, sessions, polls, reports, artifacts. The messages are those of
//! `stoker_wire`; the rules are here.
//!
//! Every request of an engine names its session, and every transaction checks that no newer session has replaced it.
//! Offers may get lost on the way; opening a session repairs that, because it tells all runs the engine knows.

use crate::actor::Allowed;
use crate::app::Service;
use crate::dispatch;
use crate::error::Error;
use crate::hub::Wake;
use crate::runs::end;
use std::collections::BTreeSet;
use std::time::Duration;
use stoker_domain::crash;
use stoker_domain::ids::{EngineId, RunId};
use stoker_domain::run::{Event, Outcome, State, Step, transition};
use stoker_domain::runtime::PairingStatus;
use stoker_secrets::token;
use stoker_store::db::Record;
use stoker_store::engines::Engine;
use stoker_store::logs::LogChunk;
use stoker_store::runs::{EndRow, Run};
use stoker_store::{Tx, engines, logs, runs};
use stoker_wire::{
    End, Messages, PROTOCOL, PairRequest, PairResponse, REFUSED_NOT_PAIRED, REFUSED_PROTOCOL, REFUSED_SESSION,
    REFUSED_UNKNOWN_KEY, REFUSED_USED_KEY, Report, ReportRequest, ReportResponse, RunEpoch, SessionRequest,
    SessionResponse,
};

/// How far the clocks of engine and server may differ when a session is opened, seconds.
const CLOCK_TOLERANCE_S: i64 = 300;
/// Largest log chunk accepted, bytes of base64.
const CHUNK_BYTES: usize = 2 * 1024 * 1024;
/// Most reports in one request.
const REPORTS: usize = 5_000;

fn refused(code: &'static str, message: impl Into<String>) -> Error {
    Error::Link { code, message: message.into() }
}

fn stale_session() -> Error {
    refused(REFUSED_SESSION, "a newer session replaced this one")
}

/// Name of a session: the engine and a secret. Only the hash is stored.
fn session_name(engine: &EngineId, random: &dyn stoker_domain::Random) -> String {
    format!("{engine}.{}", token::random_secret(random))
}

fn engine_of(session: &str) -> Result<EngineId, Error> {
    session.split_once('.').and_then(|(id, _)| EngineId::parse(id).ok()).ok_or_else(stale_session)
}

/// The engine of a session, locked, if no newer session replaced it.
fn current(tx: &mut Tx<'_>, id: &EngineId, hash: &str) -> Result<Engine, Error> {
    of_session(engines::lock(tx, id)?, hash)
}

/// The same for a read, which locks nothing.
fn seen(tx: &mut Tx<'_>, id: &EngineId, hash: &str) -> Result<Engine, Error> {
    of_session(engines::get(tx, id)?, hash)
}

fn of_session(engine: Option<Engine>, hash: &str) -> Result<Engine, Error> {
    let engine = engine.ok_or_else(stale_session)?;
    if engine.status != PairingStatus::Paired || engine.session_id.as_deref() != Some(hash) {
        return Err(stale_session());
    }
    Ok(engine)
}

fn checked_protocol(protocol: u32) -> Result<(), Error> {
    if protocol == PROTOCOL {
        return Ok(());
    }
    Err(refused(REFUSED_PROTOCOL, format!("this server speaks protocol {PROTOCOL}, the engine speaks {protocol}")))
}

impl Service {
    /// Binds an installation to the engine entity that its pairing key belongs to. A key works once; the same
    /// installation may repeat its request, because an answer can get lost.
    pub async fn pair(&self, request: PairRequest) -> Result<PairResponse, Error> {
        checked_protocol(request.protocol)?;
        let account = self.account().ok_or_else(|| Error::internal("there is no account yet"))?;
        let hash = token::hash(&request.key);
        let now = self.now();
        let engine = self
            .write(&Allowed::system(), move |tx| {
                let unknown = || refused(REFUSED_UNKNOWN_KEY, "the pairing key is not known; it may have been reset");
                let mut engine = engines::by_key_hash(tx, &hash)?.ok_or_else(unknown)?;
                if engine.status == PairingStatus::Paired {
                    let same = engine.signing_key.as_deref() == Some(&request.signing_key)
                        && engine.sealing_key.as_deref() == Some(&request.sealing_key);
                    if same {
                        return Ok(engine);
                    }
                    return Err(refused(REFUSED_USED_KEY, "the pairing key was used by another installation"));
                }
                end_all(
                    tx,
                    &engine.id,
                    now,
                    "engine_paired_anew",
                    "the engine was paired anew and knows nothing of the run",
                )?;
                engine.status = PairingStatus::Paired;
                engine.key_sealed = None;
                engine.signing_key = Some(request.signing_key);
                engine.sealing_key = Some(request.sealing_key);
                engine.session_id = None;
                engine.engine_version = Some(request.engine_version);
                engine.host = serde_json::to_string(&request.host).ok();
                engine.paired_ms = Some(now);
                engine.updated_ms = now;
                engine.update(tx)?;
                Ok::<_, Error>(engine)
            })
            .await?;
        tracing::info!(engine.id = %engine.id, engine.name = %engine.name, "an engine was paired");
        Ok(PairResponse {
            protocol: PROTOCOL,
            engine_id: engine.id.to_string(),
            runtime_id: engine.runtime_id,
            account_id: account.to_string(),
            name: engine.name,
        })
    }

    /// Opens a session and brings both sides to the same view of the engine's runs.
    pub async fn open_session(&self, bearer: &str, request: SessionRequest) -> Result<SessionResponse, Error> {
        checked_protocol(request.protocol)?;
        let not_paired = || refused(REFUSED_NOT_PAIRED, "the engine is not paired with this server any more");
        let id = token::claimed_engine(bearer).ok().and_then(|id| EngineId::parse(&id).ok()).ok_or_else(not_paired)?;
        let name = session_name(&id, self.random());
        let (bearer, hash, now) = (bearer.to_owned(), token::hash(&name), self.now());
        let (service, engine_id) = (self.clone(), id.clone());
        let (forget, messages) = self
            .write(&Allowed::system(), move |tx| {
                let mut engine = engines::lock(tx, &engine_id)?.ok_or_else(not_paired)?;
                let key = engine.signing_key.clone().filter(|_| engine.status == PairingStatus::Paired);
                let key = key.ok_or_else(not_paired)?;
                token::verify_session(&key, &bearer, now / 1000, CLOCK_TOLERANCE_S).map_err(|error| match error {
                    stoker_secrets::SecretError::Expired => {
                        refused(REFUSED_SESSION, "the clocks of engine and server differ by more than five minutes")
                    }
                    _ => not_paired(),
                })?;
                engine.session_id = Some(hash.clone());
                engine.max_runs = request.max_runs;
                engine.seen_ms = Some(now);
                engine.stopped_ms = None;
                engine.engine_version = Some(request.engine_version);
                engine.host = serde_json::to_string(&request.host).ok();
                engine.update(tx)?;
                let answer = service.resync(tx, &engine, &hash, request.known, now);
                crash::point("session.before-commit");
                answer
            })
            .await?;
        crash::point("session.after-commit");
        // A poll of the replaced session must not sit on a place that belongs to the new one.
        self.inner.hub.wake(&id);
        Ok(SessionResponse { session: name, heartbeat_seconds: self.inner.settings.poll_seconds, forget, messages })
    }

    /// Compares the runs the engine knows with those it has the lease of.
    fn resync(
        &self,
        tx: &mut Tx<'_>,
        engine: &Engine,
        session: &str,
        known: Vec<RunEpoch>,
        now: i64,
    ) -> Result<(Vec<RunEpoch>, Messages), Error> {
        let lease_ms = dispatch::lease_length(&self.inner.settings);
        extend(tx, &engine.id, now, lease_ms)?;
        let known: BTreeSet<RunEpoch> = known.into_iter().collect();
        let leased = runs::leased(tx, &engine.id)?;
        let mut messages = Messages::default();
        let mut open = BTreeSet::new();
        for run in &leased {
            let here = RunEpoch { run: run.id.to_string(), epoch: run.epoch };
            if known.contains(&here) {
                open.insert(here);
            } else if run.state == State::Offered {
                // The offer did not arrive. The same epoch is sent again, so it cannot start twice.
                match dispatch::offer(run, engine, &self.inner.keys, self.random()) {
                    Ok(offer) => messages.offers.push(offer),
                    Err(error) => fail(tx, run, now, "offer_failed", &error.to_string())?,
                }
            } else {
                fail(tx, run, now, "engine_lost_run", "the engine has no record of the run any more")?;
            }
        }
        messages.stops = stops(tx, &engine.id, session)?;
        let forget = known.into_iter().filter(|k| !open.contains(k)).collect();
        self.add_offers(tx, engine, now, &mut messages)?;
        Ok((forget, messages))
    }

    /// Claims queued runs for the engine and adds them to the messages.
    fn add_offers(&self, tx: &mut Tx<'_>, engine: &Engine, now: i64, messages: &mut Messages) -> Result<(), Error> {
        let lease_ms = dispatch::lease_length(&self.inner.settings);
        for run in dispatch::claim(tx, engine, now, lease_ms)? {
            match dispatch::offer(&run, engine, &self.inner.keys, self.random()) {
                Ok(offer) => messages.offers.push(offer),
                Err(error) => fail(tx, &run, now, "offer_failed", &error.to_string())?,
            }
        }
        Ok(())
    }

    /// Waits for messages; holds the request up to the length of a heartbeat.
    pub async fn poll(&self, session: &str) -> Result<Messages, Error> {
        let engine = engine_of(session)?;
        let hash = token::hash(session);
        let (ticket, mut wake) = self.inner.hub.join(&engine, &hash);
        // Joined before looking: what is queued after the look finds the waiting poll, nothing falls between.
        let found = self.look(&engine, &hash).await;
        if !matches!(&found, Ok(None)) {
            if !self.inner.hub.leave(&engine, &ticket)
                && let Ok(Wake::Offer(offer)) = wake.await
            {
                let mut messages = found?.unwrap_or_default();
                messages.offers.push(*offer);
                return Ok(messages);
            }
            return found.map(Option::unwrap_or_default);
        }
        let hold = Duration::from_secs(self.inner.settings.poll_seconds);
        let woken = match tokio::time::timeout(hold, &mut wake).await {
            Ok(woken) => woken,
            Err(_) if self.inner.hub.leave(&engine, &ticket) => return Ok(Messages::default()),
            // Somebody took this poll at the last moment: what is coming must not be lost.
            Err(_) => wake.await,
        };
        match woken {
            Ok(Wake::Offer(offer)) => Ok(Messages { offers: vec![*offer], stops: Vec::new() }),
            Ok(Wake::Look) | Err(_) => Ok(self.look(&engine, &hash).await?.unwrap_or_default()),
        }
    }

    /// What the database has for the engine now; `None` when there is nothing.
    async fn look(&self, id: &EngineId, hash: &str) -> Result<Option<Messages>, Error> {
        let now = self.now();
        let note_ms = self.inner.settings.note_ms();
        let (engine_id, session) = (id.clone(), hash.to_owned());
        // Most looks find nothing; they must not cost a commit.
        let idle = self
            .get(&Allowed::system(), move |tx| {
                let engine = seen(tx, &engine_id, &session)?;
                let cluster = engine.cluster_id.as_ref().map(|c| c.as_str());
                let queued = runs::any_queued(tx, engine_id.as_str())?
                    || match cluster {
                        Some(cluster) => runs::any_queued(tx, cluster)?,
                        None => false,
                    };
                let stops = !runs::unsent_stops(tx, &engine_id, &session)?.is_empty();
                let noted = engine.seen_ms.is_some_and(|seen| now - seen < note_ms);
                Ok::<_, Error>(!queued && !stops && noted)
            })
            .await?;
        if idle {
            return Ok(None);
        }
        let (service, engine_id, session) = (self.clone(), id.clone(), hash.to_owned());
        let messages = self
            .write(&Allowed::system(), move |tx| {
                let engine = current(tx, &engine_id, &session)?;
                let mut messages = Messages { offers: Vec::new(), stops: stops(tx, &engine_id, &session)? };
                if service.sign_of_life(tx, &engine, now)? {
                    messages.offers = service.unconfirmed(tx, &engine)?;
                }
                service.add_offers(tx, &engine, now, &mut messages)?;
                crash::point("claim.before-commit");
                Ok::<_, Error>(messages)
            })
            .await?;
        crash::point("claim.after-commit");
        Ok((!messages.is_empty()).then_some(messages))
    }

    /// Notes that the engine lives and extends its leases, now and then; `true` when it did.
    fn sign_of_life(&self, tx: &mut Tx<'_>, engine: &Engine, now: i64) -> Result<bool, Error> {
        let note_ms = self.inner.settings.note_ms();
        if engine.seen_ms.is_some_and(|seen| now - seen < note_ms) {
            return Ok(false);
        }
        engines::note_seen(tx, &engine.id, now)?;
        extend(tx, &engine.id, now, dispatch::lease_length(&self.inner.settings))?;
        Ok(true)
    }

    /// Offers whose start was not reported, once more: the engine knows a repeat by run and epoch. A net below the
    /// other measures: whatever went wrong on the way, an offer is never forgotten while its engine lives.
    fn unconfirmed(&self, tx: &mut Tx<'_>, engine: &Engine) -> Result<Vec<stoker_wire::Offer>, Error> {
        let leased = runs::leased(tx, &engine.id)?;
        let offered = leased.iter().filter(|run| run.state == State::Offered);
        offered.map(|run| dispatch::offer(run, engine, &self.inner.keys, self.random())).collect()
    }

    /// Stores what happened on an engine. Everything is on disk when this returns.
    pub async fn report(&self, request: ReportRequest) -> Result<ReportResponse, Error> {
        if request.reports.len() > REPORTS {
            return Err(refused(REFUSED_PROTOCOL, format!("more than {REPORTS} reports in one request")));
        }
        let id = engine_of(&request.session)?;
        let hash = token::hash(&request.session);
        let (service, now) = (self.clone(), self.now());
        let answer = self
            .write(&Allowed::system(), move |tx| {
                let engine = current(tx, &id, &hash)?;
                service.sign_of_life(tx, &engine, now)?;
                let mut stale = BTreeSet::new();
                let mut ended = false;
                let mut plans = BTreeSet::new();
                let mut row: Option<Run> = None;
                for report in &request.reports {
                    let run_epoch = report.run_epoch();
                    // Reports of one run come together: its row is read once.
                    if row.as_ref().is_none_or(|r| r.id.as_str() != run_epoch.run) {
                        row = runs::lock(tx, &RunId::trusted(run_epoch.run.as_str()))?;
                    }
                    let fits = row.as_mut().filter(|r| r.epoch == run_epoch.epoch && r.engine_id.as_ref() == Some(&id));
                    match fits {
                        Some(run) => match apply(tx, run, report, now)? {
                            Applied::Ended => {
                                ended = true;
                                plans.extend(run.plan_run_id.clone());
                            }
                            Applied::Yes => {}
                            Applied::Stale => {
                                stale.insert(run_epoch);
                            }
                        },
                        None => {
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

    /// The engine stops in an orderly way: it shows as not available at once.
    pub async fn goodbye(&self, session: &str) -> Result<(), Error> {
        let (id, hash, now) = (engine_of(session)?, token::hash(session), self.now());
        self.write(&Allowed::system(), move |tx| {
            let mut engine = current(tx, &id, &hash)?;
            engine.stopped_ms = Some(now);
            engine.session_id = None;
            engine.seen_ms = Some(now);
            engine.update(tx)?;
            Ok(())
        })
        .await
    }

    /// An artifact for an engine: the file and its size. Any engine with a session may fetch what a run of its needs.
    pub async fn artifact_for_engine(&self, session: &str, sha256: &str) -> Result<(tokio::fs::File, u64), Error> {
        let good = sha256.len() == 64 && sha256.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !good {
            return Err(refused(REFUSED_PROTOCOL, "an artifact is named by 64 hexadecimal characters"));
        }
        let (id, hash, wanted) = (engine_of(session)?, token::hash(session), sha256.to_owned());
        let needed = self
            .get(&Allowed::system(), move |tx| {
                seen(tx, &id, &hash)?;
                Ok::<_, Error>(runs::leased_needs(tx, &id, &wanted)?)
            })
            .await?;
        if !needed {
            return Err(Error::not_found("no run of this engine needs that artifact"));
        }
        let file = self.inner.blobs.read(sha256).await?;
        let size = file.metadata().await.map_err(Error::internal)?.len();
        Ok((file, size))
    }
}

/// What a report did.
enum Applied {
    Yes,
    Ended,
    Stale,
}

fn apply(tx: &mut Tx<'_>, run: &mut Run, report: &Report, now: i64) -> Result<Applied, Error> {
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
        Report::Log { seq, lines, first_ms, last_ms, data, .. } => {
            append_log(tx, run, *seq, *lines, (*first_ms, *last_ms), data)
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

fn append_log(
    tx: &mut Tx<'_>,
    run: &mut Run,
    seq: i64,
    lines: i64,
    (first_ms, last_ms): (i64, i64),
    data: &str,
) -> Result<Applied, Error> {
    use base64::Engine as _;
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
    if data.len() > CHUNK_BYTES || lines < 1 {
        return Err(refused(REFUSED_PROTOCOL, "a log chunk is empty or too large"));
    }
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(data)
        .map_err(|_| refused(REFUSED_PROTOCOL, "a log chunk is not base64"))?;
    let chunk = LogChunk {
        run_id: run.id.clone(),
        epoch: run.epoch,
        number: seq,
        first_line: run.log_lines,
        lines,
        first_ms,
        last_ms,
        data: bytes,
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
        error_type: how.error_type.clone(),
        error_message: how.error_message.clone(),
        misfire_reason: (outcome == Outcome::DeployFailed)
            .then_some(stoker_domain::run::MisfireReason::MaxDeploymentAttempts),
    }
}

fn stops(tx: &mut Tx<'_>, engine: &EngineId, session: &str) -> Result<Vec<RunEpoch>, Error> {
    let mut told = Vec::new();
    for (run, epoch) in runs::unsent_stops(tx, engine, session)? {
        runs::note_stop_sent(tx, &run, session)?;
        told.push(RunEpoch { run: run.to_string(), epoch });
    }
    Ok(told)
}

fn extend(tx: &mut Tx<'_>, engine: &EngineId, now: i64, lease_ms: i64) -> Result<(), Error> {
    for run in runs::extend_leases(tx, engine, now + lease_ms)? {
        runs::add_event(tx, &run, now, "known_again", None)?;
    }
    Ok(())
}

/// Ends a leased run as failed, for a reason that lies outside of the job.
pub(crate) fn fail(tx: &mut Tx<'_>, run: &Run, now: i64, kind: &str, message: &str) -> Result<(), Error> {
    transition(run.state, run.outcome, Event::End(Outcome::Failed)).map_err(Error::internal)?;
    let row = EndRow {
        outcome: Outcome::Failed,
        start_ms: None,
        finish_ms: now,
        exit_code: None,
        exit_signal: None,
        error_type: Some(kind.to_owned()),
        error_message: Some(message.to_owned()),
        misfire_reason: None,
    };
    end(tx, run, &row, now)
}

/// Ends every run an engine has, because the engine is gone for good.
pub(crate) fn end_all(tx: &mut Tx<'_>, engine: &EngineId, now: i64, kind: &str, message: &str) -> Result<(), Error> {
    for run in runs::leased(tx, engine)? {
        fail(tx, &run, now, kind, message)?;
    }
    Ok(())
}
