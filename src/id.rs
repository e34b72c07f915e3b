//! Names on the wire, parsed once at the edge: what has one of these types is within its limits.

use crate::limits::{LASTING_TOKEN_CHARS, MAX_ID_BYTES, MAX_KEY_BYTES, MAX_TOKEN_BYTES};
use serde::Serialize;
use std::borrow::Borrow;
use std::fmt;
use std::rc::Rc;

/// Why a text is no id, key or token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadId {
    /// It is empty.
    Empty,
    /// It is longer than we keep.
    TooLong {
        /// Which of the three it was to be.
        what: &'static str,
        /// The most bytes that it may have.
        limit: usize,
    },
}

/// The name under which a peer can be dialled within its realm: any text of 1 to [`MAX_ID_BYTES`] bytes, case-sensitive.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerId(Rc<str>);

impl PeerId {
    /// Takes an id as a client gave it. An error when it is longer than [`MAX_ID_BYTES`], or when it is empty.
    pub fn parse(text: &str) -> Result<Self, BadId> {
        within(text, "id", MAX_ID_BYTES).map(|text| Self(text.into()))
    }

    /// A fresh id from 16 random bytes: a UUID of version 4, lower case (RFC 9562), as PeerServer gives them.
    pub fn from_random(bytes: [u8; 16]) -> Self {
        let mut text = String::with_capacity(36);
        for (index, byte) in bytes.into_iter().enumerate() {
            let byte = match index {
                6 => byte & 0x0f | 0x40,
                8 => byte & 0x3f | 0x80,
                _ => byte,
            };
            if matches!(index, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            for digit in [byte >> 4, byte & 0x0f] {
                text.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
            }
        }
        Self(text.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Lets maps of peers be searched with plain text, such as the destination of a frame.
impl Borrow<str> for PeerId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for PeerId {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

/// The name of a realm: PeerJS's `key`. 1 to [`MAX_KEY_BYTES`] bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RealmKey(Box<str>);

impl RealmKey {
    /// The realm of every stock client that sets no key of its own: ids that anyone may dial.
    pub const PUBLIC: &'static str = "peerjs";

    /// Takes a key as a client gave it. An error when it is longer than [`MAX_KEY_BYTES`], or when it is empty.
    pub fn parse(text: &str) -> Result<Self, BadId> {
        within(text, "key", MAX_KEY_BYTES).map(|text| Self(text.into()))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the realm that strangers share.
    pub fn is_public(&self) -> bool {
        &*self.0 == Self::PUBLIC
    }
}

/// What proves that two sockets belong to the same peer: PeerJS's `token`. 1 to [`MAX_TOKEN_BYTES`] bytes, never printed.
#[derive(Clone, Serialize)]
#[serde(transparent)]
pub struct Token(Box<str>);

const STATEMENT: &str = "signed ";

impl Token {
    /// Takes a token as a client gave it. An error when it is longer than [`MAX_TOKEN_BYTES`], or when it is empty.
    pub fn parse(text: &str) -> Result<Self, BadId> {
        within(text, "token", MAX_TOKEN_BYTES).map(|text| Self(text.into()))
    }

    /// What is kept of a signed statement that has been checked: its digest, marked. A digest of any other token has no space in it.
    pub fn of_statement(digest: &str) -> Result<Self, BadId> {
        Self::parse(&[STATEMENT, digest].concat())
    }

    /// Whether it stands for a signed statement.
    pub fn is_statement(&self) -> bool {
        self.0.starts_with(STATEMENT)
    }

    /// Whether who shows it owns what another one has taken: it is the same, or both are signed statements of the id.
    pub fn owns_what_has(&self, other: &Self) -> bool {
        self == other || self.is_statement() && other.is_statement()
    }

    /// Whether it is long enough, [`LASTING_TOKEN_CHARS`], that nobody can have guessed it.
    pub fn is_lasting(&self) -> bool {
        self.0.chars().count() >= LASTING_TOKEN_CHARS
    }

    /// The secret itself: for the Worker, which hands the realm a digest of it instead.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Compares in a time that depends on the lengths alone, so that answers cannot be used to guess a token byte by byte.
impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.0.as_bytes(), other.0.as_bytes());
        let differences = ours.iter().zip(theirs).fold(0, |seen, (a, b)| seen | (a ^ b));
        // black_box: the compiler must not find out that the loop could stop early.
        ours.len() == theirs.len() && std::hint::black_box(differences) == 0
    }
}

impl Eq for Token {}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

fn within<'a>(text: &'a str, what: &'static str, limit: usize) -> Result<&'a str, BadId> {
    match text.len() {
        0 => Err(BadId::Empty),
        length if length > limit => Err(BadId::TooLong { what, limit }),
        _ => Ok(text),
    }
}

/// FNV-1a, which mixes short texts well and never changes.
pub(crate) fn hash(text: &str) -> u64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    // Its low bits are its weak ones; fold the high ones in.
    hash ^ hash >> 32
}
