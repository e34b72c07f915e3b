//! The alarm: when it is set, and what ends with it.

use super::{release_ids, Context, Realm};
use crate::limits::Millis;
use crate::realm::effect::Effect;

impl Realm {
    pub(super) fn on_alarm(&mut self, context: &mut Context<'_>) {
        self.armed = None;
        self.finish_probes(context);
        let change = self.queue.expire(context.now);
        self.apply_change(change, context);
        release_ids(self.reservations.expire(context.now), context);
        let ended = self.bans.expire(context.now);
        if !ended.is_empty() {
            context.effects.push(Effect::Unban(ended));
        }
    }

    pub(super) fn next_due(&self) -> Option<Millis> {
        [self.queue.next_due(), self.reservations.next_due(), self.bans.next_due(), self.next_probe_due]
            .into_iter()
            .flatten()
            .min()
    }

    /// Sets the alarm for whatever ends next. One that turns out to be early does no harm, and is cheaper than moving it.
    pub(super) fn arm(&mut self, context: &mut Context<'_>) {
        // One that should have come already was lost: it could not be set, or the event failed seven times.
        let armed = self.armed.filter(|armed| *armed >= context.now);
        if let Some(due) = self.next_due().filter(|due| armed.is_none_or(|armed| armed > *due)) {
            self.armed = Some(due);
            context.effects.push(Effect::WakeAt(due));
        }
    }
}
