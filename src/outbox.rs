//! Frames on their way to other homes. While one request to a home is under way the next frames gather, and leave together, in
//! order: a burst of candidates is one request, not ten, and no frame overtakes another.

use crate::limits::MAX_OUTBOX_BYTES;
use crate::placement::Home;

/// What waits for each home.
#[derive(Debug, Default)]
pub struct Outboxes(Vec<Outbox>);

#[derive(Debug)]
struct Outbox {
    home: Home,
    frames: Vec<String>,
    bytes: usize,
    /// Whether somebody is sending.
    busy: bool,
}

impl Outboxes {
    /// Adds a frame; whether somebody must come and send it, because nobody is sending. Gives it back when too much waits for that
    /// home already.
    pub fn put(&mut self, home: Home, frame: String) -> Result<bool, String> {
        let found = self.0.iter_mut().find(|outbox| outbox.home == home);
        let bytes = found.as_ref().map_or(0, |outbox| outbox.bytes).saturating_add(frame.len());
        Ok(match found {
            _ if bytes > MAX_OUTBOX_BYTES => return Err(frame),
            None => {
                self.0.push(Outbox { home, frames: vec![frame], bytes, busy: false });
                true
            }
            Some(outbox) => {
                outbox.bytes = bytes;
                outbox.frames.push(frame);
                !outbox.busy
            }
        })
    }

    /// The frames to send now. `None` when there are none, or when somebody else is sending: they come back for more. Who has
    /// been given frames (`ours`) must come back until there are none.
    pub fn take(&mut self, home: Home, ours: bool) -> Option<Vec<String>> {
        let outbox = self.0.iter_mut().find(|outbox| outbox.home == home && (ours || !outbox.busy))?;
        if outbox.frames.is_empty() {
            self.0.retain(|outbox| outbox.home != home);
            return None;
        }
        outbox.busy = true;
        outbox.bytes = 0;
        Some(std::mem::take(&mut outbox.frames))
    }
}
