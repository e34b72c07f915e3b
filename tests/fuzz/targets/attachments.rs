//! What a socket remembers: it comes back as it was, fits into its attachment, and nothing that an attachment could hold
//! confuses the realm that wakes with it.

use super::choices::Choices;
use crate::world::settings;
use beckon::client::{NetworkHash, NetworkNumber};
use beckon::id::{PeerId, Token};
use beckon::limits::Rate;
use beckon::limits::{MAX_ASKERS_BYTES, MAX_ID_BYTES};
use beckon::realm::effect::Effect;
use beckon::realm::member::{Absentees, Conn, Member, Probe};
use beckon::realm::placement::Spread;
use beckon::realm::rate::{Bucket, Budget};
use beckon::realm::{Context, Ending, Event, Realm};
use beckon::settings::Settings;
use beckon::wire::forwarding::RECORD_SEPARATOR;

/// The most that the runtime keeps for a socket, in bytes.
pub const MAX_ATTACHMENT_BYTES: usize = 16_384;

/// The bytes are an attachment, or choices that make one.
pub fn attachments(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let text = if choices.byte() < 32 {
        String::from_utf8_lossy(choices.rest()).into_owned()
    } else {
        let member = member(&mut choices);
        let text = member.to_attachment().unwrap();
        assert!(text.is_ascii() && text.len() <= MAX_ATTACHMENT_BYTES, "{} bytes", text.len());
        // What is not remembered is as it is after a sleep.
        let back = Member::from_attachment(&text).unwrap();
        assert_eq!(
            back,
            Member { last_heard: member.saved_heard, budget: member.budget.clone().restored(), ice_given: None, ..member }
        );
        assert_eq!(back.to_attachment(), Some(text.clone()));
        if choices.once_in(2) {
            text
        } else {
            choices.damage(text)
        }
    };
    let Some(member) = Member::from_attachment(&text) else {
        return;
    };
    wakes_with(member, &mut choices);
}

fn member(choices: &mut Choices<'_>) -> Member {
    let id = |choices: &mut Choices<'_>, longest: usize| {
        let text = match choices.below(6) {
            0 => choices.one_of(&["é", "\u{1}", "\"", "x"]).repeat(longest),
            _ => choices.text(12) + "x",
        };
        let end = (0..=longest.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap();
        PeerId::parse(&text[..end]).unwrap()
    };
    let moment = |choices: &mut Choices<'_>| match choices.below(3) {
        0 => choices.number(),
        _ => 1_000_000 + choices.below(60_000) as u64,
    };
    let heard = moment(choices);
    let askers = choices.below(3);
    Member {
        conn: Conn(choices.one_of(&[0, 1, 2, u32::MAX])),
        id: id(choices, MAX_ID_BYTES),
        token: Token::parse(&(choices.text(40) + "t")).unwrap(),
        roster: choices.once_in(2),
        reserve_for: choices.once_in(2).then(|| NetworkHash("x".repeat(43))),
        since: moment(choices),
        earned: choices.once_in(2),
        last_heard: heard,
        saved_heard: heard,
        probe: choices.once_in(2).then(|| Probe {
            since: moment(choices),
            due: moment(choices),
            askers: (0..askers).map(|_| id(choices, MAX_ASKERS_BYTES / 2)).collect(),
        }),
        network: NetworkNumber::of(choices.one_of(&["", "192.0.2.1", "2001:db8::1"])),
        budget: Budget {
            frames: spent(choices),
            sent: spent(choices),
            received: spent(choices),
            stored: spent(choices),
            ..Budget::default()
        },
        absentees: told(choices),
        asked: choices.once_in(2).then(|| moment(choices)),
        // As JSON, whose quotation marks are escaped once more: as long as it may be.
        data: choices.once_in(2).then(|| format!("\"{}\"", choices.one_of(&["é", "x", "\\u0000"]).repeat(170)).into()),
        ice_given: None,
    }
}

/// Some who were absent.
fn told(choices: &mut Choices<'_>) -> Absentees {
    let mut told = Absentees::default();
    let now = choices.number();
    (0..choices.one_of(&[0, 0, 1, 3, 100])).for_each(|number| told.add(&format!("{number}"), now));
    told
}

/// A bucket from which something has been taken.
fn spent(choices: &mut Choices<'_>) -> Bucket {
    let (rate, now) = (Rate::new(choices.one_of(&[0, 1, 50, u64::MAX]), 20), choices.number());
    let mut bucket = Bucket::default();
    for _ in 0..choices.below(30) {
        bucket.take(rate, 1, now);
    }
    bucket
}

/// A realm wakes with this member and another, and whatever happens then, an id is one socket's.
fn wakes_with(member: Member, choices: &mut Choices<'_>) {
    thread_local!(static SETTINGS: Settings = settings(&[]));
    let other = Member { conn: Conn(7), id: PeerId::parse("other").unwrap(), probe: None, ..member.clone() };
    let mut realm = SETTINGS.with(|settings| Realm::new(settings.clone(), Spread::ALONE));
    for member in [member.clone(), other] {
        if !realm.holds(&member) {
            realm.restore(member);
        }
    }
    let dst = super::javascript::stringify(member.id.as_str());
    let frames = [
        r#"{"type":"OFFER","dst":"other"}"#.to_owned(),
        format!(r#"{{"type":"OFFER","dst":{dst}}}"#),
        r#"{"type":"LEAVE"}"#.to_owned(),
    ];
    for _ in 0..6 {
        let event = match choices.below(5) {
            0 => Event::Alarm,
            1 => Event::Closed { conn: Conn(7), ending: Ending::Lost },
            2 => Event::Forwarded { frame: &frames[0] },
            _ => Event::Frame { conn: choices.one_of(&[member.conn, Conn(7)]), text: &frames[choices.below(3)] },
        };
        let now = choices.one_of(&[0, 1_000_000, 1_030_000, u64::MAX]);
        let beat = choices.one_of(&[None, Some(0), Some(1_020_000), Some(u64::MAX)]);
        let mut effects = Vec::new();
        let mut context = Context { now, last_heartbeat: &|_| beat, effects: &mut effects };
        realm.handle(event, &mut context);
        let listed = realm.listed(&context).matches(RECORD_SEPARATOR).count();
        assert!(listed <= 2 && realm.count(&context) <= 2);
        for effect in &effects {
            if let Effect::Remember(member) = effect {
                assert!(member.to_attachment().unwrap().len() <= MAX_ATTACHMENT_BYTES);
            }
        }
    }
}
