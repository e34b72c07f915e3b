//! What takes longer than an event: the alarm is set, other homes are handed their frames, ICE servers are made. It is done after the
//! event that it follows from; other events may come in between.

use crate::effect::Effect;
use crate::ice::Ice;
use crate::limits::Millis;
use crate::member::Conn;
use crate::mint;
use crate::outbox::Outboxes;
use crate::placement::{home_name, Home};
use crate::platform::{self, Result};
use crate::realm::{Event, RECORD};
use crate::report::fault;
use crate::room::{busy, Room};
use crate::settings::Settings;
use std::rc::Rc;
use wasm_bindgen::prelude::{wasm_bindgen, JsValue};
use worker::js_sys::{Date, Object};

/// What is still to be done.
#[derive(Default)]
pub(crate) struct Errands {
    wake_at: Option<Millis>,
    homes: Vec<Home>,
    outboxes: Outboxes,
    undelivered: Vec<String>,
    mints: Vec<Conn>,
}

impl Errands {
    /// Takes an effect that takes longer; gives back any other one.
    pub(crate) fn note(&mut self, effect: Effect) -> Option<Effect> {
        match effect {
            Effect::WakeAt(due) => self.wake_at = Some(due),
            Effect::Mint(conn) => self.mints.push(conn),
            Effect::Forward { home, frame } => match self.outboxes.put(home, frame) {
                Ok(true) if !self.homes.contains(&home) => self.homes.push(home),
                Ok(_) => {}
                Err(frame) => self.undelivered.push(frame),
            },
            other => return Some(other),
        }
        None
    }

    /// Whether there is anything to do.
    pub(crate) fn any(&self) -> bool {
        self.wake_at.is_some() || !(self.homes.is_empty() && self.undelivered.is_empty() && self.mints.is_empty())
    }
}

#[wasm_bindgen(js_sys = worker::js_sys, wasm_bindgen_futures = worker::wasm_bindgen_futures)]
impl Room {
    /// Runs the errands that events have left.
    pub async fn run(&self) -> Result<(), JsValue> {
        Ok(self.finish().await?)
    }
}

impl Room {
    pub(crate) async fn finish(&self) -> Result<()> {
        // What is done may leave more to do.
        while self.errand(|errands| errands.any())? {
            if let Some(due) = self.errand(|errands| errands.wake_at.take())? {
                let alarm = Date::new(&JsValue::from_f64(due as f64));
                platform::settled(self.state.storage()?.set_alarm(alarm, Object::new())?).await?;
            }
            self.give_up(&self.errand(|errands| std::mem::take(&mut errands.undelivered))?);
            for home in self.errand(|errands| std::mem::take(&mut errands.homes))? {
                self.forward(home).await?;
            }
            for conn in self.errand(|errands| std::mem::take(&mut errands.mints))? {
                let (settings, network) = {
                    let awake = self.awake()?;
                    (Rc::clone(&awake.settings), awake.network(&self.state, conn))
                };
                let ice = self.mint(&settings, network.as_deref()).await;
                self.handle(Event::Minted { conn, ice })?;
            }
        }
        Ok(())
    }

    fn errand<T>(&self, take: impl FnOnce(&mut Errands) -> T) -> Result<T> {
        Ok(take(&mut *self.errands.try_borrow_mut().map_err(|_| busy())?))
    }

    /// Fresh ICE servers. A network that has asked too often gets STUN alone.
    pub(crate) async fn mint(&self, settings: &Settings, network: Option<&str>) -> Ice {
        match (&settings.turn, network) {
            (Some(_), Some(network)) if !mint::allows(&self.env, mint::ICE_LIMIT, network).await => Ice::degraded(settings),
            _ => mint::ice(settings).await,
        }
    }

    /// Tells the senders of frames that could not be handed to another home.
    fn give_up(&self, frames: &[String]) {
        for frame in frames {
            if let Err(error) = self.handle(Event::Undelivered { frame }) {
                fault("a sender could not be told", &error);
            }
        }
    }

    /// Sends what waits for another home, unless that is being done already.
    async fn forward(&self, home: Home) -> Result<()> {
        let mut parcel = self.errand(|errands| errands.outboxes.take(home, false))?;
        while let Some(frames) = parcel {
            // Once more where it fails: an object that moves or is redeployed is back a moment later.
            let mut sent = self.send_parcel(home, &frames).await;
            if sent.is_err() {
                sent = self.send_parcel(home, &frames).await;
            }
            if let Err(error) = sent {
                fault(&format!("{} frames for home {} are lost", frames.len(), home.0), &error);
                self.give_up(&frames);
            }
            parcel = self.errand(|errands| errands.outboxes.take(home, true))?;
        }
        Ok(())
    }

    /// No frame holds the character between them: in JSON it is not allowed.
    async fn send_parcel(&self, home: Home, frames: &[String]) -> Result<()> {
        self.env.hand_over(&home_name(home), &frames.join(RECORD)).await
    }
}
