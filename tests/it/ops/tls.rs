//! The server's own HTTPS: the certificate is exchanged while it runs, and a broken one is not taken.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use stoker_testkit::programs::program;

use crate::support::{SOON, until};

/// Ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Writes certificate and key of a new authority; gives the authority's certificate.
fn write_certificate(certificate: &Path, key: &Path) -> String {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
    let pair = KeyPair::generate().expect("a key for the server");
    let params = CertificateParams::new(["localhost".to_owned()]).expect("the name of the server");
    let made = params.signed_by(&pair, &authority).expect("a certificate for the server");
    fs::write(key, pair.serialize_pem()).expect("write the key");
    fs::write(certificate, made.pem()).expect("write the certificate");
    authority.pem()
}

fn client(authority: &str) -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let root = reqwest::Certificate::from_pem(authority.as_bytes()).expect("the authority");
    // Each request makes a connection of its own, so that it sees the certificate of now.
    let builder = reqwest::Client::builder().tls_certs_only([root]).pool_max_idle_per_host(0).no_proxy();
    builder.build().expect("a client")
}

#[tokio::test]
async fn a_certificate_is_exchanged_while_the_server_runs_and_a_broken_one_is_not_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let (certificate, key) = (folder.path().join("server.pem"), folder.path().join("server.key"));
    let first = write_certificate(&certificate, &key);
    let log = folder.path().join("log");
    let mut command = Command::new(program("stoker-server"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder.path().join("data"));
    command.arg("--tls-cert").arg(&certificate).arg("--tls-key").arg(&key);
    command.stdout(Stdio::piped()).stderr(fs::File::create(&log).expect("a log"));
    let mut running = Running(command.spawn().expect("start the server"));
    let mut line = String::new();
    let output = running.0.stdout.take().expect("its output");
    let read = BufReader::new(output).read_line(&mut line);
    let told = || fs::read_to_string(&log).unwrap_or_default();
    assert!(read.is_ok() && line.starts_with("listening on https://127.0.0.1:"), "{line} {}", told());
    let port = line.trim().rsplit(':').next().expect("a port");
    let url = format!("https://localhost:{port}/health/ready");

    let answer = client(&first).get(&url).send().await.expect("an answer over TLS");
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000");
    let plain = reqwest::Client::builder().no_proxy().build().expect("a client");
    assert!(plain.get(url.replace("https", "http")).send().await.is_err(), "plain HTTP is not spoken");

    // A broken file changes nothing, and the log says so.
    fs::write(&certificate, "no certificate").expect("break the file");
    let id = nix::unistd::Pid::from_raw(running.0.id() as i32);
    nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGHUP).expect("SIGHUP");
    until(SOON, "the log tells of the broken file", async || {
        told().contains("the one before stays in use").then_some(())
    })
    .await;
    assert_eq!(client(&first).get(&url).send().await.expect("an answer").status(), 200);

    // A good one is taken without a signal too.
    let second = write_certificate(&certificate, &key);
    let newer = client(&second);
    until(SOON, "the new certificate is in use", async || newer.get(&url).send().await.ok().map(drop)).await;
    assert!(client(&first).get(&url).send().await.is_err(), "the old one is not shown any more");

    // Secrets in memory do not get into a file, nor to others of this user.
    let limits = fs::read_to_string(format!("/proc/{id}/limits")).expect("the limits of the server");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("the limit of core files");
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
}
