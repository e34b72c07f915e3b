//! The realm: a state machine that introduces peers to each other.
//!
//! Sockets, storage and time are the shell's. It turns what happens into [`Event`]s, hands them to [`Realm::handle`] with the
//! moment at which they happened, and carries out the [`Effect`]s that come back, in their order. The state between two events
//! is what `Remember` and `Keep` left behind and nothing else: [`Realm::restore`] and [`Realm::restore_queue`] rebuild it.
//!
//! What holds after every event:
//! * an id belongs to at most one socket, and `src` of every relayed frame is the id of the socket that it came from;
//! * what one peer sends to another arrives in the order in which it was sent;
//! * an attempt to reach an absent peer ends in exactly one way: its frames are delivered, or its sender gets one `EXPIRE`;
//! * frames of a socket that holds no id any more (left, superseded, refused) do nothing;
//! * only sockets with a roster see, and are seen in, rosters.

use crate::effect::Effect;
use crate::ice;
use crate::id::PeerId;
use crate::limits::{Bucket, Millis, MAX_FRAME_BYTES, MAX_ROSTER_FRAME_BYTES};
use crate::member::{Conn, Member};
use crate::message::{self, Destination, Forwarded, Inbound, Kind};
use crate::placement::Spread;
use crate::queue::{Change, Expired, Queue, Waiting};
use crate::refusal::Refusal;
use crate::route::Claim;
use crate::settings::Settings;
use std::collections::{BTreeMap, HashMap};

/// The close code and reason of a socket whose peer has opened another one.
pub const SUPERSEDED: (u16, &str) = (4001, "another socket took this id");

/// The close code and reason of a socket whose peer has said `LEAVE`.
pub const LEFT: (u16, &str) = (1000, "left");

/// Something that happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// A socket opened. `spare` is the id it gets if it brought none.
    Opened {
        /// A number from [`Realm::next_conn`].
        conn: Conn,
        /// What it asks for.
        claim: Claim,
        /// A fresh random id.
        spare: PeerId,
    },
    /// A socket sent a text frame, or a binary one, taken for text.
    Frame {
        /// Which socket.
        conn: Conn,
        /// What it sent.
        text: &'a str,
    },
    /// A socket is gone: closed by either side, or lost.
    Closed {
        /// Which socket.
        conn: Conn,
    },
    /// Another home passes on a frame for a peer who lives here.
    Forwarded {
        /// The frame, complete.
        frame: &'a str,
    },
    /// The moment asked for with [`Effect::WakeAt`] has come.
    Alarm,
}

/// The peers of one realm, or of one home of a realm.
#[derive(Debug)]
pub struct Realm {
    settings: Settings,
    spread: Spread,
    members: BTreeMap<Conn, Member>,
    conns: HashMap<PeerId, Conn>,
    queue: Queue,
    /// When the alarm is set for, as far as we know.
    armed: Option<Millis>,
}

impl Realm {
    /// An empty realm.
    pub fn new(settings: Settings, spread: Spread) -> Self {
        Self { settings, spread, members: BTreeMap::new(), conns: HashMap::new(), queue: Queue::default(), armed: None }
    }

    /// Puts back a member whom a socket remembers.
    pub fn restore(&mut self, member: Member) {
        self.conns.insert(member.id.clone(), member.conn);
        self.members.insert(member.conn, member);
    }

    /// Puts back the rows that storage holds. Their alarm is still set.
    pub fn restore_queue(&mut self, rows: Vec<Waiting>) {
        self.queue = Queue::from_rows(rows);
        self.armed = self.queue.next_due();
    }

    /// A number for the next socket: larger than that of any socket that is known.
    pub fn next_conn(&self) -> Conn {
        Conn(self.members.keys().next_back().map_or(0, |last| last.0.saturating_add(1)))
    }

    /// The ids that discovery may list, in the order of registration. Whoever asked for a roster is never listed.
    pub fn listed(&self) -> Vec<&PeerId> {
        let mut members: Vec<&Member> = self.members.values().filter(|member| !member.roster).collect();
        members.sort_by_key(|member| member.seat);
        members.into_iter().map(|member| &member.id).collect()
    }

