//! Frames as they are on the wire: PeerServer's (peer 1.0.2), with additions that only a socket which asked for them sees.
//!
//! A frame is a JSON object `{type, src, dst, payload}`. Client to server: `OFFER`, `ANSWER`, `CANDIDATE` and `LEAVE` are
//! passed on to `dst`; `LEAVE` without `dst` unregisters the sender; `HEARTBEAT` says that the sender lives. Everything
//! else is ignored: nobody can make the server say `OPEN`, `ERROR`, `ID-TAKEN` or `EXPIRE` to somebody else. Server to
//! client: `OPEN`, `ERROR {msg}`, `ID-TAKEN {msg}`, the relayed types with the true `src`, and `EXPIRE` whose `src` is an id
//! that nobody claimed in time.
//!
//! A socket opened with `roster=1` (a room) differs in this: it may leave out the id; its `OPEN` has the payload
//! `{id, peers, iceServers, ttl}`: the id it now has, who is here, what an `RTCPeerConnection` is to be configured with, and for how
//! many seconds that is good (`degraded: true` says that TURN servers are missing from it for now); it is
//! told `JOIN` and `LEAVE` (with `src`) when others of its kind come and go; `ERROR` has a `code` beside `msg`. Between
//! sockets of its kind `MESSAGE` is passed on as well: what peers without a path of their own say to each other, and for no one
//! who is not here. When it sends `ICE`, it is answered `ICE` with the payload `{iceServers, ttl}`, fresh: to be asked for when
//! most of `ttl` is over. The server never sends it unasked, for that would mean waking up.
//!
//! Payloads are never parsed: the bytes that came are the bytes that go.

use crate::ice::Ice;
use crate::id::PeerId;
use crate::refusal::Refusal;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// The stock client's heartbeat, to the letter. The runtime answers it while the object sleeps.
pub const HEARTBEAT: &str = r#"{"type":"HEARTBEAT"}"#;

/// The runtime's answer: not JSON, which the stock client drops without a word (every JSON answer makes it warn).
pub const HEARTBEAT_ANSWER: &str = "pong";

/// The type with which a room's socket asks for fresh ICE servers, and is given them.
const ICE: &str = "ICE";

/// A type that passes through the server from one peer to another, or that one home passes to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Begins a connection attempt.
    Offer,
    /// Answers it.
    Answer,
    /// One way to reach the sender.
    Candidate,
    /// The sender leaves the receiver.
    Leave,
    /// A word between members of a room who have no other path yet.
    Message,
    /// Nobody claimed the id in time. Only the server says so.
    Expire,
}

impl Kind {
    /// The type's spelling.
    pub fn name(self) -> &'static str {
        match self {
            Self::Offer => "OFFER",
            Self::Answer => "ANSWER",
            Self::Candidate => "CANDIDATE",
            Self::Leave => "LEAVE",
            Self::Message => "MESSAGE",
            Self::Expire => "EXPIRE",
        }
    }

    /// Whether a frame of this type waits for a receiver who is not here yet.
    pub fn waits(self) -> bool {
        matches!(self, Self::Offer | Self::Answer | Self::Candidate)
    }
}

/// Whom a frame is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The destination as JSON text, as it goes back onto the wire. Usually a string; PeerServer takes anything.
    pub json: String,
    /// The id it names, if it can be an id at all.
    pub id: Option<String>,
}

impl Destination {
    /// The destination that a peer's own id is.
    pub fn of(id: &PeerId) -> Self {
        Self { json: json(id.as_str()), id: Some(id.as_str().to_owned()) }
    }

    /// Reads a destination from JSON text; `None` for what JavaScript takes for none: `null`, `false`, `0` and `""`.
    pub fn parse(raw: &str) -> Option<Self> {
        if let Some(id) = plain(raw).filter(|id| !id.is_empty()) {
            return Some(Self { json: raw.to_owned(), id: Some(id.to_owned()) });
        }
        match raw {
            "null" | "false" | "\"\"" => None,
            _ if raw.starts_with('"') => match serde_json::from_str::<String>(raw) {
                Ok(id) => Some(Self { json: json(&id), id: Some(id) }),
                // A lone surrogate: text in JavaScript, but never a registered id.
                Err(_) => Some(Self { json: raw.to_owned(), id: None }),
            },
            _ if is_zero(raw) => None,
            _ => Some(Self { json: raw.to_owned(), id: None }),
        }
    }
}

