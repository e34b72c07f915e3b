//! The realm: a state machine that introduces peers to each other.
//!
//! Sockets, storage and time are the shell's. It turns what happens into [`Event`]s, hands them to [`Realm::handle`] and [`Realm::open`] with the
//! moment at which they happened, and carries out the [`Effect`]s that come back, in their order. The state between two events
//! is what `Remember`, `Keep` and `Reserve` left behind and nothing else: [`Realm::restore`] and its siblings rebuild it.
//!
//! What holds after every event:
//! * an id belongs to at most one socket, and `src` of every relayed frame is the id of the socket that it came from;
//! * what one peer sends to another arrives in the order in which it was sent;
//! * an attempt to reach an absent peer ends in exactly one way: its frames are delivered, or its sender gets one `EXPIRE`;
//! * frames of a socket that holds no id any more (left, superseded, refused) do nothing;
//! * only sockets with a roster see, and are seen in, rosters.

mod admission;
mod census;
pub mod effect;
mod event;
pub mod guesses;
mod liveness;
pub mod member;
pub mod metrics;
pub mod networks;
pub mod outbox;
pub mod placement;
pub mod queue;
pub mod rate;
pub mod registry;
mod relay;
pub mod reservation;

pub use event::{Ending, Event, Opening, Turn, GOING_AWAY, LEFT, SUPERSEDED};

use crate::id::PeerId;
use crate::limits::{Millis, EARNED_AFTER_MS, ICE_PAUSE_MS, MAX_RESERVED_PER_CLIENT, TICK_MS};
use crate::realm::effect::Effect;
use crate::realm::guesses::Guesses;
use crate::realm::member::{Conn, Member, Told};
use crate::realm::networks::Networks;
use crate::realm::placement::Spread;
use crate::realm::queue::{Queue, Waiting};
use crate::realm::rate::{Bucket, Rates};
use crate::realm::registry::Members;
use crate::realm::reservation::{Reservation, Reservations};
use crate::settings::Settings;
use crate::wire::ice::Ice;
use crate::wire::message;
use crate::wire::refusal::Refusal;
use std::collections::HashMap;

/// The peers of one realm, or of one home of a realm.
#[derive(Debug)]
pub struct Realm {
    settings: Settings,
    rates: Rates,
    spread: Spread,
    members: Members,
    queue: Queue,
    reservations: Reservations,
    guesses: Guesses,
    networks: Networks,
    /// What is left of what may be stored for senders of other homes, by the hashes of their ids. In memory only.
    guests: HashMap<u64, Bucket>,
    /// Attempts of senders of other homes that were given up here: what was under way from there meanwhile begins no other. Only in memory,
    /// since it is needed for as long as a frame is between two homes.
    given_up: Told,
    /// When the first of the sockets that have been asked for a sign of life must have given one.
    next_verdict: Option<Millis>,
    /// When the alarm is set for, as far as we know.
    armed: Option<Millis>,
    /// How many frames were passed on.
    relays: Option<u32>,
}

impl Realm {
    /// An empty realm.
    pub fn new(settings: Settings, spread: Spread) -> Self {
        let rates = Rates::of(&settings);
        Self {
            settings,
            rates,
            spread,
            members: Members::default(),
            queue: Queue::default(),
            reservations: Reservations::default(),
            guesses: Guesses::default(),
            networks: Networks::new(rates),
            guests: HashMap::new(),
            given_up: Told::default(),
            next_verdict: None,
            armed: None,
            relays: None,
        }
    }

    /// Puts back a member whom a socket remembers.
    pub fn restore(&mut self, member: Member) {
        self.await_verdict(&member);
        self.networks.restore(member.network, &member.budget, &self.rates);
        self.members.insert(member);
        self.armed = self.next_due();
    }

    /// Puts back the rows that storage holds: what waits by number, what is kept by when it ends. Their alarm is still set.
    pub fn restore_rows(&mut self, waiting: Vec<Waiting>, reserved: Vec<Reservation>) {
        self.queue = Queue::from_rows(waiting);
        self.reservations = Reservations::from_rows(reserved);
        self.armed = self.next_due();
    }

    /// The moment at which it wants [`Event::Alarm`], if any.
    pub fn armed(&self) -> Option<Millis> {
        self.armed
    }

    /// Whether nothing in storage is of use any more: nothing waits, and nothing is kept.
    pub fn keeps_nothing(&self) -> bool {
        self.queue.is_empty() && self.reservations.is_empty()
    }

    /// A number for the next socket.
    pub fn next_conn(&self) -> Conn {
        self.members.next_conn()
    }

