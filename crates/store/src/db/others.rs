//! Several servers on one PostgreSQL database tell each other what they changed, merged and some ten times a second, over
//! a connection of their own that also listens. As all hints these may be lost: nothing but what people look at, and how
//! soon, depends on them.

use super::StoreError;
use super::access::{AccessNews, Whose};
use super::changes::{Counts, Touched};
use super::postgres_db::reason;
use super::postgres_tls::Connector;
use postgres::fallible_iterator::FallibleIterator;
use postgres::{Client, Config};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::watch;

/// Name of the channel. The text is a number of bits, one for each topic and the highest for everybody's access; behind a
/// colon may stand the ids of single principals. Servers of before that take such a text for everything.
const CHANNEL: &str = "stoker_changes_1";
/// Pause between two looks, which is also how long changes are gathered.
const PACE: Duration = Duration::from_millis(100);
/// How long one look waits for what is on its way.
const LISTEN: Duration = Duration::from_millis(1);
/// Pause between two tries to connect, in looks.
const AGAIN: u32 = 20;
/// The bit for "anybody may have signed out or lost rights"; the lower ones are topics.
const ACCESS: u8 = 1 << 7;
/// What is taken for changed after the connection was lost: everything.
const ALL: u8 = u8::MAX;

/// What one server tells the others.
#[derive(Debug, Default, PartialEq)]
struct News {
    /// Bits of topics.
    topics: u8,
    /// Who signed out or lost rights.
    access: Whose,
}

impl News {
    fn is_empty(&self) -> bool {
        self.topics == 0 && self.access == Whose::Nobody
    }

    fn add(&mut self, more: News) {
        self.topics |= more.topics;
        self.access.add(more.access);
    }

    fn everything() -> Self {
        Self { topics: ALL & !ACCESS, access: Whose::Everybody }
    }

    fn text(&self) -> String {
        match (&self.access, self.access.word()) {
            (Whose::Nobody, _) => self.topics.to_string(),
            (_, Some(word)) => format!("{}:{word}", self.topics),
            (_, None) => (self.topics | ACCESS).to_string(),
        }
    }

    /// What a newer server says in words that are not known here may be anything.
    fn read(text: &str) -> Self {
        let (bits, access) = match text.split_once(':') {
            Some((bits, word)) => (bits, Whose::from_word(word)),
            None => (text, Whose::Nobody),
        };
        let Ok(bits) = bits.parse::<u8>() else { return Self::everything() };
        let access = if bits & ACCESS == 0 { access } else { Whose::Everybody };
        Self { topics: bits & !ACCESS, access }
    }
}

/// Changes that the other servers were not told yet.
#[derive(Clone, Default)]
pub(super) struct Untold(Arc<Mutex<Pending>>);

#[derive(Default)]
struct Pending {
    /// Gathered for the next look.
    gathered: News,
    /// Something is on its way.
    leaving: bool,
}

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
    /// The same, of others only.
    pub(super) elsewhere: watch::Sender<Counts>,
    /// Who may have lost access.
    pub(super) access: watch::Sender<AccessNews>,
}

impl Others {
    /// Listens from now on, and starts the thread.
    pub(super) fn start(config: &Config, tls: &Connector, ears: Ears) -> Result<Self, StoreError> {
        let untold = Untold::default();
        let (alive, gone) = channel();
        let (place, pending) = ((config.clone(), tls.clone()), untold.clone());
        // Before anything is read: what is said after that is heard.
        let first = connect(&place).map_err(|error| note(&error)).ok();
        std::thread::Builder::new()
            .name("store-others".to_owned())
            .spawn(move || talk(first, &place, &pending, &ears, &gone))
            .map_err(|error| StoreError::Open(format!("cannot start a thread: {error}")))?;
        Ok(Self { untold, _alive: alive })
    }

    /// What there is to tell, for those who add to it.
    pub(super) fn untold(&self) -> Untold {
        self.untold.clone()
    }
}