/// The contents of a JSON string without escapes, which is what it says, and how `JSON.stringify` would spell it.
fn plain(raw: &str) -> Option<&str> {
    raw.strip_prefix('"')?.strip_suffix('"').filter(|text| !text.contains('\\'))
}

/// Whether JSON text is the number 0, however it is spelled. (Not by parsing it: the tables for that are a tenth of the Worker. What
/// is so small that JavaScript takes it for 0 is a destination here, at which nobody is.)
fn is_zero(raw: &str) -> bool {
    let digits = raw.split(['e', 'E']).next().unwrap_or_default();
    raw.starts_with(['-', '0']) && digits.bytes().all(|byte| matches!(byte, b'-' | b'0' | b'.'))
}

/// A frame from a client, as far as the server understands it.
#[derive(Debug)]
pub enum Inbound<'a> {
    /// To be passed on.
    Signal {
        /// What it is.
        kind: Kind,
        /// Whom it is for.
        dst: Destination,
        /// Its contents, as they came; `None` when there are none.
        payload: Option<&'a RawValue>,
    },
    /// `LEAVE` without a destination: the sender unregisters.
    Leave,
    /// `ICE`: the sender wants fresh ICE servers.
    Ice,
    /// Nothing for us to do: a heartbeat, or a type that clients have no business sending.
    Nothing,
}

impl<'a> Inbound<'a> {
    /// Reads a client's frame. [`Refusal::NotAMessage`] when it is no JSON object (an array passes, and means nothing).
    pub fn parse(text: &'a str) -> Result<Self, Refusal> {
        let envelope: Envelope = serde_json::from_str(text).map_err(|_| Refusal::NotAMessage)?;
        let dst = envelope.dst.and_then(|raw| Destination::parse(raw.get()));
        Ok(match (envelope.kind(), dst) {
            (None, _) if envelope.name().is_some_and(|name| name == ICE) => Self::Ice,
            (Some(Kind::Expire) | None, _) => Self::Nothing,
            (Some(Kind::Leave), None) => Self::Leave,
            (Some(_), None) => Self::Nothing,
            (Some(kind), Some(dst)) => Self::Signal { kind, dst, payload: envelope.payload },
        })
    }
}

/// A frame that another home sends on, complete as its receiver will get it.
#[derive(Debug)]
pub struct Forwarded {
    /// What it is.
    pub kind: Kind,
    /// Who sent it.
    pub src: Destination,
    /// Whom it is for.
    pub dst: Destination,
}

impl Forwarded {
    /// Reads the envelope of a frame that a home made with [`relay`] or [`expire`]; `None` when it is not one.
    pub fn parse(frame: &str) -> Option<Self> {
        let envelope: Envelope = serde_json::from_str(frame).ok()?;
        Some(Self {
            kind: envelope.kind()?,
            src: Destination::parse(envelope.src?.get())?,
            dst: Destination::parse(envelope.dst?.get())?,
        })
    }
}

/// The outermost object of a frame. Lenient as PeerServer's is: any order, any extra fields, the last of duplicate fields.
#[derive(Default)]
struct Envelope<'a> {
    kind: Option<&'a RawValue>,
    src: Option<&'a RawValue>,
    dst: Option<&'a RawValue>,
    payload: Option<&'a RawValue>,
}

impl Envelope<'_> {
    fn name(&self) -> Option<Cow<'_, str>> {
        let raw = self.kind?.get();
        // Escapes are legal in JSON, even here.
        plain(raw).map(Cow::Borrowed).or_else(|| serde_json::from_str(raw).ok())
    }

    fn kind(&self) -> Option<Kind> {
        let kinds = [Kind::Offer, Kind::Answer, Kind::Candidate, Kind::Leave, Kind::Message, Kind::Expire];
        let name = self.name()?;
        kinds.into_iter().find(|kind| kind.name() == name)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Envelope<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Outermost;
        impl<'de> Visitor<'de> for Outermost {
            type Value = Envelope<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope<'de>, A::Error> {
                let mut envelope = Envelope::default();
                while let Some(field) = map.next_key()? {
                    match field {
                        Field::Type => envelope.kind = Some(map.next_value()?),
                        Field::Src => envelope.src = Some(map.next_value()?),
                        Field::Dst => envelope.dst = Some(map.next_value()?),
                        Field::Payload => envelope.payload = Some(map.next_value()?),
                        Field::Other => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(envelope)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Envelope<'de>, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Envelope::default())
            }
        }
        from.deserialize_any(Outermost)
    }
}

