//! Where requests of API tests may go: to the server's own address, and to what the operator allows. The address that is
//! connected to is the one that was judged, because the HTTP client resolves names only here.

use crate::extract::FORWARDED_FOR;
use std::net::IpAddr;
use stoker_domain::targets::{Origin, Targets};
use stoker_tester::run::{Gate, Lookup, allowed};

/// The gate of one run.
#[derive(Clone, Debug)]
pub struct TargetGate {
    own: Option<Origin>,
    targets: Targets,
    believes_proxies: bool,
}

impl TargetGate {
    /// For a server at this URL, with what its operator allows; `believes_proxies` when proxies may tell that server who
    /// calls it.
    pub fn new(own_url: &str, targets: &Targets, believes_proxies: bool) -> Self {
        let (scheme, rest) = own_url.split_once("://").unwrap_or_default();
        let host = rest.split('/').next().unwrap_or_default();
        let own = Origin::parse(&format!("{scheme}://{host}"));
        Self { own, targets: targets.clone(), believes_proxies }
    }

    fn cure(&self) -> String {
        let own = self.own.as_ref().map_or_else(String::new, |own| format!("send it to {own}, or "));
        format!("{own}ask the operator of the server")
    }

    fn judged(&self, host: &str, address: IpAddr) -> Result<(), String> {
        match self.targets.refused(address) {
            None => Ok(()),
            Some(kind) => {
                let what = if host.parse::<IpAddr>().is_ok() {
                    format!("the address {host} is {kind}")
                } else {
                    format!("the name {host} leads to {address}, which is {kind}")
                };
                Err(format!("{what}: nothing is sent there; {} to add it to testerNetworks", self.cure()))
            }
        }
    }
}

impl Gate for TargetGate {
    fn admit(&self, scheme: &str, host: &str, port: u16) -> Result<(), String> {
        let origin = Origin { scheme: scheme.to_owned(), host: host.to_ascii_lowercase(), port };
        if self.own.as_ref() == Some(&origin) {
            return Ok(());
        }
        if !self.targets.names.iter().any(|target| target.allows(&origin)) {
            return Err(format!("{origin} is no allowed target: {} to add it to testerTargets", self.cure()));
        }
        // A name is judged by the addresses that it leads to.
        host.parse::<IpAddr>().map_or(Ok(()), |address| self.judged(host, address))
    }

    /// A request of this server comes from an address that may be that of a proxy, and every target may lead back here by
    /// another name: what it said of its sender would be believed.
    fn header(&self, name: &str) -> Result<(), String> {
        if self.believes_proxies && name == FORWARDED_FOR {
            return Err(
                "header X-Forwarded-For: this server believes proxies that say in it who calls (trustedProxies), \
                        so no test that it runs may; take it out, or run the test with `stoker test`"
                    .to_owned(),
            );
        }
        Ok(())
    }

    fn look_up(&self, host: &str) -> Lookup {
        let own = self.own.as_ref().is_some_and(|own| own.host.eq_ignore_ascii_case(host));
        let (judge, host) = (self.clone(), host.to_owned());
        Box::pin(async move {
            let found = tokio::net::lookup_host((host.as_str(), 0)).await;
            allowed(&host, found, |address| if own { Ok(()) } else { judge.judged(&host, address) })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stoker_domain::ip::IpRange;
    use stoker_domain::targets::Target;

    fn gate(names: &[&str], networks: &[&str]) -> TargetGate {
        let targets = Targets {
            names: names.iter().map(|text| Target::parse(text).unwrap()).collect(),
            networks: networks.iter().map(|text| IpRange::parse(text).unwrap()).collect(),
        };
        TargetGate::new("http://127.0.0.1:8080", &targets, false)
    }

    #[test]
    fn only_the_own_address_is_allowed_until_the_operator_says_more() {
        let plain = gate(&[], &[]);
        assert_eq!(plain.admit("http", "127.0.0.1", 8080), Ok(()));
        for (scheme, host, port) in [
            ("https", "127.0.0.1", 8080),
            ("http", "127.0.0.1", 22),
            ("http", "localhost", 8080),
            ("http", "::1", 8080),
            ("http", "169.254.169.254", 80),
            ("https", "example.org", 443),
        ] {
            let refused = plain.admit(scheme, host, port).unwrap_err();
            assert!(refused.contains(host) && refused.contains("testerTargets"), "{refused}");
            assert!(refused.contains("http://127.0.0.1:8080"), "{refused}");
        }
    }

    #[test]
    fn an_allowed_name_does_not_open_addresses_that_are_not_public() {
        let open = gate(&["10.0.0.5", "::ffff:10.0.0.5", "https://1.1.1.1", "127.0.0.1"], &[]);
        assert_eq!(open.admit("https", "1.1.1.1", 443), Ok(()));
        for host in ["10.0.0.5", "::ffff:10.0.0.5"] {
            let refused = open.admit("http", host, 80).unwrap_err();
            assert!(refused.contains("is private") && refused.contains("testerNetworks"), "{refused}");
        }
        assert!(open.admit("http", "127.0.0.1", 9).unwrap_err().contains("loopback"));
        assert_eq!(gate(&["10.0.0.5"], &["10.0.0.0/24"]).admit("http", "10.0.0.5", 80), Ok(()));
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_refused_when_it_is_looked_up() {
        let refused = gate(&["localhost"], &[]).look_up("localhost").await.unwrap_err();
        assert!(refused.contains("localhost") && refused.contains("loopback"), "{refused}");
        let opened = gate(&["localhost"], &["127.0.0.0/8", "::1"]).look_up("localhost").await.unwrap();
        assert!(!opened.is_empty());
        let own = TargetGate::new("http://localhost:8080/", &Targets::default(), false);
        assert!(own.look_up("localhost").await.is_ok());
    }
}
