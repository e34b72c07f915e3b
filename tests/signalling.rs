//! Two peers are introduced: registration, relay, leaving.
use crate::world::{everywhere, relayed, OPEN};

#[test]
fn open_is_the_first_frame() {
    everywhere(&[], |world| {
        let ann = world.open("ann", "secret");
        assert_eq!(world.frames(ann), [OPEN]);
    });
}

#[test]
fn what_one_sends_the_other_receives_with_the_true_sender() {
    everywhere(&[], |world| {
        let (ann, bob) = (world.open("ann", "a"), world.open("bob", "b"));
        world.say(ann, r#"{"src":"eve","extra":1,"type":"OFFER","payload":{"sdp":"v=0"},"dst":"bob"}"#);
        world.signal(bob, "ANSWER", "ann", "null");
        world.say(bob, r#"{"type":"CANDIDATE","dst":"ann"}"#);
        assert_eq!(world.frames(bob), [OPEN, &relayed("OFFER", "ann", "bob", r#"{"sdp":"v=0"}"#)]);
        let candidate = r#"{"type":"CANDIDATE","src":"bob","dst":"ann"}"#;
        assert_eq!(world.frames(ann), [OPEN, &relayed("ANSWER", "bob", "ann", "null"), candidate]);
    });
}

#[test]
fn introductions_write_nothing_to_storage() {
    everywhere(&[], |world| {
        let (ann, bob) = (world.open("ann", "a"), world.open("bob", "b"));
        world.signal(ann, "OFFER", "bob", "1");
        world.signal(bob, "ANSWER", "ann", "2");
        world.close(ann);
        world.close(bob);
        assert_eq!(world.writes, 0);
    });
}

#[test]
fn payloads_pass_byte_for_byte() {
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let payloads = [r#""\ud800 lone""#, r#"{"a":1,"a":2}"#, "1e400", r#"[ 1 ,	2 ]"#, "false", r#""é\u00e9\/""#, &deep];
    everywhere(&[], |world| {
        let (ann, bob) = (world.open("ann", "a"), world.open("bob", "b"));
        world.next(bob);
        for payload in payloads {
            world.signal(ann, "OFFER", "bob", payload);
            assert_eq!(world.next(bob), Some(relayed("OFFER", "ann", "bob", payload)));
        }
    });
}

#[test]
fn envelopes_are_read_as_javascript_reads_them() {
    everywhere(&[], |world| {
        let (ann, bob) = (world.open("ann", "a"), world.open("bob", "b"));
        world.next(bob);
        for frame in [
            r#"{"\u0074ype":"OFFER","dst":"bob","payload":1}"#,
            r#"{"type":"OFF\u0045R","dst":"b\u006fb","payload":1}"#,
            r#"{"type":"LEAVE","dst":"eve","payload":2,"type":"OFFER","dst":"bob","payload":1}"#,
            r#"  {"payload" : 1, "\ud800":[], "dst":"bob", "type":"OFFER"}  "#,
        ] {
            world.say(ann, frame);
            assert_eq!(world.next(bob), Some(relayed("OFFER", "ann", "bob", "1")), "{frame}");
        }
    });
}

#[test]
fn nobody_can_speak_for_the_server() {
    everywhere(&[], |world| {
        let (ann, bob) = (world.open("ann", "a"), world.open("bob", "b"));
        world.frames(bob);
        for kind in ["OPEN", "ERROR", "ID-TAKEN", "INVALID-KEY", "EXPIRE", "JOIN", "HEARTBEAT", "offer", ""] {
            world.signal(ann, kind, "bob", r#"{"msg":"forged"}"#);
        }
        world.say(ann, r#"{"type":["OFFER"],"dst":"bob"}"#);
        world.say(ann, r#"{"dst":"bob"}"#);
        assert_eq!(world.frames(bob), [] as [&str; 0]);
        world.pass(60_000);
        assert_eq!(world.frames(ann), [OPEN]);
    });
}

#[test]
fn an_id_is_taken_until_its_socket_is_gone() {
    everywhere(&[], |world| {
        let ann = world.open("ann", "hers");
        let thief = world.open("ann", "another");
        assert_eq!(world.frames(thief), [r#"{"type":"ID-TAKEN","payload":{"msg":"ID is taken"}}"#]);
        assert_eq!(world.closed(thief), Some(None));
        world.say(thief, r#"{"type":"OFFER","dst":"ann"}"#);
        assert_eq!(world.frames(ann), [OPEN]);
        world.close(ann);
        let next = world.open("ann", "another");
        assert_eq!(world.frames(next), [OPEN]);
    });
}

#[test]
fn a_peer_who_comes_back_takes_over_from_its_old_socket() {
    everywhere(&[], |world| {
        let (old, bob) = (world.open("ann", "hers"), world.open("bob", "b"));
        let new = world.open("ann", "hers");
        assert_eq!(world.frames(new), [OPEN]);
        assert_eq!(world.closed(old), Some(Some(4001)));
        world.frames(bob);
        world.say(old, r#"{"type":"OFFER","dst":"bob"}"#);
        world.close(old);
        world.signal(bob, "OFFER", "ann", "1");
        assert_eq!(world.frames(new), [relayed("OFFER", "bob", "ann", "1")]);
        assert_eq!(world.frames(bob), [] as [&str; 0]);
    });
}

#[test]
fn who_says_leave_leaves_no_ghost() {
    everywhere(&[], |world| {
        let (ghost, bob) = (world.open("ann", "a"), world.open("bob", "b"));
        world.say(ghost, r#"{"type":"LEAVE"}"#);
        assert_eq!(world.closed(ghost), Some(Some(1000)));
        let next = world.open("ann", "another");
        world.say(ghost, r#"{"type":"OFFER","dst":"bob"}"#);
        world.close(ghost);
        world.signal(bob, "OFFER", "ann", "1");
        assert_eq!(world.frames(next), [OPEN, &relayed("OFFER", "bob", "ann", "1")]);
        assert_eq!(world.frames(bob), [OPEN]);
    });
}

#[test]
fn leave_with_a_destination_is_passed_on_but_does_not_wait() {
    everywhere(&[], |world| {
        let (ann, bob) = (world.open("ann", "a"), world.open("bob", "b"));
        world.signal(ann, "LEAVE", "bob", "null");
        world.signal(ann, "LEAVE", "eve", "null");
        world.pass(60_000);
        assert_eq!(world.frames(bob), [OPEN, &relayed("LEAVE", "ann", "bob", "null")]);
        assert_eq!(world.frames(ann), [OPEN]);
    });
}

#[test]
fn one_can_write_to_oneself() {
    everywhere(&[], |world| {
        let ann = world.open("ann", "a");
        world.signal(ann, "OFFER", "ann", "1");
        assert_eq!(world.frames(ann), [OPEN, &relayed("OFFER", "ann", "ann", "1")]);
    });
}

#[test]
fn any_text_can_be_an_id() {
    everywhere(&[], |world| {
        let ann = world.open("%22a%5C%00%3Cb%3E+%C3%A9", "a");
        let bob = world.open("bob", "b");
        world.frames(bob);
        world.signal(ann, "OFFER", "bob", "1");
        let frame: serde_json::Value = serde_json::from_str(&world.next(bob).unwrap()).unwrap();
        assert_eq!(frame["src"], "\"a\\\0<b> é");
    });
}

#[test]
fn order_holds_under_a_burst() {
    everywhere(&[], |world| {
        let (ann, bob) = (world.open("ann", "a"), world.open("bob", "b"));
        world.next(bob);
        for number in 0..300 {
            world.signal(ann, "CANDIDATE", "bob", &number.to_string());
        }
        for number in 0..300 {
            assert_eq!(world.next(bob), Some(relayed("CANDIDATE", "ann", "bob", &number.to_string())));
        }
    });
}
