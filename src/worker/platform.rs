//! The platform, as far as we use it: raw types of the `worker` crate, and a few bindings that it lacks.
//!
//! Not its wrappers: each carries all that a request, a response or a row can be (streams, image options, conversions through serde)
//! into the upload. Those of responses, requests, objects and limiters alone are 19.6 kB more (2026-11-28, docs/performance.md).

use crate::limits::Millis;
use std::fmt;
use wasm_bindgen::prelude::{wasm_bindgen, JsValue};
use wasm_bindgen::JsCast;
use worker::js_sys::{Date, Error, Promise};
use worker::wasm_bindgen_futures::JsFuture;
use worker::web_sys::{RequestInit, RequestRedirect, ResponseInit};

pub(crate) use worker::web_sys::{AbortSignal, Headers, Request, Response};
pub(crate) use worker::worker_sys::{DurableObjectState as State, SqlStorage, WebSocketRequestResponsePair};

/// What the platform could not do, in its own words.
#[derive(Debug)]
pub(crate) struct Fault(String);

/// The name of an error that Rust has thrown, by which `src/worker/guard.js` tells it from one that went through Rust and left it broken.
const FAULT: &str = "Fault";

impl Fault {
    /// A fault that the platform did not report, but that its answer means.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<JsValue> for Fault {
    fn from(thrown: JsValue) -> Self {
        Self(string(&thrown))
    }
}

impl From<getrandom::Error> for Fault {
    fn from(_: getrandom::Error) -> Self {
        Self::new("there is no randomness")
    }
}

impl From<Fault> for JsValue {
    fn from(fault: Fault) -> Self {
        let error = Error::new(&fault.0);
        error.set_name(FAULT);
        error.into()
    }
}

#[wasm_bindgen(js_sys = worker::js_sys, wasm_bindgen_futures = worker::wasm_bindgen_futures)]
extern "C" {
    #[wasm_bindgen(js_name = String)]
    /// What JavaScript spells a value as.
    pub(crate) fn string(value: &JsValue) -> String;

    #[wasm_bindgen(js_namespace = AbortSignal, js_name = timeout)]
    pub(crate) fn abort_after(ms: u32) -> AbortSignal;

    #[wasm_bindgen(js_namespace = scheduler)]
    fn wait(ms: u32) -> Promise;

    /// Sends a request to somebody else: a [`Response`], in the end.
    #[wasm_bindgen(js_name = fetch)]
    fn global_fetch(request: &Request) -> Promise;

    #[wasm_bindgen(js_namespace = console, js_name = error)]
    pub(crate) fn log_error(line: &str);

    #[wasm_bindgen(js_namespace = console, js_name = warn)]
    pub(crate) fn log_warning(line: &str);
}

/// The time. It stands still while an event is handled.
pub(crate) fn now() -> Millis {
    Date::now() as Millis
}

/// The outcome of a promise. What it stands for goes on by itself, whether or not anybody waits.
pub(crate) async fn settled(promise: Promise) -> Result<JsValue, Fault> {
    Ok(JsFuture::from(promise).await?)
}

/// The text of a request's or a response's body.
pub(crate) async fn text(body: Result<Promise, JsValue>) -> Result<String, Fault> {
    Ok(settled(body?).await?.as_string().unwrap_or_default())
}

/// A request of our own.
pub(crate) fn request(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
    signal: Option<AbortSignal>,
) -> Result<Request, Fault> {
    let init = RequestInit::new();
    init.set_method(method);
    init.set_redirect(RequestRedirect::Manual); // what is in it is for nobody else
    init.set_signal(signal.as_ref());
    if let Some(body) = body {
        init.set_body(&body.into());
    }
    let request = Request::new_with_str_and_init(url, &init)?;
    for (name, value) in headers {
        request.headers().set(name, value)?;
    }
    Ok(request)
}

/// Waits for the least time that there is, which is about a millisecond: what has come meanwhile is taken first.
pub(crate) async fn pause() {
    let _ = settled(wait(0)).await;
}

/// Sends a request to somebody else.
pub(crate) async fn fetch(request: &Request) -> Result<Response, Fault> {
    Ok(settled(global_fetch(request)).await?.unchecked_into())
}

/// A response.
pub(crate) fn response(status: u16, headers: &Headers, body: Option<&str>) -> Result<Response, Fault> {
    let init = ResponseInit::new();
    init.set_status(status);
    init.set_headers(headers);
    Ok(Response::new_with_opt_str_and_init(body, &init)?)
}
