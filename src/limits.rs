//! Every number, with its unit and its reason. What an operator may want to change is a variable: see [`crate::settings`],
//! whose defaults are here too.

use crate::json;
use serde::Serialize;

/// A moment, in milliseconds since 1970 (UTC). Handed in by the shell; the core has no clock.
pub type Millis = u64;

/// Longest peer id, in bytes. A socket's attachment holds at most 16 KiB, and in it an id may need six bytes for one.
pub const MAX_ID_BYTES: usize = 512;

/// Longest realm key, in bytes. It becomes part of a Durable Object's name.
pub const MAX_KEY_BYTES: usize = 256;

/// Longest token, in bytes: room for a signed statement such as a JWT. Only a digest of it is kept.
pub const MAX_TOKEN_BYTES: usize = 4096;

/// Longest frame from a stock client, in bytes: a payload of 256 KiB (a media offer has 6 kB, but an application's metadata
/// rides in it) and its envelope.
pub const MAX_FRAME_BYTES: usize = 272 * 1024;

/// Room for the text of a frame that an object keeps from one to the next, in bytes: three for each character of the longest
/// introduction.
pub const KEPT_TEXT_BYTES: usize = 32 * 1024;

/// Longest frame in a room, in bytes: introductions and single clicks; nothing else has reason to pass through the server.
pub const MAX_ROSTER_FRAME_BYTES: usize = 64 * 1024;

/// Frames that may wait for one absent peer. One connection attempt is an offer and some ten candidates, and a class of
/// thirty may dial a teacher who is just reloading the page.
pub const MAX_WAITING_PER_PEER: usize = 512;

/// Bytes that may wait for one absent peer: such a class's, or three frames of the largest size.
pub const MAX_WAITING_BYTES_PER_PEER: usize = 1024 * 1024;

/// Bytes that may wait in one object, for all its absent peers, names and failed attempts included. They are held in its
/// 128 MB of memory while it is awake.
pub const MAX_WAITING_BYTES: usize = 4 * 1024 * 1024;

/// Rows of the queue in one object. Each is written and deleted once, and looked at whenever another one comes.
pub const MAX_WAITING_ROWS: usize = 4_096;

/// Longest destination that anything waits for, in bytes of JSON: no id is longer, however it is escaped.
pub const MAX_DESTINATION_BYTES: usize = 6 * MAX_ID_BYTES + 2;

/// Bytes that may be on their way to one other home: a burst, but not the backlog of a home that hangs.
pub const MAX_OUTBOX_BYTES: usize = 4 * 1024 * 1024;

/// How many of each other home's parcels are remembered, so that one that comes again, late, is known.
pub const PARCELS_REMEMBERED: usize = 4;

/// Bytes that another home hands over at once, at most: its whole backlog, and what stands between the frames.
pub const MAX_PARCEL_BYTES: usize = 2 * MAX_OUTBOX_BYTES;

/// The most homes that the public realm may have. Some questions go to all of them, and the free plan allows 50 such
/// subrequests; 32 homes hold more than a million idle sockets.
pub const MAX_PUBLIC_HOMES: u16 = 32;

/// How long a failed attempt is remembered, in milliseconds, so that its late candidates are not taken for another attempt:
/// browsers gather candidates for tens of seconds at worst.
pub const FAILED_ATTEMPT_MEMORY_MS: u64 = 30_000;

/// How many failed attempts one object remembers.
pub const MAX_FAILED_ATTEMPTS: usize = 1_000;

/// Default of `EXPIRE_TIMEOUT_MS`: PeerServer's `expire_timeout`.
pub const EXPIRE_TIMEOUT_MS: u64 = 5_000;

/// Default of `CONCURRENT_LIMIT`, in peers: PeerServer's `concurrent_limit`.
pub const CONCURRENT_LIMIT: usize = 5_000;

/// Default of `PEERS_PER_NETWORK`, in peers: more than a school has devices, which is one address; less than it takes to fill a realm.
pub const PEERS_PER_NETWORK: usize = 1_000;

/// The longest time that a variable may be, in milliseconds: a century, which is "never", and still a date that an alarm can be set for.
pub const MAX_TIME_MS: u64 = 100 * 366 * 86_400_000;

/// Wrong tokens from one network that are looked at for one id in [`GUESSES_PERIOD_MS`], where they are short enough to be guessed.
/// Somebody who reloads a page whose old socket is still there makes one a second at most, and needs none of them to be right.
pub const MAX_GUESSES: u32 = 10;

/// How many guessers one object remembers, each with the id that it guesses at: more than guess at a time.
pub const MAX_GUESSERS: usize = 1_024;

/// For how long wrong tokens are counted, in milliseconds.
pub const GUESSES_PERIOD_MS: u64 = 60_000;

/// Default of `ALIVE_TIMEOUT_MS`: PeerServer's `alive_timeout`.
pub const ALIVE_TIMEOUT_MS: u64 = 90_000;

/// How long a socket may be silent, in milliseconds, before somebody's asking for its peer raises the question whether it
/// lives. Two of the stock client's heartbeats.
pub const DOUBTFUL_AFTER_MS: u64 = 10_000;

/// Bytes of ids that a doubtful socket's attachment keeps, so that their owners are told if it turns out to be dead.
pub const MAX_ASKERS_BYTES: usize = 1024;

/// Characters from which on a token proves ownership for longer than its socket lives: 128 bits in base64url. The stock
/// client's own tokens have about 10.
pub const LASTING_TOKEN_CHARS: usize = 22;

