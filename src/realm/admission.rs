//! Who is let in: the checks, and what a new socket and the others are told.

use super::{dropped, released, Opening, Realm, Turn, SUPERSEDED};
use crate::client::NetworkNumber;
use crate::id::PeerId;
use crate::limits::{Millis, ROSTER_JOINS};
use crate::realm::effect::Effect;
use crate::realm::guesses::Door;
use crate::realm::member::{Conn, Member};
use crate::wire::ice::Ice;
use crate::wire::message::{self, Destination};
use crate::wire::refusal::Refusal;
use crate::wire::route::Claim;

impl Realm {
    /// Registers a socket's peer, or refuses it.
    pub(super) fn admit(&mut self, opening: Opening, turn: &mut Turn<'_>) -> Result<(), Refusal> {
        let Opening { conn, claim, fresh_id, elsewhere, ice } = opening;
        let id = claim.id.clone().unwrap_or(fresh_id);
        let roster = claim.roster;
        self.question(&id, &claim, elsewhere, turn);
        if let Err(refusal) = self.admits(&id, &claim, elsewhere, turn) {
            turn.out.push(Effect::Refused(refusal.code(), 0));
            return Err(refusal);
        }
        turn.out.push(Effect::Count("join", 1));
        let before = self.members.named(id.as_str()).cloned();
        if let Some(old) = &before {
            turn.out.push(Effect::Close { conn: old.conn, status: Some(SUPERSEDED) });
            self.end_trial(&id, old.trial.clone(), turn);
        }
        let released_id = self.reservations.release(&id);
        let member = Member {
            conn,
            id: id.clone(),
            token: claim.token,
            roster,
            keeps: claim.keeps,
            since: before.as_ref().map_or(turn.now, |old| old.since),
            // Whoever else came while it was kept has been refused.
            earned: released_id.is_some() || before.as_ref().is_some_and(|old| old.earned),
            heard: turn.now,
            noted: turn.now,
            trial: None,
            // Another socket of the same peer is no way to a fresh allowance.
            budget: before.as_ref().map(|old| old.budget.clone()).unwrap_or_default(),
            told: before.as_ref().map(|old| old.told.clone()).unwrap_or_default(),
            minted: Some(turn.now),
            network: claim.network,
        };
        turn.out.push(Effect::Remember(member.clone()));
        self.members.insert(member);
        released(released_id.into_iter().collect(), turn);
        self.welcome(conn, &id, roster, before.is_some_and(|old| old.roster), &ice, turn);
        let (frames, drop) = self.queue.take(&Destination::of(&id));
        turn.out.extend(frames.into_iter().map(|frame| Effect::Send { to: conn, frame }));
        dropped(drop, turn);
        Ok(())
    }

    /// PeerServer's checks in PeerServer's order; the limit does not apply to a peer who is registered already.
    fn admits(&mut self, id: &PeerId, claim: &Claim, elsewhere: usize, turn: &Turn<'_>) -> Result<(), Refusal> {
        match self.accepts(Door::Socket, id, claim, turn.now) {
            Some(false) => Err(Refusal::IdTaken),
            Some(true) => Ok(()),
            None if self.reservations.forbids(turn.now, id, &claim.token) => Err(Refusal::IdTaken),
            None if self.is_full(elsewhere) => Err(Refusal::RealmFull),
            None if self.is_full_of(claim.network) => Err(Refusal::NetworkFull),
            None if claim.roster && self.members.roster().count() >= self.settings.room_capacity => {
                Err(Refusal::RoomFull { capacity: self.settings.room_capacity })
            }
            // Everybody else is told of each one.
            None if claim.roster && !self.may_join(claim.network, turn.now) => Err(Refusal::TooManyJoins),
            None => Ok(()),
        }
    }

    fn may_join(&mut self, network: NetworkNumber, now: Millis) -> bool {
        self.networks.of(network, now).is_none_or(|network| network.joins.take(ROSTER_JOINS, 1, now))
    }

    fn welcome(&self, conn: Conn, id: &PeerId, roster: bool, was_in_roster: bool, ice: &Ice, turn: &mut Turn<'_>) {
        let others = || self.members.roster().filter(|member| member.conn != conn);
        let (frame, news) = match (roster, was_in_roster) {
            (true, true) => (None, None),
            (true, false) => (None, Some(message::join(id))),
            (false, true) => (Some(message::open()), Some(message::left(id))),
            (false, false) => (Some(message::open()), None),
        };
        let frame = frame.unwrap_or_else(|| message::open_roster(id, others().map(|member| &member.id), ice));
        turn.out.push(Effect::Send { to: conn, frame });
        if let Some(news) = news {
            turn.out.extend(others().map(|member| Effect::Send { to: member.conn, frame: news.clone() }));
        }
    }
}
