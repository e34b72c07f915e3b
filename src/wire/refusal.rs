//! Why we say no: a code for programs, a close code for the socket, a sentence for the person who has to mend it.

use crate::id::BadId;
use crate::limits::{ICE_PAUSE_MS, LIMIT_PERIOD_S};
use crate::wire::jwt::JwtError;
use std::fmt;

/// A refusal, always the peer's to mend. (What is ours to mend is a fault: it is logged, and no peer can cause it.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The socket's address lacks id, token or key.
    Incomplete,
    /// This server does not serve realms of that key.
    InvalidKey,
    /// `ALLOWED_ORIGINS` does not list the origin of that page.
    WrongOrigin,
    /// That network has opened sockets, or asked for ids, too often.
    TooManyJoins,
    /// Ids must be signed for here, and the token allows another one or none.
    BadToken(JwtError),
    /// It was closed by the operator, and the time for which it is kept out is not over.
    Kicked,
    /// Somebody else holds that id.
    IdTaken,
    /// The realm has `CONCURRENT_LIMIT` peers.
    RealmFull,
    /// That network has `PEERS_PER_NETWORK` peers in the realm.
    NetworkFull,
    /// The room has `ROOM_CAPACITY` peers; with 0, there are no rooms.
    RoomFull {
        /// How many it holds.
        capacity: usize,
    },
    /// A name is longer than we keep.
    TooLong {
        /// Which one.
        what: &'static str,
        /// The most bytes that it may have.
        limit: usize,
    },
    /// The realm of strangers has no roster.
    NoPublicRoster,
    /// A frame that is not a JSON object. It is ignored; the socket stays.
    NotAMessage,
    /// A frame longer than is read.
    FrameTooLong {
        /// The most bytes that one may have.
        limit: usize,
    },
    /// More frames than `FRAMES_PER_SECOND` allows.
    TooManyFrames,
    /// More bytes than `BYTES_PER_SECOND` allows.
    TooManyBytes,
    /// More for one receiver, or from one network, than is passed on. The frame is not; the socket stays.
    TooMuchAtOnce,
    /// ICE servers, asked for again at once. The socket stays, and may go on using those that it has.
    IceTooSoon,
}

impl Refusal {
    /// Whether somebody else's place is what is missing.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::RealmFull | Self::NetworkFull | Self::RoomFull { .. })
    }

    /// A stable name for programs; sent to sockets that asked for a roster.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::InvalidKey => "invalid-key",
            Self::WrongOrigin => "wrong-origin",
            Self::TooManyJoins => "too-many-joins",
            Self::BadToken(_) => "bad-token",
            Self::Kicked => "kicked",
            Self::IdTaken => "id-taken",
            Self::RealmFull => "realm-full",
            Self::NetworkFull => "network-full",
            Self::RoomFull { capacity: 0 } => "no-rooms",
            Self::RoomFull { .. } => "room-full",
            Self::TooLong { .. } => "too-long",
            Self::NoPublicRoster => "no-public-roster",
            Self::NotAMessage => "not-a-message",
            Self::FrameTooLong { .. } => "frame-too-long",
            Self::TooManyFrames => "too-many-frames",
            Self::TooManyBytes => "too-many-bytes",
            Self::TooMuchAtOnce => "too-much-at-once",
            Self::IceTooSoon => "ice-too-soon",
        }
    }

    /// The code with which the socket is closed (RFC 6455, 7.4). `None` closes without one: what PeerServer does when it
    /// refuses a newcomer, and what the stock client's error handling is made for.
    pub fn close_code(&self) -> Option<u16> {
        match self {
            Self::FrameTooLong { .. } => Some(1009),
            Self::TooManyFrames | Self::TooManyBytes => Some(1008),
            _ => None,
        }
    }
}

impl From<BadId> for Refusal {
    fn from(bad: BadId) -> Self {
        match bad {
            BadId::Empty => Self::Incomplete,
            BadId::TooLong { what, limit } => Self::TooLong { what, limit },
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incomplete => f.write_str("No id, token, or key supplied to websocket server"),
            Self::InvalidKey => f.write_str("Invalid key provided"),
            Self::WrongOrigin => {
                f.write_str("Pages of this origin may not connect here: its operator can list it in ALLOWED_ORIGINS")
            }
            Self::TooManyJoins => {
                write!(f, "Too many connections from your network in a short time: wait {LIMIT_PERIOD_S} seconds and try again")
            }
            Self::BadToken(error) => write!(f, "The token does not allow this id: {error}"),
            Self::Kicked => f.write_str("The operator of this server has closed your connection: you may come back later"),
            Self::IdTaken => f.write_str("ID is taken"),
            Self::RealmFull => f.write_str("Server has reached its concurrent user limit"),
            Self::NetworkFull => f.write_str("Too many peers from your network are connected: close some, or come back later"),
            Self::RoomFull { capacity: 0 } => f.write_str("This server has no rooms: its operator has set ROOM_CAPACITY to 0"),
            Self::RoomFull { capacity } => {
                write!(f, "This room is full ({capacity} devices): ask someone to leave, or start another room")
            }
            Self::TooLong { what, limit } => write!(f, "The {what} is too long: it may have at most {limit} bytes"),
            Self::NoPublicRoster => f.write_str("The public realm has no roster: use a key of your own"),
            Self::NotAMessage => f.write_str("That frame is not a JSON object and was ignored"),
            Self::FrameTooLong { limit } => {
                write!(f, "That frame is too long: one may have at most {limit} bytes; send data through a data channel")
            }
            Self::TooManyFrames => f.write_str("Too many frames in a short time: slow down and connect again"),
            Self::TooManyBytes => {
                f.write_str("Too many bytes in a short time: slow down and connect again; send data through a data channel")
            }
            Self::TooMuchAtOnce => {
                f.write_str("That is more than can be passed on at once: the frame was dropped; try again later")
            }
            Self::IceTooSoon => {
                write!(f, "ICE servers were asked for a moment ago: wait {} seconds before asking again", ICE_PAUSE_MS / 1000)
            }
        }
    }
}
