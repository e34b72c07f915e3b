//! Is anybody there? A peer whose network is gone leaves a socket that looks open for minutes.
//!
//! PeerServer checks every socket three times a second and drops those that were silent for 60 to 90 s. Nobody here is woken
//! for that: silence matters only when somebody asks for the peer. Then a socket that was silent for `ALIVE_TIMEOUT_MS` is dead
//! on the spot, and no other is: a hidden tab, whose heartbeat browsers slow down to one a minute, and in which a call may be ringing,
//! does not die sooner because a stranger claims its id or somebody dials it.
//!
//! Whoever dials one that has missed two heartbeats is told with `EXPIRE` if there turns out to be nobody: an alarm looks when the
//! silence will have been too long.

use super::{Ending, Realm, Turn};
use crate::id::PeerId;
use crate::limits::{Millis, DOUBTFUL_AFTER_MS};
use crate::realm::effect::Effect;
use crate::realm::member::{Conn, Member, Trial};
use crate::wire::message::{Destination, Kind};
use crate::wire::route::Claim;

enum Pulse {
    Alive,
    /// Silent for a while, since then.
    Doubtful {
        heard: Millis,
    },
    Dead,
}

impl Realm {
    /// Asks for whoever stands in the way of a claim: the holder of the id and, where there is no room, all who may be dead.
    pub(super) fn question(&mut self, id: &PeerId, claim: &Claim, elsewhere: usize, turn: &mut Turn<'_>) {
        let full = self.is_full(elsewhere) || self.is_full_of(claim.network);
        if full || claim.roster {
            let dead = |member: &&Member| (full || member.roster) && self.is_dead(member, turn);
            let dead: Vec<Conn> = self.members.iter().filter(dead).map(|member| member.conn).collect();
            dead.into_iter().for_each(|conn| self.bury(conn, turn));
        }
        let holder = self.members.named(id.as_str()).filter(|member| member.token != claim.token);
        if let Some(conn) = holder.filter(|member| self.is_dead(member, turn)).map(|member| member.conn) {
            self.bury(conn, turn);
        }
    }

    /// Asks for the peer whom a frame is for.
    pub(super) fn ask_for(&mut self, kind: Kind, src: &PeerId, dst: &Destination, turn: &mut Turn<'_>) {
        let Some(id) = dst.id.as_deref().filter(|id| kind == Kind::Offer && *id != src.as_str()) else {
            return;
        };
        if let Some(conn) = self.members.named(id).map(|member| member.conn) {
            self.ask(conn, src, turn);
        }
    }

    fn ask(&mut self, conn: Conn, asker: &PeerId, turn: &mut Turn<'_>) {
        let Some(pulse) = self.members.get(conn).map(|member| self.pulse(member, turn)) else {
            return;
        };
        let Some(member) = self.members.get_mut(conn) else {
            return;
        };
        match pulse {
            Pulse::Alive => {}
            Pulse::Dead => self.bury(conn, turn),
            Pulse::Doubtful { heard } => {
                let due = heard.saturating_add(self.settings.alive_timeout_ms);
                // Who asked before the last sign of life asked a living socket.
                if member.trial.as_ref().is_none_or(|trial| trial.began < heard) {
                    member.trial = Some(Trial { began: turn.now, due, askers: Vec::new() });
                }
                if member.trial.as_mut().is_some_and(|trial| trial.asked_by(asker)) {
                    let member = member.clone();
                    self.await_verdict(&member);
                    turn.out.push(Effect::Remember(member));
                }
            }
        }
    }

    /// Notes when a member's trial ends, if it is on trial.
    pub(super) fn await_verdict(&mut self, member: &Member) {
        let due = member.trial.as_ref().map(|trial| trial.due);
        self.next_verdict = [self.next_verdict, due].into_iter().flatten().min();
    }

    /// Ends the trials whose time is up.
    pub(super) fn pass_verdicts(&mut self, turn: &mut Turn<'_>) {
        if self.next_verdict.take().is_none_or(|due| due > turn.now) {
            return self.await_verdicts();
        }
        let due = |member: &&Member| member.trial.as_ref().is_some_and(|trial| trial.due <= turn.now);
        let due: Vec<Member> = self.members.iter().filter(due).cloned().collect();
        for mut member in due {
            if self.is_dead(&member, turn) {
                self.bury(member.conn, turn);
                continue;
            }
            // It has given a sign of life since, or the clock has gone back.
            member.trial = None;
            turn.out.push(Effect::Remember(member.clone()));
            self.members.insert(member);
        }
        self.await_verdicts();
    }

    fn await_verdicts(&mut self) {
        let trials = self.members.iter().filter_map(|member| member.trial.as_ref());
        self.next_verdict = trials.map(|trial| trial.due).min();
    }

    /// Drops a socket that nobody is behind.
    fn bury(&mut self, conn: Conn, turn: &mut Turn<'_>) {
        turn.out.push(Effect::Close { conn, status: None });
        self.remove(conn, Ending::Lost, turn);
    }

    /// A socket was asked for a sign of life and is gone, or gave none: what it was sent meanwhile went nowhere.
    pub(super) fn end_trial(&mut self, id: &PeerId, trial: Option<Trial>, turn: &mut Turn<'_>) {
        for asker in trial.into_iter().flat_map(|trial| trial.askers) {
            self.tell_expired(&Destination::of(id).json, &Destination::of(&asker), turn);
        }
    }

    /// After how long a silence a socket is doubtful.
    pub(super) fn doubtful_after_ms(&self) -> Millis {
        DOUBTFUL_AFTER_MS.min(self.settings.alive_timeout_ms)
    }

    /// Whether a member would be dropped if somebody asked for it.
    pub(super) fn is_dead(&self, member: &Member, turn: &Turn<'_>) -> bool {
        matches!(self.pulse(member, turn), Pulse::Dead)
    }

    /// Takes a member's pulse: asks the runtime only about those who have sent nothing lately.
    fn pulse(&self, member: &Member, turn: &Turn<'_>) -> Pulse {
        let (doubtful, timeout) = (self.doubtful_after_ms(), self.settings.alive_timeout_ms);
        let mut heard = member.heard;
        if turn.now.saturating_sub(heard) >= doubtful {
            heard = heard.max((turn.beats)(member.conn).unwrap_or(0));
        }
        match turn.now.saturating_sub(heard) {
            silent if silent < doubtful => Pulse::Alive,
            silent if silent < timeout => Pulse::Doubtful { heard },
            _ => Pulse::Dead,
        }
    }
}
