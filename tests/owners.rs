//! A token that nobody can have guessed keeps its id for a while after the socket is gone.
use crate::world::{everywhere, in_a_room, Peer, World, OPEN};

const ID_TAKEN: &str = r#"{"type":"ID-TAKEN","payload":{"msg":"ID is taken"}}"#;
const LASTING: &str = "abcdefghijklmnopqrstuv";
const ANOTHER: &str = "ABCDEFGHIJKLMNOPQRSTUV";

/// Somebody with a lasting token, who has been here for a minute.
fn live(world: &mut World, id: &str) -> Peer {
    let peer = world.open(id, LASTING);
    world.pass(60_000);
    world.beat(peer);
    world.frames(peer);
    peer
}

#[test]
fn its_owner_alone_gets_the_id_back() {
    everywhere(&[], |world| {
        let ann = live(world, "ann");
        world.close(ann);
        for token in ["short", ANOTHER] {
            let thief = world.open("ann", token);
            assert_eq!((world.frames(thief), world.closed(thief)), (vec![ID_TAKEN.to_owned()], Some(None)));
        }
        world.pass(59_000);
        let ann = world.open("ann", LASTING);
        assert_eq!(world.frames(ann), [OPEN]);
        assert_eq!(world.rows(), 0);
    });
}

#[test]
fn after_the_grace_time_it_is_anybodys_and_nothing_is_left_in_storage() {
    everywhere(&[("OWNER_GRACE_MS", "10000")], |world| {
        let ann = live(world, "ann");
        world.close(ann);
        assert_eq!(world.rows(), 1);
        world.pass(10_000);
        assert_eq!(world.rows(), 0);
        let next = world.open("ann", "short");
        assert_eq!(world.frames(next), [OPEN]);
    });
}

#[test]
fn short_tokens_and_a_grace_time_of_zero_keep_nothing() {
    everywhere(&[], |world| {
        let ann = world.open("ann", "abcdefghijklmnopqrstu");
        world.close(ann);
        let next = world.open("ann", "another");
        assert_eq!((world.frames(next), world.writes), (vec![OPEN.to_owned()], 0));
    });
    everywhere(&[("OWNER_GRACE_MS", "0")], |world| {
        let ann = live(world, "ann");
        world.close(ann);
        assert_eq!(world.writes, 0);
    });
    in_a_room(&[("OWNER_GRACE_MS", "0")], |world| {
        let ann = world.enter("ann", LASTING);
        world.close(ann);
        assert_eq!(world.writes, 0);
    });
}

