//! The fetch event: answers what needs no realm at once, and hands the rest to the Durable Object that is its home.
//! Static files never get here: the platform serves them first.

use crate::client::limited_network;
use crate::id::RealmKey;
use crate::realm::placement::{home_name, object_name, Home};
use crate::settings::Settings;
use crate::wire::answer::Answer;
use crate::wire::forwarding::listing;
use crate::wire::refusal::Refusal;
use crate::wire::route::{split_url, Claim, Route};
use crate::worker::bindings::{settings, Env, LIST_URL};
use crate::worker::crypto;
use crate::worker::door::{home, open, refuse, token_error};
use crate::worker::http::{broken, respond, Asked};
use crate::worker::limiter::{allows, ICE_LIMIT, JOIN_LIMIT};
use crate::worker::log::{count_and_wait, fault, has_dataset};
use crate::worker::platform::{Fault, Request, Response};
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
    Ok(answered.or_else(|error| broken(&error))?)
}

async fn handle(request: &Request, env: &Env, settings: &Settings) -> Result<Response, Fault> {
    let asked = Asked::of(request);
    let (origin, method, url) = (asked.origin(), asked.method(), asked.url());
    let route = match asked.route(settings) {
        Route::PathReport(_) if !has_dataset(env) => Route::Missing,
        route => route,
    };
    let too_often = match route.allowance(settings) {
        Some(purpose) => !is_allowed(&asked, env, purpose).await,
        None => false,
    };
    let cors = !matches!(route, Route::StraySocket | Route::Elsewhere);
    let answer = match route {
        Route::Socket(claim) if !settings.allows_socket(origin, url) => {
            return refuse(&asked, env, &Refusal::WrongOrigin, claim.roster);
        }
        Route::Socket(claim) if too_often => return refuse(&asked, env, &Refusal::TooManyJoins, claim.roster),
        Route::Socket(claim) => return open(request, &asked, env, settings, claim).await,
        Route::Refused { refusal, roster } => return refuse(&asked, env, &refusal, roster),
        _ if too_often => Answer::joins_too_often(),
        Route::About => Answer::about(),
        Route::Health => Answer::health(settings, has_dataset(env)),
        Route::NewId => Answer::new_id(crypto::fresh_id()?.as_str()),
        Route::PathReport(kind) => {
            count_and_wait(env, kind).await;
            Answer::counted()
        }
        Route::Peers(_) if !settings.allow_discovery => Answer::no_discovery(),
        Route::Peers(Some(key)) => Answer::peers(peers(env, settings, &key).await?),
        Route::Ice(asker) => ice(request, &asked, env, settings, asker).await?,
        Route::NoUpgrade => Answer::no_upgrade(),
        Route::Preflight => Answer::preflight(request.headers().get("Access-Control-Request-Headers")?.as_deref()),
        Route::StraySocket => Answer::stray_socket(&settings.base_path),
        Route::Undecodable => Answer::undecodable(),
        Route::Peers(None) | Route::Missing | Route::Elsewhere => Answer::missing(method, split_url(url).0),
    };
    let answer = if cors { answer.with_cors(origin, settings) } else { answer };
    respond(if method == "HEAD" { answer.without_body() } else { answer })
}

/// Whether the network that a request comes from may open one more socket, or ask for one more id; or what else `purpose` names.
async fn is_allowed(asked: &Asked, env: &Env, purpose: &str) -> bool {
    match limited_network(asked.address()) {
        Some(network) => allows(env, JOIN_LIMIT, &[purpose, &network].concat()).await,
        None => true,
    }
}

/// ICE servers for who has proved to be a connected peer, or for anybody where the operator says so.
async fn ice(
    request: &Request,
    asked: &Asked,
    env: &Env,
    settings: &Settings,
    asker: Result<Claim, Refusal>,
) -> Result<Answer, Fault> {
    const CONNECT_FIRST: &str = "ICE servers are for connected peers: connect first, then ask with the same id and token";
    let claim = match asker {
        Err(refusal @ Refusal::InvalidKey) => return Ok(Answer::no_ice(403, &refusal.to_string())),
        asker => asker.ok().filter(|_| !settings.ice_for_all),
    };
    if claim.is_none() && !settings.ice_for_all {
        return Ok(Answer::no_ice(401, CONNECT_FIRST));
    }
    // Before the token is looked at: whoever guesses does not get far.
    if !allows(env, ICE_LIMIT, &crypto::network(asked.address()).await?).await {
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
async fn peers(env: &Env, settings: &Settings, key: &RealmKey) -> Result<String, Fault> {
    let names: Vec<String> = if key.is_public() {
        (0..settings.public_homes.get()).map(|home| home_name(Home(home))).collect()
    } else {
        vec![object_name(key, None, settings.public_homes)]
    };
    let mut rows = String::new();
    for answer in join_all(names.into_iter().map(|name| env.text_of(name, LIST_URL))).await {
        rows.push_str(&answer?);
    }
    Ok(listing(&rows))
}
