//! What an operator does, and what the Worker around this one is told.
use crate::world::{everywhere, in_a_room, relayed, World, OPEN};
use beckon::id::PeerId;
use beckon::limits::MAX_BANS;
use beckon::realm::effect::Hooks;

const ALL: Hooks = Hooks(7);
const KICKED: &str =
    r#"{"type":"ERROR","payload":{"msg":"The operator of this server has closed your connection: you may come back later"}}"#;

fn kick(world: &mut World, id: &str, for_ms: u64) -> bool {
    let id = PeerId::parse(id).unwrap();
    world.act(|realm, context| realm.kick(&id, "enough", for_ms, context))
}

/// In one home, and with evictions or without.
fn in_a_realm(scenario: impl Fn(&mut World)) {
    for evicting in [false, true] {
        scenario(&mut World::new(&[], "a-realm", evicting));
    }
}

#[test]
fn a_kicked_peer_is_kept_out_by_its_id_and_by_its_token_until_its_time_is_over() {
    in_a_realm(|world| {
        let ann = world.open("ann", "hers");
        world.frames(ann);
        assert!(kick(world, "ann", 10_000));
        assert_eq!((world.closed(ann), world.is_registered(ann), world.rows()), (Some(Some(4003)), false, 1));
        for (id, token) in [("ann", "hers"), ("ann", "another"), ("else", "hers")] {
            let again = world.open(id, token);
            assert_eq!((world.frames(again), world.closed(again)), (vec![KICKED.to_owned()], Some(None)), "{id} {token}");
        }
        let bob = world.open("bob", "his");
        assert_eq!(world.frames(bob), [OPEN]);
        world.pass(10_000);
        assert_eq!(world.rows(), 0, "nothing is left in storage");
        let ann = world.open("ann", "hers");
        assert_eq!(world.frames(ann), [OPEN]);
    });
}

#[test]
fn whoever_is_kicked_again_while_away_is_kept_out_by_the_same_token() {
    in_a_realm(|world| {
        let ann = world.open("ann", "hers");
        assert!(kick(world, "ann", 10_000));
        world.frames(ann);
        world.pass(8_000);
        assert!(!kick(world, "ann", 10_000));
        world.crash(0);
        world.pass(8_000);
        for (id, token) in [("ann", "another"), ("else", "hers")] {
            let again = world.open(id, token);
            assert_eq!(world.frames(again), [KICKED], "{id} {token}");
        }
        world.pass(2_000);
        let again = world.open("else", "hers");
        assert_eq!((world.frames(again), world.rows()), (vec![OPEN.to_owned()], 0));
    });
}

#[test]
fn whoever_is_kicked_while_its_id_waits_for_it_does_not_come_back_under_another() {
    in_a_realm(|world| {
        let token = "abcdefghijklmnopqrstuv";
        let ann = world.open("ann", token);
        world.pass(60_000);
        world.close(ann);
        assert!(!kick(world, "ann", 10_000));
        let again = world.open("else", token);
        assert_eq!(world.frames(again), [KICKED]);
    });
}

#[test]
fn a_kick_outlives_a_crash_and_needs_nobody_to_be_here() {
    in_a_realm(|world| {
        assert!(!kick(world, "ann", 10_000));
        world.crash(0);
        let ann = world.open("ann", "hers");
        assert_eq!(world.frames(ann), [KICKED]);
    });
}

#[test]
fn a_kick_for_no_time_closes_and_keeps_nobody_out() {
    in_a_realm(|world| {
        let ann = world.open("ann", "hers");
        assert!(kick(world, "ann", 0));
        assert_eq!((world.closed(ann), world.rows()), (Some(Some(4003)), 0));
        let ann = world.open("ann", "hers");
        assert_eq!(world.frames(ann), [OPEN]);
    });
}

#[test]
fn no_more_are_kept_out_than_an_object_remembers_and_the_first_to_end_gives_way() {
    in_a_realm(|world| {
        for number in 0..=MAX_BANS {
            kick(world, &format!("peer{number}"), 10_000 + number as u64 * 250);
        }
        assert_eq!(world.rows(), MAX_BANS);
        let (first, second) = (world.open("peer0", "t"), world.open("peer1", "t"));
        assert_eq!((world.frames(first), world.frames(second)), (vec![OPEN.to_owned()], vec![KICKED.to_owned()]));
        // Once more for the same id is in place of what was said about it.
        kick(world, "peer1", 1);
        assert_eq!(world.rows(), MAX_BANS);
    });
}

#[test]
fn a_reason_of_any_length_fits_into_a_close_frame() {
    in_a_realm(|world| {
        let ann = world.open("ann", "hers");
        let id = PeerId::parse("ann").unwrap();
        assert!(world.act(|realm, context| {
            let kicked = realm.kick(&id, &"\u{e9}".repeat(500), 0, context);
            let reasons = context.effects.iter().filter_map(|effect| match effect {
                beckon::realm::effect::Effect::Close { status: Some((_, reason)), .. } => Some(reason.len()),
                _ => None,
            });
            kicked && reasons.eq([122])
        }));
        assert_eq!(world.closed(ann), Some(Some(4003)));
    });
}

