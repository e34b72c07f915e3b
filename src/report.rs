//! What the operator is told: faults, each one line of JSON in the log, and counts, where a dataset of Workers Analytics Engine is
//! bound. Neither ever holds an id, a token, an address or anything that peers said.

use crate::message::json;
use crate::platform::{log_error, settled, Env, Fault};
use std::fmt::Display;
use wasm_bindgen::prelude::{wasm_bindgen, JsValue};
use worker::js_sys::{Promise, JSON};

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

/// Whether there is something to count into.
pub(crate) fn counts(env: &Env) -> bool {
    env.bound::<Dataset>(METRICS).is_some()
}

/// Counts something: `blob1` and the index say what, `double1` how many.
pub(crate) fn count(env: &Env, what: &str, number: u32) {
    write(env, what, number);
}

/// Counts one of something, and waits until that is on its way: a dataset is written to at once, but a service that stands in for
/// one would not hear of it after the answer.
pub(crate) async fn counted(env: &Env, what: &str) {
    if let Some(written) = write(env, what, 1) {
        if let Err(error) = settled(Promise::resolve(&written)).await {
            fault(UNWRITTEN, &error);
        }
    }
}

/// What is said when it fails.
const UNWRITTEN: &str = "a count was not written";

/// What writing gives, which may be a promise; `None` where there is nothing to count into.
fn write(env: &Env, what: &str, number: u32) -> Option<JsValue> {
    let dataset = env.bound::<Dataset>(METRICS)?;
    let point = JSON::parse(&format!(r#"{{"indexes":["{what}"],"blobs":["{what}"],"doubles":[{number}]}}"#));
    let written = point.and_then(|point| dataset.write(&point));
    written.map_err(|error| fault(UNWRITTEN, &Fault::from(error))).ok()
}
