//! Signed ids: the token is a JWT (RFC 7519, with HS256) that an application's own login has made, and it says the id.
//!
//! Only for operators who set the secret `TOKEN_KEY`. The claims that count are `sub`, the id, and `exp`, the second (since 1970, whole or not) at
//! which the token expires. There may be `nbf`, the second from which it is valid (the signer's clock may be a minute ahead), and `aud`, the keys (realms) that it is for. All other
//! claims are the application's own. The Worker checks the signature, with WebCrypto.

use crate::id::{PeerId, RealmKey};
use crate::limits::{Millis, JWT_LEEWAY_MS};
use crate::wire::json;
use std::borrow::Cow;
use std::fmt;

/// Why a token does not allow an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwtError {
    /// It is not three base64url parts whose header says HS256.
    NotSigned,
    /// Its header has a member that changes how it is to be read, and that we do not know (`crit`, `b64`).
    Unknown,
    /// It lacks `sub` or `exp`, has them, `nbf` or `aud` in other types, or says something twice.
    Unclear,
    /// Another key signed it, or somebody changed it.
    WrongSignature,
    /// `nbf` has not come.
    TooEarly,
    /// `exp` has passed.
    Expired,
    /// `sub` is another id.
    OtherId,
    /// `aud` does not name this key.
    OtherKey,
    /// It has no `aud`, and `REQUIRE_AUDIENCE` demands one.
    NoKey,
}

impl fmt::Display for JwtError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotSigned => "it is not a JWT that is signed with HS256",
            Self::Unknown => "its header demands something that this server does not know (crit, b64)",
            Self::Unclear => "it must say who (sub, a text) and until when (exp, seconds), and nothing twice",
            Self::WrongSignature => "its signature is wrong",
            Self::TooEarly => "it is not valid yet",
            Self::Expired => "it has expired",
            Self::OtherId => "it is for another id",
            Self::OtherKey => "it is for another key (aud)",
            Self::NoKey => "it must say for which key it is (aud)",
        })
    }
}

/// A token, taken apart. Its contents mean nothing before the signature has been checked.
#[derive(Debug)]
pub struct Jwt<'a> {
    /// What is signed.
    pub signed: &'a str,
    /// The signature: HMAC-SHA-256 of `signed`.
    pub signature: Vec<u8>,
    contents: Vec<u8>,
}

impl<'a> Jwt<'a> {
    /// Takes a token apart. Other algorithms than HS256 are no signature here, `none` least of all.
    pub fn parse(token: &'a str) -> Result<Self, JwtError> {
        let (signed, signature) = token.rsplit_once('.').ok_or(JwtError::NotSigned)?;
        let (header, contents) = signed.split_once('.').ok_or(JwtError::NotSigned)?;
        let part = |text| base64url(text).ok_or(JwtError::NotSigned);
        let header = part(header)?;
        let (mut is_hs256, mut unknown, mut names) = (false, false, Names::default());
        let object = json::object(text(&header).ok_or(JwtError::NotSigned)?, &mut |name, value| {
            names.note(name);
            match name {
                "alg" => is_hs256 = json::string(value).is_some_and(|algorithm| algorithm == "HS256"),
                // Whatever it lists, we do not understand it, and then the signature is invalid (RFC 7515, 4.1.11).
                "crit" => unknown = true,
                // The contents would not be base64url (RFC 7797, 3), which no JWT may say (7).
                "b64" => unknown |= value != "true",
                _ => {}
            }
        });
        if object.is_none() || !is_hs256 || names.repeated {
            return Err(JwtError::NotSigned);
        } else if unknown {
            return Err(JwtError::Unknown);
        }
        Ok(Self { signed, signature: part(signature)?, contents: part(contents)? })
    }

    fn contents(&self) -> Option<Contents<'_>> {
        let (mut sub, mut exp, mut nbf, mut names) = (None, None, Some(0), Names::default());
        let mut audience = Some(None);
        json::object(text(&self.contents)?, &mut |name, value| {
            names.note(name);
            match name {
                "sub" => sub = json::string(value),
                "exp" => exp = moment(value),
                "nbf" => nbf = moment(value),
                "aud" => audience = keys(value).map(Some),
                _ => {}
            }
        })?;
        (!names.repeated).then_some(())?;
        Some(Contents { sub: sub?, exp: exp?, nbf: nbf?, audience: audience? })
    }

    /// Whether it has expired.
    pub fn has_expired(&self, now: Millis) -> bool {
        self.contents().is_none_or(|contents| contents.exp <= now)
    }

    /// Whether the token, whose signature is right, allows an id of a realm at this moment, or did `grace` milliseconds ago. `must_name_key`:
    /// it must have an `aud`.
    pub fn allows(&self, id: &PeerId, key: &RealmKey, must_name_key: bool, grace: Millis, now: Millis) -> Result<(), JwtError> {
        let Contents { sub, exp, nbf, audience } = self.contents().ok_or(JwtError::Unclear)?;
        if exp.saturating_add(grace) <= now {
            Err(JwtError::Expired)
        } else if nbf > now.saturating_add(JWT_LEEWAY_MS) {
            Err(JwtError::TooEarly)
        } else if sub != id.as_str() {
            Err(JwtError::OtherId)
        } else {
            match audience {
                Some(keys) if keys.iter().any(|named| named == key.as_str()) => Ok(()),
                Some(_) => Err(JwtError::OtherKey),
                None if must_name_key => Err(JwtError::NoKey),
                None => Ok(()),
            }
        }
    }
}

/// The claims that count.
struct Contents<'a> {
    sub: Cow<'a, str>,
    exp: Millis,
    nbf: Millis,
    audience: Option<Vec<Cow<'a, str>>>,
}

/// The keys that `aud` names: one text, or an array of them (RFC 7519, 4.1.3).
fn keys(value: &str) -> Option<Vec<Cow<'_, str>>> {
    let mut all = Vec::new();
    if value.starts_with('[') {
        json::array(value, &mut |item| all.push(json::string(item)))?;
    } else {
        all.push(json::string(value));
    }
    all.into_iter().collect()
}

/// A moment: seconds since 1970 as any JSON number (RFC 7519, 2, NumericDate), in whole milliseconds. What is before 1970 is 1970, and what is
/// too late to be written is the last moment of all. (Rust's own reader of decimals would add a tenth to the upload.)
fn moment(value: &str) -> Option<Millis> {
    let is_number = value.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    let (mantissa, exponent) = value.split_once(['e', 'E']).unwrap_or((value, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = whole.trim_start_matches('0').bytes().chain(fraction.bytes());
    let exponent = exponent.parse::<i32>().unwrap_or(if exponent.starts_with('-') { i32::MIN } else { i32::MAX });
    let places = (whole.trim_start_matches('0').len() as i64).saturating_add(exponent.into()).saturating_add(3);
    let padded = digits.chain(std::iter::repeat(b'0')).take(places.clamp(0, 400) as usize);
    let millis = padded.fold(0_u64, |sum, digit| sum.saturating_mul(10).saturating_add(digit.wrapping_sub(b'0').into()));
    is_number.then_some(if value.starts_with('-') { 0 } else { millis })
}

/// The names of an object's members, each of which may come once (RFC 7515, 4; RFC 7519, 4): of two readers of one that comes twice, one
/// would believe the first and one the last.
#[derive(Default)]
struct Names {
    seen: Vec<String>,
    repeated: bool,
}

impl Names {
    fn note(&mut self, name: &str) {
        self.repeated |= self.seen.iter().any(|seen| seen == name);
        self.seen.push(name.to_owned());
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
