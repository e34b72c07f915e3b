//! The fetch event: answers what needs no realm at once, and hands the rest to the Durable Object that is its home.
//! Static files never get here: the platform serves them first.

use crate::client::Client;
use crate::id::{PeerId, RealmKey};
use crate::realm::placement::{home_name, object_name, room_name, Home};
use crate::settings::{BadSetting, Secret, Settings};
use crate::wire::answer::Answer;
use crate::wire::forwarding::listing;
use crate::wire::jwt::Flaw;
use crate::wire::message;
use crate::wire::refusal::Refusal;
use crate::wire::route::{split_url, Claim, Line, Route};
use crate::worker::crypto;
use crate::worker::log::{count, counted, counts, fault};
use crate::worker::platform::{self, now, Env, Headers, Request, Response, Result};
use crate::worker::socket::{accept, close, socket_pair, switch_protocols, WebSocket};
use crate::worker::turn_credentials as mint;
use futures::future::join_all;
use std::cell::RefCell;
use std::rc::Rc;
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

async fn handle(request: &Request, env: &Env, settings: &Settings) -> Result<Response> {
    let origin = request.headers().get("Origin")?;
    let (method, url) = (request.method(), request.url());
    let route = route(request, settings);
    let joins = matches!(route, Route::NewId | Route::Socket(_)) || settings.allow_discovery && matches!(route, Route::Peers(_));
    // What is told of paths has an allowance of its own: it must keep nobody out.
    let tells = matches!(route, Route::Path(_)) && counts(env);
    let too_often = (joins || tells) && !may(request, env, if tells { "path " } else { "" }).await?;
    let no_cors = matches!(route, Route::StraySocket | Route::Elsewhere);
    let answer = match route {
        Route::Socket(claim) if !settings.allows_socket(origin.as_deref(), &url) => {
            return refuse(request, env, &Refusal::WrongOrigin, claim.roster);
        }
        Route::Socket(claim) if too_often => return refuse(request, env, &Refusal::TooManyJoins, claim.roster),
        Route::Socket(claim) => return open(request, env, settings, claim).await,
        Route::Refused { refusal, roster } => return refuse(request, env, &refusal, roster),
        _ if too_often => Answer::joins_too_often(),
        Route::About => Answer::about(),
        Route::Health => Answer::health(settings, counts(env)),
        Route::NewId => Answer::new_id(fresh_id()?.as_str()),
        Route::Path(kind) if tells => {
            counted(env, kind).await;
            Answer::counted()
        }
        Route::Peers(_) if !settings.allow_discovery => Answer::no_discovery(),
        Route::Peers(Some(key)) => Answer::peers(peers(env, settings, &key, &url).await?),
        Route::Ice(asker) => ice(request, env, settings, asker).await?,
        Route::Preflight => Answer::preflight(request.headers().get("Access-Control-Request-Headers")?.as_deref()),
        Route::StraySocket => Answer::stray_socket(&settings.base_path),
        Route::Undecodable => Answer::undecodable(),
        Route::Path(_) | Route::Peers(None) | Route::Missing | Route::Elsewhere => Answer::missing(&method, split_url(&url).0),
    };
    let answer = if no_cors { answer } else { answer.with_cors(origin.as_deref(), settings) };
    respond(if method == "HEAD" { answer.without_body() } else { answer })
}

