//! The servers that help peers through NATs and firewalls: what peers configure their connections with.
//!
//! STUN tells a peer its own address and needs no account; TURN carries what finds no other way, and costs somebody money, so it
//! wants credentials. They live for `TURN_TTL_S`, name nobody, and a fresh pair is made for everyone who asks. What needs the
//! platform (a signature, a request to Cloudflare) is done in `turn_credentials`; what is signed, and what an answer means, is decided here.

use crate::limits::{Millis, DEGRADED_TTL_S, TURN_API_CACHE_MS, TURN_API_RETRY_MS};
use crate::settings::{Secret, Settings};
use crate::wire::json;
use std::borrow::Cow;

/// An entry of `iceServers` (W3C WebRTC, `RTCIceServer`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IceServer {
    /// Where it listens: `stun:`, `turn:` and `turns:` URLs (RFC 7064, RFC 7065).
    pub urls: Vec<String>,
    /// The name to log in with, if it wants one.
    pub username: Option<String>,
    /// The password that goes with it.
    pub credential: Option<Secret>,
}

impl IceServer {
    /// A TURN server.
    pub fn turn(urls: Vec<String>, username: String, credential: Secret) -> Self {
        Self { urls, username: Some(username), credential: Some(credential) }
    }

    /// Reads one, as far as it is what it should be: a list that is none is empty. `None` when it is no object.
    fn parse(text: &str) -> Option<Self> {
        let (mut urls, mut username, mut credential) = (Vec::new(), None, None);
        let text_of = |value| json::string(value).map(Cow::into_owned);
        json::object(text, &mut |name, value| match name {
            "urls" => {
                urls.clear();
                let _ = json::array(value, &mut |url| urls.extend(text_of(url)));
            }
            "username" => username = text_of(value),
            "credential" => credential = text_of(value).map(Secret::new),
            _ => {}
        })?;
        Some(Self { urls, username, credential })
    }
}

/// What a peer is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ice {
    /// The servers to use.
    pub servers: Vec<IceServer>,
    /// For how many seconds it is good.
    pub ttl_s: u64,
    /// Whether there would be TURN servers, had something not failed.
    pub degraded: bool,
}

impl Ice {
    /// STUN alone: what there is where no TURN is configured.
    pub fn stun(settings: &Settings) -> Self {
        let urls = settings.stun_urls.clone();
        let stun = IceServer { urls, username: None, credential: None };
        let servers = if stun.urls.is_empty() { vec![] } else { vec![stun] };
        Self { servers, ttl_s: settings.turn_ttl_s, degraded: false }
    }

    /// STUN, and these TURN servers.
    pub fn with_turn(settings: &Settings, servers: impl IntoIterator<Item = IceServer>) -> Self {
        let mut ice = Self::stun(settings);
        ice.servers.extend(servers);
        ice
    }

    /// STUN alone, because something failed: most peers connect all the same, and who cannot is told why.
    pub fn degraded(settings: &Settings) -> Self {
        Self { ttl_s: DEGRADED_TTL_S, degraded: true, ..Self::stun(settings) }
    }
}

/// The name in TURN REST credentials (draft-uberti-behave-turn-rest, what coturn calls `use-auth-secret`): the second when they
/// run out, and a random number. It is no one's name, and not two peers' at once, so that a quota for each user is one for each peer.
pub fn username(now: Millis, ttl_s: u64, random: [u8; 8]) -> String {
    format!("{}:{:016x}", (now / 1000).saturating_add(ttl_s), u64::from_be_bytes(random))
}

/// The answer of Cloudflare's TURN API: its TURN servers; `None` when it is not what its documentation says.
pub fn cloudflare_turn_servers(body: &str) -> Option<Vec<IceServer>> {
    let mut servers = Vec::new();
    json::object(body, &mut |name, value| {
        if name == "iceServers" {
            servers.clear();
            // What is no list, or no server, is nothing to be told of.
            let _ = json::array(value, &mut |server| servers.extend(IceServer::parse(server)));
        }
    })?;
    // Which STUN servers there are is the operator's to say.
    servers.retain(|server| server.username.is_some() && server.credential.is_some());
    for server in &mut servers {
        // No browser connects to port 53: such a URL is a timeout (Cloudflare says so beside the example).
        server.urls.retain(|url| url.starts_with("turn") && !url.split('?').any(|part| part.ends_with(":53")));
    }
    servers.retain(|server| !server.urls.is_empty());
    (!servers.is_empty()).then_some(servers)
}

/// What Cloudflare's TURN API answered last, if anything of use, and when.
#[derive(Clone, Debug)]
pub struct Cached {
    /// When it was asked.
    pub at: Millis,
    /// Its TURN servers; `None` when it failed.
    pub servers: Option<Vec<IceServer>>,
}

impl Cached {
    /// What a peer is told from it; `None` when it is time to ask again.
    pub fn ice(&self, settings: &Settings, now: Millis) -> Option<Ice> {
        let age = now.saturating_sub(self.at);
        match &self.servers {
            Some(servers) if age < TURN_API_CACHE_MS => {
                let ice = Ice::with_turn(settings, servers.iter().cloned());
                Some(Ice { ttl_s: ice.ttl_s.saturating_sub(age / 1000), ..ice })
            }
            None if age < TURN_API_RETRY_MS => Some(Ice::degraded(settings)),
            _ => None,
        }
    }
}
