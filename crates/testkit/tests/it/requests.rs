use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::json;
use stoker_testkit::http::Http;

/// Answers one request with these bytes and hands back the request.
fn answer_once(answer: &'static str) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let url = format!("http://{}/", listener.local_addr().expect("address"));
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a request");
        let mut request = Vec::new();
        let mut part = [0; 1024];
        while !request.ends_with(b"}") {
            let count = stream.read(&mut part).expect("read the request");
            assert!(count > 0, "the request ended early");
            request.extend_from_slice(&part[..count]);
        }
        stream.write_all(answer.as_bytes()).expect("answer");
        String::from_utf8(request).expect("text")
    });
    (url, thread)
}

#[tokio::test]
async fn a_refusal_is_an_answer_with_status_headers_and_body() {
    let (url, server) = answer_once(
        "HTTP/1.1 409 Conflict\r\nx-request-id: r1\r\nlocation: /elsewhere\r\ncontent-length: 12\r\n\r\n{\"status\":9}",
    );
    let answer = Http::new(&url).with_token("secret").post("/stoker/v1/things?a=b", &json!({"n": 1})).await;
    let answer = answer.expect(409);
    assert_eq!(answer.json(), json!({"status": 9}));
    assert_eq!(answer.header("x-request-id"), Some("r1"));
    let request = server.join().expect("the server ends").to_lowercase();
    assert!(request.starts_with("post /stoker/v1/things?a=b http/1.1\r\n"), "{request}");
    assert!(request.contains("\r\nauthorization: bearer secret\r\n"), "{request}");
    assert!(request.contains("\r\ncontent-type: application/json\r\n"), "{request}");
}

#[tokio::test]
#[should_panic(expected = "the body is {\"status\":9}")]
async fn an_unexpected_status_shows_the_body() {
    let (url, _server) = answer_once("HTTP/1.1 500 Oops\r\ncontent-length: 12\r\n\r\n{\"status\":9}");
    let answer = Http::new(&url).post("/", &json!({})).await;
    let _ = answer.expect(201);
}

#[tokio::test]
async fn no_answer_is_an_error_of_the_trying_call() {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let http = Http::new(&format!("http://{port}"));
    assert!(http.try_send(stoker_testkit::http::Method::GET, "/", &[], None).await.is_err());
}
