//! Whatever comes in: a million frames, and thousands of addresses, tokens, attachments and whole lives of peers, from a seeded
//! generator. The targets are those of `cargo fuzz` (tests/fuzz/).
//!
//! The seeds are those of tests/seeds/seeds.txt. `BECKON_SEED=<seed>` begins with that one, `BECKON_TIMES=<n>` (20, or 0.1) makes it n times as
//! long, `npm run explore` looks for new ones.
use crate::{seeds, targets};
use std::panic::{catch_unwind, resume_unwind};

/// Feeds a target with `count` inputs of up to `longest` bytes. Says how to get an input again that it fails on.
fn feed(name: &str, target: fn(&[u8]), count: u64, longest: usize) {
    let times = std::env::var("BECKON_TIMES").map_or(1.0, |times| times.parse().unwrap());
    let firsts = seeds::of(name);
    let each = ((count as f64 * times) as u64).div_ceil(firsts.len() as u64);
    let mut bytes = Vec::new();
    for first in firsts {
        println!("{name}: BECKON_SEED={first}, {each} inputs");
        for seed in first..first.saturating_add(each) {
            let mut chance = Chance(seed);
            let length = chance.next() as usize % longest + 1;
            bytes.clear();
            bytes.extend(std::iter::repeat_with(|| chance.next().to_le_bytes()).flatten().take(length));
            if let Err(panic) = catch_unwind(|| target(&bytes)) {
                println!("{name} fails with BECKON_SEED={seed}");
                resume_unwind(panic);
            }
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
fn json_is_what_serde_json_takes_for_it() {
    feed("json", targets::json::json, 200_000, 200);
}

#[test]
fn ten_thousand_lives_of_peers_keep_every_promise() {
    feed("sequences", targets::sequences::sequences, 10_000, 600);
}

#[test]
fn whoever_is_kicked_amid_anything_stays_out() {
    feed("kicks", targets::sequences::kicks, 2_000, 600);
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

#[test]
fn the_tests_read_whatever_may_be_relayed() {
    let deep = "[".repeat(500) + &"]".repeat(500);
    for value in ["1e999", "-1e400", "1e-999", "18446744073709551616", r#""\ud800""#, r#"{"a":1,"a":2}"#, &deep] {
        let frame = format!(r#"{{"type":"OFFER","src":{value},"dst":"bob","payload":{value}}}"#);
        let fields = targets::javascript::Fields::read(&frame).unwrap();
        assert_eq!((fields.raw("payload"), fields.text("src")), (Some(value), None));
        assert_eq!(fields.text("dst").as_deref(), Some("bob"));
    }
}
