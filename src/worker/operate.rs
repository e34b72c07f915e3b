//! What the Worker around this one asks of an object, and an operator: `src/worker/room.js` has the calls.

use crate::id::PeerId;
use crate::worker::platform::now;
use crate::worker::room::Room;
use wasm_bindgen::prelude::{wasm_bindgen, JsValue};

#[wasm_bindgen]
impl Room {
    /// Who is here, as JSON.
    pub fn peers(&self) -> Result<String, JsValue> {
        Ok(self.memory()?.change(&self.state, now(), |realm, context| realm.portraits(context)).0)
    }

    /// The object's own name, as far as it is known: the platform does not promise to tell it when it wakes the object for an alarm.
    pub fn name(&self) -> Option<String> {
        self.memory().ok()?.name.clone()
    }

    /// Closes a peer with a reason, and keeps it out for some seconds; or, where there are none, says something (as JSON) to a member of a room.
    /// Whether it is here. Nobody has an id that is none.
    pub fn act(&self, id: &str, text: &str, seconds: Option<u32>) -> Result<bool, JsValue> {
        let Ok(id) = PeerId::parse(id) else {
            return Ok(false);
        };
        let (now, mut memory) = (now(), self.memory()?);
        let (outcome, effects) = memory.change(&self.state, now, |realm, context| match seconds {
            Some(seconds) => realm.kick(&id, text, u64::from(seconds).saturating_mul(1000), context),
            None => realm.say(&id, text, context),
        });
        memory.carry_out(effects, &self.env, &self.sender, now);
        Ok(outcome)
    }
}
