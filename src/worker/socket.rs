//! Sockets, as the platform has them: opened, closed, numbered, heard; and what each remembers while its object sleeps.

use crate::limits::Millis;
use crate::worker::platform::{Fault, Response, State};
use std::borrow::Cow;
use wasm_bindgen::prelude::{wasm_bindgen, JsValue};
use wasm_bindgen::JsCast;
use worker::js_sys::{Date, JsString, Uint8Array};
use worker::worker_sys::ext::WebSocketExt;

pub(crate) use worker::web_sys::WebSocket;

#[wasm_bindgen(js_sys = worker::js_sys)]
extern "C" {
    /// The part of `DurableObjectState` that worker 0.8 has no binding for.
    type Hibernation;

    #[wasm_bindgen(method, js_name = getWebSocketAutoResponseTimestamp)]
    fn auto_response_timestamp(this: &Hibernation, socket: &WebSocket) -> Option<Date>;

    /// Sends frames in their order, in `src/worker/frame-sender.js`: what is on its way out outlives a crash.
    #[derive(Debug)]
    pub type FrameSender;

    /// Sends a frame: at once, unless others wait already, or together with them. A socket that is closed takes none, which is not told.
    #[wasm_bindgen(method)]
    pub(crate) fn send(this: &FrameSender, socket: &WebSocket, frame: &str, at_once: bool);

    /// Notes what a hook is to be told once the event is over: which, of whom (as JSON), and what.
    #[wasm_bindgen(method)]
    pub(crate) fn tell(this: &FrameSender, hook: u8, peer: &str, text: &str);

    /// Sends what waits to be sent together.
    #[wasm_bindgen(method)]
    pub(crate) fn flush(this: &FrameSender);

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

// In JavaScript, where each of these is a line or two: for each object and each member that Rust asks for it crosses over, and pays.
#[wasm_bindgen(js_sys = worker::js_sys, inline_js = "
const encoder = new TextEncoder();
export const encodeInto = (text, buffer) => encoder.encodeInto(text, buffer).written;
const switched = (webSocket, protocol) =>
  new Response(null, { status: 101, webSocket, headers: protocol === undefined ? {} : { 'Sec-WebSocket-Protocol': protocol } });
export const acceptHibernating = (state, sender, tags, protocol) => {
  const { 0: client, 1: socket } = new WebSocketPair();
  state.acceptWebSocket(socket, [...sender.tags, ...tags]);
  return { socket, response: switched(client, protocol) };
};
export const acceptAndClose = (frame, code, protocol) => {
  const { 0: client, 1: socket } = new WebSocketPair();
  socket.accept();
  if (frame !== undefined) socket.send(frame);
  socket.close(code);
  return switched(client, protocol);
};
")]
extern "C" {
    /// A socket that has just been opened.
    type Opened;

    #[wasm_bindgen(method, getter)]
    fn socket(this: &Opened) -> WebSocket;

    #[wasm_bindgen(method, getter)]
    fn response(this: &Opened) -> Response;

    #[wasm_bindgen(catch, js_name = acceptHibernating)]
    fn accept_hibernating(
        state: &State,
        sender: &FrameSender,
        tags: Vec<String>,
        protocol: Option<&str>,
    ) -> Result<Opened, JsValue>;

    #[wasm_bindgen(catch, js_name = acceptAndClose)]
    fn accept_and_close(frame: Option<&str>, code: Option<u16>, protocol: Option<&str>) -> Result<Response, JsValue>;

    /// Writes a text as UTF-8, as much of it as there is room for; how many bytes that were.
    #[wasm_bindgen(js_name = encodeInto)]
    fn encode_into(text: &JsValue, buffer: &mut [u8]) -> u32;
}

/// Makes our end of a new socket the object's: that end, and the response to its client, who speaks this sub-protocol.
pub(crate) fn open(
    state: &State,
    sender: &FrameSender,
    tags: Vec<String>,
    protocol: Option<&str>,
) -> Result<(WebSocket, Response), Fault> {
    let opened = accept_hibernating(state, sender, tags, protocol)?;
    Ok((opened.socket(), opened.response()))
}

/// The response that opens a socket only to close it: after a frame, if there is one, and with a code, if there is one.
pub(crate) fn open_and_close(frame: Option<&str>, code: Option<u16>, protocol: Option<&str>) -> Result<Response, Fault> {
    Ok(accept_and_close(frame, code, protocol)?)
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
pub(crate) fn attach(socket: &WebSocket, attachment: Option<&str>) -> Result<(), Fault> {
    Ok(socket.serialize_attachment(attachment.map_or(JsValue::NULL, JsValue::from_str))?)
}

/// What a socket remembers.
pub(crate) fn attached(socket: &WebSocket) -> Option<String> {
    socket.deserialize_attachment().ok()?.as_string()
}

/// When the runtime last answered a socket's heartbeat.
pub(crate) fn last_beat(state: &State, socket: &WebSocket) -> Option<Millis> {
    let state: &Hibernation = state.unchecked_ref();
    state.auto_response_timestamp(socket).map(|at| at.get_time() as Millis)
}

/// What a socket received, or another home sent, as UTF-8, with `buffer` to put it into. Of what is longer than `limit` bytes just
/// enough is read to see that it is.
///
/// wasm-bindgen's own way with strings asks JavaScript for one character after the other, which took longer than all the rest of a frame's way:
/// the runtime's encoder is thirty times as fast.
pub(crate) fn received<'a>(message: &JsValue, limit: usize, buffer: &'a mut Vec<u8>) -> Cow<'a, str> {
    let enough = limit.saturating_add(4); // a character of four bytes is written whole or not at all
    let bytes = if message.is_string() {
        let most = (message.unchecked_ref::<JsString>().length() as usize).saturating_mul(3).min(enough); // UTF-16 to UTF-8
        if buffer.len() < most {
            buffer.resize(most, 0);
        }
        let written = encode_into(message, buffer) as usize;
        buffer.get(..written).unwrap_or_default()
    } else {
        let bytes = Uint8Array::new(message);
        *buffer = bytes.subarray(0, bytes.length().min(enough as u32)).to_vec();
        buffer
    };
    // Not from_utf8_lossy at once: it is three times as slow with what is right.
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}
