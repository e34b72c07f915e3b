//! Work that takes longer than an event: the alarm is set, other homes are handed their frames, ICE servers are made. It runs after the
//! event that it follows from; other events may come in between.

use crate::limits::Millis;
use crate::realm::member::Conn;
use crate::realm::outbox::{Outboxes, Parcel, Put};
use crate::realm::placement::{home_name, Home};
use crate::wire::forwarding::RECORD_SEPARATOR;
use crate::worker::bindings::Env;
use crate::worker::log::fault;
use crate::worker::platform::{pause, settled, Fault, State};
use wasm_bindgen::prelude::JsValue;
use worker::js_sys::{Date, Math, Object, Promise};

/// Something to do after the event.
pub(crate) enum Task {
    /// Set the alarm. The realm knows best for when, by then.
    SetAlarm,
    /// Hand another home what waits for it.
    Forward(Home),
    /// Make ICE servers for a socket.
    MakeIce(Conn),
    /// Tell the sender of a frame that it could not be handed to another home.
    Undelivered(String),
    /// Wait for something of the platform's, so that a failure is logged.
    Await(Promise),
}

/// What is still to do, and what waits for other homes.
pub(crate) struct Tasks {
    list: Vec<Task>,
    outboxes: Outboxes,
}

impl Tasks {
    /// Nothing to do.
    pub(crate) fn new() -> Self {
        let last = Math::random() * f64::from(u32::MAX);
        Self { list: Vec::new(), outboxes: Outboxes::numbered_from(last as u32) }
    }

    /// Adds a task.
    pub(crate) fn add(&mut self, task: Task) {
        self.list.push(task);
    }

    /// Adds a frame for another home.
    pub(crate) fn forward(&mut self, home: Home, frame: String) {
        match self.outboxes.put(home, frame) {
            Put::First => self.add(Task::Forward(home)),
            Put::Queued => {} // the task that is under way takes it along
            Put::Full(frame) => self.add(Task::Undelivered(frame)),
        }
    }

    /// Whether there is nothing to do.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Takes the next task.
    pub(crate) fn next(&mut self) -> Option<Task> {
        self.list.pop()
    }

    /// Takes all tasks.
    pub(crate) fn take_all(&mut self) -> Vec<Task> {
        std::mem::take(&mut self.list)
    }

    /// Takes the frames that wait for another home.
    pub(crate) fn parcel(&mut self, home: Home) -> Option<Parcel> {
        self.outboxes.take(home)
    }
}

/// Sets the alarm, with a second try. `due` says for when; `None` where the alarm has come meanwhile.
pub(crate) async fn set_alarm(state: &State, due: impl Fn() -> Result<Option<Millis>, Fault>) {
    let attempt = || async {
        if let Some(due) = due()? {
            let alarm = Date::new(&JsValue::from_f64(due as f64));
            settled(state.storage()?.set_alarm(alarm, Object::new())?).await?;
        }
        Ok::<(), Fault>(())
    };
    if attempt().await.is_ok() {
        return;
    }
    if let Err(error) = attempt().await {
        fault("the alarm is not set: what it is for is done with the next event after it was due", &error);
    }
}

/// Hands another home what waits for it, and what comes meanwhile. `next` gives the parcels, and `lost` gets each frame that cannot be
/// handed over.
pub(crate) async fn forward(
    env: &Env,
    from: Home,
    to: Home,
    next: impl Fn() -> Result<Option<Parcel>, Fault>,
    lost: impl Fn(&str),
) -> Result<(), Fault> {
    pause().await; // an offer is followed by its candidates
    let object = home_name(to);
    while let Some(Parcel { number, frames }) = next()? {
        // No frame holds the character between them: in JSON it is not allowed.
        let text = frames.join(RECORD_SEPARATOR);
        // Once more where it fails: an object that moves or is redeployed is back a moment later.
        let mut sent = env.hand_over(&object, from.0, number, &text).await;
        if sent.is_err() {
            sent = env.hand_over(&object, from.0, number, &text).await;
        }
        if let Err(error) = sent {
            fault(&format!("{} frames for home {} are lost", frames.len(), to.0), &error);
            frames.iter().for_each(|frame| lost(frame));
        }
    }
    Ok(())
}
