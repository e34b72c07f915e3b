//! Frames on their way: from a socket to a socket, to another home, or into the queue.

use super::{Context, Ending, Realm, LEFT};
use crate::client::NetworkNumber;
use crate::id::PeerId;
use crate::limits::{Millis, MAX_FRAME_BYTES, MAX_ROSTER_FRAME_BYTES, RELAYED_FRAMES_COUNTED};
use crate::realm::effect::{Effect, Hook};
use crate::realm::member::Conn;
use crate::realm::networks::Shares;
use crate::realm::rate::Rates;
use crate::wire::forwarding::{Forwarded, SenderInfo};
use crate::wire::message::{Destination, Inbound, Kind};
use crate::wire::outbound;
use crate::wire::refusal::Refusal;

impl Realm {
    pub(super) fn on_frame(&mut self, conn: Conn, text: &str, context: &mut Context<'_>) {
        let Some(allowed) = self.count_frame(conn, text.len(), context) else {
            return;
        };
        if let Err(refusal) = allowed {
            return self.cut_off(conn, &refusal, text.len(), context);
        }
        let inbound = Inbound::parse(text);
        if let Some(member) = self.registry.get(conn).filter(|_| inbound.is_ok()) {
            self.tell(Hook::Message, member, text, context);
        }
        let Some(member) = self.registry.get_mut(conn) else {
            return;
        };
        let (roster, now, bytes) = (member.roster, context.now, text.len() as u64);
        match inbound {
            // For a stock peer, as for PeerServer, there are no such types as MESSAGE and ICE.
            Ok(Inbound::Signal { kind: Kind::Message, .. }) if !roster => {}
            Ok(Inbound::Signal { kind, dst, payload }) => {
                let (id, network) = (member.id.clone(), member.network);
                let heavy = member.budget.is_heavy(bytes, now);
                let late = kind != Kind::Offer && member.absentees.contains(&dst.json, now);
                let sender = SenderInfo { network, heavy, late };
                if !self.network_may(network, |shares, rates| shares.sent.take_share(rates.sent, bytes, heavy, now), now) {
                    return self.refuse_frame(&id, &dst, sender, text.len(), context);
                }
                let frame = outbound::relay(kind, &id, &dst, payload);
                self.count_relayed(context);
                self.deliver(kind, &id, &dst, frame, sender, context);
            }
            Ok(Inbound::Leave) => {
                context.effects.push(Effect::Close { conn, status: Some(LEFT) });
                self.remove(conn, Ending::Left, context);
            }
            Ok(Inbound::Ice) if roster => self.make_ice(conn, context),
            Ok(Inbound::Ice | Inbound::Nothing) => {}
            Err(refusal) => context.effects.extend([
                Effect::Send { to: conn, frame: outbound::refusal(&refusal, roster) },
                Effect::Refused(refusal.code(), text.len()),
            ]),
        }
    }

    /// Counts a frame against its socket's allowances, and notes that the socket lives. `None` where nobody is registered.
    fn count_frame(&mut self, conn: Conn, bytes: usize, context: &mut Context<'_>) -> Option<Result<(), Refusal>> {
        let quiet = self.doubtful_after_ms();
        let (rates, now) = (&self.rates, context.now);
        let member = self.registry.get_mut(conn)?;
        member.last_heard = now;
        let limit = if member.roster { MAX_ROSTER_FRAME_BYTES } else { MAX_FRAME_BYTES };
        let allowed = if !member.budget.frames.take(rates.frames, 1, now) {
            Err(Refusal::TooManyFrames)
        } else if bytes > limit {
            Err(Refusal::FrameTooLong { limit })
        } else if !member.budget.sent.take(rates.sent, bytes as u64, now) {
            Err(Refusal::TooManyBytes)
        } else {
            Ok(())
        };
        let frames_due = member.budget.frames.should_save(rates.frames);
        let bytes_due = member.budget.sent.should_save(rates.sent);
        let was_probed = member.probe.take().is_some();
        if frames_due || bytes_due || was_probed || now > member.saved_heard {
            member.saved_heard = now.saturating_add(quiet / 2);
            context.effects.push(Effect::Remember(Box::new(member.clone())));
        }
        Some(allowed)
    }

