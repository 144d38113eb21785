//! Several servers on one PostgreSQL database tell each other what they changed, merged and some ten times a second, over
//! a connection of their own that also listens. As all hints these may be lost: nothing but what people look at, and how
//! soon, depends on them.

use super::StoreError;
use super::changes::{Counts, Touched};
use super::postgres_db::reason;
use super::postgres_tls::Connector;
use postgres::fallible_iterator::FallibleIterator;
use postgres::{Client, Config};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;
use tokio::sync::watch;

/// Name of the channel; the version is that of the text: topics as a number of bits.
const CHANNEL: &str = "stoker_changes_1";
/// Pause between two looks, which is also how long changes are gathered.
const PACE: Duration = Duration::from_millis(100);
/// How long one look waits for what is on its way.
const LISTEN: Duration = Duration::from_millis(1);
/// Pause between two tries to connect, in looks.
const AGAIN: u32 = 20;
/// The bit for "somebody signed out or lost rights"; the lower ones are topics.
const ACCESS: u8 = 1 << 7;
/// What is taken for changed after the connection was lost: everything.
const ALL: u8 = u8::MAX;

/// Changes that the other servers were not told yet.
#[derive(Clone, Default)]
pub(super) struct Untold(Arc<AtomicU8>);

/// The talk with the other servers. Ends with the store.
pub(super) struct Others {
    untold: Untold,
    /// Held so that the thread sees when the store is gone.
    _alive: Sender<()>,
}

/// Where what is heard goes.
pub(super) struct Ears {
    /// Topics of changed rows.
    pub(super) changes: watch::Sender<Counts>,
    /// Counts how often others said that somebody lost access.
    pub(super) access: watch::Sender<u64>,
}

impl Others {
    /// Starts the thread.
    pub(super) fn start(config: &Config, tls: &Connector, ears: Ears) -> Result<Self, StoreError> {
        let untold = Untold::default();
        let (alive, gone) = channel();
        let (place, pending) = ((config.clone(), tls.clone()), untold.clone());
        std::thread::Builder::new()
            .name("store-others".to_owned())
            .spawn(move || talk(&place, &pending, &ears, &gone))
            .map_err(|error| StoreError::Open(format!("cannot start a thread: {error}")))?;
        Ok(Self { untold, _alive: alive })
    }

    /// What there is to tell, for those who add to it.
    pub(super) fn untold(&self) -> Untold {
        self.untold.clone()
    }
}

impl Untold {
    /// Will tell the others of these topics.
    pub(super) fn tell(&self, touched: Touched) {
        let bits = touched.bits();
        if bits != 0 {
            self.0.fetch_or(bits, Ordering::Relaxed);
        }
    }

    /// Will tell the others that somebody lost access.
    pub(super) fn tell_access(&self) {
        self.0.fetch_or(ACCESS, Ordering::Relaxed);
    }
}

impl Ears {
    fn hear(&self, bits: u8) {
        Touched::from_bits(bits & !ACCESS).announce(&self.changes);
        if bits & ACCESS != 0 {
            self.access.send_modify(|count| *count += 1);
        }
    }
}

fn talk(place: &(Config, Connector), untold: &Untold, ears: &Ears, gone: &Receiver<()>) {
    let mut client: Option<(Client, i32)> = None;
    let (mut pause, mut lost) = (0, false);
    while matches!(gone.recv_timeout(PACE), Err(RecvTimeoutError::Timeout)) {
        if client.is_none() && pause == 0 {
            match connect(place) {
                Ok(fresh) => {
                    client = Some(fresh);
                    if std::mem::take(&mut lost) {
                        ears.hear(ALL);
                    }
                }
                Err(error) => {
                    tracing::debug!(error = %reason(&error), "cannot listen to other servers, will try again");
                    (pause, lost) = (AGAIN, true);
                }
            }
        }
        pause = pause.saturating_sub(1);
        let Some((open, own)) = client.as_mut() else { continue };
        if let Err(error) = exchange(open, *own, untold, ears) {
            tracing::debug!(error = %reason(&error), "the connection to other servers broke");
            (client, lost) = (None, true);
        }
    }
}

/// A listening connection and the number by which its own messages are known.
fn connect((config, tls): &(Config, Connector)) -> Result<(Client, i32), postgres::Error> {
    let mut client = config.connect(tls.clone())?;
    client.batch_execute(&format!("LISTEN {CHANNEL}"))?;
    let own = client.query_one("SELECT pg_backend_pid()", &[])?.try_get(0)?;
    Ok((client, own))
}

/// Tells what there is to tell, and hears what the others said.
fn exchange(client: &mut Client, own: i32, untold: &Untold, ears: &Ears) -> Result<(), postgres::Error> {
    let bits = untold.0.swap(0, Ordering::Relaxed);
    if bits != 0 {
        let told = client.batch_execute(&format!("NOTIFY {CHANNEL}, '{bits}'"));
        if told.is_err() {
            untold.0.fetch_or(bits, Ordering::Relaxed);
        }
        told?;
    }
    let mut heard = 0;
    let mut notifications = client.notifications();
    // With no wait at all the driver would look only at what it has read already, and an idle server reads nothing.
    let mut pending = notifications.timeout_iter(LISTEN);
    while let Some(notification) = pending.next()? {
        if notification.process_id() != own {
            // What a newer server says in words that are not known here may be anything.
            heard |= notification.payload().parse::<u8>().unwrap_or(ALL);
        }
    }
    ears.hear(heard);
    Ok(())
}
