//! Connections that misbehave: the server refuses or drops them and goes on for the others.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::raw;
use crate::support::{TestServer, both};

const READY: &str = "/health/ready";

async fn still_fine(server: &TestServer) {
    let _ = server.anonymous().get(READY).await.expect(200);
}

both! {
    async fn floods_of_headers_are_refused(server: TestServer) {
        let many: String = (0..150).map(|n| format!("x-{n}: {n}\r\n")).collect();
        let long = format!("x-long: {}\r\n", "x".repeat(200_000));
        for more in [many, long] {
            let answer = raw::exchange(&server, raw::head(&server, "GET", READY, &more).as_bytes()).await;
            // A head that is larger than what is read may end in a reset before the answer is seen.
            assert!(answer.as_ref().is_none_or(|a| [400, 431].contains(&a.status)), "{answer:?}");
            still_fine(&server).await;
        }
        let ninety: String = (0..90).map(|n| format!("x-{n}: {n}\r\n")).collect();
        let answer = raw::exchange(&server, raw::head(&server, "GET", READY, &ninety).as_bytes()).await.expect("an answer");
        assert_eq!(answer.status, 200);
    }

    async fn what_is_no_http_is_dropped(server: TestServer) {
        let target = "x".repeat(70_000);
        for bytes in [
            &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
            b"GET / HTTP/9.9\r\n\r\n",
            b"GET  /health/ready HTTP/1.1\r\nhost: x\r\n\r\n",
            b"SSH-2.0-x\r\n\r\n",
            b"GET /health/ready HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
            b"GET /health/ready HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n",
            b"POST /security/oauth/token HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: -1\r\n\r\n",
            b"POST /security/oauth/token HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n",
            format!("GET /{target} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes(),
        ] {
            let mut stream = raw::connect(&server).await;
            stream.write_all(bytes).await.expect("send");
            let _ = stream.shutdown().await;
            let answer = raw::answer(&mut stream).await;
            let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
            assert!(answer.as_ref().is_none_or(|a| (400..500).contains(&a.status)), "{shown:?}: {answer:?}");
            still_fine(&server).await;
        }
    }

    async fn slow_senders_hold_nobody_up(server: TestServer) {
        let path = format!("/stoker/v1/artifacts?workspaceId={}&name=slow&version=1", server.workspace());
        let mut open = Vec::new();
        for n in 0..60 {
            let mut stream = raw::connect(&server).await;
            let bytes = match n % 3 {
                0 => b"GET /health/ready HTTP/1.1\r\nx-half: a".to_vec(),
                1 => raw::head(&server, "POST", "/orchestration/environments", "content-length: 1000\r\n").into_bytes(),
                _ => raw::head(&server, "POST", &path, "content-type: application/zip\r\ncontent-length: 100000\r\n").into_bytes(),
            };
            stream.write_all(&bytes).await.expect("send");
            open.push(stream);
        }
        still_fine(&server).await;
        server.artifact("other", "1").await;
        drop(open);
        still_fine(&server).await;
        let page = server.http().get("/orchestration/artifacts").await.expect(200).json();
        assert_eq!(page["total"], 1, "{page}");
    }

    async fn requests_on_one_connection_are_answered_in_order(server: TestServer) {
        let one = "GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n";
        let two = "GET /nothing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        let mut stream = raw::connect(&server).await;
        stream.write_all(format!("{one}{one}{two}").as_bytes()).await.expect("send");
        let mut text = String::new();
        stream.read_to_string(&mut text).await.expect("read");
        let statuses: Vec<&str> = text.match_indices("HTTP/1.1 ").map(|(at, _)| &text[at + 9..at + 12]).collect();
        assert_eq!(statuses, ["200", "200", "404"]);
    }

    async fn an_early_refusal_is_read_whole_by_a_client_that_goes_on_sending(server: TestServer) {
        let publish = format!("/stoker/v1/artifacts?workspaceId={}&name=early&version=1", server.workspace());
        let stranger = format!("POST {publish} HTTP/1.1\r\nhost: x\r\ncontent-type: application/zip\r\ncontent-length: 4194304\r\n\r\n");
        let json = "content-type: application/json\r\ncontent-length: 4194304\r\n";
        let foreign = publish.replace(server.workspace(), "66f0a1b2c3d4e5f601230000");
        for (head, status) in [
            (stranger, 401),
            (raw::head(&server, "POST", "/orchestration/environments", json), 413),
            (raw::head(&server, "POST", &foreign, "content-type: application/zip\r\ncontent-length: 4194304\r\n"), 404),
        ] {
            let mut stream = raw::connect(&server).await;
            stream.write_all(head.as_bytes()).await.expect("send the head");
            stream.write_all(&[b' '; 1024]).await.expect("send the beginning");
            // The server has answered when something can be read; only then comes the rest.
            stream.readable().await.expect("the answer comes");
            for piece in 0..63 {
                stream.write_all(&[b' '; 65_536]).await.unwrap_or_else(|error| panic!("piece {piece}: {error}"));
            }
            let mut text = String::new();
            stream.read_to_string(&mut text).await.expect("no reset before the end of the answer");
            assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{text}");
            let body = text.split_once("\r\n\r\n").expect("a head and a body").1;
            let _: serde_json::Value = serde_json::from_str(body).expect("the whole body");
        }
        still_fine(&server).await;
    }

    async fn a_connection_whose_body_was_not_read_says_that_it_closes(server: TestServer) {
        // The call takes no body.
        let token = &server.bootstrap.personal_access_token;
        let head = |length: usize| format!(
            "POST /monitoring/executions/23b0f3b1-dffe-4aef-ae6d-6aeb435b5ec4/logs HTTP/1.1\r\nhost: x\r\n\
             authorization: Bearer {token}\r\ncontent-length: {length}\r\n\r\n"
        );
        let mut stream = raw::connect(&server).await;
        stream.write_all(head(1_000_000).as_bytes()).await.expect("send");
        let mut text = String::new();
        stream.read_to_string(&mut text).await.expect("read");
        assert!(text.to_lowercase().contains("\r\nconnection: close\r\n"), "{text}");
        let one = head(0);
        let two = one.replace("host: x\r\n", "host: x\r\nconnection: close\r\n");
        let mut stream = raw::connect(&server).await;
        stream.write_all(format!("{one}{two}").as_bytes()).await.expect("send");
        let mut text = String::new();
        stream.read_to_string(&mut text).await.expect("read");
        assert_eq!(text.matches("HTTP/1.1 404").count(), 2, "without a body the connection stays: {text}");
    }

    async fn nobody_is_listened_to_for_ever_after_a_refusal(server: TestServer) {
        let mut stream = raw::connect(&server).await;
        let json = "content-type: application/json\r\ncontent-length: 1073741824\r\n";
        stream.write_all(raw::head(&server, "POST", "/orchestration/environments", json).as_bytes()).await.expect("send");
        let flood = async {
            let mut sent = 0usize;
            while stream.write_all(&[b' '; 65_536]).await.is_ok() {
                sent += 65_536;
            }
            sent
        };
        let sent = tokio::time::timeout(std::time::Duration::from_secs(20), flood).await.expect("the server hangs up");
        assert!(sent < 256 * 1024 * 1024, "{sent} bytes were taken after the refusal");
        still_fine(&server).await;
    }
}
