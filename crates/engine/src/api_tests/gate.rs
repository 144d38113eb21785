//! Where requests of test runs may go: everywhere this machine can reach but to itself, to its link, and to where clouds
//! hand out credentials. What more is allowed says the configuration.

use std::net::IpAddr;

use stoker_domain::ip::IpRange;
use stoker_domain::targets::not_inside;
use stoker_tester::run::{Gate, Lookup, allowed};

use crate::config::{SYSTEM_FILE, TESTS_NETWORKS_KEY};

/// The gate of this engine.
#[derive(Clone, Debug)]
pub(super) struct EngineGate {
    networks: Vec<IpRange>,
}

impl EngineGate {
    pub(super) fn new(networks: Vec<IpRange>) -> Self {
        Self { networks }
    }

    fn judged(&self, host: &str, address: IpAddr) -> Result<(), String> {
        let Some(kind) = not_inside(address).filter(|_| !self.networks.iter().any(|range| range.holds(address))) else {
            return Ok(());
        };
        let what = if host.parse::<IpAddr>().is_ok() {
            format!("the address {host} is {kind}")
        } else {
            format!("the name {host} leads to {address}, which is {kind}")
        };
        Err(format!(
            "{what}: this engine sends nothing there; its operator may add it to {TESTS_NETWORKS_KEY} in etc/{SYSTEM_FILE}"
        ))
    }
}

impl Gate for EngineGate {
    fn admit(&self, _scheme: &str, host: &str, _port: u16) -> Result<(), String> {
        // A name is judged by the addresses that it leads to.
        host.parse::<IpAddr>().map_or(Ok(()), |address| self.judged(host, address))
    }

    /// Whoever calls from the machine of an engine may say so anyway: its jobs do.
    fn header(&self, _name: &str) -> Result<(), String> {
        Ok(())
    }

    fn look_up(&self, host: &str) -> Lookup {
        let (judge, host) = (self.clone(), host.to_owned());
        Box::pin(async move {
            let found = tokio::net::lookup_host((host.as_str(), 0)).await;
            allowed(&host, found, |address| judge.judged(&host, address))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_network_is_open_and_the_machine_itself_is_not() {
        let gate = EngineGate::new(Vec::new());
        for host in ["10.0.0.5", "192.168.1.1", "fd12::1", "1.1.1.1", "some.name"] {
            assert_eq!(gate.admit("http", host, 80), Ok(()), "{host}");
        }
        for host in ["127.0.0.1", "::1", "169.254.169.254", "fe80::1", "0.0.0.0", "::ffff:127.0.0.1"] {
            let refused = gate.admit("http", host, 80).unwrap_err();
            assert!(refused.contains(host) && refused.contains("stoker.tests.networks"), "{refused}");
        }
        let refused = gate.look_up("localhost").await.unwrap_err();
        assert!(refused.contains("localhost") && refused.contains("loopback"), "{refused}");
        let open = EngineGate::new(vec![IpRange::parse("127.0.0.0/8").unwrap(), IpRange::parse("::1").unwrap()]);
        assert_eq!(open.admit("http", "127.0.0.1", 80), Ok(()));
        assert!(!open.look_up("localhost").await.unwrap().is_empty());
        assert!(open.admit("http", "169.254.169.254", 80).is_err());
    }
}
