//! Who is here, for those who ask: discovery, and other homes.

use super::{Context, Realm};
use crate::id::{PeerId, Token};
use crate::realm::member::Member;
use crate::wire::forwarding::RECORD_SEPARATOR;
use crate::wire::json;

impl Realm {
    /// Whether a socket's number, or its member's id, is somebody's.
    pub fn holds(&self, member: &Member) -> bool {
        self.registry.by_id(member.id.as_str()).is_some() || self.registry.get(member.conn).is_some()
    }

    /// Whether an id is held with this very token.
    pub fn has(&self, id: Option<&PeerId>, token: &Token) -> bool {
        id.and_then(|id| self.registry.by_id(id.as_str())).is_some_and(|member| member.token == *token)
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
}