/// Default of `OWNER_GRACE_MS`: how long such a token keeps its id after the socket is gone.
pub const OWNER_GRACE_MS: u64 = 60_000;

/// How long a peer must have been here before its id is kept for it, in milliseconds, the first time, where `OWNER_GRACE_MS` is not less:
/// throw-away sockets that crowd others out of what is kept cost a minute each. Whoever is gone before that has its id back as well,
/// unless somebody else was quicker; and who comes back to an id that was kept has earned it for good.
pub const EARNED_AFTER_MS: u64 = 60_000;

/// Ids that one object keeps for owners who are away. When there are as many, no more are kept.
pub const MAX_RESERVED: usize = 1_000;

/// Ids that are kept for owners of one network address: a household or a class, but not a squatter's list.
pub const MAX_RESERVED_PER_CLIENT: usize = 8;

/// Default of `ROOM_CAPACITY`, in peers. Everyone in a room is connected to everyone: 16 peers are 120 connections.
pub const ROOM_CAPACITY: usize = 16;

/// Default of `FRAMES_PER_SECOND`: what one socket may send in the long run. Opening 30 connections at once is some 300
/// frames, which the burst allows; nobody keeps that up.
pub const FRAMES_PER_SECOND: u32 = 50;

/// How many seconds' worth of frames a socket may send at once after having been quiet.
pub const FRAME_BURST_SECONDS: u32 = 20;

/// Default of `TURN_TTL_S`, in seconds: long enough that a class does not notice, short enough that a copied credential is soon
/// worth nothing.
pub const TURN_TTL_S: u64 = 3_600;

/// The least and the most that `TURN_TTL_S` may be. Peers ask again after 80 % of it; Cloudflare's API takes two days at most.
pub const TURN_TTLS_S: std::ops::RangeInclusive<u64> = 60..=86_400;

/// How long an answer without the TURN servers that it should have is good for, in seconds: who gets it soon asks again.
pub const DEGRADED_TTL_S: u64 = 60;

/// How long a socket must wait before it asks for ICE servers once more, in milliseconds. It has reason to after 48 s at the
/// earliest.
pub const ICE_PAUSE_MS: u64 = 10_000;

/// How many seconds somebody is told to wait whose network has asked for too much: `period` of the limits in wrangler.toml.
pub const LIMIT_PERIOD_S: u64 = 60;

/// Of how many events in one millisecond an object sends the frames at once; those of the rest of a burst leave together, about a
/// millisecond later. A frame that is sent by itself costs the platform more than all that we do with it.
pub const SENT_AT_ONCE: u32 = 2;

/// How many frames that were passed on are counted at once, for `METRICS`: an introduction has about as many.
pub const RELAYS_COUNTED: u32 = 16;

/// How often an object writes how much of one kind it has refused, in milliseconds, for `METRICS`.
pub const WRITTEN_EVERY_MS: u64 = 1_000;

/// How often an object that refuses says so in the log, in milliseconds.
pub const LOGGED_EVERY_MS: u64 = 60_000;

/// How long Cloudflare's TURN API may take, in milliseconds: the first peer in a room waits for it.
pub const TURN_API_TIMEOUT_MS: u32 = 1_500;

/// For how long an answer of Cloudflare's TURN API is used, in milliseconds.
pub const TURN_API_CACHE_MS: u64 = 60_000;

/// How long Cloudflare's TURN API is not asked after it has failed, in milliseconds, so that not everybody waits for it.
pub const TURN_API_RETRY_MS: u64 = 15_000;

/// A token bucket: how much of an allowance is left. Time is handed in.
///
/// Its socket remembers it, so that an object that is thrown out of memory does not give everybody a full one. A write for every
/// frame would be too much for that: it is written when the object has just woken, and then after half a bucket of frames. Who
/// sends 30 offers does not cause one write; who floods gains no more by an eviction than half a bucket, as long as it takes an
/// object to fall asleep.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bucket {
    /// Thousandths of a frame that have been taken and are not yet refilled.
    #[serde(rename = "m")]
    missing: u64,
    /// When `missing` was last brought up to date.
    #[serde(rename = "a")]
    at: Millis,
    /// Thousandths of a frame that have been taken since its socket last remembered it.
    #[serde(skip)]
    unnoted: u64,
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
        Self { unnoted: u64::MAX, ..self }
    }

    fn capacity(per_second: u32) -> u64 {
        u64::from(per_second).saturating_mul(FRAME_BURST_SECONDS.into()).saturating_mul(1000)
    }

    /// Takes one frame from the bucket; `false` when it is empty. A rate of 0 means that there is no limit.
    pub fn take(&mut self, per_second: u32, now: Millis) -> bool {
        if per_second == 0 {
            return true;
        }
        let refilled = now.saturating_sub(self.at).saturating_mul(per_second.into());
        self.missing = self.missing.saturating_sub(refilled);
        self.at = now;
        let missing = self.missing.saturating_add(1000);
        if missing > Self::capacity(per_second) {
            return false;
        }
        self.missing = missing;
        self.unnoted = self.unnoted.saturating_add(1000);
        true
    }

    /// Whether it is time that its socket remembers it. Whoever is told so has to see to that.
    pub fn note(&mut self, per_second: u32) -> bool {
        let due = per_second > 0 && self.unnoted > Self::capacity(per_second) / 2;
        if due {
            self.unnoted = 0;
        }
        due
    }
}