#[test]
fn an_id_in_a_room_is_kept_at_once_for_as_many_of_one_network_as_may_be_in_it() {
    in_a_room(&[], |world| {
        let members: Vec<Peer> = (0..16).map(|number| world.enter(&format!("member{number}"), LASTING)).collect();
        world.say(members[0], r#"{"type":"LEAVE"}"#);
        members.into_iter().for_each(|member| world.close(member));
        assert_eq!(world.rows(), 15, "who said goodbye leaves nothing behind");
        for number in 1..16 {
            let thief = world.enter(&format!("member{number}"), ANOTHER);
            assert_eq!(world.closed(thief), Some(None));
            assert!(world.frames(thief).concat().contains("ID-TAKEN"));
        }
        world.pass(59_000);
        for number in 1..16 {
            let back = world.enter(&format!("member{number}"), LASTING);
            assert!(world.frames(back)[0].contains(r#""type":"OPEN""#));
        }
        assert_eq!(world.rows(), 0);
    });
}

#[test]
fn who_breaks_a_limit_in_a_room_is_not_replaced_by_another() {
    in_a_room(&[], |world| {
        let ann = world.enter("ann", LASTING);
        for _ in 0..2_000 {
            world.say(ann, r#"{"type":"CANDIDATE","dst":"bob"}"#);
        }
        assert_eq!(world.closed(ann), Some(Some(1008)));
        let thief = world.enter("ann", ANOTHER);
        assert!(world.frames(thief).concat().contains("ID-TAKEN"));
        let ann = world.enter("ann", LASTING);
        assert!(world.frames(ann)[0].contains(r#""type":"OPEN""#));
    });
}

#[test]
fn who_says_goodbye_or_is_replaced_by_itself_leaves_nothing_behind() {
    everywhere(&[], |world| {
        let ann = world.open("ann", LASTING);
        world.say(ann, r#"{"type":"LEAVE"}"#);
        world.close(ann);
        let old = world.open("ann", LASTING);
        world.open("ann", LASTING);
        world.close(old);
        assert_eq!(world.writes, 0);
    });
}

#[test]
fn the_dead_keep_their_ids_too() {
    everywhere(&[], |world| {
        let ann = world.open("ann", LASTING);
        world.beat(ann);
        world.pass(100_000);
        let thief = world.open("ann", "short");
        assert_eq!((world.frames(thief), world.closed(ann)), (vec![ID_TAKEN.to_owned()], Some(None)));
        let ann = world.open("ann", LASTING);
        assert_eq!(world.frames(ann), [OPEN]);
    });
}

#[test]
fn throw_away_sockets_earn_nothing_and_who_comes_back_has_earned_it() {
    everywhere(&[], |world| {
        let ann = world.open("ann", LASTING);
        world.pass(59_000);
        world.close(ann);
        assert_eq!(world.writes, 0);
        let again = world.open("ann", LASTING);
        assert_eq!(world.frames(again), [OPEN], "a page that is loaded again gets its id back: nobody else asks for it");
        world.pass(30_000);
        let again = world.open("ann", LASTING); // from another network, say, before the old socket is gone
        world.pass(30_000);
        // Three reloads one after the other: each time it is kept.
        let mut ann = again;
        for _ in 0..3 {
            world.close(ann);
            let thief = world.open("ann", ANOTHER);
            assert_eq!(world.frames(thief), [ID_TAKEN]);
            ann = world.open("ann", LASTING);
            assert_eq!(world.frames(ann).last().unwrap(), OPEN);
            world.pass(2_000);
        }
        assert_eq!(world.writes, 3);
    });
}

#[test]
fn nobody_can_keep_a_list_of_ids_nor_undo_what_is_kept() {
    everywhere(&[("PUBLIC_HOMES", "1")], |world| {
        let peers: Vec<_> = (0..20).map(|number| world.open(&format!("id{number}"), LASTING)).collect();
        world.pass(60_000);
        peers.into_iter().for_each(|peer| world.close(peer));
        let kept = world.rows();
        assert!((8..=8 * 8).contains(&kept), "{kept}");
        let thief = world.open("id0", ANOTHER);
        assert_eq!(world.frames(thief), [ID_TAKEN], "the first is kept, and the last is not");
        if kept == 8 {
            let next = world.open("id19", ANOTHER);
            assert_eq!(world.frames(next), [OPEN]);
        }
        world.network = "elsewhere";
        let other = live(world, "other");
        assert_eq!(world.rows(), 0);
        world.close(other);
        assert_eq!(world.rows(), 1);
        world.pass(60_000);
        assert_eq!(world.rows(), 0);
    });
}

#[test]
fn what_one_object_keeps_is_bounded_for_all_networks_and_the_first_stay() {
    let mut world = World::new(&[], "peerjs", false);
    let open = |number| {
        world.network = format!("network {number}").leak();
        world.open(&format!("id{number}"), LASTING)
    };
    let peers: Vec<_> = (0..1_010).map(open).collect();
    world.pass(60_000);
    peers.into_iter().for_each(|peer| world.close(peer));
    assert_eq!(world.rows(), 1_000);
    let thief = world.open("id0", ANOTHER);
    assert_eq!(world.frames(thief), [ID_TAKEN]);
}

/// Signed statements of one id, as the Worker hands them to the realm.
const STATEMENT: &str = "signed%20abcdefghijklmnopqrstuv";
const OTHER_STATEMENT: &str = "signed%20ABCDEFGHIJKLMNOPQRSTUV";
const EXPIRED: &str = r#"{"type":"ERROR","payload":{"msg":"The token does not allow this id: it has expired"}}"#;

fn first(world: &mut World, token: &str) -> String {
    let peer = world.open("ann", token);
    world.next(peer).unwrap()
}

#[test]
fn a_socket_that_was_open_under_a_statement_comes_back_with_it_after_it_has_expired() {
    for end in [World::close as fn(&mut World, Peer), |_, _| {}, |world, ann| world.end(ann, beckon::realm::Ending::Unloaded)] {
        everywhere(&[], |world| {
            world.expired = true;
            assert_eq!(first(world, STATEMENT), EXPIRED, "nobody was here before");
            world.expired = false;
            let ann = world.open("ann", STATEMENT); // for a moment only: what is signed for need not be earned
            world.expired = true;
            end(world, ann);
            world.pass(59_000);
            assert_eq!(first(world, OTHER_STATEMENT), EXPIRED, "another statement of the same id, which has expired too");
            assert_eq!(first(world, STATEMENT), OPEN);
            assert_eq!(first(world, STATEMENT), OPEN, "and once more");
        });
    }
}

#[test]
fn who_has_left_or_was_away_for_too_long_does_not_come_back_with_an_expired_statement() {
    everywhere(&[], |world| {
        let ann = world.open("ann", STATEMENT);
        world.say(ann, r#"{"type":"LEAVE"}"#);
        world.expired = true;
        assert_eq!(first(world, STATEMENT), EXPIRED);
        world.expired = false;
        let ann = world.open("ann", STATEMENT);
        world.close(ann);
        world.pass(60_000);
        world.expired = true;
        assert_eq!(first(world, STATEMENT), EXPIRED);
        assert_eq!(world.rows(), 0);
    });
    everywhere(&[("OWNER_GRACE_MS", "0")], |world| {
        let ann = world.open("ann", STATEMENT);
        world.close(ann);
        world.expired = true;
        assert_eq!(first(world, STATEMENT), EXPIRED);
    });
}

#[test]
fn a_fresh_statement_always_takes_over_and_ends_what_an_older_one_may() {
    everywhere(&[], |world| {
        let ann = world.open("ann", STATEMENT);
        world.close(ann);
        assert_eq!(first(world, OTHER_STATEMENT), OPEN, "it is the owner's, too");
        world.expired = true;
        assert_eq!(first(world, STATEMENT), EXPIRED);
        assert_eq!(first(world, OTHER_STATEMENT), OPEN);
    });
    let mut world = World::new(&[], "peerjs", false);
    world.open("ann", STATEMENT);
    world.expired = true;
    assert!(world.knows("ann", STATEMENT) && !world.knows("ann", OTHER_STATEMENT), "for ICE servers it is the same");
}

#[test]
fn a_school_that_is_signed_for_comes_back_whole() {
    everywhere(&[], |world| {
        let all: Vec<Peer> = (0..40).map(|n| world.open(&format!("pupil{n}"), STATEMENT)).collect();
        all.into_iter().for_each(|peer| world.close(peer));
        world.expired = true;
        for n in 0..40 {
            let again = world.open(&format!("pupil{n}"), STATEMENT);
            assert_eq!(world.next(again).unwrap(), OPEN, "{n}");
        }
    });
}
