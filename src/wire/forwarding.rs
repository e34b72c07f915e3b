//! What one home hands to another: frames, with what their receivers never see of their senders, and lists of ids.

use crate::client::NetworkNumber;
use crate::limits::Millis;
use crate::wire::message::{Destination, Envelope, Kind};

/// A frame that another home sends on, complete as its receiver will get it.
#[derive(Debug)]
pub struct Forwarded {
    /// What it is.
    pub kind: Kind,
    /// Who sent it.
    pub src: Destination,
    /// Whom it is for.
    pub dst: Destination,
}

impl Forwarded {
    /// Reads the envelope of a frame that a home made with [`relay`](crate::wire::outbound::relay) or [`expire`](crate::wire::outbound::expire); `None` when it is not one.
    pub fn parse(frame: &str) -> Option<Self> {
        let envelope = Envelope::parse(frame)?;
        Some(Self { kind: envelope.kind()?, src: Destination::parse(envelope.src?)?, dst: Destination::parse(envelope.dst?)? })
    }
}

/// What is known of a frame's sender. It stands in front of the frame, which begins with a brace. Mostly there is nothing to tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SenderInfo {
    /// The network that it comes from.
    pub network: NetworkNumber,
    /// Whether it has sent a lot lately.
    pub heavy: bool,
    /// Whether it has been told already that nobody is there.
    pub late: bool,
}

const HEAVY: char = 'h';
const LATE: char = 'l';

impl SenderInfo {
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

/// What ends a record: a character that JSON never has (RFC 7464 uses it so).
pub const RECORD_SEPARATOR: &str = "\u{1e}";

/// Makes of all homes' records one JSON array of ids, in the order of registration.
pub fn listing(records: &str) -> String {
    let mut rows: Vec<(Millis, &str)> = Vec::new();
    for (since, id) in records.split(RECORD_SEPARATOR).filter_map(|record| record.split_once(' ')) {
        let since = since.parse().unwrap_or(Millis::MAX);
        rows.insert(rows.partition_point(|(before, _)| *before <= since), (since, id));
    }
    let ids: Vec<&str> = rows.into_iter().map(|(_, id)| id).collect();
    format!("[{}]", ids.join(","))
}
