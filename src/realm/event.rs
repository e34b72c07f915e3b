//! What happens to a realm, and when.

use crate::id::PeerId;
use crate::limits::Millis;
use crate::realm::effect::Effect;
use crate::realm::member::{Conn, Member};
use crate::wire::ice::Ice;
use crate::wire::route::Claim;
use std::borrow::Cow;

/// The close code and reason of a socket whose peer has opened another one.
pub const SUPERSEDED: (u16, Cow<'static, str>) = (4001, Cow::Borrowed("another socket took this id"));

/// The close code of a socket that the operator has closed.
pub const KICKED: u16 = 4003;

/// The close code and reason of a socket whose peer has said `LEAVE`.
pub const LEFT: (u16, Cow<'static, str>) = (1000, Cow::Borrowed("left"));

/// The close code that browsers send for a page that is left (RFC 6455, 7.4.1).
pub const GOING_AWAY: u16 = 1001;

/// How a peer's socket ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It said `LEAVE`: its id is free at once.
    Left,
    /// It was closed with 1001: its page was left or is being loaded again. Firefox cannot send `LEAVE` then. The id is reserved as after a
    /// lost connection.
    Unloaded,
    /// It was cut off, closed for some other reason, or dropped. It may well come back.
    Lost,
    /// The operator has closed it: its id is free at once.
    Kicked,
}

impl Ending {
    /// Whether its id is kept for it.
    pub(super) fn keeps_id(self) -> bool {
        matches!(self, Self::Unloaded | Self::Lost)
    }

    /// The word for hooks.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Unloaded => "unloaded",
            Self::Lost => "lost",
            Self::Kicked => "kicked",
        }
    }
}

/// A socket that opens.
#[derive(Debug)]
pub struct Opening {
    /// A number from [`Realm::next_conn`](crate::realm::Realm::next_conn).
    pub conn: Conn,
    /// What it asks for.
    pub claim: Claim,
    /// A fresh random id: the one it gets if it brought none.
    pub fresh_id: PeerId,
    /// How many peers the realm's other homes have.
    pub elsewhere: usize,
    /// The ICE servers that it is told of if it asks for a roster.
    pub ice: Ice,
}

/// Something else that happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// A socket sent a text frame, or a binary one, taken for text.
    Frame {
        /// Which socket.
        conn: Conn,
        /// What it sent.
        text: &'a str,
    },
    /// A socket is gone.
    Closed {
        /// Which socket.
        conn: Conn,
        /// How.
        ending: Ending,
    },
    /// Another home passes on a frame for a peer who lives here.
    Forwarded {
        /// The frame, complete.
        frame: &'a str,
    },
    /// The ICE servers asked for with [`Effect::MakeIce`] are here.
    IceMade {
        /// For which socket.
        conn: Conn,
        /// What they are.
        ice: Ice,
    },
    /// A frame could not be handed to its destination's home.
    Undelivered {
        /// The frame, complete.
        frame: &'a str,
    },
    /// The moment asked for with [`Effect::WakeAt`] has come.
    Alarm,
}

/// The circumstances of an event, and where its effects go.
pub struct Context<'a> {
    /// When it happens.
    pub now: Millis,
    /// When the runtime last answered a socket's heartbeat: it does so, and remembers it, while the object sleeps.
    pub last_heartbeat: &'a dyn Fn(Conn) -> Option<Millis>,
    /// What is to be done.
    pub effects: &'a mut Vec<Effect>,
}

impl Context<'_> {
    /// When a member's socket last gave a sign of life, a frame or a heartbeat.
    pub(super) fn last_heard(&self, member: &Member) -> Millis {
        member.last_heard.max((self.last_heartbeat)(member.conn).unwrap_or(0))
    }
}
