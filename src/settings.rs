//! Every variable and secret that an operator may set, its meaning and its default. Read once, in one place.

use crate::id::RealmKey;
use crate::limits::{
    ALIVE_TIMEOUT_MS, BYTES_PER_SECOND, CONCURRENT_LIMIT, EXPIRE_TIMEOUT_MS, FRAMES_PER_SECOND, MAX_PUBLIC_HOMES, MAX_TIME_MS,
    OWNER_GRACE_MS, PEERS_PER_NETWORK, ROOM_CAPACITY, TURN_TTLS_S, TURN_TTL_S,
};
use crate::values::{self, bad};
use std::fmt;
use std::num::NonZeroU16;
use std::ops::RangeInclusive;

pub use crate::values::BadSetting;

/// What the operator chose. docs/configuration.md has the same list, in words for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `BASE_PATH`: where the protocol lives, with a slash at both ends. PeerServer's `path`.
    pub base_path: String,
    /// `ALLOWED_KEYS`: the keys that are served, separated by commas; empty for any. PeerServer's `key`.
    pub allowed_keys: Vec<String>,
    /// `ALLOWED_ORIGINS`: the web origins whose pages may use this server, beside its own; empty for any. PeerServer's `corsOptions`.
    pub allowed_origins: Vec<String>,
    /// `ALLOW_DISCOVERY`: whether `/{key}/peers` lists the connected ids. PeerServer's `allow_discovery`.
    pub allow_discovery: bool,
    /// `CONCURRENT_LIMIT`: the most peers in one realm. PeerServer's `concurrent_limit`.
    pub concurrent_limit: usize,
    /// `PEERS_PER_NETWORK`: the most peers of one network address in one realm; 0 for no limit.
    pub peers_per_network: usize,
    /// `EXPIRE_TIMEOUT_MS`: how long frames wait for an absent peer. PeerServer's `expire_timeout`.
    pub expire_timeout_ms: u64,
    /// `ALIVE_TIMEOUT_MS`: how long a silent peer keeps its id when somebody asks for it. PeerServer's `alive_timeout`.
    pub alive_timeout_ms: u64,
    /// `OWNER_GRACE_MS`: how long a long token keeps its id after its socket is gone; 0 for not at all.
    pub owner_grace_ms: u64,
    /// `ROOM_CAPACITY`: the most peers in a room; 0 for no rooms.
    pub room_capacity: usize,
    /// `FRAMES_PER_SECOND`: what one socket may send in the long run; 0 for no limit.
    pub frames_per_second: u32,
    /// `BYTES_PER_SECOND`: what one socket may send in the long run, and half of what it may be sent; 0 for no limit.
    pub bytes_per_second: u32,
    /// `PUBLIC_HOMES`: over how many objects the public realm is spread.
    pub public_homes: NonZeroU16,
    /// `STUN_URLS`: the STUN servers that peers are told of, separated by commas; empty for none.
    pub stun_urls: Vec<String>,
    /// The TURN servers that peers are told of, and where their credentials come from.
    pub turn: Option<TurnSource>,
    /// `TURN_TTL_S`: for how many seconds TURN credentials are good.
    pub turn_ttl_s: u64,
    /// `ICE_FOR_ALL`: whether `/{key}/ice` answers anybody, and not only peers who are connected.
    pub ice_for_all: bool,
    /// The secret `TOKEN_KEY`: what signs ids; none where ids need no signature.
    pub token_key: Option<Secret>,
    /// `REQUIRE_AUDIENCE`: whether a signed id must say for which keys it is.
    pub require_audience: bool,
    /// The secret `ADMIN_KEY`: what lets an operator ask about realms, and close peers; none where nobody may.
    pub admin_key: Option<Secret>,
}

/// Where TURN credentials come from: one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TurnSource {
    /// `TURN_URLS`, `TURN_USERNAME` and the secret `TURN_PASSWORD`: the same for everybody, and for ever.
    Fixed {
        /// The servers.
        urls: Vec<String>,
        /// Their user.
        username: String,
        /// The user's password.
        password: Secret,
    },
    /// `TURN_URLS` and the secret `TURN_SECRET`, which the servers share with us: credentials are signed with it.
    Shared {
        /// The servers.
        urls: Vec<String>,
        /// What signs.
        secret: Secret,
    },
    /// `TURN_KEY_ID` and the secret `TURN_KEY_API_TOKEN`: Cloudflare makes them.
    Cloudflare {
        /// Where it is asked to.
        address: String,
        /// What proves that we may ask.
        token: Secret,
    },
}

