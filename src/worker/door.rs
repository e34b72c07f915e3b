//! Sockets on their way to their homes, and those that are turned away.
//!
//! Nearly every request is a socket that opens. `door.js` asks [`way_in`] for its way, and hands it over: nothing of Rust's waits for its home,
//! for each thing that does is five times the work of the same wait in JavaScript.

use crate::client::limited_network;
use crate::id::PeerId;
use crate::realm::placement::{object_name, room_name};
use crate::settings::{Secret, Settings};
use crate::wire::jwt::{Jwt, JwtError};
use crate::wire::outbound;
use crate::wire::refusal::Refusal;
use crate::wire::route::{route, split_url, Claim, RequestLine, Route};
use crate::worker::bindings::{settings, Env};
use crate::worker::crypto;
use crate::worker::http::{self, Asked};
use crate::worker::log::{count, fault, has_dataset};
use crate::worker::platform::{now, text, Fault, Request, Response};
use crate::worker::socket::open_and_close;
use std::rc::Rc;
use wasm_bindgen::prelude::{wasm_bindgen, JsValue};

/// The way of a socket that nothing stands against: the network that is limited, if one is, and the name of its home, in two lines.
/// `None` for every other request: [`fetch`] has the answer.
#[expect(unreachable_pub, reason = "JavaScript reaches it")]
#[wasm_bindgen(js_name = wayIn)]
pub fn way_in(request: &Request, env: &Env) -> Option<String> {
    let settings = settings(env).ok()?;
    let asked = Asked::of(request);
    match asked.route(&settings) {
        Route::Socket(claim)
            if settings.allows_socket(asked.origin(), asked.url()) && token_to_check(&settings, &claim).is_none() =>
        {
            let network = limited_network(asked.address()).unwrap_or_default();
            Some([&network, "\n", &home(&claim, &settings)].concat())
        }
        _ => None,
    }
}

/// What a request is to us where we are a part of another Worker: `None` where it is the other's, for whatever means nothing to us is. Of a
/// socket that may come in as far as its address says: the key, the token, whether it wants a roster (`1`), the network that is limited, and
/// the id, if it has one. `pages`: whether ours are served, whose rooms are at the root.
#[expect(unreachable_pub, reason = "JavaScript reaches it")]
#[wasm_bindgen(js_name = hosted)]
pub fn hosted(request: &Request, env: &Env, pages: bool) -> Option<Vec<String>> {
    // A variable that is wrong is told below the base path alone.
    let base_alone = |name: &str| env.text(name).filter(|_| name == "BASE_PATH");
    let Ok(settings) = settings(env).or_else(|_| Settings::read(base_alone).map(Rc::new)) else {
        return Some(Vec::new());
    };
    let asked = Asked::of(request);
    let (path, query) = split_url(asked.url());
    let mut asked_for = asked.route(&settings);
    if matches!(asked_for, Route::Preflight) {
        let of = |method| route(RequestLine { method, path, query, upgrade: false }, &settings);
        asked_for = ["GET", "POST"].into_iter().map(of).find(|route| !matches!(route, Route::Missing))?;
    }
    let is_base = path.strip_prefix(settings.base_path.as_str()) == Some("peerjs");
    match asked_for {
        Route::Elsewhere | Route::StraySocket | Route::Missing => return None,
        Route::Socket(_) | Route::Refused { .. } | Route::NoUpgrade if !pages && !is_base => return None,
        Route::About if settings.base_path == "/" => return None,
        Route::PathReport(_) if !has_dataset(env) => return None,
        Route::Socket(claim) if settings.allows_socket(asked.origin(), asked.url()) => {
            let roster = if claim.roster { "1" } else { "" };
            let network = limited_network(asked.address()).unwrap_or_default();
            let mut told = vec![claim.key.as_str().into(), claim.token.reveal().into(), roster.into(), network];
            told.extend(claim.id.map(|id| id.as_str().to_owned()));
            return Some(told);
        }
        _ => {}
    }
    Some(Vec::new())
}

/// Turns a socket away that was on its way: with what its home has told, or because its network has opened too many.
#[expect(unreachable_pub, reason = "JavaScript reaches it")]
#[wasm_bindgen(js_name = turnAway)]
pub fn turn_back(request: &Request, env: &Env, told: Option<String>) -> Result<Response, JsValue> {
    let asked = Asked::of(request);
    let turned = match told {
        Some(frame) => turn_away(&asked, Some(&frame), None),
        None => refuse(&asked, env, &Refusal::TooManyJoins, wants_roster(&asked, env)),
    };
    Ok(turned?)
}

