//! What PeerServer would have made of a frame: `JSON.parse`, then `type`, `dst` and `payload` of the result. Slow, plain, and
//! written from ECMA-262 and RFC 8259 alone, so that it shares no mistake with the crate.

/// What a frame asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Meaning<'a> {
    /// It is no object.
    Nonsense,
    /// There is nothing to do.
    Nothing,
    /// The sender unregisters.
    Leave,
    /// The sender wants ICE servers.
    Ice,
    /// It is to be passed on.
    Signal {
        kind: &'static str,
        /// As `JSON.stringify` writes it; what holds half a letter, or is no text, as it came.
        dst: String,
        /// If it is text.
        id: Option<String>,
        /// As it came.
        payload: Option<&'a str>,
    },
}

const RELAYED: [&str; 5] = ["OFFER", "ANSWER", "CANDIDATE", "LEAVE", "MESSAGE"];

pub fn meaning(text: &str) -> Meaning<'_> {
    let Some(fields) = Fields::read(text) else {
        return Meaning::Nonsense;
    };
    let last = |name: &str| fields.raw(name);
    let kind = last("type").and_then(text_of);
    let named = |name: &&&str| kind.as_ref().is_some_and(|kind| *kind == utf16(name));
    let dst = last("dst").filter(|raw| truthy(raw));
    match (RELAYED.iter().find(named).copied(), dst) {
        (None, _) if named(&&"ICE") => Meaning::Ice,
        (None, _) => Meaning::Nothing,
        (Some("LEAVE"), None) => Meaning::Leave,
        (Some(_), None) => Meaning::Nothing,
        (Some(kind), Some(raw)) => {
            let id = text_of(raw).and_then(|units| String::from_utf16(&units).ok());
            let dst = id.as_deref().map_or_else(|| raw.to_owned(), stringify);
            Meaning::Signal { kind, dst, id, payload: last("payload") }
        }
    }
}

/// The fields of an object, each as it came. Numbers of any size, halves of letters and depths of any kind are valid in a frame, and
/// relayed unread: a reader that turns them into values of its own would refuse some.
pub struct Fields<'a>(Vec<(Vec<u16>, &'a str)>);

impl<'a> Fields<'a> {
    /// Those of an object, none of an array, `None` of anything else.
    pub fn read(text: &'a str) -> Option<Self> {
        Reader { text, at: 0 }.document().map(Self)
    }

    /// A field; of several with one name the last counts.
    pub fn raw(&self, name: &str) -> Option<&'a str> {
        let name = utf16(name);
        self.0.iter().rev().find(|(field, _)| *field == name).map(|(_, raw)| *raw)
    }

    /// A field that is text, and nothing but whole letters.
    pub fn text(&self, name: &str) -> Option<String> {
        String::from_utf16(&text_of(self.raw(name)?)?).ok()
    }
}

/// A text as `JSON.stringify` writes it.
pub fn stringify(text: &str) -> String {
    let mut json = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            control if control < ' ' => json.push_str(&format!("\\u{:04x}", u32::from(control))),
            letter => json.push(letter),
        }
    }
    json.push('"');
    json
}

fn utf16(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

/// The text that a JSON value is, if it is one.
fn text_of(raw: &str) -> Option<Vec<u16>> {
    Reader { text: raw, at: 0 }.string()
}

/// Whether JavaScript takes a JSON value for true. (But for what is so small that it takes it for 0, such as 1e-400: Beckon has no
/// tables to find that out, and nobody is at either.)
fn truthy(raw: &str) -> bool {
    match raw {
        "null" | "false" | "\"\"" => false,
        _ if raw.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => {
            let mantissa = raw.to_ascii_lowercase();
            mantissa.split('e').next().is_some_and(|digits| digits.parse::<f64>().unwrap() != 0.0)
        }
        _ => true,
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// The fields of an object, none of an array, `None` for anything else.
    fn document(&mut self) -> Option<Vec<(Vec<u16>, &'a str)>> {
        self.space();
        let fields = match self.peek()? {
            b'{' => self.object()?,
            b'[' => {
                self.value()?;
                Vec::new()
            }
            _ => return None,
        };
        self.space();
        (self.at == self.text.len()).then_some(fields)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn accept(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Reads a value, with the space around it; gives its text without.
    fn value(&mut self) -> Option<&'a str> {
        self.space();
        let start = self.at;
        match self.peek()? {
            b'{' => drop(self.object()?),
            b'[' => self.array()?,
            b'"' => self.letters(None)?,
            b'-' | b'0'..=b'9' => self.number()?,
            _ => {
                let word = ["true", "false", "null"].into_iter().find(|word| self.text[start..].starts_with(word))?;
                self.at += word.len();
            }
        }
        let end = self.at;
        self.space();
        Some(&self.text[start..end])
    }

    fn object(&mut self) -> Option<Vec<(Vec<u16>, &'a str)>> {
        let mut fields = Vec::new();
        self.next();
        self.space();
        if self.accept(b'}') {
            return Some(fields);
        }
        loop {
            self.space();
            let name = self.string()?;
            self.space();
            self.accept(b':').then_some(())?;
            fields.push((name, self.value()?));
            match self.next()? {
                b',' => {}
                b'}' => return Some(fields),
                _ => return None,
            }
        }
    }

    fn array(&mut self) -> Option<()> {
        self.next();
        self.space();
        if self.accept(b']') {
            return Some(());
        }
        loop {
            self.value()?;
            match self.next()? {
                b',' => {}
                b']' => return Some(()),
                _ => return None,
            }
        }
    }

    fn string(&mut self) -> Option<Vec<u16>> {
        let mut units = Vec::new();
        self.letters(Some(&mut units)).map(|()| units)
    }

    /// Reads a text, and keeps it if somebody wants it.
    fn letters(&mut self, mut units: Option<&mut Vec<u16>>) -> Option<()> {
        self.accept(b'"').then_some(())?;
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))?;
            let (text, mut escaped) = (&rest[..plain], None);
            self.at += plain;
            match self.next()? {
                b'"' => {}
                b'\\' => escaped = Some(self.escape()?),
                _ => return None,
            }
            if let Some(units) = &mut units {
                units.extend(text.encode_utf16().chain(escaped));
            }
            if escaped.is_none() {
                return Some(());
            }
        }
    }

    fn escape(&mut self) -> Option<u16> {
        Some(match self.next()? {
            plain @ (b'"' | b'\\' | b'/') => plain.into(),
            b'b' => 8,
            b'f' => 12,
            b'n' => 10,
            b'r' => 13,
            b't' => 9,
            b'u' => {
                let digits = self.text.as_bytes().get(self.at..self.at + 4)?;
                digits.iter().all(u8::is_ascii_hexdigit).then_some(())?;
                self.at += 4;
                u16::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap()
            }
            _ => return None,
        })
    }

    fn number(&mut self) -> Option<()> {
        self.accept(b'-');
        if !self.accept(b'0') {
            self.digits()?;
        }
        if self.accept(b'.') {
            self.digits()?;
        }
        if self.accept(b'e') || self.accept(b'E') {
            let _ = self.accept(b'+') || self.accept(b'-');
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }
}
