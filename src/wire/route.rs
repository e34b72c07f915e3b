//! Method, path and query become a [`Route`]: the only place that reads URLs.

use crate::client::{NetworkHash, NetworkNumber};
use crate::id::{PeerId, RealmKey, Token};
use crate::settings::Settings;
use crate::wire::percent::{decode, decode_strictly};
use crate::wire::refusal::Refusal;

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Route {
    /// `GET {base}`: who serves here.
    About,
    /// `GET {base}health`: that it works, which version it is, and its limits.
    Health,
    /// `GET {base}{key}/id`: a fresh id. PeerServer does not check the key, nor do we.
    NewId,
    /// `GET {base}{key}/peers`: who is connected.
    Peers(Option<RealmKey>),
    /// `GET {base}{key}/ice`: the ICE servers to use, for a peer who is connected; otherwise why not.
    Ice(Result<Claim, Refusal>),
    /// `POST {base}paths/{kind}`: a page tells, as its person agreed, by what kind of path it is connected; and what counts it.
    PathReport(&'static str),
    /// A WebSocket at `{base}peerjs`, and what it asks for.
    Socket(Claim),
    /// Such a socket, asking for what it cannot have. It is refused after the upgrade: a stock client learns the reason from
    /// a frame, while a failed upgrade tells it nothing.
    Refused {
        /// Why.
        refusal: Refusal,
        /// Whether it asked for a roster, and so understands more than a stock client.
        roster: bool,
    },
    /// A room's socket without an upgrade: a page looks whether requests get here where sockets do not.
    NoUpgrade,
    /// `OPTIONS` below the base path: a preflight.
    Preflight,
    /// A WebSocket anywhere else.
    StraySocket,
    /// A path that cannot be decoded.
    Undecodable,
    /// Anything else below the base path.
    Missing,
    /// Not below the base path: nothing of ours, and no CORS.
    Elsewhere,
}

impl Route {
    /// What a request takes from the allowance by the minute of its network: the purpose that it is counted for, or `None`. What is told
    /// of paths has an allowance of its own, so that it keeps nobody out.
    pub fn allowance(&self, settings: &Settings) -> Option<&'static str> {
        match self {
            Self::NewId | Self::Socket(_) => Some(""),
            Self::Peers(_) if settings.allow_discovery => Some(""),
            Self::PathReport(_) => Some("path "),
            _ => None,
        }
    }
}

/// A request's first line and the one header that changes its meaning.
#[derive(Clone, Copy, Debug)]
pub struct RequestLine<'a> {
    /// `GET`, `HEAD`, …
    pub method: &'a str,
    /// The path, percent-encoded as it came.
    pub path: &'a str,
    /// The query without its question mark.
    pub query: &'a str,
    /// Whether it asks to become a WebSocket.
    pub upgrade: bool,
}

/// What a socket asks for when it opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The realm.
    pub key: RealmKey,
    /// The id; a socket with a roster may leave it out and is given one.
    pub id: Option<PeerId>,
    /// The proof of ownership.
    pub token: Token,
    /// Whether it wants to know who is here, and to be known.
    pub roster: bool,
    /// Set when the token keeps the id after the socket is gone: the network that it comes from, which the Worker fills in.
    pub reserve_for: Option<NetworkHash>,
    /// Whether its token is a signed statement that has expired, which the Worker finds out. Then it is good for coming back alone.
    pub expired: bool,
    /// Whether its token is so short that it may have been guessed.
    pub guessable: bool,
    /// The network that it comes from, which the Worker fills in.
    pub network: NetworkNumber,
    /// What the Worker around this one keeps with the peer, as JSON.
    pub data: Option<Box<str>>,
}

/// What counts the kinds of path that pages tell of (`public/lib/path.js`), each under its own name.
const PATHS: [&str; 6] = ["path-direct", "path-stun", "path-turn-udp", "path-turn-tcp", "path-turn-tls", "path-server"];

/// The path and the query of a complete URL, as they came.
pub fn split_url(url: &str) -> (&str, &str) {
    // Not split_once("://"): the search for a text of any length is a kilobyte.
    let after_scheme = url.split_once(':').and_then(|(_, rest)| rest.strip_prefix("//")).unwrap_or(url);
    let url = after_scheme.find('/').and_then(|start| after_scheme.get(start..)).unwrap_or("/");
    let url = url.split_once('#').map_or(url, |(url, _)| url);
    url.split_once('?').unwrap_or((url, ""))
}

