//! One network cannot fill a realm, nobody gets far by guessing tokens, and pages of other origins stay out where they should.
use crate::world::{in_a_room, settings, World, OPEN};
use beckon::client::{limited_network, NetworkNumber};
use beckon::wire::outbound;
use beckon::wire::refusal::Refusal;
use beckon::wire::route::{route, RequestLine, Route};

const ID_TAKEN: &str = r#"{"type":"ID-TAKEN","payload":{"msg":"ID is taken"}}"#;
const LASTING: &str = "abcdefghijklmnopqrstuv";
const ANOTHER: &str = "ABCDEFGHIJKLMNOPQRSTUV";

/// What a socket hears first.
fn first(world: &mut World, id: &str, token: &str) -> String {
    let peer = world.open(id, token);
    world.next(peer).unwrap()
}

#[test]
fn a_network_has_its_share_of_a_realm_and_no_more() {
    for evicting in [false, true] {
        let mut world = World::new(&[("PEERS_PER_NETWORK", "3")], "peerjs", evicting);
        world.address = "192.0.2.1";
        let ann = world.open("ann", "a");
        for id in ["bob", "carl"] {
            assert_eq!(first(&mut world, id, "t"), OPEN);
        }
        let full = outbound::refusal(&Refusal::NetworkFull, false);
        assert_eq!(first(&mut world, "dora", "t"), full);
        assert_eq!(first(&mut world, "carl", "t"), OPEN, "who is in may come again");
        for address in ["192.0.2.2", "2001:db8::1", "127.0.0.1", "::1", ""] {
            world.address = address;
            assert_eq!(first(&mut world, &format!("from {address}"), "t"), OPEN);
        }
        world.address = "192.0.2.1";
        assert_eq!(first(&mut world, "dora", "t"), full);
        world.close(ann);
        assert_eq!(first(&mut world, "dora", "t"), OPEN);
    }
}

#[test]
fn this_machine_and_zero_have_no_share() {
    let mut world = World::new(&[("PEERS_PER_NETWORK", "0")], "peerjs", false);
    world.address = "192.0.2.1";
    assert!((0..50).all(|number| first(&mut world, &format!("p{number}"), "t") == OPEN));
    let mut world = World::new(&[("PEERS_PER_NETWORK", "1")], "peerjs", false);
    for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "127.9.9.9:4711", "[::1]:443", ""] {
        world.address = address;
        assert!((0..5).all(|number| first(&mut world, &format!("{address}{number}"), "t") == OPEN), "{address}");
        assert!(limited_network(address).is_none() && NetworkNumber::of(address).is_none(), "{address}");
    }
}

#[test]
fn the_dead_do_not_count_to_a_networks_share() {
    let mut world = World::new(&[("PEERS_PER_NETWORK", "1")], "peerjs", true);
    world.address = "192.0.2.1";
    world.open("ann", "a");
    world.pass(89_000);
    assert_eq!(first(&mut world, "bob", "b"), outbound::refusal(&Refusal::NetworkFull, false));
    world.pass(2_000);
    assert_eq!(first(&mut world, "bob", "b"), OPEN);
}

#[test]
fn after_ten_wrong_tokens_the_guesses_of_that_network_are_not_even_looked_at_for_a_minute() {
    for homes in ["1", "8"] {
        let mut world = World::new(&[("PUBLIC_HOMES", homes)], "peerjs", false);
        world.address = "192.0.2.1";
        let ann = world.open("ann", "right");
        world.address = "192.0.2.66";
        for number in 0..10 {
            assert_eq!(first(&mut world, "ann", &format!("wrong{number}")), ID_TAKEN);
        }
        assert_eq!(first(&mut world, "ann", "right"), ID_TAKEN, "a guess, for all that can be known");
        assert_eq!(world.closed(ann), None);
        assert_eq!(first(&mut world, "bob", "b"), OPEN, "other ids have guesses of their own");
        for address in ["192.0.2.1", "192.0.2.2", "2001:db8::1", ""] {
            world.address = address;
            assert_eq!(first(&mut world, "ann", "right"), OPEN, "nobody else is locked out: {address}");
        }
        world.address = "192.0.2.66";
        world.pass(59_000);
        assert_eq!(first(&mut world, "ann", "right"), ID_TAKEN);
        world.pass(1_000);
        assert_eq!(first(&mut world, "ann", "right"), OPEN);
        assert_eq!(world.counts["id-taken"], 12);
    }
}

#[test]
fn where_no_network_is_known_nobody_can_be_locked_out() {
    let mut world = World::new(&[], "peerjs", false);
    world.open("ann", "right");
    assert!((0..30).all(|_| first(&mut world, "ann", "wrong") == ID_TAKEN));
    assert_eq!(first(&mut world, "ann", "right"), OPEN);
}

#[test]
fn guessers_are_forgotten_before_they_are_too_many() {
    let mut world = World::new(&[], "peerjs", false);
    world.open("ann", "right");
    for number in 0..3_000 {
        world.address = ADDRESSES.with(|addresses| addresses[number]);
        assert_eq!(first(&mut world, "ann", "wrong"), ID_TAKEN);
    }
    assert_eq!(first(&mut world, "ann", "right"), OPEN);
}

