//! PostgreSQL: a few connection threads that take work from one queue.

use super::others::{Ears, Others};
use super::postgres_tls::{self, Connector};
use super::record::Insert;
use super::{Link, Row, StoreError, Tx, Value, Verdict, Work, dialect, migrate};
use postgres::error::SqlState;
use postgres::types::{IsNull, ToSql, Type, private::BytesMut};
use postgres::{Client, IsolationLevel, Statement};
use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

/// Connections of one server process.
const CONNECTIONS: usize = 8;
/// Prepared statements kept by each connection; texts with filters come in many shapes.
const STATEMENTS: usize = 512;

pub(super) struct Postgres {
    queue: Mutex<Sender<(Work, Mode)>>,
    /// The other servers on this database.
    pub(super) others: Others,
}

/// What the transaction around a piece of work allows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// One state of the database from beginning to end, and no changes.
    Read,
    /// Everything; each statement sees what was committed before it.
    Write,
}

impl Postgres {
    pub(super) fn open(url: &str, ears: Ears) -> Result<Self, StoreError> {
        let (url, wanted) = postgres_tls::taken_out(url)?;
        let tls = wanted.connector()?;
        let config: postgres::Config = url
            .parse()
            .map_err(|e: postgres::Error| StoreError::Open(format!("the database URL cannot be read: {e}")))?;
        let mut first = config.connect(tls.clone()).map_err(|e| StoreError::Open(reason(&e)))?;
        prepare_session(&mut first)?;
        migrate_postgres(&mut first)?;
        let (sender, receiver) = channel::<(Work, Mode)>();
        let receiver = Arc::new(Mutex::new(receiver));
        let mut client = Some(first);
        for _ in 0..CONNECTIONS {
            let receiver = Arc::clone(&receiver);
            let (config, tls) = (config.clone(), tls.clone());
            let client = client.take();
            std::thread::Builder::new()
                .name("store-postgres".to_owned())
                .spawn(move || connection_loop(client, (&config, &tls), &receiver))
                .map_err(|e| StoreError::Open(format!("cannot start a thread: {e}")))?;
        }
        let others = Others::start(&config, &tls, ears)?;
        Ok(Self { queue: Mutex::new(sender), others })
    }

    pub(super) fn run(&self, work: Work, mode: Mode) -> Result<(), StoreError> {
        let queue = self.queue.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        queue.send((work, mode)).map_err(|_| StoreError::Closed)
    }
}

/// The driver's own text is often only "db error"; the cause says more.
pub(super) fn reason(error: &postgres::Error) -> String {
    use std::error::Error;
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

pub(super) fn prepare_session(client: &mut Client) -> Result<(), StoreError> {
    // Compiling a statement takes longer than any statement here may take.
    client.batch_execute("SET client_min_messages = warning; SET jit = off").map_err(StoreError::Postgres)
}

fn migrate_postgres(client: &mut Client) -> Result<(), StoreError> {
    let mut transaction = client.transaction().map_err(StoreError::Postgres)?;
    // Two servers that start at once must not migrate at once.
    transaction.execute("SELECT pg_advisory_xact_lock(7863465)", &[]).map_err(StoreError::Postgres)?;
    let mut statements = HashMap::new();
    migrate::run(&mut PostgresTx { transaction: &mut transaction, statements: &mut statements, broken: false })?;
    transaction.commit().map_err(StoreError::Postgres)
}

fn connection_loop(
    mut client: Option<Client>,
    (config, tls): (&postgres::Config, &Connector),
    receiver: &Mutex<Receiver<(Work, Mode)>>,
) {
    let mut statements = HashMap::new();
    // An outage is told once, not with every piece of work that is dropped.
    let mut told = false;
    loop {
        let next = receiver.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).recv();
        let Ok((work, mode)) = next else { return };
        if client.as_ref().is_none_or(Client::is_closed) {
            statements.clear();
            client = match config.connect(tls.clone()) {
                Ok(mut fresh) => prepare_session(&mut fresh).is_ok().then_some(fresh),
                Err(error) => {
                    if !std::mem::replace(&mut told, true) {
                        tracing::error!(error = %reason(&error), "cannot reach the database, will try again");
                    }
                    None
                }
            };
        }
        // Without a connection the work is dropped, which its caller sees as a closed store.
        let Some(open) = client.as_mut() else { continue };
        if std::mem::take(&mut told) {
            tracing::info!("the database answers again");
        }
        if statements.len() > STATEMENTS {
            statements.clear();
        }
        run_one(open, &mut statements, work, mode);
    }
}

fn run_one(client: &mut Client, statements: &mut HashMap<String, Statement>, work: Work, mode: Mode) {
    let begun = match mode {
        Mode::Write => client.transaction(),
        Mode::Read => {
            client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start()
        }
    };
    let mut transaction = match begun {
        Ok(transaction) => transaction,
        Err(error) => {
            tracing::error!(error = %reason(&error), "cannot begin a transaction");
            return;
        }
    };
    let mut link = PostgresTx { transaction: &mut transaction, statements, broken: false };
    let verdict = work(&mut Tx::new(&mut link));
    let broken = link.broken;
    match verdict {
        // A COMMIT after a failed statement rolls back and reports no error.
        Verdict::Commit(callback) if broken => {
            let _ = transaction.rollback();
            callback(Err(StoreError::Broken));
        }
        Verdict::Commit(callback) => callback(transaction.commit().map_err(failed)),
        Verdict::Rollback(answer) => {
            if let Err(error) = transaction.rollback() {
                tracing::warn!(error = %reason(&error), "cannot roll back");
            }
            answer();
        }
    }
}

