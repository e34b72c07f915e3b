//! One frame of one socket: the realm does to the letter what PeerServer's reading of it asks for, and nothing else.

use super::choices::Choices;
use super::javascript::{meaning, stringify, Meaning};
use crate::world::settings;
use beckon::client::NetworkNumber;
use beckon::id::{PeerId, Token};
use beckon::limits::{Millis, EXPIRE_TIMEOUT_MS, MAX_DESTINATION_BYTES, MAX_FRAME_BYTES, MAX_ROSTER_FRAME_BYTES};
use beckon::realm::effect::Effect;
use beckon::realm::member::{Absentees, Conn, Member};
use beckon::realm::placement::Spread;
use beckon::realm::queue::Waiting;
use beckon::realm::rate::Budget;
use beckon::realm::{Context, Event, Realm, LEFT};
use beckon::settings::Settings;
use beckon::wire::forwarding::Forwarded;

/// Those who are here, by the numbers of their sockets: stock clients and members of the roster.
pub const PEERS: [(&str, bool); 5] =
    [("ann", false), ("bob", false), ("ruth", true), ("rob", true), ("q\"\\\u{1}\u{7f}é😀", false)];

pub const NOW: Millis = 1_000_000;

/// The bytes are a frame, or choices that make one.
pub fn frames(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let how = choices.byte();
    let sender = choices.below(PEERS.len());
    let text = match how {
        0..=15 => String::from_utf8_lossy(choices.rest()).into_owned(),
        16 => long_frame(&mut choices),
        _ => frame(&mut choices),
    };
    relayed(sender, &text);
}

fn relayed(sender: usize, text: &str) {
    thread_local!(static SCENE: (Settings, Vec<Member>) = {
        let peers = PEERS.iter().zip(0..);
        (settings(&[]), peers.map(|((id, roster), number)| member(number, id, *roster)).collect())
    });
    SCENE.with(|(settings, members)| {
        let mut realm = Realm::new(settings.clone(), Spread::ALONE);
        members.iter().for_each(|member| realm.restore(member.clone()));
        let mut effects = Vec::new();
        realm.handle(
            Event::Frame { conn: Conn(sender as u32), text },
            &mut Context { now: NOW, last_heartbeat: &|_| None, effects: &mut effects },
        );
        effects.retain(|effect| !matches!(effect, Effect::Count(..) | Effect::Refused(..))); // the operator's, nobody's on the wire
        assert_eq!(effects, expected(sender, text), "{} sends {text:?}", PEERS[sender].0);
        // What leaves for another home is read there as what it is here.
        for frame in effects.iter().filter_map(|effect| (0..5).find_map(|conn| effect.sent_to(Conn(conn)))) {
            if let (Meaning::Signal { dst, id, .. }, Some(sent)) = (meaning(frame), Forwarded::parse(frame)) {
                assert_eq!((sent.dst.json, sent.dst.id), (dst, id), "{frame}");
            }
        }
    });
}

fn member(number: u32, id: &str, roster: bool) -> Member {
    let (id, token) = (PeerId::parse(id).unwrap(), Token::parse("t").unwrap());
    let conn = Conn(number);
    Member {
        asked: None,
        conn,
        id,
        token,
        roster,
        reserve_for: None,
        since: NOW,
        earned: false,
        last_heard: NOW,
        saved_heard: NOW,
        probe: None,
        network: NetworkNumber::default(),
        budget: Budget::default(),
        absentees: Absentees::default(),
        data: None,
        ice_given: Some(NOW),
    }
}

