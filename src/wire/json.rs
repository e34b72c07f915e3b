//! JSON as it comes in (RFC 8259, ECMA-262's `JSON.parse`): walked over in one go, and handed out as the pieces of text that it is.
//!
//! Why not serde_json, which writes what goes out: to read into types it brings along what it takes to say what is wrong with the
//! input, and every number's decimal digits: a third of the Worker. Here nothing is copied but strings with escapes in them, a payload is
//! passed over and not built, and input that is wrong is wrong, however. Of duplicate fields the last one counts, as in JavaScript;
//! values may be nested as deep as they like.

use std::borrow::Cow;

/// Walks over the fields of an object: `each` is given a name and a value, as JSON text without space around it. Names with half a
/// letter in them (a lone surrogate) are none of ours, and left out. `None` when `text` is not one object, which may turn out late.
pub fn object<'a>(text: &'a str, each: &mut dyn FnMut(&str, &'a str)) -> Option<()> {
    let mut reader = Reader { text, at: 0 };
    reader.items(b'{', b'}', &mut |reader| {
        let name = reader.name()?;
        let value = reader.value()?;
        if let Some(name) = string(name) {
            each(&name, value);
        }
        Some(())
    })
}

/// Walks over the items of an array, as [`object`] does over fields.
pub fn array<'a>(text: &'a str, each: &mut dyn FnMut(&'a str)) -> Option<()> {
    let mut reader = Reader { text, at: 0 };
    reader.items(b'[', b']', &mut |reader| {
        each(reader.value()?);
        Some(())
    })
}

/// The text that a value (such as [`object`] gives) is; `None` when it is no string, or holds half a letter.
pub fn string(value: &str) -> Option<Cow<'_, str>> {
    let text = value.strip_prefix('"')?.strip_suffix('"')?;
    if !text.contains('\\') {
        return Some(Cow::Borrowed(text));
    }
    let mut decoded = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        decoded.push(if letter == '\\' { escaped(&mut letters)? } else { letter });
    }
    Some(Cow::Owned(decoded))
}

/// The whole number that a value is; `None` when it is none, or none that fits, or is spelled with a point or an exponent.
pub fn number(value: &str) -> Option<u64> {
    value.parse().ok()
}

/// `true` or `false`; `None` for anything else.
pub fn boolean(value: &str) -> Option<bool> {
    value.parse().ok()
}

/// What an escape stands for, read from behind its backslash.
fn escaped(letters: &mut std::str::Chars<'_>) -> Option<char> {
    Some(match letters.next()? {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => {
            let first = unit(letters)?;
            let pair = matches!(first, 0xd800..=0xdbff);
            let second = if pair && letters.next()? == '\\' && letters.next()? == 'u' { unit(letters)? } else { 0 };
            char::decode_utf16([first, second]).next()?.ok()?
        }
        itself => itself,
    })
}

/// Four hexadecimal digits.
fn unit(letters: &mut std::str::Chars<'_>) -> Option<u16> {
    let mut unit = 0;
    for _ in 0..4 {
        unit = unit << 4 | letters.next()?.to_digit(16)? as u16;
    }
    Some(unit)
}

