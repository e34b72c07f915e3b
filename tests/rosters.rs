//! Rooms: who asked for the roster sees who is here, who came and who left; nobody else does.
use crate::world::{in_a_room, relayed, World, OPEN};
use beckon::realm::Ending;
use beckon::wire::route::{route, RequestLine, Route};
use serde_json::{json, Value};

fn values(frames: Vec<String>) -> Vec<Value> {
    frames.iter().map(|frame| serde_json::from_str(frame).unwrap()).collect()
}

fn opened(id: &str, peers: &[&str]) -> Value {
    json!({"type": "OPEN", "payload": {"id": id, "peers": peers, "iceServers": [], "ttl": 3600}})
}

#[test]
fn a_newcomer_learns_who_is_here_and_they_learn_of_the_newcomer() {
    in_a_room(&[], |world| {
        let ann = world.enter("ann", "a");
        let bob = world.enter("bob", "b");
        let eve = world.enter("eve", "e");
        let came = |id| json!({"type": "JOIN", "src": id});
        assert_eq!(values(world.frames(ann)), [opened("ann", &[]), came("bob"), came("eve")]);
        assert_eq!(values(world.frames(bob)), [opened("bob", &["ann"]), came("eve")]);
        assert_eq!(values(world.frames(eve)), [opened("eve", &["ann", "bob"])]);
        world.close(bob);
        let lost = || vec![json!({"type": "LOST", "src": "bob"})];
        assert_eq!((values(world.frames(ann)), values(world.frames(eve))), (lost(), lost()));
    });
}

#[test]
fn open_names_the_id_that_the_server_gave() {
    in_a_room(&[], |world| {
        let ann = world.open_with("key=a-room&token=t&roster=1");
        let frame = values(world.frames(ann)).remove(0);
        let id = frame["payload"]["id"].as_str().unwrap().to_owned();
        assert_eq!(id.len(), 36);
        let bob = world.enter("bob", "b");
        world.signal(bob, "OFFER", &id, "1");
        assert_eq!(world.frames(ann).last().unwrap(), &relayed("OFFER", "bob", &id, "1"));
    });
}

#[test]
fn open_says_which_ice_servers_to_use() {
    in_a_room(&[("STUN_URLS", "stun:a.example:3478, stun:b.example:19302")], |world| {
        let ann = world.enter("ann", "a");
        let servers = json!([{"urls": ["stun:a.example:3478", "stun:b.example:19302"]}]);
        assert_eq!(values(world.frames(ann))[0]["payload"]["iceServers"], servers);
    });
}

#[test]
fn who_resumes_is_not_announced_again_and_sees_who_is_here_now() {
    in_a_room(&[], |world| {
        let (ann, _lost) = (world.enter("ann", "a"), world.enter("bob", "b"));
        let eve = world.enter("eve", "e");
        world.frames(ann);
        let bob = world.enter("bob", "b");
        assert_eq!(values(world.frames(bob)), [opened("bob", &["ann", "eve"])]);
        assert_eq!(world.frames(ann), [] as [&str; 0]);
        world.close(eve);
        assert_eq!(values(world.frames(bob)), [json!({"type": "LOST", "src": "eve"})]);
    });
}

#[test]
fn who_closes_the_page_has_left_and_is_not_lost() {
    in_a_room(&[], |world| {
        let (ann, bob) = (world.enter("ann", "a"), world.enter("bob", "b"));
        world.frames(ann);
        world.end(bob, Ending::Unloaded);
        assert_eq!(values(world.frames(ann)), [json!({"type": "LEAVE", "src": "bob"})]);
    });
}

