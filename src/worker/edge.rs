//! The fetch event: answers what needs no realm at once, and hands the rest to the Durable Object that is its home.
//! Static files never get here: the platform serves them first.

use crate::client::limited_network;
use crate::id::{PeerId, RealmKey};
use crate::realm::placement::{home_name, object_name, room_name, Home};
use crate::settings::Settings;
use crate::wire::answer::Answer;
use crate::wire::forwarding::listing;
use crate::wire::jwt::{Jwt, JwtError};
use crate::wire::outbound;
use crate::wire::refusal::Refusal;
use crate::wire::route::{split_url, Claim, Route};
use crate::worker::bindings::{settings, Env};
use crate::worker::crypto;
use crate::worker::http::{self, respond};
use crate::worker::limiter::{allows, ICE_LIMIT, JOIN_LIMIT};
use crate::worker::log::{count, count_and_wait, fault, has_dataset};
use crate::worker::platform::{now, text, Fault, Request, Response};
use crate::worker::socket::{accept, close, socket_pair};
use crate::worker::turn_credentials;
use futures::future::join_all;
use wasm_bindgen::prelude::{wasm_bindgen, JsValue};

/// The fetch event.
#[expect(unreachable_pub, reason = "JavaScript reaches it")]
#[wasm_bindgen(js_sys = worker::js_sys, wasm_bindgen_futures = worker::wasm_bindgen_futures)]
pub async fn fetch(request: Request, env: Env) -> Result<Response, JsValue> {
    let answered = match settings(&env) {
        Ok(settings) => handle(&request, &env, &settings).await,
        Err(bad) => {
            fault("a variable is wrong", &bad);
            respond(Answer::fault(&bad.to_string()))
        }
    };
    Ok(answered.or_else(|error| {
        fault("a request could not be answered", &error);
        respond(Answer::fault("Something is broken here, and has been noted for its operator: try again in a minute."))
    })?)
}

async fn handle(request: &Request, env: &Env, settings: &Settings) -> Result<Response, Fault> {
    let origin = request.headers().get("Origin")?;
    let (method, url) = (request.method(), request.url());
    let route = match http::route(request, settings) {
        Route::PathReport(_) if !has_dataset(env) => Route::Missing,
        route => route,
    };
    let too_often = match route.allowance(settings) {
        Some(purpose) => !is_allowed(request, env, purpose).await?,
        None => false,
    };
    let cors = !matches!(route, Route::StraySocket | Route::Elsewhere);
    let answer = match route {
        Route::Socket(claim) if !settings.allows_socket(origin.as_deref(), &url) => {
            return refuse(request, env, &Refusal::WrongOrigin, claim.roster);
        }
        Route::Socket(claim) if too_often => return refuse(request, env, &Refusal::TooManyJoins, claim.roster),
        Route::Socket(claim) => return open(request, env, settings, claim).await,
        Route::Refused { refusal, roster } => return refuse(request, env, &refusal, roster),
        _ if too_often => Answer::joins_too_often(),
        Route::About => Answer::about(),
        Route::Health => Answer::health(settings, has_dataset(env)),
        Route::NewId => Answer::new_id(crypto::fresh_id()?.as_str()),
        Route::PathReport(kind) => {
            count_and_wait(env, kind).await;
            Answer::counted()
        }
        Route::Peers(_) if !settings.allow_discovery => Answer::no_discovery(),
        Route::Peers(Some(key)) => Answer::peers(peers(env, settings, &key, &url).await?),
        Route::Ice(asker) => ice(request, env, settings, asker).await?,
        Route::NoUpgrade => Answer::no_upgrade(),
        Route::Preflight => Answer::preflight(request.headers().get("Access-Control-Request-Headers")?.as_deref()),
        Route::StraySocket => Answer::stray_socket(&settings.base_path),
        Route::Undecodable => Answer::undecodable(),
        Route::Peers(None) | Route::Missing | Route::Elsewhere => Answer::missing(&method, split_url(&url).0),
    };
    let answer = if cors { answer.with_cors(origin.as_deref(), settings) } else { answer };
    respond(if method == "HEAD" { answer.without_body() } else { answer })
}

/// Hands a socket to its home.
async fn open(request: &Request, env: &Env, settings: &Settings, claim: Claim) -> Result<Response, Fault> {
    if let Some(token_error) = token_error(settings, &claim).await? {
        return refuse(request, env, &Refusal::BadToken(token_error), false);
    }
    match env.ask(&home(&claim, settings), request).await {
        Ok(response) if response.status() == 403 => turn_away(request, Some(&text(response.text()).await?), None),
        Ok(response) if response.status() < 500 => Ok(response),
        // A handshake that fails looks to a room's page as if its network let no socket through.
        broken if claim.roster => {
            if let Err(error) = broken {
                fault("a room does not answer", &error);
            }
            turn_away(request, None, Some(TRY_AGAIN_LATER))
        }
        broken => broken,
    }
}