/// Text as a JSON string, escaped as JavaScript's `JSON.stringify` does.
pub fn quoted(text: &str) -> String {
    // Writing a str into a String cannot fail; an empty string would be the lesser evil if it did.
    serde_json::to_string(text).unwrap_or_else(|_| "\"\"".to_owned())
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<u8> {
        let byte = self.text.as_bytes().get(self.at).copied()?;
        self.at = self.at.wrapping_add(1);
        Some(byte)
    }

    /// Passes over a byte that `is` so, if the next one is.
    fn accept(&mut self, is: impl Fn(u8) -> bool) -> bool {
        let found = self.text.as_bytes().get(self.at).is_some_and(|byte| is(*byte));
        self.at = self.at.wrapping_add(found.into());
        found
    }

    fn space(&mut self) {
        while self.accept(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) {}
    }

    /// Reads the whole text: `open`, what `each` reads any number of times, with commas in between, and `close`.
    fn items(&mut self, open: u8, close: u8, each: &mut dyn FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.space();
        self.accept(|byte| byte == open).then_some(())?;
        self.space();
        if !self.accept(|byte| byte == close) {
            loop {
                each(self)?;
                self.space();
                match self.next()? {
                    b',' => {}
                    byte if byte == close => break,
                    _ => return None,
                }
            }
        }
        self.space();
        (self.at == self.text.len()).then_some(())
    }

    /// The name of a field, as JSON text, and the colon behind it.
    fn name(&mut self) -> Option<&'a str> {
        self.space();
        let start = self.at;
        self.accept(|byte| byte == b'"').then_some(())?;
        self.string()?;
        let name = self.text.get(start..self.at);
        self.space();
        self.accept(|byte| byte == b':').then_some(())?;
        name
    }

    /// Passes over a value. Without recursion: nobody can use up the stack.
    fn value(&mut self) -> Option<&'a str> {
        self.space();
        let start = self.at;
        let mut open = Vec::new(); // what closes the arrays and objects that we are in
        loop {
            self.space();
            let close = match self.next()? {
                b'{' => Some(b'}'),
                b'[' => Some(b']'),
                first => {
                    self.scalar(first)?;
                    None
                }
            };
            if let Some(close) = close {
                self.space();
                if !self.accept(|byte| byte == close) {
                    open.push(close);
                    if close == b'}' {
                        self.name()?;
                    }
                    continue;
                }
            }
            // A value has ended, and maybe those around it.
            loop {
                let Some(&close) = open.last() else {
                    return self.text.get(start..self.at);
                };
                self.space();
                match self.next()? {
                    b',' => break,
                    byte if byte == close => drop(open.pop()),
                    _ => return None,
                }
            }
            if open.last() == Some(&b'}') {
                self.name()?;
            }
        }
    }

    /// Passes over the rest of a value that nothing is nested in.
    fn scalar(&mut self, first: u8) -> Option<()> {
        match first {
            b'"' => self.string(),
            b't' => self.word("rue"),
            b'f' => self.word("alse"),
            b'n' => self.word("ull"),
            first => self.number(first),
        }
    }

    fn word(&mut self, rest: &str) -> Option<()> {
        rest.bytes().all(|letter| self.accept(|byte| byte == letter)).then_some(())
    }

    fn number(&mut self, first: u8) -> Option<()> {
        match if first == b'-' { self.next()? } else { first } {
            b'0' => {}
            b'1'..=b'9' => drop(self.digits()),
            _ => return None,
        }
        if self.accept(|byte| byte == b'.') {
            self.digits()?;
        }
        if self.accept(|byte| matches!(byte, b'e' | b'E')) {
            self.accept(|byte| matches!(byte, b'+' | b'-'));
            self.digits()?;
        }
        Some(())
    }

    /// Passes over digits; `None` where there is none.
    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.accept(|byte| byte.is_ascii_digit()) {}
        (self.at > start).then_some(())
    }

    /// Passes over the rest of a string.
    fn string(&mut self) -> Option<()> {
        loop {
            self.at = self.at.wrapping_add(plain(self.text.as_bytes().get(self.at..)?));
            match self.next()? {
                b'"' => return Some(()),
                b'\\' => match self.next()? {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                    b'u' => {
                        for _ in 0..4 {
                            self.accept(|byte| byte.is_ascii_hexdigit()).then_some(())?;
                        }
                    }
                    _ => return None,
                },
                control if control < b' ' => return None,
                _ => {}
            }
        }
    }
}

/// A number with this byte everywhere.
const fn eight_times(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// How many bytes there are before the first quotation mark, backslash or control character, but for the last seven. Nearly all of a frame
/// is the inside of a string, and this is what makes passing over it cheap: eight bytes at once (Lamport, "Multiple byte processing with
/// full-word instructions", 1975). Where a byte is zero, subtracting 1 from it sets its highest bit; where it is below 0x20, subtracting
/// 0x20 does. What is borrowed for that can only mislead about the bytes behind.
fn plain(bytes: &[u8]) -> usize {
    let mut plain = 0_usize;
    for word in bytes.as_chunks::<8>().0 {
        let word = u64::from_le_bytes(*word);
        let (quote, escape) = (word ^ eight_times(b'"'), word ^ eight_times(b'\\'));
        let control = word.wrapping_sub(eight_times(b' ')) & !word;
        let quote = quote.wrapping_sub(eight_times(1)) & !quote;
        let escape = escape.wrapping_sub(eight_times(1)) & !escape;
        let found = (control | quote | escape) & eight_times(0x80);
        if found != 0 {
            return plain.wrapping_add(found.trailing_zeros() as usize / 8);
        }
        plain = plain.wrapping_add(8);
    }
    plain
}
