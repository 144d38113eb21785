//! Engines that wait on this server for messages. Wake-ups are hints and may be lost: the queue is in the database.

use std::collections::HashMap;
use std::sync::Mutex;
use stoker_domain::ids::EngineId;
use stoker_wire::Offer;
use tokio::sync::oneshot;

/// What a waiting poll is told.
pub(crate) enum Wake {
    /// Look at the database.
    Look,
    /// This offer is yours; its lease is committed.
    Offer(Box<Offer>),
}

struct Waiter {
    session: String,
    ticket: u64,
    sender: oneshot::Sender<Wake>,
}

#[derive(Default)]
struct Waiters {
    by_engine: HashMap<EngineId, Waiter>,
    next_ticket: u64,
}

/// All waiting polls of this server, at most one for each engine.
#[derive(Default)]
pub(crate) struct Hub {
    waiters: Mutex<Waiters>,
}

/// A place in the hub, to be given back with [`Hub::leave`].
pub(crate) struct Ticket(u64);

/// A poll taken out of the hub in order to hand it an offer directly.
pub(crate) struct Reserved {
    /// Hash of the session the poll belongs to.
    pub(crate) session: String,
    sender: oneshot::Sender<Wake>,
}

impl Reserved {
    /// Hands over the offer; `false` when the poll is gone, then the offer was certainly not delivered.
    pub(crate) fn deliver(self, offer: Offer) -> bool {
        self.sender.send(Wake::Offer(Box::new(offer))).is_ok()
    }

    /// Lets the poll look for itself.
    pub(crate) fn release(self) {
        let _ = self.sender.send(Wake::Look);
    }
}

impl Hub {
    fn lock(&self) -> std::sync::MutexGuard<'_, Waiters> {
        self.waiters.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Joins as the waiting poll of an engine; an older poll of the same engine is woken and leaves.
    pub(crate) fn join(&self, engine: &EngineId, session: &str) -> (Ticket, oneshot::Receiver<Wake>) {
        let (sender, receiver) = oneshot::channel();
        let mut waiters = self.lock();
        waiters.next_ticket += 1;
        let ticket = waiters.next_ticket;
        waiters.by_engine.insert(engine.clone(), Waiter { session: session.to_owned(), ticket, sender });
        (Ticket(ticket), receiver)
    }

    /// Leaves the hub. `false` when the poll is not in it any more, because somebody took it: then a message is on
    /// its way and must be waited for.
    pub(crate) fn leave(&self, engine: &EngineId, ticket: &Ticket) -> bool {
        let mut waiters = self.lock();
        if waiters.by_engine.get(engine).is_some_and(|w| w.ticket == ticket.0) {
            waiters.by_engine.remove(engine);
            return true;
        }
        false
    }

    /// Takes the waiting poll of an engine out, if there is one.
    pub(crate) fn reserve(&self, engine: &EngineId) -> Option<Reserved> {
        let waiter = self.lock().by_engine.remove(engine)?;
        Some(Reserved { session: waiter.session, sender: waiter.sender })
    }

    /// Tells the waiting poll of an engine to look at the database.
    pub(crate) fn wake(&self, engine: &EngineId) {
        if let Some(reserved) = self.reserve(engine) {
            reserved.release();
        }
    }

    /// The engines that wait here.
    pub(crate) fn waiting(&self) -> Vec<EngineId> {
        self.lock().by_engine.keys().cloned().collect()
    }
}
