//! JSON (RFC 8259, ECMA-262's `JSON.parse`): an object or an array is walked over in one go, and handed out as the pieces of text that
//! it is.
//!
//! serde_json reads each value and says where it ends. No tree is built. What stands between the values is read here, and so are escapes in
//! text: serde_json's own ways to do that bring along what spells an error, all its numbers included, which is a tenth of the upload
//! (docs/performance.md). Of duplicate fields the last one counts, as in JavaScript: `each` is called for all of them. Values may be nested as
//! deep as they like.

use serde::de::IgnoredAny;
use serde_json::Deserializer;
use std::borrow::Cow;

/// What may stand between two pieces (RFC 8259, 2).
const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// Walks over the fields of an object: `each` is given a name and a value, as JSON text without space around it. Names with half a
/// letter in them (a lone surrogate) are none of ours, and left out. `None` when `text` is not one object, which may turn out late.
pub fn object<'a>(text: &'a str, each: &mut dyn FnMut(&str, &'a str)) -> Option<()> {
    walk(text, '{', '}', &mut |item| {
        let (name, rest) = value(item)?;
        let (value, rest) = value(rest.trim_start_matches(SPACE).strip_prefix(':')?)?;
        name.starts_with('"').then_some(())?;
        if let Some(name) = string(name) {
            each(&name, value);
        }
        Some(rest)
    })
}

/// Walks over the items of an array, as [`object`] does over fields.
pub fn array<'a>(text: &'a str, each: &mut dyn FnMut(&'a str)) -> Option<()> {
    walk(text, '[', ']', &mut |item| {
        let (value, rest) = value(item)?;
        each(value);
        Some(rest)
    })
}

/// The text that a value (such as [`object`] gives) is, borrowed where it has no escapes; `None` when it is no string, or holds half a letter.
pub fn string(value: &str) -> Option<Cow<'_, str>> {
    let text = value.strip_prefix('"')?.strip_suffix('"')?;
    if text.contains('\\') {
        unescaped(text).map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(text))
    }
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

/// Walks over what stands between two brackets, with commas between. `item` reads one, and gives what follows it.
fn walk<'a>(text: &'a str, open: char, close: char, item: &mut dyn FnMut(&'a str) -> Option<&'a str>) -> Option<()> {
    let mut rest = text.trim_start_matches(SPACE).strip_prefix(open)?.trim_start_matches(SPACE);
    if !rest.starts_with(close) {
        loop {
            rest = item(rest)?.trim_start_matches(SPACE);
            match rest.strip_prefix(',') {
                Some(next) => rest = next,
                None => break,
            }
        }
    }
    rest.strip_prefix(close)?.trim_start_matches(SPACE).is_empty().then_some(())
}

/// The value that a text begins with, without the space before it, and what follows it.
fn value(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches(SPACE);
    let mut values = Deserializer::from_str(text).into_iter::<IgnoredAny>();
    values.next()?.ok()?;
    text.split_at_checked(values.byte_offset())
}

/// Undoes the escapes in a string's text, which has been read before (RFC 8259, 7).
fn unescaped(text: &str) -> Option<String> {
    let mut units = Vec::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(mut letter) = letters.next() {
        if letter == '\\' {
            letter = match letters.next()? {
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => {
                    let (digits, rest) = letters.as_str().split_at_checked(4)?;
                    units.push(u16::from_str_radix(digits, 16).ok()?);
                    letters = rest.chars();
                    continue;
                }
                itself => itself,
            };
        }
        units.extend_from_slice(letter.encode_utf16(&mut [0; 2]));
    }
    String::from_utf16(&units).ok()
}
