//! Beckon: WebRTC signalling on the edge.
//!
//! Two browsers that want to talk directly must first be introduced. This crate is the introducer: a Cloudflare Worker
//! whose Durable Objects hold the sockets of the peers in a *realm* and pass offers, answers and candidates between them.
//!
//! ```text
//! browser --HTTP/WS--> edge --Route--> room --Event--> realm --Effect--> room --> sockets, storage, alarm, other rooms
//! ```
//!
//! In the order in which a frame meets them:
//!
//! * [`route`]: method, path and query become a [`route::Route`]; the only place that reads URLs.
//! * `edge` *(wasm32)*: the fetch event; answers what needs no realm, hands upgrades to the realm's home.
//! * [`answer`]: HTTP answers as data. [`placement`]: which object is the home of a peer. [`outbox`]: what
//!   leaves together: in a burst, and from one home to another.
//! * `room` *(wasm32)*: the Durable Object; platform callbacks in, effects out. `awake`: what it has in memory; `store`: what outlives its
//!   sockets; `errands`: what takes longer than an event. `platform`, `socket`, `crypto`: the runtime, as far as they use it.
//! * [`realm`]: the state machine, with no platform, clock or randomness in it. It uses [`message`] (frames as they are on
//!   the wire), [`json`] (how they are read), [`queue`] (frames for peers who are not here yet), [`reserve`] (ids kept for owners who
//!   are away), [`guesses`] (who guesses tokens), [`bucket`] and [`networks`] (how
//!   much one socket, and one address, may), [`passage`] (what homes tell each other of a frame), [`member`] (what a socket remembers while the object sleeps), [`effect`] (all that it can say to the world) and
//!   [`refusal`] (why it says no).
//! * [`statement`]: tokens that an application's own login has signed. [`ice`]: the servers that help through NATs; `mint` *(wasm32)*
//!   makes the credentials for them. `report` *(wasm32)*: what the operator is told, with [`tally`] to add it up. [`address`]: who asks. [`id`], [`limits`],
//!   [`settings`]: names, numbers, variables.
//!
//! The wire protocol is PeerServer's; what Beckon adds to it is written down in [`message`].

#![forbid(unsafe_code)]
#![warn(missing_docs, unreachable_pub)]
// A panic spends the whole Wasm instance, with every realm in it: whatever could panic is refused here. So is the order of a hash
// map, which is another in each process: two runs would have two orders of effects.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::iter_over_hash_type,
    clippy::panic,
    clippy::string_slice,
    clippy::todo,
    clippy::unimplemented,
    clippy::unreachable,
    clippy::unwrap_used
)]

pub mod address;
pub mod answer;
pub mod bucket;
pub mod effect;
pub mod guesses;
pub mod ice;
pub mod id;
pub mod json;
pub mod limits;
pub mod member;
pub mod members;
pub mod message;
pub mod networks;
pub mod outbox;
pub mod passage;
pub mod placement;
pub mod queue;
pub mod realm;
pub mod refusal;
pub mod reserve;
pub mod route;
pub mod settings;
pub mod statement;
pub mod tally;

#[cfg(target_arch = "wasm32")]
mod awake;
#[cfg(target_arch = "wasm32")]
mod crypto;
#[cfg(target_arch = "wasm32")]
mod edge;
#[cfg(target_arch = "wasm32")]
mod errands;
#[cfg(target_arch = "wasm32")]
mod mint;
#[cfg(target_arch = "wasm32")]
mod platform;
#[cfg(target_arch = "wasm32")]
mod report;
#[cfg(target_arch = "wasm32")]
mod room;
#[cfg(target_arch = "wasm32")]
mod socket;
#[cfg(target_arch = "wasm32")]
mod store;