#[test]
fn in_a_room_a_kicked_member_has_left_and_its_seat_is_free() {
    in_a_room(&[("ROOM_CAPACITY", "2")], |world| {
        let (ann, bob) = (world.enter("ann", "abcdefghijklmnopqrstuv"), world.enter("bob", "ABCDEFGHIJKLMNOPQRSTUV"));
        world.frames(ann);
        kick(world, "bob", 10_000);
        assert_eq!(
            (world.frames(ann), world.closed(bob)),
            (vec![r#"{"type":"LEAVE","src":"bob"}"#.to_owned()], Some(Some(4003)))
        );
        let again = world.enter("bob", "ABCDEFGHIJKLMNOPQRSTUV");
        assert!(world.frames(again)[0].ends_with(r#""code":"kicked"}}"#));
        let cid = world.enter("cid", "t");
        assert!(world.frames(cid)[0].contains(r#""peers":["ann"]"#));
    });
}

#[test]
fn the_server_speaks_to_members_of_a_room_alone() {
    in_a_room(&[], |world| {
        let (ann, stock) = (world.enter("ann", "t"), world.open("stock", "t"));
        world.frames(ann);
        world.frames(stock);
        let mut say = |id: &str| {
            let id = PeerId::parse(id).unwrap();
            world.act(|realm, context| realm.say(&id, r#"{"a":1}"#, context))
        };
        assert_eq!([say("ann"), say("stock"), say("nobody")], [true, false, false]);
        assert_eq!(world.frames(ann), [r#"{"type":"SERVER","payload":{"a":1}}"#]);
        assert!(world.frames(stock).is_empty());
    });
}

#[test]
fn who_is_here_is_told_with_what_is_kept_of_them() {
    in_a_realm(|world| {
        world.data = Some(r#"{"name":"Ann \"A\" é"}"#.into());
        world.open("ann", "t");
        world.data = None;
        world.open("bob", "t");
        let told = world.act(|realm, context| realm.portraits(context));
        assert_eq!(
            told,
            r#"[{"id":"ann","since":1000000,"roster":false,"data":{"name":"Ann \"A\" é"}},{"id":"bob","since":1000000,"roster":false}]"#
        );
    });
}

#[test]
fn hooks_are_told_once_of_each_who_comes_speaks_and_goes() {
    everywhere(&[], |world| {
        world.hooks = ALL;
        world.evict(world.is_evicting());
        let (ann, bob) = (world.open("ann", "t"), world.open("bob", "t"));
        assert_eq!(world.told(), ["Connect ann", "Connect bob"]);
        world.signal(ann, "OFFER", "bob", "1");
        assert_eq!(world.told(), [r#"Message ann {"type":"OFFER","payload":1,"dst":"bob"}"#]);
        assert_eq!(world.frames(bob), [OPEN.to_owned(), relayed("OFFER", "ann", "bob", "1")]);
        // Another socket of the same peer is no other peer, and the end of the old one is no end.
        let again = world.open("ann", "t");
        world.close(ann);
        assert!(world.told().is_empty());
        world.say(again, "no JSON");
        assert!(world.told().is_empty());
        world.close(again);
        world.close(again);
        world.say(bob, r#"{"type":"LEAVE"}"#);
        assert_eq!(world.told(), ["Disconnect ann lost", r#"Message bob {"type":"LEAVE"}"#, "Disconnect bob left"]);
        world.open("cid", "t");
        let refused = world.open("cid", "other");
        world.close(refused);
        assert_eq!(world.told(), ["Connect cid"]);
    });
}

#[test]
fn a_dead_peer_and_a_kicked_one_are_told_to_be_gone() {
    in_a_realm(|world| {
        world.hooks = ALL;
        world.evict(world.is_evicting());
        let ann = world.open("ann", "hers");
        world.pass(90_000);
        let bob = world.open("bob", "t");
        world.signal(bob, "OFFER", "ann", "1");
        assert_eq!(world.closed(ann), Some(None));
        kick(world, "bob", 0);
        assert_eq!(
            world.told(),
            [
                "Connect ann",
                "Connect bob",
                r#"Message bob {"type":"OFFER","payload":1,"dst":"ann"}"#,
                "Disconnect ann lost",
                "Disconnect bob kicked"
            ]
        );
    });
}

#[test]
fn a_hook_that_is_not_there_is_told_nothing() {
    in_a_realm(|world| {
        world.hooks = Hooks(1);
        world.evict(world.is_evicting());
        let ann = world.open("ann", "t");
        world.signal(ann, "OFFER", "ann", "1");
        world.close(ann);
        assert_eq!(world.told(), ["Connect ann"]);
    });
}
