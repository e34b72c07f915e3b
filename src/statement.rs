//! Signed ids: a token that is a statement of the id, made by an application's own login (JWT, RFC 7519, with HS256).
//!
//! Only for operators who set the secret `TOKEN_KEY`. The statement says `sub`, the id, and `exp`, the second (since 1970) from
//! which on it is void; anything else in it is the application's own. The signature is checked by the shell, with WebCrypto.

use crate::id::PeerId;
use crate::json;
use crate::limits::Millis;
use std::borrow::Cow;
use std::fmt;

/// Why a token does not allow an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It is not three base64url parts whose header says HS256.
    NotSigned,
    /// It lacks `sub` or `exp`, or has them in other types.
    Unclear,
    /// Another key signed it, or somebody changed it.
    WrongSignature,
    /// `nbf` has not come.
    TooEarly,
    /// `exp` has passed.
    Expired,
    /// `sub` is another id.
    OtherId,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotSigned => "it is not a JWT that is signed with HS256",
            Self::Unclear => "it must say who (sub, a text) and until when (exp, whole seconds)",
            Self::WrongSignature => "its signature is wrong",
            Self::TooEarly => "it is not valid yet",
            Self::Expired => "it has expired",
            Self::OtherId => "it is for another id",
        })
    }
}

/// A token, taken apart. Its contents mean nothing before the signature has been checked.
#[derive(Debug)]
pub struct Statement<'a> {
    /// What is signed.
    pub signed: &'a str,
    /// The signature: HMAC-SHA-256 of `signed`.
    pub signature: Vec<u8>,
    contents: Vec<u8>,
}

impl<'a> Statement<'a> {
    /// Takes a token apart. Other algorithms than HS256 are no signature here, `none` least of all.
    pub fn parse(token: &'a str) -> Result<Self, Flaw> {
        let (signed, signature) = token.rsplit_once('.').ok_or(Flaw::NotSigned)?;
        let (header, contents) = signed.split_once('.').ok_or(Flaw::NotSigned)?;
        let part = |text| base64url(text).ok_or(Flaw::NotSigned);
        let (header, mut is_hs256) = (part(header)?, false);
        let object = json::object(text(&header).ok_or(Flaw::NotSigned)?, &mut |name, value| {
            if name == "alg" {
                is_hs256 = json::string(value).is_some_and(|algorithm| algorithm == "HS256");
            }
        });
        if object.is_none() || !is_hs256 {
            return Err(Flaw::NotSigned);
        }
        Ok(Self { signed, signature: part(signature)?, contents: part(contents)? })
    }

    /// `sub`, `exp` and `nbf`, which may be left out.
    fn contents(&self) -> Option<(Cow<'_, str>, u64, u64)> {
        let (mut sub, mut exp, mut nbf) = (None, None, Some(0));
        json::object(text(&self.contents)?, &mut |name, value| match name {
            "sub" => sub = json::string(value),
            "exp" => exp = json::number(value),
            "nbf" => nbf = json::number(value),
            _ => {}
        })?;
        Some((sub?, exp?, nbf?))
    }

    /// Whether the statement, whose signature is right, allows an id at this moment.
    pub fn allows(&self, id: &PeerId, now: Millis) -> Result<(), Flaw> {
        let (sub, exp, nbf) = self.contents().ok_or(Flaw::Unclear)?;
        if exp.saturating_mul(1000) <= now {
            Err(Flaw::Expired)
        } else if nbf.saturating_mul(1000) > now {
            Err(Flaw::TooEarly)
        } else if sub != id.as_str() {
            Err(Flaw::OtherId)
        } else {
            Ok(())
        }
    }
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// Decodes base64url without padding (RFC 4648, 5).
fn base64url(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    for group in text.as_bytes().chunks(4) {
        let mut bits = 0_u32;
        for symbol in group {
            let value = match symbol {
                b'A'..=b'Z' => symbol.wrapping_sub(b'A'),
                b'a'..=b'z' => symbol.wrapping_sub(b'a').wrapping_add(26),
                b'0'..=b'9' => symbol.wrapping_sub(b'0').wrapping_add(52),
                b'-' => 62,
                b'_' => 63,
                _ => return None,
            };
            bits = bits << 6 | u32::from(value);
        }
        let [_, first, second, third] = match group.len() {
            4 => bits.to_be_bytes(),
            3 => (bits << 6).to_be_bytes(),
            2 => (bits << 12).to_be_bytes(),
            _ => return None,
        };
        bytes.extend([first, second, third].into_iter().take(group.len().saturating_sub(1)));
    }
    Some(bytes)
}
