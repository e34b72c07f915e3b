//! The values of variables: lists, paths, the addresses of ICE servers and of web origins. A value that no browser could use is refused at
//! the start.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

const ORIGINS: &str = "a list of web origins, separated by commas, such as https://app.example.org, without a path, or * for any";
const BASE: &str = "a path as it stands in an address, such as /myapp";

/// A variable that cannot be what it is. The operator's to mend: nothing is served until it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSetting {
    /// Which one.
    pub name: &'static str,
    /// What would be right.
    pub expected: &'static str,
}

impl fmt::Display for BadSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "The variable {} must be {}. Change it where it is set, then deploy or start again.", self.name, self.expected)
    }
}

/// Refuses a variable.
pub(crate) fn bad<T>(name: &'static str, expected: &'static str) -> Result<T, BadSetting> {
    Err(BadSetting { name, expected })
}

/// The parts of a list. `parse` gives each as it is used, or `None` where it cannot be right.
pub(crate) fn list(
    var: &dyn Fn(&str) -> Option<String>,
    name: &'static str,
    expected: &'static str,
    parse: impl Fn(&str) -> Option<String>,
) -> Result<Vec<String>, BadSetting> {
    let text = var(name).unwrap_or_default();
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let parts: Vec<_> = parts.map(|part| parse(part).ok_or(BadSetting { name, expected })).collect::<Result<_, _>>()?;
    // Commas alone are what a template has left that nobody filled in.
    if parts.is_empty() && !text.trim().is_empty() {
        return bad(name, expected);
    }
    Ok(parts)
}

/// Web origins; none for any. `*` is any, also beside others.
pub(crate) fn origins(var: &dyn Fn(&str) -> Option<String>, name: &'static str) -> Result<Vec<String>, BadSetting> {
    let all = list(var, name, ORIGINS, |part| if part == "*" { Some(part.to_owned()) } else { origin(part) })?;
    Ok(if all.iter().any(|origin| origin == "*") { Vec::new() } else { all })
}

/// `myapp`, `/myapp` and `/myapp/` are all `/myapp/`. A path that no browser asks for so is refused: one with letters that it would escape,
/// with dots that it would resolve, or a whole address.
pub(crate) fn base_path(text: &str) -> Result<String, BadSetting> {
    let path = text.trim().trim_matches('/');
    let as_asked_for = path.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"#<>?\\`{}".contains(&byte))
        && path.split('%').skip(1).all(|escaped| escaped.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2);
    match path {
        "" => Ok("/".to_owned()),
        _ if as_asked_for && !path.split('/').any(is_resolved) => Ok(format!("/{path}/")),
        _ => bad("BASE_PATH", BASE),
    }
}

/// Whether a browser leaves a segment of a path out: an empty one, or dots, also encoded (the URL standard).
fn is_resolved(segment: &str) -> bool {
    matches!(segment.replace("%2e", ".").replace("%2E", ".").as_str(), "" | "." | "..")
}

/// An ICE server's URL as browsers take it (RFC 7064, RFC 7065): `stun:host:port`, `turn:host:port?transport=udp`. The port and the
/// transport may be left out. Gives it with the scheme in lower case, or `None`. `schemes`: those that may stand here.
pub(crate) fn ice_url(text: &str, schemes: &[&str]) -> Option<String> {
    let (scheme, rest) = text.split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    schemes.contains(&scheme.as_str()).then_some(())?;
    let (address, query) = rest.split_once('?').map_or((rest, None), |(address, query)| (address, Some(query)));
    match query {
        None => {}
        Some("transport=udp" | "transport=tcp") if scheme.starts_with("turn") => {}
        Some(_) => return None,
    }
    host_and_port(address)?;
    Some(format!("{scheme}:{rest}"))
}

/// A web origin as browsers send it in `Origin` (RFC 6454, 6.2; the URL standard): scheme and host in lower case, no port where it is the
/// scheme's own, nothing behind. `null` is one, too. `None` for what no browser sends: a path, a name with letters beyond ASCII, a socket's
/// scheme.
fn origin(text: &str) -> Option<String> {
    if text == "null" {
        return Some(text.to_owned());
    }
    let (scheme, rest) = text.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let named = scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    (named && scheme != "ws" && scheme != "wss").then_some(())?;
    let (host, port) = host_and_port(rest.strip_suffix('/').unwrap_or(rest))?;
    let own = match scheme.as_str() {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    };
    Some(match port.filter(|port| Some(*port) != own) {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    })
}

/// A host, and a port where there is one: a name or an IPv4 address, or an IPv6 address in brackets (RFC 3986, 3.2.2). The host as the URL
/// standard writes it.
fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(inside) => {
            let (address, port) = inside.split_once(']')?;
            (format!("[{}]", address.parse::<Ipv6Addr>().ok()?), port)
        }
        None => {
            let (host, port) = text.split_at_checked(text.find(':').unwrap_or(text.len()))?;
            let is_name = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
            // What ends in a number is an IPv4 address, or nothing.
            let is_number = host.rsplit('.').next().is_some_and(|last| {
                last.bytes().all(|byte| byte.is_ascii_digit())
                    || last.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("0x"))
            });
            let is_host = is_name && !host.is_empty() && (!is_number || host.parse::<Ipv4Addr>().is_ok());
            is_host.then(|| (host.to_ascii_lowercase(), port))?
        }
    };
    match port.strip_prefix(':') {
        None => port.is_empty().then_some((host, None)),
        Some(digits) => {
            digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(())?;
            let port = digits.parse().ok().filter(|port| *port > 0)?;
            Some((host, Some(port)))
        }
    }
}
