//! The platform, as far as we use it: raw types of the `worker` crate, and a few bindings that it lacks.
//!
//! Not its wrappers: each carries all that a request, a response or a row can be (streams, image options, conversions through serde)
//! into the upload. Those of responses, requests, objects and limiters alone are 19.6 kB more (2026-11-28, docs/performance.md).

use crate::limits::Millis;
use std::fmt;
use wasm_bindgen::prelude::{wasm_bindgen, JsValue};
use wasm_bindgen::JsCast;
use worker::js_sys::{Date, Error, Object, Promise, Reflect};
use worker::wasm_bindgen_futures::JsFuture;
use worker::web_sys::{RequestInit, RequestRedirect, ResponseInit};
use worker::worker_sys::{DurableObject, DurableObjectNamespace, RateLimiter};

pub(crate) use worker::web_sys::{AbortSignal, Headers, Request, Response};
pub(crate) use worker::worker_sys::{DurableObjectState as State, SqlStorage, WebSocketRequestResponsePair};

/// What the platform could not do, in its own words.
#[derive(Debug)]
pub(crate) struct Fault(String);

/// The name of an error that Rust has thrown, by which `src/worker/entry.js` tells it from one that went through Rust and left it broken.
const FAULT: &str = "Fault";

/// What the shell's functions return.
pub(crate) type Result<T, E = Fault> = std::result::Result<T, E>;

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
    /// The Worker's bindings: variables, secrets, objects, limiters.
    #[derive(Clone, Debug, PartialEq)]
    pub type Env;

    #[wasm_bindgen(js_name = String)]
    fn string(value: &JsValue) -> String;

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

    /// One of our objects, as seen from another.
    type Callable;

    /// [`Room::take`](crate::worker::room::Room::take), over there.
    #[wasm_bindgen(method, catch, js_name = takeParcel)]
    fn take(this: &Callable, from: u16, number: u32, frames: &str) -> Result<Promise, JsValue>;
}

/// The time. It stands still while an event is handled.
pub(crate) fn now() -> Millis {
    Date::now() as Millis
}

impl Env {
    /// A binding; `None` where there is none of this name.
    fn binding(&self, name: &str) -> Option<JsValue> {
        Reflect::get(self, &name.into()).ok().filter(|binding| !binding.is_undefined() && !binding.is_null())
    }

    /// The text of a variable or a secret. In wrangler.toml it may as well be a number, a flag or a list: JavaScript spells them as
    /// we do, and what it cannot spell so is refused where it is read, not passed over.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.binding(name).map(|binding| string(&binding))
    }

    /// A binding of another kind, taken for a `T`.
    pub(crate) fn bound<T: JsCast>(&self, name: &str) -> Option<T> {
        self.binding(name).map(JsCast::unchecked_into)
    }

    fn object(&self, name: &str) -> Result<DurableObject> {
        let objects: DurableObjectNamespace = self.bound(OBJECTS).ok_or_else(|| Fault::new("wrangler.toml binds no ROOM"))?;
        Ok(objects.get_by_name(name)?)
    }

    /// Has one of our objects answer a request.
    pub(crate) async fn ask(&self, object: &str, request: &Request) -> Result<Response> {
        Ok(settled(self.object(object)?.fetch_with_request(request)?).await?.unchecked_into())
    }

    /// The text that one of our objects answers.
    pub(crate) async fn text_of(&self, object: String, url: &str) -> Result<String> {
        let request = request("GET", url, &[], None, None)?;
        text(self.ask(&object, &request).await?.text()).await
    }

    /// Hands frames to one of our objects: a call, which costs the platform half of what a request does.
    pub(crate) async fn hand_over(&self, object: &str, from: u16, number: u32, frames: &str) -> Result<()> {
        let object = self.object(object)?;
        settled(object.unchecked_ref::<Callable>().take(from, number, frames)?).await?;
        Ok(())
    }

    /// Whether a limiter lets somebody through; `None` where there is no limiter of this name.
    pub(crate) async fn limit(&self, limiter: &str, who: &str) -> Option<Result<bool>> {
        let limiter: RateLimiter = self.bound(limiter)?;
        let asked = async {
            let options = Object::new();
            Reflect::set(&options, &"key".into(), &who.into())?;
            let outcome = settled(limiter.limit(options)?).await?;
            Ok(Reflect::get(&outcome, &"success".into())?.is_truthy())
        };
        Some(asked.await)
    }
}

/// The Durable Object binding in wrangler.toml.
const OBJECTS: &str = "ROOM";

/// What a promise brings. What it stands for goes on by itself, whether or not anybody waits.
pub(crate) async fn settled(promise: Promise) -> Result<JsValue> {
    Ok(JsFuture::from(promise).await?)
}

/// The text of a request's or a response's body.
pub(crate) async fn text(body: std::result::Result<Promise, JsValue>) -> Result<String> {
    Ok(settled(body?).await?.as_string().unwrap_or_default())
}

/// A request of our own.
pub(crate) fn request(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
    signal: Option<AbortSignal>,
) -> Result<Request> {
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
pub(crate) async fn breath() {
    let _ = settled(wait(0)).await;
}

/// Sends a request to somebody else.
pub(crate) async fn fetch(request: &Request) -> Result<Response> {
    Ok(settled(global_fetch(request)).await?.unchecked_into())
}

/// A response.
pub(crate) fn response(status: u16, headers: &Headers, body: Option<&str>) -> Result<Response> {
    let init = ResponseInit::new();
    init.set_status(status);
    init.set_headers(headers);
    Ok(Response::new_with_opt_str_and_init(body, &init)?)
}