    /// Takes one event at one moment, and adds to `out` what is to be done.
    pub fn handle(&mut self, now: Millis, event: Event<'_>, out: &mut Vec<Effect>) {
        match event {
            Event::Opened { conn, claim, spare } => self.opened(now, conn, claim, spare, out),
            Event::Frame { conn, text } => self.frame(now, conn, text, out),
            Event::Closed { conn } => {
                self.remove(conn, out);
                out.push(Effect::Forget(conn));
            }
            Event::Forwarded { frame } => self.forwarded(now, frame, out),
            Event::Alarm => self.alarm(now, out),
        }
        self.arm(out);
    }

    fn opened(&mut self, now: Millis, conn: Conn, claim: Claim, spare: PeerId, out: &mut Vec<Effect>) {
        let id = claim.id.clone().unwrap_or(spare);
        let before = self.conns.get(&id).and_then(|conn| self.members.get(conn)).cloned();
        if let Err(refusal) = self.admits(&claim, before.as_ref()) {
            refuse(conn, &refusal, claim.roster, out);
            out.push(Effect::Close { conn, status: None });
            return;
        }
        if let Some(old) = &before {
            self.members.remove(&old.conn);
            out.push(Effect::Close { conn: old.conn, status: Some(SUPERSEDED) });
        }
        let member = Member {
            conn,
            seat: before.as_ref().map_or(conn.0, |old| old.seat),
            id: id.clone(),
            token: claim.token,
            roster: claim.roster,
            bucket: Some(Bucket::full(self.settings.frames_per_second, now)),
        };
        out.push(Effect::Remember(member.clone()));
        self.restore(member);
        self.welcome(conn, &id, claim.roster, before.is_some_and(|old| old.roster), out);
        let (frames, drop) = self.queue.take(&Destination::of(&id));
        out.extend(frames.into_iter().map(|frame| Effect::Send { to: conn, frame }));
        dropped(drop, out);
    }

    /// PeerServer's checks in PeerServer's order; the limit does not apply to a peer who is registered already.
    fn admits(&self, claim: &Claim, before: Option<&Member>) -> Result<(), Refusal> {
        match before {
            Some(old) if old.token != claim.token => Err(Refusal::IdTaken),
            Some(_) => Ok(()),
            None if self.members.len() >= self.settings.concurrent_limit => Err(Refusal::RealmFull),
            None if claim.roster && self.roster().count() >= self.settings.room_capacity => {
                Err(Refusal::RoomFull { capacity: self.settings.room_capacity })
            }
            None => Ok(()),
        }
    }

    fn welcome(&self, conn: Conn, id: &PeerId, roster: bool, was_in_roster: bool, out: &mut Vec<Effect>) {
        if !roster {
            out.push(Effect::Send { to: conn, frame: message::open() });
            if was_in_roster {
                self.tell_roster(&message::left(id), out);
            }
            return;
        }
        let others = self.roster().filter(|member| member.conn != conn).map(|member| &member.id);
        let frame = message::open_roster(id, others, &ice::ice_servers(&self.settings));
        out.push(Effect::Send { to: conn, frame });
        if !was_in_roster {
            let others = self.roster().filter(|member| member.conn != conn);
            let join = message::join(id);
            out.extend(others.map(|member| Effect::Send { to: member.conn, frame: join.clone() }));
        }
    }

    fn roster(&self) -> impl Iterator<Item = &Member> {
        self.members.values().filter(|member| member.roster)
    }

    fn tell_roster(&self, frame: &str, out: &mut Vec<Effect>) {
        out.extend(self.roster().map(|member| Effect::Send { to: member.conn, frame: frame.to_owned() }));
    }

