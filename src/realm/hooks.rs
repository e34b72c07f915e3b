//! What the Worker around this one is told, after it has happened. Where nobody listens, nothing is made for it.

use super::{Context, Realm};
use crate::realm::effect::{Effect, Hook, Hooks};
use crate::realm::member::Member;
use crate::wire::json;

impl Realm {
    /// Says which hooks there are.
    pub fn listen(&mut self, hooks: Hooks) {
        self.hooks = hooks;
    }

    /// Tells a hook, if it is there. A peer whose new socket takes over from its old one has neither come nor gone.
    pub(super) fn tell(&self, hook: Hook, member: &Member, text: &str, context: &mut Context<'_>) {
        if self.hooks.has(hook) {
            context.effects.push(Effect::Tell { hook, peer: portrait(member), text: text.to_owned() });
        }
    }
}

/// What a hook is told of a peer, as JSON. It is all in the attachment of the peer's socket.
pub(super) fn portrait(member: &Member) -> String {
    let Member { id, since, roster, data, .. } = member;
    let id = json::quoted(id.as_str());
    let data = data.as_deref().map(|data| [",\"data\":", data].concat()).unwrap_or_default();
    format!(r#"{{"id":{id},"since":{since},"roster":{roster}{data}}}"#)
}