#[test]
fn who_says_leave_is_announced_at_once_and_only_once() {
    in_a_room(&[], |world| {
        let (ann, bob) = (world.enter("ann", "a"), world.enter("bob", "b"));
        world.frames(ann);
        world.say(bob, r#"{"type":"LEAVE"}"#);
        world.close(bob);
        assert_eq!(values(world.frames(ann)), [json!({"type": "LEAVE", "src": "bob"})]);
    });
}

#[test]
fn stock_clients_neither_see_nor_are_seen() {
    in_a_room(&[], |world| {
        let stock = world.open("stock", "s");
        let ann = world.enter("ann", "a");
        assert_eq!(values(world.frames(ann)), [opened("ann", &[])]);
        world.signal(ann, "OFFER", "stock", "1");
        world.close(ann);
        assert_eq!(world.frames(stock), [OPEN, &relayed("OFFER", "ann", "stock", "1")]);
    });
}

#[test]
fn a_message_passes_between_members_of_a_room() {
    in_a_room(&[], |world| {
        let (ann, bob) = (world.enter("ann", "a"), world.enter("bob", "b"));
        world.frames(bob);
        world.signal(ann, "MESSAGE", "bob", r#""sealed""#);
        assert_eq!(world.frames(bob), [relayed("MESSAGE", "ann", "bob", r#""sealed""#)]);
    });
}

#[test]
fn a_message_for_someone_who_is_not_here_is_forgotten() {
    in_a_room(&[], |world| {
        let ann = world.enter("ann", "a");
        world.frames(ann);
        world.signal(ann, "MESSAGE", "bob", "1");
        let bob = world.enter("bob", "b");
        world.pass(10_000);
        assert_eq!(values(world.frames(bob)), [opened("bob", &["ann"])]);
        assert_eq!(values(world.frames(ann)), [json!({"type": "JOIN", "src": "bob"})]);
        assert_eq!(world.rows(), 0);
    });
}

#[test]
fn stock_clients_neither_send_nor_get_messages() {
    in_a_room(&[], |world| {
        let (ann, stock) = (world.enter("ann", "a"), world.open("stock", "s"));
        world.frames(ann);
        world.signal(ann, "MESSAGE", "stock", "1");
        world.signal(stock, "MESSAGE", "ann", "1");
        assert_eq!((world.frames(ann), world.frames(stock)), (vec![], vec![OPEN.to_owned()]));
    });
}

#[test]
fn rooms_are_not_listed_even_where_discovery_is_allowed() {
    in_a_room(&[("ALLOW_DISCOVERY", "true")], |world| {
        world.enter("ann", "a");
        world.open("carl", "c");
        world.pass(1);
        world.open("bob", "b");
        world.open("carl", "c");
        assert_eq!(world.listed(), ["carl", "bob"], "in the order of registration");
    });
}

#[test]
fn a_full_room_says_so() {
    in_a_room(&[("ROOM_CAPACITY", "2")], |world| {
        let (ann, _) = (world.enter("ann", "a"), world.enter("bob", "b"));
        world.frames(ann);
        let eve = world.enter("eve", "e");
        let refusal = values(world.frames(eve)).remove(0);
        assert_eq!((&refusal["type"], &refusal["payload"]["code"]), (&json!("ERROR"), &json!("room-full")));
        assert!(refusal["payload"]["msg"].as_str().unwrap().contains("(2 devices)"));
        assert_eq!(world.closed(eve), Some(None));
        let again = world.enter("bob", "b");
        assert_eq!(values(world.frames(again)), [opened("bob", &["ann"])], "who is in stays in");
        assert_eq!(world.frames(ann), [] as [&str; 0]);
    });
}

#[test]
fn a_server_without_rooms_says_so() {
    in_a_room(&[("ROOM_CAPACITY", "0")], |world| {
        let ann = world.enter("ann", "a");
        let refusal = values(world.frames(ann)).remove(0);
        assert_eq!(refusal["payload"]["code"], "no-rooms", "no seat will ever be free");
        assert!(refusal["payload"]["msg"].as_str().unwrap().starts_with("This server has no rooms"));
        assert_eq!(world.closed(ann), Some(None));
    });
}

#[test]
fn a_room_is_a_realm_like_any_other() {
    let mut world = World::new(&[], "a-room", false);
    let ann = world.enter("ann", "a");
    world.signal(ann, "OFFER", "bob", "1");
    let bob = world.enter("bob", "b");
    assert_eq!(world.frames(bob).last().unwrap(), &relayed("OFFER", "ann", "bob", "1"));
    world.signal(ann, "OFFER", "eve", "1");
    world.pass(6_000);
    assert_eq!(values(world.frames(ann)).last().unwrap()["type"], "EXPIRE");
}

#[test]
fn a_room_that_never_was_and_one_that_is_empty_answer_alike() {
    in_a_room(&[], |world| {
        let first = world.enter("ann", "a");
        let never = world.frames(first);
        world.say(first, r#"{"type":"LEAVE"}"#);
        world.pass(1);
        let again = world.enter("ann", "b");
        assert_eq!(world.frames(again), never);
    });
    // And before that: no address is better than another.
    let mut number = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..100_000 {
        number = number.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        let query = format!("key={number:016x}&token=t&roster=1");
        let line = RequestLine { method: "GET", path: "/peerjs", query: &query, upgrade: true };
        assert!(matches!(route(line, &crate::world::settings(&[])), Route::Socket(_)));
    }
}
