//! What an object refuses, added up: a flood must not write a data point and a line of the log for each of its frames.

use crate::limits::{Millis, LOGGED_EVERY_MS, WRITTEN_EVERY_MS};
use std::collections::BTreeMap;

/// How many of something, and how many bytes they were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many.
    pub times: u32,
    /// Their bytes.
    pub bytes: u64,
}

impl Sum {
    fn add(&mut self, other: Self) {
        self.times = self.times.saturating_add(other.times);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

#[derive(Debug, Default)]
struct Entry {
    unwritten: Sum,
    unlogged: Sum,
    written_at: Option<Millis>,
}

/// The sums of one object, by what they are of. There are as many as there are codes. In memory only: an object that
/// sleeps loses the last second's counts, and the last minute's line of the log, at most.
#[derive(Debug, Default)]
pub struct Metrics {
    entries: BTreeMap<&'static str, Entry>,
    logged_at: Option<Millis>,
    /// Whether anything is to be told, now or later.
    open: bool,
}

impl Metrics {
    /// Counts rows that were written, for the dataset alone.
    pub fn note_rows(&mut self, rows: u32) {
        self.entry("row").unwritten.add(Sum { times: rows, bytes: 0 });
    }

    /// Counts a refusal of so many bytes.
    pub fn note(&mut self, code: &'static str, bytes: usize) {
        let sum = Sum { times: 1, bytes: bytes as u64 };
        let entry = self.entry(code);
        entry.unwritten.add(sum);
        entry.unlogged.add(sum);
    }

    fn entry(&mut self, what: &'static str) -> &mut Entry {
        self.open = true;
        self.entries.entry(what).or_default()
    }

    /// What is to be written into the dataset now: each of them at once when it is the first for a while, and then once a second.
    pub fn points(&mut self, now: Millis) -> Vec<(&'static str, Sum)> {
        let mut points = Vec::new();
        if self.open {
            for (what, entry) in &mut self.entries {
                if entry.unwritten.times > 0 && is_due(entry.written_at, WRITTEN_EVERY_MS, now) {
                    entry.written_at = Some(now);
                    points.push((*what, std::mem::take(&mut entry.unwritten)));
                }
            }
        }
        points
    }

    /// The line for the log, once a minute while there is something in it: codes, how often, how many bytes. Nobody's name is in it, and
    /// not even the object's, which may be a room's address.
    pub fn line(&mut self, now: Millis) -> Option<String> {
        if !self.open || !is_due(self.logged_at, LOGGED_EVERY_MS, now) {
            return None;
        }
        let mut told = Vec::new();
        for (code, entry) in &mut self.entries {
            let Sum { times, bytes } = std::mem::take(&mut entry.unlogged);
            if times > 0 {
                told.push(format!(r#""{code}":{{"times":{times},"bytes":{bytes}}}"#));
            }
        }
        self.open = self.entries.values().any(|entry| entry.unwritten.times > 0);
        if told.is_empty() {
            return None;
        }
        self.logged_at = Some(now);
        Some(format!(r#"{{"refused":{{{}}}}}"#, told.join(",")))
    }
}

fn is_due(last: Option<Millis>, every: Millis, now: Millis) -> bool {
    last.is_none_or(|last| now.saturating_sub(last) >= every)
}
