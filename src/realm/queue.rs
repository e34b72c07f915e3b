//! Frames for peers who are not here yet. Bounded, timed, and a mirror of rows in the object's storage.
//!
//! PeerServer keeps one queue per absent peer, timed by its first frame, so that a retry dies with the attempt before it and
//! a late candidate fails once more. Here every *attempt* has its own window: an offer begins one, and what its sender
//! says to the same peer afterwards belongs to it. An attempt ends in exactly one way: delivered, or one `EXPIRE`.
//!
//! What is full is full of somebody's frames: the sender, of the network, that has the most waiting gives up its largest attempt for a
//! frame of one who has less. So nobody is kept out by those who fill it.

use crate::client::NetworkNumber;
use crate::limits::{
    Millis, ATTEMPT_COST, MAX_DESTINATION_BYTES, MAX_GIVEN_UP, MAX_WAITING_BYTES, MAX_WAITING_BYTES_PER_PEER,
    MAX_WAITING_PER_PEER, MAX_WAITING_ROWS, TIMES_HEAVIER,
};
use crate::wire::message::{Destination, Kind};
use std::collections::HashMap;

/// A row of the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its number: rows are delivered in this order.
    pub seq: u64,
    /// The number of the first row of its attempt.
    pub attempt: u64,
    /// When the attempt ends.
    pub due: Millis,
    /// Who sent it: an id as JSON text.
    pub src: String,
    /// Whom it is for: a destination as JSON text.
    pub dst: String,
    /// The frame as it will be delivered; always there. (`None` was stored by an older version, for an attempt that has failed.)
    pub frame: Option<String>,
    /// The network of the sender. Not stored.
    pub network: NetworkNumber,
}

impl Waiting {
    fn expired(&self) -> Expired {
        Expired { src: self.src.clone(), dst: self.dst.clone() }
    }

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
    /// Rows to store.
    pub store: Vec<Waiting>,
    /// Rows to delete.
    pub delete: Vec<u64>,
    /// Attempts that have failed just now.
    pub expired: Vec<Expired>,
}

impl Change {
    fn extend(&mut self, more: Self) {
        self.store.extend(more.store);
        self.delete.extend(more.delete);
        self.expired.extend(more.expired);
    }
}

/// What there is not enough of: of rows or bytes, for one absent peer or for all.
#[derive(Clone, Copy)]
struct Lack {
    for_peer: bool,
    bytes: bool,
}

fn add(sum: &mut usize, more: usize) {
    *sum = sum.saturating_add(more);
}

/// The queue.
#[derive(Debug, Default)]
pub struct Queue {
    /// In the order of their numbers.
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

    /// Lets a frame wait: a row whose numbers are yet to be given. The attempt that it would be part of fails at once when it
    /// does not fit, or when `allowed` says that so much may not be stored. What comes `late`, after its attempt has failed, is dropped.
    pub fn push(&mut self, kind: Kind, late: bool, row: Waiting, allowed: impl FnOnce(u64) -> bool) -> Change {
        // An offer begins an attempt, whatever there was before.
        let followed = self.rows.iter().rev().find(|old| kind != Kind::Offer && old.src == row.src && old.dst == row.dst);
        if followed.is_none() && late && kind != Kind::Offer {
            return Change::default();
        }
        if row.dst.len() > MAX_DESTINATION_BYTES {
            // Nobody can have that id: there is nothing to wait for, and nothing to remember.
            return Change { expired: vec![row.expired()], ..Change::default() };
        }
        let seq = self.next;
        let cost = if followed.is_some() { 1 } else { ATTEMPT_COST };
        let (attempt, due) = followed.map_or((seq, row.due), |old| (old.attempt, old.due));
        self.next = seq.saturating_add(1);
        let row = Waiting { seq, attempt, due, ..row };
        if !allowed(cost) {
            return self.fail(&row);
        }
        let mut change = Change::default();
        for _ in 0..=MAX_GIVEN_UP {
            let Some(lack) = self.lack(&row) else {
                self.rows.push(row.clone());
                change.store.push(row);
                return change;
            };
            let Some(heavier) = self.heavier(lack, &row) else {
                break;
            };
            change.extend(self.fail(&heavier));
        }
        change.extend(self.fail(&row));
        change
    }

