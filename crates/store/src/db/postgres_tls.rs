//! TLS to PostgreSQL, with the meanings that its own programs give to `sslmode`.
//!
//! `disable`: none. `prefer`, or nothing said: TLS when the server offers it, whoever it is. `require`: TLS or nothing,
//! whoever it is. `verify-full`: TLS, and the certificate must be of that host and of an authority in `sslrootcert`, or
//! of one that the machine trusts.

use super::StoreError;
use postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsConnector;

/// What the URL says of TLS that the driver does not know.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The certificate must be right.
    verify: bool,
    /// File of the authorities it may be of.
    authorities: Option<PathBuf>,
}

fn open(message: String) -> StoreError {
    StoreError::Open(message)
}

/// Takes out of the URL, or list of settings, what the driver does not know.
pub(super) fn taken_out(url: &str) -> Result<(String, Wanted), StoreError> {
    let mut wanted = Wanted::default();
    let is_url = url.starts_with("postgres://") || url.starts_with("postgresql://");
    if is_url {
        let Some((before, query)) = url.split_once('?') else { return Ok((url.to_owned(), wanted)) };
        let mut kept = Vec::new();
        for pair in query.split('&') {
            kept.extend(wanted.note(pair, &percent_decoded(pair))?);
        }
        return Ok((format!("{before}?{}", kept.join("&")), wanted));
    }
    let mut kept = Vec::new();
    for pair in url.split_ascii_whitespace() {
        kept.extend(wanted.note(pair, pair)?);
    }
    // Values in quotes may hold blanks; such a list is left as it is when there is nothing to take out.
    let text = if wanted == Wanted::default() { url.to_owned() } else { kept.join(" ") };
    Ok((text, wanted))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match hex.filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Wanted {
    /// Gives what stays of a setting.
    fn note(&mut self, pair: &str, decoded: &str) -> Result<Option<String>, StoreError> {
        match decoded.split_once('=') {
            Some(("sslmode", "verify-full")) => {
                self.verify = true;
                Ok(Some("sslmode=require".to_owned()))
            }
            Some(("sslmode", "verify-ca" | "allow")) => Err(open(
                "sslmode: verify-ca and allow are not supported; use disable, prefer, require or verify-full"
                    .to_owned(),
            )),
            Some(("sslrootcert", path)) => {
                self.authorities = Some(PathBuf::from(path));
                Ok(None)
            }
            _ => Ok(Some(pair.to_owned())),
        }
    }

    /// What connects.
    pub(super) fn connector(&self) -> Result<Connector, StoreError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| open(format!("TLS cannot be set up: {error}")))?;
        let config = if self.verify || self.authorities.is_some() {
            builder.with_root_certificates(self.roots()?).with_no_client_auth()
        } else {
            let anybody = Arc::new(Anybody(provider));
            builder.dangerous().with_custom_certificate_verifier(anybody).with_no_client_auth()
        };
        Ok(Connector(Arc::new(config)))
    }

    fn roots(&self) -> Result<RootCertStore, StoreError> {
        let mut roots = RootCertStore::empty();
        match &self.authorities {
            Some(path) => {
                for certificate in certificates(path)? {
                    roots.add(certificate).map_err(|error| open(format!("sslrootcert {}: {error}", path.display())))?;
                }
            }
            None => {
                let found = rustls_native_certs::load_native_certs();
                roots.add_parsable_certificates(found.certs);
                if roots.is_empty() {
                    return Err(open(
                        "sslmode=verify-full: this machine trusts no authority; name one with \
                                     sslrootcert=FILE"
                            .to_owned(),
                    ));
                }
            }
        }
        Ok(roots)
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, StoreError> {
    let bytes = std::fs::read(path).map_err(|error| open(format!("sslrootcert {}: {error}", path.display())))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(open(format!("sslrootcert {}: must hold certificates in PEM", path.display()))),
    }
}

/// Makes TLS connections.
#[derive(Clone)]
pub(super) struct Connector(Arc<ClientConfig>);

impl<S> MakeTlsConnect<S> for Connector
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Stream<S>;
    type TlsConnect = Connecting;
    type Error = io::Error;

    fn make_tls_connect(&mut self, host: &str) -> io::Result<Connecting> {
        // A Unix socket has no name; there is no TLS on it either.
        let name = if host.is_empty() || host.starts_with('/') { "localhost" } else { host };
        let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
        Ok(Connecting { config: Arc::clone(&self.0), name })
    }
}

/// One connection on its way.
pub(super) struct Connecting {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl<S> TlsConnect<S> for Connecting
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Stream<S>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream<S>>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move { TlsConnector::from(self.config).connect(self.name, stream).await.map(Stream) })
    }
}

/// A connection.
pub(super) struct Stream<S>(tokio_rustls::client::TlsStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> postgres::tls::TlsStream for Stream<S> {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Stream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// Accepts every certificate: what `sslmode=require` means. The other end must still own the key of what it shows.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_driver_does_not_know_is_taken_out() {
        let file = |name: &str| Some(PathBuf::from(name));
        let full = |authorities| Wanted { verify: true, authorities };
        for (url, left, wanted) in [
            ("postgres://u:p@h/d", "postgres://u:p@h/d", Wanted::default()),
            ("postgres://u@h/d?sslmode=require", "postgres://u@h/d?sslmode=require", Wanted::default()),
            ("postgres://u@h/d?sslmode=verify-full", "postgres://u@h/d?sslmode=require", full(None)),
            (
                "postgresql://u@h/d?connect_timeout=3&sslrootcert=%2Fetc%2Fa%20b.pem&sslmode=verify-full",
                "postgresql://u@h/d?connect_timeout=3&sslmode=require",
                full(file("/etc/a b.pem")),
            ),
            ("host=h sslmode=verify-full sslrootcert=/a.pem", "host=h sslmode=require", full(file("/a.pem"))),
            ("host=h password='a b'", "host=h password='a b'", Wanted::default()),
        ] {
            assert_eq!(taken_out(url).unwrap(), (left.to_owned(), wanted), "{url}");
            assert!(left.parse::<postgres::Config>().is_ok(), "{left}");
        }
        assert!(taken_out("postgres://h/d?sslmode=verify-ca").is_err());
        let missing = Wanted { verify: true, authorities: file("/no/such/file.pem") };
        assert!(missing.connector().err().unwrap().to_string().contains("/no/such/file.pem"));
    }
}