/// What a frame must lead to among [`PEERS`].
fn expected(sender: usize, text: &str) -> Vec<Effect> {
    let (src, roster) = PEERS[sender];
    let conn = Conn(sender as u32);
    let send = |to: usize, frame: String| Effect::Send { to: Conn(to as u32), frame };
    let error = |sentence: &str, code: &str| {
        let code = if roster { format!(r#","code":"{code}""#) } else { String::new() };
        send(sender, format!(r#"{{"type":"ERROR","payload":{{"msg":"{sentence}"{code}}}}}"#))
    };
    let gone = |kind: &str| {
        let others = (0..PEERS.len()).filter(|other| roster && PEERS[*other].1 && *other != sender);
        others.map(|other| send(other, format!(r#"{{"type":"{kind}","src":"{src}"}}"#))).collect::<Vec<_>>()
    };
    let limit = if roster { MAX_ROSTER_FRAME_BYTES } else { MAX_FRAME_BYTES };
    if text.len() > limit {
        let sentence = format!("That frame is too long: one may have at most {limit} bytes; send data through a data channel");
        let close = Effect::Close { conn, status: Some((1009, "frame-too-long".into())) };
        return [vec![error(&sentence, "frame-too-long"), close], gone("LOST")].concat();
    }
    match meaning(text) {
        Meaning::Nonsense => vec![error("That frame is not a JSON object and was ignored", "not-a-message")],
        Meaning::Leave => [vec![Effect::Close { conn, status: Some(LEFT) }], gone("LEAVE")].concat(),
        Meaning::Ice if roster => {
            vec![error("ICE servers were asked for a moment ago: wait 10 seconds before asking again", "ice-too-soon")]
        }
        Meaning::Nothing | Meaning::Ice => Vec::new(),
        Meaning::Signal { kind: "MESSAGE", .. } if !roster => Vec::new(),
        Meaning::Signal { kind, dst, id, payload } => {
            let src = stringify(src);
            let payload = payload.map_or_else(String::new, |payload| format!(r#","payload":{payload}"#));
            let frame = format!(r#"{{"type":"{kind}","src":{src},"dst":{dst}{payload}}}"#);
            match PEERS.iter().position(|(peer, _)| id.as_deref() == Some(peer)) {
                Some(to) if kind == "MESSAGE" && !PEERS[to].1 => Vec::new(),
                Some(to) => vec![send(to, frame)],
                None if kind == "MESSAGE" || kind == "LEAVE" => Vec::new(),
                None if dst.len() > MAX_DESTINATION_BYTES => {
                    vec![send(sender, format!(r#"{{"type":"EXPIRE","src":{dst},"dst":{src}}}"#))]
                }
                None => {
                    let due = NOW + EXPIRE_TIMEOUT_MS;
                    vec![
                        Effect::Store(Waiting {
                            seq: 0,
                            attempt: 0,
                            due,
                            src,
                            dst,
                            frame: Some(frame),
                            network: NetworkNumber::default(),
                        }),
                        Effect::WakeAt(due),
                    ]
                }
            }
        }
    }
}

/// A frame around the longest that is read.
fn long_frame(choices: &mut Choices<'_>) -> String {
    let length = choices.one_of(&[MAX_FRAME_BYTES, MAX_ROSTER_FRAME_BYTES]) + choices.below(3) - 1;
    let envelope = r#"{"type":"OFFER","dst":"bob","payload":""}"#.len();
    format!(r#"{{"type":"OFFER","dst":"bob","payload":"{}"}}"#, "x".repeat(length - envelope))
}

/// A frame such as clients send, or one that differs from it a little, or a lot.
pub fn frame(choices: &mut Choices<'_>) -> String {
    let text = match choices.below(8) {
        0..=2 => stock_frame(choices),
        3..=6 => odd_object(choices),
        _ => value(choices, 4),
    };
    match choices.below(3) {
        0 => choices.damage(text),
        _ => text,
    }
}

const KINDS: &[&str] = &[
    "OFFER",
    "ANSWER",
    "CANDIDATE",
    "LEAVE",
    "MESSAGE",
    "EXPIRE",
    "ICE",
    "HEARTBEAT",
    "OPEN",
    "ERROR",
    "ID-TAKEN",
    "JOIN",
    "offer",
    "",
];

/// As `JSON.stringify` writes what the stock client (`type, payload, dst`), ours (`type, dst, payload`) and others send.
fn stock_frame(choices: &mut Choices<'_>) -> String {
    let kind = KINDS[choices.below(7)];
    let dst = stringify(choices.one_of(&["bob", "rob", "ann", "ruth", PEERS[4].0, "absent", "b", "", "bobb"]));
    let payload = match choices.below(4) {
        0 => r#"{"candidate":{"candidate":"candidate:1 1 udp 1 192.0.2.1 9 typ host","sdpMLineIndex":0},"type":"data","connectionId":"dc_x"}"#.to_owned(),
        1 => r#"{"sdp":{"type":"offer","sdp":"v=0\r\na=fingerprint:sha-256 AA:BB\r\n"},"metadata":{"é":"\"}"}}"#.to_owned(),
        _ => value(choices, 3),
    };
    match choices.below(6) {
        0 | 1 => format!(r#"{{"type":"{kind}","payload":{payload},"dst":{dst}}}"#),
        2 | 3 => format!(r#"{{"type":"{kind}","dst":{dst},"payload":{payload}}}"#),
        4 => format!(r#"{{"type":"{kind}","src":"eve","dst":{dst},"payload":{payload}}}"#),
        _ => format!(r#"{{"type":"{kind}","dst":{dst}}}"#),
    }
}

/// An object with the fields of a frame in any order, any number of times, spelt in any way.
fn odd_object(choices: &mut Choices<'_>) -> String {
    let mut text = space(choices) + "{";
    for field in 0..choices.below(6) {
        if field > 0 {
            text.push(',');
        }
        let name = choices.one_of(&[
            "type",
            "dst",
            "payload",
            "type",
            "dst",
            "payload",
            "src",
            "Type",
            "typ",
            "__proto__",
            "",
            "toJSON",
        ]);
        text += &space(choices);
        text += &if choices.once_in(40) { r#""\ud800""#.to_owned() } else { spelt(choices, name) };
        text += &space(choices);
        text.push(':');
        text += &space(choices);
        text += &match name {
            "type" if !choices.once_in(10) => {
                let kind = choices.one_of(KINDS);
                spelt(choices, kind)
            }
            "dst" if !choices.once_in(6) => {
                let id = choices.one_of(&["ann", "bob", "ruth", "rob", PEERS[4].0, "absent", "also absent", ""]);
                spelt(choices, id)
            }
            "dst" if choices.once_in(60) => format!("\"{}\"", "x".repeat(MAX_DESTINATION_BYTES - 4 + choices.below(5))),
            _ => value(choices, 5),
        };
        text += &space(choices);
    }
    text + "}" + &space(choices)
}

/// A text as JSON; now and then a letter is written as an escape that nobody needs.
fn spelt(choices: &mut Choices<'_>, text: &str) -> String {
    if !choices.once_in(4) {
        return stringify(text);
    }
    let mut json = String::from('"');
    for letter in text.chars() {
        if choices.once_in(3) {
            let upper = choices.once_in(2);
            for unit in letter.encode_utf16(&mut [0; 2]) {
                json += &if upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") };
            }
        } else {
            let quoted = stringify(&letter.to_string());
            json += &quoted[1..quoted.len() - 1];
        }
    }
    json + "\""
}

fn space(choices: &mut Choices<'_>) -> String {
    match choices.below(16) {
        0 => " ".to_owned(),
        1 => "\t\r\n ".to_owned(),
        2 => "\u{a0}".chars().take(usize::from(choices.once_in(50))).collect(), // no space to JSON
        _ => String::new(),
    }
}

fn value(choices: &mut Choices<'_>, depth: usize) -> String {
    let leaves = [
        "null",
        "true",
        "false",
        "0",
        "-0",
        "0.0",
        "-0e5",
        "1",
        "-1.5e+3",
        "1e400",
        "1e-400",
        "12345678901234567890",
        "\"\"",
        "\"x\"",
        "{}",
        "[]",
        r#""\ud83d\ude00""#,
        r#""\ud800""#,
        r#""\udc00x""#,
        r#""é€😀\/\b\f""#,
        r#""\"}{""#,
        r#"" ""#,
        "\"\u{2028}\u{7f}\"",
        // What is no JSON, though some parsers take it.
        "01",
        "+1",
        ".5",
        "1.",
        "1e",
        "NaN",
        "Infinity",
        "undefined",
        "'x'",
        "\"\\x41\"",
        "\"\t\"",
        "\"\\u12\"",
        "[,]",
        "[1,]",
        "{,}",
        "/**/1",
        "nul",
        "tru e",
    ];
    match choices.below(if depth == 0 { 6 } else { 10 }) {
        0..=4 => leaves[choices.below(22)].to_owned(),
        5 => match choices.below(6) {
            0 => choices.one_of(&leaves).to_owned(),
            _ => stringify(&choices.text(12)),
        },
        6 | 7 => {
            let items: Vec<String> = (0..choices.below(4)).map(|_| space(choices) + &value(choices, depth - 1)).collect();
            format!("[{}]", items.join(","))
        }
        _ => {
            let fields = 0..choices.below(4);
            let fields = fields.map(|_| {
                let name = choices.one_of(&["type", "dst", "payload", "a", "é", "\"", "__proto__"]);
                format!("{}{}:{}", spelt(choices, name), space(choices), value(choices, depth - 1))
            });
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
    }
}
