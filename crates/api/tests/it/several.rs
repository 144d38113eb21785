//! Two servers on one database: what one of them counts or starts, the other one knows.

use std::future::Future as _;
use std::net::IpAddr;
use std::time::Duration;

use futures_util::FutureExt as _;
use serde_json::json;
use stoker_service::sessions::{Credentials, Visit};
use stoker_service::watch::Watcher;
use stoker_service::{Error, Service};
use stoker_testkit::http::Method;

use crate::link::driver::{Engine, task_on};
use crate::support::{Backend, MINUTE, TestServer, id};

fn from(last: u8) -> Option<IpAddr> {
    Some(IpAddr::from([10, 0, 0, last]))
}

/// Guessing at several servers in turn gives no more tries than at one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_passwords_count_on_all_servers() {
    let server = TestServer::start(Backend::Postgres).await;
    let other = server.second().await;
    let password = server.bootstrap.password.clone();
    let both = [&server.service, &other];
    let mut slowed = 0;
    for number in 0..8 {
        match both[number % 2].check_password("admin", "not the password", from(1)).await {
            Err(Error::TooManyTries { .. }) => slowed += 1,
            Err(Error::Unauthorized) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(slowed, 2, "six tries are taken, then both wait");
    for service in both {
        let again = service.check_password("admin", &password, from(1)).await;
        assert!(matches!(again, Err(Error::TooManyTries { .. })), "the right one waits too");
    }
    server.clock.advance(1_000);
    assert!(other.check_password("admin", &password, from(2)).await.is_ok(), "from elsewhere the owner gets in");
    server.clock.advance(1_000);
    assert!(other.check_password("admin", &password, from(1)).await.is_ok());
    for _ in 0..5 {
        let again = server.service.check_password("admin", "not the password", from(1)).await;
        assert!(matches!(again, Err(Error::Unauthorized)), "success at one server frees the place at all");
    }
    // What is long past is not kept for ever.
    server.clock.advance(31 * MINUTE);
    server.reconcile().await;
    let left = server
        .store
        .read::<_, stoker_store::StoreError, _>(|tx| tx.query_int("SELECT count(*) FROM sign_in_tries", &[]));
    assert_eq!(left.await.expect("a count"), 0);
}

/// An engine that waits at one server gets at once what another one starts or stops: nobody runs the reconcilers here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_waits_elsewhere_is_woken() {
    let server = TestServer::start(Backend::Postgres).await;
    let other = server.second().await;
    let follower = other.clone();
    let following = tokio::spawn(async move { follower.follow_others().await });
    let engine = Engine::ready(&server, "one", 1).await;
    let task = task_on(&server, "one", &engine).await;
    let mut poll = Box::pin(other.poll(&engine.session));
    let early = std::future::poll_fn(|cx| std::task::Poll::Ready(poll.as_mut().poll(cx).is_ready())).await;
    assert!(!early);
    let run = server.run(&task).await;
    let messages = poll.await.expect("the poll");
    assert_eq!(messages.offers.iter().map(|offer| offer.run.as_str()).collect::<Vec<_>>(), [run.as_str()]);
    following.abort();
}

/// Nobody has to wait for the clock: what the allowlist says is heard.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_allowlist_is_heard() {
    let server = TestServer::start(Backend::Postgres).await;
    let other = server.second().await;
    let account = server.service_account(&["TMC_OPERATOR"], &[]).await;
    let actor = other.authenticate(&account.token, "x").await.expect("a good token");
    other.admit(&actor, from(1)).await.expect("there is no allowlist");
    let list = json!({ "enabled": true, "ips": [{ "ip": "192.168.0.0/16", "description": "" }] });
    let _ = server.http().post("/security/ip-allowlist", &list).await.expect(201);
    let mut look = tokio::time::interval(Duration::from_millis(10));
    let refused = async {
        while other.admit(&actor, from(1)).await.is_ok() {
            look.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), refused).await.expect("it is heard");
    let _ = server.http().send(Method::DELETE, "/security/ip-allowlist", &[], None).await.expect(204);
    assert!(!id(&server.http().get("/account/me").await.expect(200).json()).is_empty());
}

