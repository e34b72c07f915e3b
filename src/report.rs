//! What the operator is told: faults, each one line of JSON in the log, and counts, where a dataset of Workers Analytics Engine is
//! bound. Neither ever holds an id, a token, an address or anything that peers said.

use crate::message::json;
use crate::platform::{log_error, Env, Fault};
use std::fmt::Display;
use wasm_bindgen::prelude::{wasm_bindgen, JsValue};
use worker::js_sys::JSON;

/// The binding in wrangler.toml.
const METRICS: &str = "METRICS";

#[wasm_bindgen]
extern "C" {
    type Dataset;

    /// Writes a data point; the runtime sends it later.
    #[wasm_bindgen(method, catch, js_name = writeDataPoint)]
    fn write(this: &Dataset, point: &JsValue) -> Result<JsValue, JsValue>;
}

/// Something of ours went wrong: what, and what the platform says of it.
pub(crate) fn fault(what: &str, error: &dyn Display) {
    log_error(&format!("{{\"fault\":{},\"error\":{}}}", json(what), json(&error.to_string())));
}

/// Counts something: `blob1` and the index say what, `double1` how many.
pub(crate) fn count(env: &Env, what: &str, number: u32) {
    let Some(dataset) = env.bound::<Dataset>(METRICS) else {
        return;
    };
    let point = JSON::parse(&format!(r#"{{"indexes":["{what}"],"blobs":["{what}"],"doubles":[{number}]}}"#));
    if let Err(error) = point.and_then(|point| dataset.write(&point)) {
        fault("a count was not written", &Fault::from(error));
    }
}
