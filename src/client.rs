//! Where clients come from: their network addresses, and what is kept of them. Proxies write an address with a port, in brackets, with a
//! zone, in any case. All spellings of one address are one.

use crate::id::hash;
use serde::Serialize;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Reads an address as the platform, or a proxy, tells it: `203.0.113.5`, `203.0.113.5:4711`, `2001:db8::1`, `[2001:db8::1]:443`,
/// `fe80::1%eth0`. An IPv4 address that is written as an IPv6 one (`::ffff:203.0.113.5`) is an IPv4 address.
pub fn parse(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let address = if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)).then_some(())?;
        IpAddr::V6(without_zone(address).parse::<Ipv6Addr>().ok()?)
    } else if let Ok(address) = without_zone(text).parse::<Ipv6Addr>() {
        IpAddr::V6(address)
    } else {
        // Not an IPv6 address, so a colon is followed by a port.
        let (address, port) = text.split_once(':').map_or((text, None), |(address, port)| (address, Some(port)));
        port.is_none_or(is_port).then_some(())?;
        IpAddr::V4(address.parse::<Ipv4Addr>().ok()?)
    };
    Some(address.to_canonical())
}

/// A zone names an interface of the machine that wrote it (RFC 4007, 11), and is no part of the address.
fn without_zone(address: &str) -> &str {
    address.split_once('%').map_or(address, |(address, _)| address)
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

/// A network address as a number: enough to count the peers of one network, and to be compared with nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct NetworkNumber(u32);

impl NetworkNumber {
    /// The number of an address's network. This machine itself (`npm start`, tests) has none, nor has what is no address: there is
    /// nobody to be limited.
    pub fn of(address: &str) -> Self {
        Self(limited_network(address).map_or(0, |network| hash(&network) as u32))
    }

    /// Reads one that was written as a number.
    pub fn parse(text: &str) -> Self {
        Self(text.parse().unwrap_or_default())
    }

    /// Whether there is no network to speak of.
    pub fn is_none(&self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for NetworkNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A network address that peers come from, made unreadable by the Worker. Only ever compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct NetworkHash(pub String);

/// The network of an address: of an IPv6 address its first 64 bits, for the rest is the client's to choose. What is no address
/// is one network, whatever it says: a spelling that we do not know must be no way round a limit.
pub fn network_of(address: &str) -> String {
    match parse(address) {
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}")
        }
        None if address.is_empty() => String::new(),
        None => "unknown".to_owned(),
    }
}

/// The network of an address, if it is to be limited: not on this machine itself (`npm start`, tests), and not where no address
/// is told.
pub fn limited_network(address: &str) -> Option<String> {
    let here = parse(address).is_some_and(|address| address.is_loopback());
    (!here && !address.is_empty()).then(|| network_of(address))
}
