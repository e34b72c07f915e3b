//! Sockets that nobody is behind any more: noticed when somebody asks, without waking anybody before.
use crate::world::{everywhere, expired, in_a_room, relayed, World, OPEN};

const ID_TAKEN: &str = r#"{"type":"ID-TAKEN","payload":{"msg":"ID is taken"}}"#;

#[test]
fn silence_alone_wakes_nobody() {
    everywhere(&[], |world| {
        let ann = world.open("ann", "a");
        world.pass(3_600_000);
        assert_eq!((world.frames(ann), world.closed(ann), world.writes), (vec![OPEN.to_owned()], None, 0));
    });
}

#[test]
fn a_slow_peer_keeps_its_id_however_often_it_is_asked_for_and_a_dead_one_loses_it_after_the_alive_timeout() {
    everywhere(&[], |world| {
        let ann = world.open("ann", "hers");
        let thief = |world: &mut World| {
            let thief = world.open("ann", "another");
            world.next(thief).unwrap()
        };
        for _ in 0..10 {
            world.beat(ann); // once a minute, as browsers let hidden tabs
            for _ in 0..20 {
                world.pass(3_000);
                assert_eq!(thief(world), ID_TAKEN);
            }
        }
        assert_eq!((world.closed(ann), world.writes), (None, 0));
        world.pass(29_000);
        assert_eq!(thief(world), ID_TAKEN);
        world.pass(1_000);
        assert_eq!(thief(world), OPEN);
        assert_eq!(world.closed(ann), Some(None));
    });
}

#[test]
fn what_was_forgotten_in_a_sleep_makes_nobody_die_sooner() {
    for evicting in [false, true] {
        let mut world = World::new(&[], "peerjs", evicting);
        let ann = world.open("ann", "hers");
        for _ in 0..9 {
            world.pass(700); // so often that not each frame is remembered
            world.say(ann, "{}");
        }
        world.evict(evicting);
        world.pass(89_900);
        let thief = world.open("ann", "another");
        assert_eq!(world.frames(thief), [ID_TAKEN]);
        world.pass(5_100);
        let next = world.open("ann", "another");
        assert_eq!(world.frames(next), [OPEN]);
    }
}

#[test]
fn after_the_alive_timeout_it_is_free_at_once() {
    everywhere(&[("ALIVE_TIMEOUT_MS", "60000")], |world| {
        let ann = world.open("ann", "hers");
        world.beat(ann);
        world.pass(60_000);
        assert_eq!(world.listed(), [] as [&str; 0]);
        let next = world.open("ann", "another");
        assert_eq!((world.frames(next), world.closed(ann)), (vec![OPEN.to_owned()], Some(None)));
    });
}

