//! Frames on their way: from a socket to a socket, to another home, or into the queue.

use super::{dropped, Ending, Realm, Turn, LEFT};
use crate::effect::Effect;
use crate::id::PeerId;
use crate::limits::{MAX_FRAME_BYTES, MAX_ROSTER_FRAME_BYTES, RELAYS_COUNTED};
use crate::member::Conn;
use crate::message::{self, Destination, Forwarded, Inbound, Kind};
use crate::queue::{Change, Expired};
use crate::refusal::Refusal;

impl Realm {
    pub(super) fn frame(&mut self, conn: Conn, text: &str, turn: &mut Turn<'_>) {
        let (rate, quiet) = (self.settings.frames_per_second, self.doubtful_after_ms());
        let Some(member) = self.members.get_mut(conn) else {
            return;
        };
        member.heard = turn.now;
        let unnoted = turn.now > member.noted;
        let within_rate = member.bucket.take(rate, turn.now);
        if member.bucket.note(rate) | member.trial.take().is_some() | unnoted {
            member.noted = turn.now.saturating_add(quiet / 2);
            turn.out.push(Effect::Remember(member.clone()));
        }
        let limit = if member.roster { MAX_ROSTER_FRAME_BYTES } else { MAX_FRAME_BYTES };
        let fatal = if !within_rate {
            Some(Refusal::TooManyFrames)
        } else {
            (text.len() > limit).then_some(Refusal::FrameTooLong { limit })
        };
        let (id, roster) = (member.id.clone(), member.roster);
        let refuse = |refusal: &Refusal| Effect::Send { to: conn, frame: refusal.frame(roster) };
        if let Some(refusal) = fatal {
            turn.out.push(refuse(&refusal));
            turn.out.push(Effect::Close { conn, status: refusal.close_code().map(|code| (code, refusal.code())) });
            turn.out.push(Effect::Refused(refusal.code(), text.len()));
            return self.remove(conn, Ending::Lost, turn);
        }
        match Inbound::parse(text) {
            // For a stock peer, as for PeerServer, there are no such types as MESSAGE and ICE.
            Ok(Inbound::Signal { kind: Kind::Message, .. }) if !roster => {}
            Ok(Inbound::Signal { kind, dst, payload }) => {
                let frame = message::relay(kind, &id, &dst, payload);
                self.count_relay(turn);
                self.pass(kind, &id, &dst, frame, turn);
            }
            Ok(Inbound::Leave) => {
                turn.out.push(Effect::Close { conn, status: Some(LEFT) });
                self.remove(conn, Ending::Left, turn);
            }
            Ok(Inbound::Ice) if roster => self.mint(conn, turn),
            Ok(Inbound::Ice | Inbound::Nothing) => {}
            Err(refusal) => turn.out.extend([refuse(&refusal), Effect::Refused(refusal.code(), text.len())]),
        }
    }

    /// Counts in sixteens, from anywhere: what is counted after a sleep and what is forgotten before one are the same in the long run,
    /// and nothing has to be kept for it.
    fn count_relay(&mut self, turn: &mut Turn<'_>) {
        let relays = self.relays.get_or_insert(turn.now as u32);
        *relays = relays.wrapping_add(1);
        if relays.is_multiple_of(RELAYS_COUNTED) {
            turn.out.push(Effect::Count("relay", RELAYS_COUNTED));
        }
    }

    /// Brings a frame nearer to its destination: to its socket, to its home, or into the queue.
    fn pass(&mut self, kind: Kind, src: &PeerId, dst: &Destination, frame: String, turn: &mut Turn<'_>) {
        let stock = || dst.id.as_deref().and_then(|id| self.members.named(id)).is_some_and(|member| !member.roster);
        if kind == Kind::Message && stock() {
            return;
        }
        self.ask_for(kind, src, dst, turn);
        let undelivered = self.deliver(dst, frame, turn).filter(|_| kind.waits());
        if let Some(frame) = undelivered {
            let change = self.queue.push(turn.now, self.settings.expire_timeout_ms, kind, src, dst, frame);
            self.changed(change, turn);
        }
    }

    /// Sends a frame to its destination's socket or home; gives it back when this is its home and it is not here.
    fn deliver(&self, dst: &Destination, frame: String, turn: &mut Turn<'_>) -> Option<String> {
        let here = self.spread.here;
        let home = dst.id.as_deref().map_or(here, |id| self.spread.home_of(id));
        let member = dst.id.as_deref().and_then(|id| self.members.named(id));
        match member {
            _ if home != here => turn.out.push(Effect::Forward { home, frame }),
            Some(member) => turn.out.push(Effect::Send { to: member.conn, frame }),
            None => return Some(frame),
        }
        None
    }

    pub(super) fn forwarded(&mut self, frame: &str, turn: &mut Turn<'_>) {
        let Some(Forwarded { kind, src, dst }) = Forwarded::parse(frame) else {
            return;
        };
        match src.id.and_then(|id| PeerId::parse(&id).ok()) {
            Some(src) => self.pass(kind, &src, &dst, frame.to_owned(), turn),
            // What expired was no id that anybody can have; the peer who hears of it has one all the same.
            None => drop(self.deliver(&dst, frame.to_owned(), turn)),
        }
    }

    /// An attempt whose offer is lost between homes has failed: better now than in silence.
    pub(super) fn undelivered(&self, frame: &str, turn: &mut Turn<'_>) {
        if let Some(Forwarded { kind: Kind::Offer, src, dst }) = Forwarded::parse(frame) {
            self.tell_expired(&dst.json, &src, turn);
        }
    }

    /// Says what has changed in the queue: to storage, and to whose attempt has failed.
    pub(super) fn changed(&mut self, change: Change, turn: &mut Turn<'_>) {
        dropped(change.drop, turn);
        turn.out.extend(change.keep.into_iter().map(Effect::Keep));
        for Expired { src, dst } in change.expired {
            if let Some(asker) = Destination::parse(&src) {
                self.tell_expired(&dst, &asker, turn);
            }
        }
    }

    /// Tells a peer that `absent` (JSON text) is not here. Whoever has gone meanwhile does not ask any more.
    pub(super) fn tell_expired(&self, absent: &str, asker: &Destination, turn: &mut Turn<'_>) {
        self.deliver(asker, message::expire(absent, &asker.json), turn);
    }
}
