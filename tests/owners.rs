//! A token that nobody can have guessed keeps its id for a while after the socket is gone.
mod world;
use world::{everywhere, in_a_room, OPEN};

const ID_TAKEN: &str = r#"{"type":"ID-TAKEN","payload":{"msg":"ID is taken"}}"#;
const LASTING: &str = "abcdefghijklmnopqrstuv";
const ANOTHER: &str = "ABCDEFGHIJKLMNOPQRSTUV";

#[test]
fn its_owner_alone_gets_the_id_back() {
    everywhere(&[], |world| {
        let ann = world.open("ann", LASTING);
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
        let ann = world.open("ann", LASTING);
        world.close(ann);
        assert_eq!(world.rows(), 1);
        world.pass(10_000);
        assert_eq!(world.rows(), 0);
        let next = world.open("ann", "short");
        assert_eq!(world.frames(next), [OPEN]);
    });
}

#[test]
fn short_tokens_rooms_and_a_grace_time_of_zero_keep_nothing() {
    everywhere(&[], |world| {
        let ann = world.open("ann", "abcdefghijklmnopqrstu");
        world.close(ann);
        let next = world.open("ann", "another");
        assert_eq!((world.frames(next), world.writes), (vec![OPEN.to_owned()], 0));
    });
    everywhere(&[("OWNER_GRACE_MS", "0")], |world| {
        let ann = world.open("ann", LASTING);
        world.close(ann);
        assert_eq!(world.writes, 0);
    });
    in_a_room(&[], |world| {
        let ann = world.enter("ann", LASTING);
        world.close(ann);
        assert_eq!(world.writes, 0);
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
fn nobody_can_keep_a_list_of_ids() {
    everywhere(&[("PUBLIC_HOMES", "1")], |world| {
        for number in 0..20 {
            let peer = world.open(&format!("id{number}"), LASTING);
            world.close(peer);
        }
        let kept = world.rows();
        assert!((8..=8 * 8).contains(&kept), "{kept}");
        world.network = "elsewhere";
        let other = world.open("other", LASTING);
        world.close(other);
        assert_eq!(world.rows(), kept + 1);
        world.pass(60_000);
        assert_eq!(world.rows(), 0);
    });
}
