//! What the operator is told: faults, each one line of JSON in the log; refusals, a line a minute from each object that refuses; and
//! counts, where a dataset of Workers Analytics Engine is bound. None of it ever holds an id, a token, an address or anything that peers said.

use crate::limits::Millis;
use crate::realm::metrics::{Metrics, Sum};
use crate::wire::json::quoted;
use crate::worker::bindings::Env;
use crate::worker::platform::{log_error, log_warning, settled, Fault};
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
    log_error(&format!("{{\"fault\":{},\"error\":{}}}", quoted(what), quoted(&error.to_string())));
}

/// Whether there is something to count into.
pub(crate) fn has_dataset(env: &Env) -> bool {
    env.bound::<Dataset>(METRICS).is_some()
}

/// Counts something: `blob1` and the index say what, `double1` how many, `double2` how many bytes, where it is a refusal of some.
pub(crate) fn count(env: &Env, what: &str, times: u32) {
    write(env, what, Sum { times, bytes: 0 });
}

/// Tells what an object has refused, as far as it is time to.
pub(crate) fn write_metrics(env: &Env, metrics: &mut Metrics, now: Millis) {
    for (what, sum) in metrics.points(now) {
        write(env, what, sum);
    }
    if let Some(line) = metrics.line(now) {
        log_warning(&line);
    }
}

/// Counts one of something, and waits until that is on its way: a dataset is written to at once, but a service that stands in for
/// one would not hear of it after the answer.
pub(crate) async fn count_and_wait(env: &Env, what: &str) {
    if let Some(written) = write(env, what, Sum { times: 1, bytes: 0 }) {
        if let Err(error) = settled(Promise::resolve(&written)).await {
            fault(UNWRITTEN, &error);
        }
    }
}

/// What is said when it fails.
const UNWRITTEN: &str = "a count was not written";

/// What writing gives, which may be a promise; `None` where there is nothing to count into.
fn write(env: &Env, what: &str, Sum { times, bytes }: Sum) -> Option<JsValue> {
    let dataset = env.bound::<Dataset>(METRICS)?;
    let point = JSON::parse(&format!(r#"{{"indexes":["{what}"],"blobs":["{what}"],"doubles":[{times},{bytes}]}}"#));
    let written = point.and_then(|point| dataset.write(&point));
    written.map_err(|error| fault(UNWRITTEN, &Fault::from(error))).ok()
}
