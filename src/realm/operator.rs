//! What the operator does, or the Worker around this one: it looks who is here, closes a peer, and speaks to one.

use super::hooks::portrait;
use super::{tick, Context, Ending, Realm, KICKED};
use crate::id::{PeerId, Token};
use crate::limits::{MAX_BAN_MS, MAX_REASON_BYTES};
use crate::realm::bans::Ban;
use crate::realm::effect::Effect;
use crate::wire::outbound;

impl Realm {
    /// Who is here, as a JSON array.
    pub fn portraits(&self, context: &Context<'_>) -> String {
        let mut array = String::from("[");
        for member in self.registry.iter().filter(|member| !self.is_dead(member, context)) {
            array.push_str(if array.len() > 1 { "," } else { "" });
            array.push_str(&portrait(member));
        }
        array + "]"
    }

    /// Closes a peer, and keeps its id and its token out for a while, or for not at all. Whether it was here.
    pub fn kick(&mut self, id: &PeerId, reason: &str, for_ms: u64, context: &mut Context<'_>) -> bool {
        let member = self.registry.by_id(id.as_str()).cloned();
        if for_ms > 0 {
            let until = tick(context.now.saturating_add(for_ms.min(MAX_BAN_MS)));
            let ban = Ban { id: id.clone(), token: self.token_of(id), until };
            if let Some(given_up) = self.bans.add(ban.clone()) {
                context.effects.push(Effect::Unban(vec![given_up]));
            }
            context.effects.push(Effect::Ban(ban));
        }
        if let Some(member) = &member {
            let status = Some((KICKED, shortened(reason).to_owned().into()));
            context.effects.push(Effect::Close { conn: member.conn, status });
            self.remove(member.conn, Ending::Kicked, context);
        }
        self.arm(context);
        member.is_some()
    }

    /// The token that an id was last held with, as far as that is known: its owner is here, is expected back, or is kept out already.
    fn token_of(&self, id: &PeerId) -> Option<Token> {
        let here = self.registry.by_id(id.as_str()).map(|member| &member.token);
        here.or_else(|| self.reservations.token_of(id)).or_else(|| self.bans.token_of(id)).cloned()
    }

    /// Says something (as JSON text) to a peer with a roster. Whether it is here.
    pub fn say(&self, id: &PeerId, value: &str, context: &mut Context<'_>) -> bool {
        let member = self.registry.by_id(id.as_str()).filter(|member| member.roster);
        context.effects.extend(member.map(|member| Effect::Send { to: member.conn, frame: outbound::server(value) }));
        member.is_some()
    }
}

/// As much of a text as fits into a close frame.
fn shortened(reason: &str) -> &str {
    let end = (0..=MAX_REASON_BYTES).rev().find(|end| reason.is_char_boundary(*end)).unwrap_or_default();
    reason.get(..end.min(reason.len())).unwrap_or_default()
}
