//! What one socket remembers while its object sleeps: enough, with all the others', to rebuild the realm.

use crate::id::{PeerId, Token};
use crate::limits::{Bucket, Millis, GUESSES_PERIOD_MS, MAX_GUESSES, TRIAL_MS};
use crate::placement::hash;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Names one socket of one object, for as long as the socket lives. Numbered in the order of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Conn(pub u32);

/// A registered peer, as its socket's attachment (at most 16 KiB) holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The socket.
    #[serde(rename = "c")]
    pub conn: Conn,
    /// The id it holds.
    #[serde(rename = "i")]
    pub id: PeerId,
    /// What lets a later socket take over from this one.
    #[serde(rename = "t")]
    pub token: Token,
    /// Whether it sees the others who asked for a roster, and they it.
    #[serde(rename = "r")]
    pub roster: bool,
    /// Whether its token keeps the id for a while when the socket is gone, and if so, the network that it came from.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub keeps: Option<Client>,
    /// The network that it came from, counted where a realm fills up; 0 for none.
    #[serde(rename = "n", default, skip_serializing_if = "NetworkNumber::is_none")]
    pub network: NetworkNumber,
    /// When its peer was registered: with its first socket, if this one took over from another.
    #[serde(rename = "b")]
    pub since: Millis,
    /// When it last sent a frame. What is remembered of this may be a few seconds old; when the runtime last answered a
    /// heartbeat, the runtime knows.
    #[serde(rename = "h")]
    pub heard: Millis,
    /// What is remembered as `heard`.
    #[serde(skip)]
    pub noted: Millis,
    /// Whether it has been asked for a sign of life.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub trial: Option<Trial>,
    /// What it may still send. What is remembered of it may be half a bucket too much.
    #[serde(rename = "l", default, skip_serializing_if = "Bucket::is_full")]
    pub bucket: Bucket,
    /// When it was last given ICE servers. Not remembered.
    #[serde(skip)]
    pub minted: Option<Millis>,
    /// How many wrong tokens were shown for its id, and since when. Not remembered: where somebody guesses, the object is awake.
    #[serde(skip)]
    pub guesses: (u32, Millis),
}

/// A network address as a number: enough to count the peers of one network, and to be compared with nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NetworkNumber(u32);

impl NetworkNumber {
    /// The number of an address's network. This machine itself (`npm start`, tests) has none, nor has what is no address: there is
    /// nobody to be limited.
    pub fn of(address: &str) -> Self {
        Self(Client::limited(address).map_or(0, |network| hash(&network) as u32))
    }

    /// Whether there is no network to speak of.
    pub fn is_none(&self) -> bool {
        self.0 == 0
    }
}

/// A network address that peers come from, made unreadable by the shell. Only ever compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Client(pub String);

impl Client {
    /// The network of an address: of an IPv6 address its first 64 bits, for the rest is the client's to choose.
    pub fn network(address: &str) -> String {
        match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
            Ok(IpAddr::V6(address)) => format!("{:?}", address.segments().first_chunk::<4>()),
            _ => address.to_owned(),
        }
    }

    /// The network of an address, if it is to be limited: not on this machine itself (`npm start`, tests), and not where no address
    /// is known.
    pub fn limited(address: &str) -> Option<String> {
        let known: IpAddr = address.parse().ok()?;
        (!known.to_canonical().is_loopback()).then(|| Self::network(address))
    }
}

/// A doubtful socket's chance to prove that it lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// Since when; a sign of life after this moment ends it.
    #[serde(rename = "b")]
    pub began: Millis,
    /// Whether somebody else claims the id.
    #[serde(rename = "c", default)]
    pub claimed: bool,
    /// Who made an offer meanwhile, and is to be told if there was nobody to take it.
    #[serde(rename = "a")]
    pub askers: Vec<PeerId>,
}

impl Trial {
    /// When it ends.
    pub fn due(&self) -> Millis {
        self.began.saturating_add(TRIAL_MS)
    }
}

/// The format of the attachment. An object that wakes with another version's sockets after a deploy cannot read them;
/// a deploy closes all sockets, so there are none.
const VERSION: char = '1';

impl Member {
    /// Whether a token is this member's own. Wrong ones that could have been guessed are counted; after [`MAX_GUESSES`] of them in
    /// [`GUESSES_PERIOD_MS`] the answer is no, whatever the next one is.
    pub fn accepts(&mut self, token: &Token, guessable: bool, now: Millis) -> bool {
        if !guessable {
            return self.token == *token;
        }
        if now.saturating_sub(self.guesses.1) >= GUESSES_PERIOD_MS {
            self.guesses = (0, now);
        }
        let right = self.guesses.0 < MAX_GUESSES && self.token == *token;
        self.guesses.0 = self.guesses.0.saturating_add((!right).into());
        right
    }

    /// The attachment.
    pub fn to_attachment(&self) -> Option<String> {
        let body = serde_json::to_string(self).ok()?;
        // One character beyond Latin-1 would make the runtime count two bytes for every other one.
        let mut attachment = String::from(VERSION);
        for letter in body.chars() {
            match letter.is_ascii() {
                true => attachment.push(letter),
                false => letter.encode_utf16(&mut [0; 2]).iter().for_each(|unit| attachment.push_str(&format!("\\u{unit:04x}"))),
            }
        }
        Some(attachment)
    }

    /// Reads an attachment; `None` when another version wrote it.
    pub fn from_attachment(text: &str) -> Option<Self> {
        let member: Self = serde_json::from_str(text.strip_prefix(VERSION)?).ok()?;
        Some(Self { noted: member.heard, bucket: member.bucket.restored(), ..member })
    }
}
