//! Frames for somebody who is not here: they wait, and are delivered or answered with EXPIRE.
use crate::world::{everywhere, expired, relayed, World, OPEN};

#[test]
fn waiting_frames_follow_open_in_order() {
    everywhere(&[], |world| {
        let ann = world.open("ann", "a");
        world.signal(ann, "OFFER", "bob", "1");
        world.signal(ann, "CANDIDATE", "bob", "2");
        world.pass(4_900);
        let bob = world.open("bob", "b");
        let expected = [OPEN, &relayed("OFFER", "ann", "bob", "1"), &relayed("CANDIDATE", "ann", "bob", "2")];
        assert_eq!(world.frames(bob), expected);
        world.pass(60_000);
        assert_eq!(world.frames(ann), [OPEN]);
        assert_eq!(world.rows(), 0);
    });
}

#[test]
fn they_are_delivered_once() {
    everywhere(&[], |world| {
        let ann = world.open("ann", "a");
        world.signal(ann, "OFFER", "bob", "1");
        let bob = world.open("bob", "b");
        world.close(bob);
        let bob = world.open("bob", "c");
        assert_eq!(world.frames(bob), [OPEN]);
    });
}

#[test]
fn an_attempt_ends_after_five_seconds_with_one_notice() {
    everywhere(&[], |world| {
        let ann = world.open("ann", "a");
        world.signal(ann, "OFFER", "bob", "1");
        world.pass(10);
        world.signal(ann, "CANDIDATE", "bob", "2");
        world.pass(4_980);
        assert_eq!(world.frames(ann), [OPEN]);
        world.pass(20);
        assert_eq!(world.frames(ann), [expired("bob", "ann")]);
        world.signal(ann, "CANDIDATE", "bob", "3");
        world.pass(20_000);
        assert_eq!(world.frames(ann), [] as [&str; 0]);
        let bob = world.open("bob", "b");
        assert_eq!(world.frames(bob), [OPEN]);
        world.pass(60_000);
        assert_eq!(world.rows(), 0);
    });
}

#[test]
fn each_attempt_has_its_own_window() {
    everywhere(&[], |world| {
        let ann = world.open("ann", "a");
        world.signal(ann, "OFFER", "bob", "1");
        world.pass(4_900);
        world.signal(ann, "OFFER", "bob", "2");
        world.pass(200);
        assert_eq!(world.frames(ann), [OPEN, &expired("bob", "ann")]);
        world.signal(ann, "CANDIDATE", "bob", "3");
        let bob = world.open("bob", "b");
        let expected = [OPEN, &relayed("OFFER", "ann", "bob", "2"), &relayed("CANDIDATE", "ann", "bob", "3")];
        assert_eq!(world.frames(bob), expected);
        world.pass(60_000);
        assert_eq!(world.frames(ann), [] as [&str; 0]);
    });
}

#[test]
fn every_sender_is_told_once_whatever_the_names() {
    everywhere(&[], |world| {
        // PeerServer joins names with an underscore, and so tells only one of these.
        let (ab, a) = (world.open("a_b", "1"), world.open("a", "2"));
        world.signal(ab, "OFFER", "c", "1");
        world.signal(a, "OFFER", "b_c", "1");
        world.signal(a, "OFFER", "c", "1");
        world.pass(6_000);
        assert_eq!(world.frames(ab), [OPEN, &expired("c", "a_b")]);
        let mut told = world.frames(a);
        told.sort();
        assert_eq!(told, [&expired("b_c", "a"), &expired("c", "a"), OPEN]);
    });
}

#[test]
fn a_sender_who_has_gone_is_not_told_and_harms_nobody() {
    everywhere(&[], |world| {
        let (ann, eve) = (world.open("ann", "a"), world.open("eve", "e"));
        world.signal(ann, "OFFER", "bob", "1");
        world.signal(eve, "OFFER", "bob", "1");
        world.close(ann);
        world.pass(6_000);
        assert_eq!(world.frames(eve), [OPEN, &expired("bob", "eve")]);
    });
}

