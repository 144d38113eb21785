//! TLS: authorities, client certificates, and leaving the check out.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use stoker_tester::check::Outcome;
use stoker_tester::model::{Entity, Subject, Tls, Turn, WebSocket};
use stoker_tester::run::RunOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::runs::{check, request, run_in, with};
use crate::web_sockets;

struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// Whether its certificates are of long ago.
    old: bool,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap(), old: false }
    }

    fn sign(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        if self.old {
            params.not_after = rcgen::date_time_ymd(2020, 1, 31);
        }
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }
}

/// Takes clients that have a certificate of the authority, when that is wanted.
fn acceptor(authority: &Authority, client_certificates: bool) -> tokio_rustls::TlsAcceptor {
    let (certificate, key) = authority.sign("localhost");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from(authority.issuer.der().to_vec())).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder =
        if client_certificates { builder.with_client_cert_verifier(verifier) } else { builder.with_no_client_auth() };
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = builder.with_single_cert(vec![certificate.der().clone()], key).unwrap();
    tokio_rustls::TlsAcceptor::from(Arc::new(config))
}

/// Answers every request with 200.
async fn server(authority: &Authority, client_certificates: bool) -> u16 {
    let acceptor = acceptor(authority, client_certificates);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut seen = Vec::new();
                while !seen.ends_with(b"\r\n\r\n") {
                    let Ok(byte) = stream.read_u8().await else { return };
                    seen.push(byte);
                }
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
                if stream.write_all(answer).await.is_ok() {
                    // The client may be gone already.
                    let _ = stream.shutdown().await;
                }
            });
        }
    });
    port
}

/// Talks over WebSockets.
async fn sockets(authority: &Authority) -> u16 {
    let acceptor = acceptor(authority, false);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let answer = service_fn(async |request: hyper::Request<hyper::body::Incoming>| {
                    Ok::<_, Infallible>(web_sockets::answer(request.map(axum::body::Body::new)).await)
                });
                let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
                // The client leaves when it has what it wants.
                let _ = serving.with_upgrades().await;
            });
        }
    });
    port
}

fn secured(port: u16, tls: Option<Tls>) -> Entity {
    with(request("secured", "GET", "/"), |request| {
        request.uri.scheme.name = Some("https".into());
        request.uri.host = Some(format!("localhost:{port}"));
        request.additions.tls = tls;
    })
}

async fn attempt(folder: &Path, port: u16, tls: Option<Tls>) -> (Outcome, String) {
    let report = run_in(folder, vec![secured(port, tls)]).await;
    let request = report.requests().next().unwrap();
    (request.outcome, request.explanation())
}

#[tokio::test]
async fn certificates_are_checked_presented_and_passed_over() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.pem"), authority.issuer.pem()).unwrap();
    let (certificate, key) = authority.sign("client");
    std::fs::write(folder.path().join("me.pem"), format!("{}{}", certificate.pem(), key.serialize_pem())).unwrap();
    let trusting = Tls { authorities: Some("ca.pem".into()), ..Tls::default() };

    let open = server(&authority, false).await;
    let (outcome, why) = attempt(folder.path(), open, None).await;
    assert_eq!(outcome, Outcome::Error);
    assert!(why.contains("no connection to localhost") && why.to_lowercase().contains("certificate"), "{why}");
    assert!(why.contains("UnknownIssuer") && why.contains("`verify = false`"), "{why}");
    assert_eq!(attempt(folder.path(), open, Some(trusting.clone())).await, (Outcome::Ok, String::new()));
    let newest = Tls { at_least: Some("1.3".into()), ..trusting.clone() };
    assert_eq!(attempt(folder.path(), open, Some(newest)).await, (Outcome::Ok, String::new()));
    let unchecked = Tls { verify: false, ..Tls::default() };
    assert_eq!(attempt(folder.path(), open, Some(unchecked)).await, (Outcome::Ok, String::new()));

    let closed = server(&authority, true).await;
    assert_eq!(attempt(folder.path(), closed, Some(trusting.clone())).await.0, Outcome::Error);
    let known = Tls { identity: Some("me.pem".into()), ..trusting.clone() };
    assert_eq!(attempt(folder.path(), closed, Some(known)).await, (Outcome::Ok, String::new()));
    let gone = Tls { identity: Some("gone.pem".into()), ..trusting };
    assert!(attempt(folder.path(), closed, Some(gone)).await.1.contains("`gone.pem` cannot be read"));
}

#[tokio::test]
async fn a_certificate_of_long_ago_is_told_as_expired() {
    let authority = Authority { old: true, ..Authority::new() };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.pem"), authority.issuer.pem()).unwrap();
    let port = server(&authority, false).await;
    let trusting = Tls { authorities: Some("ca.pem".into()), ..Tls::default() };
    let (outcome, why) = attempt(folder.path(), port, Some(trusting)).await;
    assert_eq!(outcome, Outcome::Error);
    assert!(why.contains(&format!("localhost:{port}")) && why.contains("expired"), "{why}");
    let unchecked = Tls { verify: false, ..Tls::default() };
    assert_eq!(attempt(folder.path(), port, Some(unchecked)).await.0, Outcome::Ok);
}

#[tokio::test]
async fn a_talk_over_a_web_socket_is_secured_in_the_same_way() {
    let authority = Authority::new();
    let port = sockets(&authority).await;
    let talking = |tls: Option<Tls>| {
        with(secured(port, tls), |request| {
            request.uri.scheme.name = Some("wss".into());
            request.uri.path = Some("/echo".into());
            let hello = Turn { send: vec!["hello".into()], at_most: Some(1), within_ms: Some(60_000), until: None };
            request.additions.web_socket = Some(WebSocket { protocols: Vec::new(), turns: vec![hello] });
            request.assertions = vec![
                check(Subject::ResponseStatus, "code", "Equals", "101"),
                check(Subject::ResponseJsonBody, "$[0].data", "Contains", "hello"),
            ];
        })
    };
    let unchecked = Tls { verify: false, ..Tls::default() };
    let report = web_sockets::run(false, RunOptions::default(), vec![talking(None), talking(Some(unchecked))]).await;
    let [strange, trusted] = report.requests().collect::<Vec<_>>()[..] else { panic!("two requests") };
    assert_eq!(strange.outcome, Outcome::Error);
    assert!(strange.explanation().to_lowercase().contains("certificate"), "{}", strange.explanation());
    assert_eq!(trusted.outcome, Outcome::Ok, "{}", trusted.explanation());
}
