//! Requests that two readers of HTTP could take for different ones: each is acted on once, or refused and the connection
//! closed. What lies hidden in a body is never a request.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::raw;
use crate::support::{TestServer, both};

/// How long a server that waits for the rest of a body is listened to. What it did is looked at besides, at the end.
const QUIET: Duration = Duration::from_millis(200);
/// How long an answer that must come may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The statuses of what the server sends until it closes, or is quiet after so many answers.
async fn answers(server: &TestServer, bytes: &[u8], least: usize) -> Vec<u16> {
    let mut stream = raw::connect(server).await;
    // The server may have refused and closed before all is sent.
    let _ = stream.write_all(bytes).await;
    let (mut got, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&got).into_owned();
        let statuses: Vec<u16> =
            text.split("HTTP/1.1 ").skip(1).filter_map(|part| part.get(..3)?.parse().ok()).collect();
        let patience = if statuses.len() < least { PATIENCE } else { QUIET };
        match tokio::time::timeout(patience, stream.read(&mut piece)).await {
            Ok(Ok(count)) if count > 0 => got.extend_from_slice(&piece[..count]),
            _ => return statuses,
        }
    }
}

/// A whole request that makes an environment, with no body but its length.
fn hidden(server: &TestServer, name: &str) -> String {
    let body = format!(r#"{{"name":"{name}","workspaceName":"w"}}"#);
    let token = &server.bootstrap.personal_access_token;
    format!(
        "POST /orchestration/environments HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn environments(server: &TestServer) -> Vec<String> {
    let all = server.http().get("/orchestration/environments").await.expect(200).json();
    let names = all.as_array().expect("a list").iter().map(|one| one["name"].as_str().expect("a name").to_owned());
    let mut names: Vec<String> = names.filter(|name| name != "default").collect();
    names.sort_unstable();
    names
}

both! {
    async fn a_request_inside_a_body_is_never_acted_on(server: TestServer) {
        let inner = hidden(&server, "smuggled");
        let token = &server.bootstrap.personal_access_token;
        let outer = |path: &str, lines: &str, body: &str| {
            format!("POST {path} HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n{lines}\r\n{body}")
        };
        let length = inner.len();
        let ended = format!("0\r\n\r\n{inner}");
        let whole = ended.len();
        let in_chunk = format!("{length:x}\r\n{inner}\r\n0\r\n\r\n");
        for path in ["/orchestration/environments", "/no/such/path"] {
            let cases = [
                // Length and chunks, in either order: whoever reads by the length sees one request.
                outer(path, &format!("content-length: {whole}\r\ntransfer-encoding: chunked\r\n"), &ended),
                outer(path, &format!("transfer-encoding: chunked\r\ncontent-length: {whole}\r\n"), &ended),
                outer(path, "transfer-encoding: chunked\r\ncontent-length: 4\r\n", &in_chunk),
                // Two lengths.
                outer(path, &format!("content-length: {length}\r\ncontent-length: 0\r\n"), &inner),
                outer(path, &format!("content-length: 0\r\ncontent-length: {length}\r\n"), &inner),
                outer(path, &format!("content-length: 0, {length}\r\n"), &inner),
                outer(path, &format!("content-length: +{length}\r\n"), &inner),
                outer(path, &format!("content-length: -{length}\r\n"), &inner),
                outer(path, &format!("content-length : {length}\r\n"), &inner),
                outer(path, "content-length: 99999999999999999999\r\n", &inner),
                // Encodings that are read by some.
                outer(path, "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n", &ended),
                outer(path, "transfer-encoding: identity\r\n", &ended),
                outer(path, "transfer-encoding: xchunked\r\n", &ended),
                outer(path, "transfer-encoding:\x0bchunked\r\n", &ended),
                outer(path, "transfer-encoding : chunked\r\n", &ended),
                outer(path, " transfer-encoding: chunked\r\n", &ended),
                outer(path, "x: y\r\n transfer-encoding: chunked\r\n", &ended),
                // An honest body that looks like a request.
                outer(path, &format!("content-length: {length}\r\n"), &inner),
                outer(path, "transfer-encoding: chunked\r\n", &in_chunk),
                outer(path, "transfer-encoding: chunked\r\n", &format!("{length:x};a=\"b\"\r\n{inner}\r\n0\r\n\r\n")),
                // Sizes of chunks that are no numbers, or too large, or end in half a line end.
                outer(path, "transfer-encoding: chunked\r\n", &format!("0x0\r\n\r\n{inner}")),
                outer(path, "transfer-encoding: chunked\r\n", &format!("-1\r\n\r\n{inner}")),
                outer(path, "transfer-encoding: chunked\r\n", &format!("fffffffffffffffff0\r\n{inner}")),
                outer(path, "transfer-encoding: chunked\r\n", &format!("0;\n\r\n\r\n{inner}")),
            ];
            for (number, case) in cases.iter().enumerate() {
                let statuses = answers(&server, case.as_bytes(), 0).await;
                assert!(statuses.len() <= 1, "{path}, case {number}: {statuses:?}");
                assert!(statuses.iter().all(|status| *status < 500 || *status == 501), "{path}, case {number}: {statuses:?}");
            }
        }
        assert_eq!(environments(&server).await, Vec::<String>::new());
    }

    async fn heads_that_cannot_be_read_are_refused_and_end_the_connection(server: TestServer) {
        let next = hidden(&server, "after");
        let token = &server.bootstrap.personal_access_token;
        let good = format!("authorization: Bearer {token}\r\n");
        for head in [
            format!("GET /account/me HTTP/1.1\r\nhost: test\r\n{good}x: a\r\n b\r\n\r\n"),
            format!("GET /account/me HTTP/1.1\r\nhost: test\r\n{good}x: a\0b\r\n\r\n"),
            format!("GET /account/me HTTP/1.1\r\nhost: test\r\n{good}x\0: a\r\n\r\n"),
            format!("GET /account/me HTTP/1.1\r\nhost: test\r\n{good}x: a\rb: c\r\n\r\n"),
            format!("GET /account/me HTTP/1.1\r\nhost: test\r\n{good}x y: a\r\n\r\n"),
            format!("GET /account/me HTTP/1.1\r\nhost: test\r\n{good}: a\r\n\r\n"),
            format!("GET /account/me\0 HTTP/1.1\r\nhost: test\r\n{good}\r\n"),
            format!("GET /account/me x HTTP/1.1\r\nhost: test\r\n{good}\r\n"),
            format!("GET  /account/me HTTP/1.1\r\nhost: test\r\n{good}\r\n"),
            format!("GET /account/me HTTP/3.0\r\nhost: test\r\n{good}\r\n"),
            format!("GET /account/me HTTP/0.9\r\nhost: test\r\n{good}\r\n"),
            format!("G\x01T /account/me HTTP/1.1\r\nhost: test\r\n{good}\r\n"),
            format!("GET account/me HTTP/1.1\r\nhost: test\r\n{good}\r\n"),
        ] {
            let statuses = answers(&server, format!("{head}{next}").as_bytes(), 0).await;
            assert!(statuses.is_empty() || statuses == [400], "{head:?}: {statuses:?}");
        }
        assert_eq!(environments(&server).await, Vec::<String>::new());
        // The measure of it all: two honest requests one behind the other are two.
        let first = format!("GET /account/me HTTP/1.1\r\nhost: test\r\n{good}\r\n");
        assert_eq!(answers(&server, format!("{first}{next}").as_bytes(), 2).await, [200, 201]);
        assert_eq!(environments(&server).await, ["after"]);
    }

    /// Whoever asks twice who he is gets no choice between the two.
    async fn credentials_that_stand_there_twice_are_refused_or_the_first_counts(server: TestServer) {
        let account = server.service_account(&["TMC_OPERATOR"], &[]).await;
        let admin = &server.bootstrap.personal_access_token;
        for (first, second) in [(admin, &account.token), (&account.token, admin)] {
            let bytes = format!(
                "GET /account/me HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {first}\r\nauthorization: Bearer {second}\r\nconnection: close\r\n\r\n"
            );
            let answer = raw::exchange(&server, bytes.as_bytes()).await.expect("an answer");
            assert!([400, 401].contains(&answer.status), "{answer:?}");
        }
    }
}
