//! How often one network may ask for something: the rate limiters of wrangler.toml.

use crate::worker::bindings::Env;
use crate::worker::log::fault;
use crate::worker::platform::{settled, Fault};
use worker::js_sys::{Object, Reflect};
use worker::worker_sys::RateLimiter;

/// The limiter of TURN credentials.
pub(crate) const ICE_LIMIT: &str = "ICE_LIMIT";

/// The limiter of new sockets, fresh ids and lists of ids.
pub(crate) const JOIN_LIMIT: &str = "JOIN_LIMIT";

/// Whether a limiter lets a key through once more. Where there is no limiter, or where it fails, it does: a limiter is there to save
/// money, not to keep people apart.
pub(crate) async fn allows(env: &Env, name: &str, key: &str) -> bool {
    let Some(limiter) = env.bound::<RateLimiter>(name) else {
        return true;
    };
    ask(&limiter, key).await.unwrap_or_else(|error| {
        fault(&format!("{name} does not answer"), &error);
        true
    })
}

async fn ask(limiter: &RateLimiter, key: &str) -> Result<bool, Fault> {
    let options = Object::new();
    Reflect::set(&options, &"key".into(), &key.into())?;
    let outcome = settled(limiter.limit(options)?).await?;
    Ok(Reflect::get(&outcome, &"success".into())?.is_truthy())
}