#[test]
fn destinations_that_are_no_ids_expire_like_any_other() {
    everywhere(&[], |world| {
        let ann = world.open("ann", "a");
        world.next(ann);
        for dst in ["5", "true", r#"{"a":1}"#, "[1]", r#""\ud800""#] {
            world.say(ann, &format!(r#"{{"type":"OFFER","dst":{dst}}}"#));
            world.pass(5_000);
            assert_eq!(world.frames(ann), [format!(r#"{{"type":"EXPIRE","src":{dst},"dst":"ann"}}"#)]);
        }
        for dst in ["null", r#""""#, "0", "-0", "0.0e7", "false"] {
            world.say(ann, &format!(r#"{{"type":"OFFER","dst":{dst}}}"#));
        }
        world.say(ann, r#"{"type":"OFFER"}"#);
        world.pass(60_000);
        assert_eq!(world.frames(ann), [] as [&str; 0]);
    });
}

#[test]
fn a_queue_that_is_full_fails_the_attempt_at_once() {
    everywhere(&[("FRAMES_PER_SECOND", "0")], |world| {
        let ann = world.open("ann", "a");
        world.next(ann);
        world.signal(ann, "OFFER", "bob", "1");
        for number in 0..511 {
            world.signal(ann, "CANDIDATE", "bob", &number.to_string());
        }
        assert_eq!(world.frames(ann), [] as [&str; 0]);
        world.signal(ann, "CANDIDATE", "bob", "511");
        assert_eq!(world.frames(ann), [expired("bob", "ann")]);
        world.signal(ann, "CANDIDATE", "bob", "512");
        world.pass(120_000);
        assert_eq!(world.frames(ann), [] as [&str; 0]);
        assert_eq!(world.rows(), 0);
    });
}

#[test]
fn what_waits_is_bounded_in_bytes_for_one_peer_and_for_all() {
    everywhere(&[("FRAMES_PER_SECOND", "0"), ("BYTES_PER_SECOND", "0")], |world| {
        let ann = world.open("ann", "a");
        world.next(ann);
        let payload = format!("\"{}\"", "x".repeat(250_000));
        for _ in 0..4 {
            world.signal(ann, "OFFER", "bob", &payload);
        }
        assert_eq!(world.frames(ann), [] as [&str; 0]);
        world.signal(ann, "OFFER", "bob", &payload);
        assert_eq!(world.frames(ann), [expired("bob", "ann")]);
        for number in 0..200 {
            world.signal(ann, "OFFER", &format!("peer{number}"), &payload);
        }
        let refused = world.frames(ann).len();
        let waiting = world.rows();
        assert!(refused > 200 - 8 * 17 && waiting >= 12, "{refused} refused, {waiting} waiting");
        world.pass(120_000);
        assert_eq!(world.frames(ann).len(), 204 - refused, "each attempt is answered exactly once");
        assert_eq!(world.rows(), 0);
    });
}

#[test]
fn a_peer_in_a_home_out_of_reach_is_absent_at_once() {
    for evicting in [false, true] {
        let mut world = World::new(&[("PUBLIC_HOMES", "8")], "peerjs", evicting);
        let (ann, bob) = (world.open("ann", "a"), world.open("bob", "b"));
        world.split = true;
        world.signal(ann, "OFFER", "bob", "1");
        world.signal(ann, "CANDIDATE", "bob", "2");
        assert_eq!(world.frames(ann), [OPEN, &expired("bob", "ann")]);
        assert_eq!(world.frames(bob), [OPEN]);
    }
}

#[test]
fn a_destination_that_nobody_can_have_fails_at_once_and_is_not_kept() {
    everywhere(&[("FRAMES_PER_SECOND", "0")], |world| {
        let ann = world.open("ann", "a");
        world.next(ann);
        let dst = "x".repeat(200_000);
        for _ in 0..3 {
            world.signal(ann, "OFFER", &dst, "1");
            assert_eq!(world.frames(ann), [expired(&dst, "ann")]);
        }
        assert_eq!((world.rows(), world.writes), (0, 0));
    });
}

#[test]
fn rows_are_bounded_and_a_failed_attempt_leaves_none() {
    for evicting in [false, true] {
        let mut world = World::new(&[("FRAMES_PER_SECOND", "0")], "peerjs", false);
        let ann = world.open("ann", "a");
        for number in 0..6_000 {
            world.signal(ann, "OFFER", &format!("peer{number}"), "1");
        }
        assert_eq!((world.rows(), world.frames(ann).len()), (4_096, 1 + 6_000 - 4_096));
        assert_eq!(world.writes, 4_096);
        world.evict(evicting);
        world.pass(6_000);
        assert_eq!((world.rows(), world.frames(ann).len(), world.writes), (0, 4_096, 4_096));
    }
}

#[test]
fn an_alarm_that_was_lost_is_set_again() {
    let mut world = World::new(&[], "peerjs", true);
    let ann = world.open("ann", "a");
    world.signal(ann, "OFFER", "bob", "1");
    world.lose_alarms();
    world.pass(60_000);
    assert_eq!(world.frames(ann), [OPEN]);
    world.say(ann, "{}");
    world.pass(0);
    assert_eq!(world.frames(ann), [expired("bob", "ann")]);
}