    /// Tells a socket why, and closes it.
    fn cut_off(&mut self, conn: Conn, refusal: &Refusal, bytes: usize, context: &mut Context<'_>) {
        let roster = self.registry.get(conn).is_some_and(|member| member.roster);
        context.effects.push(Effect::Send { to: conn, frame: outbound::refusal(refusal, roster) });
        context.effects.push(Effect::Close { conn, status: refusal.close_code().map(|code| (code, refusal.code().into())) });
        context.effects.push(Effect::Refused(refusal.code(), bytes));
        self.remove(conn, Ending::Lost, context);
    }

    /// Takes something from a network's allowance.
    fn network_may(&mut self, network: NetworkNumber, take: impl FnOnce(&mut Shares, &Rates) -> bool, now: Millis) -> bool {
        let rates = *self.networks.rates();
        self.networks.of(network, now).is_none_or(|shares| take(shares, &rates))
    }

    /// Tells the sender of a frame that it is not passed on. In a room by its name; a stock client, which would close on an `ERROR`, hears
    /// what it hears when nobody is there, once for each attempt.
    fn refuse_frame(&mut self, src: &PeerId, dst: &Destination, sender: SenderInfo, bytes: usize, context: &mut Context<'_>) {
        context.effects.push(Effect::Refused(Refusal::TooMuchAtOnce.code(), bytes));
        match self.registry.by_id(src.as_str()) {
            Some(member) if member.roster => {
                context.effects.push(Effect::Send { to: member.conn, frame: outbound::refusal(&Refusal::TooMuchAtOnce, true) });
            }
            _ if sender.late => {}
            _ => self.tell_expired(&dst.json, &Destination::of(src), context),
        }
    }

    /// The counter starts at an arbitrary value and reports every 16th frame. Evictions lose and gain the same on average, so nothing is
    /// stored.
    fn count_relayed(&mut self, context: &mut Context<'_>) {
        let relays = self.relayed.get_or_insert(context.now as u32);
        *relays = relays.wrapping_add(1);
        if relays.is_multiple_of(RELAYED_FRAMES_COUNTED) {
            context.effects.push(Effect::Count("relay", RELAYED_FRAMES_COUNTED));
        }
    }

    /// Brings a frame nearer to its destination: to its socket, to its home, or into the queue.
    fn deliver(
        &mut self,
        kind: Kind,
        src: &PeerId,
        dst: &Destination,
        frame: String,
        sender: SenderInfo,
        context: &mut Context<'_>,
    ) {
        let home = dst.id.as_deref().map_or(self.spread.here, |id| self.spread.home_of(id));
        if home != self.spread.here {
            return context.effects.push(Effect::Forward { home, frame: sender.write(frame) });
        }
        self.probe_receiver(kind, src, dst, context);
        let (rates, now, bytes) = (&self.rates, context.now, frame.len() as u64);
        let Some(member) = dst.id.as_deref().and_then(|id| self.registry.by_id_mut(id)) else {
            if kind.waits() {
                self.enqueue(kind, src, dst, frame, sender, context);
            }
            return;
        };
        if kind == Kind::Message && !member.roster {
            return;
        }
        let (to, network) = (member.conn, member.network);
        // The runtime keeps for a socket what it does not read, however much that is, and does not say so.
        let patience = self.settings.alive_timeout_ms / 2;
        if now.saturating_sub(member.last_heard) >= patience {
            member.last_heard = context.last_heard(member);
        }
        let then = member.budget.received.no_later(now, member.last_heard.saturating_add(patience));
        let fits = member.budget.received.take_share(rates.received, bytes, sender.heavy, then);
        if member.budget.received.should_save(rates.received) {
            context.effects.push(Effect::Remember(Box::new(member.clone())));
        }
        if fits
            && self.network_may(
                network,
                |shares, rates| shares.received.take_share(rates.received, bytes, sender.heavy, now),
                now,
            )
        {
            context.effects.push(Effect::Send { to, frame });
        } else {
            self.refuse_frame(src, dst, sender, frame.len(), context);
        }
    }

    pub(super) fn on_forwarded(&mut self, text: &str, context: &mut Context<'_>) {
        let (sender, frame) = SenderInfo::read(text);
        let Some(Forwarded { kind, src, dst }) = Forwarded::parse(frame) else {
            return;
        };
        match src.id.as_deref().and_then(|id| PeerId::parse(id).ok()) {
            // The `src` of an `EXPIRE` may be longer than any id. It must still be delivered.
            _ if kind == Kind::Expire => self.tell_expired(&src.json, &dst, context),
            Some(src) => self.deliver(kind, &src, &dst, frame.to_owned(), sender, context),
            None => {}
        }
    }
}
