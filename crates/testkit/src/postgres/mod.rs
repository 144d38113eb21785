//! Fresh PostgreSQL databases for tests, without any set-up outside.
//!
//! The first call in a process starts a server of its own in a temporary folder, reachable by a Unix socket only; all
//! tests of the process share it and it ends with the process. When the environment names a server in
//! `TEST_POSTGRES` (a URL whose user may create databases), that one is used instead.

mod server;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use ::postgres::{Client, NoTls};
use anyhow::{Context, Result, bail, ensure};

use crate::must;
use server::Server;

/// Name of the environment variable that names an existing server.
pub const SERVER_VARIABLE: &str = "TEST_POSTGRES";

/// A database that exists as long as this value.
#[derive(Debug)]
pub struct TestDatabase {
    /// Where it is, in the form that the store and the `postgres` crate take.
    pub url: String,
    name: String,
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // A failure only leaves a database behind on a server that ends soon, and a panic here would hide the test's.
        let _ = execute(&[format!("DROP DATABASE IF EXISTS \"{}\" WITH (FORCE)", self.name)]);
    }
}

impl TestDatabase {
    /// Sends a notification in this database. Blocks. Panics when the database cannot be reached.
    #[track_caller]
    pub fn notify(&self, channel: &str, text: &str) {
        must(on_own_thread(|| {
            let mut client = Client::connect(&self.url, NoTls).context("connect to the database of the test")?;
            client.execute("SELECT pg_notify($1, $2)", &[&channel, &text]).context("send a notification")
        }));
    }
}

/// Whether the own server is as after an installation.
static AS_INSTALLED: AtomicBool = AtomicBool::new(false);

/// Lets the server that this process starts be as it is after an installation: durable, with the memory it takes by
/// itself. For measuring; to be called before the first database is asked for.
pub fn as_installed() {
    AS_INSTALLED.store(true, Ordering::Relaxed);
}

/// A new empty database. Panics when no server can be started; the text names the cure.
#[track_caller]
#[must_use = "the database is dropped with the value"]
pub fn database() -> TestDatabase {
    must(create("template1"))
}

/// A new database with the content that `make` puts into a template of this name.
///
/// `make` gets the URL of an empty database and is called once per process and `template`; every later call copies what
/// it left there, which takes some 50 ms whatever it did. It runs in a thread of its own, so it may use blocking clients
/// also below an async test. Panics when `make` does, and then the next call tries again.
#[track_caller]
#[must_use = "the database is dropped with the value"]
pub fn database_from(template: &str, make: impl FnOnce(&str) + Send) -> TestDatabase {
    static TEMPLATES: Mutex<Option<HashMap<String, String>>> = Mutex::new(None);
    // The lock is held while the template is made, so that nobody else makes it too. A panic inside leaves no entry.
    let mut templates = TEMPLATES.lock().unwrap_or_else(PoisonError::into_inner);
    let templates = templates.get_or_insert_default();
    let name = match templates.get(template) {
        Some(name) => name.clone(),
        None => {
            let name = must(make_template(make));
            templates.insert(template.to_owned(), name.clone());
            name
        }
    };
    must(create(&name))
}

fn make_template(make: impl FnOnce(&str) + Send) -> Result<String> {
    // Dropped again when `make` panics; kept for the life of the server otherwise.
    let database = create("template1")?;
    on_own_thread(|| make(&database.url));
    let name = database.name.clone();
    execute(&[
        format!("ALTER DATABASE \"{name}\" ALLOW_CONNECTIONS false"),
        format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"),
    ])?;
    std::mem::forget(database);
    Ok(name)
}

fn create(template: &str) -> Result<TestDatabase> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let name = format!("test_{}_{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
    let url = database_url(server_url()?, &name)?;
    // Something of this name can only be left over from a process that had our id and was killed.
    execute(&[
        format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)"),
        format!("CREATE DATABASE \"{name}\" TEMPLATE \"{template}\""),
    ])?;
    Ok(TestDatabase { url, name })
}

/// URL of the maintenance database of the server that this process uses.
fn server_url() -> Result<&'static str> {
    static GIVEN: OnceLock<Option<String>> = OnceLock::new();
    static OWN: OnceLock<Result<Server, String>> = OnceLock::new();
    if let Some(url) = GIVEN.get_or_init(|| std::env::var(SERVER_VARIABLE).ok().filter(|url| !url.is_empty())) {
        return Ok(url);
    }
    match OWN.get_or_init(|| Server::start(!AS_INSTALLED.load(Ordering::Relaxed)).map_err(|error| format!("{error:#}")))
    {
        Ok(server) => Ok(&server.url),
        Err(error) => bail!("start a PostgreSQL server for the tests: {error}"),
    }
}

/// The same server with another database.
fn database_url(server: &str, name: &str) -> Result<String> {
    let (base, query) = server.split_once('?').map_or((server, None), |(base, query)| (base, Some(query)));
    let (scheme, rest) = base.split_once("://").unwrap_or_default();
    ensure!(
        matches!(scheme, "postgres" | "postgresql"),
        "read {SERVER_VARIABLE}: it is no URL of the form postgresql://user@host/postgres; correct or unset it"
    );
    let authority = rest.split_once('/').map_or(rest, |(authority, _)| authority);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    Ok(format!("{scheme}://{authority}/{name}{query}"))
}

/// Runs statements on the maintenance database, each on its own: `CREATE DATABASE` refuses a transaction.
fn execute(statements: &[String]) -> Result<()> {
    let url = server_url()?;
    on_own_thread(|| {
        let mut client = Client::connect(url, NoTls).context("connect to the PostgreSQL server of the tests")?;
        for statement in statements {
            client.batch_execute(statement).with_context(|| format!("execute {statement}"))?;
        }
        Ok(())
    })
}

/// The blocking client has a runtime inside and refuses to work on a thread that already has one.
fn on_own_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let result = std::thread::scope(|scope| scope.spawn(work).join());
    result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_database_of_a_url_is_exchanged() {
        let of = |url| database_url(url, "x").ok();
        assert_eq!(
            of("postgresql:///postgres?host=/a/b&user=me").as_deref(),
            Some("postgresql:///x?host=/a/b&user=me")
        );
        assert_eq!(of("postgres://u:p@db:5433/main").as_deref(), Some("postgres://u:p@db:5433/x"));
        assert_eq!(of("postgres://db").as_deref(), Some("postgres://db/x"));
        assert_eq!(of("mysql://db/main"), None);
    }
}