    fn frame(&mut self, now: Millis, conn: Conn, text: &str, out: &mut Vec<Effect>) {
        let Some(member) = self.members.get_mut(&conn) else {
            return;
        };
        let rate = self.settings.frames_per_second;
        let limit = if member.roster { MAX_ROSTER_FRAME_BYTES } else { MAX_FRAME_BYTES };
        let fatal = if !member.bucket.get_or_insert_with(|| Bucket::full(rate, now)).take(rate, now) {
            Some(Refusal::TooManyFrames)
        } else if text.len() > limit {
            Some(Refusal::FrameTooLong { limit })
        } else {
            None
        };
        let (id, roster) = (member.id.clone(), member.roster);
        if let Some(refusal) = fatal {
            refuse(conn, &refusal, roster, out);
            out.push(Effect::Close { conn, status: refusal.close_code().map(|code| (code, refusal.code())) });
            return self.remove(conn, out);
        }
        match Inbound::parse(text) {
            Ok(Inbound::Signal { kind, dst, payload }) => {
                let frame = message::relay(kind, &id, &dst, payload);
                self.pass(now, kind, &id, &dst, frame, out);
            }
            Ok(Inbound::Leave) => {
                out.push(Effect::Close { conn, status: Some(LEFT) });
                self.remove(conn, out);
            }
            Ok(Inbound::Nothing) => {}
            Err(refusal) => refuse(conn, &refusal, roster, out),
        }
    }

    /// Brings a frame nearer to its destination: to its socket, to its home, or into the queue.
    fn pass(&mut self, now: Millis, kind: Kind, src: &PeerId, dst: &Destination, frame: String, out: &mut Vec<Effect>) {
        let undelivered = self.deliver(dst, frame, out).filter(|_| kind.waits());
        if let Some(frame) = undelivered {
            let change = self.queue.push(now, self.settings.expire_timeout_ms, kind, src, dst, frame);
            self.changed(change, out);
        }
    }

    /// Sends a frame to its destination's socket or home; gives it back when this is its home and it is not here.
    fn deliver(&self, dst: &Destination, frame: String, out: &mut Vec<Effect>) -> Option<String> {
        let here = self.spread.here;
        let home = dst.id.as_deref().map_or(here, |id| self.spread.home_of(id));
        let conn = dst.id.as_deref().and_then(|id| self.conns.get(id));
        match conn {
            _ if home != here => out.push(Effect::Forward { home, frame }),
            Some(&to) => out.push(Effect::Send { to, frame }),
            None => return Some(frame),
        }
        None
    }

    fn forwarded(&mut self, now: Millis, frame: &str, out: &mut Vec<Effect>) {
        let Some(Forwarded { kind, src, dst }) = Forwarded::parse(frame) else {
            return;
        };
        match src.id.and_then(|id| PeerId::parse(&id).ok()) {
            Some(src) => self.pass(now, kind, &src, &dst, frame.to_owned(), out),
            // What expired was no id that anybody can have; the peer who hears of it has one all the same.
            None => drop(self.deliver(&dst, frame.to_owned(), out)),
        }
    }

    fn remove(&mut self, conn: Conn, out: &mut Vec<Effect>) {
        let Some(member) = self.members.remove(&conn) else {
            return;
        };
        self.conns.remove(&member.id);
        if member.roster {
            self.tell_roster(&message::left(&member.id), out);
        }
    }

    fn alarm(&mut self, now: Millis, out: &mut Vec<Effect>) {
        self.armed = None;
        while let Some(change) = self.queue.expire(now) {
            self.changed(change, out);
        }
    }

    /// Says what has changed in the queue: to storage, and to whose attempt has failed.
    fn changed(&mut self, change: Change, out: &mut Vec<Effect>) {
        dropped(change.drop, out);
        out.extend(change.keep.map(Effect::Keep));
        for Expired { src, dst } in change.expired {
            if let Some(asker) = Destination::parse(&src) {
                // Whoever has gone meanwhile does not ask any more: what is not delivered is dropped.
                self.deliver(&asker, message::expire(&dst, &src), out);
            }
        }
    }

    /// Sets the alarm for the next attempt's end. One that turns out to be early does no harm, and is cheaper than moving it.
    fn arm(&mut self, out: &mut Vec<Effect>) {
        if let Some(due) = self.queue.next_due() {
            if self.armed.is_none_or(|armed| armed > due) {
                self.armed = Some(due);
                out.push(Effect::WakeAt(due));
            }
        }
    }
}

fn refuse(conn: Conn, refusal: &Refusal, roster: bool, out: &mut Vec<Effect>) {
    out.push(Effect::Send { to: conn, frame: refusal.frame(roster) });
}

fn dropped(rows: Vec<u64>, out: &mut Vec<Effect>) {
    if !rows.is_empty() {
        out.push(Effect::Drop(rows));
    }
}
