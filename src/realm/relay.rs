//! Frames on their way: from a socket to a socket, to another home, or into the queue.

use super::{dropped, tick, Ending, Realm, Turn, LEFT};
use crate::client::NetworkNumber;
use crate::id::hash;
use crate::id::PeerId;
use crate::limits::{
    Millis, ALLOWANCES_REMEMBERED, MAX_DESTINATION_BYTES, MAX_FRAME_BYTES, MAX_ROSTER_FRAME_BYTES, RELAYS_COUNTED,
};
use crate::realm::effect::Effect;
use crate::realm::member::{Conn, Told};
use crate::realm::networks::Shares;
use crate::realm::queue::{Change, Expired, Waiting};
use crate::realm::rate::Rates;
use crate::wire::forwarding::{Forwarded, Passage};
use crate::wire::json;
use crate::wire::message::{self, Destination, Inbound, Kind};
use crate::wire::refusal::Refusal;

impl Realm {
    pub(super) fn frame(&mut self, conn: Conn, text: &str, turn: &mut Turn<'_>) {
        let quiet = self.doubtful_after_ms();
        let (rates, now, bytes) = (&self.rates, turn.now, text.len() as u64);
        let Some(member) = self.members.get_mut(conn) else {
            return;
        };
        member.heard = now;
        let limit = if member.roster { MAX_ROSTER_FRAME_BYTES } else { MAX_FRAME_BYTES };
        let fatal = if !member.budget.frames.take(rates.frames, 1, now) {
            Some(Refusal::TooManyFrames)
        } else if text.len() > limit {
            Some(Refusal::FrameTooLong { limit })
        } else {
            (!member.budget.sent.take(rates.sent, bytes, now)).then_some(Refusal::TooManyBytes)
        };
        let unnoted = now > member.noted;
        let due = member.budget.frames.note(rates.frames) | member.budget.sent.note(rates.sent);
        if due | member.trial.take().is_some() | unnoted {
            member.noted = now.saturating_add(quiet / 2);
            turn.out.push(Effect::Remember(member.clone()));
        }
        let (id, roster, network) = (member.id.clone(), member.roster, member.network);
        let refuse = |refusal: &Refusal| Effect::Send { to: conn, frame: message::refusal(refusal, roster) };
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
                let heavy = member.budget.is_heavy(bytes, now);
                let how = Passage { network, heavy, late: kind != Kind::Offer && member.told.knows(&dst.json, now) };
                if !self.network_may(network, |shares, rates| shares.sent.take_share(rates.sent, bytes, heavy, now), now) {
                    return self.refuse(&id, &dst, how, text.len(), turn);
                }
                let frame = message::relay(kind, &id, &dst, payload);
                self.count_relay(turn);
                self.pass(kind, &id, &dst, frame, how, turn);
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

    /// Takes something from a network's allowance.
    fn network_may(&mut self, network: NetworkNumber, take: impl FnOnce(&mut Shares, &Rates) -> bool, now: Millis) -> bool {
        let rates = *self.networks.rates();
        self.networks.of(network, now).is_none_or(|shares| take(shares, &rates))
    }

    /// Tells the sender of a frame that it is not passed on. In a room by its name; a stock client, which would close on an `ERROR`, hears
    /// what it hears when nobody is there, once for each attempt.
    fn refuse(&mut self, src: &PeerId, dst: &Destination, how: Passage, bytes: usize, turn: &mut Turn<'_>) {
        turn.out.push(Effect::Refused(Refusal::TooMuchAtOnce.code(), bytes));
        match self.members.named(src.as_str()) {
            Some(member) if member.roster => {
                turn.out.push(Effect::Send { to: member.conn, frame: message::refusal(&Refusal::TooMuchAtOnce, true) });
            }
            _ if how.late => {}
            _ => self.tell_expired(&dst.json, &Destination::of(src), turn),
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
    fn pass(&mut self, kind: Kind, src: &PeerId, dst: &Destination, frame: String, how: Passage, turn: &mut Turn<'_>) {
        let home = dst.id.as_deref().map_or(self.spread.here, |id| self.spread.home_of(id));
        if home != self.spread.here {
            return turn.out.push(Effect::Forward { home, frame: how.write(frame) });
        }
        self.ask_for(kind, src, dst, turn);
        let (rates, now, bytes) = (&self.rates, turn.now, frame.len() as u64);
        let Some(member) = dst.id.as_deref().and_then(|id| self.members.named_mut(id)) else {
            if kind.waits() {
                self.wait(kind, src, dst, frame, how, turn);
            }
            return;
        };
        if kind == Kind::Message && !member.roster {
            return;
        }
        let (to, network) = (member.conn, member.network);
        // The runtime keeps for a socket what it does not read, however much that is, and does not say so.
        let patience = self.settings.alive_timeout_ms / 2;
        if now.saturating_sub(member.heard) >= patience {
            member.heard = member.heard.max((turn.beats)(to).unwrap_or(0));
        }
        let then = member.budget.got.no_later(now, member.heard.saturating_add(patience));
        let fits = member.budget.got.take_share(rates.got, bytes, how.heavy, then);
        if member.budget.got.note(rates.got) {
            turn.out.push(Effect::Remember(member.clone()));
        }
        if fits && self.network_may(network, |shares, rates| shares.got.take_share(rates.got, bytes, how.heavy, now), now) {
            turn.out.push(Effect::Send { to, frame });
        } else {
            self.refuse(src, dst, how, frame.len(), turn);
        }
    }

    /// Lets a frame wait for whoever takes its destination, if that may be stored.
    fn wait(&mut self, kind: Kind, src: &PeerId, dst: &Destination, frame: String, how: Passage, turn: &mut Turn<'_>) {
        let now = turn.now;
        let Self { members, guests, networks, rates, queue, given_up, spread, .. } = self;
        let due = tick(now.saturating_add(self.settings.expire_timeout_ms));
        let (json, network, bytes) = (json::quoted(src.as_str()), how.network, frame.len());
        let known = |given_up: &Told| !given_up.is_empty() && given_up.knows(&format!("{json}{}", dst.json), now);
        let late = how.late || (kind != Kind::Offer && known(given_up));
        let row = Waiting { seq: 0, attempt: 0, due, src: json, dst: dst.json.clone(), frame: Some(frame), network };
        let mut remembered = None;
        let change = queue.push(kind, late, row, |cost| {
            let stored = match members.named_mut(src.as_str()) {
                Some(member) => {
                    let taken = member.budget.stored.take(rates.stored, cost, now);
                    let heavy = member.budget.stored.is_used(rates.stored);
                    remembered = member.budget.stored.note(rates.stored).then(|| member.clone());
                    taken.then_some(heavy)
                }
                None => {
                    if guests.len() >= ALLOWANCES_REMEMBERED {
                        guests.retain(|_, bucket| !bucket.would_be_full(rates.stored, now));
                    }
                    if guests.len() >= ALLOWANCES_REMEMBERED {
                        guests.clear();
                    }
                    let bucket = guests.entry(hash(src.as_str())).or_default();
                    let taken = bucket.take(rates.stored, cost, now);
                    taken.then(|| bucket.is_used(rates.stored))
                }
            };
            let shared = networks.rates().stored;
            stored.is_some_and(|heavy| {
                networks.of(network, now).is_none_or(|shares| shares.stored.take_share(shared, cost, heavy, now))
            })
        });
        for Expired { src, dst } in change.expired.iter().filter(|expired| expired.dst.len() <= MAX_DESTINATION_BYTES) {
            let sender = Destination::parse(src).and_then(|sender| sender.id);
            if sender.is_some_and(|id| spread.home_of(&id) != spread.here) {
                given_up.note(&format!("{src}{dst}"), now);
            }
        }
        turn.out.extend(remembered.map(Effect::Remember));
        if change.keep.is_empty() && !change.expired.is_empty() {
            turn.out.push(Effect::Refused(Refusal::TooMuchAtOnce.code(), bytes));
        }
        self.changed(change, turn);
    }

    pub(super) fn forwarded(&mut self, text: &str, turn: &mut Turn<'_>) {
        let (how, frame) = Passage::read(text);
        let Some(Forwarded { kind, src, dst }) = Forwarded::parse(frame) else {
            return;
        };
        match src.id.as_deref().and_then(|id| PeerId::parse(id).ok()) {
            // What expired may be no id that anybody can have; the peer who hears of it has one all the same.
            _ if kind == Kind::Expire => self.tell_expired(&src.json, &dst, turn),
            Some(src) => self.pass(kind, &src, &dst, frame.to_owned(), how, turn),
            None => {}
        }
    }

    /// An attempt whose offer is lost between homes has failed: better now than in silence.
    pub(super) fn undelivered(&mut self, text: &str, turn: &mut Turn<'_>) {
        if let Some(Forwarded { kind: Kind::Offer, src, dst }) = Forwarded::parse(Passage::read(text).1) {
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
    pub(super) fn tell_expired(&mut self, absent: &str, asker: &Destination, turn: &mut Turn<'_>) {
        let Some(id) = asker.id.as_deref() else {
            return;
        };
        let frame = message::expire(absent, &asker.json);
        let home = self.spread.home_of(id);
        if home != self.spread.here {
            turn.out.push(Effect::Forward { home, frame });
        } else if let Some(member) = self.members.named_mut(id) {
            turn.out.push(Effect::Send { to: member.conn, frame });
            if absent.len() <= MAX_DESTINATION_BYTES {
                member.told.note(absent, turn.now);
                turn.out.push(Effect::Remember(member.clone()));
            }
        }
    }
}
