//! Ids that are kept for their owners while they are away: a mirror of rows in the object's storage.
//!
//! With PeerServer an id is anybody's the moment its socket is gone, so that a peer who loses the network for a second can
//! lose its name for good. A token that nobody can have guessed keeps the id for a while. So that this cannot be used to
//! squat, it is bounded in time, per object and per network address, and only ever begins with the end of a socket that has lived for a
//! while, or was in a room. What is kept stays kept: when there is no more room, it is the newcomer's id that is not.

use crate::client::NetworkHash;
use crate::id::{PeerId, Token};
use crate::limits::{Millis, MAX_RESERVED};

/// An id that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// The id.
    pub id: PeerId,
    /// What its owner will show.
    pub token: Token,
    /// Where the owner was.
    pub client: NetworkHash,
    /// Until when it is kept.
    pub until: Millis,
}

/// All that are kept in one object, the oldest first.
#[derive(Debug, Default)]
pub struct Reservations(Vec<Reservation>);

impl Reservations {
    /// What storage holds, the oldest first.
    pub fn from_rows(rows: Vec<Reservation>) -> Self {
        Self(rows)
    }

    /// When the next one ends.
    pub fn next_due(&self) -> Option<Millis> {
        self.0.first().map(|row| row.until)
    }

    /// Whether an id is kept for somebody else than who shows this token.
    pub fn forbids(&self, now: Millis, id: &PeerId, token: &Token) -> bool {
        self.0.iter().any(|row| row.id == *id && row.until > now && !token.owns_what_has(&row.token))
    }

    /// Whether an id is kept for who shows this very token.
    pub fn keeps(&self, now: Millis, id: &PeerId, token: &Token) -> bool {
        self.0.iter().any(|row| row.id == *id && row.until > now && row.token == *token)
    }

    /// The token of the owner for whom an id is kept.
    pub fn token_of(&self, id: &PeerId) -> Option<&Token> {
        Some(&self.0.iter().find(|row| row.id == *id)?.token)
    }

    /// Keeps an id if there is room for it, at most so many for one network, and says whether there was.
    pub fn add(&mut self, new: Reservation, most: usize) -> bool {
        let theirs = self.0.iter().filter(|row| row.client == new.client).count();
        let room = theirs < most && self.0.len() < MAX_RESERVED;
        if room {
            self.0.push(new);
        }
        room
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Ends the keeping of an id: its owner is back, or somebody new has it. `None` when it was not kept.
    pub fn release(&mut self, id: &PeerId) -> Option<PeerId> {
        let at = self.0.iter().position(|row| row.id == *id)?;
        Some(self.0.remove(at).id)
    }

    /// Ends all whose time is up.
    pub fn expire(&mut self, now: Millis) -> Vec<PeerId> {
        let ended: Vec<PeerId> = self.0.iter().filter(|row| row.until <= now).map(|row| row.id.clone()).collect();
        self.0.retain(|row| row.until > now);
        ended
    }
}
