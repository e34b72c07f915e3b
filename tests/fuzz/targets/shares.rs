//! Who gives way when what may wait is full, for the model: by lists that are sorted.

use beckon::client::NetworkNumber;
use beckon::limits::{MAX_WAITING_BYTES, MAX_WAITING_BYTES_PER_PEER, MAX_WAITING_PER_PEER, MAX_WAITING_ROWS, TIMES_HEAVIER};
use beckon::realm::placement::Home;
use std::collections::BTreeMap;

/// A frame for an absent peer.
#[derive(Clone)]
pub struct Row {
    pub home: Home,
    pub attempt: usize,
    pub due: u64,
    pub network: NetworkNumber,
    pub src: String,
    pub dst: String,
    pub frame: String,
    /// What it takes: its texts, the sender's as JSON, and what is around them.
    bytes: usize,
}

impl Row {
    pub fn new((home, attempt): (Home, usize), due: u64, network: NetworkNumber, [src, dst, frame]: [String; 3]) -> Self {
        let bytes = 64 + frame.len() + super::javascript::stringify(&src).len() + dst.len();
        Self { home, attempt, due, network, src, dst, frame, bytes }
    }
}

/// `None` when a new row fits; else the row whose attempt gives way to it, if one does.
pub fn gives_way(rows: &[Row], new: &Row) -> Option<Option<Row>> {
    let here: Vec<&Row> = rows.iter().filter(|row| row.home == new.home).collect();
    let theirs: Vec<&Row> = here.iter().copied().filter(|row| row.dst == new.dst).collect();
    let bytes = |rows: &[&Row]| rows.iter().map(|row| row.bytes).sum::<usize>() + new.bytes;
    let (rows, by_bytes) = if theirs.len() >= MAX_WAITING_PER_PEER {
        (theirs, false)
    } else if bytes(&theirs) > MAX_WAITING_BYTES_PER_PEER {
        (theirs, true)
    } else if here.len() >= MAX_WAITING_ROWS {
        (here, false)
    } else if bytes(&here) > MAX_WAITING_BYTES {
        (here, true)
    } else {
        return None;
    };
    let of = |row: &Row| if row.src == new.src { new.network } else { row.network };
    let (mut networks, mut senders) = (BTreeMap::new(), BTreeMap::new());
    for row in rows.iter().copied().chain([new]) {
        let weight = if by_bytes { row.bytes } else { 1 };
        *networks.entry(of(row)).or_default() += weight;
        *senders.entry((of(row), &row.src)).or_default() += weight;
    }
    let network = |row: &Row| -> usize { networks[&of(row)] };
    let sender = |row: &Row| -> usize { senders[&(of(row), &row.src)] };
    let most = of(first_of_most(rows.iter().map(|row| (network(row), *row)))?);
    let rows = || rows.iter().copied().filter(|row| of(row) == most);
    let victim = first_of_most(rows().map(|row| (sender(row), row)))?;
    let gives_way = if most == new.network {
        sender(victim) > sender(new)
    } else {
        network(victim) > network(new) && sender(victim) * TIMES_HEAVIER > sender(new)
    };
    let its = || rows().filter(|row| row.src == victim.src);
    let size = |attempt: usize| {
        its().filter(|row| row.attempt == attempt).map(|row| if by_bytes { row.bytes } else { 1 }).sum::<usize>()
    };
    let attempt = its().map(|row| (size(row.attempt), row.attempt)).max()?.1;
    Some(its().find(|row| row.attempt == attempt).filter(|_| gives_way).cloned())
}

fn first_of_most<'a>(rows: impl Iterator<Item = (usize, &'a Row)>) -> Option<&'a Row> {
    rows.reduce(|most, it| if it.0 > most.0 { it } else { most }).map(|(_, row)| row)
}
