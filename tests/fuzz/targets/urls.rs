//! Requests: names come out of an address as they went in, are within their limits, and no address is too strange to be read.

use super::choices::Choices;
use crate::world::settings;
use beckon::id::{PeerId, RealmKey};
use beckon::limits::{LASTING_TOKEN_CHARS, MAX_ID_BYTES, MAX_KEY_BYTES, MAX_TOKEN_BYTES};
use beckon::realm::placement::{object_name, room_name};
use beckon::settings::Settings;
use beckon::wire::refusal::Refusal;
use beckon::wire::route::{route, split_url, Claim, RequestLine, Route};

const BASES: [&str; 3] = ["/", "/myapp/", "/outer/in%20ner/"];

/// The bytes are a request, or choices that make one.
pub fn urls(bytes: &[u8]) {
    thread_local!(static SETTINGS: [Settings; 3] = BASES.map(|base| settings(&[("BASE_PATH", base)])));
    SETTINGS.with(|all| {
        let mut choices = Choices::new(bytes);
        let settings = &all[choices.below(all.len())];
        match choices.below(4) {
            0 => anything(&mut choices, settings),
            1 => path(&mut choices, settings),
            _ => query(&mut choices, settings),
        }
    });
}

fn anything(choices: &mut Choices<'_>, settings: &Settings) {
    let method = choices.one_of(&["GET", "HEAD", "OPTIONS", "POST", "get", ""]);
    let upgrade = choices.once_in(2);
    let base = choices.one_of(&["", "/peerjs?", "/myapp/peerjs?", "https://host/peerjs?", "/"]);
    let text = format!("{base}{}", String::from_utf8_lossy(choices.rest()));
    let (path, query) = split_url(&text);
    // A path begins with a slash, ends before the query, and nothing is made up.
    assert!(path.starts_with('/') && !path.contains(['?', '#']) && !query.contains('#'), "{text}: {path} {query}");
    assert!(text.contains(path) || path == "/", "{text}: {path}");
    assert!(text.contains(query), "{text}: {query}");
    sound(route(RequestLine { method, path, query, upgrade }, settings));
}

/// What holds for every route.
fn sound(route: Route) {
    match route {
        Route::Socket(claim) | Route::Ice(Ok(claim)) => {
            let Claim { key, id, token, roster, reserve_for, .. } = &claim;
            assert!((1..=MAX_KEY_BYTES).contains(&key.as_str().len()) && (1..=MAX_TOKEN_BYTES).contains(&token.reveal().len()));
            assert!(id.as_ref().map_or(*roster, |id| (1..=MAX_ID_BYTES).contains(&id.as_str().len())));
            assert!(!roster || !key.is_public(), "strangers are not shown to each other");
            assert_eq!(reserve_for.is_some(), token.reveal().chars().count() >= LASTING_TOKEN_CHARS);
            // A room is an object of its own, whatever names others choose.
            let homes = std::num::NonZeroU16::new(8).unwrap();
            assert_ne!(object_name(key, id.as_ref().map(PeerId::as_str), homes), room_name(key));
            assert!(format!("{claim:?}").contains("Token(…)"), "a token is never printed");
        }
        Route::Refused { refusal, .. } | Route::Ice(Err(refusal)) => assert!(!refusal.to_string().is_empty()),
        _ => {}
    }
}

