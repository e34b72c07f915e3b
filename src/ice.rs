//! The servers that help peers through NATs and firewalls: what a room's peers configure their connections with.

use crate::message::json;
use crate::settings::Settings;

/// The `iceServers` of an `RTCPeerConnection` (W3C WebRTC, `RTCConfiguration`), as JSON: one entry with all STUN servers.
pub fn ice_servers(settings: &Settings) -> String {
    let urls: Vec<String> = settings.stun_urls.iter().map(|url| json(url)).collect();
    if urls.is_empty() {
        return "[]".to_owned();
    }
    format!(r#"[{{"urls":[{}]}}]"#, urls.join(","))
}
