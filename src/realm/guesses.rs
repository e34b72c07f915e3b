//! Who guesses tokens: wrong ones are counted for the network that shows them, and never for the id's owner, whom nobody can lock out.

use crate::client::NetworkNumber;
use crate::id::hash;
use crate::limits::{Millis, GUESSES_PERIOD_MS, MAX_GUESSERS, MAX_GUESSES};

/// Where a token is shown. Each counts by itself: what is guessed at one closes no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// For a socket.
    Socket,
    /// For ICE servers.
    Ice,
}

#[derive(Debug)]
struct Guesser {
    door: Door,
    network: NetworkNumber,
    /// The hash of the id. Who makes two ids collide closes its own way to both.
    id: u64,
    wrong: u32,
    since: Millis,
}

/// The wrong tokens of the last minute. In memory only: where somebody guesses, the object is awake.
#[derive(Debug, Default)]
pub struct Guesses(Vec<Guesser>);

impl Guesses {
    /// Whether a token is looked at, and is right. After [`MAX_GUESSES`] wrong ones in [`GUESSES_PERIOD_MS`] the answer for that
    /// network is no, whatever the next one is. Where no network is known nobody can be told from anybody, and nothing is counted.
    pub fn judge(&mut self, door: Door, network: NetworkNumber, id: &str, right: bool, now: Millis) -> bool {
        if network.is_none() {
            return right;
        }
        let id = hash(id);
        self.0.retain(|guesser| now.saturating_sub(guesser.since) < GUESSES_PERIOD_MS);
        let known = self.0.iter_mut().find(|it| it.door == door && it.network == network && it.id == id);
        match known {
            Some(guesser) => {
                let right = right && guesser.wrong < MAX_GUESSES;
                guesser.wrong = guesser.wrong.saturating_add((!right).into());
                right
            }
            None => {
                if !right {
                    if self.0.len() >= MAX_GUESSERS {
                        self.0.remove(0); // the one that will be forgotten next
                    }
                    self.0.push(Guesser { door, network, id, wrong: 1, since: now });
                }
                right
            }
        }
    }
}