/// A path of ours, in one of its spellings.
fn path(choices: &mut Choices<'_>, settings: &Settings) {
    let key = choices.text(6);
    let word = choices.one_of(&["id", "peers", "ice", "Peers", "ID", "iCe", "other"]);
    let base = settings.base_path.strip_suffix('/').unwrap();
    let base = if choices.once_in(3) { base.to_uppercase() } else { base.to_owned() };
    let more = |choices: &mut Choices<'_>| "/".repeat(choices.below(3));
    let before = if base.is_empty() { String::new() } else { more(choices) };
    let path = format!("{base}/{before}{}/{}{word}{}", escaped(choices, &key, true), more(choices), choices.one_of(&["", "/"]));
    let got = route(RequestLine { method: "GET", path: &path, query: "id=a&token=t", upgrade: false }, settings);
    let expected = match word.to_ascii_lowercase().as_str() {
        _ if key.is_empty() => None, // what follows may be taken for the key
        "id" => Some(Route::NewId),
        "peers" => Some(Route::Peers(RealmKey::parse(&key).ok())),
        "other" => Some(Route::Missing),
        _ => match &got {
            Route::Ice(Ok(claim)) => (claim.key.as_str() == key).then_some(Route::Missing).and(None),
            other => panic!("{path}: {other:?}"),
        },
    };
    if let Some(expected) = expected {
        assert_eq!(got, expected, "{path}");
    }
}

/// A socket's query, with names that need escapes, some of them twice.
fn query(choices: &mut Choices<'_>, settings: &Settings) {
    let mut pairs = Vec::new();
    let mut last = std::collections::BTreeMap::new();
    for _ in 0..choices.below(8) {
        let name = choices.one_of(&["id", "token", "key", "roster", "version", "ID", "é"]);
        let value = match (name, choices.below(20)) {
            ("roster", 0..=9) => "1".to_owned(),
            ("key", 0..=4) => "peerjs".to_owned(),
            (_, 10) => "x".repeat(choices.one_of(&[MAX_KEY_BYTES, MAX_ID_BYTES, MAX_TOKEN_BYTES]) + choices.below(2)),
            (_, 11) => "x".repeat(LASTING_TOKEN_CHARS - 1 + choices.below(2)),
            _ => choices.text(12),
        };
        pairs.push(format!("{}={}", escaped(choices, name, false), escaped(choices, &value, false)));
        last.insert(name, value);
    }
    let query = pairs.join("&");
    let path = format!("{}peerjs", settings.base_path);
    let got = route(RequestLine { method: "GET", path: &path, query: &query, upgrade: true }, settings);
    let value = |name| last.get(name).map_or("", String::as_str);
    let (id, token, key, roster) = (value("id"), value("token"), value("key"), value("roster") == "1");
    let too_long = |what, text: &str, limit| (text.len() > limit).then_some(Refusal::TooLong { what, limit });
    let refusal = match () {
        () if token.is_empty() || key.is_empty() || id.is_empty() && !roster => Some(Refusal::Incomplete),
        () if key.len() > MAX_KEY_BYTES => too_long("key", key, MAX_KEY_BYTES),
        () if roster && key == "peerjs" => Some(Refusal::NoPublicRoster),
        () => too_long("id", id, MAX_ID_BYTES).or(too_long("token", token, MAX_TOKEN_BYTES)),
    };
    match (&got, refusal) {
        (Route::Refused { refusal, roster: asked }, Some(expected)) => {
            assert_eq!((refusal, *asked), (&expected, roster), "{query}")
        }
        (Route::Socket(claim), None) => {
            let got = (claim.key.as_str(), claim.id.as_ref().map_or("", PeerId::as_str), claim.token.reveal(), claim.roster);
            assert_eq!(got, (key, id, token, roster), "{query}");
        }
        (got, expected) => panic!("{query}: {got:?} instead of {expected:?}"),
    }
    sound(got);
}

/// A text percent-encoded: what must be is, and now and then what need not be.
fn escaped(choices: &mut Choices<'_>, text: &str, in_path: bool) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || in_path && b"+&=".contains(&byte);
        escaped += &match byte {
            b' ' if !in_path && choices.once_in(2) => "+".to_owned(),
            _ if plain && !choices.once_in(8) => char::from(byte).to_string(),
            _ if choices.once_in(2) => format!("%{byte:02X}"),
            _ => format!("%{byte:02x}"),
        };
    }
    escaped
}
