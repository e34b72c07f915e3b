//! What takes longer than an event: the alarm is set, other homes are handed their frames, ICE servers are made. It is done after the
//! event that it follows from; other events may come in between.

use crate::realm::effect::Effect;
use crate::realm::member::Conn;
use crate::realm::outbox::{Outboxes, Parcel};
use crate::realm::placement::{home_name, Home};
use crate::realm::Event;
use crate::settings::Settings;
use crate::wire::forwarding::RECORD;
use crate::wire::ice::Ice;
use crate::worker::log::fault;
use crate::worker::platform::{self, Result};
use crate::worker::room::{busy, Room};
use crate::worker::turn_credentials as mint;
use std::rc::Rc;
use wasm_bindgen::prelude::{wasm_bindgen, JsValue};
use worker::js_sys::{Date, Math, Object, Promise};

/// What is still to be done.
pub(crate) struct Errands {
    list: Vec<Errand>,
    outboxes: Outboxes,
}

enum Errand {
    Arm,
    Forward(Home),
    Mint(Conn),
    GiveUp(String),
    Await(Promise),
}

impl Errands {
    /// Nothing to do.
    pub(crate) fn new() -> Self {
        let last = Math::random() * f64::from(u32::MAX);
        Self { list: Vec::new(), outboxes: Outboxes::numbered_from(last as u32) }
    }

    /// Takes an effect that takes longer; gives back any other one.
    pub(crate) fn note(&mut self, effect: Effect) -> Option<Effect> {
        match effect {
            Effect::WakeAt(_) => self.list.push(Errand::Arm), // when, the realm knows best by then
            Effect::Mint(conn) => self.list.push(Errand::Mint(conn)),
            Effect::Forward { home, frame } => match self.outboxes.put(home, frame) {
                Ok(true) => self.list.push(Errand::Forward(home)),
                Ok(false) => {}
                Err(frame) => self.list.push(Errand::GiveUp(frame)),
            },
            other => return Some(other),
        }
        None
    }

    /// Waits for something of the platform's, so that it is told if it fails.
    pub(crate) fn watch(&mut self, promise: Promise) {
        self.list.push(Errand::Await(promise));
    }

    /// How much there is to do.
    pub(crate) fn count(&self) -> usize {
        self.list.len()
    }
}

#[wasm_bindgen(js_sys = worker::js_sys, wasm_bindgen_futures = worker::wasm_bindgen_futures)]
impl Room {
    /// How many times [`Room::run`] is to be called.
    pub fn left(&self) -> usize {
        self.errands.try_borrow().map_or(0, |errands| errands.count())
    }

    /// Runs the errands that events have left, the last first. Called once for each of them, all at once: a home that hangs holds
    /// up no other errand.
    pub async fn run(&self) -> Result<(), JsValue> {
        while let Some(errand) = self.errand(|errands| errands.list.pop())? {
            self.do_errand(errand).await?;
        }
        Ok(())
    }
}

impl Room {
    fn errand<T>(&self, take: impl FnOnce(&mut Errands) -> T) -> Result<T> {
        Ok(take(&mut *self.errands.try_borrow_mut().map_err(|_| busy())?))
    }

    async fn do_errand(&self, errand: Errand) -> Result<()> {
        match errand {
            Errand::Arm => self.arm().await,
            Errand::Forward(home) => self.forward(home).await?,
            Errand::Mint(conn) => {
                let (settings, network) = {
                    let awake = self.awake()?;
                    (Rc::clone(&awake.settings), awake.network(&self.state, conn))
                };
                let ice = self.mint(&settings, network.as_deref()).await;
                self.handle(Event::Minted { conn, ice })?;
            }
            Errand::GiveUp(frame) => self.give_up(&frame),
            Errand::Await(cleared) => drop(platform::settled(cleared).await?),
        }
        Ok(())
    }

    async fn set_alarm(&self) -> Result<()> {
        let Some(due) = self.awake()?.realm.armed() else {
            return Ok(()); // it has come
        };
        let alarm = Date::new(&JsValue::from_f64(due as f64));
        platform::settled(self.state.storage()?.set_alarm(alarm, Object::new())?).await?;
        Ok(())
    }

    /// Sets the alarm, with a second try.
    async fn arm(&self) {
        if self.set_alarm().await.is_ok() {
            return;
        }
        if let Err(error) = self.set_alarm().await {
            fault("the alarm is not set: what it is for is done with the next event after it was due", &error);
        }
    }

    /// Fresh ICE servers. A network that has asked too often, or that is not known, gets STUN alone.
    pub(crate) async fn mint(&self, settings: &Settings, network: Option<&str>) -> Ice {
        if settings.turn.is_some() {
            let allowed = match network {
                Some(network) => mint::allows(&self.env, mint::ICE_LIMIT, network).await,
                None => false,
            };
            if !allowed {
                return Ice::degraded(settings);
            }
        }
        mint::ice(settings).await
    }

    /// Tells the sender of a frame that it could not be handed to another home.
    fn give_up(&self, frame: &str) {
        if let Err(error) = self.handle(Event::Undelivered { frame }) {
            fault("a sender could not be told", &error);
        }
    }

    /// Sends what waits for another home, and what comes meanwhile.
    async fn forward(&self, home: Home) -> Result<()> {
        platform::breath().await; // an offer is followed by its candidates
        while let Some(Parcel { number, frames }) = self.errand(|errands| errands.outboxes.take(home))? {
            // Once more where it fails: an object that moves or is redeployed is back a moment later.
            let mut sent = self.send_parcel(home, number, &frames).await;
            if sent.is_err() {
                sent = self.send_parcel(home, number, &frames).await;
            }
            if let Err(error) = sent {
                fault(&format!("{} frames for home {} are lost", frames.len(), home.0), &error);
                frames.iter().for_each(|frame| self.give_up(frame));
            }
        }
        Ok(())
    }

    /// No frame holds the character between them: in JSON it is not allowed.
    async fn send_parcel(&self, to: Home, number: u32, frames: &[String]) -> Result<()> {
        let from = self.awake()?.spread.here;
        self.env.hand_over(&home_name(to), from.0, number, &frames.join(RECORD)).await
    }
}
