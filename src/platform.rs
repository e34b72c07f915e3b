//! The platform, as far as we use it: raw types of the `worker` crate, and a few bindings that it lacks.
//!
//! Why not its wrappers: each carries all that a request, a response or a row can be (streams, image options, conversions through
//! serde) into the upload, which more than doubles it, and each handler's future costs more than relaying the frame does.

use crate::limits::Millis;
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use wasm_bindgen::prelude::{wasm_bindgen, JsValue};
use wasm_bindgen::JsCast;
use worker::js_sys::{Date, Error, JsString, Object, Promise, Reflect, Uint8Array};
use worker::wasm_bindgen_futures::JsFuture;
use worker::web_sys::{RequestInit, RequestRedirect, ResponseInit};
use worker::worker_sys::ext::{ResponseInitExt, WebSocketExt};
use worker::worker_sys::{DurableObject, DurableObjectNamespace, RateLimiter, WebSocketPair};

pub(crate) use worker::web_sys::{AbortSignal, Headers, Request, Response, WebSocket};
pub(crate) use worker::worker_sys::{DurableObjectState as State, SqlStorage, WebSocketRequestResponsePair};

/// What the platform could not do, in its own words.
#[derive(Debug)]
pub(crate) struct Fault(String);

/// The name of an error that Rust has thrown, by which `src/entry.js` tells it from one that went through Rust and left it broken.
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
    #[derive(Clone, Debug)]
    pub type Env;

    #[wasm_bindgen(js_name = String)]
    fn string(value: &JsValue) -> String;

    #[wasm_bindgen(js_namespace = AbortSignal, js_name = timeout)]
    pub(crate) fn abort_after(ms: u32) -> AbortSignal;

    /// Sends a request to somebody else: a [`Response`], in the end.
    #[wasm_bindgen(js_name = fetch)]
    fn global_fetch(request: &Request) -> Promise;

    #[wasm_bindgen(js_namespace = console, js_name = error)]
    pub(crate) fn log_error(line: &str);

    /// The part of `DurableObjectState` that worker 0.8 has no binding for.
    type Hibernation;

    #[wasm_bindgen(method, js_name = getWebSocketAutoResponseTimestamp)]
    fn auto_response_timestamp(this: &Hibernation, socket: &WebSocket) -> Option<Date>;

    /// One of our objects, as seen from another.
    type Callable;

    /// [`Room::take`](crate::room::Room::take), over there.
    #[wasm_bindgen(method, catch)]
    fn take(this: &Callable, from: u16, number: u32, frames: &str) -> Result<Promise, JsValue>;

    /// A `Map` from sockets to numbers.
    #[wasm_bindgen(js_name = Map)]
    pub(crate) type Numbers;

    #[wasm_bindgen(constructor, js_class = Map)]
    pub(crate) fn new() -> Numbers;

    #[wasm_bindgen(method)]
    pub(crate) fn get(this: &Numbers, socket: &WebSocket) -> Option<u32>;

    #[wasm_bindgen(method)]
    pub(crate) fn set(this: &Numbers, socket: &WebSocket, number: u32);

    #[wasm_bindgen(method)]
    pub(crate) fn delete(this: &Numbers, socket: &WebSocket);
}

#[wasm_bindgen(inline_js = "
const encoder = new TextEncoder();
export const encodeInto = (text, room) => encoder.encodeInto(text, room).written;
")]
extern "C" {
    /// Writes a text as UTF-8, as much of it as there is room for; how many bytes that were. (In JavaScript, for each object that
    /// crosses over costs more than the few lines do.)
    #[wasm_bindgen(js_name = encodeInto)]
    fn encode_into(text: &JsValue, room: &mut [u8]) -> u32;
}

/// The time. It stands still while an event is handled.
pub(crate) fn now() -> Millis {
    Date::now() as Millis
}

/// When the runtime last answered a socket's heartbeat.
pub(crate) fn last_beat(state: &State, socket: &WebSocket) -> Option<Millis> {
    let state: &Hibernation = state.unchecked_ref();
    state.auto_response_timestamp(socket).map(|at| at.get_time() as Millis)
}

/// What a socket received, or another home sent, as UTF-8, with `room` to put it into. Of what is longer than `limit` bytes just
/// enough is read to see that it is.
///
/// wasm-bindgen's own way with strings asks JavaScript for one character after the other, which took longer than all the rest of a frame's way:
/// the runtime's encoder is thirty times as fast.
pub(crate) fn received<'a>(message: &JsValue, limit: usize, room: &'a mut Vec<u8>) -> Cow<'a, str> {
    let enough = limit.saturating_add(4); // a character of four bytes is written whole or not at all
    let bytes = if message.is_string() {
        let most = (message.unchecked_ref::<JsString>().length() as usize).saturating_mul(3).min(enough); // UTF-16 to UTF-8
        if room.len() < most {
            room.resize(most, 0);
        }
        let written = encode_into(message, room) as usize;
        room.get(..written).unwrap_or_default()
    } else {
        let bytes = Uint8Array::new(message);
        *room = bytes.subarray(0, bytes.length().min(enough as u32)).to_vec();
        room
    };
    // Not from_utf8_lossy at once: it is three times as slow with what is right.
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
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
pub(crate) struct Settled(JsFuture);

/// See [`Settled`].
pub(crate) fn settled(promise: Promise) -> Settled {
    Settled(JsFuture::from(promise))
}

impl Future for Settled {
    type Output = Result<JsValue>;

    // Not an async fn, whose code would be in every other one that waits for it.
    #[inline(never)]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<JsValue>> {
        Pin::new(&mut self.0).poll(context).map_err(Fault::from)
    }
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

/// Both ends of a new socket: the client's and ours.
pub(crate) fn socket_pair() -> Result<(WebSocket, WebSocket)> {
    let mut pair = WebSocketPair::new()?;
    Ok((pair.client()?, pair.server()?))
}

/// The response that lets a request become a socket, whose client speaks this sub-protocol.
pub(crate) fn switch_protocols(client: &WebSocket, protocol: Option<&str>) -> Result<Response> {
    let mut init = ResponseInit::new();
    init.set_status(101);
    init.websocket(client)?;
    let response = Response::new_with_opt_str_and_init(None, &init)?;
    if let Some(protocol) = protocol {
        response.headers().set("Sec-WebSocket-Protocol", protocol)?;
    }
    Ok(response)
}

/// Takes our end of a pair into use.
pub(crate) fn accept(socket: &WebSocket) -> Result<()> {
    Ok(socket.accept()?)
}

/// Closes a socket; without a status the other side sees 1005. One that is closed already stays so.
pub(crate) fn close(socket: &WebSocket, status: Option<(u16, &str)>) -> bool {
    match status {
        Some((code, reason)) => socket.close_with_code_and_reason(code, reason),
        None => socket.close(),
    }
    .is_ok()
}

/// Attaches to a socket what it is to remember while the object sleeps.
pub(crate) fn attach(socket: &WebSocket, attachment: Option<&str>) -> Result<()> {
    Ok(socket.serialize_attachment(attachment.map_or(JsValue::NULL, JsValue::from_str))?)
}

/// What a socket remembers.
pub(crate) fn attached(socket: &WebSocket) -> Option<String> {
    socket.deserialize_attachment().ok()?.as_string()
}
