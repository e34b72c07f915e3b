//! What one socket remembers while its object sleeps: enough, with all the others', to rebuild the realm.

use crate::id::{PeerId, Token};
use crate::limits::{Bucket, Millis, TRIAL_MS};
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
}

/// A network address that peers come from, made unreadable by the shell. Only ever compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Client(pub String);

impl Client {
    /// The network of an address: of an IPv6 address its first 64 bits, for the rest is the client's to choose.
    pub fn network(address: &str) -> String {
        match address.parse() {
            Ok(IpAddr::V6(address)) => format!("{:?}", address.segments().first_chunk::<4>()),
            _ => address.to_owned(),
        }
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