    /// What there is not enough of for another row.
    fn lack(&self, new: &Waiting) -> Option<Lack> {
        let (mut count, mut peers_bytes, mut bytes) = (1_usize, new.bytes(), new.bytes());
        for row in &self.rows {
            bytes = bytes.saturating_add(row.bytes());
            if row.dst == new.dst {
                count = count.saturating_add(1);
                peers_bytes = peers_bytes.saturating_add(row.bytes());
            }
        }
        match () {
            () if count > MAX_WAITING_PER_PEER => Some(Lack { for_peer: true, bytes: false }),
            () if peers_bytes > MAX_WAITING_BYTES_PER_PEER => Some(Lack { for_peer: true, bytes: true }),
            () if self.rows.len() >= MAX_WAITING_ROWS => Some(Lack { for_peer: false, bytes: false }),
            () if bytes > MAX_WAITING_BYTES => Some(Lack { for_peer: false, bytes: true }),
            () => None,
        }
    }

    /// A row of the attempt that gives way to a new one. Of the network with the most waiting it takes the sender with the most, and of that
    /// sender the largest attempt (the last of equals). `None` if the new one's sender would have as much.
    fn heavier(&self, lack: Lack, new: &Waiting) -> Option<Waiting> {
        let weight = |row: &Waiting| if lack.bytes { row.bytes() } else { 1 };
        let rows = || self.rows.iter().filter(|row| !lack.for_peer || row.dst == new.dst);
        // Which network a row came from is forgotten in a sleep; that of the sender who is here is known.
        let of = |row: &Waiting| if row.src == new.src { new.network } else { row.network };
        let mut networks: HashMap<NetworkNumber, usize> = HashMap::new();
        let mut senders: HashMap<(NetworkNumber, &str), usize> = HashMap::new();
        for row in rows().chain([new]) {
            add(networks.entry(of(row)).or_default(), weight(row));
            add(senders.entry((of(row), &row.src)).or_default(), weight(row));
        }
        let theirs = |network| networks.get(&network).copied().unwrap_or(0);
        let its = |network, src: &str| senders.get(&(network, src)).copied().unwrap_or(0);
        // The first of those that are alike is whoever has the oldest row, so that the answer is the same each time.
        let network = rows().map(of).reduce(|most, it| if theirs(it) > theirs(most) { it } else { most })?;
        let of_network = || rows().filter(|row| of(row) == network);
        let src =
            of_network().reduce(|most, it| if its(network, &it.src) > its(network, &most.src) { it } else { most })?.src.as_str();
        let (most, mine) = (its(network, src), its(new.network, &new.src));
        let gives_way = match network == new.network {
            true => most > mine,
            false => theirs(network) > theirs(new.network) && most.saturating_mul(TIMES_HEAVIER) > mine,
        };
        if !gives_way {
            return None;
        }
        let mut attempts: HashMap<u64, usize> = HashMap::new();
        let mut its_rows = of_network().filter(|row| row.src == src);
        its_rows.clone().for_each(|row| add(attempts.entry(row.attempt).or_default(), weight(row)));
        let (attempt, _) = attempts.into_iter().max_by_key(|(attempt, weight)| (*weight, *attempt))?;
        its_rows.find(|row| row.attempt == attempt).cloned()
    }

    /// Ends the attempt of a row without delivery.
    fn fail(&mut self, last: &Waiting) -> Change {
        let delete = self.remove(|row| row.attempt == last.attempt);
        Change { store: Vec::new(), delete, expired: vec![last.expired()] }
    }

    /// Takes all frames for a peer who has come, in order, and the numbers of the rows to delete.
    pub fn take(&mut self, dst: &Destination) -> (Vec<String>, Vec<u64>) {
        let mut frames = Vec::new();
        let delete = self.remove(|row| {
            let mine = row.dst == dst.json;
            if mine {
                frames.extend(row.frame.take());
            }
            mine
        });
        (frames, delete)
    }

    /// Ends all attempts whose time is up. All at once: whoever fills the queue is to hold up nobody when it empties.
    pub fn expire(&mut self, now: Millis) -> Change {
        let mut failed: Vec<(u64, Expired)> = Vec::new(); // each attempt, by its number
        let delete = self.remove(|row| {
            let ended = row.due <= now;
            if ended && row.frame.is_some() {
                if let Err(place) = failed.binary_search_by_key(&row.attempt, |(attempt, _)| *attempt) {
                    failed.insert(place, (row.attempt, row.expired()));
                }
            }
            ended
        });
        Change { store: Vec::new(), delete, expired: failed.into_iter().map(|(_, expired)| expired).collect() }
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
