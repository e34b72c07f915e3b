//! The platform's cryptography (WebCrypto): we write no cipher and no hash.

use crate::id::PeerId;
use crate::limits::Millis;
use crate::member::Client;
use crate::platform::{Request, Result};
use crate::settings::Secret;
use crate::statement::{Flaw, Statement};
use wasm_bindgen::prelude::{wasm_bindgen, JsValue};
use worker::js_sys::{Array, Object, Reflect, Uint8Array};

#[wasm_bindgen(js_sys = worker::js_sys, wasm_bindgen_futures = worker::wasm_bindgen_futures)]
extern "C" {
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = digest, catch)]
    async fn subtle_digest(algorithm: &str, data: &Uint8Array) -> std::result::Result<JsValue, JsValue>;

    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = importKey, catch)]
    async fn subtle_import_key(
        format: &str,
        key: &Uint8Array,
        algorithm: &Object,
        extractable: bool,
        usages: &Array,
    ) -> std::result::Result<JsValue, JsValue>;

    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = sign, catch)]
    async fn subtle_sign(algorithm: &str, key: &JsValue, data: &Uint8Array) -> std::result::Result<JsValue, JsValue>;

    /// Base64 of a text whose characters stand for bytes.
    #[wasm_bindgen(catch)]
    fn btoa(bytes: &str) -> std::result::Result<String, JsValue>;

    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = verify, catch)]
    async fn subtle_verify(
        algorithm: &str,
        key: &JsValue,
        signature: &Uint8Array,
        data: &Uint8Array,
    ) -> std::result::Result<JsValue, JsValue>;
}

/// SHA-256 of a text, in hexadecimal.
pub(crate) async fn digest(text: &str) -> Result<String> {
    let digest = subtle_digest("SHA-256", &Uint8Array::from(text.as_bytes())).await?;
    let bytes = Uint8Array::new(&digest).to_vec();
    Ok(bytes.into_iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The network that a request comes from, made unreadable: only ever compared.
pub(crate) async fn network(request: &Request) -> Result<String> {
    digest(&Client::network(&address(request)?)).await
}

/// The address that a request comes from, if it is known.
pub(crate) fn address(request: &Request) -> Result<String> {
    Ok(request.headers().get("CF-Connecting-IP")?.unwrap_or_default())
}

/// Checks a token against the operator's key: `Ok(Err(_))` says what is wrong with it.
pub(crate) async fn check_statement(
    token: &str,
    key: &Secret,
    id: &PeerId,
    now: Millis,
) -> Result<std::result::Result<(), Flaw>> {
    let statement = match Statement::parse(token) {
        Ok(statement) => statement,
        Err(flaw) => return Ok(Err(flaw)),
    };
    let key = hmac_key(key.reveal(), "SHA-256", "verify").await?;
    let signature = Uint8Array::from(statement.signature.as_slice());
    let right = subtle_verify("HMAC", &key, &signature, &Uint8Array::from(statement.signed.as_bytes())).await;
    Ok(match right?.is_truthy() {
        true => statement.allows(id, now),
        false => Err(Flaw::WrongSignature),
    })
}

/// HMAC-SHA-1 of a text, in base64: what TURN REST credentials are made with. (As a signature SHA-1 still holds: what is broken
/// is its resistance to collisions, which HMAC does not need; and no TURN server takes another.)
pub(crate) async fn hmac_sha1(key: &str, text: &str) -> Result<String> {
    let key = hmac_key(key, "SHA-1", "sign").await?;
    let signature = subtle_sign("HMAC", &key, &Uint8Array::from(text.as_bytes())).await?;
    let bytes: String = Uint8Array::new(&signature).to_vec().into_iter().map(char::from).collect();
    Ok(btoa(&bytes)?)
}

async fn hmac_key(key: &str, hash: &str, usage: &str) -> Result<JsValue> {
    let algorithm = Object::new();
    Reflect::set(&algorithm, &"name".into(), &"HMAC".into())?;
    Reflect::set(&algorithm, &"hash".into(), &hash.into())?;
    let key = Uint8Array::from(key.as_bytes());
    Ok(subtle_import_key("raw", &key, &algorithm, false, &Array::of1(&usage.into())).await?)
}