pub(super) fn failed(error: postgres::Error) -> StoreError {
    if error.is_closed() {
        return StoreError::Closed;
    }
    match error.code() {
        Some(code) if *code == SqlState::UNIQUE_VIOLATION => StoreError::Duplicate(reason(&error)),
        Some(code) if *code == SqlState::FOREIGN_KEY_VIOLATION => StoreError::Reference(reason(&error)),
        _ => StoreError::Postgres(error),
    }
}

pub(super) struct PostgresTx<'a, 'b> {
    pub(super) transaction: &'a mut postgres::Transaction<'b>,
    pub(super) statements: &'a mut HashMap<String, Statement>,
    /// Whether a statement failed; nothing of the transaction can be kept then.
    pub(super) broken: bool,
}

impl PostgresTx<'_, '_> {
    fn prepared(&mut self, sql: &str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.transaction.prepare(&dialect::postgres(sql)).map_err(failed)?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(number) => match *ty {
                Type::INT4 => i32::try_from(*number)?.to_sql(ty, out),
                Type::INT2 => i16::try_from(*number)?.to_sql(ty, out),
                _ => number.to_sql(ty, out),
            },
            // PostgreSQL cannot store NUL in a text; nobody means it.
            Value::Text(text) if text.contains('\0') => text.replace('\0', "\u{FFFD}").to_sql(ty, out),
            Value::Text(text) => text.to_sql(ty, out),
            Value::Blob(bytes) => bytes.to_sql(ty, out),
            Value::Texts(texts) if texts.iter().any(|text| text.contains('\0')) => {
                texts.iter().map(|text| text.replace('\0', "\u{FFFD}")).collect::<Vec<_>>().to_sql(ty, out)
            }
            Value::Texts(texts) => texts.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    postgres::types::to_sql_checked!();
}

impl PostgresTx<'_, '_> {
    fn rows(&mut self, sql: &str, params: &[Value]) -> Result<Vec<postgres::Row>, StoreError> {
        if params.iter().any(|value| matches!(value, Value::Texts(_))) {
            // How long a list is decides which way is the best, so such a statement is never planned for lists of any
            // length.
            return self.transaction.query_typed(&dialect::postgres(sql), &with_types(params)).map_err(failed);
        }
        let statement = self.prepared(sql)?;
        self.transaction.query(&statement, &by_reference(params)).map_err(failed)
    }

    fn touched(&mut self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        let statement = self.prepared(sql)?;
        self.transaction.execute(&statement, &by_reference(params)).map_err(failed)
    }

    /// Sends each column as one list: a single text of a statement for any number of rows, and few parameters to plan.
    fn insert_columns(&mut self, insert: &Insert, rows: &[Vec<Value>]) -> Result<(), StoreError> {
        let kinds: Vec<Type> = self.prepared(&insert.one)?.params().to_vec();
        let lists: Vec<String> =
            kinds.iter().enumerate().map(|(n, kind)| format!("${}::{}[]", n + 1, kind.name())).collect();
        let sql = format!("{} SELECT * FROM unnest({})", insert.head, lists.join(", "));
        let statement = self.prepared(&sql)?;
        let columns: Vec<Vec<&Value>> =
            (0..kinds.len()).map(|n| rows.iter().map(|row| row.get(n).unwrap_or(&Value::Null)).collect()).collect();
        let columns: Vec<&(dyn ToSql + Sync)> = columns.iter().map(|column| column as _).collect();
        self.transaction.execute(&statement, &columns).map_err(failed)?;
        Ok(())
    }
}

fn with_types(params: &[Value]) -> Vec<(&(dyn ToSql + Sync), Type)> {
    let kind = |value: &Value| match value {
        Value::Null | Value::Text(_) => Type::TEXT,
        Value::Int(_) => Type::INT8,
        Value::Blob(_) => Type::BYTEA,
        Value::Texts(_) => Type::TEXT_ARRAY,
    };
    params.iter().map(|value| (value as &(dyn ToSql + Sync), kind(value))).collect()
}

fn by_reference(params: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|p| p as &(dyn ToSql + Sync)).collect()
}

impl Link for PostgresTx<'_, '_> {
    fn kind(&self) -> &'static str {
        "postgres"
    }

    fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        let result = self.touched(sql, params);
        self.broken |= result.is_err();
        result
    }

    fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        let result = self.rows(sql, params);
        self.broken |= result.is_err();
        result?.iter().map(row).collect()
    }

    fn insert_many(&mut self, insert: &Insert, rows: &[Vec<Value>]) -> Result<(), StoreError> {
        let result = self.insert_columns(insert, rows);
        self.broken |= result.is_err();
        result
    }
}

pub(super) fn row(row: &postgres::Row) -> Result<Row, StoreError> {
    let mut values = Vec::with_capacity(row.len());
    for (column, description) in row.columns().iter().enumerate() {
        let value = match *description.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(column).map_err(failed)?.map(Value::Int),
            Type::INT4 => row.try_get::<_, Option<i32>>(column).map_err(failed)?.map(|n| Value::Int(n.into())),
            Type::BOOL => row.try_get::<_, Option<bool>>(column).map_err(failed)?.map(Value::from),
            Type::TEXT | Type::VARCHAR => row.try_get::<_, Option<String>>(column).map_err(failed)?.map(Value::Text),
            Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(column).map_err(failed)?.map(Value::Blob),
            _ => return Err(StoreError::Shape { column, wanted: "a number, a text or bytes" }),
        };
        values.push(value.unwrap_or(Value::Null));
    }
    Ok(Row(values))
}
