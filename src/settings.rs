//! Every variable that an operator may set in `wrangler.toml`, its meaning and its default. Read once, in one place.

use crate::id::RealmKey;
use crate::limits::{
    ALIVE_TIMEOUT_MS, CONCURRENT_LIMIT, EXPIRE_TIMEOUT_MS, FRAMES_PER_SECOND, MAX_PUBLIC_HOMES, OWNER_GRACE_MS, ROOM_CAPACITY,
};
use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

/// What the operator chose. The README has the same list, in words for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `BASE_PATH`: where the protocol lives, with a slash at both ends. PeerServer's `path`.
    pub base_path: String,
    /// `ALLOWED_KEYS`: the keys that are served, separated by commas; empty for any. PeerServer's `key`.
    pub allowed_keys: Vec<String>,
    /// `ALLOWED_ORIGINS`: the web origins that may read HTTP answers; empty for any. PeerServer's `corsOptions`.
    pub allowed_origins: Vec<String>,
    /// `ALLOW_DISCOVERY`: whether `/{key}/peers` lists the connected ids. PeerServer's `allow_discovery`.
    pub allow_discovery: bool,
    /// `CONCURRENT_LIMIT`: the most peers in one realm. PeerServer's `concurrent_limit`.
    pub concurrent_limit: usize,
    /// `EXPIRE_TIMEOUT_MS`: how long frames wait for an absent peer. PeerServer's `expire_timeout`.
    pub expire_timeout_ms: u64,
    /// `ALIVE_TIMEOUT_MS`: how long a silent peer keeps its id when somebody asks for it. PeerServer's `alive_timeout`.
    pub alive_timeout_ms: u64,
    /// `OWNER_GRACE_MS`: how long a long token keeps its id after its socket is gone; 0 for not at all.
    pub owner_grace_ms: u64,
    /// `ROOM_CAPACITY`: the most peers in a room.
    pub room_capacity: usize,
    /// `FRAMES_PER_SECOND`: what one socket may send in the long run; 0 for no limit.
    pub frames_per_second: u32,
    /// `PUBLIC_HOMES`: over how many objects the public realm is spread.
    pub public_homes: NonZeroU16,
    /// `STUN_URLS`: the STUN servers that rooms are told of, separated by commas; empty for none.
    pub stun_urls: Vec<String>,
}

/// A variable that cannot be what it is. The operator's to mend: nothing is served until it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSetting {
    name: &'static str,
    expected: &'static str,
}

impl fmt::Display for BadSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "The variable {} must be {}. Change it in wrangler.toml and deploy again.", self.name, self.expected)
    }
}

impl Settings {
    /// Reads all variables with `var`, which gives a variable's text or `None` where it is not set.
    pub fn read(var: impl Fn(&str) -> Option<String>) -> Result<Self, BadSetting> {
        let number = |name, default| match var(name) {
            None => Ok(default),
            Some(text) => parse(name, &text, "a whole number"),
        };
        let list = |name| var(name).map(|text| words(&text)).unwrap_or_default();
        Ok(Self {
            base_path: slashed(&var("BASE_PATH").unwrap_or_default()),
            allowed_keys: list("ALLOWED_KEYS"),
            allowed_origins: list("ALLOWED_ORIGINS"),
            allow_discovery: match var("ALLOW_DISCOVERY") {
                None => false,
                Some(text) => parse("ALLOW_DISCOVERY", &text, "\"true\" or \"false\"")?,
            },
            concurrent_limit: number("CONCURRENT_LIMIT", CONCURRENT_LIMIT as u64)? as usize,
            expire_timeout_ms: number("EXPIRE_TIMEOUT_MS", EXPIRE_TIMEOUT_MS)?,
            alive_timeout_ms: number("ALIVE_TIMEOUT_MS", ALIVE_TIMEOUT_MS)?,
            owner_grace_ms: number("OWNER_GRACE_MS", OWNER_GRACE_MS)?,
            room_capacity: number("ROOM_CAPACITY", ROOM_CAPACITY as u64)? as usize,
            frames_per_second: match var("FRAMES_PER_SECOND") {
                None => FRAMES_PER_SECOND,
                Some(text) => parse("FRAMES_PER_SECOND", &text, "a whole number")?,
            },
            public_homes: match var("PUBLIC_HOMES") {
                None => NonZeroU16::MIN,
                Some(text) => parse("PUBLIC_HOMES", &text, HOMES).and_then(|homes: NonZeroU16| match homes.get() {
                    1..=MAX_PUBLIC_HOMES => Ok(homes),
                    _ => Err(BadSetting { name: "PUBLIC_HOMES", expected: HOMES }),
                })?,
            },
            stun_urls: list("STUN_URLS"),
        })
    }

    /// Whether realms of this key are served.
    pub fn serves(&self, key: &RealmKey) -> bool {
        self.allowed_keys.is_empty() || self.allowed_keys.iter().any(|allowed| allowed == key.as_str())
    }
}

const HOMES: &str = "a whole number from 1 to 32";

fn parse<T: FromStr>(name: &'static str, text: &str, expected: &'static str) -> Result<T, BadSetting> {
    text.trim().parse().map_err(|_| BadSetting { name, expected })
}

fn words(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// `myapp`, `/myapp` and `/myapp/` are all `/myapp/`.
fn slashed(path: &str) -> String {
    match path.trim().trim_matches('/') {
        "" => "/".to_owned(),
        inner => format!("/{inner}/"),
    }
}
