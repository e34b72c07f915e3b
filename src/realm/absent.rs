//! Frames for peers who are absent: they wait, and when nobody comes in time their senders are told with `EXPIRE`.

use super::{delete_rows, tick, Context, Realm};
use crate::id::{hash, PeerId};
use crate::limits::{ALLOWANCES_REMEMBERED, MAX_DESTINATION_BYTES};
use crate::realm::effect::Effect;
use crate::realm::member::Absentees;
use crate::realm::queue::{Change, Expired, Waiting};
use crate::wire::forwarding::{Forwarded, SenderInfo};
use crate::wire::json;
use crate::wire::message::{Destination, Kind};
use crate::wire::outbound;
use crate::wire::refusal::Refusal;

impl Realm {
    /// Lets a frame wait for a peer that takes its destination, if that may be stored.
    pub(super) fn enqueue(
        &mut self,
        kind: Kind,
        src: &PeerId,
        dst: &Destination,
        frame: String,
        sender: SenderInfo,
        context: &mut Context<'_>,
    ) {
        let now = context.now;
        let Self { registry, remote_senders, networks, rates, queue, given_up, spread, .. } = self;
        let due = tick(now.saturating_add(self.settings.expire_timeout_ms));
        let (json, network, bytes) = (json::quoted(src.as_str()), sender.network, frame.len());
        let known = |given_up: &Absentees| !given_up.is_empty() && given_up.contains(&format!("{json}{}", dst.json), now);
        let late = sender.late || (kind != Kind::Offer && known(given_up));
        let row = Waiting { seq: 0, attempt: 0, due, src: json, dst: dst.json.clone(), frame: Some(frame), network };
        let mut remembered = None;
        let change = queue.push(kind, late, row, |cost| {
            let stored = match registry.by_id_mut(src.as_str()) {
                Some(member) => {
                    let taken = member.budget.stored.take(rates.stored, cost, now);
                    let heavy = member.budget.stored.is_used(rates.stored);
                    remembered = member.budget.stored.should_save(rates.stored).then(|| member.clone());
                    taken.then_some(heavy)
                }
                None => {
                    if remote_senders.len() >= ALLOWANCES_REMEMBERED {
                        remote_senders.retain(|_, bucket| !bucket.would_be_full(rates.stored, now));
                    }
                    if remote_senders.len() >= ALLOWANCES_REMEMBERED {
                        remote_senders.clear();
                    }
                    let bucket = remote_senders.entry(hash(src.as_str())).or_default();
                    let taken = bucket.take(rates.stored, cost, now);
                    taken.then(|| bucket.is_used(rates.stored))
                }
            };
            let shared = networks.rates().stored;
            stored.is_some_and(|heavy| {
                networks.of(network, now).is_none_or(|shares| shares.stored.take_share(shared, cost, heavy, now))
            })
        });
        for Expired { src, dst } in change.expired.iter().filter(|expired| expired.dst.len() <= MAX_DESTINATION_BYTES) {
            let sender = Destination::parse(src).and_then(|sender| sender.id);
            if sender.is_some_and(|id| spread.home_of(&id) != spread.here) {
                given_up.add(&format!("{src}{dst}"), now);
            }
        }
        context.effects.extend(remembered.map(|member| Effect::Remember(Box::new(member))));
        if change.store.is_empty() && !change.expired.is_empty() {
            context.effects.push(Effect::Refused(Refusal::TooMuchAtOnce.code(), bytes));
        }
        self.apply_change(change, context);
    }

    /// An attempt whose offer is lost between homes has failed: better now than in silence.
    pub(super) fn on_undelivered(&mut self, text: &str, context: &mut Context<'_>) {
        if let Some(Forwarded { kind: Kind::Offer, src, dst }) = Forwarded::parse(SenderInfo::read(text).1) {
            self.tell_expired(&dst.json, &src, context);
        }
    }

    /// Says what has changed in the queue: to storage, and to whose attempt has failed.
    pub(super) fn apply_change(&mut self, change: Change, context: &mut Context<'_>) {
        delete_rows(change.delete, context);
        context.effects.extend(change.store.into_iter().map(Effect::Store));
        for Expired { src, dst } in change.expired {
            if let Some(asker) = Destination::parse(&src) {
                self.tell_expired(&dst, &asker, context);
            }
        }
    }

    /// Tells a peer that `absent` (JSON text) is not here. Whoever has gone meanwhile does not ask any more.
    pub(super) fn tell_expired(&mut self, absent: &str, asker: &Destination, context: &mut Context<'_>) {
        let Some(id) = asker.id.as_deref() else {
            return;
        };
        let frame = outbound::expire(absent, &asker.json);
        let home = self.spread.home_of(id);
        if home != self.spread.here {
            context.effects.push(Effect::Forward { home, frame });
        } else if let Some(member) = self.registry.by_id_mut(id) {
            context.effects.push(Effect::Send { to: member.conn, frame });
            if absent.len() <= MAX_DESTINATION_BYTES {
                member.absentees.add(absent, context.now);
                context.effects.push(Effect::Remember(Box::new(member.clone())));
            }
        }
    }
}
