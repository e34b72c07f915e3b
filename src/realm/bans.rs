//! Peers that the operator has kicked, and who may not come back yet: a mirror of rows in the object's storage.

use crate::id::{PeerId, Token};
use crate::limits::{Millis, MAX_BANS};

/// A peer that is kept out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// Its id: nobody may have it meanwhile.
    pub id: PeerId,
    /// The digest of its token, if that is known: it opens no other id.
    pub token: Option<Token>,
    /// Until when.
    pub until: Millis,
}

/// All that are kept out of one object; the first one to end is the first.
#[derive(Debug, Default)]
pub struct Bans(Vec<Ban>);

impl Bans {
    /// What storage holds, by when it ends.
    pub fn from_rows(rows: Vec<Ban>) -> Self {
        Self(rows)
    }

    /// When the next one ends.
    pub fn next_due(&self) -> Option<Millis> {
        self.0.first().map(|ban| ban.until)
    }

    /// Whether nobody is kept out.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether who claims this id, and shows this token, is kept out.
    pub fn forbid(&self, now: Millis, id: &PeerId, token: &Token) -> bool {
        self.0.iter().any(|ban| ban.until > now && (ban.id == *id || ban.token.as_ref() == Some(token)))
    }

    /// The token of an id that is kept out already.
    pub fn token_of(&self, id: &PeerId) -> Option<&Token> {
        self.0.iter().find(|ban| ban.id == *id)?.token.as_ref()
    }

    /// Keeps a peer out, in place of what was said about its id. Gives the id whose place it has taken, if there was no other.
    pub fn add(&mut self, ban: Ban) -> Option<PeerId> {
        self.0.retain(|other| other.id != ban.id);
        let given_up = if self.0.len() < MAX_BANS { None } else { Some(self.0.remove(0).id) };
        self.0.insert(self.0.partition_point(|other| other.until <= ban.until), ban);
        given_up
    }

    /// Ends all whose time is up.
    pub fn expire(&mut self, now: Millis) -> Vec<PeerId> {
        let ended = self.0.partition_point(|ban| ban.until <= now);
        self.0.drain(..ended).map(|ban| ban.id).collect()
    }
}
