//! Frames on their way out.
//!
//! To other homes: what comes within a millisecond, and while one call to a home is under way, gathers and leaves together, in
//! order: a burst of candidates is one call, not ten, and no frame overtakes another.
//!
//! A parcel whose answer is lost is sent once more, and may have arrived the first time: the [`Inbox`] takes it once.

use crate::limits::{Millis, MAX_OUTBOX_BYTES, PARCELS_REMEMBERED, SENT_AT_ONCE};
use crate::realm::placement::Home;

/// Tells events that come in a burst from those that come one by one. What follows from a burst leaves together, which halves the CPU
/// of a connection at saturation: 688 us instead of 1,255 (2026-11-28, docs/performance.md).
#[derive(Debug, Default)]
pub struct Burst {
    moment: Millis,
    events: u32,
}

impl Burst {
    /// Takes one more event; whether it is one of the first, so that what follows from it may leave at once.
    pub fn begins(&mut self, now: Millis) -> bool {
        if self.moment != now {
            *self = Self { moment: now, events: 0 };
        }
        self.events = self.events.saturating_add(1);
        self.events <= SENT_AT_ONCE
    }
}

/// What waits for each home.
#[derive(Debug, Default)]
pub struct Outboxes {
    boxes: Vec<Outbox>,
    /// The number of the last parcel.
    last: u32,
}

/// Frames that leave together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Tells it from the sender's other parcels.
    pub number: u32,
    /// The frames, in order.
    pub frames: Vec<String>,
}

#[derive(Debug)]
struct Outbox {
    home: Home,
    frames: Vec<String>,
    bytes: usize,
}

impl Outboxes {
    /// Numbers the parcels from `last` on: a random number, so that those of an object that is made again are others.
    pub fn numbered_from(last: u32) -> Self {
        Self { boxes: Vec::new(), last }
    }

    /// Adds a frame; whether somebody must come and send it, because nobody has been told to. Gives it back when too much waits for
    /// that home already.
    pub fn put(&mut self, home: Home, frame: String) -> Result<bool, String> {
        let found = self.boxes.iter_mut().find(|outbox| outbox.home == home);
        let bytes = found.as_ref().map_or(0, |outbox| outbox.bytes).saturating_add(frame.len());
        Ok(match found {
            _ if bytes > MAX_OUTBOX_BYTES => return Err(frame),
            None => {
                self.boxes.push(Outbox { home, frames: vec![frame], bytes });
                true
            }
            Some(outbox) => {
                outbox.bytes = bytes;
                outbox.frames.push(frame);
                false
            }
        })
    }

    /// The frames to send now. Who was told to must come back until there are none.
    pub fn take(&mut self, home: Home) -> Option<Parcel> {
        let outbox = self.boxes.iter_mut().find(|outbox| outbox.home == home)?;
        if outbox.frames.is_empty() {
            self.boxes.retain(|outbox| outbox.home != home);
            return None;
        }
        outbox.bytes = 0;
        self.last = self.last.wrapping_add(1);
        Some(Parcel { number: self.last, frames: std::mem::take(&mut outbox.frames) })
    }
}

/// Which parcels each other home has handed over last. In memory only: an object that is made again between the two tries may take
/// a parcel twice, which is better than not at all.
#[derive(Debug, Default)]
pub struct Inbox(Vec<(Home, [Option<u32>; PARCELS_REMEMBERED])>);

impl Inbox {
    /// Whether a parcel has not come before. (One home sends one at a time, but one that was given up may still come.)
    pub fn is_new(&mut self, from: Home, number: u32) -> bool {
        match self.0.iter_mut().find(|(home, _)| *home == from) {
            Some((_, last)) if last.contains(&Some(number)) => false,
            Some((_, last)) => {
                last.rotate_right(1);
                last[0] = Some(number);
                true
            }
            None => {
                let mut last = [None; PARCELS_REMEMBERED];
                last[0] = Some(number);
                self.0.push((from, last));
                true
            }
        }
    }
}
