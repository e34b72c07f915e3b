//! Who is let in: the checks, and what a new socket and the others are told.

use super::{delete_rows, release_ids, Context, Opening, Realm, SUPERSEDED};
use crate::client::NetworkNumber;
use crate::id::PeerId;
use crate::limits::{Millis, ROSTER_JOINS};
use crate::realm::effect::{Effect, Hook};
use crate::realm::guesses::Door;
use crate::realm::member::{Conn, Member};
use crate::wire::ice::Ice;
use crate::wire::jwt::JwtError;
use crate::wire::message::Destination;
use crate::wire::outbound;
use crate::wire::refusal::Refusal;
use crate::wire::route::Claim;

impl Realm {
    /// Registers a socket's peer, or refuses it.
    pub(super) fn admit(&mut self, opening: Opening, context: &mut Context<'_>) -> Result<(), Refusal> {
        let Opening { conn, claim, fresh_id, elsewhere, ice } = opening;
        let id = claim.id.clone().unwrap_or(fresh_id);
        let roster = claim.roster;
        self.drop_dead_in_the_way(&id, &claim, elsewhere, context);
        let mut admitted = self.admits(&id, &claim, elsewhere, context);
        if roster && admitted.as_ref().is_err_and(Refusal::is_full) && self.free_silent_seat(context) {
            admitted = self.admits(&id, &claim, elsewhere, context);
        }
        if let Err(refusal) = admitted {
            context.effects.push(Effect::Refused(refusal.code(), 0));
            return Err(refusal);
        }
        context.effects.push(Effect::Count("join", 1));
        let before = self.registry.by_id(id.as_str()).cloned();
        if let Some(old) = &before {
            context.effects.push(Effect::Close { conn: old.conn, status: Some(SUPERSEDED) });
            self.end_probe(old, context);
        }
        let released_id = self.reservations.release(&id);
        let member = Member {
            conn,
            id: id.clone(),
            token: claim.token,
            roster,
            reserve_for: claim.reserve_for,
            since: before.as_ref().map_or(context.now, |old| old.since),
            // Whoever else came while it was kept has been refused.
            earned: released_id.is_some() || before.as_ref().is_some_and(|old| old.earned),
            last_heard: context.now,
            saved_heard: context.now,
            probe: None,
            // Another socket of the same peer is no way to a fresh allowance.
            budget: before.as_ref().map(|old| old.budget.clone()).unwrap_or_default(),
            absentees: before.as_ref().map(|old| old.absentees.clone()).unwrap_or_default(),
            asked: None,
            ice_given: Some(context.now),
            network: claim.network,
            data: claim.data,
        };
        context.effects.push(Effect::Remember(Box::new(member.clone())));
        self.registry.insert(member);
        let is_new = before.is_none();
        release_ids(released_id.into_iter().collect(), context);
        self.welcome(conn, &id, roster, before.is_some_and(|old| old.roster), &ice, context);
        let (frames, delete) = self.queue.take(&Destination::of(&id));
        context.effects.extend(frames.into_iter().map(|frame| Effect::Send { to: conn, frame }));
        delete_rows(delete, context);
        if let Some(member) = self.registry.get(conn).filter(|_| is_new) {
            self.tell(Hook::Connect, member, "", context);
        }
        Ok(())
    }

    /// PeerServer's checks in PeerServer's order; the limit does not apply to a peer who is registered already.
    fn admits(&mut self, id: &PeerId, claim: &Claim, elsewhere: usize, context: &Context<'_>) -> Result<(), Refusal> {
        if self.bans.forbid(context.now, id, &claim.token) {
            return Err(Refusal::Kicked);
        } else if !self.may_show(claim, id, context.now) {
            return Err(Refusal::BadToken(JwtError::Expired));
        }
        match self.accepts(Door::Socket, id, claim, context.now) {
            Some(false) => Err(Refusal::IdTaken),
            Some(true) => Ok(()),
            None if self.reservations.forbids(context.now, id, &claim.token) => Err(Refusal::IdTaken),
            None if self.is_full(elsewhere) => Err(Refusal::RealmFull),
            None if self.is_full_of(claim.network) => Err(Refusal::NetworkFull),
            None if claim.roster && self.registry.roster().count() >= self.settings.room_capacity => {
                Err(Refusal::RoomFull { capacity: self.settings.room_capacity })
            }
            // Everybody else is told of each one.
            None if claim.roster && !self.may_join(claim.network, context.now) => Err(Refusal::TooManyJoins),
            None => Ok(()),
        }
    }

    /// Whether a claim is that of a peer who is registered: the same id, with the same token. Guesses here are soon
    /// answered no more. No socket is refused for them.
    pub fn knows(&mut self, claim: &Claim, now: Millis) -> bool {
        claim.id.as_ref().is_some_and(|id| self.may_show(claim, id, now) && self.accepts(Door::Ice, id, claim, now) == Some(true))
    }

    /// Whether a claim's token counts: it has not expired, or a socket is, or was a moment ago, open under this id and this very token.
    fn may_show(&self, claim: &Claim, id: &PeerId, now: Millis) -> bool {
        let open = || self.registry.by_id(id.as_str()).is_some_and(|member| member.token == claim.token);
        !claim.expired || open() || self.reservations.keeps(now, id, &claim.token)
    }

    /// Whether a claim's token is that of the peer who holds the id; `None` when nobody does.
    fn accepts(&mut self, door: Door, id: &PeerId, claim: &Claim, now: Millis) -> Option<bool> {
        let right = claim.token.owns_what_has(&self.registry.by_id(id.as_str())?.token);
        Some(if claim.guessable { self.guesses.judge(door, claim.network, id.as_str(), right, now) } else { right })
    }

    /// Whether the realm has as many peers as it may have.
    pub(super) fn is_full(&self, elsewhere: usize) -> bool {
        self.registry.count().saturating_add(elsewhere) >= self.settings.concurrent_limit
    }

    /// Whether one network has as many peers here as it may have. Counted only where that can be.
    pub(super) fn is_full_of(&self, network: NetworkNumber) -> bool {
        let limit = self.settings.peers_per_network;
        let counted = limit > 0 && !network.is_none() && self.registry.count() >= limit;
        counted && self.registry.iter().filter(|member| member.network == network).count() >= limit
    }

    fn may_join(&mut self, network: NetworkNumber, now: Millis) -> bool {
        self.networks.of(network, now).is_none_or(|network| network.joins.take(ROSTER_JOINS, 1, now))
    }

    fn welcome(&self, conn: Conn, id: &PeerId, roster: bool, was_in_roster: bool, ice: &Ice, context: &mut Context<'_>) {
        let others = || self.registry.roster().filter(|member| member.conn != conn);
        let (frame, news) = match (roster, was_in_roster) {
            (true, true) => (None, None),
            (true, false) => (None, Some(outbound::join(id))),
            (false, true) => (Some(outbound::open()), Some(outbound::left(id))),
            (false, false) => (Some(outbound::open()), None),
        };
        let frame = frame.unwrap_or_else(|| outbound::open_roster(id, others().map(|member| &member.id), ice));
        context.effects.push(Effect::Send { to: conn, frame });
        if let Some(news) = news {
            context.effects.extend(others().map(|member| Effect::Send { to: member.conn, frame: news.clone() }));
        }
    }
}
