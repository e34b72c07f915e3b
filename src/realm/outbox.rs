//! Frames on their way to other homes.
//!
//! What comes within a millisecond, and while one call to a home is under way, gathers and leaves together, in
//! order: a burst of candidates is one call, not ten, and no frame overtakes another.
//!
//! A parcel whose answer is lost is sent once more, and may have arrived the first time: the [`Inbox`] takes it once.

use crate::limits::{MAX_OUTBOX_BYTES, PARCELS_REMEMBERED};
use crate::realm::placement::Home;
use std::collections::{HashMap, VecDeque};

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

/// What has become of a frame for another home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is the first one: somebody must begin to send.
    First,
    /// It goes along: sending is under way.
    Queued,
    /// Too much waits for that home already. This is the frame.
    Full(String),
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

    /// Adds a frame.
    pub fn put(&mut self, home: Home, frame: String) -> Put {
        let found = self.boxes.iter_mut().find(|outbox| outbox.home == home);
        let bytes = found.as_ref().map_or(0, |outbox| outbox.bytes).saturating_add(frame.len());
        match found {
            _ if bytes > MAX_OUTBOX_BYTES => Put::Full(frame),
            None => {
                self.boxes.push(Outbox { home, frames: vec![frame], bytes });
                Put::First
            }
            Some(outbox) => {
                outbox.bytes = bytes;
                outbox.frames.push(frame);
                Put::Queued
            }
        }
    }

    /// The frames to send now. The sender must come back until there are none.
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
pub struct Inbox(HashMap<Home, VecDeque<u32>>);

impl Inbox {
    /// Whether a parcel has not come before. (One home sends one at a time, but one that was given up may still come.)
    pub fn is_new(&mut self, from: Home, number: u32) -> bool {
        let last = self.0.entry(from).or_default();
        let new = !last.contains(&number);
        if new {
            last.push_back(number);
            if last.len() > PARCELS_REMEMBERED {
                last.pop_front();
            }
        }
        new
    }
}