/// What must not be seen: it prints as `Secret(…)`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Settings {
    /// Reads all variables with `var`, which gives the text of a variable or a secret, or `None` where it is not set.
    pub fn read(var: impl Fn(&str) -> Option<String>) -> Result<Self, BadSetting> {
        Self::read_all(&var)
    }

    /// Not generic, for it is long, and would be there for each `var`.
    fn read_all(var: &dyn Fn(&str) -> Option<String>) -> Result<Self, BadSetting> {
        let number = |name, default, range: RangeInclusive<u64>, expected| match var(name).map(|text| text.trim().parse()) {
            None => Ok(default),
            Some(Ok(number)) if range.contains(&number) => Ok(number),
            Some(_) => Err(BadSetting { name, expected }),
        };
        let count = |name, default: u64| number(name, default, 0..=u32::MAX.into(), "a whole number, such as 100");
        let time = |name, default| {
            number(name, default, 0..=MAX_TIME_MS, "a whole number of milliseconds, such as 60000, a hundred years at most")
        };
        let flag = |name| match var(name) {
            None => Ok(false),
            Some(text) => text.trim().parse().map_err(|_| BadSetting { name, expected: "\"true\" or \"false\"" }),
        };
        one_of(var, "LOCATION_HINT", &LOCATIONS, LOCATION)?;
        one_of(var, "JURISDICTION", &JURISDICTIONS, JURISDICTION)?;
        let secret = |name| var(name).filter(|text| !text.is_empty()).map(Secret);
        Ok(Self {
            base_path: values::base_path(&var("BASE_PATH").unwrap_or_default())?,
            allowed_keys: values::list(var, "ALLOWED_KEYS", KEYS, |key| RealmKey::parse(key).is_ok().then(|| key.to_owned()))?,
            allowed_origins: values::origins(var, "ALLOWED_ORIGINS")?,
            allow_discovery: flag("ALLOW_DISCOVERY")?,
            concurrent_limit: count("CONCURRENT_LIMIT", CONCURRENT_LIMIT as u64)? as usize,
            peers_per_network: count("PEERS_PER_NETWORK", PEERS_PER_NETWORK as u64)? as usize,
            expire_timeout_ms: time("EXPIRE_TIMEOUT_MS", EXPIRE_TIMEOUT_MS)?,
            alive_timeout_ms: time("ALIVE_TIMEOUT_MS", ALIVE_TIMEOUT_MS)?,
            owner_grace_ms: time("OWNER_GRACE_MS", OWNER_GRACE_MS)?,
            room_capacity: count("ROOM_CAPACITY", ROOM_CAPACITY as u64)? as usize,
            frames_per_second: count("FRAMES_PER_SECOND", FRAMES_PER_SECOND.into())? as u32,
            bytes_per_second: count("BYTES_PER_SECOND", BYTES_PER_SECOND.into())? as u32,
            public_homes: NonZeroU16::new(number("PUBLIC_HOMES", 1, 1..=MAX_PUBLIC_HOMES.into(), HOMES)? as u16)
                .unwrap_or(NonZeroU16::MIN),
            stun_urls: values::list(var, "STUN_URLS", STUN, |url| values::ice_url(url, &["stun", "stuns"]))?,
            turn: turn(var)?,
            turn_ttl_s: number("TURN_TTL_S", TURN_TTL_S, TURN_TTLS_S, "a number of seconds from 60 to 86400")?,
            ice_for_all: flag("ICE_FOR_ALL")?,
            token_key: secret("TOKEN_KEY"),
            require_audience: flag("REQUIRE_AUDIENCE")?,
            admin_key: secret("ADMIN_KEY"),
        })
    }

    /// Whether pages of this origin may use the server: an `Origin` as browsers send it, `null` included.
    pub fn allows_origin(&self, origin: &str) -> bool {
        self.allowed_origins.is_empty() || self.allowed_origins.iter().any(|allowed| allowed == origin)
    }

    /// Whether a socket may be opened at `url` by who sends this `Origin`: pages of our own always, and who sends none, for that is no
    /// browser, and could send any.
    pub fn allows_socket(&self, origin: Option<&str>, url: &str) -> bool {
        // Scheme and host: up to the third slash.
        let own = url.match_indices('/').nth(2).and_then(|(end, _)| url.get(..end));
        origin.is_none_or(|origin| self.allows_origin(origin) || own == Some(origin))
    }

    /// Whether realms of this key are served.
    pub fn serves(&self, key: &RealmKey) -> bool {
        self.allowed_keys.is_empty() || self.allowed_keys.iter().any(|allowed| allowed == key.as_str())
    }
}

