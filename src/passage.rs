//! What one home tells another about a frame that it passes on, and its receiver never sees: in front of the frame, which begins with a
//! brace. Mostly there is nothing to tell.

use crate::member::NetworkNumber;

/// What is known of a frame's sender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passage {
    /// The network that it comes from.
    pub network: NetworkNumber,
    /// Whether it has sent a lot lately.
    pub heavy: bool,
    /// Whether it has been told already that nobody is there.
    pub late: bool,
}

const HEAVY: char = 'h';
const LATE: char = 'l';

impl Passage {
    /// The frame as it travels.
    pub fn write(self, frame: String) -> String {
        if self == Self::default() {
            return frame;
        }
        let mut text = self.network.to_string();
        text.extend(self.heavy.then_some(HEAVY));
        text.extend(self.late.then_some(LATE));
        text + &frame
    }

    /// The frame, and what is told of it.
    pub fn read(text: &str) -> (Self, &str) {
        let (about, frame) = text.split_at_checked(text.find('{').unwrap_or(0)).unwrap_or(("", text));
        let (heavy, late) = (about.contains(HEAVY), about.contains(LATE));
        (Self { network: NetworkNumber::parse(about.trim_end_matches([HEAVY, LATE])), heavy, late }, frame)
    }
}
