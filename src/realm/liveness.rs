//! Is anybody there? A peer whose network is gone leaves a socket that looks open for minutes.
//!
//! PeerServer checks every socket three times a second and drops those that were silent for 60 to 90 s. Nobody here is woken
//! for that: silence matters only when somebody asks for the peer (dials it, claims its id, joins its room, or finds the realm
//! full). Then a socket that was silent for `ALIVE_TIMEOUT_MS` is dead on the spot; one that has missed two heartbeats is
//! *doubtful* and has [`TRIAL_MS`] to give any sign of life. Without one it is dropped, and whoever offered it a connection
//! meanwhile is told with `EXPIRE`.

use super::{Realm, Turn};
use crate::effect::Effect;
use crate::id::PeerId;
use crate::limits::{Millis, DOUBTFUL_AFTER_MS, MAX_ASKERS_BYTES, TRIAL_MS};
use crate::member::{Conn, Member, Trial};
use crate::message::{Destination, Kind};
use crate::route::Claim;

enum Pulse {
    Alive,
    Doubtful,
    Dead,
}

impl Realm {
    /// Asks for whoever stands in the way of a claim: the holder of the id, the others in the room, or, where the realm is
    /// full, everybody (unless that was done a moment ago, and verdicts are awaited).
    pub(super) fn question(&mut self, id: &PeerId, claim: &Claim, elsewhere: usize, turn: &mut Turn<'_>) {
        let full = self.is_full(elsewhere) && self.next_verdict.is_none();
        let stands_in_the_way =
            |member: &Member| full || claim.roster && member.roster || member.id == *id && member.token != claim.token;
        let conns: Vec<Conn> = if full || claim.roster {
            self.members.iter().filter(|member| stands_in_the_way(member)).map(|member| member.conn).collect()
        } else {
            let holder = self.members.named(id.as_str());
            holder.filter(|member| stands_in_the_way(member)).map(|member| member.conn).into_iter().collect()
        };
        for conn in conns {
            self.ask(conn, None, turn);
        }
    }

    /// Asks for the peer whom a frame is for.
    pub(super) fn ask_for(&mut self, kind: Kind, src: &PeerId, dst: &Destination, turn: &mut Turn<'_>) {
        let member = dst.id.as_deref().and_then(|id| self.members.named(id));
        if let Some(conn) = member.filter(|member| kind.waits() && member.id != *src).map(|member| member.conn) {
            self.ask(conn, Some(src).filter(|_| kind == Kind::Offer), turn);
        }
    }

    fn ask(&mut self, conn: Conn, asker: Option<&PeerId>, turn: &mut Turn<'_>) {
        let alive_timeout = self.settings.alive_timeout_ms;
        let Some(member) = self.members.get_mut(conn) else {
            return;
        };
        match pulse(member, alive_timeout, turn) {
            Pulse::Alive => {}
            Pulse::Dead => self.bury(conn, turn),
            Pulse::Doubtful => {
                let began = turn.now;
                let fresh = member.trial.is_none();
                let trial = member.trial.get_or_insert_with(|| Trial { began, askers: Vec::new() });
                let kept: usize = trial.askers.iter().map(|asker| asker.as_str().len()).sum();
                let new = asker.filter(|asker| {
                    !trial.askers.contains(asker) && kept.saturating_add(asker.as_str().len()) <= MAX_ASKERS_BYTES
                });
                if !fresh && new.is_none() {
                    return;
                }
                trial.askers.extend(new.cloned());
                let member = member.clone();
                self.await_verdict(&member);
                turn.out.push(Effect::Remember(member));
            }
        }
    }

    /// Notes when a member's trial ends, if it is on trial.
    pub(super) fn await_verdict(&mut self, member: &Member) {
        let due = member.trial.as_ref().map(|trial| trial.began.saturating_add(TRIAL_MS));
        self.next_verdict = [self.next_verdict, due].into_iter().flatten().min();
    }

    /// Ends the trials whose time is up.
    pub(super) fn pass_verdicts(&mut self, turn: &mut Turn<'_>) {
        if self.next_verdict.take().is_none_or(|due| due > turn.now) {
            return self.await_verdicts();
        }
        let on_trial: Vec<Member> = self.members.iter().filter(|member| member.trial.is_some()).cloned().collect();
        for Member { conn, trial, heard, .. } in on_trial {
            let Some(trial) = trial.filter(|trial| trial.began.saturating_add(TRIAL_MS) <= turn.now) else {
                continue;
            };
            if Some(heard).max((turn.beats)(conn)) <= Some(trial.began) {
                self.bury(conn, turn);
            } else if let Some(member) = self.members.get_mut(conn) {
                member.trial = None;
                turn.out.push(Effect::Remember(member.clone()));
            }
        }
        self.await_verdicts();
    }

    fn await_verdicts(&mut self) {
        let trials = self.members.iter().filter_map(|member| member.trial.as_ref());
        self.next_verdict = trials.map(|trial| trial.began.saturating_add(TRIAL_MS)).min();
    }

    /// Drops a socket that nobody is behind, and tells those who thought that there was.
    fn bury(&mut self, conn: Conn, turn: &mut Turn<'_>) {
        let Some(member) = self.members.get_mut(conn) else {
            return;
        };
        let (id, trial) = (member.id.clone(), member.trial.take());
        turn.out.push(Effect::Close { conn, status: None });
        self.remove(conn, true, turn);
        for asker in trial.into_iter().flat_map(|trial| trial.askers) {
            self.tell_expired(&Destination::of(&id).json, &Destination::of(&asker), turn);
        }
    }

    /// After how long a silence a socket is doubtful.
    pub(super) fn doubtful_after_ms(&self) -> Millis {
        DOUBTFUL_AFTER_MS.min(self.settings.alive_timeout_ms)
    }

    /// Whether a member would be dropped if somebody asked for it.
    pub(super) fn is_dead(&self, member: &Member, turn: &Turn<'_>) -> bool {
        matches!(pulse(&mut member.clone(), self.settings.alive_timeout_ms, turn), Pulse::Dead)
    }
}

/// Takes a member's pulse: asks the runtime only about those who have sent nothing lately.
fn pulse(member: &mut Member, alive_timeout_ms: Millis, turn: &Turn<'_>) -> Pulse {
    let doubtful = DOUBTFUL_AFTER_MS.min(alive_timeout_ms);
    if turn.now.saturating_sub(member.heard) >= doubtful {
        member.heard = member.heard.max((turn.beats)(member.conn).unwrap_or(0));
    }
    match turn.now.saturating_sub(member.heard) {
        silent if silent < doubtful => Pulse::Alive,
        silent if silent < alive_timeout_ms => Pulse::Doubtful,
        _ => Pulse::Dead,
    }
}
