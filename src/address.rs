//! Network addresses as proxies write them: with a port, in brackets, with a zone, in any case. All spellings of one address are one.

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
