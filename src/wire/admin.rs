//! What an operator asks from outside, with the secret `ADMIN_KEY`.

use crate::id::{PeerId, RealmKey};
use crate::wire::percent::{decode, decode_strictly};
use crate::wire::route::{below, RequestLine};

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum AdminRequest {
    /// `GET {base}admin/realms/{key}`: how many peers a realm has.
    Count(RealmKey),
    /// `DELETE {base}admin/realms/{key}/peers/{id}`: close a peer.
    Kick {
        /// Its realm.
        key: RealmKey,
        /// Its id.
        id: PeerId,
        /// For how many seconds it is kept out.
        seconds: u32,
        /// What it is told.
        reason: String,
    },
}

/// Reads a request. `None` where it is no such one; `Some(None)` where it is, and means nothing.
pub fn admin(line: RequestLine<'_>, base: &str) -> Option<Option<AdminRequest>> {
    let mut parts = below(line.path, base)?.strip_prefix("admin/realms/")?.split('/');
    let key = RealmKey::parse(&decode_strictly(parts.next()?).unwrap_or_default());
    match (line.method, parts.next(), parts.next(), parts.next()) {
        ("GET" | "HEAD", None, None, None) => Some(key.ok().map(AdminRequest::Count)),
        ("DELETE", Some("peers"), Some(id), None) => {
            let id = PeerId::parse(&decode_strictly(id).unwrap_or_default());
            Some(match (key, id, options(line.query)) {
                (Ok(key), Ok(id), Some((seconds, reason))) => Some(AdminRequest::Kick { key, id, seconds, reason }),
                _ => None,
            })
        }
        _ => None,
    }
}

fn options(query: &str) -> Option<(u32, String)> {
    let (mut seconds, mut reason) = (0, String::new());
    for (name, value) in query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, ""))) {
        match decode(name).as_str() {
            "for" => seconds = decode(value).parse().ok()?,
            "reason" => reason = decode(value),
            _ => {}
        }
    }
    Some((seconds, reason))
}
