//! Whatever comes in: a million frames, and thousands of addresses, tokens, attachments and whole lives of peers, from a seeded
//! generator. The targets are those of `cargo fuzz` (tests/fuzz/).
//!
//! Each run takes another seed and prints it. `BECKON_SEED=<seed>` repeats a run, `BECKON_TIMES=<n>` makes it n times as long.
mod world;

#[path = "fuzz/targets/mod.rs"]
mod targets;

use std::panic::{catch_unwind, resume_unwind};
use std::time::{SystemTime, UNIX_EPOCH};

/// Feeds a target with `count` inputs of up to `longest` bytes. Says how to get an input again that it fails on.
fn feed(name: &str, target: fn(&[u8]), count: u64, longest: usize) {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first =
        number("BECKON_SEED").unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64 >> 20);
    let count = count * number("BECKON_TIMES").unwrap_or(1);
    println!("{name}: BECKON_SEED={first}, {count} inputs");
    let mut bytes = Vec::new();
    for seed in first..first.saturating_add(count) {
        let mut chance = Chance(seed);
        let length = chance.next() as usize % longest + 1;
        bytes.clear();
        bytes.extend(std::iter::repeat_with(|| chance.next().to_le_bytes()).flatten().take(length));
        if let Err(panic) = catch_unwind(|| target(&bytes)) {
            println!("{name} fails on the input of BECKON_SEED={seed}");
            resume_unwind(panic);
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): small, and any seed is a good one.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}

#[test]
fn a_million_frames_mean_what_peer_server_takes_them_for() {
    feed("frames", targets::frames::frames, 1_000_000, 200);
}

#[test]
fn ten_thousand_lives_of_peers_keep_every_promise() {
    feed("sequences", targets::sequences::sequences, 10_000, 600);
}

#[test]
fn names_come_out_of_addresses_as_they_went_in() {
    feed("urls", targets::urls::urls, 100_000, 200);
}

#[test]
fn what_a_socket_remembers_comes_back() {
    feed("attachments", targets::attachments::attachments, 100_000, 200);
}

#[test]
fn statements_allow_one_id_in_their_time() {
    feed("tokens", targets::tokens::tokens, 100_000, 120);
}
