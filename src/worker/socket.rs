//! Sockets, as the platform has them: opened, closed, numbered, heard; and what each remembers while its object sleeps.

use crate::limits::Millis;
use crate::worker::platform::{Fault, Response, State};
use std::borrow::Cow;
use wasm_bindgen::prelude::{wasm_bindgen, JsValue};
use wasm_bindgen::JsCast;
use worker::js_sys::{Date, JsString, Uint8Array};
use worker::web_sys::ResponseInit;
use worker::worker_sys::ext::{ResponseInitExt, WebSocketExt};
use worker::worker_sys::WebSocketPair;

pub(crate) use worker::web_sys::WebSocket;

#[wasm_bindgen(js_sys = worker::js_sys)]
extern "C" {
    /// The part of `DurableObjectState` that worker 0.8 has no binding for.
    type Hibernation;

    #[wasm_bindgen(method, js_name = getWebSocketAutoResponseTimestamp)]
    fn auto_response_timestamp(this: &Hibernation, socket: &WebSocket) -> Option<Date>;

    /// Sends frames in their order, in `src/worker/entry.js`: what is on its way out outlives a crash.
    #[derive(Debug)]
    pub type FrameSender;

    /// Sends a frame: at once, or together with others. A socket that is closed takes none, which is not told.
    #[wasm_bindgen(method)]
    pub(crate) fn send(this: &FrameSender, socket: &WebSocket, frame: &str, at_once: bool);

    /// Whether anything waits to be sent together.
    #[wasm_bindgen(method)]
    pub(crate) fn holds(this: &FrameSender) -> bool;

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

#[wasm_bindgen(inline_js = "
const encoder = new TextEncoder();
export const encodeInto = (text, buffer) => encoder.encodeInto(text, buffer).written;
")]
extern "C" {
    /// Writes a text as UTF-8, as much of it as there is room for; how many bytes that were. (In JavaScript, for each object that
    /// crosses over costs more than the few lines do.)
    #[wasm_bindgen(js_name = encodeInto)]
    fn encode_into(text: &JsValue, buffer: &mut [u8]) -> u32;
}

/// Both ends of a new socket: the client's and ours.
pub(crate) fn socket_pair() -> Result<(WebSocket, WebSocket), Fault> {
    let mut pair = WebSocketPair::new()?;
    Ok((pair.client()?, pair.server()?))
}

/// The response that lets a request become a socket, whose client speaks this sub-protocol.
pub(crate) fn switch_protocols(client: &WebSocket, protocol: Option<&str>) -> Result<Response, Fault> {
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
pub(crate) fn accept(socket: &WebSocket) -> Result<(), Fault> {
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
