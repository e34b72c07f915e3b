//! How often one network may ask for something: the rate limiters of wrangler.toml. They are asked in JavaScript, so that a socket that opens
//! need not wait in Rust.

use crate::worker::bindings::Env;
use crate::worker::log::fault;
use crate::worker::platform::settled;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::js_sys::Promise;

/// The limiter of TURN credentials.
pub(crate) const ICE_LIMIT: &str = "ICE_LIMIT";

/// The limiter of new sockets, fresh ids and lists of ids.
pub(crate) const JOIN_LIMIT: &str = "JOIN_LIMIT";

#[wasm_bindgen(module = "/src/worker/limiter.js", js_sys = worker::js_sys)]
extern "C" {
    #[wasm_bindgen(js_name = allows)]
    fn ask(env: &Env, name: &str, key: &str) -> Promise;
}

/// Whether a limiter lets a key through once more.
pub(crate) async fn allows(env: &Env, name: &str, key: &str) -> bool {
    settled(ask(env, name, key)).await.map_or_else(
        |error| {
            fault(&format!("{name} cannot be asked"), &error);
            true
        },
        |allowed| allowed.is_truthy(),
    )
}