impl Untold {
    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.0.lock().unwrap_or_else(|p| p.into_inner())
    }

    /// Will tell the others of these topics.
    pub(super) fn tell(&self, touched: Touched) {
        let topics = touched.bits();
        if topics != 0 {
            self.pending().gathered.topics |= topics;
        }
    }

    /// Will tell the others whose access may have changed.
    pub(super) fn tell_access(&self, whose: Whose) {
        self.pending().gathered.access.add(whose);
    }

    /// Whether the others were told everything.
    pub(super) fn is_told(&self) -> bool {
        let pending = self.pending();
        !pending.leaving && pending.gathered.is_empty()
    }

    /// What to send now; it counts as untold until [`Untold::sent`].
    fn take(&self) -> News {
        let mut pending = self.pending();
        pending.leaving = true;
        std::mem::take(&mut pending.gathered)
    }

    /// What was taken has gone out, or has to go again.
    fn sent(&self, news: News, well: bool) {
        let mut pending = self.pending();
        if !well {
            pending.gathered.add(news);
        }
        pending.leaving = false;
    }
}

impl Ears {
    fn hear(&self, news: News) {
        let touched = Touched::from_bits(news.topics);
        touched.announce(&self.elsewhere);
        touched.announce(&self.changes);
        if news.access != Whose::Nobody {
            self.access.send_modify(|all| all.push(news.access));
        }
    }
}

fn note(error: &postgres::Error) {
    tracing::debug!(error = %reason(error), "cannot listen to other servers, will try again");
}

fn talk(
    mut client: Option<(Client, i32)>,
    place: &(Config, Connector),
    untold: &Untold,
    ears: &Ears,
    gone: &Receiver<()>,
) {
    let (mut pause, mut lost) = (0, client.is_none());
    while matches!(gone.recv_timeout(PACE), Err(RecvTimeoutError::Timeout)) {
        if client.is_none() && pause == 0 {
            match connect(place) {
                Ok(fresh) => {
                    client = Some(fresh);
                    if std::mem::take(&mut lost) {
                        ears.hear(News::everything());
                    }
                }
                Err(error) => {
                    note(&error);
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
    let news = untold.take();
    if news.is_empty() {
        untold.sent(news, true);
    } else {
        let told = client.batch_execute(&format!("NOTIFY {CHANNEL}, '{}'", news.text()));
        untold.sent(news, told.is_ok());
        told?;
    }
    let mut heard = News::default();
    let mut notifications = client.notifications();
    // With no wait at all the driver would look only at what it has read already, and an idle server reads nothing.
    let mut pending = notifications.timeout_iter(LISTEN);
    while let Some(notification) = pending.next()? {
        if notification.process_id() != own {
            heard.add(News::read(notification.payload()));
        }
    }
    ears.hear(heard);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_are_read_as_they_were_said() {
        let ids = || Whose::these(["a-1".to_owned(), "b".to_owned()]);
        for (news, text) in [
            (News { topics: 5, access: Whose::Nobody }, "5"),
            (News { topics: 5, access: ids() }, "5:a-1,b"),
            (News { topics: 0, access: ids() }, "0:a-1,b"),
            (News { topics: 1, access: Whose::Everybody }, "129"),
            (News { topics: 0, access: Whose::Everybody }, "128"),
        ] {
            assert_eq!(news.text(), text);
            assert_eq!(News::read(text), news);
        }
        let odd = News { topics: 0, access: Whose::only("it's") };
        assert_eq!(odd.text(), "128", "such an id would leave the text");
    }

    #[test]
    fn what_is_not_understood_may_be_anything() {
        for text in ["", "x", "256", "1;2", "x:a", "-1"] {
            assert_eq!(News::read(text), News::everything(), "{text}");
        }
        for text in ["2:", "2:a,,b", "2:a b", "2:a:b", "130:a"] {
            assert_eq!(News::read(text), News { topics: 2, access: Whose::Everybody }, "{text}");
        }
    }

    #[test]
    fn what_could_not_be_told_is_told_again() {
        let untold = Untold::default();
        untold.tell_access(Whose::only("a"));
        let taken = untold.take();
        assert!(!untold.is_told(), "it is on its way");
        untold.tell_access(Whose::only("b"));
        untold.sent(taken, false);
        let again = untold.take();
        assert_eq!(again.access, Whose::these(["a".to_owned(), "b".to_owned()]));
        untold.sent(again, true);
        assert!(untold.is_told());
    }
}
