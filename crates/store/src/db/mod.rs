//! Connections and transactions over both databases.

mod access;
mod catalog;
mod changes;
pub mod dialect;
mod migrate;
mod moving;
mod others;
mod postgres_db;
mod postgres_tls;
pub(crate) mod record;
mod sqlite_db;
mod value;

pub use access::{AccessNews, Whose};
pub use changes::{Counts, Topic};
pub(crate) use migrate::known_migrations;
pub(crate) use moving::{from_postgres, to_postgres};
pub use record::{Column, Insert, Json, Record};
pub(crate) use sqlite_db::open_read_only;
pub use value::{Row, Value};

use changes::Touched;
use postgres_db::Mode;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::watch;

/// Which database to open.
#[derive(Clone, Debug)]
pub enum Database {
    /// The embedded one: a file in the data folder.
    Sqlite(PathBuf),
    /// A PostgreSQL server, by connection URL.
    Postgres(String),
}

/// What went wrong in the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique constraint was violated; names the constraint or columns as the database does.
    #[error("a row with the same key exists already ({0})")]
    Duplicate(String),
    /// A foreign key was violated: something still refers to the row, or it refers to nothing.
    #[error("another row refers to this one, or the one it refers to is gone ({0})")]
    Reference(String),
    /// The SQLite driver failed.
    #[error("database statement failed")]
    Sqlite(#[source] rusqlite::Error),
    /// The PostgreSQL driver failed.
    #[error("database statement failed")]
    Postgres(#[source] postgres::Error),
    /// The database could not be opened.
    #[error("cannot open the database: {0}")]
    Open(String),
    /// A row does not have the shape the program expects; a defect or a database of another version.
    #[error("column {column} of the answer is not {wanted}")]
    Shape {
        /// Position of the column.
        column: usize,
        /// What the program wanted.
        wanted: &'static str,
    },
    /// A stored JSON value could not be read.
    #[error("a stored value could not be read")]
    Json(#[from] serde_json::Error),
    /// The changes were made but could not be committed; nothing of them was kept.
    #[error("the changes could not be committed and were undone: {0}")]
    NotCommitted(String),
    /// A closure of a transaction panicked; its changes were rolled back.
    #[error("a database transaction failed inside the program and was rolled back")]
    Panicked,
    /// A statement of the transaction had failed, so nothing of it was kept.
    #[error("a database transaction went on after a failed statement and was rolled back")]
    Broken,
    /// The database cannot be reached now, or the store is shutting down.
    #[error("the database does not answer")]
    Closed,
}

/// What a transaction can do. Obtained from [`Store::write`] and [`Store::read`] only.
pub struct Tx<'a> {
    link: &'a mut dyn Link,
    touched: Touched,
    access: Whose,
}

/// One open connection inside a transaction.
trait Link {
    /// `sqlite` or `postgres`.
    fn kind(&self) -> &'static str;
    fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, StoreError>;
    fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError>;
    fn insert_many(&mut self, insert: &Insert, rows: &[Vec<Value>]) -> Result<(), StoreError>;
}

impl<'a> Tx<'a> {
    fn new(link: &'a mut dyn Link) -> Self {
        Self { link, touched: Touched::default(), access: Whose::Nobody }
    }
}

impl Tx<'_> {
    /// Runs a statement and gives the number of rows it touched.
    pub fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        let rows = self.link.execute(sql, params)?;
        if rows > 0 {
            self.touched.note(sql);
        }
        Ok(rows)
    }

    /// Adds these rows, many at once.
    pub(crate) fn insert_many(&mut self, insert: &Insert, rows: &[Vec<Value>]) -> Result<(), StoreError> {
        match rows {
            [] => return Ok(()),
            [only] => drop(self.link.execute(&insert.one, only)?),
            _ => self.link.insert_many(insert, rows)?,
        }
        self.touched.note(&insert.head);
        Ok(())
    }

    /// Notes whose access may end with this transaction. Who remembers rights or streams changes is told once it is
    /// committed, before its caller has the answer.
    pub fn access_changed(&mut self, whose: Whose) {
        self.access.add(whose);
    }

    /// Runs a statement and gives all its rows.
    pub fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.link.query(sql, params)
    }

    /// Runs a statement and gives its first row, if any.
    pub fn query_opt(&mut self, sql: &str, params: &[Value]) -> Result<Option<Row>, StoreError> {
        Ok(self.query(sql, params)?.into_iter().next())
    }

    /// Runs a statement that gives one number, for example a count.
    pub fn query_int(&mut self, sql: &str, params: &[Value]) -> Result<i64, StoreError> {
        match self.query_opt(sql, params)? {
            Some(row) => row.int(0),
            None => Err(StoreError::Shape { column: 0, wanted: "a number" }),
        }
    }
}

/// Runs inside a transaction on a connection thread and later learns whether the commit worked.
type Work = Box<dyn FnOnce(&mut Tx<'_>) -> Verdict + Send>;

/// Learns whether the commit worked.
type Callback = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// Gives the caller the error that the work ended with.
type Answer = Box<dyn FnOnce() + Send>;

/// What a piece of work decided.
enum Verdict {
    /// Keep its changes; call back after the commit (or with the reason why there was none).
    Commit(Callback),
    /// Undo its changes, and only then answer: whoever tries again must not meet the locks of this try.
    Rollback(Answer),
}

enum Backend {
    Sqlite(sqlite_db::Sqlite),
    Postgres(postgres_db::Postgres),
}

/// The open database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    backend: Arc<Backend>,
    voice: Voice,
    elsewhere: watch::Sender<Counts>,
}