/// What a socket is answered whose home does not answer, or says that it cannot: why, if it says so. `None`: as its home does.
#[expect(unreachable_pub, reason = "JavaScript reaches it")]
#[wasm_bindgen(js_name = noAnswer)]
pub fn no_answer(request: &Request, env: &Env, error: Option<JsValue>) -> Result<Option<Response>, JsValue> {
    let (asked, error) = (Asked::of(request), error.map(Fault::from));
    Ok(match error {
        error if wants_roster(&asked, env) => Some(unanswered(&asked, error.as_ref())?),
        Some(error) => Some(http::broken(&error)?),
        None => None,
    })
}

/// Lets a room's socket in, to close it: a handshake that fails looks to its page as if its network let no socket through.
fn unanswered(asked: &Asked, error: Option<&Fault>) -> Result<Response, Fault> {
    if let Some(error) = error {
        fault("a room does not answer", error);
    }
    turn_away(asked, None, Some(TRY_AGAIN_LATER))
}

fn wants_roster(asked: &Asked, env: &Env) -> bool {
    settings(env).is_ok_and(|settings| matches!(asked.route(&settings), Route::Socket(Claim { roster: true, .. })))
}

/// Hands a socket to its home.
pub(super) async fn open(
    request: &Request,
    asked: &Asked,
    env: &Env,
    settings: &Settings,
    claim: Claim,
) -> Result<Response, Fault> {
    if let Some(token_error) = token_error(settings, &claim).await? {
        return refuse(asked, env, &Refusal::BadToken(token_error), false);
    }
    match env.ask(&home(&claim, settings), request).await {
        Ok(response) if response.status() == 403 => turn_away(asked, Some(&text(response.text()).await?), None),
        Ok(response) if response.status() < 500 => Ok(response),
        broken if claim.roster => unanswered(asked, broken.err().as_ref()),
        broken => broken,
    }
}

/// The name of the object that a claim is for. Rooms have objects of their own: whoever only knows how to spell a room's key, with a
/// socket that has no roster, meets nobody of the room, and takes neither an id nor a place there.
pub(super) fn home(claim: &Claim, settings: &Settings) -> String {
    match claim {
        Claim { roster: true, key, .. } => room_name(key),
        Claim { key, id, .. } => object_name(key, id.as_ref().map(PeerId::as_str), settings.public_homes),
    }
}

/// What checks a claim's token, and the id that it is to be for, where ids must be signed for. In rooms they need not be.
fn token_to_check<'a>(settings: &'a Settings, claim: &'a Claim) -> Option<(&'a Secret, &'a PeerId)> {
    settings.token_key.as_ref().zip(claim.id.as_ref()).filter(|_| !claim.roster)
}

/// What is wrong with a token, where ids must be signed for.
pub(super) async fn token_error(settings: &Settings, claim: &Claim) -> Result<Option<JwtError>, Fault> {
    let Some((secret, id)) = token_to_check(settings, claim) else {
        return Ok(None);
    };
    let jwt = match Jwt::parse(claim.token.reveal()) {
        Ok(jwt) => jwt,
        Err(token_error) => return Ok(Some(token_error)),
    };
    Ok(match crypto::is_signed(jwt.signed, &jwt.signature, secret).await? {
        // One that has expired may still be good for coming back. Its home knows.
        true => jwt.allows(id, &claim.key, settings.require_audience, settings.owner_grace_ms, now()).err(),
        false => Some(JwtError::WrongSignature),
    })
}

/// Refuses a socket.
pub(super) fn refuse(asked: &Asked, env: &Env, refusal: &Refusal, roster: bool) -> Result<Response, Fault> {
    count(env, refusal.code(), 1);
    match refusal {
        // What a room's client is told instead of OPEN is final. This is not: without a word it comes back, later and later.
        Refusal::TooManyJoins if roster => turn_away(asked, None, Some(TRY_AGAIN_LATER)),
        _ => turn_away(asked, Some(&outbound::refusal(refusal, roster)), None),
    }
}

/// The close code for whom there is no place at the moment (IANA's registry of RFC 6455, 11.7).
const TRY_AGAIN_LATER: u16 = 1013;

/// Opens a socket only to close it: a frame that says why, then a close, without a code as a rule.
fn turn_away(asked: &Asked, frame: Option<&str>, code: Option<u16>) -> Result<Response, Fault> {
    open_and_close(frame, code, asked.protocol())
}
