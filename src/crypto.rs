//! The platform's cryptography (WebCrypto): we write no cipher and no hash.

use crate::id::PeerId;
use crate::limits::Millis;
use crate::statement::{Flaw, Statement};
use wasm_bindgen::prelude::{wasm_bindgen, JsValue};
use worker::js_sys::{Array, Object, Reflect, Uint8Array};
use worker::{Error, Result};

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
    let digest = subtle_digest("SHA-256", &Uint8Array::from(text.as_bytes())).await.map_err(Error::from)?;
    let bytes = Uint8Array::new(&digest).to_vec();
    Ok(bytes.into_iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Checks a token against the operator's key: `Ok(Err(_))` says what is wrong with it.
pub(crate) async fn check_statement(token: &str, key: &str, id: &PeerId, now: Millis) -> Result<std::result::Result<(), Flaw>> {
    let statement = match Statement::parse(token) {
        Ok(statement) => statement,
        Err(flaw) => return Ok(Err(flaw)),
    };
    let algorithm = Object::new();
    Reflect::set(&algorithm, &"name".into(), &"HMAC".into())?;
    Reflect::set(&algorithm, &"hash".into(), &"SHA-256".into())?;
    let key = Uint8Array::from(key.as_bytes());
    let key = subtle_import_key("raw", &key, &algorithm, false, &Array::of1(&"verify".into())).await.map_err(Error::from)?;
    let signature = Uint8Array::from(statement.signature.as_slice());
    let right = subtle_verify("HMAC", &key, &signature, &Uint8Array::from(statement.signed.as_bytes())).await;
    Ok(match right.map_err(Error::from)?.is_truthy() {
        true => statement.allows(id, now),
        false => Err(Flaw::WrongSignature),
    })
}
