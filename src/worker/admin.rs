//! What an operator asks: read, and answered. `admin.js` does it in between, for what is waited for costs less there.

use crate::client::limited_network;
use crate::id::Token;
use crate::settings::Settings;
use crate::wire::admin::{admin, AdminRequest};
use crate::wire::answer::Answer;
use crate::wire::route::{split_url, RequestLine};
use crate::worker::bindings::{settings, Env};
use crate::worker::http::{respond, Asked};
use crate::worker::platform::{Request, Response};
use wasm_bindgen::prelude::{wasm_bindgen, JsValue};

/// What an operator asks: the network that is limited, if one is; why it is not done (the status), or nothing; and then of which realm, for how
/// many seconds, why, and of whom, where it is of one peer. `None` for every other request.
#[expect(unreachable_pub, reason = "JavaScript reaches it")]
#[wasm_bindgen(js_name = operatorAsks)]
pub fn operator_asks(request: &Request, env: &Env) -> Result<Option<Vec<String>>, JsValue> {
    let asked = Asked::of(request);
    let (path, query) = split_url(asked.url());
    let Ok(settings) = settings(env) else {
        return Ok(None);
    };
    let Some(wanted) = admin(RequestLine { method: asked.method(), path, query, upgrade: false }, &settings.base_path) else {
        return Ok(None);
    };
    let network = limited_network(asked.address()).unwrap_or_default();
    let shown = request.headers().get("Authorization")?.unwrap_or_default();
    Ok(Some(match wanted {
        _ if !is_operator(&shown, &settings) => vec![network, "401".into()],
        None => vec![network, "400".into()],
        Some(AdminRequest::Count(key)) => vec![network, String::new(), key.as_str().into()],
        Some(AdminRequest::Kick { key, id, seconds, reason }) => {
            vec![network, String::new(), key.as_str().into(), seconds.to_string(), reason, id.as_str().into()]
        }
    }))
}

/// Whether the operator's key is shown. It is compared in a time that depends on the lengths alone.
fn is_operator(shown: &str, settings: &Settings) -> bool {
    let shown = shown.strip_prefix("Bearer ").and_then(|key| Token::parse(key).ok());
    let key = settings.admin_key.as_ref().and_then(|key| Token::parse(key.reveal()).ok());
    shown.is_some() && shown == key
}

/// What an operator is answered: JSON, or what the status says.
#[expect(unreachable_pub, reason = "JavaScript reaches it")]
#[wasm_bindgen(js_name = answerOperator)]
pub fn answer_operator(request: &Request, env: &Env, status: u16, json: String) -> Result<Response, JsValue> {
    let asked = Asked::of(request);
    let answer = match status {
        400 => Answer::no_such_request(),
        401 => Answer::no_operator(),
        429 => Answer::joins_too_often(),
        _ => Answer::told(json),
    };
    let answer = match settings(env) {
        Ok(settings) => answer.with_cors(asked.origin(), &settings),
        Err(_) => answer,
    };
    Ok(respond(if asked.method() == "HEAD" { answer.without_body() } else { answer })?)
}
