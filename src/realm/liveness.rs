//! Is anybody there? A peer whose network is gone leaves a socket that looks open for minutes.
//!
//! PeerServer checks every socket three times a second and drops those that were silent for 60 to 90 s. Nobody here is woken
//! for that: silence matters only when somebody asks for the peer. Then a socket that was silent for `ALIVE_TIMEOUT_MS` is dead
//! on the spot, and no other is: a hidden tab, whose heartbeat browsers slow down to one a minute, and in which a call may be ringing,
//! does not die sooner because a stranger claims its id or somebody dials it.
//!
//! An offer to a socket that has missed two heartbeats begins a probe. An alarm looks when the silence will have been too long. If the
//! socket is dead then, all who made it an offer meanwhile are told with `EXPIRE`.
//!
//! A full room cannot wait that long. Its members are our own client, whose hidden tabs answer although they do not beat. So a claim that
//! finds the room full has the silent asked for a heartbeat, each once in a silence. Who has not answered when somebody claims a seat a moment
//! later is taken for dead. Stock clients would not answer, and are never asked.

use super::{Context, Ending, Realm};
use crate::id::PeerId;
use crate::limits::{Millis, ANSWER_WITHIN_MS, DOUBTFUL_AFTER_MS};
use crate::realm::effect::Effect;
use crate::realm::member::{Conn, Member, Probe};
use crate::wire::message::{Destination, Kind};
use crate::wire::outbound;
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
        let holder = self.registry.by_id(id.as_str()).filter(|member| !claim.token.owns_what_has(&member.token));
        if let Some(conn) = holder.filter(|member| self.is_dead(member, context)).map(|member| member.conn) {
            self.drop_dead(conn, context);
        }
    }

    /// Makes room in a full room: the member that has been silent for longest leaves, if it was asked and has not answered. Silent members
    /// that were not asked in this silence are asked now. Whether somebody has left.
    pub(super) fn free_silent_seat(&mut self, context: &mut Context<'_>) -> bool {
        let silence = |member: &Member| match self.liveness(member, context) {
            Liveness::Doubtful { last_heard } => Some((last_heard, member.conn)),
            Liveness::Alive | Liveness::Dead => None,
        };
        let silent: Vec<(Millis, Conn)> = self.registry.roster().filter_map(silence).collect();
        let mut unanswered = None;
        for (last_heard, conn) in silent {
            let Some(member) = self.registry.get_mut(conn) else {
                continue;
            };
            match member.asked.filter(|asked| *asked > last_heard) {
                Some(asked) if context.now.saturating_sub(asked) < ANSWER_WITHIN_MS => {}
                Some(_) => unanswered = [unanswered, Some((last_heard, conn))].into_iter().flatten().min(),
                None => {
                    member.asked = Some(context.now);
                    context.effects.push(Effect::Remember(Box::new(member.clone())));
                    context.effects.push(Effect::Send { to: conn, frame: outbound::heartbeat() });
                }
            }
        }
        if let Some((_, conn)) = unanswered {
            self.drop_dead(conn, context);
        }
        unanswered.is_some()
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
                    context.effects.push(Effect::Remember(Box::new(member)));
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
            context.effects.push(Effect::Remember(Box::new(member.clone())));
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

    /// A doubtful socket is gone. Without a sign of life since then, what it was sent meanwhile went nowhere. With one it has come, and
    /// a call may have rung: then nobody is told that there was nobody.
    pub(super) fn end_probe(&mut self, member: &Member, context: &mut Context<'_>) {
        let Some(probe) = &member.probe else {
            return;
        };
        if context.last_heard(member) > probe.since {
            return;
        }
        for asker in &probe.askers {
            self.tell_expired(&Destination::of(&member.id).json, &Destination::of(asker), context);
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
            last_heard = context.last_heard(member);
        }
        match context.now.saturating_sub(last_heard) {
            silent if silent < doubtful => Liveness::Alive,
            silent if silent < timeout => Liveness::Doubtful { last_heard },
            _ => Liveness::Dead,
        }
    }
}
