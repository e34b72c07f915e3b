//! Who is here, for those who ask: discovery, other homes, the limit.

use super::{Context, Realm};
use crate::client::NetworkNumber;
use crate::id::PeerId;
use crate::limits::Millis;
use crate::realm::guesses::Door;
use crate::realm::member::Member;
use crate::wire::forwarding::RECORD_SEPARATOR;
use crate::wire::json;
use crate::wire::route::Claim;

impl Realm {
    /// Whether a socket's number, or its member's id, is somebody's.
    pub fn holds(&self, member: &Member) -> bool {
        self.registry.by_id(member.id.as_str()).is_some() || self.registry.get(member.conn).is_some()
    }

    /// Whether a claim is that of a peer who is registered: the same id, with the same token. Who guesses here is soon told nothing,
    /// and that is all: no socket is refused for it.
    pub fn knows(&mut self, claim: &Claim, now: Millis) -> bool {
        claim.id.as_ref().is_some_and(|id| self.accepts(Door::Ice, id, claim, now) == Some(true))
    }

    /// Whether a claim's token is that of the peer who holds the id; `None` when nobody does.
    pub(super) fn accepts(&mut self, door: Door, id: &PeerId, claim: &Claim, now: Millis) -> Option<bool> {
        let right = self.registry.by_id(id.as_str())?.token == claim.token;
        Some(if claim.guessable { self.guesses.judge(door, claim.network, id.as_str(), right, now) } else { right })
    }

    /// How many peers are here who are not known to be dead: what another home counts.
    pub fn count(&self, context: &Context<'_>) -> usize {
        self.registry.iter().filter(|member| !self.is_dead(member, context)).count()
    }

    /// Whether this home, one of several, has more than its even share of the limit, and must ask the others how many they
    /// have before it admits anybody. (Ids spread evenly, so that below it the sum is below the limit too, or nearly.)
    pub fn must_ask_others(&self) -> bool {
        let homes = usize::from(self.spread.homes.get());
        homes > 1 && self.registry.count() >= self.settings.concurrent_limit.checked_div(homes).unwrap_or(0)
    }

    /// The ids that discovery may list, as records for [`listing`](crate::wire::forwarding::listing). Whoever asked for a roster is never listed.
    pub fn listed(&self, context: &Context<'_>) -> String {
        let listed = self.registry.iter().filter(|member| !member.roster && !self.is_dead(member, context));
        listed.map(|member| format!("{} {}{RECORD_SEPARATOR}", member.since, json::quoted(member.id.as_str()))).collect()
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
}
