//! Ids, tokens, keys, settings: parsed once, within their limits, and silent where they must be.
use crate::world::settings;
use beckon::client::{network_of, NetworkHash, NetworkNumber};
use beckon::id::{PeerId, RealmKey, Token};
use beckon::limits::Rate;
use beckon::limits::MAX_ID_BYTES;
use beckon::realm::member::{Absentees, Conn, Member, Probe};
use beckon::realm::placement::object_name;
use beckon::realm::rate::{Bucket, Budget};
use beckon::settings::Settings;
use std::num::NonZeroU16;

#[test]
fn fresh_ids_are_uuids_of_version_4() {
    assert_eq!(PeerId::from_random([0; 16]).as_str(), "00000000-0000-4000-8000-000000000000");
    assert_eq!(PeerId::from_random([0xff; 16]).as_str(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    let counted: [u8; 16] = std::array::from_fn(|index| index as u8);
    assert_eq!(PeerId::from_random(counted).as_str(), "00010203-0405-4607-8809-0a0b0c0d0e0f");
}

#[test]
fn tokens_are_compared_whole_and_never_printed() {
    let token = |text| Token::parse(text).unwrap();
    assert_eq!(token("secret"), token("secret"));
    for other in ["secres", "Secret", "secre", "secrett", "x"] {
        assert_ne!(token("secret"), token(other));
    }
    assert_eq!(format!("{:?}", token("secret")), "Token(…)");
}

#[test]
fn a_members_memory_survives_the_trip_and_fits_the_attachment() {
    // What takes most room: control characters, and one beyond Latin-1, for which the runtime would store two bytes each.
    let id = format!("{}\u{263a}", "\u{1}".repeat(MAX_ID_BYTES - 3));
    let token = "f".repeat(64); // a digest
    let spent = || {
        let mut bucket = Bucket::default();
        bucket.take(Rate::new(u64::MAX / 1_000_000, 1), u64::MAX / 1_000_000, u64::MAX);
        bucket
    };
    let mut absentees = Absentees::default();
    (0..100).for_each(|number| absentees.add(&format!("{number}"), 1_000_000_000_000_000));
    let member = Member {
        asked: None,
        conn: Conn(u32::MAX),
        id: PeerId::parse(&id).unwrap(),
        token: Token::parse(&token).unwrap(),
        roster: true,
        reserve_for: Some(NetworkHash("f".repeat(64))),
        since: u64::MAX,
        probe: Some(Probe { since: u64::MAX, due: u64::MAX, askers: vec![PeerId::parse(&id).unwrap(); 2] }),
        last_heard: u64::MAX,
        saved_heard: u64::MAX,
        budget: Budget { frames: spent(), sent: spent(), received: spent(), stored: spent(), ..Budget::default() }.restored(),
        absentees,
        ice_given: None,
        earned: true,
        network: NetworkNumber::of("192.0.2.1"),
        // As long as the Worker around may have it (src/worker/host.js).
        data: Some(format!("\"{}\"", "\u{e9}".repeat(511)).into()),
    };
    let attachment = member.to_attachment().unwrap();
    assert!(attachment.is_ascii() && attachment.len() < 16 * 1024 - 64, "{} bytes", attachment.len());
    assert_eq!(Member::from_attachment(&attachment), Some(member));
    for other in ["", "2{}", "1{}", "null", "1"] {
        assert_eq!(Member::from_attachment(other), None);
    }
}

#[test]
fn each_realm_has_an_object_of_its_own_and_the_public_one_may_have_many() {
    let name = |key: &str, id: Option<&str>, homes: u16| {
        object_name(&RealmKey::parse(key).unwrap(), id, NonZeroU16::new(homes).unwrap())
    };
    assert_eq!(name("peerjs", Some("ann"), 1), "home:0");
    assert_eq!(name("home:0", Some("ann"), 8), "realm:home:0");
    let mut counts = [0; 8];
    for id in 0..8_000 {
        let home = name("peerjs", Some(&format!("peer-{id}")), 8);
        counts[home.strip_prefix("home:").unwrap().parse::<usize>().unwrap()] += 1;
    }
    assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
}

#[test]
fn settings_have_peerservers_defaults() {
    let defaults = settings(&[]);
    assert_eq!((defaults.concurrent_limit, defaults.expire_timeout_ms, defaults.allow_discovery), (5_000, 5_000, false));
    assert_eq!((defaults.base_path.as_str(), defaults.room_capacity, defaults.public_homes.get()), ("/", 16, 1));
}

#[test]
fn a_setting_that_cannot_be_is_named_with_what_it_should_be() {
    for (name, value, expected) in [
        ("ALLOW_DISCOVERY", "yes", "\"true\" or \"false\""),
        ("CONCURRENT_LIMIT", "many", "a whole number, such as 100"),
        ("EXPIRE_TIMEOUT_MS", "5s", "a whole number of milliseconds, such as 60000, a hundred years at most"),
        ("OWNER_GRACE_MS", "3162240000001", "a whole number of milliseconds, such as 60000, a hundred years at most"),
        ("PUBLIC_HOMES", "0", "a whole number from 1 to 32"),
    ] {
        let bad = Settings::read(|var| (var == name).then(|| value.to_owned())).unwrap_err();
        let sentence = format!("The variable {name} must be {expected}. Change it where it is set, then deploy or start again.");
        assert_eq!(bad.to_string(), sentence);
    }
}

#[test]
fn a_bucket_refills_with_time_and_zero_means_no_limit() {
    let (mut bucket, rate) = (Bucket::default(), Rate::new(1, 20));
    assert!((0..10).all(|_| bucket.take(rate, 2, 0)));
    assert!(!bucket.take(rate, 1, 999));
    assert!(bucket.take(rate, 1, 1_000));
    assert!(!bucket.take(rate, 1, 1_000));
    let mut unlimited = Bucket::default();
    assert!((0..10_000).all(|_| unlimited.take(Rate::new(0, 20), 1, 0)));
    // The last quarter is for those who use little.
    let mut shared = Bucket::default();
    assert!(shared.take_share(rate, 15, true, 0) && !shared.take_share(rate, 1, true, 0) && shared.take_share(rate, 5, false, 0));
    assert!(!shared.take_share(rate, 1, false, 0));
}

#[test]
fn of_an_ipv6_address_the_network_counts() {
    assert_eq!(network_of("2a01:4f8::a"), network_of("2a01:4f8:0:0:ffff::b"));
    assert_ne!(network_of("2a01:4f8::a"), network_of("2a01:4f8:0:1::a"));
    assert_ne!(network_of("192.0.2.1"), network_of("192.0.2.2"));
    assert_eq!(network_of(""), "");
}

#[test]
fn comparing_tokens_takes_as_long_whatever_they_have_in_common() {
    let long = "x".repeat(4096);
    let right = Token::parse(&long).unwrap();
    let early = Token::parse(&format!("y{}", &long[1..])).unwrap();
    let late = Token::parse(&format!("{}y", &long[1..])).unwrap();
    let time = |wrong: &Token| {
        let began = std::time::Instant::now();
        for _ in 0..10 {
            assert!(std::hint::black_box(&right) != std::hint::black_box(wrong));
        }
        began.elapsed()
    };
    // Taken by turns, so that what else the machine does strikes both; the shortest, so that it does not matter: a machine that is
    // busy makes things take longer, and never shorter. A comparison that stops at the first difference is a thousand times as fast
    // for one of them.
    let mut times: [Vec<_>; 2] = Default::default();
    for _ in 0..301 {
        times[0].push(time(&early));
        times[1].push(time(&late));
    }
    let [early, late] = times.map(|times| times.iter().min().unwrap().as_nanos().max(1));
    assert!(early.max(late) < 3 * early.min(late), "{early} ns, {late} ns");
}

#[test]
fn settings_do_not_show_their_secrets() {
    let vars = [("TURN_URLS", "turn:turn.example.org"), ("TURN_USERNAME", "school"), ("TURN_PASSWORD", "xyzzy-password")];
    let shared = [("TURN_URLS", "turn:turn.example.org"), ("TURN_SECRET", "xyzzy-secret")];
    let cloudflare = [("TURN_KEY_ID", "abc"), ("TURN_KEY_API_TOKEN", "xyzzy-token")];
    for vars in [&vars[..], &shared, &cloudflare] {
        let shown = format!("{:?}", settings(vars));
        assert!(shown.contains("Secret(…)") && !shown.contains("xyzzy"), "{shown}");
    }
}
