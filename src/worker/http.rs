//! Requests and answers, between the platform's types and ours.

use crate::settings::Settings;
use crate::wire::answer::Answer;
use crate::wire::route::{self, split_url, RequestLine, Route};
use crate::worker::platform::{response, Fault, Headers, Request, Response};
use crate::worker::socket::{switch_protocols, WebSocket};

/// Reads a request.
pub(crate) fn route(request: &Request, settings: &Settings) -> Route {
    let (method, url) = (request.method(), request.url());
    let upgrade = request.headers().get("Upgrade").ok().flatten();
    let (path, query) = split_url(&url);
    let upgrade = upgrade.is_some_and(|protocol| protocol.eq_ignore_ascii_case("websocket"));
    route::route(RequestLine { method: &method, path, query, upgrade }, settings)
}

/// The address that a request comes from, if it is known.
pub(crate) fn address(request: &Request) -> Result<String, Fault> {
    Ok(request.headers().get("CF-Connecting-IP")?.unwrap_or_default())
}

/// Sends an answer.
pub(crate) fn respond(answer: Answer) -> Result<Response, Fault> {
    let headers = Headers::new()?;
    for (name, value) in &answer.headers {
        headers.append(name, value)?;
    }
    // A 204 must have no body at all (RFC 9110, 15.3.5).
    response(answer.status, &headers, Some(answer.body.as_str()).filter(|body| !body.is_empty()))
}

/// Lets a request become a WebSocket. A sub-protocol that was offered is accepted, whatever it is, as PeerServer does: a
/// browser fails the connection otherwise.
pub(crate) fn upgrade(request: &Request, client: &WebSocket) -> Result<Response, Fault> {
    let offered = request.headers().get("Sec-WebSocket-Protocol")?.unwrap_or_default();
    switch_protocols(client, offered.split(',').map(str::trim).find(|name| !name.is_empty()))
}
