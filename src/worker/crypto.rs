//! The platform's cryptography (WebCrypto): we write no cipher and no hash.

use crate::client::Client;
use crate::id::{PeerId, RealmKey};
use crate::limits::Millis;
use crate::settings::Secret;
use crate::wire::jwt::{Flaw, Statement};
use crate::worker::platform::{settled, Request, Result};
use wasm_bindgen::prelude::wasm_bindgen;
use worker::js_sys::Promise;

// In JavaScript, where each of these is a line: every promise that is waited for, and every object that is made for a call, is code
// in Rust and code in the glue.
#[wasm_bindgen(inline_js = "
const bytes = (text) => new TextEncoder().encode(text);
const key = (secret, hash, usage) => crypto.subtle.importKey('raw', bytes(secret), { name: 'HMAC', hash }, false, [usage]);
export const digest = async (text) =>
  Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes(text))), (byte) => byte.toString(16).padStart(2, '0')).join('');
export const sign = async (secret, text) =>
  btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.sign('HMAC', await key(secret, 'SHA-1', 'sign'), bytes(text)))));
export const verify = async (secret, signature, text) =>
  crypto.subtle.verify('HMAC', await key(secret, 'SHA-256', 'verify'), signature, bytes(text));
", js_sys = worker::js_sys)]
extern "C" {
    #[wasm_bindgen(js_name = digest)]
    fn sha_256(text: &str) -> Promise;

    #[wasm_bindgen(js_name = sign)]
    fn sign_sha_1(secret: &str, text: &str) -> Promise;

    /// The signature is copied, for Rust's memory may be gone by the time it is looked at.
    #[wasm_bindgen(js_name = verify)]
    fn verify_sha_256(secret: &str, signature: Box<[u8]>, text: &str) -> Promise;
}

/// SHA-256 of a text, in hexadecimal.
pub(crate) async fn digest(text: &str) -> Result<String> {
    Ok(settled(sha_256(text)).await?.as_string().unwrap_or_default())
}

/// The network that a request comes from, made unreadable: only ever compared.
pub(crate) async fn network(request: &Request) -> Result<String> {
    digest(&Client::network(&address(request)?)).await
}

/// The address that a request comes from, if it is known.
pub(crate) fn address(request: &Request) -> Result<String> {
    Ok(request.headers().get("CF-Connecting-IP")?.unwrap_or_default())
}

/// Checks a token against the operator's secret: `Ok(Err(_))` says what is wrong with it.
pub(crate) async fn check_statement(
    token: &str,
    secret: &Secret,
    id: &PeerId,
    key: &RealmKey,
    must_name_key: bool,
    now: Millis,
) -> Result<std::result::Result<(), Flaw>> {
    let statement = match Statement::parse(token) {
        Ok(statement) => statement,
        Err(flaw) => return Ok(Err(flaw)),
    };
    let signature = statement.signature.as_slice().into();
    Ok(match settled(verify_sha_256(secret.reveal(), signature, statement.signed)).await?.is_truthy() {
        true => statement.allows(id, key, must_name_key, now),
        false => Err(Flaw::WrongSignature),
    })
}

/// HMAC-SHA-1 of a text, in base64: what TURN REST credentials are made with. (As a signature SHA-1 still holds: what is broken
/// is its resistance to collisions, which HMAC does not need; and no TURN server takes another.)
pub(crate) async fn hmac_sha1(key: &str, text: &str) -> Result<String> {
    Ok(settled(sign_sha_1(key, text)).await?.as_string().unwrap_or_default())
}
