//! Makes TURN credentials: signs them, or has Cloudflare make them.
//!
//! A room's socket waits for them before it opens. What a connection gathers is decided when it begins, and a first attempt without TURN
//! is a failure of fifteen seconds for those who need it. A signature takes no time. Cloudflare's answer is used for a minute, by all objects
//! of an isolate, and is waited for at most [`TURN_API_TIMEOUT_MS`]. Concurrent requests each ask: a Worker request cannot await
//! another request's I/O.

use crate::limits::{Millis, TURN_API_TIMEOUT_MS};
use crate::settings::{Secret, Settings, TurnSource};
use crate::wire::ice::{cloudflare_turn_servers, username, Cached, Ice, IceServer};
use crate::wire::route::Claim;
use crate::worker::bindings::Env;
use crate::worker::crypto;
use crate::worker::limiter::{self, ICE_LIMIT};
use crate::worker::log::fault;
use crate::worker::platform::{self, abort_after, Fault};
use std::cell::RefCell;

thread_local! {
    /// Cloudflare's last answer, for all objects of the isolate. Plain data: no request waits for another one's.
    static CACHED: RefCell<Option<Cached>> = const { RefCell::new(None) };
}

/// Whether a socket's `OPEN` tells it of TURN servers, whose credentials must be made first.
pub(crate) fn is_told_of_turn(claim: &Claim, settings: &Settings) -> bool {
    settings.turn.is_some() && claim.roster
}

/// Fresh ICE servers for a network. One that has asked too often, or that is not known, gets STUN alone.
pub(crate) async fn ice_for(env: &Env, settings: &Settings, network: Option<&str>) -> Ice {
    if settings.turn.is_some() {
        let allowed = match network {
            Some(network) => limiter::allows(env, ICE_LIMIT, network).await,
            None => false,
        };
        if !allowed {
            return Ice::degraded(settings);
        }
    }
    ice(settings).await
}

/// The ICE servers that a peer is told of now.
pub(crate) async fn ice(settings: &Settings) -> Ice {
    let now = platform::now();
    match &settings.turn {
        None => Ice::stun(settings),
        Some(TurnSource::Fixed { urls, username, password }) => {
            Ice::with_turn(settings, [IceServer::turn(urls.clone(), username.clone(), password.clone())])
        }
        Some(TurnSource::Shared { urls, secret }) => match sign(settings.turn_ttl_s, secret, now).await {
            Ok((username, credential)) => Ice::with_turn(settings, [IceServer::turn(urls.clone(), username, credential)]),
            Err(error) => {
                fault("TURN credentials cannot be signed", &error);
                Ice::degraded(settings)
            }
        },
        Some(TurnSource::Cloudflare { address, token }) => {
            let known = || CACHED.with_borrow(|cached| cached.as_ref()?.ice(settings, now));
            if let Some(ice) = known() {
                return ice;
            }
            let servers = generate(settings.turn_ttl_s, address, token).await;
            if let Err(error) = &servers {
                fault("no TURN servers from Cloudflare, peers are told of STUN alone", error);
                // Somebody else may have been luckier meanwhile.
                if let Some(ice) = known() {
                    return ice;
                }
            }
            let cached = Cached { at: now, servers: servers.ok() };
            let ice = cached.ice(settings, now).unwrap_or_else(|| Ice::degraded(settings));
            CACHED.set(Some(cached));
            ice
        }
    }
}

async fn sign(ttl_s: u64, secret: &Secret, now: Millis) -> Result<(String, Secret), Fault> {
    let username = username(now, ttl_s, crypto::random()?);
    let credential = crypto::hmac_sha1(secret.reveal(), &username).await?;
    Ok((username, Secret::new(credential)))
}

/// Asks Cloudflare (developers.cloudflare.com/realtime/turn/generate-credentials).
async fn generate(ttl_s: u64, address: &str, token: &Secret) -> Result<Vec<IceServer>, Fault> {
    let headers = [("Authorization", &*format!("Bearer {}", token.reveal())), ("Content-Type", "application/json")];
    let patience = abort_after(TURN_API_TIMEOUT_MS);
    let request = platform::request("POST", address, &headers, Some(&format!(r#"{{"ttl":{ttl_s}}}"#)), Some(patience))?;
    let response = platform::fetch(&request).await?;
    match response.status() {
        201 => cloudflare_turn_servers(&platform::text(response.text()).await?)
            .ok_or_else(|| Fault::new("its answer makes no sense")),
        status => Err(Fault::new(format!("it answers {status}"))),
    }
}