/// Reads a request. Paths are as tolerant as PeerServer's: any case, doubled slashes before and after the key, one more at the
/// end; the WebSocket's path is exact.
pub fn route(line: RequestLine<'_>, settings: &Settings) -> Route {
    let base = settings.base_path.as_str();
    if line.upgrade {
        return match line.path.strip_prefix(base) {
            Some("peerjs") if line.method == "GET" => socket(line.query, settings),
            _ if is_room(line, base) && line.method == "GET" => socket(line.query, settings),
            _ => Route::StraySocket,
        };
    }
    if is_room(line, base) && matches!(line.method, "GET" | "HEAD") {
        return Route::NoUpgrade;
    }
    let Some(rest) = below(line.path, base) else {
        return Route::Elsewhere;
    };
    if line.method == "OPTIONS" {
        return Route::Preflight;
    } else if line.method == "POST" {
        let kind = rest.strip_prefix("paths/");
        let count = kind.and_then(|kind| PATHS.into_iter().find(|count| count.strip_prefix("path-") == Some(kind)));
        return count.map_or(Route::Missing, Route::PathReport);
    } else if !matches!(line.method, "GET" | "HEAD") {
        return Route::Missing;
    } else if rest.is_empty() {
        return Route::About;
    }
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest == "health" {
        return Route::Health;
    }
    let Some((key, word)) = rest.split_once('/').map(|(key, word)| (key, word.trim_start_matches('/'))) else {
        return Route::Missing;
    };
    let is = |name: &str| word.eq_ignore_ascii_case(name);
    match decode_strictly(key) {
        _ if key.is_empty() || !["id", "peers", "ice"].into_iter().any(is) => Route::Missing,
        None => Route::Undecodable,
        Some(_) if is("id") => Route::NewId,
        Some(key) if is("peers") => Route::Peers(RealmKey::parse(&key).ok()),
        Some(key) => {
            let [id, token, _, roster] = query_values(line.query);
            Route::Ice(claim(&id, &token, &key, roster == "1", settings))
        }
    }
}

/// What follows the base path, which may be written in any case and followed by more slashes than one (but `/` may not);
/// `None` when the path is not below it.
pub(super) fn below<'a>(path: &'a str, base: &str) -> Option<&'a str> {
    if base == "/" {
        return path.strip_prefix('/');
    }
    let base = base.strip_suffix('/').unwrap_or(base);
    let (start, rest) = path.split_at_checked(base.len())?;
    let inside = start.eq_ignore_ascii_case(base) && (rest.is_empty() || rest.starts_with('/'));
    inside.then(|| rest.trim_start_matches('/'))
}

/// The values of `id`, `token`, `key` and `roster` in a query, of each the last.
fn query_values(query: &str) -> [String; 4] {
    let [mut id, mut token, mut key, mut roster] = [const { String::new() }; 4];
    for (name, value) in query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, ""))) {
        let value = decode(value);
        match decode(name).as_str() {
            "id" => id = value,
            "token" => token = value,
            "key" => key = value,
            "roster" => roster = value,
            _ => {} // among them the client's `version`
        }
    }
    [id, token, key, roster]
}

/// Rooms are where their pages are: also at the root, whatever the base path of the protocol.
fn is_room(line: RequestLine<'_>, base: &str) -> bool {
    let [.., roster] = query_values(line.query);
    roster == "1" && (line.path == "/peerjs" || line.path.strip_prefix(base) == Some("peerjs"))
}

fn socket(query: &str, settings: &Settings) -> Route {
    let [id, token, key, roster] = query_values(query);
    let roster = roster == "1";
    claim(&id, &token, &key, roster, settings).map_or_else(|refusal| Route::Refused { refusal, roster }, Route::Socket)
}

/// The checks that need no realm, in PeerServer's order.
fn claim(id: &str, token: &str, key: &str, roster: bool, settings: &Settings) -> Result<Claim, Refusal> {
    if token.is_empty() || key.is_empty() || id.is_empty() && !roster {
        return Err(Refusal::Incomplete);
    }
    let key = RealmKey::parse(key)?;
    // A room's key is a random number: no list could name it. Who wants no rooms sets their capacity to 0.
    if !roster && !settings.serves(&key) {
        return Err(Refusal::InvalidKey);
    }
    if roster && key.is_public() {
        return Err(Refusal::NoPublicRoster);
    }
    let id = if id.is_empty() { None } else { Some(PeerId::parse(id)?) };
    let token = Token::parse(token)?;
    let guessable = !token.is_lasting();
    let reserve_for = (settings.owner_grace_ms > 0 && !guessable).then(|| NetworkHash(String::new()));
    Ok(Claim { key, id, token, roster, reserve_for, expired: false, guessable, network: NetworkNumber::default(), data: None })
}