#[test]
fn a_heartbeat_is_a_sign_of_life_and_so_is_any_frame() {
    for sign in [World::beat, |world: &mut World, ann| world.say(ann, r#"{"type": "HEARTBEAT"}"#)] {
        everywhere(&[], |world| {
            let ann = world.open("ann", "hers");
            world.pass(20_000);
            let thief = world.open("ann", "another");
            assert_eq!(world.frames(thief), [ID_TAKEN]);
            world.pass(20_000);
            sign(world, ann);
            world.pass(20_000);
            assert_eq!(world.closed(ann), None);
            let thief = world.open("ann", "another");
            assert_eq!(world.frames(thief), [ID_TAKEN]);
        });
    }
}

#[test]
fn a_peer_that_beats_is_never_doubted() {
    everywhere(&[], |world| {
        let (ann, bob) = (world.open("ann", "a"), world.open("bob", "b"));
        for _ in 0..100 {
            world.pass(5_000);
            world.beat(ann);
            world.beat(bob);
            world.signal(bob, "OFFER", "ann", "1");
        }
        assert_eq!((world.frames(ann).len(), world.closed(ann), world.writes), (101, None, 0));
    });
}

#[test]
fn who_dialled_the_dead_is_told_once() {
    everywhere(&[], |world| {
        let (ann, bob) = (world.open("ann", "a"), world.open("bob", "b"));
        world.beat(ann);
        world.pass(20_000);
        world.signal(bob, "OFFER", "ann", "1");
        world.signal(bob, "CANDIDATE", "ann", "2");
        world.signal(bob, "OFFER", "ann", "3");
        world.beat(bob);
        world.pass(30_000);
        assert_eq!(world.frames(bob), [OPEN], "it may be slow: not before the alive timeout");
        world.pass(40_000);
        assert_eq!(world.frames(bob), [expired("ann", "bob")]);
        assert_eq!(world.closed(ann), Some(None));
        world.signal(bob, "OFFER", "ann", "4");
        world.pass(5_000);
        assert_eq!(world.frames(bob), [expired("ann", "bob")]);
    });
}

#[test]
fn a_hidden_tab_that_is_merely_called_keeps_its_socket() {
    everywhere(&[], |world| {
        let (ann, bob) = (world.open("ann", "a"), world.open("bob", "b"));
        for _ in 0..5 {
            world.beat(ann); // once a minute, as browsers let hidden tabs
            world.pass(30_000);
            world.signal(bob, "OFFER", "ann", "1");
            world.pass(30_000);
        }
        assert_eq!((world.closed(ann), world.frames(ann).len()), (None, 6));
        assert_eq!(world.frames(bob), [OPEN], "it rings: nobody is told that there is nobody");
    });
}

#[test]
fn who_dialled_between_two_heartbeats_is_told_when_the_second_was_the_last() {
    everywhere(&[], |world| {
        let (ann, bob, eve) = (world.open("ann", "a"), world.open("bob", "b"), world.open("eve", "e"));
        world.beat(ann);
        world.pass(20_000);
        world.signal(eve, "OFFER", "ann", "1");
        world.pass(40_000);
        world.beat(ann);
        world.pass(20_000);
        world.signal(bob, "OFFER", "ann", "1");
        for (ms, told) in [(10_000, 0), (59_999, 0), (1, 1)] {
            world.pass(ms);
            assert_eq!(world.frames(bob).iter().filter(|frame| **frame == expired("ann", "bob")).count(), told, "{ms}");
        }
        assert_eq!(world.frames(eve), [OPEN], "ann has heard it");
    });
}

#[test]
fn in_a_room_who_was_dialled_and_stays_silent_is_gone_after_the_alive_timeout() {
    in_a_room(&[], |world| {
        let (ann, bob) = (world.enter("ann", "a"), world.enter("bob", "b"));
        world.beat(ann);
        world.pass(20_000);
        world.signal(bob, "OFFER", "ann", "1");
        world.pass(69_999);
        assert_eq!(world.closed(ann), None);
        world.pass(1);
        assert_eq!(world.closed(ann), Some(None));
        let lost = r#"{"type":"LOST","src":"ann"}"#;
        assert_eq!(world.frames(bob)[1..], [&expired("ann", "bob"), lost]);
    });
}

#[test]
fn what_a_silent_socket_swallowed_is_answered_however_it_ends() {
    for end in [
        |world: &mut World, ann| world.close(ann),
        |world: &mut World, _ann| {
            world.open("ann", "a");
        },
        |world: &mut World, _ann| world.pass(70_000),
    ] {
        everywhere(&[], |world| {
            let (ann, bob) = (world.open("ann", "a"), world.open("bob", "b"));
            world.beat(ann);
            world.pass(20_000);
            world.signal(bob, "OFFER", "ann", "1");
            end(world, ann);
            assert_eq!(world.frames(bob), [OPEN, &expired("ann", "bob")]);
        });
    }
}

#[test]
fn a_frame_for_the_long_dead_waits_for_whoever_comes() {
    everywhere(&[], |world| {
        let (ann, bob) = (world.open("ann", "a"), world.open("bob", "b"));
        world.beat(ann);
        world.pass(100_000);
        world.signal(bob, "OFFER", "ann", "1");
        assert_eq!(world.closed(ann), Some(None));
        let next = world.open("ann", "another");
        assert_eq!(world.frames(next), [OPEN, &relayed("OFFER", "bob", "ann", "1")]);
    });
}

#[test]
fn the_dead_do_not_fill_the_realm_or_the_room() {
    everywhere(&[("CONCURRENT_LIMIT", "2")], |world| {
        let dead = [world.open("ann", "a"), world.open("bob", "b")];
        dead.iter().for_each(|peer| world.beat(*peer));
        world.pass(20_000);
        let refused = world.open("eve", "e");
        assert!(world.frames(refused)[0].contains("concurrent user limit"));
        world.pass(70_000);
        let eve = world.open("eve", "e");
        assert_eq!(world.frames(eve), [OPEN]);
    });
    in_a_room(&[("ROOM_CAPACITY", "2")], |world| {
        let (ann, bob) = (world.enter("ann", "a"), world.enter("bob", "b"));
        world.beat(bob);
        world.pass(100_000);
        world.beat(ann);
        let eve = world.enter("eve", "e");
        assert!(world.frames(eve)[0].contains(r#""peers":["ann"]"#));
        assert_eq!(world.frames(ann)[2..], [r#"{"type":"LOST","src":"bob"}"#, r#"{"type":"JOIN","src":"eve"}"#]);
    });
}

const ASKED: &str = r#"{"type":"HEARTBEAT"}"#;

fn lost(id: &str) -> String {
    format!(r#"{{"type":"LOST","src":"{id}"}}"#)
}

/// Whether somebody with this name is let into the room.
fn gets_in(world: &mut World, id: &str) -> bool {
    let peer = world.enter(id, "a-token-that-nobody-can-guess");
    let first = world.next(peer).unwrap();
    assert!(first.starts_with(r#"{"type":"OPEN""#) || first.contains(r#""code":"room-full""#), "{first}");
    first.contains("OPEN")
}

#[test]
fn a_seat_whose_owner_fell_silent_is_free_for_who_asks_twice_within_35_seconds() {
    for first_asks_at in [10_000, 25_000, 30_000] {
        in_a_room(&[("ROOM_CAPACITY", "2")], |world| {
            let (ann, bob) = (world.enter("ann", "a"), world.enter("bob", "b"));
            world.beat(ann);
            world.beat(bob);
            world.frames(ann);
            world.pass(first_asks_at);
            assert!(!gets_in(world, "eve"));
            assert_eq!((world.frames(ann), world.frames(bob).len()), (vec![ASKED.to_owned()], 2), "both are asked, at once");
            world.pass(3_999);
            assert!(!gets_in(world, "eve"));
            world.pass(1);
            assert!(gets_in(world, "eve"));
            assert_eq!((world.closed(ann), world.closed(bob)), (Some(None), None), "one seat is enough");
            let joined = r#"{"type":"JOIN","src":"eve"}"#.to_owned();
            assert_eq!(world.frames(bob), [lost("ann"), joined], "nobody is asked twice");
            assert!(gets_in(world, "dan"), "and the other seat is the next one's");
        });
    }
}

#[test]
fn a_hidden_page_that_answers_keeps_its_seat_and_is_asked_once_in_ten_seconds_at_most() {
    in_a_room(&[("ROOM_CAPACITY", "2")], |world| {
        let (ann, bob) = (world.enter("ann", "a"), world.enter("bob", "b"));
        world.frames(ann);
        let mut asked = 0;
        for _ in 0..120 {
            world.pass(1_000);
            world.beat(bob);
            assert!(!gets_in(world, "eve"), "however often a stranger tries");
            for frame in world.frames(ann) {
                assert_eq!(frame, ASKED);
                asked += 1;
                world.beat(ann);
            }
        }
        assert!((1..=12).contains(&asked), "{asked}");
        assert_eq!((world.closed(ann), world.closed(bob)), (None, None));
    });
}

#[test]
fn who_answers_late_but_before_anybody_claims_the_seat_keeps_it() {
    in_a_room(&[("ROOM_CAPACITY", "1")], |world| {
        let ann = world.enter("ann", "a");
        world.pass(15_000);
        assert!(!gets_in(world, "eve"));
        world.pass(40_000);
        world.beat(ann);
        world.pass(9_000);
        assert!(!gets_in(world, "eve"));
        world.pass(1_000);
        assert!(!gets_in(world, "eve"), "a new silence, and a new question");
        assert_eq!(world.frames(ann).iter().filter(|frame| *frame == ASKED).count(), 2);
        world.say(ann, ASKED);
        world.pass(5_000);
        assert!(!gets_in(world, "eve"));
        assert_eq!(world.closed(ann), None);
    });
}

#[test]
fn a_claim_that_no_seat_would_help_asks_and_frees_nobody() {
    in_a_room(&[("ROOM_CAPACITY", "2")], |world| {
        let (ann, bob) = (world.enter("ann", "a"), world.enter("bob", "b"));
        world.frames(ann);
        world.frames(bob);
        for _ in 0..3 {
            world.pass(20_000);
            world.enter("ann", "another");
            assert_eq!(world.frames(ann), [] as [&str; 0], "the id is taken");
        }
        let bob_again = world.enter("bob", "b");
        assert!(world.next(bob_again).unwrap().contains(r#""peers":["ann"]"#), "an owner comes back to the own seat");
        assert_eq!(world.frames(ann), [] as [&str; 0]);
        assert!(!gets_in(world, "eve"));
        world.pass(10_000);
        world.beat(bob_again);
        let thief = world.enter("ann", "another");
        assert_eq!(world.frames(thief), [ID_TAKEN], "who has not answered keeps the id");
        assert_eq!(world.closed(ann), None);
    });
}

#[test]
fn stock_clients_are_never_asked() {
    everywhere(&[("CONCURRENT_LIMIT", "2")], |world| {
        let (ann, bob) = (world.open("ann", "a"), world.open("bob", "b"));
        for _ in 0..4 {
            world.pass(20_000);
            world.open("eve", "e");
        }
        assert_eq!((world.frames(ann), world.frames(bob)), (vec![OPEN.to_owned()], vec![OPEN.to_owned()]));
    });
}

#[test]
fn who_heard_a_call_is_not_said_to_be_away_when_it_ends() {
    for end in [
        |world: &mut World, ann| world.close(ann),
        |world: &mut World, _ann| {
            world.open("ann", "a");
        },
        |world: &mut World, _ann| {
            world.pass(95_000);
            world.open("ann", "another");
        },
    ] {
        everywhere(&[], |world| {
            let (ann, bob) = (world.open("ann", "a"), world.open("bob", "b"));
            world.beat(ann);
            world.pass(20_000);
            world.signal(bob, "OFFER", "ann", "1");
            world.pass(40_000);
            world.beat(ann); // after the offer, on the same socket: it has come
            world.pass(5_000);
            end(world, ann);
            assert_eq!(world.frames(bob), [OPEN], "PeerServer says nothing either");
        });
    }
}