/// A stream of events of whoever has this token.
async fn stream(service: &Service, token: &str) -> Watcher {
    let actor = service.authenticate(token, "x").await.expect("a good token");
    service.watch(&actor).expect("a place")
}

/// Reads a stream until it ends.
async fn ends(watcher: &mut Watcher) {
    let end = async { while watcher.next().await.is_some() {} };
    tokio::time::timeout(Duration::from_secs(20), end).await.expect("the stream ends");
}

/// Whether a stream goes on, as far as it has heard.
fn goes_on(watcher: &mut Watcher) -> bool {
    loop {
        match watcher.next().now_or_never() {
            None => return true,
            Some(None) => return false,
            Some(Some(_)) => {}
        }
    }
}

/// Only whose access changed has to come again, whichever server made the change; a server that starts changes nobody's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_with_its_own_access_alone() {
    let server = TestServer::start(Backend::Postgres).await;
    let other = server.second().await;
    let (one, two) =
        (server.service_account(&["TMC_OPERATOR"], &[]).await, server.service_account(&["TMC_OPERATOR"], &[]).await);
    let both = [&server.service, &other];
    // What was made just now is heard of before the streams begin.
    let mut early = [stream(both[0], &one.token).await, stream(both[1], &one.token).await];
    let account = |id: &str| format!("/account/service-accounts/{id}");
    let rename = json!({ "name": "other", "permissions": ["TMC_OPERATOR"] });
    let _ = server.http().put(&account(&one.id), &rename).await.expect(200);
    for watcher in &mut early {
        ends(watcher).await;
    }
    let mut mine = [stream(both[0], &one.token).await, stream(both[1], &one.token).await];
    let mut others = [stream(both[0], &two.token).await, stream(both[1], &two.token).await];
    let third = server.second().await;
    assert!(!third.bootstrap(|_| Ok(())).await.expect("a start"), "everything is there");
    let _ = server.http().delete(&account(&two.id)).await.expect(204);
    for watcher in &mut others {
        ends(watcher).await;
    }
    for (watcher, service) in mine.iter_mut().zip(both) {
        assert!(goes_on(watcher), "somebody else lost access");
        let gone = service.authenticate(&two.token, "x").await;
        assert!(matches!(gone, Err(Error::Unauthorized)), "{gone:?}");
    }
    // From where one may call at all concerns everybody.
    let list = json!({ "enabled": true, "ips": [{ "ip": "127.0.0.0/8", "description": "" }] });
    let _ = server.http().post("/security/ip-allowlist", &list).await.expect(201);
    for watcher in &mut mine {
        ends(watcher).await;
    }
}

/// Another password ends whatever was begun with the old one: cookies and streams, on every server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_password_ends_sessions_and_their_streams() {
    let server = TestServer::start(Backend::Postgres).await;
    let other = server.second().await;
    let own = server.bootstrap.clone();
    let sign_in = async || {
        let given = Credentials::Password { login: own.login.clone(), password: own.password.clone(), second: None };
        server.service.sign_in(given, Visit::default()).await.expect("the right password").secret
    };
    let secret = sign_in().await;
    let mut streams = Vec::new();
    for service in [&server.service, &other] {
        let actor = service.authenticate_session(&secret, false, None).await.expect("a session");
        streams.push(service.watch(&actor).expect("a place"));
    }
    let users = server.http().get("/scim/v2/Users?filter=userName%20eq%20%22admin%22").await.expect(200).json();
    let path = format!("/scim/v2/Users/{}", users["Resources"][0]["id"].as_str().expect("an id"));
    let change = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [
            { "op": "replace", "path": "name", "value": { "givenName": "Ada", "familyName": "Byron" } },
            { "op": "add", "path": "emails", "value": [{ "value": "admin@example.com", "primary": true }] },
            { "op": "replace", "path": "password", "value": "quite another 1 password" },
        ],
    });
    let kind = [("content-type", "application/scim+json")];
    let _ = server.http().send(Method::PATCH, &path, &kind, Some(change.to_string().into_bytes())).await.expect(200);
    for watcher in &mut streams {
        ends(watcher).await;
    }
    for service in [&server.service, &other] {
        let gone = service.authenticate_session(&secret, false, None).await;
        assert!(matches!(gone, Err(Error::Unauthorized)), "{gone:?}");
    }
}
