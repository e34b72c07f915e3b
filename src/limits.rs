//! Every number, with its unit and its reason. What an operator may want to change is a variable: see [`crate::settings`],
//! whose defaults are here too.

pub use crate::allowance::Rate;

/// A moment, in milliseconds since 1970 (UTC). The Worker hands it in; the realm has no clock.
pub type Millis = u64;

/// Longest peer id, in bytes. A socket's attachment holds at most 16 KiB, and in it an id may need six bytes for one.
pub const MAX_ID_BYTES: usize = 512;

/// Longest realm key, in bytes. It becomes part of a Durable Object's name.
pub const MAX_KEY_BYTES: usize = 256;

/// Longest token, in bytes: room for a JWT. Only a digest of it is kept.
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

/// Bytes that may wait in one object, for all its absent peers, names included. They are held in its
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

/// How long a socket remembers whom it was told to be absent, in milliseconds, so that late candidates are not taken for another
/// attempt: browsers gather candidates for tens of seconds at worst.
pub const ABSENTEE_MEMORY_MS: u64 = 30_000;

/// How many of them a socket remembers: what opens 30 connections at once, twice.
pub const MAX_ABSENTEES: usize = 64;

/// How many attempts of heavier senders are given up for one frame, at most, before it is the one that does not fit.
pub const MAX_GIVEN_UP: usize = 16;

/// A sender of another network takes a heavier sender's place only while it has less than the heavier one's waiting times this.
pub const TIMES_HEAVIER: usize = 8;

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

/// How long a silent member of a full room has to answer, in milliseconds, before its seat is somebody else's: a phone that must wake
/// its radio takes two seconds or three. A hidden page answers at once, for its timers sleep and its messages do not.
pub const ANSWER_WITHIN_MS: u64 = 4_000;

/// Bytes of ids that a doubtful socket's attachment keeps, so that their owners are told if it turns out to be dead.
pub const MAX_ASKERS_BYTES: usize = 1024;

/// Characters from which on a token proves ownership for longer than its socket lives: 128 bits in base64url. The stock
/// client's own tokens have about 10.
pub const LASTING_TOKEN_CHARS: usize = 22;

/// How far the clock of who signs ids may be ahead of ours, in milliseconds: RFC 7519 (4.1.5) speaks of no more than a few minutes.
pub const JWT_LEEWAY_MS: u64 = 60_000;

/// Default of `OWNER_GRACE_MS`: how long such a token keeps its id after the socket is gone.
pub const OWNER_GRACE_MS: u64 = 60_000;

/// How long a peer must have been here before its id is kept for it, in milliseconds, the first time, where `OWNER_GRACE_MS` is not less:
/// throw-away sockets that crowd others out of what is kept cost a minute each. Whoever is gone before that has its id back as well,
/// unless somebody else was quicker; and who comes back to an id that was kept has earned it for good.
pub const EARNED_AFTER_MS: u64 = 60_000;

/// Ids that one object keeps for owners who are away. When there are as many, no more are kept.
pub const MAX_RESERVED: usize = 1_000;

/// Ids that are kept for owners of one network address: a household or a class, but not a squatter's list. In a room it is as many as may
/// be in it (`ROOM_CAPACITY`): those who all lost the same network all come back.
pub const MAX_RESERVED_PER_CLIENT: usize = 8;

/// Peers that one object keeps out because they were kicked. When there are as many, the one whose time ends first may come back.
pub const MAX_BANS: usize = 1_000;

/// The longest time that a kicked peer is kept out, in milliseconds: a year.
pub const MAX_BAN_MS: u64 = 366 * 86_400_000;

/// Longest reason in a close frame, in bytes (RFC 6455, 5.5).
pub const MAX_REASON_BYTES: usize = 123;

/// Default of `ROOM_CAPACITY`, in peers. Everyone in a room is connected to everyone: 16 peers are 120 connections.
pub const ROOM_CAPACITY: usize = 16;

/// Default of `FRAMES_PER_SECOND`: what one socket may send in the long run. Opening 30 connections at once is some 300
/// frames, which the burst allows; nobody keeps that up.
pub const FRAMES_PER_SECOND: u32 = 50;

/// How many seconds' worth of frames a socket may send at once after having been quiet.
pub const FRAME_BURST_SECONDS: u64 = 20;

/// Default of `BYTES_PER_SECOND`: what one socket may send in the long run, as text, however it was compressed on its way. Opening 30
/// connections with media offers at once is 300 kB, and a payload of 256 KiB now and then is one every four seconds; nobody keeps that up,
/// but a tunnel would.
pub const BYTES_PER_SECOND: u32 = 64 * 1024;

/// How many seconds' worth of bytes a socket may send at once after having been quiet: 2 MiB.
pub const BYTE_BURST_SECONDS: u64 = 32;

/// How many times what one socket may send (`BYTES_PER_SECOND`) one socket is sent, at most: 4 MiB at once, where a class of 40 that dials
/// a teacher is 400 kB. One that reads nothing costs the object's memory (128 MB) no more than that, and twice 64 KiB a second until it has
/// given no sign of life for half of `ALIVE_TIMEOUT_MS`: 10 MB in all.
pub const RECEIVER_SHARE: u64 = 2;

/// How many times what one socket may send, be sent and have stored a network may. A school is one address: a class of 40 that opens 30
/// connections each at once sends 11 MB of the 32 MiB; a thousand devices that open one each, as much.
pub const NETWORK_SHARE: u64 = 16;

/// The part of a receiver's and a network's allowance that is kept for those who use little of it, as a divisor: the last quarter.
pub const RESERVED_PART: u64 = 4;

/// What is little: as many bytes as ten connections take, and what is left of them half a minute later.
pub const LITTLE: Rate = Rate { per_second: 4 * 1024, at_once: 128 * 1024 };

/// What one socket may have stored for absent peers. A frame counts once, an attempt [`ATTEMPT_COST`] times: 500 candidates for one peer
/// may wait, and so may 30 attempts of an offer and ten candidates each, at once; in the long run it is an attempt every two seconds
/// and more. Each is written and deleted, and rows are what is paid for.
pub const STORED: Rate = Rate { per_second: 4, at_once: 640 };

/// What an attempt costs of that: it brings an alarm with it, and somebody to be told.
pub const ATTEMPT_COST: u64 = 8;

/// How many senders of other homes, and how many networks, one object remembers the allowances of: more than are there at a time.
pub const ALLOWANCES_REMEMBERED: usize = 4_096;

/// Times for the alarm are rounded up to this, in milliseconds. So several that are close together are one alarm.
pub const TICK_MS: u64 = 250;

/// How many sockets with a roster one network may open in one room. A room of 16 that loads its page again is 16; a page that is told of
/// more than two newcomers a second for long has other things to do.
pub const ROSTER_JOINS: Rate = Rate { per_second: 2, at_once: 120 };

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

/// The first so many events in a millisecond are sent at once. The frames of later ones are batched, and leave about a millisecond later.
/// A frame that is sent by itself costs the platform more than all that we do with it.
pub const SENT_AT_ONCE: u32 = 2;

/// How many frames that were passed on are counted at once, for `METRICS`: an introduction has about as many.
pub const RELAYED_FRAMES_COUNTED: u32 = 16;

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
