//! What one socket remembers while its object sleeps: enough, with all the others', to rebuild the realm.

use crate::client::{NetworkHash, NetworkNumber};
use crate::id::{hash, PeerId, Token};
use crate::limits::{Millis, ABSENTEE_MEMORY_MS, MAX_ABSENTEES, MAX_ASKERS_BYTES};
use crate::realm::rate::Budget;
use crate::wire::json;
use serde::Serialize;

/// Names one socket of one object, for as long as the socket lives. Numbered in the order of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Conn(pub u32);

/// A registered peer, as its socket's attachment (at most 16 KiB) holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
    #[serde(rename = "k", skip_serializing_if = "Option::is_none")]
    pub reserve_for: Option<NetworkHash>,
    /// The network that it came from, counted where a realm fills up; 0 for none.
    #[serde(rename = "n", skip_serializing_if = "NetworkNumber::is_none")]
    pub network: NetworkNumber,
    /// When its peer was registered: with its first socket, if this one took over from another.
    #[serde(rename = "b")]
    pub since: Millis,
    /// Whether it has come back to an id that was kept for it, and so has earned that it is kept once more.
    #[serde(rename = "e", skip_serializing_if = "std::ops::Not::not")]
    pub earned: bool,
    /// Its last frame or heartbeat, as far as we know. The runtime knows of later heartbeats: ask `Context::last_heartbeat`.
    #[serde(skip)]
    pub last_heard: Millis,
    /// The `last_heard` that the attachment has, dated ahead. So not every frame is written, and after a sleep nobody counts as dead too early.
    #[serde(rename = "h")]
    pub saved_heard: Millis,
    /// Whether it has been asked for a sign of life.
    #[serde(rename = "d", skip_serializing_if = "Option::is_none")]
    pub probe: Option<Probe>,
    /// What it may still do. What is remembered of it may be half a bucket too much.
    #[serde(rename = "l", skip_serializing_if = "Budget::is_full")]
    pub budget: Budget,
    /// Whom it was told to be absent.
    #[serde(rename = "x", skip_serializing_if = "Absentees::is_empty")]
    pub absentees: Absentees,
    /// When it was last asked for a heartbeat, because somebody wants a seat in a full room.
    #[serde(rename = "q", skip_serializing_if = "Option::is_none")]
    pub asked: Option<Millis>,
    /// What the Worker around this one keeps with it, as JSON.
    #[serde(rename = "v", skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<str>>,
    /// When it was last given ICE servers. Not remembered.
    #[serde(skip)]
    pub ice_given: Option<Millis>,
}

/// The destinations that a socket was told to be absent, as numbers, each with the moment up to which that is remembered. What it says
/// to them meanwhile begins no other attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Absentees(Vec<(u32, Millis)>);

impl Absentees {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes note of one (as JSON text).
    pub fn add(&mut self, absent: &str, now: Millis) {
        let number = hash(absent) as u32;
        self.0.retain(|(other, until)| *other != number && *until > now);
        if self.0.len() >= MAX_ABSENTEES {
            self.0.remove(0);
        }
        self.0.push((number, now.saturating_add(ABSENTEE_MEMORY_MS)));
    }

    /// Whether this one is among them (as JSON text).
    pub fn contains(&self, absent: &str, now: Millis) -> bool {
        !self.0.is_empty() && {
            let number = hash(absent) as u32;
            self.0.iter().any(|(other, until)| *other == number && *until > now)
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut absentees = Self::default();
        json::array(text, &mut |pair| {
            let mut read = Vec::new();
            let _ = json::array(pair, &mut |number| read.extend(json::number(number)));
            if let [number, until] = read[..] {
                absentees.0.push((number as u32, until));
            }
        })?;
        absentees.0.truncate(MAX_ABSENTEES);
        Some(absentees)
    }
}

/// A doubtful socket, which somebody has made an offer, until it gives a sign of life or has been silent for too long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Probe {
    /// Since when; a sign of life after this moment ends it.
    #[serde(rename = "b")]
    pub since: Millis,
    /// When its silence will have been too long.
    #[serde(rename = "u")]
    pub due: Millis,
    /// Who made an offer meanwhile, and is to be told if there was nobody to take it.
    #[serde(rename = "a")]
    pub askers: Vec<PeerId>,
}

impl Probe {
    /// Notes who is to be told; whether that is news, and there is room for it.
    pub fn add_asker(&mut self, asker: &PeerId) -> bool {
        let kept: usize = self.askers.iter().map(|asker| asker.as_str().len()).sum();
        let fits = kept.saturating_add(asker.as_str().len()) <= MAX_ASKERS_BYTES;
        let news = fits && !self.askers.contains(asker);
        if news {
            self.askers.push(asker.clone());
        }
        news
    }

    fn parse(text: &str) -> Option<Self> {
        let mut probe = Self { since: 0, due: 0, askers: Vec::new() };
        json::object(text, &mut |name, value| match name {
            "b" => probe.since = json::number(value).unwrap_or_default(),
            "u" => probe.due = json::number(value).unwrap_or_default(),
            "a" => drop(json::array(value, &mut |asker| probe.askers.extend(id(asker)))),
            _ => {}
        })?;
        Some(probe)
    }
}

/// The format of the attachment. An object that wakes with another version's sockets after a deploy cannot read them;
/// a deploy closes all sockets, so there are none.
const VERSION: char = '2';

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
    ///
    /// By hand: a derived reader is 6.7 kB more of the upload, and no faster where it counts (2026-11-28, docs/performance.md).
    pub fn from_attachment(text: &str) -> Option<Self> {
        let (mut conn, mut peer, mut token, mut roster, mut since, mut heard) = (None, None, None, None, None, None);
        let (mut reserve_for, mut network, mut earned, mut asked) = (None, NetworkNumber::default(), false, None);
        let (mut probe, mut budget, mut absentees, mut data) = (None, Budget::default(), Absentees::default(), None);
        json::object(text.strip_prefix(VERSION)?, &mut |name, value| match name {
            "c" => conn = small(value).map(Conn),
            "i" => peer = id(value),
            "t" => token = json::string(value).and_then(|text| Token::parse(&text).ok()),
            "r" => roster = json::boolean(value),
            "k" => reserve_for = json::string(value).map(|client| NetworkHash(client.into_owned())),
            "n" => network = NetworkNumber::parse(value),
            "b" => since = json::number(value),
            "e" => earned = json::boolean(value).unwrap_or_default(),
            "h" => heard = json::number(value),
            "d" => probe = Probe::parse(value),
            "l" => budget = Budget::parse(value).unwrap_or_default(),
            "q" => asked = json::number(value),
            "v" => data = json::string(value).map(|text| text.into()),
            "x" => absentees = Absentees::parse(value).unwrap_or_default(),
            _ => {}
        })?;
        Some(Self {
            conn: conn?,
            id: peer?,
            token: token?,
            roster: roster?,
            reserve_for,
            network,
            since: since?,
            earned,
            last_heard: heard?,
            saved_heard: heard?,
            probe,
            budget: budget.restored(),
            absentees,
            asked,
            data,
            ice_given: None,
        })
    }
}

fn id(value: &str) -> Option<PeerId> {
    PeerId::parse(&json::string(value)?).ok()
}

fn small(value: &str) -> Option<u32> {
    json::number(value)?.try_into().ok()
}
