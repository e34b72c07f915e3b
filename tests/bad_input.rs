//! Bad input costs its sender a clear refusal, and nobody else anything.
use crate::world::{everywhere, in_a_room, relayed, World, OPEN};
use beckon::wire::message::Inbound;

const NOT_A_MESSAGE: &str = r#"{"type":"ERROR","payload":{"msg":"That frame is not a JSON object and was ignored"}}"#;

#[test]
fn what_is_no_json_object_is_refused_and_the_socket_stays() {
    everywhere(&[("FRAMES_PER_SECOND", "0")], |world| {
        let (ann, bob) = (world.open("ann", "a"), world.open("bob", "b"));
        world.frames(ann);
        for text in ["", "{", "null", "1", "\"x\"", "true", "{}}", "{\"type\":}", "\u{feff}{}", "{'type':1}", "\0", "pong"] {
            world.say(ann, text);
            assert_eq!(world.frames(ann), [NOT_A_MESSAGE], "{text:?}");
        }
        world.signal(ann, "OFFER", "bob", "1");
        assert_eq!(world.frames(bob), [OPEN, &relayed("OFFER", "ann", "bob", "1")]);
    });
}

#[test]
fn what_means_nothing_is_ignored() {
    everywhere(&[], |world| {
        let ann = world.open("ann", "a");
        for text in ["{}", "[]", "[[[]]]", r#"{"type":null}"#, r#"{"ping":"once"}"#, r#"{"type": "HEARTBEAT"}"#] {
            world.say(ann, text);
        }
        assert_eq!(world.frames(ann), [OPEN]);
    });
}

#[test]
fn a_frame_that_is_too_long_costs_its_sender_the_socket() {
    let payload = |bytes: usize| format!("\"{}\"", "x".repeat(bytes));
    everywhere(&[], |world| {
        let (ann, bob) = (world.open("ann", "a"), world.open("bob", "b"));
        world.frames(bob);
        world.signal(ann, "OFFER", "bob", &payload(256 * 1024));
        assert_eq!(world.frames(bob).len(), 1);
        world.signal(ann, "OFFER", "bob", &payload(272 * 1024));
        assert_eq!(world.closed(ann), Some(Some(1009)));
        assert!(world.frames(ann)[1].contains("too long: one may have at most 278528 bytes"));
        assert_eq!((world.frames(bob).len(), world.closed(bob)), (0, None));
        let next = world.open("ann", "another");
        assert_eq!(world.frames(next), [OPEN], "the id is free");
    });
    in_a_room(&[], |world| {
        let ann = world.enter("ann", "a");
        world.signal(ann, "OFFER", "bob", &payload(64 * 1024));
        assert_eq!(world.closed(ann), Some(Some(1009)));
    });
}

#[test]
fn a_flood_costs_its_sender_the_socket() {
    for evicting in [false, true] {
        let mut world = World::new(&[("FRAMES_PER_SECOND", "50")], "peerjs", evicting);
        let (ann, bob) = (world.open("ann", "a"), world.open("bob", "b"));
        for _ in 0..1_000 {
            world.signal(ann, "OFFER", "bob", "1");
        }
        world.pass(1_000);
        for _ in 0..50 {
            world.signal(ann, "OFFER", "bob", "1");
        }
        assert_eq!((world.closed(ann), world.frames(bob).len()), (None, 1_051));
        world.signal(ann, "OFFER", "bob", "1");
        assert_eq!((world.closed(ann), world.closed(bob)), (Some(Some(1008)), None));
        assert!(world.frames(ann).last().unwrap().contains("Too many frames"));
        assert_eq!(world.frames(bob).len(), 0);
    }
}

#[test]
fn an_eviction_gives_a_flooder_back_half_of_its_bucket_at_most() {
    for every in [1, 10, 300, 499, 600, 999] {
        let mut world = World::new(&[("FRAMES_PER_SECOND", "50")], "peerjs", false);
        let ann = world.open("ann", "a");
        let mut sent = 0;
        while world.closed(ann).is_none() {
            sent += 1;
            world.say(ann, "{}");
            if sent % every == 0 {
                world.evict(false);
                world.pass(10_000); // before that no object falls asleep
            }
            if sent >= 100_000 {
                break;
            }
        }
        // In ten seconds 500 frames are allowed again: who sends less is never closed, who sends more is.
        assert_eq!(world.closed(ann).is_some(), every > 500 && sent < 6_000, "{sent} frames, evicted after every {every}");
    }
    // Thrown out without having slept, as no object is that has to do: half of the bucket may be forgotten, not more.
    let mut world = World::new(&[("FRAMES_PER_SECOND", "50")], "peerjs", false);
    let ann = world.open("ann", "a");
    (0..900).for_each(|_| world.say(ann, "{}"));
    world.evict(false);
    (0..700).for_each(|_| world.say(ann, "{}"));
    assert_eq!(world.closed(ann), Some(Some(1008)));
}

#[test]
fn what_a_socket_may_send_is_written_down_only_when_it_sends_a_lot() {
    let mut world = World::new(&[("FRAMES_PER_SECOND", "50")], "peerjs", false);
    let (ann, _bob) = (world.open("ann", "a"), world.open("bob", "b"));
    let remembered = world.remembered;
    (0..300).for_each(|_| world.signal(ann, "CANDIDATE", "bob", "1"));
    assert_eq!(world.remembered, remembered, "thirty connections at once");
    (0..600).for_each(|_| world.signal(ann, "CANDIDATE", "bob", "1"));
    assert_eq!(world.remembered, remembered + 1);
}

#[test]
fn a_full_realm_says_so_but_lets_its_own_back_in() {
    for evicting in [false, true] {
        let mut world = World::new(&[("CONCURRENT_LIMIT", "2")], "peerjs", evicting);
        world.open("ann", "a");
        world.open("bob", "b");
        let eve = world.open("eve", "e");
        let full = r#"{"type":"ERROR","payload":{"msg":"Server has reached its concurrent user limit"}}"#;
        assert_eq!((world.frames(eve), world.closed(eve)), (vec![full.to_owned()], Some(None)));
        let again = world.open("ann", "a");
        assert_eq!(world.frames(again), [OPEN]);
    }
}

#[test]
fn no_text_makes_the_parser_panic_or_stall() {
    // Every prefix and every one-byte change of frames with all that JSON has.
    let seeds = [
        r#"{"type":"OFFER","dst":"b\u006fb","payload":{"a":[1,2.5e-3,true,null,"\ud83d\ude00"]}}"#,
        r#"[{"type":["x"]},-0,1E+9,"\n"]"#,
    ];
    let mut objects = 0;
    for seed in seeds {
        for end in 0..=seed.len() {
            objects += usize::from(Inbound::parse(&seed[..end]).is_ok());
        }
        for at in 0..seed.len() {
            for byte in 0..=127_u8 {
                let mut bytes = seed.as_bytes().to_vec();
                bytes[at] = byte;
                objects += usize::from(Inbound::parse(&String::from_utf8(bytes).unwrap()).is_ok());
            }
        }
    }
    assert!(objects > 1_000, "{objects} of them are JSON objects or arrays");
}
