//! Percent-encoding, in a path and in a query.

/// A value of a form (WHATWG URL, application/x-www-form-urlencoded): `+` is a space, broken escapes stay as they are, broken
/// UTF-8 becomes U+FFFD.
pub(super) fn decode(text: &str) -> String {
    String::from_utf8_lossy(&unescape(&text.replace('+', " ")).0).into_owned()
}

/// A segment of a path, as JavaScript's `decodeURIComponent` reads it: `None` where an escape or its UTF-8 is broken.
pub(super) fn decode_strictly(text: &str) -> Option<String> {
    let (bytes, whole) = unescape(text);
    String::from_utf8(bytes).ok().filter(|_| whole)
}

/// Undoes percent-encoding; also says whether every `%` began an escape.
fn unescape(text: &str) -> (Vec<u8>, bool) {
    let mut bytes = Vec::with_capacity(text.len());
    let mut whole = true;
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let escaped = match after {
            [high, low, tail @ ..] if byte == b'%' => hex(*high).zip(hex(*low)).map(|(high, low)| (high << 4 | low, tail)),
            _ => None,
        };
        if let Some((byte, tail)) = escaped {
            bytes.push(byte);
            rest = tail;
        } else {
            bytes.push(byte);
            whole &= byte != b'%';
        }
    }
    (bytes, whole)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| value.try_into().ok())
}
