//! Polls: an engine asks what there is for it, and waits while there is nothing.

use super::{current, engine_of, extend, seen, stops, tests};
use crate::actor::Allowed;
use crate::app::Service;
use crate::dispatch;
use crate::error::Error;
use crate::hub::Wake;
use std::time::Duration;
use stoker_domain::crash;
use stoker_domain::ids::EngineId;
use stoker_domain::run::State;
use stoker_secrets::token;
use stoker_store::engines::Engine;
use stoker_store::{Tx, engines, runs, tester_engines};
use stoker_wire::Messages;

impl Service {
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
        let hold = Duration::from_secs(self.settings().poll_seconds);
        let woken = match tokio::time::timeout(hold, &mut wake).await {
            Ok(woken) => woken,
            Err(_) if self.inner.hub.leave(&engine, &ticket) => return Ok(Messages::default()),
            // Somebody took this poll at the last moment: what is coming must not be lost.
            Err(_) => wake.await,
        };
        match woken {
            Ok(Wake::Offer(offer)) => Ok(Messages { offers: vec![*offer], ..Messages::default() }),
            Ok(Wake::Look) | Err(_) => Ok(self.look(&engine, &hash).await?.unwrap_or_default()),
        }
    }

    /// What the database has for the engine now; `None` when there is nothing.
    async fn look(&self, id: &EngineId, hash: &str) -> Result<Option<Messages>, Error> {
        let now = self.now();
        let note_ms = self.settings().note_ms();
        let (engine_id, session) = (id.clone(), hash.to_owned());
        // Most looks find nothing; they must not cost a commit.
        let idle = self
            .get(&Allowed::system(), move |tx| {
                let engine = seen(tx, &engine_id, &session)?;
                let cluster = engine.cluster_id.as_ref().map(|c| c.as_str());
                let queued = engine.drain_ms.is_none()
                    && (runs::any_queued(tx, engine_id.as_str())?
                        || match cluster {
                            Some(cluster) => runs::any_queued(tx, cluster)?,
                            None => false,
                        });
                let stops = !runs::unsent_stops(tx, &engine_id, &session)?.is_empty();
                let tests = !tester_engines::untold(tx, &engine_id, &session)?.is_empty();
                let noted = engine.seen_ms.is_some_and(|seen| now - seen < note_ms);
                Ok::<_, Error>(!queued && !stops && !tests && noted)
            })
            .await?;
        if idle {
            return Ok(None);
        }
        let (service, engine_id, session) = (self.clone(), id.clone(), hash.to_owned());
        let messages = self
            .write(&Allowed::system(), move |tx| {
                let engine = current(tx, &engine_id, &session)?;
                let mut messages = Messages::default();
                // Before anything else: it locks all runs of the engine in their order.
                if service.sign_of_life(tx, &engine, now)? {
                    messages.offers = service.unconfirmed(tx, &engine)?;
                }
                messages.stops = stops(tx, &engine_id, &session)?;
                messages.tests = tests::news_for(tx, &engine, &session)?;
                service.add_offers(tx, &engine, now, &mut messages)?;
                crash::point("claim.before-commit");
                Ok::<_, Error>(messages)
            })
            .await?;
        crash::point("claim.after-commit");
        Ok((!messages.is_empty()).then_some(messages))
    }

    /// Notes that the engine lives and extends its leases, now and then; `true` when it did.
    pub(super) fn sign_of_life(&self, tx: &mut Tx<'_>, engine: &Engine, now: i64) -> Result<bool, Error> {
        let note_ms = self.settings().note_ms();
        if engine.seen_ms.is_some_and(|seen| now - seen < note_ms) {
            return Ok(false);
        }
        engines::note_seen(tx, &engine.id, now)?;
        extend(tx, &engine.id, now, dispatch::lease_length(&self.settings()))?;
        Ok(true)
    }

    /// Offers whose start was not reported, once more: the engine knows a repeat by run and epoch. A net below the
    /// other measures: whatever went wrong on the way, an offer is never forgotten while its engine lives.
    fn unconfirmed(&self, tx: &mut Tx<'_>, engine: &Engine) -> Result<Vec<stoker_wire::Offer>, Error> {
        let leased = runs::leased(tx, &engine.id)?;
        let offered = leased.iter().filter(|run| run.state == State::Offered);
        offered.map(|run| dispatch::offer(run, engine, &self.inner.keys, self.random())).collect()
    }
}
