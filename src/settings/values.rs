//! The values of variables: lists, paths, the addresses of ICE servers and of web origins. A value that no browser could use is refused at
//! the start.

use super::{bad, BadSetting};
use std::net::Ipv6Addr;

const ORIGINS: &str = "a list of web origins, separated by commas, such as https://app.example.org, without a path, or * for any";
const BASE: &str = "a path, such as /myapp, without ? or #";

/// The parts of a list. `parse` gives each as it is used, or `None` where it cannot be right.
pub(super) fn list(
    var: &dyn Fn(&str) -> Option<String>,
    name: &'static str,
    expected: &'static str,
    parse: impl Fn(&str) -> Option<String>,
) -> Result<Vec<String>, BadSetting> {
    let text = var(name).unwrap_or_default();
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| parse(part).ok_or(BadSetting { name, expected })).collect()
}

/// `*` is any origin, also beside others.
pub(super) fn origins(text: String) -> Result<Vec<String>, BadSetting> {
    let any = text.split(',').any(|part| part.trim() == "*");
    let all =
        list(
            &|_| Some(text.clone()),
            "ALLOWED_ORIGINS",
            ORIGINS,
            |part| {
                if part == "*" {
                    Some(String::new())
                } else {
                    origin(part)
                }
            },
        )?;
    Ok(if any { Vec::new() } else { all })
}

/// `myapp`, `/myapp` and `/myapp/` are all `/myapp/`.
pub(super) fn base_path(text: &str) -> Result<String, BadSetting> {
    match text.trim().trim_matches('/') {
        "" => Ok("/".to_owned()),
        inner if inner.contains(|letter: char| "?#\\".contains(letter) || letter.is_whitespace() || letter.is_control()) => {
            bad("BASE_PATH", BASE)
        }
        inner => Ok(format!("/{inner}/")),
    }
}

/// An ICE server's URL as browsers take it (RFC 7064, RFC 7065): `stun:host:port`, `turn:host:port?transport=udp`. The port and the transport may be
/// left out. Gives it with the scheme in lower case, or `None`. `schemes`: those that may stand here.
pub(super) fn ice_url(text: &str, schemes: &[&str]) -> Option<String> {
    let (scheme, rest) = text.split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    schemes.contains(&scheme.as_str()).then_some(())?;
    let (address, query) = rest.split_once('?').map_or((rest, None), |(address, query)| (address, Some(query)));
    match query {
        None => {}
        Some("transport=udp" | "transport=tcp") if scheme.starts_with("turn") => {}
        Some(_) => return None,
    }
    let (host, _) = host_and_port(address)?;
    (!host.is_empty()).then(|| format!("{scheme}:{rest}"))
}

/// A web origin as browsers send it in `Origin` (RFC 6454, 6.2; the URL standard): scheme and host in lower case, no port where it is the
/// scheme's own, nothing behind. `null` is one, too. `None` for what no browser sends: a path, a name with letters beyond ASCII.
fn origin(text: &str) -> Option<String> {
    if text == "null" {
        return Some(text.to_owned());
    }
    let (scheme, rest) = text.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let named = scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    named.then_some(())?;
    let (host, port) = host_and_port(rest.strip_suffix('/').unwrap_or(rest))?;
    let own = match scheme.as_str() {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    };
    let host = host.to_ascii_lowercase();
    Some(match port.filter(|port| Some(*port) != own) {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    })
}

/// A host, and a port where there is one: a name or an IPv4 address, or an IPv6 address in brackets (RFC 3986, 3.2.2).
fn host_and_port(text: &str) -> Option<(&str, Option<u16>)> {
    let end = match text.strip_prefix('[') {
        Some(inside) => {
            let (address, _) = inside.split_once(']')?;
            address.parse::<Ipv6Addr>().ok()?;
            address.len().checked_add(2)?
        }
        None => text.find(':').unwrap_or(text.len()),
    };
    let (host, port) = text.split_at_checked(end)?;
    let is_name = host.starts_with('[') || host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    (is_name && !host.is_empty()).then_some(())?;
    match port.strip_prefix(':') {
        None => port.is_empty().then_some((host, None)),
        Some(digits) => {
            digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(())?;
            let port = digits.parse().ok().filter(|port| *port > 0)?;
            Some((host, Some(port)))
        }
    }
}
