//! All that the core says to the world. Effects are carried out in order. Frames may be batched for about a millisecond, but never overtake
//! one another or a close.

use crate::id::PeerId;
use crate::limits::{Millis, SENT_AT_ONCE};
use crate::realm::bans::Ban;
use crate::realm::member::{Conn, Member};
use crate::realm::placement::Home;
use crate::realm::queue::Waiting;
use crate::realm::reservation::Reservation;
use std::borrow::Cow;

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Send a text frame.
    Send {
        /// To this socket.
        to: Conn,
        /// The frame.
        frame: String,
    },
    /// Close a socket and forget it: what it still sends means nothing.
    Close {
        /// Which.
        conn: Conn,
        /// The code and the reason that the other side sees; without, it sees 1005.
        status: Option<(u16, Cow<'static, str>)>,
    },
    /// Tell a hook of the Worker around this one.
    Tell {
        /// Which.
        hook: Hook,
        /// The peer that it is about, as JSON.
        peer: String,
        /// What `Disconnect` says how, and `Message` what; empty otherwise.
        text: String,
    },
    /// Store that a peer is kept out, in place of what was stored about its id.
    Ban(Ban),
    /// Delete what is stored about peers that are kept out no longer.
    Unban(Vec<PeerId>),
    /// Attach this to its socket: the member is to survive the object's sleep.
    Remember(Box<Member>),
    /// Forget a socket that is gone.
    Forget(Conn),
    /// Hand a frame to the home of its destination. Frames for one home arrive in the order of these effects.
    Forward {
        /// That home.
        home: Home,
        /// The frame, complete.
        frame: String,
    },
    /// Make fresh ICE servers for a socket, and come back with [`Event::IceMade`](crate::realm::Event::IceMade).
    MakeIce(Conn),
    /// Store a row of the queue.
    Store(Waiting),
    /// Delete rows of the queue, by their numbers.
    Delete(Vec<u64>),
    /// Store that an id is kept for its owner, in place of what was stored about it.
    Reserve(Reservation),
    /// Delete what is stored about ids that are kept no longer.
    Release(Vec<PeerId>),
    /// Send an alarm at this moment, in place of any set before.
    WakeAt(Millis),
    /// Count this for the operator: `join` or `relay`; and how many of it.
    Count(&'static str, u32),
    /// Count a refusal for the operator: its code, and how many bytes were refused.
    Refused(&'static str, usize),
}

/// A hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// A peer was registered.
    Connect,
    /// A peer is registered no more.
    Disconnect,
    /// A peer has sent a frame, which was understood.
    Message,
}

impl Hook {
    /// Its bit.
    pub fn bit(self) -> u8 {
        match self {
            Self::Connect => 1,
            Self::Disconnect => 2,
            Self::Message => 4,
        }
    }
}

/// The hooks that there are: their bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hooks(pub u8);

impl Hooks {
    /// Whether this one is among them.
    pub fn has(self, hook: Hook) -> bool {
        self.0 & hook.bit() != 0
    }
}

impl Effect {
    /// The frame that this sends to a socket, if it sends it one.
    pub fn sent_to(&self, conn: Conn) -> Option<&str> {
        match self {
            Self::Send { to, frame } if *to == conn => Some(frame),
            _ => None,
        }
    }
}

/// Tells events that come in a burst from those that come one by one. What follows from a burst leaves together, which halves the CPU
/// of a connection at saturation: 688 us instead of 1,255 (2026-11-28, docs/performance.md).
#[derive(Debug, Default)]
pub struct Burst {
    moment: Millis,
    events: u32,
}

impl Burst {
    /// Takes one more event; whether it is one of the first, so that what follows from it may leave at once.
    pub fn begins(&mut self, now: Millis) -> bool {
        if self.moment != now {
            *self = Self { moment: now, events: 0 };
        }
        self.events = self.events.saturating_add(1);
        self.events <= SENT_AT_ONCE
    }
}
