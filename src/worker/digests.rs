//! Digests of what a client has shown: all that the realm may know of it.
//!
//! The platform's digest is a promise. `room.js` waits for it, between two calls: one reads the request, the other opens its socket. The same wait
//! costs five times as much in Rust.

use crate::client::network_of;
use crate::settings::Settings;
use crate::wire::route::Claim;
use crate::worker::http::Asked;
use crate::worker::turn_credentials::is_told_of_turn;
use std::rc::Rc;
use wasm_bindgen::prelude::wasm_bindgen;

/// Digests of what a client has shown, and what the Worker around this one says of it.
pub(crate) struct Shown {
    /// Of the token.
    pub(crate) token: String,
    /// Of the network that it comes from, where that is needed.
    pub(crate) network: Option<String>,
    /// What is to be kept with the peer, as JSON.
    pub(crate) data: Option<String>,
    /// Whether the id is its own, as a login has said.
    pub(crate) proven: bool,
}

/// A request that has been read, and shows something.
#[wasm_bindgen]
pub struct Arrival {
    pub(super) asked: Asked,
    pub(super) claim: Claim,
    pub(super) settings: Rc<Settings>,
    /// Whether it asks for a socket, and not for ICE servers.
    pub(super) is_socket: bool,
}

#[wasm_bindgen]
impl Arrival {
    /// What the digests of [`Shown`] are made of, in their order.
    pub fn shown(&self) -> Vec<String> {
        let needs_network = self.claim.reserve_for.is_some() || is_told_of_turn(&self.claim, &self.settings);
        let network = needs_network.then(|| network_of(self.asked.address()));
        [self.claim.token.reveal().to_owned()].into_iter().chain(network).collect()
    }
}
