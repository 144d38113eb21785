use super::*;
use proptest::prelude::*;

fn class(text: &str) -> Option<&'static str> {
    not_public(text.parse().unwrap())
}

#[test]
fn targets_are_said_as_they_are_read() {
    for text in
        ["https://api.example.org", "http://h:8080", "https://[2001:db8::1]:8443", "h.example.org", ".example.org"]
    {
        assert_eq!(Target::parse(text).unwrap().to_string(), text);
    }
    for (text, said) in [("http://h:80", "http://h"), ("https://H:443/", "https://h"), ("http://h:443", "http://h:443")]
    {
        assert_eq!(Target::parse(text).unwrap().to_string(), said);
    }
}

#[test]
fn every_class_of_address_that_is_not_public_is_known() {
    for (address, kind) in [
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "unspecified"),
        ("10.0.0.1", "private"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("192.168.1.1", "private"),
        ("169.254.169.254", "link-local"),
        ("100.64.0.1", "shared by a carrier"),
        ("224.0.0.1", "multicast"),
        ("255.255.255.255", "reserved"),
        ("192.0.2.1", "kept for examples"),
        ("198.18.0.1", "kept for measurements"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:169.254.169.254", "link-local"),
        ("::127.0.0.1", "loopback"),
        ("::ffff:0:10.0.0.1", "private"),
        ("64:ff9b::10.0.0.1", "private"),
        ("64:ff9b:1::1", "a translated private address"),
        ("2002:7f00:1::", "loopback"),
        ("2001:0:4136:e378::1", "a tunnel"),
        ("fc00::1", "unique-local"),
        ("fd12:3456::1", "unique-local"),
        ("fe80::1", "link-local"),
        ("febf::1", "link-local"),
        ("fec0::1", "site-local"),
        ("ff02::1", "multicast"),
        ("2001:db8::1", "kept for examples"),
        ("4000::1", "reserved"),
    ] {
        assert_eq!(class(address), Some(kind), "{address}");
    }
    for address in [
        "1.1.1.1",
        "8.8.8.8",
        "172.32.0.1",
        "172.15.0.1",
        "100.128.0.1",
        "169.253.0.1",
        "2606:4700::1",
        "::ffff:8.8.8.8",
    ] {
        assert_eq!(class(address), None, "{address}");
    }
}

#[test]
fn a_target_is_an_origin_a_host_or_a_suffix() {
    let origin = |text: &str| Origin::parse(text).unwrap();
    let allows = |target: &str, url: &str| Target::parse(target).unwrap().allows(&origin(url));
    assert!(allows("https://api.example.org", "https://API.example.org:443"));
    assert!(!allows("https://api.example.org", "http://api.example.org"));
    assert!(!allows("https://api.example.org", "https://api.example.org:8443"));
    assert!(allows("http://[2606:4700::1]:8080/", "http://[2606:4700::1]:8080"));
    assert!(allows("api.example.org", "http://api.example.org:9000"));
    assert!(!allows("api.example.org", "http://x.api.example.org"));
    assert!(allows(".example.org", "http://api.example.org."));
    assert!(!allows(".example.org", "http://example.org"));
    assert!(!allows(".example.org", "http://evilexample.org"));
    for bad in [
        "",
        ".",
        "*",
        "*.example.org",
        "ftp://a",
        "https://",
        "https://a:0",
        "https://a:x",
        "https://a/b",
        "https://u@a",
        ".10.0.0.1",
        "a b",
        "a..b",
    ] {
        assert_eq!(Target::parse(bad), Err(InvalidTarget(bad.to_owned())), "{bad}");
    }
}

#[test]
fn a_network_opens_addresses_that_are_not_public() {
    let targets = Targets { names: Vec::new(), networks: vec![IpRange::parse("10.1.0.0/16").unwrap()] };
    assert_eq!(targets.refused("10.1.2.3".parse().unwrap()), None);
    assert_eq!(targets.refused("::ffff:10.1.2.3".parse().unwrap()), None);
    assert_eq!(targets.refused("10.2.2.3".parse().unwrap()), Some("private"));
    assert_eq!(targets.refused("8.8.8.8".parse().unwrap()), None);
}

proptest! {
    /// However an IPv4 address is dressed up as IPv6, it is judged as itself; the standard library agrees on what it knows.
    #[test]
    fn a_dressed_up_address_is_judged_as_itself(bits in any::<u32>()) {
        let plain = Ipv4Addr::from(bits);
        let kind = not_public(IpAddr::V4(plain));
        let known = plain.is_loopback() || plain.is_private() || plain.is_link_local() || plain.is_multicast()
            || plain.is_unspecified() || plain.is_broadcast() || plain.is_documentation();
        prop_assert!(!known || kind.is_some());
        let [a, b, c, d] = plain.octets();
        let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        prop_assert_eq!(not_public(IpAddr::V6(plain.to_ipv6_mapped())), kind);
        prop_assert_eq!(not_public(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low).into()), kind);
        prop_assert_eq!(not_public(Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1).into()), kind);
    }

    /// Nothing that the standard library calls local is taken for public.
    #[test]
    fn no_local_address_of_ipv6_is_public(bits in any::<u128>()) {
        let ip = Ipv6Addr::from(bits);
        if ip.is_loopback() || ip.is_unspecified() || ip.is_multicast() || ip.is_unique_local() || ip.is_unicast_link_local() {
            prop_assert!(not_public(ip.into()).is_some());
        }
        for first in [0xfc00u16, 0xfd00, 0xfe80, 0xff00] {
            let mut parts = ip.segments();
            parts[0] = first | (parts[0] & 0x3f);
            prop_assert!(not_public(Ipv6Addr::from(parts).into()).is_some());
        }
    }

    /// What was read is written so that it reads back.
    #[test]
    fn an_origin_reads_back(host in "[a-z][a-z0-9-]{0,20}(\\.[a-z]{2,5}){0,2}", port in 1u16..) {
        let origin = Origin { scheme: "https".to_owned(), host, port };
        prop_assert_eq!(Origin::parse(&origin.to_string()), Some(origin));
    }
}

#[test]
fn inside_a_network_private_addresses_may_be_called_but_neither_oneself_nor_where_credentials_are() {
    for allowed in
        ["10.1.2.3", "192.168.0.1", "172.16.9.9", "100.64.0.1", "fd12::1", "::ffff:10.0.0.5", "1.1.1.1", "2606:4700::1"]
    {
        assert_eq!(not_inside(allowed.parse().unwrap()), None, "{allowed}");
    }
    for refused in [
        "127.0.0.1",
        "127.9.9.9",
        "::1",
        "::ffff:127.0.0.1",
        "0.0.0.0",
        "::",
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "fe80::1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "100.100.100.200",
        "::ffff:100.100.100.200",
        "64:ff9b::6464:64c8",
        "168.63.129.16",
        "192.0.0.192",
        "224.0.0.1",
        "255.255.255.255",
        "64:ff9b:1::a00:1",
    ] {
        assert!(not_inside(refused.parse().unwrap()).is_some(), "{refused}");
    }
}