/// Hands a socket to its home.
async fn open(request: &Request, env: &Env, settings: &Settings, claim: Claim) -> Result<Response> {
    if let Some(flaw) = flaw(env, settings, &claim).await? {
        return refuse(request, env, &Refusal::BadStatement(flaw), false);
    }
    let response = env.ask(&home(&claim, settings), request).await?;
    match response.status() {
        403 => turn_away(request, Some(&platform::text(response.text()).await?), None),
        _ => Ok(response),
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
async fn flaw(env: &Env, settings: &Settings, claim: &Claim) -> Result<Option<Flaw>> {
    let Some((secret, id)) = token_key(env).zip(claim.id.as_ref()).filter(|_| !claim.roster) else {
        return Ok(None);
    };
    let Claim { key, token, .. } = claim;
    Ok(crypto::check_statement(token.reveal(), &secret, id, key, settings.require_audience, now()).await?.err())
}

thread_local! {
    /// What these bindings say. Where only a variable or a secret is changed, Cloudflare may go on with the same isolate: the
    /// bindings are another object then.
    static SETTINGS: RefCell<Option<(Env, Rc<Settings>)>> = const { RefCell::new(None) };
}

/// Reads the variables, once for each set of bindings.
pub(crate) fn settings(env: &Env) -> std::result::Result<Rc<Settings>, BadSetting> {
    let known = SETTINGS.with_borrow(|known| known.as_ref().filter(|(of, _)| of == env).map(|(_, settings)| Rc::clone(settings)));
    if let Some(settings) = known {
        return Ok(settings);
    }
    let settings = Rc::new(Settings::read(|name| env.text(name))?);
    SETTINGS.set(Some((env.clone(), Rc::clone(&settings))));
    Ok(settings)
}

/// The secret `TOKEN_KEY`, where ids must be signed for.
pub(crate) fn token_key(env: &Env) -> Option<Secret> {
    env.text("TOKEN_KEY").filter(|key| !key.is_empty()).map(Secret::new)
}

/// Reads a request.
pub(crate) fn route(request: &Request, settings: &Settings) -> Route {
    let (method, url) = (request.method(), request.url());
    let upgrade = request.headers().get("Upgrade").ok().flatten();
    let (path, query) = split_url(&url);
    let upgrade = upgrade.is_some_and(|protocol| protocol.eq_ignore_ascii_case("websocket"));
    crate::wire::route::route(Line { method: &method, path, query, upgrade }, settings)
}

/// A fresh random id.
pub(crate) fn fresh_id() -> Result<PeerId> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(PeerId::from_random(bytes))
}

/// Sends an answer.
pub(crate) fn respond(answer: Answer) -> Result<Response> {
    let headers = Headers::new()?;
    for (name, value) in &answer.headers {
        headers.append(name, value)?;
    }
    // A 204 must have no body at all (RFC 9110, 15.3.5).
    platform::response(answer.status, &headers, Some(answer.body.as_str()).filter(|body| !body.is_empty()))
}

/// Lets a request become a WebSocket. A sub-protocol that was offered is accepted, whatever it is, as PeerServer does: a
/// browser fails the connection otherwise.
pub(crate) fn upgrade(request: &Request, client: &WebSocket) -> Result<Response> {
    let offered = request.headers().get("Sec-WebSocket-Protocol")?.unwrap_or_default();
    switch_protocols(client, offered.split(',').map(str::trim).find(|name| !name.is_empty()))
}

/// Refuses a socket.
fn refuse(request: &Request, env: &Env, refusal: &Refusal, roster: bool) -> Result<Response> {
    count(env, refusal.code(), 1);
    match refusal {
        // What a room's client is told instead of OPEN is final. This is not: without a word it comes back, later and later.
        Refusal::TooManyJoins if roster => turn_away(request, None, Some(TRY_AGAIN_LATER)),
        _ => turn_away(request, Some(&message::refusal(refusal, roster)), None),
    }
}

/// The close code for whom there is no place at the moment (IANA's registry of RFC 6455, 11.7).
const TRY_AGAIN_LATER: u16 = 1013;

/// Opens a socket only to close it: a frame that says why, then a close, without a code as a rule.
fn turn_away(request: &Request, frame: Option<&str>, code: Option<u16>) -> Result<Response> {
    let (client, server) = socket_pair()?;
    accept(&server)?;
    if let Some(frame) = frame {
        server.send_with_str(frame)?;
    }
    close(&server, code.map(|code| (code, "")));
    upgrade(request, &client)
}

/// Whether the network that a request comes from may open one more socket, or ask for one more id; or what else `purpose` names.
async fn may(request: &Request, env: &Env, purpose: &str) -> Result<bool> {
    Ok(match Client::limited(&crypto::address(request)?) {
        Some(network) => mint::allows(env, mint::JOIN_LIMIT, &[purpose, &network].concat()).await,
        None => true,
    })
}

/// ICE servers for who has proved to be a connected peer, or for anybody where the operator says so.
async fn ice(request: &Request, env: &Env, settings: &Settings, asker: std::result::Result<Claim, Refusal>) -> Result<Answer> {
    const CONNECT_FIRST: &str = "ICE servers are for connected peers: connect first, then ask with the same id and token";
    let claim = match asker {
        Err(refusal @ Refusal::InvalidKey) => return Ok(Answer::no_ice(403, &refusal.to_string())),
        asker => asker.ok().filter(|_| !settings.ice_for_all),
    };
    if claim.is_none() && !settings.ice_for_all {
        return Ok(Answer::no_ice(401, CONNECT_FIRST));
    }
    // Before the token is looked at: whoever guesses does not get far.
    if !mint::allows(env, mint::ICE_LIMIT, &crypto::network(request).await?).await {
        return Ok(Answer::ice_too_often());
    }
    if let Some(claim) = claim {
        if let Some(flaw) = flaw(env, settings, &claim).await? {
            return Ok(Answer::no_ice(401, &Refusal::BadStatement(flaw).to_string()));
        }
        if env.ask(&home(&claim, settings), request).await?.status() != 200 {
            return Ok(Answer::no_ice(401, CONNECT_FIRST));
        }
    }
    Ok(Answer::ice(&mint::ice(settings).await))
}

/// The connected ids of a realm, from all its homes, as a JSON array in the order of registration.
async fn peers(env: &Env, settings: &Settings, key: &RealmKey, url: &str) -> Result<String> {
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
