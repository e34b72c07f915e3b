//! Allowances: how much of something may be done in a while. Time is handed in.

use crate::limits::{
    Millis, Rate, BYTE_BURST_SECONDS, FRAME_BURST_SECONDS, LITTLE, NETWORK_SHARE, RECEIVER_SHARE, RESERVED_PART, STORED,
};
use crate::settings::Settings;
use crate::wire::json;
use serde::Serialize;

/// What one socket may, by the operator's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Frames that it sends.
    pub frames: Rate,
    /// Bytes that it sends.
    pub sent: Rate,
    /// Bytes that it is sent.
    pub received: Rate,
    /// What is stored for it.
    pub stored: Rate,
}

impl Rates {
    /// Those of the operator. Where frames are not limited, neither is what is stored.
    pub fn of(settings: &Settings) -> Self {
        let sent = Rate::new(settings.bytes_per_second.into(), BYTE_BURST_SECONDS);
        let unlimited = settings.frames_per_second == 0;
        Self {
            frames: Rate::new(settings.frames_per_second.into(), FRAME_BURST_SECONDS),
            sent,
            received: sent.times(RECEIVER_SHARE),
            stored: if unlimited { Rate { per_second: 0, ..STORED } } else { STORED },
        }
    }

    /// Those of a network, which has many sockets.
    pub fn of_network(self) -> Self {
        let [frames, sent, stored] = [self.frames, self.sent, self.stored].map(|rate| rate.times(NETWORK_SHARE));
        Self { frames, sent, received: sent, stored }
    }
}

/// A token bucket: how much of an allowance is left.
///
/// Its socket remembers it, so that an object that is thrown out of memory does not give everybody a full one. A write for every
/// frame would be too much for that: it is written when the object has just woken, and then after half a bucket. Who
/// sends 30 offers does not cause one write; who floods gains no more by an eviction than half a bucket, as long as it takes an
/// object to fall asleep.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bucket {
    /// Thousandths that have been taken and are not yet refilled.
    #[serde(rename = "m")]
    missing: u64,
    /// When `missing` was last brought up to date.
    #[serde(rename = "a")]
    at: Millis,
    /// Thousandths that have been taken since its socket last remembered it.
    #[serde(skip)]
    unsaved: u64,
}

impl Bucket {
    /// Whether nothing has been taken from it for a while.
    pub fn is_full(&self) -> bool {
        self.missing == 0
    }

    /// Reads what its socket remembers; `None` when that is no bucket.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut bucket = Self::default();
        json::object(text, &mut |name, value| match name {
            "m" => bucket.missing = json::number(value).unwrap_or_default(),
            "a" => bucket.at = json::number(value).unwrap_or_default(),
            _ => {}
        })?;
        Some(bucket)
    }

    /// The bucket as its socket remembers it: nobody knows what has been taken since.
    pub fn restored(self) -> Self {
        Self { unsaved: u64::MAX, ..self }
    }

    fn refill(&mut self, rate: Rate, now: Millis) {
        let refilled = now.saturating_sub(self.at).saturating_mul(rate.per_second);
        self.missing = self.missing.saturating_sub(refilled);
        self.at = now;
    }

    /// The present for who has given no sign of life for a while: the moment from which on nothing more is refilled.
    pub fn no_later(&self, now: Millis, than: Millis) -> Millis {
        now.min(than.max(self.at))
    }

    /// Takes so much from the bucket; `false` when it does not have as much. A rate of 0 means that there is no limit.
    pub fn take(&mut self, rate: Rate, amount: u64, now: Millis) -> bool {
        self.take_above(rate, amount, 0, now)
    }

    /// Like `take`, of an allowance that many share. Its last part is kept for those who have used little: a heavy one cannot take it.
    pub fn take_share(&mut self, rate: Rate, amount: u64, heavy: bool, now: Millis) -> bool {
        self.take_above(rate, amount, if heavy { rate.capacity() / RESERVED_PART } else { 0 }, now)
    }

    fn take_above(&mut self, rate: Rate, amount: u64, reserved: u64, now: Millis) -> bool {
        if rate.per_second == 0 {
            return true;
        }
        self.refill(rate, now);
        let amount = amount.saturating_mul(1000);
        let missing = self.missing.saturating_add(amount);
        if missing > rate.capacity().saturating_sub(reserved) {
            return false;
        }
        self.missing = missing;
        self.unsaved = self.unsaved.saturating_add(amount);
        true
    }

    /// Whether a good part of it is gone: an eighth.
    pub fn is_used(&self, rate: Rate) -> bool {
        self.missing > rate.capacity() / 8
    }

    /// Whether it would be full by now.
    pub fn would_be_full(&self, rate: Rate, now: Millis) -> bool {
        now.saturating_sub(self.at).saturating_mul(rate.per_second) >= self.missing
    }

    /// After a sleep: takes from this shared allowance what one socket's own allowance says that it has taken.
    pub fn absorb(&mut self, rate: Rate, other: &Self, others: Rate) {
        let (mut other, now) = (other.clone(), self.at.max(other.at));
        self.refill(rate, now);
        other.refill(others, now);
        // What was refused has been counted as well. The last part is left to those who use little.
        let most = rate.capacity().saturating_sub(rate.capacity() / RESERVED_PART);
        self.missing = self.missing.saturating_add(other.missing).min(self.missing.max(most));
    }

    /// Whether it is time that its socket remembers it. Whoever is told so has to see to that.
    pub fn should_save(&mut self, rate: Rate) -> bool {
        let due = rate.per_second > 0 && self.unsaved > rate.capacity() / 2;
        if due {
            self.unsaved = 0;
        }
        due
    }
}

/// What is left of one socket's allowances.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Budget {
    /// Of the frames that it may send.
    #[serde(rename = "f", skip_serializing_if = "Bucket::is_full")]
    pub frames: Bucket,
    /// Of the bytes that it may send.
    #[serde(rename = "s", skip_serializing_if = "Bucket::is_full")]
    pub sent: Bucket,
    /// Of the bytes that it may be sent.
    #[serde(rename = "g", skip_serializing_if = "Bucket::is_full")]
    pub received: Bucket,
    /// Of what may be stored for it.
    #[serde(rename = "w", skip_serializing_if = "Bucket::is_full")]
    pub stored: Bucket,
    /// Of what is little. Not remembered.
    #[serde(skip)]
    pub little: Bucket,
}

impl Budget {
    /// Whether there is nothing to remember.
    pub fn is_full(&self) -> bool {
        [&self.frames, &self.sent, &self.received, &self.stored].into_iter().all(Bucket::is_full)
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut budget = Self::default();
        json::object(text, &mut |name, value| {
            let bucket = || Bucket::parse(value).unwrap_or_default();
            match name {
                "f" => budget.frames = bucket(),
                "s" => budget.sent = bucket(),
                "g" => budget.received = bucket(),
                "w" => budget.stored = bucket(),
                _ => {}
            }
        })?;
        Some(budget)
    }

    /// The budget as its socket remembers it.
    pub fn restored(self) -> Self {
        let Self { frames, sent, received, stored, .. } = self;
        Self {
            frames: frames.restored(),
            sent: sent.restored(),
            received: received.restored(),
            stored: stored.restored(),
            little: Bucket::default(),
        }
    }

    /// Whether a frame is more than a little, with what was sent lately.
    pub fn is_heavy(&mut self, bytes: u64, now: Millis) -> bool {
        !self.little.take(LITTLE, bytes, now)
    }
}
