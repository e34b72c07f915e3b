//! JSON (RFC 8259, ECMA-262's `JSON.parse`): an object or an array is walked over in one go, and handed out as the pieces of text that
//! it is.
//!
//! serde_json reads it. No tree is built, and a payload is passed over as a [`RawValue`]. Of duplicate fields the last one counts, as in
//! JavaScript: `each` is called for all of them. Values may be nested as deep as they like.
//!
//! A reader of our own had 180 lines more. It saved 21 kB of the upload and 3 % of a relayed frame's CPU (2026-11-28, docs/performance.md).

use serde::de::{Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::Deserializer;
use std::borrow::Cow;
use std::fmt;

/// Walks over the fields of an object: `each` is given a name and a value, as JSON text without space around it. Names with half a
/// letter in them (a lone surrogate) are none of ours, and left out. `None` when `text` is not one object, which may turn out late.
pub fn object<'a>(text: &'a str, each: &mut dyn FnMut(&str, &'a str)) -> Option<()> {
    let mut reader = Deserializer::from_str(text);
    reader.deserialize_map(Fields(each)).ok()?;
    reader.end().ok()
}

/// Walks over the items of an array, as [`object`] does over fields.
pub fn array<'a>(text: &'a str, each: &mut dyn FnMut(&'a str)) -> Option<()> {
    let mut reader = Deserializer::from_str(text);
    reader.deserialize_seq(Items(each)).ok()?;
    reader.end().ok()
}

/// The text that a value (such as [`object`] gives) is, borrowed where it has no escapes; `None` when it is no string, or holds half a letter.
pub fn string(value: &str) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    serde_json::from_str(value).ok().map(|Text(text)| text)
}

/// The whole number that a value is; `None` when it is none, or none that fits, or is spelled with a point or an exponent.
pub fn number(value: &str) -> Option<u64> {
    value.parse().ok()
}

/// `true` or `false`; `None` for anything else.
pub fn boolean(value: &str) -> Option<bool> {
    value.parse().ok()
}

/// Text as a JSON string, escaped as JavaScript's `JSON.stringify` does.
pub fn quoted(text: &str) -> String {
    // Writing a str into a String cannot fail; an empty string would be the lesser evil if it did.
    serde_json::to_string(text).unwrap_or_else(|_| "\"\"".to_owned())
}

/// Walks over an object's fields.
struct Fields<'e, 'a>(&'e mut dyn FnMut(&str, &'a str));

impl<'a> Visitor<'a> for Fields<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut fields: A) -> Result<(), A::Error> {
        // The name is raw as well: half a letter in it must not make the whole object unreadable.
        while let Some((name, value)) = fields.next_entry::<&RawValue, &RawValue>()? {
            if let Some(name) = string(name.get()) {
                (self.0)(&name, value.get());
            }
        }
        Ok(())
    }
}

/// Walks over an array's items.
struct Items<'e, 'a>(&'e mut dyn FnMut(&'a str));

impl<'a> Visitor<'a> for Items<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element::<&RawValue>()? {
            (self.0)(item.get());
        }
        Ok(())
    }
}
