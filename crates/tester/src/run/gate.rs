//! Who decides where requests may go, for programs that send what others typed.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Addresses of a host name, or why it has none.
pub type Lookup = Pin<Box<dyn Future<Output = Result<Vec<SocketAddr>, String>> + Send>>;

/// Is asked before each request on the wire, redirects and repeats included.
pub trait Gate: std::fmt::Debug + Send + Sync {
    /// Lets a request to this address pass. The host is a name in small letters or an address in its plain form, whatever
    /// form was typed; the port is given also when it is the usual one.
    ///
    /// # Errors
    /// A text that names the target and the cure.
    fn admit(&self, scheme: &str, host: &str, port: u16) -> Result<(), String>;

    /// Lets a header with this name, in small letters, out.
    ///
    /// # Errors
    /// A text that names the header and the cure.
    fn header(&self, name: &str) -> Result<(), String>;

    /// Addresses that a host name may be connected to; no other is connected to. Must not lead elsewhere when it is asked
    /// twice: the answer is used as it is.
    fn look_up(&self, host: &str) -> Lookup;
}

/// Those of the addresses found for a host name that pass the judgement.
///
/// # Errors
/// Why the last one did not pass when none did, or that there is none.
pub fn allowed(
    host: &str,
    found: io::Result<impl Iterator<Item = SocketAddr>>,
    judge: impl Fn(IpAddr) -> Result<(), String>,
) -> Result<Vec<SocketAddr>, String> {
    let found = found.map_err(|error| format!("the name {host} has no address: {error}"))?;
    let (mut fit, mut refusal) = (Vec::new(), None);
    for address in found {
        match judge(address.ip()) {
            Err(refused) => refusal = Some(refused),
            Ok(()) => fit.push(address),
        }
    }
    if fit.is_empty() {
        return Err(refusal.unwrap_or_else(|| format!("the name {host} has no address")));
    }
    Ok(fit)
}

/// A gate as resolver of the HTTP client, so that the address that was judged is the one that is connected to.
pub(super) struct Resolver(pub(super) Arc<dyn Gate>);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let found = self.0.look_up(name.as_str());
        Box::pin(async move {
            let addresses = found.await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
