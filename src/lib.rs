//! Beckon: WebRTC signalling on the edge.
//!
//! Two browsers that want to talk directly must first be introduced. This crate is the introducer: a Cloudflare Worker
//! whose Durable Objects hold the sockets of the peers in a *realm* and pass offers, answers and candidates between them.
//!
//! ```text
//! browser --HTTP/WS--> worker/edge --Route--> worker/room --Event--> realm --Effect--> worker/room --> sockets, storage, alarm, other homes
//! ```
//!
//! The floors, from the ground up. An import goes down, or sideways within a floor, and never in a circle.
//!
//! * The ground: [`limits`] (every number) and [`allowance`] (how often), [`id`] (ids, keys and tokens), [`client`] (network addresses), [`settings`] (the operator's
//!   variables) and [`values`] (what they may be).
//! * [`wire`]: what travels. [`wire::route`] reads a request, [`wire::answer`] answers it. [`wire::message`] spells frames and
//!   [`wire::json`] reads them. [`wire::refusal`] says why we say no. [`wire::forwarding`] is what homes hand to each other.
//! * [`realm`]: the state machine, with no platform, clock or randomness in it. An [`Event`](realm::Event) goes in,
//!   [`Effect`](realm::effect::Effect)s come out.
//! * `worker` *(wasm32 only)*: the platform. `entry.js` calls Rust. `edge` is the fetch event, `room` the Durable Object.
//!
//! The wire protocol is PeerServer's; what Beckon adds to it is written down in [`wire::message`].

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

pub mod allowance;
pub mod client;
pub mod id;
pub mod limits;
pub mod realm;
pub mod settings;
pub mod values;
pub mod wire;
#[cfg(target_arch = "wasm32")]
mod worker;