thread_local!(static ADDRESSES: Vec<&'static str> = (0..3_000).map(|n| &*format!("198.18.{}.{}", n / 250, n % 250).leak()).collect());

#[test]
fn who_comes_back_with_the_right_token_is_let_in_again_and_again() {
    let mut world = World::new(&[], "peerjs", false);
    assert!((0..50).all(|_| first(&mut world, "ann", "right") == OPEN));
}

#[test]
fn a_token_that_cannot_be_guessed_is_always_looked_at() {
    let mut world = World::new(&[], "peerjs", false);
    world.open("ann", LASTING);
    for _ in 0..30 {
        assert_eq!(first(&mut world, "ann", "short"), ID_TAKEN);
        assert_eq!(first(&mut world, "ann", ANOTHER), ID_TAKEN);
    }
    assert_eq!(first(&mut world, "ann", LASTING), OPEN, "nobody can lock an owner out");
}

#[test]
fn asking_for_ice_servers_is_no_way_to_guess_on_and_none_to_lock_anybody_out() {
    let mut world = World::new(&[], "peerjs", false);
    world.address = "192.0.2.1";
    world.open("ann", "right");
    for _ in 0..20 {
        assert!(world.knows("ann", "right"));
    }
    for _ in 0..10 {
        assert!(!world.knows("ann", "wrong"));
    }
    assert!(!world.knows("ann", "right"));
    assert_eq!(first(&mut world, "ann", "right"), OPEN, "a socket is another door");
    world.address = "192.0.2.2";
    assert!(world.knows("ann", "right"), "and so is another network");
    world.address = "192.0.2.1";
    world.pass(60_000);
    assert!(world.knows("ann", "right"));
    assert!(!world.knows("bob", "right"));
}

#[test]
fn guessing_does_not_keep_an_id_for_the_dead() {
    let mut world = World::new(&[], "peerjs", false);
    world.address = "192.0.2.1";
    world.open("ann", "right");
    world.pass(12_000);
    for _ in 0..78 {
        assert_eq!(first(&mut world, "ann", "another"), ID_TAKEN);
        world.pass(1_000);
    }
    assert_eq!(first(&mut world, "ann", "another"), OPEN);
}

#[test]
fn which_pages_may_open_a_socket() {
    const URL: &str = "https://beckon.example/peerjs?key=peerjs&id=a&token=t";
    let allows = |listed: &str, origin: Option<&str>| settings(&[("ALLOWED_ORIGINS", listed)]).allows_socket(origin, URL);
    let listed = "https://app.example, https://other.example:8443";
    for (origin, with_list) in [
        (None, true),                               // no browser
        (Some("https://beckon.example"), true),     // our own pages
        (Some("https://app.example"), true),        // listed
        (Some("https://other.example:8443"), true), // listed
        (Some("https://other.example"), false),     // another port
        (Some("http://app.example"), false),        // another scheme
        (Some("https://app.example.evil.example"), false),
        (Some("https://beckon.exampl"), false),
        (Some("https://beckon.example.evil.example"), false),
        (Some("https://beckon.example/peerjs"), false),
        (Some("http://beckon.example"), false),
        (Some("https://"), false),
        (Some("https:/"), false),
        (Some("https:"), false),
        (Some("null"), false),
        (Some(""), false),
    ] {
        assert!(allows("", origin), "{origin:?}");
        assert_eq!(allows(listed, origin), with_list, "{origin:?}");
    }
    assert!(allows("null", Some("null")), "if the operator says so");
}

#[test]
fn what_happens_is_counted() {
    let mut world = World::new(&[], "peerjs", true);
    let (ann, bob) = (world.open("ann", "a"), world.open("bob", "b"));
    world.open("ann", "wrong");
    for _ in 0..160 {
        world.signal(ann, "CANDIDATE", "bob", "1");
        world.pass(1); // each time from another number, for it is forgotten in between
    }
    assert_eq!(world.frames(bob).len(), 161);
    world.say(ann, &"x".repeat(300_000));
    assert_eq!((world.counts["join"], world.counts["id-taken"], world.counts["frame-too-long"]), (2, 1, 1));
    assert_eq!(world.refused_bytes, 300_000, "a claim has none");
    world.say(bob, "{");
    assert_eq!((world.counts["not-a-message"], world.refused_bytes), (1, 300_001));
    assert_eq!(world.counts["relay"], 160);
    in_a_room(&[("ROOM_CAPACITY", "1")], |world| {
        world.enter("ann", LASTING);
        world.enter("bob", LASTING);
        assert_eq!((world.counts["join"], world.counts["room-full"]), (1, 1));
    });
}

#[test]
fn health_has_an_address_and_ids_called_so_keep_theirs() {
    let at =
        |path, base| route(RequestLine { method: "GET", path, query: "", upgrade: false }, &settings(&[("BASE_PATH", base)]));
    assert_eq!(
        (at("/health", "/"), at("/health/", "/"), at("/app/health", "app")),
        (Route::Health, Route::Health, Route::Health)
    );
    assert_eq!(
        (at("/health/id", "/"), at("/health", "app"), at("/health/x", "/")),
        (Route::NewId, Route::Elsewhere, Route::Missing)
    );
}