    /// Registers a socket's peer, or says why not, and adds to `turn.out` what is to be done.
    pub fn open(&mut self, opening: Opening, turn: &mut Turn<'_>) -> Result<(), Refusal> {
        let admitted = self.admit(opening, turn);
        self.arm(turn);
        admitted
    }

    /// Takes any other event, and adds to `turn.out` what is to be done.
    pub fn handle(&mut self, event: Event<'_>, turn: &mut Turn<'_>) {
        match event {
            Event::Frame { conn, text } => self.frame(conn, text, turn),
            Event::Closed { conn, ending } => {
                self.remove(conn, ending, turn);
                turn.out.push(Effect::Forget(conn));
            }
            Event::Minted { conn, ice } => self.minted(conn, &ice, turn),
            Event::Forwarded { frame } => self.forwarded(frame, turn),
            Event::Undelivered { frame } => self.undelivered(frame, turn),
            Event::Alarm => self.alarm(turn),
        }
        self.arm(turn);
    }

    /// Asks the shell for fresh ICE servers, on behalf of a socket with a roster.
    fn mint(&mut self, conn: Conn, turn: &mut Turn<'_>) {
        let Some(member) = self.members.get_mut(conn) else {
            return;
        };
        if member.minted.is_some_and(|minted| turn.now.saturating_sub(minted) < ICE_PAUSE_MS) {
            turn.out.push(Effect::Send { to: conn, frame: message::refusal(&Refusal::IceTooSoon, true) });
        } else {
            member.minted = Some(turn.now);
            turn.out.push(Effect::Mint(conn));
        }
    }

    /// Hands them on, unless the socket is gone by now. Whoever has its number since may have them as well.
    fn minted(&self, conn: Conn, ice: &Ice, turn: &mut Turn<'_>) {
        if self.members.get(conn).is_some_and(|member| member.roster) {
            turn.out.push(Effect::Send { to: conn, frame: message::ice(ice) });
        }
    }

    /// Unregisters a socket's peer.
    fn remove(&mut self, conn: Conn, ending: Ending, turn: &mut Turn<'_>) {
        let Some(member) = self.members.remove(conn) else {
            return;
        };
        self.end_trial(&member.id, member.trial, turn);
        if member.roster {
            let frame = if ending == Ending::Lost { message::lost(&member.id) } else { message::left(&member.id) };
            turn.out.extend(self.members.roster().map(|other| Effect::Send { to: other.conn, frame: frame.clone() }));
        }
        // A room is known to those alone whom it was shown, who come one by one (`ROSTER_JOINS`): its ids need not be earned.
        let earned = member.roster
            || member.earned
            || turn.now.saturating_sub(member.since) >= EARNED_AFTER_MS.min(self.settings.owner_grace_ms);
        if let Some(client) = member.keeps.filter(|_| earned && ending != Ending::Left) {
            let until = tick(turn.now.saturating_add(self.settings.owner_grace_ms));
            let reservation = Reservation { id: member.id, token: member.token, client, until };
            let most = if member.roster { self.settings.room_capacity } else { MAX_RESERVED_PER_CLIENT };
            if self.reservations.add(reservation.clone(), most) {
                turn.out.push(Effect::Reserve(reservation));
            }
        }
    }

    fn alarm(&mut self, turn: &mut Turn<'_>) {
        self.armed = None;
        self.pass_verdicts(turn);
        let change = self.queue.expire(turn.now);
        self.changed(change, turn);
        released(self.reservations.expire(turn.now), turn);
    }

    fn next_due(&self) -> Option<Millis> {
        [self.queue.next_due(), self.reservations.next_due(), self.next_verdict].into_iter().flatten().min()
    }

    /// Sets the alarm for whatever ends next. One that turns out to be early does no harm, and is cheaper than moving it.
    fn arm(&mut self, turn: &mut Turn<'_>) {
        // One that should have come already was lost: it could not be set, or the event failed seven times.
        let armed = self.armed.filter(|armed| *armed >= turn.now);
        if let Some(due) = self.next_due().filter(|due| armed.is_none_or(|armed| armed > *due)) {
            self.armed = Some(due);
            turn.out.push(Effect::WakeAt(due));
        }
    }
}

/// The next of the moments that alarms are set for.
fn tick(moment: Millis) -> Millis {
    moment.div_ceil(TICK_MS).saturating_mul(TICK_MS)
}

fn dropped(rows: Vec<u64>, turn: &mut Turn<'_>) {
    if !rows.is_empty() {
        turn.out.push(Effect::Drop(rows));
    }
}

fn released(ids: Vec<PeerId>, turn: &mut Turn<'_>) {
    if !ids.is_empty() {
        turn.out.push(Effect::Release(ids));
    }
}