enum Field {
    Type,
    Src,
    Dst,
    Payload,
    Other,
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = Field;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field name")
            }

            fn visit_bytes<E>(self, name: &[u8]) -> Result<Field, E> {
                Ok(match name {
                    b"type" => Field::Type,
                    b"src" => Field::Src,
                    b"dst" => Field::Dst,
                    b"payload" => Field::Payload,
                    _ => Field::Other,
                })
            }
        }
        // As bytes: a name may hold a lone surrogate, which is no str.
        from.deserialize_bytes(Name)
    }
}

/// `OPEN`: the socket is registered. Always its first frame.
pub fn open() -> String {
    r#"{"type":"OPEN"}"#.to_owned()
}

/// `OPEN` for a socket with a roster: its id, who is here, and the ICE servers to use.
pub fn open_roster<'a>(id: &PeerId, peers: impl Iterator<Item = &'a PeerId>, ice: &Ice) -> String {
    let peers: Vec<String> = peers.map(|peer| json(peer.as_str())).collect();
    let (id, peers) = (json(id.as_str()), peers.join(","));
    format!(r#"{{"type":"OPEN","payload":{{"id":{id},"peers":[{peers}],{}}}}}"#, ice.fields())
}

/// `ICE`: the ICE servers to use from now on. Only for sockets with a roster.
pub fn ice(ice: &Ice) -> String {
    format!(r#"{{"type":"{ICE}","payload":{{{}}}}}"#, ice.fields())
}

/// `JOIN`: somebody came. Only for sockets with a roster.
pub fn join(src: &PeerId) -> String {
    format!(r#"{{"type":"JOIN","src":{}}}"#, json(src.as_str()))
}

/// `LEAVE`: somebody said goodbye, or closed the page. Only for sockets with a roster; stock clients would close their connections.
pub fn left(src: &PeerId) -> String {
    format!(r#"{{"type":"LEAVE","src":{}}}"#, json(src.as_str()))
}

/// `LOST`: somebody's socket is gone without a goodbye, and may well come back. Only for sockets with a roster.
pub fn lost(src: &PeerId) -> String {
    format!(r#"{{"type":"LOST","src":{}}}"#, json(src.as_str()))
}

/// A frame passed on: exactly `type, src, dst, payload`, in PeerServer's order.
pub fn relay(kind: Kind, src: &PeerId, dst: &Destination, payload: Option<&RawValue>) -> String {
    let (kind, src, dst) = (kind.name(), json(src.as_str()), &dst.json);
    match payload.map(RawValue::get) {
        // Not format!: this is every frame's way, and its machinery takes longer than the copying.
        Some(payload) => [r#"{"type":""#, kind, r#"","src":"#, &src, r#","dst":"#, dst, r#","payload":"#, payload, "}"].concat(),
        None => [r#"{"type":""#, kind, r#"","src":"#, &src, r#","dst":"#, dst, "}"].concat(),
    }
}

/// `EXPIRE`: nobody claimed `absent` (JSON text) in time; `dst` (JSON text) is the peer who had asked.
pub fn expire(absent: &str, dst: &str) -> String {
    format!(r#"{{"type":"EXPIRE","src":{absent},"dst":{dst}}}"#)
}

/// `ID-TAKEN`: somebody else holds the id.
pub fn id_taken() -> String {
    format!(r#"{{"type":"ID-TAKEN","payload":{{"msg":{}}}}}"#, json(&Refusal::IdTaken.to_string()))
}

/// `ERROR`: what is wrong, in a sentence, and its code for those who asked for a roster.
pub fn error(sentence: &str, code: Option<&str>) -> String {
    let msg = json(sentence);
    match code {
        Some(code) => format!(r#"{{"type":"ERROR","payload":{{"msg":{msg},"code":{}}}}}"#, json(code)),
        None => format!(r#"{{"type":"ERROR","payload":{{"msg":{msg}}}}}"#),
    }
}

/// Text as a JSON string, escaped as JavaScript's `JSON.stringify` does.
pub fn json(text: &str) -> String {
    // Writing a str into a String cannot fail; an empty string would be the lesser evil if it did.
    serde_json::to_string(text).unwrap_or_else(|_| "\"\"".to_owned())
}
