//! Is anybody there? A peer whose network is gone leaves a socket that looks open for minutes.
//!
//! PeerServer checks every socket three times a second and drops those that were silent for 60 to 90 s. Nobody here is woken
//! for that: silence matters only when somebody asks for the peer. Then a socket that was silent for `ALIVE_TIMEOUT_MS` is dead
//! on the spot, and no other is: a hidden tab, whose heartbeat browsers slow down to one a minute, and in which a call may be ringing,
//! does not die sooner because a stranger claims its id or somebody dials it.
//!
//! An offer to a socket that has missed two heartbeats begins a probe. An alarm looks when the silence will have been too long. If the
//! socket is dead then, all who made it an offer meanwhile are told with `EXPIRE`.

use super::{Context, Ending, Realm};
use crate::id::PeerId;
use crate::limits::{Millis, DOUBTFUL_AFTER_MS};
use crate::realm::effect::Effect;
use crate::realm::member::{Conn, Member, Probe};
use crate::wire::message::{Destination, Kind};
use crate::wire::route::Claim;

enum Liveness {
    Alive,
    /// Silent for a while, since then.
    Doubtful {
        last_heard: Millis,
    },
    Dead,
}

impl Realm {
    /// Drops dead members that stand in the way of a claim: the holder of the id, and all of them where the realm or the room may be full.
    pub(super) fn drop_dead_in_the_way(&mut self, id: &PeerId, claim: &Claim, elsewhere: usize, context: &mut Context<'_>) {
        let full = self.is_full(elsewhere) || self.is_full_of(claim.network);
        if full || claim.roster {
            let dead = |member: &&Member| (full || member.roster) && self.is_dead(member, context);
            let dead: Vec<Conn> = self.registry.iter().filter(dead).map(|member| member.conn).collect();
            dead.into_iter().for_each(|conn| self.drop_dead(conn, context));
        }
        let holder = self.registry.by_id(id.as_str()).filter(|member| member.token != claim.token);
        if let Some(conn) = holder.filter(|member| self.is_dead(member, context)).map(|member| member.conn) {
            self.drop_dead(conn, context);
        }
    }

    /// Probes the peer that an offer is for.
    pub(super) fn probe_receiver(&mut self, kind: Kind, src: &PeerId, dst: &Destination, context: &mut Context<'_>) {
        let Some(id) = dst.id.as_deref().filter(|id| kind == Kind::Offer && *id != src.as_str()) else {
            return;
        };
        if let Some(conn) = self.registry.by_id(id).map(|member| member.conn) {
            self.probe(conn, src, context);
        }
    }

    fn probe(&mut self, conn: Conn, asker: &PeerId, context: &mut Context<'_>) {
        let Some(liveness) = self.registry.get(conn).map(|member| self.liveness(member, context)) else {
            return;
        };
        let Some(member) = self.registry.get_mut(conn) else {
            return;
        };
        match liveness {
            Liveness::Alive => {}
            Liveness::Dead => self.drop_dead(conn, context),
            Liveness::Doubtful { last_heard } => {
                let due = last_heard.saturating_add(self.settings.alive_timeout_ms);
                // An offer before the last sign of life was made to a living socket.
                if member.probe.as_ref().is_none_or(|probe| probe.since < last_heard) {
                    member.probe = Some(Probe { since: context.now, due, askers: Vec::new() });
                }
                if member.probe.as_mut().is_some_and(|probe| probe.add_asker(asker)) {
                    let member = member.clone();
                    self.note_probe_due(&member);
                    context.effects.push(Effect::Remember(member));
                }
            }
        }
    }

    /// Notes when a member's probe ends, if there is one.
    pub(super) fn note_probe_due(&mut self, member: &Member) {
        let due = member.probe.as_ref().map(|probe| probe.due);
        self.next_probe_due = [self.next_probe_due, due].into_iter().flatten().min();
    }

    /// Ends the probes whose time is up.
    pub(super) fn finish_probes(&mut self, context: &mut Context<'_>) {
        if self.next_probe_due.take().is_none_or(|due| due > context.now) {
            return self.reset_next_probe_due();
        }
        let due = |member: &&Member| member.probe.as_ref().is_some_and(|probe| probe.due <= context.now);
        let due: Vec<Member> = self.registry.iter().filter(due).cloned().collect();
        for mut member in due {
            if self.is_dead(&member, context) {
                self.drop_dead(member.conn, context);
                continue;
            }
            // It has given a sign of life since, or the clock has gone back.
            member.probe = None;
            context.effects.push(Effect::Remember(member.clone()));
            self.registry.insert(member);
        }
        self.reset_next_probe_due();
    }

    fn reset_next_probe_due(&mut self) {
        let probes = self.registry.iter().filter_map(|member| member.probe.as_ref());
        self.next_probe_due = probes.map(|probe| probe.due).min();
    }

    /// Drops a dead socket.
    fn drop_dead(&mut self, conn: Conn, context: &mut Context<'_>) {
        context.effects.push(Effect::Close { conn, status: None });
        self.remove(conn, Ending::Lost, context);
    }

    /// A socket was asked for a sign of life and is gone, or gave none: what it was sent meanwhile went nowhere.
    pub(super) fn end_probe(&mut self, id: &PeerId, probe: Option<Probe>, context: &mut Context<'_>) {
        for asker in probe.into_iter().flat_map(|probe| probe.askers) {
            self.tell_expired(&Destination::of(id).json, &Destination::of(&asker), context);
        }
    }

    /// After how long a silence a socket is doubtful.
    pub(super) fn doubtful_after_ms(&self) -> Millis {
        DOUBTFUL_AFTER_MS.min(self.settings.alive_timeout_ms)
    }

    /// Whether a member would be dropped if somebody asked for it.
    pub(super) fn is_dead(&self, member: &Member, context: &Context<'_>) -> bool {
        matches!(self.liveness(member, context), Liveness::Dead)
    }

    /// Whether a member lives: asks the runtime only about those who have sent nothing lately.
    fn liveness(&self, member: &Member, context: &Context<'_>) -> Liveness {
        let (doubtful, timeout) = (self.doubtful_after_ms(), self.settings.alive_timeout_ms);
        let mut last_heard = member.last_heard;
        if context.now.saturating_sub(last_heard) >= doubtful {
            last_heard = last_heard.max((context.last_heartbeat)(member.conn).unwrap_or(0));
        }
        match context.now.saturating_sub(last_heard) {
            silent if silent < doubtful => Liveness::Alive,
            silent if silent < timeout => Liveness::Doubtful { last_heard },
            _ => Liveness::Dead,
        }
    }
}
