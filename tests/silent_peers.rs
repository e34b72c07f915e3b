//! Sockets that nobody is behind any more: noticed when somebody asks, without waking anybody before.
mod world;
use world::{everywhere, expired, in_a_room, relayed, World, OPEN};

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
fn a_dead_peers_id_is_free_within_thirty_seconds_of_being_asked_for() {
    everywhere(&[], |world| {
        let ann = world.open("ann", "hers");
        world.beat(ann);
        world.pass(20_000);
        let next = world.open("ann", "another");
        assert_eq!(world.frames(next), [ID_TAKEN]);
        world.pass(30_000);
        assert_eq!(world.closed(ann), Some(None));
        let next = world.open("ann", "another");
        assert_eq!(world.frames(next), [OPEN]);
    });
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
        assert_eq!(world.frames(bob), [OPEN, &expired("ann", "bob")]);
        world.signal(bob, "OFFER", "ann", "4");
        world.pass(26_000);
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
    });
}

#[test]
fn in_a_room_who_does_not_answer_an_offer_is_gone() {
    in_a_room(&[], |world| {
        let (ann, bob) = (world.enter("ann", "a"), world.enter("bob", "b"));
        world.beat(ann);
        world.pass(20_000);
        world.signal(bob, "OFFER", "ann", "1");
        world.pass(26_000);
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
        |world: &mut World, _ann| world.pass(26_000),
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
