//! Which Durable Object is the home of a peer.

use crate::id::{hash, RealmKey};
use std::num::{NonZeroU16, NonZeroU64};

/// One of the objects that share the public realm, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Home(pub u16);

/// How a realm is spread over objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// How many homes there are.
    pub homes: NonZeroU16,
    /// Which of them we are.
    pub here: Home,
}

impl Spread {
    /// A realm in one object.
    pub const ALONE: Self = Self { homes: NonZeroU16::MIN, here: Home(0) };

    /// The home of an id.
    pub fn home_of(&self, id: &str) -> Home {
        home_of(id, self.homes)
    }
}

/// The home of an id in the public realm.
fn home_of(id: &str, homes: NonZeroU16) -> Home {
    Home((hash(id) % NonZeroU64::from(homes)) as u16)
}

/// The name of the object that holds a peer's socket. A room has one home; the public realm has `homes`.
pub fn object_name(key: &RealmKey, id: Option<&str>, homes: NonZeroU16) -> String {
    if key.is_public() {
        home_name(id.map_or(Home(0), |id| home_of(id, homes)))
    } else {
        format!("realm:{}", key.as_str())
    }
}

/// The name of the object of a room, where rooms are kept apart from the realms whose keys they share.
pub fn room_name(key: &RealmKey) -> String {
    format!("room:{}", key.as_str())
}

/// The name of one of the public realm's objects.
pub fn home_name(home: Home) -> String {
    format!("home:{}", home.0)
}

/// Reads [`home_name`] back; `None` for the object of a realm of its own.
pub fn home_named(name: &str) -> Option<Home> {
    name.strip_prefix("home:")?.parse().ok().map(Home)
}
