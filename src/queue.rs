//! Frames for peers who are not here yet. Bounded, timed, and a mirror of rows in the object's storage.
//!
//! PeerServer keeps one queue per absent peer, timed by its first frame, so that a retry dies with the attempt before it and
//! a late candidate fails once more. Here every *attempt* has its own window: an offer begins one, and what its sender
//! says to the same peer afterwards belongs to it. An attempt ends in exactly one way: delivered, or one `EXPIRE`.

use crate::id::PeerId;
use crate::limits::{
    Millis, FAILED_ATTEMPT_MEMORY_MS, MAX_DESTINATION_BYTES, MAX_FAILED_ATTEMPTS, MAX_WAITING_BYTES, MAX_WAITING_BYTES_PER_PEER,
    MAX_WAITING_PER_PEER, MAX_WAITING_ROWS,
};
use crate::message::{Destination, Kind};

/// A row of the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its number: rows are delivered in this order.
    pub seq: u64,
    /// The number of the first row of its attempt.
    pub attempt: u64,
    /// When the attempt ends, or, once it has failed, when it may be forgotten.
    pub due: Millis,
    /// Who sent it: an id as JSON text.
    pub src: String,
    /// Whom it is for: a destination as JSON text.
    pub dst: String,
    /// The frame as it will be delivered; `None` marks an attempt that has failed and whose sender was told.
    pub frame: Option<String>,
}

impl Waiting {
    /// What it takes up, in bytes, near enough.
    fn bytes(&self) -> usize {
        let texts = [self.frame.as_ref().map_or(0, String::len), self.src.len(), self.dst.len()];
        texts.into_iter().fold(64, usize::saturating_add)
    }
}

/// A failed attempt: `src` is to be told that `dst` is not here (both JSON text).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expired {
    /// Who asked.
    pub src: String,
    /// Whom for.
    pub dst: String,
}

/// What changed in the queue, and so has to change in storage.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Rows to store, once the others are deleted.
    pub keep: Vec<Waiting>,
    /// Rows to delete.
    pub drop: Vec<u64>,
    /// Attempts that have failed just now.
    pub expired: Vec<Expired>,
}

/// The queue.
#[derive(Debug, Default)]
pub struct Queue {
    /// Rows with frames are in the order of their numbers; marks of failed attempts are wherever they were made.
    rows: Vec<Waiting>,
    next: u64,
}

impl Queue {
    /// The queue that storage holds, in the order of its numbers.
    pub fn from_rows(rows: Vec<Waiting>) -> Self {
        let next = rows.last().map_or(0, |row| row.seq.saturating_add(1));
        Self { rows, next }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// When the next attempt ends, if any is under way.
    pub fn next_due(&self) -> Option<Millis> {
        self.rows.iter().map(|row| row.due).min()
    }

    /// Lets a frame wait. The attempt it would be part of fails at once when it does not fit.
    pub fn push(&mut self, now: Millis, window_ms: u64, kind: Kind, src: &PeerId, dst: &Destination, frame: String) -> Change {
        let src = crate::message::json(src.as_str());
        // An offer begins an attempt, whatever there was before.
        let followed = self.rows.iter().filter(|row| kind != Kind::Offer && row.src == src && row.dst == dst.json);
        let attempt = followed.max_by_key(|row| row.seq);
        if attempt.is_some_and(|row| row.frame.is_none()) {
            return Change::default(); // late, and its sender knows already
        }
        if dst.json.len() > MAX_DESTINATION_BYTES {
            // Nobody can have that id: there is nothing to wait for, and nothing to remember.
            return Change { expired: vec![Expired { src, dst: dst.json.clone() }], ..Change::default() };
        }
        let seq = self.next;
        let (attempt, due) = attempt.map_or((seq, now.saturating_add(window_ms)), |row| (row.attempt, row.due));
        self.next = seq.saturating_add(1);
        let row = Waiting { seq, attempt, due, src, dst: dst.json.clone(), frame: Some(frame) };
        if self.fits(&row) {
            self.rows.push(row.clone());
            return Change { keep: vec![row], ..Change::default() };
        }
        self.fail(now, row)
    }

    fn fits(&self, new: &Waiting) -> bool {
        if self.rows.len() >= MAX_WAITING_ROWS {
            return false; // before anything is added up: that is what a flood is to cost
        }
        let (mut count, mut peers_bytes, mut bytes) = (1_usize, new.bytes(), new.bytes());
        for row in &self.rows {
            bytes = bytes.saturating_add(row.bytes());
            if row.dst == new.dst && row.frame.is_some() {
                count = count.saturating_add(1);
                peers_bytes = peers_bytes.saturating_add(row.bytes());
            }
        }
        let fits_for_peer = count <= MAX_WAITING_PER_PEER && peers_bytes <= MAX_WAITING_BYTES_PER_PEER;
        fits_for_peer && bytes <= MAX_WAITING_BYTES
    }

    /// Ends the attempt of `last` without delivery.
    fn fail(&mut self, now: Millis, last: Waiting) -> Change {
        let drop = self.remove(|row| row.attempt == last.attempt);
        let expired = vec![Expired { src: last.src.clone(), dst: last.dst.clone() }];
        Change { keep: self.mark(now, vec![last]), drop, expired }
    }

    /// Remembers attempts, a row of each, as failed, so that their late frames do not begin others. Past the limit late candidates
    /// may fail once more, as they always do with PeerServer.
    fn mark(&mut self, now: Millis, failed: Vec<Waiting>) -> Vec<Waiting> {
        let marks = self.rows.iter().filter(|row| row.frame.is_none()).count();
        let room = MAX_FAILED_ATTEMPTS.saturating_sub(marks).min(MAX_WAITING_ROWS.saturating_sub(self.rows.len()));
        let due = now.saturating_add(FAILED_ATTEMPT_MEMORY_MS);
        let marks: Vec<Waiting> = failed.into_iter().take(room).map(|row| Waiting { due, frame: None, ..row }).collect();
        self.rows.extend(marks.iter().cloned());
        marks
    }

    /// Takes all frames for a peer who has come, in order, and the numbers of the rows to delete.
    pub fn take(&mut self, dst: &Destination) -> (Vec<String>, Vec<u64>) {
        let mut frames = Vec::new();
        let drop = self.remove(|row| {
            let mine = row.dst == dst.json;
            if mine {
                frames.extend(row.frame.take());
            }
            mine
        });
        (frames, drop)
    }

    /// Ends all attempts whose time is up. All at once: whoever fills the queue is to hold up nobody when it empties.
    pub fn expire(&mut self, now: Millis) -> Change {
        let mut failed: Vec<Waiting> = Vec::new(); // a row of each attempt, by its number: nearly always the last
        let drop = self.remove(|row| {
            let ended = row.due <= now;
            if ended && row.frame.take().is_some() {
                if let Err(place) = failed.binary_search_by_key(&row.attempt, |failed| failed.attempt) {
                    failed.insert(place, Waiting { seq: row.attempt, ..row.clone() });
                }
            }
            ended
        });
        let expired = failed.iter().map(|row| Expired { src: row.src.clone(), dst: row.dst.clone() }).collect();
        Change { keep: self.mark(now, failed), drop, expired }
    }

    fn remove(&mut self, mut which: impl FnMut(&mut Waiting) -> bool) -> Vec<u64> {
        let mut gone = Vec::new();
        self.rows.retain_mut(|row| {
            let remove = which(row);
            if remove {
                gone.push(row.seq);
            }
            !remove
        });
        gone
    }
}
