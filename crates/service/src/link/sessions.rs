//! Sessions: an engine comes, both sides compare what they know, an engine goes.

use super::{checked_protocol, current, engine_of, extend, fail, refused, stops, tests, told, told_host};
use crate::actor::Allowed;
use crate::app::Service;
use crate::dispatch;
use crate::error::Error;
use std::collections::BTreeSet;
use stoker_domain::ids::EngineId;
use stoker_domain::run::State;
use stoker_domain::runtime::PairingStatus;
use stoker_domain::{crash, limits};
use stoker_secrets::token;
use stoker_store::db::Record;
use stoker_store::engines::Engine;
use stoker_store::{Tx, engines, runs};
use stoker_wire::{Messages, REFUSED_NOT_PAIRED, REFUSED_SESSION, RunEpoch, SessionRequest, SessionResponse};

/// How far the clocks of engine and server may differ when a session is opened, seconds.
const CLOCK_TOLERANCE_S: i64 = 300;

/// Name of a session: the engine and a secret. Only the hash is stored.
fn session_name(engine: &EngineId, random: &dyn stoker_domain::Random) -> String {
    format!("{engine}.{}", token::random_secret(random))
}

impl Service {
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
                engine.engine_version = Some(told(&request.engine_version, limits::NAME_CHARS));
                engine.host = told_host(&request.host);
                engine.tests_most = tests::most(request.tests.as_ref());
                engine.update(tx)?;
                let (forget, mut messages) = service.resync(tx, &engine, &hash, request.known, now)?;
                messages.tests = tests::resync(tx, &engine, &hash, request.tests, now)?;
                crash::point("session.before-commit");
                Ok::<_, Error>((forget, messages))
            })
            .await?;
        crash::point("session.after-commit");
        // A poll of the replaced session must not sit on a place that belongs to the new one.
        self.inner.hub.wake(&id);
        Ok(SessionResponse {
            session: name,
            heartbeat_seconds: self.settings().poll_seconds,
            forget,
            messages,
            components: true,
        })
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
        let lease_ms = dispatch::lease_length(&self.settings());
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
                    // The run is not to blame: it waits until this server has the key.
                    Err(error @ Error::KeyMissing(_)) => return Err(error),
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

    /// The engine stops in an orderly way: it shows as not available at once.
    pub async fn goodbye(&self, session: &str) -> Result<(), Error> {
        let (id, hash, now) = (engine_of(session)?, token::hash(session), self.now());
        self.write(&Allowed::system(), move |tx| {
            let mut engine = current(tx, &id, &hash)?;
            engine.stopped_ms = Some(now);
            engine.session_id = None;
            engine.seen_ms = Some(now);
            engine.update(tx)?;
            let why = format!("the engine {} was stopped; what it had sent stays sent", engine.name);
            tests::end_all(tx, &engine.id, now, &why)
        })
        .await
    }
}