/// A variable that is one of some words, or empty. Only `src/worker/objects.js` needs it.
fn one_of(
    var: &dyn Fn(&str) -> Option<String>,
    name: &'static str,
    words: &[&str],
    expected: &'static str,
) -> Result<(), BadSetting> {
    match var(name) {
        Some(word) if !word.is_empty() && !words.contains(&word.as_str()) => bad(name, expected),
        _ => Ok(()),
    }
}

/// A variable whose secret is missing is an error. A secret whose variable is missing is ignored, because operators set secrets first.
fn turn(var: &dyn Fn(&str) -> Option<String>) -> Result<Option<TurnSource>, BadSetting> {
    let text = |name| var(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let secret = |name| text(name).map(Secret);
    let urls = values::list(var, "TURN_URLS", TURN, |url| values::ice_url(url, &["turn", "turns"]))?;
    if let Some(id) = text("TURN_KEY_ID") {
        let api = text("TURN_API_URL").unwrap_or_else(|| TURN_API.to_owned());
        if !urls.is_empty() {
            return bad("TURN_URLS", "empty where TURN_KEY_ID is set: Cloudflare says which servers there are");
        } else if !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return bad("TURN_KEY_ID", "the id of a TURN key: letters and digits");
        } else if !["https://", "http://127.0.0.1:", "http://localhost:"].iter().any(|start| api.starts_with(start)) {
            return bad("TURN_API_URL", "an https address, for a secret is sent to it");
        }
        let address = format!("{}/v1/turn/keys/{id}/credentials/generate-ice-servers", api.trim_end_matches('/'));
        return match secret("TURN_KEY_API_TOKEN") {
            Some(token) => Ok(Some(TurnSource::Cloudflare { address, token })),
            None => bad("TURN_KEY_ID", "empty until the secret TURN_KEY_API_TOKEN is set"),
        };
    } else if urls.is_empty() {
        return Ok(None);
    }
    match (secret("TURN_SECRET"), text("TURN_USERNAME").zip(secret("TURN_PASSWORD"))) {
        (Some(secret), _) => Ok(Some(TurnSource::Shared { urls, secret })),
        (None, Some((username, password))) => Ok(Some(TurnSource::Fixed { urls, username, password })),
        (None, None) => {
            bad("TURN_URLS", "empty until the secret TURN_SECRET, or TURN_USERNAME and the secret TURN_PASSWORD, are set")
        }
    }
}

/// Cloudflare's TURN API. `TURN_API_URL` is for tests: another one, https or on this machine.
const TURN_API: &str = "https://rtc.live.cloudflare.com";

/// `LOCATION_HINT`: where Cloudflare is asked to make a new object.
const LOCATIONS: [&str; 9] = ["wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr", "me"];
const LOCATION: &str = "empty, or one of wnam, enam, sam, weur, eeur, apac, oc, afr and me";
/// `JURISDICTION`: where objects run and store.
const JURISDICTIONS: [&str; 2] = ["eu", "fedramp"];
const JURISDICTION: &str = "empty, or one of eu and fedramp";

const HOMES: &str = "a whole number from 1 to 32";
const KEYS: &str = "a list of keys, separated by commas, each of at most 256 bytes";
const STUN: &str = "a list of STUN servers, separated by commas, such as stun:stun.example.org:3478 (a port is optional, and nothing follows it)";
const TURN: &str = "a list of TURN servers, separated by commas, such as turn:turn.example.org:3478 or turns:turn.example.org:5349?transport=tcp";
