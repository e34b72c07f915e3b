//! What wrangler.toml binds: variables and secrets, and the Durable Objects.

use crate::settings::{BadSetting, Settings};
use crate::worker::platform::{request, settled, string, text, Fault, Request, Response};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::{wasm_bindgen, JsValue};
use wasm_bindgen::JsCast;
use worker::js_sys::{Promise, Reflect};
use worker::worker_sys::DurableObject;

#[wasm_bindgen(js_sys = worker::js_sys, wasm_bindgen_futures = worker::wasm_bindgen_futures)]
extern "C" {
    /// The Worker's bindings.
    #[derive(Clone, Debug, PartialEq)]
    pub type Env;

    /// A Durable Object of ours, as others see it.
    type Callable;

    /// `Room::on_parcel`, over there.
    #[wasm_bindgen(method, catch, js_name = takeParcel)]
    fn take_parcel(this: &Callable, from: u16, number: u32, frames: &str) -> Result<Promise, JsValue>;
}

#[wasm_bindgen(module = "/src/worker/objects.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = objectNamed)]
    fn object_named(env: &Env, name: &str) -> Result<DurableObject, JsValue>;
}

/// Where one home asks another how many peers it has: an address that no request from outside is handed over with.
pub(crate) const COUNT_URL: &str = "https://home/";
/// Where an object is asked for the ids that it lists. It need not know the base path.
pub(crate) const LIST_URL: &str = "https://home/peers";

impl Env {
    /// A binding; `None` where there is none of this name.
    fn binding(&self, name: &str) -> Option<JsValue> {
        Reflect::get(self, &name.into()).ok().filter(|binding| !binding.is_undefined() && !binding.is_null())
    }

    /// The text of a variable or a secret. In wrangler.toml it may as well be a number, a flag or a list: JavaScript spells them as
    /// we do, and what it cannot spell so is refused where it is read, not passed over.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.binding(name).map(|binding| string(&binding))
    }

    /// A binding of another kind, taken for a `T`.
    pub(crate) fn bound<T: JsCast>(&self, name: &str) -> Option<T> {
        self.binding(name).map(JsCast::unchecked_into)
    }

    fn object(&self, name: &str) -> Result<DurableObject, Fault> {
        Ok(object_named(self, name)?)
    }

    /// Has one of our objects answer a request.
    pub(crate) async fn ask(&self, object: &str, request: &Request) -> Result<Response, Fault> {
        Ok(settled(self.object(object)?.fetch_with_request(request)?).await?.unchecked_into())
    }

    /// The text that one of our objects answers to [`COUNT_URL`] or [`LIST_URL`].
    pub(crate) async fn text_of(&self, object: String, url: &str) -> Result<String, Fault> {
        let request = request("GET", url, &[], None, None)?;
        text(self.ask(&object, &request).await?.text()).await
    }

    /// Hands a parcel of frames to one of our objects: a call, which costs the platform half of what a request does.
    pub(crate) async fn hand_over(&self, object: &str, from: u16, number: u32, frames: &str) -> Result<(), Fault> {
        let object = self.object(object)?;
        settled(object.unchecked_ref::<Callable>().take_parcel(from, number, frames)?).await?;
        Ok(())
    }
}

thread_local! {
    /// The settings of these bindings. Where only a variable or a secret is changed, Cloudflare may go on with the same isolate: the
    /// bindings are another object then.
    static SETTINGS: RefCell<Option<(Env, Rc<Settings>)>> = const { RefCell::new(None) };
}

/// Reads the variables and secrets, once for each set of bindings.
pub(crate) fn settings(env: &Env) -> Result<Rc<Settings>, BadSetting> {
    let known = SETTINGS.with_borrow(|known| known.as_ref().filter(|(of, _)| of == env).map(|(_, settings)| Rc::clone(settings)));
    if let Some(settings) = known {
        return Ok(settings);
    }
    let settings = Rc::new(Settings::read(|name| env.text(name))?);
    SETTINGS.set(Some((env.clone(), Rc::clone(&settings))));
    Ok(settings)
}
