//! Where the server may send requests that somebody typed: names by a list, addresses by their class.
//!
//! Both are asked: the list before a connection, the class for the very address that is connected to.

use crate::ip::IpRange;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Scheme, host and port of a URL. An IPv6 host stands without brackets; a host name is in small letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// `http` or `https`.
    pub scheme: String,
    /// Name or address.
    pub host: String,
    /// Port, also when it is the usual one.
    pub port: u16,
}

/// A text that names no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is neither an origin (https://api.example.org:8443), nor a host (api.example.org), nor a suffix (.example.org)"
)]
pub struct InvalidTarget(pub String);

/// One entry of the list of allowed targets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// This scheme, host and port.
    Origin(Origin),
    /// This host with every scheme and port.
    Host(String),
    /// Every host below this one; it begins with a dot.
    Suffix(String),
}

fn is_host(text: &str) -> bool {
    let name = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.' || b == b'_');
    (name && !text.is_empty() && text.len() <= 253 && !text.contains("..")) || text.parse::<Ipv6Addr>().is_ok()
}

impl Origin {
    /// Reads `scheme://host[:port]`; a path of nothing but `/` may follow.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_suffix('/').unwrap_or(text).to_ascii_lowercase();
        let (scheme, rest) = text.split_once("://")?;
        let usual = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return None,
        };
        let (host, port) = match rest.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']')?;
                (host, if port.is_empty() { None } else { Some(port.strip_prefix(':')?) })
            }
            None => match rest.rsplit_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (rest, None),
            },
        };
        let port = match port {
            Some(port) if port.bytes().all(|b| b.is_ascii_digit()) => port.parse().ok().filter(|port| *port != 0)?,
            Some(_) => return None,
            None => usual,
        };
        is_host(host).then(|| Self { scheme: scheme.to_owned(), host: host.to_owned(), port })
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { scheme, host, port } = self;
        if host.contains(':') {
            write!(out, "{scheme}://[{host}]:{port}")
        } else {
            write!(out, "{scheme}://{host}:{port}")
        }
    }
}

impl std::fmt::Display for Target {
    /// As [`Target::parse`] reads it; the port only where it is not the usual one.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Origin(origin) => {
                let text = origin.to_string();
                let usual = if origin.scheme == "https" { ":443" } else { ":80" };
                out.write_str(text.strip_suffix(usual).unwrap_or(&text))
            }
            Self::Host(text) | Self::Suffix(text) => out.write_str(text),
        }
    }
}

impl Target {
    /// Reads an entry: an origin, a host, or a suffix that begins with a dot.
    ///
    /// # Errors
    /// [`InvalidTarget`] with what was given.
    pub fn parse(text: &str) -> Result<Self, InvalidTarget> {
        let invalid = || InvalidTarget(text.chars().take(120).collect());
        if text.contains("://") {
            return Origin::parse(text).map(Self::Origin).ok_or_else(invalid);
        }
        let lower = text.to_ascii_lowercase();
        match lower.strip_prefix('.') {
            Some(rest) if is_host(rest) && rest.parse::<IpAddr>().is_err() => Ok(Self::Suffix(lower)),
            None if is_host(&lower) => Ok(Self::Host(lower)),
            _ => Err(invalid()),
        }
    }

    /// Whether it allows this origin. A dot at the end of a host name changes nothing.
    pub fn allows(&self, origin: &Origin) -> bool {
        let host = origin.host.strip_suffix('.').unwrap_or(&origin.host);
        match self {
            Self::Origin(known) => known.scheme == origin.scheme && known.port == origin.port && known.host == host,
            Self::Host(known) => known == host,
            Self::Suffix(suffix) => host.len() > suffix.len() && host.ends_with(suffix.as_str()),
        }
    }
}

/// Which addresses and names requests may go to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// Names, beside the server's own address.
    pub names: Vec<Target>,
    /// Addresses that may be connected to although they are not public.
    pub networks: Vec<IpRange>,
}

impl Targets {
    /// Why this address must not be connected to; none when it may.
    pub fn refused(&self, address: IpAddr) -> Option<&'static str> {
        not_public(address).filter(|_| !self.networks.iter().any(|range| range.holds(address)))
    }
}

/// What kind of address this is when it does not belong to the public internet. An IPv4 address inside an IPv6 one counts
/// as itself.
pub fn not_public(address: IpAddr) -> Option<&'static str> {
    match carried(address) {
        IpAddr::V4(ip) => not_public_4(ip),
        IpAddr::V6(ip) => not_public_6(ip),
    }
}

/// Addresses under which machines of clouds are told their own credentials, beside those that are link-local. An IPv6
/// address of a network with private addresses, and IPv4 ones that look like any other.
const METADATA: [IpAddr; 5] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
];

/// Why a machine inside a private network must not connect to this address in the name of others; none when it is public
/// or belongs to such a network. Never its own loopback, nor where clouds hand out credentials.
pub fn not_inside(address: IpAddr) -> Option<&'static str> {
    if METADATA.contains(&carried(address)) {
        return Some("kept for the data of machines in a cloud");
    }
    not_public(address).filter(|kind| !matches!(*kind, "private" | "unique-local" | "shared by a carrier"))
}

/// The IPv4 address that an IPv6 one carries; otherwise the address itself.
fn carried(address: IpAddr) -> IpAddr {
    let IpAddr::V6(ip) = address else { return address };
    let inner = |high: u16, low: u16| IpAddr::V4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0..=1] => address,
        [0, 0, 0, 0, 0, 0xffff | 0, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => inner(high, low),
        _ => address,
    }
}

fn not_public_4(ip: Ipv4Addr) -> Option<&'static str> {
    let [a, b, c, _] = ip.octets();
    Some(match (a, b, c) {
        (0, ..) => "unspecified",
        (127, ..) => "loopback",
        (10, ..) | (172, 16..=31, _) | (192, 168, _) => "private",
        (169, 254, _) => "link-local",
        (100, 64..=127, _) => "shared by a carrier",
        (192, 0, 0) | (192, 88, 99) => "kept for protocols",
        (192, 0, 2) | (198, 51, 100) | (203, 0, 113) => "kept for examples",
        (198, 18..=19, _) => "kept for measurements",
        (224..=239, ..) => "multicast",
        (240..=255, ..) => "reserved",
        _ => return None,
    })
}

fn not_public_6(ip: Ipv6Addr) -> Option<&'static str> {
    Some(match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => "unspecified",
        [0, 0, 0, 0, 0, 0, 0, 1] => "loopback",
        [0x64, 0xff9b, 1, ..] => "a translated private address",
        [0x2001, 0, ..] => "a tunnel",
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => "kept for examples",
        [0x2001, 1..=0x1ff, ..] => "kept for protocols",
        [0x100, 0, 0, 0, ..] => "discarded",
        [0x5f00, ..] => "kept for protocols",
        [0xfc00..=0xfdff, ..] => "unique-local",
        [0xfe80..=0xfebf, ..] => "link-local",
        [0xfec0..=0xfeff, ..] => "site-local",
        [0xff00..=0xffff, ..] => "multicast",
        [0x2000..=0x3fff, ..] => return None,
        _ => "reserved",
    })
}

#[cfg(test)]
#[path = "targets_tests.rs"]
mod tests;
