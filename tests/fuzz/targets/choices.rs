//! Bytes as a source of choices: the same bytes always choose the same, and short ones choose 0 at the end.

pub struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub fn byte(&mut self) -> u8 {
        let Some((byte, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *byte
    }

    /// A number below `limit`, which is not 0.
    pub fn below(&mut self, limit: usize) -> usize {
        let mut number = usize::from(self.byte());
        if limit > 256 {
            number = number << 8 | usize::from(self.byte());
        }
        number % limit
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 1
    }

    pub fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    pub fn number(&mut self) -> u64 {
        (0..8).fold(0, |number, _| number << 8 | u64::from(self.byte()))
    }

    /// Some text, with letters that need one byte to four.
    pub fn text(&mut self, longest: usize) -> String {
        let length = self.below(longest + 1);
        (0..length)
            .map(|_| {
                self.one_of(&[
                    'a', 'b', 'Z', '9', '-', '_', ' ', '%', '+', '&', '=', '/', '"', '\\', '\n', '\u{1}', 'é', '€', '😀',
                ])
            })
            .collect()
    }

    /// What no choice has used.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Changes a few bytes of a text; what is no UTF-8 then becomes U+FFFD.
    pub fn damage(&mut self, text: String) -> String {
        const TELLING: &[u8] = b"\"\\{}[]:,0-.eEu \t\n\0\x1f\x7ftypedsrcOFFER\xc3\xff";
        let mut bytes = text.into_bytes();
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len().max(1));
            match self.below(6) {
                _ if bytes.is_empty() => bytes.push(self.one_of(TELLING)),
                0 => drop(bytes.remove(at)),
                1 => bytes.insert(at, self.one_of(TELLING)),
                2 => bytes[at] = self.one_of(TELLING),
                3 => bytes[at] = self.byte(),
                4 => bytes.truncate(at),
                _ => bytes.extend_from_within(at..),
            }
        }
        match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(broken) => String::from_utf8_lossy(broken.as_bytes()).into_owned(),
        }
    }
}