/// Says what was committed: to those who wait here, and to the other servers.
#[derive(Clone)]
struct Voice {
    changes: watch::Sender<Counts>,
    access: watch::Sender<AccessNews>,
    untold: Option<others::Untold>,
}

impl Voice {
    fn announce_access(&self, whose: Whose) {
        if whose == Whose::Nobody {
            return;
        }
        self.access.send_modify(|all| all.push(whose.clone()));
        if let Some(untold) = &self.untold {
            untold.tell_access(whose);
        }
    }

    fn announce(&self, touched: Touched) {
        touched.announce(&self.changes);
        if let Some(untold) = &self.untold {
            untold.tell(touched);
        }
    }
}

/// `voice` says what was committed; reads have none.
fn work<T, E, F>(f: F, answer: tokio::sync::oneshot::Sender<Result<T, E>>, voice: Option<Voice>) -> Work
where
    F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    Box::new(move |tx| {
        // A panic in one closure must not take the connection thread, and with it every other request, down.
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| f(tx)));
        let (touched, access) = (std::mem::take(&mut tx.touched), std::mem::take(&mut tx.access));
        match result {
            Ok(Ok(value)) => Verdict::Commit(Box::new(move |committed| {
                if let Some(voice) = &voice {
                    // A commit that failed may be on disk all the same.
                    voice.announce_access(access);
                    if committed.is_ok() {
                        voice.announce(touched);
                    }
                }
                let _ = answer.send(committed.map(|()| value).map_err(E::from));
            })),
            Ok(Err(error)) => Verdict::Rollback(Box::new(move || drop(answer.send(Err(error))))),
            Err(_) => Verdict::Rollback(Box::new(move || drop(answer.send(Err(E::from(StoreError::Panicked)))))),
        }
    })
}

impl Store {
    /// Opens the database and brings its tables up to date. Blocks; call it before serving.
    pub fn open(database: &Database) -> Result<Self, StoreError> {
        let (changes, access) = (watch::Sender::new(Counts::default()), watch::Sender::new(AccessNews::default()));
        let elsewhere = watch::Sender::new(Counts::default());
        let backend = match database {
            Database::Sqlite(path) => Backend::Sqlite(sqlite_db::Sqlite::open(path)?),
            Database::Postgres(url) => {
                let ears =
                    others::Ears { changes: changes.clone(), elsewhere: elsewhere.clone(), access: access.clone() };
                Backend::Postgres(postgres_db::Postgres::open(url, ears)?)
            }
        };
        let untold = match &backend {
            Backend::Sqlite(_) => None,
            Backend::Postgres(db) => Some(db.others.untold()),
        };
        Ok(Self { backend: Arc::new(backend), voice: Voice { changes, access, untold }, elsewhere })
    }

    /// Whether the other servers on the database were told of everything that this one changed; always on SQLite.
    pub fn others_are_told(&self) -> bool {
        self.voice.untold.as_ref().is_none_or(others::Untold::is_told)
    }

    /// Who signed out or lost rights, by [`Tx::access_changed`] here and on the other servers on the database, from where
    /// it is heard some tenths of a second later; a hint that may be lost.
    pub fn access_lost(&self) -> watch::Receiver<AccessNews> {
        self.voice.access.subscribe()
    }

    /// Tells how often each kind of rows was changed through this value and its clones, from now on; on PostgreSQL also
    /// through other servers on the same database, some tenths of a second later. A hint for those who show rows.
    pub fn changes(&self) -> watch::Receiver<Counts> {
        self.voice.changes.subscribe()
    }

    /// As [`Store::changes`], of what other servers changed; nothing ever on SQLite.
    pub fn changes_elsewhere(&self) -> watch::Receiver<Counts> {
        self.elsewhere.subscribe()
    }

    /// `sqlite` or `postgres`, for logs and the status page.
    pub fn kind(&self) -> &'static str {
        match *self.backend {
            Backend::Sqlite(_) => "sqlite",
            Backend::Postgres(_) => "postgres",
        }
    }

    /// Runs `f` in a transaction. When it gives an error, everything it did is undone. When this returns, the changes
    /// are on disk.
    ///
    /// On SQLite all waiting writes share one commit, each in its own savepoint.
    pub async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.send(f, false).await
    }

    /// Like [`Store::write`], for the hot paths: `f` gives an error only before its first change, or when the database
    /// itself fails. On SQLite it then needs no savepoint, which costs as much as several statements. When `f` breaks
    /// its word, the writes that share its commit are undone with it and fail with [`StoreError::NotCommitted`].
    pub async fn write_bare<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.send(f, true).await
    }

    async fn send<T, E, F>(&self, f: F, bare: bool) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let work = work(f, sender, Some(self.voice.clone()));
        match &*self.backend {
            Backend::Sqlite(db) => db.write(work, bare),
            Backend::Postgres(db) => db.run(work, Mode::Write),
        }
        .map_err(E::from)?;
        receiver.await.unwrap_or_else(|_| Err(E::from(StoreError::Closed)))
    }

    /// Runs `f` on a connection that sees one consistent state. Changes are not allowed.
    pub async fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let work = work(f, sender, None);
        match &*self.backend {
            Backend::Sqlite(db) => db.read(work),
            Backend::Postgres(db) => db.run(work, Mode::Read),
        }
        .map_err(E::from)?;
        receiver.await.unwrap_or_else(|_| Err(E::from(StoreError::Closed)))
    }

    /// Like [`Store::read`] for reads by key that take microseconds: on SQLite they run at once on the calling
    /// thread, because a hop to another thread would cost more than the read.
    pub async fn get<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match &*self.backend {
            Backend::Sqlite(db) => db.inline(f),
            Backend::Postgres(_) => self.read(f).await,
        }
    }
}
