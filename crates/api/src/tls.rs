//! TLS before HTTP: certificates that can be exchanged while connections are open.

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::{Arc, RwLock};

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The text of the certificate file is not what it should be.
    #[error("the certificate file must hold certificates in PEM, that of the server first")]
    Certificate,
    /// The text of the key file is not what it should be.
    #[error("the key file must hold one private key in PEM, without a password")]
    Key,
    /// The two do not fit, or the kind of key is not known.
    #[error("certificate and key cannot be used together")]
    Together(#[source] rustls::Error),
}

/// What new connections are secured with.
pub struct Tls {
    current: RwLock<Arc<ServerConfig>>,
}

fn config(certificates: &[u8], key: &[u8]) -> Result<Arc<ServerConfig>, TlsError> {
    let chain: Result<Vec<CertificateDer<'static>>, _> = CertificateDer::pem_slice_iter(certificates).collect();
    let chain = chain.map_err(|_| TlsError::Certificate)?;
    if chain.is_empty() {
        return Err(TlsError::Certificate);
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::Key)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Together)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(TlsError::Together)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

impl Tls {
    /// Takes the texts of the two files: certificates (the server's first, then those that lead to its authority), and
    /// the private key.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        Ok(Self { current: RwLock::new(config(certificates, key)?) })
    }

    /// Secures new connections with others from now on; open ones stay as they are.
    ///
    /// # Errors
    /// When they cannot be used; those of before stay then.
    pub fn replace(&self, certificates: &[u8], key: &[u8]) -> Result<(), TlsError> {
        let new = config(certificates, key)?;
        *self.current.write().unwrap_or_else(|p| p.into_inner()) = new;
        Ok(())
    }

    pub(crate) fn acceptor(&self) -> tokio_rustls::TlsAcceptor {
        Arc::clone(&self.current.read().unwrap_or_else(|p| p.into_inner())).into()
    }
}
