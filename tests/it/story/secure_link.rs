//! Between engine and server stand TLS with a certificate of a private authority, and an HTTP proxy.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::support::{Backend, SOON, Stage, StageOptions, TaskOptions, text, until};

/// A name that no resolver knows, so only a proxy can reach it.
const HIDDEN: &str = "stoker.test";

/// A TLS endpoint before a server, as an operator puts one there.
struct Endpoint {
    port: u16,
    /// The certificate of the authority, PEM.
    authority: String,
}

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("listen");
    let port = listener.local_addr().expect("the own address").port();
    (listener, port)
}

impl Endpoint {
    /// Passes on what comes to the server at `to`; ends with the runtime of the test.
    async fn before(to: String) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key for the authority");
        let authority = CertifiedIssuer::self_signed(params, key).expect("an authority");
        let key = KeyPair::generate().expect("a key for the server");
        let names = ["localhost".to_owned(), HIDDEN.to_owned()];
        let params = CertificateParams::new(names).expect("the names of the server");
        let certificate = params.signed_by(&key, &authority).expect("a certificate for the server");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("protocol versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
            .expect("a configuration for TLS");
        let (listener, port) = listen().await;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, to) = (acceptor.clone(), to.clone());
                tokio::spawn(async move {
                    let mut upstream = TcpStream::connect(&to).await?;
                    copy_bidirectional(&mut acceptor.accept(stream).await?, &mut upstream).await
                });
            }
        });
        Self { port, authority: authority.pem() }
    }

    /// Writes the certificate of the authority beside the engine; gives the line that names it.
    fn trusted_by(&self, engine: &Path) -> String {
        let file = engine.join("etc/authority.pem");
        fs::write(&file, &self.authority).expect("write the certificate");
        format!("stoker.server.ca.file={}\n", file.display())
    }
}

/// An HTTP proxy that wants a login and knows where the hidden name is. Every head it gets is kept.
struct ConnectProxy {
    port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

impl ConnectProxy {
    async fn start() -> Self {
        let (listener, port) = listen().await;
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let seen = Arc::clone(&heads);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Self::connection(stream, Arc::clone(&seen)));
            }
        });
        Self { port, heads }
    }

    async fn connection(stream: TcpStream, seen: Arc<Mutex<Vec<String>>>) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head).await? == 0 {
                return Ok(());
            }
        }
        let target = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()).map(str::to_owned);
        // user:pass
        let allowed = head.to_lowercase().contains("proxy-authorization: basic dxnlcjpwyxnz");
        seen.lock().expect("the heads").push(head);
        let Some(port) = target.as_deref().and_then(|target| target.strip_prefix(HIDDEN)?.strip_prefix(':')) else {
            return stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await;
        };
        if !allowed {
            let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\n\
                           proxy-authenticate: Basic realm=\"x\"\r\ncontent-length: 0\r\n\r\n";
            return stream.write_all(refusal.as_bytes()).await;
        }
        let mut upstream = TcpStream::connect(format!("127.0.0.1:{port}")).await?;
        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
        copy_bidirectional(&mut stream, &mut upstream).await.map(drop)
    }
}

/// Server and endpoint without an engine.
async fn stage() -> (Stage, Endpoint) {
    let options = StageOptions { without_engine: true, ..Default::default() };
    let stage = Stage::start(Backend::Sqlite, options).await;
    let to = stage.server.url().trim_start_matches("http://").trim_end_matches('/').to_owned();
    let endpoint = Endpoint::before(to).await;
    (stage, endpoint)
}

/// Gives the engine another `system.properties` and starts it again.
fn restart_with(stage: &mut Stage, index: usize, properties: &str) {
    let file = stage.engines[index].folder.path().join("etc/system.properties");
    fs::write(file, properties).expect("write the properties");
    stage.engines[index].process.restart();
}

async fn runs_a_job(stage: &mut Stage, index: usize) {
    let artifact = stage.publish_script("#!/bin/sh\necho through the line\n").await;
    let engine = stage.engines[index].id.clone();
    let task = stage.task(&artifact, TaskOptions { engine: Some(engine), ..Default::default() }).await;
    let (run, state) = stage.run_to_end(&task, Value::Null).await;
    assert_eq!(text(&state["status"]), "execution_successful", "{state}");
    let log = stage.log(&run).await;
    assert!(log.contains("through the line"), "{log}");
}

#[tokio::test]
async fn an_engine_trusts_a_private_authority_when_it_is_told_to() {
    let (mut stage, endpoint) = stage().await;
    let index = stage.add_engine_at(&format!("https://localhost:{}", endpoint.port)).await;
    until(SOON, "the engine to refuse the certificate", async || {
        stage.engines[index].process.log().contains("UnknownIssuer").then_some(())
    })
    .await;
    let path = format!("/processing/runtimes/remote-engines/{}", stage.engines[index].id);
    assert_eq!(stage.http.get(&path).await.expect(200).json()["status"], "NOT_PAIRED");
    let trusted = endpoint.trusted_by(&stage.engines[index].folder.path());
    restart_with(&mut stage, index, &trusted);
    stage.wait_available(index).await;
    runs_a_job(&mut stage, index).await;
}

#[tokio::test]
async fn an_engine_reaches_the_server_through_a_proxy_with_a_login() {
    let (mut stage, endpoint) = stage().await;
    let proxy = ConnectProxy::start().await;
    let index = stage.add_engine_at(&format!("https://{HIDDEN}:{}", endpoint.port)).await;
    let properties = format!(
        "{}https.proxyHost=127.0.0.1\nhttps.proxyPort={}\nhttps.proxyUser=user\nhttps.proxyPassword=pass\n\
         https.nonProxyHosts=127.0.0.1|localhost\n",
        endpoint.trusted_by(&stage.engines[index].folder.path()),
        proxy.port
    );
    restart_with(&mut stage, index, &properties);
    stage.wait_available(index).await;
    runs_a_job(&mut stage, index).await;
    let heads = proxy.heads.lock().expect("the heads").clone();
    let expected = format!("CONNECT {HIDDEN}:{} HTTP/1.1\r\n", endpoint.port);
    assert!(!heads.is_empty() && heads.iter().all(|head| head.starts_with(&expected)), "{heads:?}");
    let log = stage.engines[index].process.log();
    assert!(!log.contains("dXNlcjpwYXNz") && !log.contains("user:pass"), "the login does not show: {log}");
}
