//! The platform's cryptography (WebCrypto): we write no cipher and no hash.

use crate::client::network_of;
use crate::id::PeerId;
use crate::settings::Secret;
use crate::worker::platform::{settled, Fault};
use wasm_bindgen::prelude::wasm_bindgen;
use worker::js_sys::Promise;

// In JavaScript, where each of these is a line: every promise that is waited for, and every object that is made for a call, is code
// in Rust and code in the glue.
#[wasm_bindgen(inline_js = "
const bytes = (text) => new TextEncoder().encode(text);
const key = (secret, hash, usage) => crypto.subtle.importKey('raw', bytes(secret), { name: 'HMAC', hash }, false, [usage]);
export const sign = async (secret, text) =>
  btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.sign('HMAC', await key(secret, 'SHA-1', 'sign'), bytes(text)))));
export const verify = async (secret, signature, text) =>
  crypto.subtle.verify('HMAC', await key(secret, 'SHA-256', 'verify'), signature, bytes(text));
", js_sys = worker::js_sys)]
extern "C" {
    #[wasm_bindgen(js_name = sign)]
    fn sign_sha_1(secret: &str, text: &str) -> Promise;

    /// The signature is copied, for Rust's memory may be gone by the time it is looked at.
    #[wasm_bindgen(js_name = verify)]
    fn verify_sha_256(secret: &str, signature: Box<[u8]>, text: &str) -> Promise;
}

#[wasm_bindgen(module = "/src/worker/digest.js", js_sys = worker::js_sys)]
extern "C" {
    #[wasm_bindgen(js_name = digest)]
    fn sha_256(text: &str) -> Promise;
}

/// The network of an address, made unreadable: only ever compared.
pub(crate) async fn network(address: &str) -> Result<String, Fault> {
    Ok(settled(sha_256(&network_of(address))).await?.as_string().unwrap_or_default())
}

/// Whether a signature is that of a text under the operator's secret (HMAC-SHA-256).
pub(crate) async fn is_signed(text: &str, signature: &[u8], secret: &Secret) -> Result<bool, Fault> {
    Ok(settled(verify_sha_256(secret.reveal(), signature.into(), text)).await?.is_truthy())
}

/// HMAC-SHA-1 of a text, in base64: what TURN REST credentials are made with. (As a signature SHA-1 still holds: what is broken
/// is its resistance to collisions, which HMAC does not need; and no TURN server takes another.)
pub(crate) async fn hmac_sha1(key: &str, text: &str) -> Result<String, Fault> {
    Ok(settled(sign_sha_1(key, text)).await?.as_string().unwrap_or_default())
}

/// A fresh random id.
pub(crate) fn fresh_id() -> Result<PeerId, Fault> {
    Ok(PeerId::from_random(random()?))
}

/// Random bytes.
pub(crate) fn random<const BYTES: usize>() -> Result<[u8; BYTES], Fault> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
