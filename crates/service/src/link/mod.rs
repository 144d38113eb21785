//! The engine's side of the house: pairing, sessions, polls, reports, artifacts. The messages are those of
//! `stoker_wire`; the rules are here.
//!
//! Every request of an engine names its session, and every transaction checks that no newer session has replaced it.
//! Offers may get lost on the way; opening a session repairs that, because it tells all runs the engine knows.

mod components;
mod pairing;
mod polls;
mod reports;
mod sessions;
mod tests;

use crate::actor::Allowed;
use crate::app::Service;
use crate::dispatch;
use crate::error::Error;
use crate::runs::end;
use stoker_domain::ids::EngineId;
use stoker_domain::limits;
use stoker_domain::run::{Event, Outcome, transition};
use stoker_domain::runtime::PairingStatus;
use stoker_secrets::token;
use stoker_store::engines::Engine;
use stoker_store::runs::{EndRow, Run};
use stoker_store::{Tx, engines, runs};
use stoker_wire::{Host, Messages, PROTOCOL, REFUSED_PROTOCOL, REFUSED_SESSION, RunEpoch};

fn refused(code: &'static str, message: impl Into<String>) -> Error {
    Error::Link { code, message: message.into() }
}

fn stale_session() -> Error {
    refused(REFUSED_SESSION, "a newer session replaced this one")
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

/// A text that an engine tells of itself or of a run, as it is kept: cut at `max` characters, control characters beside
/// line ends and tabs replaced. It is only shown, so it is no reason to turn an engine away.
fn told(text: &str, max: usize) -> String {
    text.chars().take(max).map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { ' ' } else { c }).collect()
}

/// What an engine tells of its machine, as JSON.
fn told_host(host: &Host) -> Option<String> {
    let short = |text: &str| told(text, limits::NAME_CHARS);
    let host =
        Host { hostname: short(&host.hostname), os: short(&host.os), arch: short(&host.arch), java: short(&host.java) };
    serde_json::to_string(&host).ok()
}

impl Service {
    /// Claims queued runs for the engine and adds them to the messages.
    fn add_offers(&self, tx: &mut Tx<'_>, engine: &Engine, now: i64, messages: &mut Messages) -> Result<(), Error> {
        let settings = self.settings();
        let lease_ms = dispatch::lease_length(&settings);
        for run in dispatch::claim(tx, engine, &settings.account, now, lease_ms)? {
            match dispatch::offer(&run, engine, &self.inner.keys, self.random()) {
                Ok(offer) => messages.offers.push(offer),
                // The run is not to blame: it waits until this server has the key.
                Err(error @ Error::KeyMissing(_)) => return Err(error),
                Err(error) => fail(tx, &run, now, "offer_failed", &error.to_string())?,
            }
        }
        Ok(())
    }

    /// An artifact or resource for an engine: the file and its size. Any engine with a session may fetch what a run of its needs.
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
            return Err(Error::not_found("no run of this engine needs that artifact or resource"));
        }
        let file = self.inner.blobs.read(sha256).await?;
        let size = file.metadata().await.map_err(Error::internal)?.len();
        Ok((file, size))
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
    tests::end_all(tx, engine, now, message)
}
