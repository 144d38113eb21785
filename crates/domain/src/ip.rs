//! Addresses and ranges of addresses: allowlists and trusted proxies.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A text that is no address and no range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an address (10.1.2.3), a network (10.1.0.0/16) or a range (10.1.2.3-10.1.2.9)")]
pub struct InvalidRange {
    /// What was given, cut short.
    pub text: String,
}

/// All addresses from the first to the last, both of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpRange {
    first: IpAddr,
    last: IpAddr,
}

impl std::fmt::Display for IpRange {
    /// As [`IpRange::parse`] reads it: an address, a network, or a range where it is neither.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (first, last) = (self.first, self.last);
        if first == last {
            return write!(out, "{first}");
        }
        let most = if first.is_ipv4() { 32 } else { 128 };
        match (0..most).find(|length| Self::network(first, *length) == Some(*self)) {
            Some(length) => write!(out, "{first}/{length}"),
            None => write!(out, "{first}-{last}"),
        }
    }
}

impl IpRange {
    /// Reads an address, a network with its prefix length, or two addresses with `-` between them, IPv4 or IPv6.
    pub fn parse(text: &str) -> Result<Self, InvalidRange> {
        let invalid = || InvalidRange { text: text.chars().take(60).collect() };
        let address = |part: &str| part.trim().parse::<IpAddr>().map(|ip| ip.to_canonical()).map_err(|_| invalid());
        if let Some((network, length)) = text.split_once('/') {
            let digits = !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit());
            let length: u32 = length.parse().ok().filter(|_| digits).ok_or_else(invalid)?;
            return Self::network(address(network)?, length).ok_or_else(invalid);
        }
        let (first, last) = match text.split_once('-') {
            Some((first, last)) => (address(first)?, address(last)?),
            None => (address(text)?, address(text)?),
        };
        if first.is_ipv4() != last.is_ipv4() || first > last {
            return Err(invalid());
        }
        Ok(Self { first, last })
    }

    fn network(address: IpAddr, length: u32) -> Option<Self> {
        match address {
            IpAddr::V4(ip) if length <= 32 => {
                let host = u32::MAX.checked_shr(length).unwrap_or(0);
                let first = ip.to_bits() & !host;
                Some(Self { first: Ipv4Addr::from_bits(first).into(), last: Ipv4Addr::from_bits(first | host).into() })
            }
            IpAddr::V6(ip) if length <= 128 => {
                let host = u128::MAX.checked_shr(length).unwrap_or(0);
                let first = ip.to_bits() & !host;
                Some(Self { first: Ipv6Addr::from_bits(first).into(), last: Ipv6Addr::from_bits(first | host).into() })
            }
            _ => None,
        }
    }

    /// Whether the address lies in it; an IPv4 address counts as such when it comes mapped into IPv6.
    pub fn holds(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.first.is_ipv4() && self.first <= address && address <= self.last
    }
}

/// The address a request comes from: that of the connection, or, when the connection is one of a trusted proxy, the last
/// address of `X-Forwarded-For` (its values in order) that is not a trusted proxy. What stands further left can be
/// written by anybody and is not believed.
pub fn client_address(connection: IpAddr, forwarded: &[&str], trusted: &[IpRange]) -> IpAddr {
    let is_trusted = |ip: IpAddr| trusted.iter().any(|range| range.holds(ip));
    let mut nearest = connection.to_canonical();
    for hop in forwarded.iter().rev().flat_map(|value| value.split(',').rev()) {
        if !is_trusted(nearest) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(ip) => nearest = ip.to_canonical(),
            Err(_) => break,
        }
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn ranges_are_said_as_they_are_read() {
        for text in ["10.1.2.3", "10.1.0.0/16", "0.0.0.0/0", "10.1.2.3-10.1.2.9", "2001:db8::/32", "::1"] {
            assert_eq!(IpRange::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(IpRange::parse("10.1.2.3/16").unwrap().to_string(), "10.1.0.0/16");
        assert_eq!(IpRange::parse("10.0.0.0 - 10.0.0.255").unwrap().to_string(), "10.0.0.0/24");
    }

    #[test]
    fn addresses_networks_and_ranges() {
        for (range, inside, outside) in [
            ("10.1.2.3", &["10.1.2.3", "::ffff:10.1.2.3"][..], &["10.1.2.4", "::a01:203"][..]),
            ("10.1.0.0/16", &["10.1.0.0", "10.1.255.255"], &["10.2.0.0", "10.0.255.255"]),
            ("10.1.2.3/24", &["10.1.2.0", "10.1.2.255"], &["10.1.3.0"]),
            ("0.0.0.0/0", &["1.2.3.4"], &["::1"]),
            ("10.0.0.1 - 10.0.0.9", &["10.0.0.1", "10.0.0.9"], &["10.0.0.10", "10.0.0.0"]),
            ("2001:db8::/32", &["2001:db8::1"], &["2001:db9::"]),
            ("::/0", &["::1"], &["1.2.3.4"]),
        ] {
            let range = IpRange::parse(range).unwrap();
            assert!(inside.iter().all(|i| range.holds(ip(i))), "{range:?}");
            assert!(outside.iter().all(|o| !range.holds(ip(o))), "{range:?}");
        }
        for bad in ["", "10.1.2", "10.1.2.3/33", "10.1.2.3/", "10.1.2.3/+8", "::/129", "9.9.9.9-1.1.1.1", "1.1.1.1-::1"]
        {
            assert!(IpRange::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted = [IpRange::parse("10.0.0.0/8").unwrap()];
        let of = |from: &str, forwarded: &[&str]| client_address(ip(from), forwarded, &trusted).to_string();
        assert_eq!(of("1.1.1.1", &["2.2.2.2"]), "1.1.1.1", "a stranger may say what it likes");
        assert_eq!(of("10.0.0.1", &["2.2.2.2"]), "2.2.2.2");
        assert_eq!(of("10.0.0.1", &["6.6.6.6, 2.2.2.2", "10.0.0.2"]), "2.2.2.2");
        assert_eq!(of("10.0.0.1", &["garbage"]), "10.0.0.1");
        assert_eq!(of("10.0.0.1", &[]), "10.0.0.1");
    }

    proptest! {
        #[test]
        fn a_network_is_its_addresses_with_that_prefix(bits: u32, other: u32, length in 0u32..=32) {
            let range = IpRange::parse(&format!("{}/{length}", Ipv4Addr::from_bits(bits))).unwrap();
            let same = length == 0 || bits >> (32 - length) == other >> (32 - length);
            prop_assert_eq!(range.holds(Ipv4Addr::from_bits(other).into()), same);
        }

        #[test]
        fn nothing_that_is_read_panics(text in ".{0,40}") {
            let _ = IpRange::parse(&text);
        }
    }
}