/// The name of the object that a claim is for. Rooms have objects of their own: whoever only knows how to spell a room's key, with a
/// socket that has no roster, meets nobody of the room, and takes neither an id nor a place there.
fn home(claim: &Claim, settings: &Settings) -> String {
    match claim {
        Claim { roster: true, key, .. } => room_name(key),
        Claim { key, id, .. } => object_name(key, id.as_ref().map(PeerId::as_str), settings.public_homes),
    }
}

/// What is wrong with a token, where ids must be signed for. In rooms they need not be.
async fn token_error(settings: &Settings, claim: &Claim) -> Result<Option<JwtError>, Fault> {
    let Some((secret, id)) = settings.token_key.as_ref().zip(claim.id.as_ref()).filter(|_| !claim.roster) else {
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
fn refuse(request: &Request, env: &Env, refusal: &Refusal, roster: bool) -> Result<Response, Fault> {
    count(env, refusal.code(), 1);
    match refusal {
        // What a room's client is told instead of OPEN is final. This is not: without a word it comes back, later and later.
        Refusal::TooManyJoins if roster => turn_away(request, None, Some(TRY_AGAIN_LATER)),
        _ => turn_away(request, Some(&outbound::refusal(refusal, roster)), None),
    }
}

/// The close code for whom there is no place at the moment (IANA's registry of RFC 6455, 11.7).
const TRY_AGAIN_LATER: u16 = 1013;

/// Opens a socket only to close it: a frame that says why, then a close, without a code as a rule.
fn turn_away(request: &Request, frame: Option<&str>, code: Option<u16>) -> Result<Response, Fault> {
    let (client, server) = socket_pair()?;
    accept(&server)?;
    if let Some(frame) = frame {
        server.send_with_str(frame)?;
    }
    close(&server, code.map(|code| (code, "")));
    http::upgrade(request, &client)
}

/// Whether the network that a request comes from may open one more socket, or ask for one more id; or what else `purpose` names.
async fn is_allowed(request: &Request, env: &Env, purpose: &str) -> Result<bool, Fault> {
    Ok(match limited_network(&http::address(request)?) {
        Some(network) => allows(env, JOIN_LIMIT, &[purpose, &network].concat()).await,
        None => true,
    })
}

/// ICE servers for who has proved to be a connected peer, or for anybody where the operator says so.
async fn ice(request: &Request, env: &Env, settings: &Settings, asker: Result<Claim, Refusal>) -> Result<Answer, Fault> {
    const CONNECT_FIRST: &str = "ICE servers are for connected peers: connect first, then ask with the same id and token";
    let claim = match asker {
        Err(refusal @ Refusal::InvalidKey) => return Ok(Answer::no_ice(403, &refusal.to_string())),
        asker => asker.ok().filter(|_| !settings.ice_for_all),
    };
    if claim.is_none() && !settings.ice_for_all {
        return Ok(Answer::no_ice(401, CONNECT_FIRST));
    }
    // Before the token is looked at: whoever guesses does not get far.
    if !allows(env, ICE_LIMIT, &crypto::network(request).await?).await {
        return Ok(Answer::ice_too_often());
    }
    if let Some(claim) = claim {
        if let Some(token_error) = token_error(settings, &claim).await? {
            return Ok(Answer::no_ice(401, &Refusal::BadToken(token_error).to_string()));
        }
        if env.ask(&home(&claim, settings), request).await?.status() != 200 {
            return Ok(Answer::no_ice(401, CONNECT_FIRST));
        }
    }
    Ok(Answer::ice(&turn_credentials::ice(settings).await))
}

/// The connected ids of a realm, from all its homes, as a JSON array in the order of registration.
async fn peers(env: &Env, settings: &Settings, key: &RealmKey, url: &str) -> Result<String, Fault> {
    let names: Vec<String> = if key.is_public() {
        (0..settings.public_homes.get()).map(|home| home_name(Home(home))).collect()
    } else {
        vec![object_name(key, None, settings.public_homes)]
    };
    let mut rows = String::new();
    for answer in join_all(names.into_iter().map(|name| env.text_of(name, url))).await {
        rows.push_str(&answer?);
    }
    Ok(listing(&rows))
}
