//! The realm: a state machine that introduces peers to each other.
//!
//! Sockets, storage and time belong to the Worker. It hands [`Event`]s to [`Realm::handle`], and new sockets to [`Realm::open`], with the moment
//! at which they come. It carries out the [`Effect`]s that come back, in their order. Everything that must survive was written by
//! `Remember`, `Store` and `Reserve`; [`Realm::restore`] and [`Realm::restore_rows`] rebuild the realm from it.
//!
//! What holds after every event:
//! * an id belongs to at most one socket, and `src` of every relayed frame is the id of the socket that it came from;
//! * what one peer sends to another arrives in the order in which it was sent;
//! * an attempt to reach an absent peer ends in exactly one way: its frames are delivered, or its sender gets one `EXPIRE`;
//! * frames of a socket that holds no id any more (left, superseded, refused) do nothing;
//! * only sockets with a roster see, and are seen in, rosters.

mod absent;
mod admission;
mod alarm;
pub mod bans;
mod census;
pub mod effect;
mod event;
pub mod guesses;
mod hooks;
mod liveness;
pub mod member;
pub mod metrics;
pub mod networks;
mod operator;
pub mod outbox;
pub mod placement;
pub mod queue;
pub mod rate;
pub mod registry;
mod relay;
pub mod reservation;

pub use event::{Context, Ending, Event, Opening, GOING_AWAY, KICKED, LEFT, SUPERSEDED};

use crate::id::PeerId;
use crate::limits::{Millis, EARNED_AFTER_MS, ICE_PAUSE_MS, MAX_RESERVED, MAX_RESERVED_PER_CLIENT, TICK_MS};
use crate::realm::bans::{Ban, Bans};
use crate::realm::effect::{Effect, Hook, Hooks};
use crate::realm::guesses::Guesses;
use crate::realm::member::{Absentees, Conn, Member};
use crate::realm::networks::Networks;
use crate::realm::placement::Spread;
use crate::realm::queue::{Queue, Waiting};
use crate::realm::rate::{Bucket, Rates};
use crate::realm::registry::Registry;
use crate::realm::reservation::{Reservation, Reservations};
use crate::settings::Settings;
use crate::wire::ice::Ice;
use crate::wire::outbound;
use crate::wire::refusal::Refusal;
use std::collections::HashMap;

/// The peers of one realm, or of one home of a realm.
#[derive(Debug)]
pub struct Realm {
    settings: Settings,
    rates: Rates,
    spread: Spread,
    registry: Registry,
    queue: Queue,
    reservations: Reservations,
    bans: Bans,
    hooks: Hooks,
    guesses: Guesses,
    networks: Networks,
    /// What is left of what may be stored for senders of other homes, by the hashes of their ids. In memory only.
    remote_senders: HashMap<u64, Bucket>,
    /// Attempts of senders of other homes that were given up here: what was under way from there meanwhile begins no other. Only in memory,
    /// since it is needed for as long as a frame is between two homes.
    given_up: Absentees,
    /// When the first of the sockets that have been asked for a sign of life must have given one.
    next_probe_due: Option<Millis>,
    /// When the alarm is set for, as far as we know.
    armed: Option<Millis>,
    /// How many frames were passed on.
    relayed: Option<u32>,
}

impl Realm {
    /// An empty realm.
    pub fn new(settings: Settings, spread: Spread) -> Self {
        let rates = Rates::of(&settings);
        Self {
            settings,
            rates,
            spread,
            registry: Registry::default(),
            queue: Queue::default(),
            reservations: Reservations::default(),
            bans: Bans::default(),
            hooks: Hooks::default(),
            guesses: Guesses::default(),
            networks: Networks::new(rates),
            remote_senders: HashMap::new(),
            given_up: Absentees::default(),
            next_probe_due: None,
            armed: None,
            relayed: None,
        }
    }

    /// Puts back a member whom a socket remembers.
    pub fn restore(&mut self, member: Member) {
        self.note_probe_due(&member);
        self.networks.restore(member.network, &member.budget, &self.rates);
        self.registry.insert(member);
        self.armed = self.next_due();
    }

    /// Puts back the rows that storage holds: what waits by number, the others by when they end. Their alarm is still set.
    pub fn restore_rows(&mut self, waiting: Vec<Waiting>, reserved: Vec<Reservation>, banned: Vec<Ban>) {
        self.bans = Bans::from_rows(banned);
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
        self.queue.is_empty() && self.reservations.is_empty() && self.bans.is_empty()
    }

