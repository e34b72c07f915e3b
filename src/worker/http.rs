//! Requests and answers, between the platform's types and ours.

use crate::settings::Settings;
use crate::wire::answer::Answer;
use crate::wire::route::{self, split_url, RequestLine, Route};
use crate::worker::log::fault;
use crate::worker::platform::{response, Fault, Headers, Request, Response};
use crate::worker::socket::received;
use wasm_bindgen::prelude::{wasm_bindgen, JsValue};

#[wasm_bindgen(inline_js = r#"
const WANTED = ["Upgrade", "CF-Connecting-IP", "Origin", "Sec-WebSocket-Protocol"];
export const describe = ({ method, url, headers }) =>
  [method, url, ...WANTED.map((name) => headers.get(name)).map((value) => (value === null ? "" : `=${value}`))].join("\n");
"#)]
extern "C" {
    /// What we want to know of a request, in lines: neither a URL nor a header has more than one.
    fn describe(request: &Request) -> JsValue;
}

/// What a request says, asked of the platform once.
pub(crate) struct Asked {
    lines: String,
}

/// The lines of [`describe`], as they are numbered there.
const METHOD: usize = 0;
const URL: usize = 1;
const UPGRADE: usize = 2;
const ADDRESS: usize = 3;
const ORIGIN: usize = 4;
const PROTOCOLS: usize = 5;

impl Asked {
    /// Reads a request.
    pub(crate) fn of(request: &Request) -> Self {
        Self { lines: received(&describe(request), usize::MAX, &mut Vec::new()).into_owned() }
    }

    fn line(&self, number: usize) -> &str {
        self.lines.split('\n').nth(number).unwrap_or_default()
    }

    fn header(&self, number: usize) -> Option<&str> {
        self.line(number).strip_prefix('=')
    }

    /// `GET`, `HEAD`, …
    pub(crate) fn method(&self) -> &str {
        self.line(METHOD)
    }

    /// The complete URL.
    pub(crate) fn url(&self) -> &str {
        self.line(URL)
    }

    /// The origin of the page that asks, if it is one.
    pub(crate) fn origin(&self) -> Option<&str> {
        self.header(ORIGIN)
    }

    /// The address that it comes from, empty where none is known.
    pub(crate) fn address(&self) -> &str {
        self.header(ADDRESS).unwrap_or_default()
    }

    /// The sub-protocol that is accepted: the first that was offered, whatever it is, as PeerServer does. A browser fails the connection
    /// otherwise.
    pub(crate) fn protocol(&self) -> Option<&str> {
        self.header(PROTOCOLS)?.split(',').map(str::trim).find(|name| !name.is_empty())
    }

    /// What is asked for.
    pub(crate) fn route(&self, settings: &Settings) -> Route {
        let (path, query) = split_url(self.url());
        let upgrade = self.header(UPGRADE).is_some_and(|protocol| protocol.eq_ignore_ascii_case("websocket"));
        route::route(RequestLine { method: self.method(), path, query, upgrade }, settings)
    }
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

/// What is answered where something has failed that should not.
pub(crate) fn broken(error: &Fault) -> Result<Response, Fault> {
    fault("a request could not be answered", error);
    respond(Answer::fault("Something is broken here, and has been noted for its operator: try again in a minute."))
}
