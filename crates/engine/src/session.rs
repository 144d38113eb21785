//! Pairing, and the session with the server: opened again after every failure, polled while it lasts.

use std::time::Duration;

use stoker_wire::{
    Host, PROTOCOL, PairRequest, PairResponse, REFUSED_NOT_PAIRED, REFUSED_PROTOCOL, REFUSED_SESSION,
    REFUSED_UNKNOWN_KEY, REFUSED_USED_KEY, SessionRequest, SessionResponse,
};

use stoker_domain::Random;

use crate::backoff::Backoff;
use crate::engine::{Engine, Session};
use crate::error::EngineError;
use crate::keystore::Keys;
use crate::link::{Link, LinkError, session_token};

const PAIR_PAUSE: Duration = Duration::from_secs(1);
const SESSION_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A session that lasted this long worked, even if no poll was answered yet: polls are held for longer than that.
const STEADY: Duration = Duration::from_secs(2);
/// Bounds of the heartbeat that a server may ask for.
const HEARTBEATS: std::ops::RangeInclusive<u64> = 1..=600;

/// The version that the server is told.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Exchanges the pairing key for an identity; tries until the server gives a clear answer.
pub(crate) async fn pair(
    link: &Link,
    key: &str,
    keys: &Keys,
    host: &Host,
    random: &dyn Random,
) -> Result<PairResponse, EngineError> {
    let request = PairRequest {
        protocol: PROTOCOL,
        key: key.to_owned(),
        signing_key: keys.signing_public().to_owned(),
        sealing_key: keys.sealing_public().to_owned(),
        engine_version: VERSION.to_owned(),
        host: host.clone(),
    };
    let mut backoff = Backoff::new(PAIR_PAUSE, LONGEST_PAUSE);
    let mut told = Told::default();
    loop {
        let error = match link.pair(&request).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let refused = |cure: &str| {
            let message = format!("{error}; {cure}");
            Err(EngineError::PairingRefused { server: link.base().to_owned(), message })
        };
        match error.code() {
            REFUSED_UNKNOWN_KEY => {
                return refused("copy the current key of the engine from the console into etc/preauthorized.key.cfg");
            }
            REFUSED_USED_KEY => {
                return refused(
                    "reset the key of the engine in the console and write the new one into etc/preauthorized.key.cfg",
                );
            }
            REFUSED_PROTOCOL => return Err(EngineError::Protocol { message: error.to_string() }),
            _ => {}
        }
        told.once(&format!("cannot reach {} to pair, will try again: {error}", link.base()));
        tokio::time::sleep(backoff.pause(random)).await;
    }
}

/// Keeps a session open and does what the server says. Ends only when the server wants this engine no more.
pub(crate) async fn work(engine: Engine, host: Host) -> EngineError {
    let mut backoff = Backoff::new(SESSION_PAUSE, LONGEST_PAUSE);
    let mut told = Told::default();
    // The first failure of a session that worked is answered at once.
    let mut fresh = true;
    loop {
        if !std::mem::take(&mut fresh) {
            tokio::time::sleep(backoff.pause(engine.random())).await;
        }
        match open(&engine, &host).await {
            Ok(answer) => {
                told.reset();
                if poll(&engine, answer).await {
                    backoff.reset();
                    fresh = true;
                }
            }
            Err(Failure::Final(error)) => return error,
            Err(Failure::Link(error)) => {
                told.once(&format!("cannot reach {}, will try again: {error}", engine.link().base()));
            }
        }
    }
}

enum Failure {
    Final(EngineError),
    Link(LinkError),
}

async fn open(engine: &Engine, host: &Host) -> Result<SessionResponse, Failure> {
    let parts = engine.parts();
    let token = session_token(&parts.keys, &parts.identity.engine_id, &parts.clock, engine.random());
    let token = token.map_err(Failure::Final)?;
    let request = SessionRequest {
        protocol: PROTOCOL,
        engine_version: VERSION.to_owned(),
        max_runs: parts.config.max_runs,
        known: engine.table().known(),
        host: host.clone(),
        tests: Some(engine.tests().ability()),
    };
    engine.link().session(&token, &request).await.map_err(|error| {
        let message = match &error {
            LinkError::Refused { message, .. } => message.clone(),
            _ => String::new(),
        };
        match error.code() {
            REFUSED_NOT_PAIRED => Failure::Final(EngineError::Unpaired { message }),
            REFUSED_PROTOCOL => Failure::Final(EngineError::Protocol { message }),
            _ => Failure::Link(error),
        }
    })
}

/// Polls until the session is over; whether it worked at all.
async fn poll(engine: &Engine, answer: SessionResponse) -> bool {
    let session = Session { id: answer.session.into(), since_ms: engine.now_ms() };
    let heartbeat = Duration::from_secs(answer.heartbeat_seconds.clamp(*HEARTBEATS.start(), *HEARTBEATS.end()));
    tracing::info!(server = engine.link().base(), "connected");
    engine.set_components(answer.components);
    engine.forget(&answer.forget);
    engine.set_session(Some(session.clone()));
    engine.take(answer.messages);
    let mut sessions = engine.sessions();
    let opened = tokio::time::Instant::now();
    let mut answered = false;
    loop {
        let answer = tokio::select! {
            biased;
            _ = sessions.wait_for(|now| now.as_ref() != Some(&session)) => return answered || opened.elapsed() >= STEADY,
            answer = engine.link().poll(&session.id, heartbeat) => answer,
        };
        match answer {
            Ok(messages) => {
                answered = true;
                engine.take(messages);
            }
            Err(error) => {
                engine.session_failed(&session, &error);
                let worked = answered || opened.elapsed() >= STEADY;
                return worked && error.code() != REFUSED_SESSION;
            }
        }
    }
}

/// Says a thing once until it changes, so that a long outage does not fill the log.
#[derive(Default)]
struct Told(String);

impl Told {
    fn once(&mut self, text: &str) {
        if self.0 != text {
            tracing::warn!("{text}");
            text.clone_into(&mut self.0);
        }
    }

    fn reset(&mut self) {
        self.0.clear();
    }
}
