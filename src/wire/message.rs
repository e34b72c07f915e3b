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
//! told of others of its kind, with their id as `src`: `JOIN` when one comes, `LEAVE` when one says goodbye or closes its page, and `LOST`
//! when a socket is gone without that, and may come back; `ERROR` has a `code` beside `msg`. Between
//! sockets of its kind `MESSAGE` is passed on as well: what peers without a path of their own say to each other, and for no one
//! who is not here. When it sends `ICE`, it is answered `ICE` with the payload `{iceServers, ttl}`, fresh: to be asked for when
//! most of `ttl` is over. The server never sends it unasked, for that would mean waking up. When it is sent `HEARTBEAT`, it is to send
//! one at once: somebody wants a seat in a full room, and who stays silent then loses theirs.
//!
//! `SERVER` with a payload is a word of the Worker that Beckon is a part of.
//!
//! Payloads are never parsed: the bytes that came are the bytes that go.

use crate::id::PeerId;
use crate::wire::json;
use crate::wire::refusal::Refusal;
use std::borrow::Cow;

/// The stock client's heartbeat, to the letter. The runtime answers it while the object sleeps. A room asks for one with the same words.
pub const HEARTBEAT: &str = r#"{"type":"HEARTBEAT"}"#;

/// The runtime's answer: not JSON, which the stock client drops without a word (every JSON answer makes it warn).
pub const HEARTBEAT_ANSWER: &str = "pong";

/// The type with which a room's socket asks for fresh ICE servers, and is given them.
pub(super) const ICE: &str = "ICE";

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
        Self { json: json::quoted(id.as_str()), id: Some(id.as_str().to_owned()) }
    }

    /// Reads a destination from JSON text; `None` for what JavaScript takes for none: `null`, `false`, `0` and `""`.
    pub fn parse(raw: &str) -> Option<Self> {
        match raw {
            "null" | "false" | "\"\"" => None,
            _ if raw.starts_with('"') => Some(match json::string(raw) {
                // Without escapes it is spelt as `JSON.stringify` would.
                Some(Cow::Borrowed(id)) => Self { json: raw.to_owned(), id: Some(id.to_owned()) },
                Some(Cow::Owned(id)) => Self { json: json::quoted(&id), id: Some(id) },
                // A lone surrogate: text in JavaScript, but never a registered id.
                None => Self { json: raw.to_owned(), id: None },
            }),
            _ if is_zero(raw) => None,
            _ => Some(Self { json: raw.to_owned(), id: None }),
        }
    }
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
        payload: Option<&'a str>,
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
        let envelope = Envelope::parse(text).ok_or(Refusal::NotAMessage)?;
        let dst = envelope.dst.and_then(Destination::parse);
        Ok(match (envelope.kind(), dst) {
            (None, _) if envelope.name().is_some_and(|name| name == ICE) => Self::Ice,
            (Some(Kind::Expire) | None, _) => Self::Nothing,
            (Some(Kind::Leave), None) => Self::Leave,
            (Some(_), None) => Self::Nothing,
            (Some(kind), Some(dst)) => Self::Signal { kind, dst, payload: envelope.payload },
        })
    }
}

/// The outermost object of a frame. Lenient as PeerServer's is: any order, any extra fields, the last of duplicate fields.
#[derive(Default)]
pub(super) struct Envelope<'a> {
    kind: Option<&'a str>,
    pub(super) src: Option<&'a str>,
    pub(super) dst: Option<&'a str>,
    payload: Option<&'a str>,
}

impl<'a> Envelope<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let mut envelope = Self::default();
        let object = json::object(text, &mut |name, value| match name {
            "type" => envelope.kind = Some(value),
            "src" => envelope.src = Some(value),
            "dst" => envelope.dst = Some(value),
            "payload" => envelope.payload = Some(value),
            _ => {}
        });
        // To JavaScript an array is an object, too, that has none of them.
        object.or_else(|| json::array(text, &mut |_| {})).map(|()| envelope)
    }

    fn name(&self) -> Option<Cow<'a, str>> {
        json::string(self.kind?)
    }

    pub(super) fn kind(&self) -> Option<Kind> {
        let kinds = [Kind::Offer, Kind::Answer, Kind::Candidate, Kind::Leave, Kind::Message, Kind::Expire];
        let name = self.name()?;
        kinds.into_iter().find(|kind| kind.name() == name)
    }
}
