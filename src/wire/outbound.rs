//! Frames that the server sends, as [`message`](crate::wire::message) specifies them.

use crate::id::PeerId;
use crate::wire::ice::{Ice, IceServer};
use crate::wire::json;
use crate::wire::message::{Destination, Kind, HEARTBEAT, ICE};
use crate::wire::refusal::Refusal;

/// `OPEN`: the socket is registered. Always its first frame.
pub fn open() -> String {
    r#"{"type":"OPEN"}"#.to_owned()
}

/// `OPEN` for a socket with a roster: its id, who is here, and the ICE servers to use.
pub fn open_roster<'a>(id: &PeerId, peers: impl Iterator<Item = &'a PeerId>, ice: &Ice) -> String {
    let peers: Vec<String> = peers.map(|peer| json::quoted(peer.as_str())).collect();
    let (id, peers) = (json::quoted(id.as_str()), peers.join(","));
    format!(r#"{{"type":"OPEN","payload":{{"id":{id},"peers":[{peers}],{}}}}}"#, ice_fields(ice))
}

/// `ICE`: the ICE servers to use from now on. Only for sockets with a roster.
pub fn ice(ice: &Ice) -> String {
    format!(r#"{{"type":"{ICE}","payload":{{{}}}}}"#, ice_fields(ice))
}

/// The members of a JSON object: `iceServers` as in `RTCConfiguration`, `ttl` in seconds, and `degraded` where it is true.
pub fn ice_fields(ice: &Ice) -> String {
    let servers: Vec<String> = ice.servers.iter().map(ice_server).collect();
    let degraded = if ice.degraded { r#","degraded":true"# } else { "" };
    format!(r#""iceServers":[{}],"ttl":{}{degraded}"#, servers.join(","), ice.ttl_s)
}

fn ice_server(server: &IceServer) -> String {
    let urls: Vec<String> = server.urls.iter().map(|url| json::quoted(url)).collect();
    let urls = urls.join(",");
    match server.username.as_deref().zip(server.credential.as_ref()) {
        None => format!(r#"{{"urls":[{urls}]}}"#),
        Some((username, credential)) => {
            let (username, credential) = (json::quoted(username), json::quoted(credential.reveal()));
            format!(r#"{{"urls":[{urls}],"username":{username},"credential":{credential}}}"#)
        }
    }
}

/// `HEARTBEAT`: give a sign of life, for somebody wants your seat. Only for sockets with a roster.
pub fn heartbeat() -> String {
    HEARTBEAT.to_owned()
}

/// `JOIN`: somebody came. Only for sockets with a roster.
pub fn join(src: &PeerId) -> String {
    format!(r#"{{"type":"JOIN","src":{}}}"#, json::quoted(src.as_str()))
}

/// `LEAVE`: somebody said goodbye, or closed the page. Only for sockets with a roster; stock clients would close their connections.
pub fn left(src: &PeerId) -> String {
    format!(r#"{{"type":"LEAVE","src":{}}}"#, json::quoted(src.as_str()))
}

/// `LOST`: somebody's socket is gone without a goodbye, and may well come back. Only for sockets with a roster.
pub fn lost(src: &PeerId) -> String {
    format!(r#"{{"type":"LOST","src":{}}}"#, json::quoted(src.as_str()))
}

/// `SERVER`: what the Worker around this one has to say, as JSON text. Only for sockets with a roster; stock clients would complain.
pub fn server(value: &str) -> String {
    format!(r#"{{"type":"SERVER","payload":{value}}}"#)
}

/// A frame passed on: exactly `type, src, dst, payload`, in PeerServer's order.
pub fn relay(kind: Kind, src: &PeerId, dst: &Destination, payload: Option<&str>) -> String {
    let (kind, src, dst) = (kind.name(), json::quoted(src.as_str()), &dst.json);
    match payload {
        // Not format!: this is every frame's way, and its machinery takes longer than the copying.
        Some(payload) => [r#"{"type":""#, kind, r#"","src":"#, &src, r#","dst":"#, dst, r#","payload":"#, payload, "}"].concat(),
        None => [r#"{"type":""#, kind, r#"","src":"#, &src, r#","dst":"#, dst, "}"].concat(),
    }
}

/// `EXPIRE`: nobody claimed `absent` (JSON text) in time; `dst` (JSON text) is the peer who had asked.
pub fn expire(absent: &str, dst: &str) -> String {
    format!(r#"{{"type":"EXPIRE","src":{absent},"dst":{dst}}}"#)
}

/// The frame that tells a peer why it is refused: PeerServer's own where it has one. Sockets with a roster are told the code as well.
pub fn refusal(refusal: &Refusal, roster: bool) -> String {
    match refusal {
        Refusal::IdTaken => id_taken(),
        _ => error(&refusal.to_string(), roster.then(|| refusal.code())),
    }
}

/// `ID-TAKEN`: somebody else holds the id.
fn id_taken() -> String {
    format!(r#"{{"type":"ID-TAKEN","payload":{{"msg":{}}}}}"#, json::quoted(&Refusal::IdTaken.to_string()))
}

/// `ERROR`: what is wrong, in a sentence, and its code for those who asked for a roster.
fn error(sentence: &str, code: Option<&str>) -> String {
    let msg = json::quoted(sentence);
    match code {
        Some(code) => format!(r#"{{"type":"ERROR","payload":{{"msg":{msg},"code":{}}}}}"#, json::quoted(code)),
        None => format!(r#"{{"type":"ERROR","payload":{{"msg":{msg}}}}}"#),
    }
}
