use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use postgres::{Client, NoTls};
use stoker_testkit::postgres::{database, database_from};

fn connect(url: &str) -> Client {
    Client::connect(url, NoTls).expect("connect")
}

fn number(client: &mut Client, query: &str) -> i64 {
    client.query_one(query, &[]).expect(query).get(0)
}

#[test]
fn every_database_is_empty_and_apart_from_the_others() {
    let (one, two) = (database(), database());
    connect(&one.url).batch_execute("CREATE TABLE t (a INT)").expect("create a table in the first");
    connect(&two.url).batch_execute("CREATE TABLE t (a INT)").expect("the second does not have that table");
    assert_eq!(number(&mut connect(&one.url), "SELECT count(*) FROM t"), 0);
}

#[test]
fn a_dropped_database_is_gone_even_while_somebody_is_connected() {
    let database = database();
    let url = database.url.clone();
    let mut left_open = connect(&url);
    drop(database);
    assert!(left_open.batch_execute("SELECT 1").is_err(), "the connection is cut");
    let error = Client::connect(&url, NoTls).err().expect("nothing to connect to");
    assert_eq!(error.code(), Some(&postgres::error::SqlState::UNDEFINED_DATABASE));
}

#[test]
fn a_template_is_made_once_and_its_copies_are_independent() {
    let made = AtomicU32::new(0);
    let make = |url: &str| {
        made.fetch_add(1, Ordering::Relaxed);
        connect(url).batch_execute("CREATE TABLE t (a BIGINT); INSERT INTO t VALUES (7)").expect("fill the template");
    };
    let one = database_from("once", make);
    let two = database_from("once", make);
    assert_eq!(made.load(Ordering::Relaxed), 1);
    connect(&one.url).batch_execute("UPDATE t SET a = 8").expect("change the first");
    assert_eq!(number(&mut connect(&one.url), "SELECT a FROM t"), 8);
    assert_eq!(number(&mut connect(&two.url), "SELECT a FROM t"), 7);
}

#[test]
fn a_template_that_failed_is_made_anew() {
    let failed = std::panic::catch_unwind(|| database_from("fails first", |_| panic!("no luck")));
    assert!(failed.is_err());
    let database = database_from("fails first", |url| {
        connect(url).batch_execute("CREATE TABLE t (a BIGINT)").expect("fill the template");
    });
    assert_eq!(number(&mut connect(&database.url), "SELECT count(*) FROM t"), 0);
}

#[tokio::test]
async fn databases_can_be_made_inside_an_async_test() {
    let database = database_from("async", |url| connect(url).batch_execute("CREATE TABLE t ()").expect("fill it"));
    assert!(database.url.starts_with("postgresql://"), "{}", database.url);
}

const KILLED_ONE: &str = "STOKER_TESTKIT_KILLED_ONE";

/// Not a test by itself: the next one runs it in a process that is killed.
#[test]
fn print_the_server_and_wait() {
    if std::env::var_os(KILLED_ONE).is_none() {
        return;
    }
    let database = database();
    println!("\nURL {}", database.url);
    let _ = std::io::stdin().read_line(&mut String::new());
}

#[test]
fn a_killed_test_process_leaves_no_server_and_no_folder() {
    use std::io::{BufRead as _, BufReader};

    let mut killed = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "--nocapture", "databases::print_the_server_and_wait"])
        .env(KILLED_ONE, "1")
        .env_remove("TEST_POSTGRES")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("start this program again");
    let lines = BufReader::new(killed.stdout.take().expect("output")).lines();
    let url = lines.map_while(Result::ok).find_map(|line| Some(line.strip_prefix("URL ")?.to_owned()));
    let url = url.expect("the address of the server");
    let folder = url.split_once("host=").and_then(|(_, rest)| rest.split('&').next()).expect("the folder");
    assert!(Client::connect(&url, NoTls).is_ok(), "the server answers while the process lives");
    killed.kill().expect("kill it");
    killed.wait().expect("wait for it");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while Path::new(folder).exists() {
        assert!(std::time::Instant::now() < deadline, "{folder} is still there");
        std::thread::yield_now();
    }
    assert!(Client::connect(&url, NoTls).is_err(), "the server is gone");
}
