//! HTTP answers as data: status, headers, body. PeerServer's, to the letter, with security headers added.

use crate::limits::{LIMIT_PERIOD_S, MAX_FRAME_BYTES, MAX_ID_BYTES, MAX_ROSTER_FRAME_BYTES};
use crate::settings::Settings;
use crate::wire::ice::Ice;
use crate::wire::outbound;
use crate::wire::refusal::Refusal;

/// An HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json; charset=utf-8";

/// What every answer says, whatever it is: it is for the one who asked, once, and nothing in it may ever run, be framed or be taken for
/// something else. (An id is answered as text/html, as PeerServer does, and that nothing is here with the path that was asked for.)
const ALWAYS: [(&str, &str); 6] = [
    // A fresh id or the list of peers is true once. PeerServer relies on the client's `ts` parameter instead.
    ("Cache-Control", "no-store"),
    (
        "Content-Security-Policy",
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
];

impl Answer {
    fn new(status: u16, content_type: &'static str, body: impl Into<String>) -> Self {
        let mut answer = Self::bare(status);
        answer.headers.push(("Content-Type", content_type.to_owned()));
        answer.body = body.into();
        answer
    }

    fn bare(status: u16) -> Self {
        Self { status, headers: ALWAYS.map(|(name, value)| (name, value.to_owned())).to_vec(), body: String::new() }
    }

    /// Who serves here: PeerServer's own text, which clients and monitors look for.
    pub fn about() -> Self {
        Self::new(
            200,
            JSON,
            concat!(
                r#"{"name":"PeerJS Server","description":"A server side element to broker connections between PeerJS "#,
                r#"clients.","website":"https://peerjs.com/"}"#
            ),
        )
    }

    /// That it works: the version, the build, whether anything is counted, and the limits that its users may meet, by the names of
    /// their variables.
    pub fn health(settings: &Settings, counts: bool) -> Self {
        let build = option_env!("BECKON_BUILD").unwrap_or("unknown");
        let limits = [
            ("CONCURRENT_LIMIT", settings.concurrent_limit as u64),
            ("PEERS_PER_NETWORK", settings.peers_per_network as u64),
            ("ROOM_CAPACITY", settings.room_capacity as u64),
            ("FRAMES_PER_SECOND", settings.frames_per_second.into()),
            ("BYTES_PER_SECOND", settings.bytes_per_second.into()),
            ("EXPIRE_TIMEOUT_MS", settings.expire_timeout_ms),
            ("ALIVE_TIMEOUT_MS", settings.alive_timeout_ms),
            ("OWNER_GRACE_MS", settings.owner_grace_ms),
            ("frameBytes", MAX_FRAME_BYTES as u64),
            ("roomFrameBytes", MAX_ROSTER_FRAME_BYTES as u64),
            ("idBytes", MAX_ID_BYTES as u64),
        ];
        let limits = limits.map(|(name, value)| format!("\"{name}\":{value}")).join(",");
        let version = env!("CARGO_PKG_VERSION");
        Self::new(
            200,
            JSON,
            format!(r#"{{"name":"Beckon","version":"{version}","build":"{build}","counts":{counts},"limits":{{{limits}}}}}"#),
        )
    }

    /// It has been counted.
    pub fn counted() -> Self {
        Self::bare(204)
    }

    /// A fresh id, bare.
    pub fn new_id(id: &str) -> Self {
        Self::new(200, HTML, id)
    }

    /// What one of our objects answers to the edge, or to another one.
    pub fn plain(status: u16, body: String) -> Self {
        Self { status, headers: Vec::new(), body }
    }

    /// Who is connected: a JSON array of ids.
    pub fn peers(array: String) -> Self {
        Self::new(200, JSON, array)
    }

    /// Discovery is off. 401 is what the stock client's own explanation hangs on.
    pub fn no_discovery() -> Self {
        Self::new(401, TEXT, "Unauthorized")
    }

    /// What an operator is told.
    pub fn told(json: String) -> Self {
        Self::new(200, JSON, json)
    }

    /// Whoever asks is no operator.
    pub fn no_operator() -> Self {
        let mut answer = Self::no_ice(401, "This is for the operator: send the secret ADMIN_KEY as Authorization: Bearer");
        answer.headers.push(("WWW-Authenticate", "Bearer".to_owned()));
        answer
    }

    /// What an operator asks for means nothing.
    pub fn no_such_request() -> Self {
        Self::no_ice(400, "Bad Request: a key, an id, or the number of seconds is none")
    }

    /// The ICE servers to use: as in `RTCConfiguration`, and for how many seconds they are good.
    pub fn ice(ice: &Ice) -> Self {
        Self::new(200, JSON, format!("{{{}}}", outbound::ice_fields(ice)))
    }

    /// No ICE servers for somebody who is not connected, or cannot prove who they are.
    pub fn no_ice(status: u16, sentence: &str) -> Self {
        Self::new(status, TEXT, format!("{sentence}\n"))
    }

    /// No ICE servers for now.
    pub fn ice_too_often() -> Self {
        Self::too_often("Too many requests for ICE servers from your network: wait a minute and ask again")
    }

    /// No ids, and no lists of them, for now.
    pub fn joins_too_often() -> Self {
        Self::too_often(&Refusal::TooManyJoins.to_string())
    }

    fn too_often(sentence: &str) -> Self {
        let mut answer = Self::no_ice(429, sentence);
        answer.headers.push(("Retry-After", LIMIT_PERIOD_S.to_string()));
        answer
    }

    /// The answer to a preflight.
    pub fn preflight(requested_headers: Option<&str>) -> Self {
        let mut answer = Self::bare(204);
        answer.headers.push(("Access-Control-Allow-Methods", "GET,HEAD,PUT,PATCH,POST,DELETE".to_owned()));
        if let Some(requested) = requested_headers {
            answer.headers.push(("Access-Control-Allow-Headers", requested.to_owned()));
        }
        answer
    }

    /// What a Durable Object answers to the edge when it does not admit a socket: the frame that says why.
    pub fn refusal(frame: &str) -> Self {
        Self::new(403, JSON, frame)
    }

    /// A path whose percent-encoding means nothing.
    pub fn undecodable() -> Self {
        Self::new(400, TEXT, "Bad Request: the path has a % that is not followed by two hexadecimal digits of UTF-8\n")
    }

    /// A WebSocket at an address that has none.
    pub fn stray_socket(base_path: &str) -> Self {
        Self::new(400, TEXT, format!("Bad Request: WebSockets are served at {base_path}peerjs only\n"))
    }

    /// The address of a socket, and no wish for one (RFC 9110, section 15.5.22).
    pub fn no_upgrade() -> Self {
        Self::new(426, TEXT, "Upgrade Required: a WebSocket is served here\n")
    }

    /// Nothing here: the page that Express answers with.
    pub fn missing(method: &str, path: &str) -> Self {
        let path =
            path.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;");
        let body = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n\
             <body>\n<pre>Cannot {method} {path}</pre>\n</body>\n</html>\n"
        );
        Self::new(404, HTML, body)
    }

    /// Something of ours is broken; `sentence` says what its reader can do.
    pub fn fault(sentence: &str) -> Self {
        Self::new(500, TEXT, format!("{sentence}\n"))
    }

    /// What a `HEAD` is answered: as a `GET`, but for the body, whose length is told (RFC 9110, 9.3.2).
    pub fn without_body(mut self) -> Self {
        self.headers.push(("Content-Length", self.body.len().to_string()));
        Self { body: String::new(), ..self }
    }

    /// Adds what lets pages of other origins read the answer (Fetch standard, CORS protocol). No credentials are involved:
    /// there are none.
    pub fn with_cors(mut self, origin: Option<&str>, settings: &Settings) -> Self {
        let preflight = self.status == 204;
        let vary = if preflight { "Origin, Access-Control-Request-Headers" } else { "Origin" };
        self.headers.push(("Vary", vary.to_owned()));
        if let Some(origin) = origin.filter(|origin| settings.allows_origin(origin)) {
            self.headers.push(("Access-Control-Allow-Origin", origin.to_owned()));
        }
        self
    }
}