    /// A number for the next socket.
    pub fn next_conn(&self) -> Conn {
        self.registry.next_conn()
    }

    /// Registers a socket's peer, or says why not, and adds to `context.effects` what is to be done.
    pub fn open(&mut self, opening: Opening, context: &mut Context<'_>) -> Result<(), Refusal> {
        let admitted = self.admit(opening, context);
        self.arm(context);
        admitted
    }

    /// Takes any other event, and adds to `context.effects` what is to be done.
    pub fn handle(&mut self, event: Event<'_>, context: &mut Context<'_>) {
        match event {
            Event::Frame { conn, text } => self.on_frame(conn, text, context),
            Event::Closed { conn, ending } => {
                self.remove(conn, ending, context);
                context.effects.push(Effect::Forget(conn));
            }
            Event::IceMade { conn, ice } => self.on_ice_made(conn, &ice, context),
            Event::Forwarded { frame } => self.on_forwarded(frame, context),
            Event::Undelivered { frame } => self.on_undelivered(frame, context),
            Event::Alarm => self.on_alarm(context),
        }
        self.arm(context);
    }

    /// Asks the Worker for fresh ICE servers, on behalf of a socket with a roster.
    fn make_ice(&mut self, conn: Conn, context: &mut Context<'_>) {
        let Some(member) = self.registry.get_mut(conn) else {
            return;
        };
        if member.ice_given.is_some_and(|given| context.now.saturating_sub(given) < ICE_PAUSE_MS) {
            context.effects.push(Effect::Send { to: conn, frame: outbound::refusal(&Refusal::IceTooSoon, true) });
        } else {
            member.ice_given = Some(context.now);
            context.effects.push(Effect::MakeIce(conn));
        }
    }

    /// Sends the ICE servers to the socket. If it is gone and a newcomer has its number, that one gets them: it may have some, too.
    fn on_ice_made(&self, conn: Conn, ice: &Ice, context: &mut Context<'_>) {
        if self.registry.get(conn).is_some_and(|member| member.roster) {
            context.effects.push(Effect::Send { to: conn, frame: outbound::ice(ice) });
        }
    }

    /// Unregisters a socket's peer.
    fn remove(&mut self, conn: Conn, ending: Ending, context: &mut Context<'_>) {
        let Some(member) = self.registry.remove(conn) else {
            return;
        };
        self.end_probe(&member, context);
        self.tell(Hook::Disconnect, &member, ending.name(), context);
        if member.roster {
            let frame = if ending == Ending::Lost { outbound::lost(&member.id) } else { outbound::left(&member.id) };
            context.effects.extend(self.registry.roster().map(|other| Effect::Send { to: other.conn, frame: frame.clone() }));
        }
        // A room is known to those alone whom it was shown, who come one by one (`ROSTER_JOINS`): its ids need not be earned.
        // Nor need those that are signed for.
        let earned = member.roster
            || member.token.is_statement()
            || member.earned
            || context.now.saturating_sub(member.since) >= EARNED_AFTER_MS.min(self.settings.owner_grace_ms);
        if let Some(client) = member.reserve_for.filter(|_| earned && ending.keeps_id()) {
            let until = tick(context.now.saturating_add(self.settings.owner_grace_ms));
            let reservation = Reservation { id: member.id, token: member.token, client, until };
            let most = match member.roster {
                true => self.settings.room_capacity,
                false if reservation.token.is_statement() => MAX_RESERVED,
                false => MAX_RESERVED_PER_CLIENT,
            };
            if self.reservations.add(reservation.clone(), most) {
                context.effects.push(Effect::Reserve(reservation));
            }
        }
    }
}

/// The next of the moments that alarms are set for.
fn tick(moment: Millis) -> Millis {
    moment.div_ceil(TICK_MS).saturating_mul(TICK_MS)
}

fn delete_rows(rows: Vec<u64>, context: &mut Context<'_>) {
    if !rows.is_empty() {
        context.effects.push(Effect::Delete(rows));
    }
}

fn release_ids(ids: Vec<PeerId>, context: &mut Context<'_>) {
    if !ids.is_empty() {
        context.effects.push(Effect::Release(ids));
    }
}
