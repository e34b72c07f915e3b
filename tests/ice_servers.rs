//! ICE servers: who is told of which, for how long they are good, and what a mistake in the variables is called.
use crate::world::{in_a_room, relayed, settings, OPEN};
use beckon::limits::{ICE_PAUSE_MS, TURN_API_CACHE_MS, TURN_API_RETRY_MS};
use beckon::settings::{Settings, TurnSource};
use beckon::wire::ice::{cloudflare_turn_servers, username, Cached, Ice};
use beckon::wire::outbound::ice_fields;
use serde_json::{json, Value};

const ICE: &str = r#"{"type":"ICE"}"#;
const STUN: (&str, &str) = ("STUN_URLS", "stun:stun.example.org");

fn fields(ice: &Ice) -> Value {
    serde_json::from_str(&format!("{{{}}}", ice_fields(ice))).unwrap()
}

fn refused(vars: &[(&str, &str)]) -> String {
    let value = |name: &str| vars.iter().find(|(var, _)| *var == name).map(|(_, value)| (*value).to_owned());
    Settings::read(value).unwrap_err().to_string()
}

#[test]
fn a_member_of_a_room_asks_for_fresh_ones_and_others_do_not_hear_of_it() {
    in_a_room(&[STUN], |world| {
        let (ann, bob) = (world.enter("ann", "a"), world.enter("bob", "b"));
        for peer in [ann, bob] {
            world.frames(peer);
        }
        for frame in [ICE, r#"{"type":"\u0049CE","dst":"bob","payload":{"iceServers":[]}}"#] {
            world.pass(ICE_PAUSE_MS);
            world.say(ann, frame);
            let told = world.next(ann).unwrap();
            let servers = json!([{"urls": ["stun:stun.example.org"]}]);
            let expected = json!({"type": "ICE", "payload": {"iceServers": servers, "ttl": 3600}});
            assert_eq!(serde_json::from_str::<Value>(&told).unwrap(), expected);
        }
        assert_eq!((world.next(ann), world.next(bob)), (None, None));
        assert_eq!(world.rows(), 0);
    });
}

#[test]
fn who_asks_again_at_once_is_told_to_wait_and_stays() {
    let mut world = crate::world::World::new(&[], "a-room", false);
    let ann = world.enter("ann", "a");
    world.frames(ann);
    for pause in [0, ICE_PAUSE_MS - 1] {
        world.pass(pause);
        world.say(ann, ICE);
        let told: Value = serde_json::from_str(&world.next(ann).unwrap()).unwrap();
        assert_eq!((&told["type"], &told["payload"]["code"]), (&json!("ERROR"), &json!("ice-too-soon")));
    }
    world.pass(1);
    world.say(ann, ICE);
    assert!(world.next(ann).unwrap().starts_with(r#"{"type":"ICE""#));
    assert_eq!(world.closed(ann), None);
}

#[test]
fn to_a_stock_client_ice_is_a_type_like_any_unknown_one() {
    in_a_room(&[], |world| {
        let (ann, stock) = (world.enter("ann", "a"), world.open("stock", "s"));
        world.frames(ann);
        world.pass(ICE_PAUSE_MS);
        world.say(stock, ICE);
        world.signal(stock, "ICE", "ann", "1");
        world.signal(ann, "ICE", "stock", "1");
        world.signal(ann, "OFFER", "stock", "1");
        assert_eq!(world.frames(stock), [OPEN, &relayed("OFFER", "ann", "stock", "1")]);
        assert_eq!(world.frames(ann).len(), 1, "her own ICE");
    });
}

#[test]
fn a_username_says_until_when_and_names_nobody() {
    assert_eq!(username(1_700_000_000_999, 3600, [0, 0, 0, 0, 0xde, 0xad, 0xbe, 0xef]), "1700003600:00000000deadbeef");
    assert_eq!(username(0, 60, [0xff; 8]), "60:ffffffffffffffff");
}

#[test]
fn cloudflares_answer_is_read_as_documented() {
    let body = |servers: Value| json!({"iceServers": servers}).to_string();
    let user = |urls: &[&str]| json!({"urls": urls, "username": "u", "credential": "c"});
    let ports = [
        "stun:s.example:3478",
        "turn:t.example:3478?transport=udp",
        "turn:t.example:53?transport=udp",
        "turn:t.example:53",
        "turns:t.example:5353?transport=tcp",
    ];
    let one = cloudflare_turn_servers(&body(json!([user(&ports)]))).unwrap();
    let two =
        cloudflare_turn_servers(&body(json!([{"urls": ["stun:s.example:53"]}, user(&ports), user(&["turn:t.example:53"])])))
            .unwrap();
    assert_eq!(one, two);
    assert_eq!(one[0].urls, [ports[1], ports[4]]);
    for nonsense in
        ["", "null", "[]", "{}", "{\"iceServers\":[", &body(json!({})), &body(json!([])), &body(json!([{"urls": "turn:x"}]))]
    {
        assert_eq!(cloudflare_turn_servers(nonsense), None, "{nonsense}");
    }
    assert_eq!(cloudflare_turn_servers(&body(json!([{"urls": ["turn:x"], "username": "u"}]))), None);
}

#[test]
fn an_answer_is_used_for_a_minute_and_a_failure_for_less() {
    let settings = settings(&[STUN, ("TURN_TTL_S", "600")]);
    let relays = cloudflare_turn_servers(r#"{"iceServers":[{"urls":["turn:t"],"username":"u","credential":"c"}]}"#);
    let answer = Cached { at: 1_000, servers: relays };
    let stun = json!({"urls": ["stun:stun.example.org"]});
    let turn = json!({"urls": ["turn:t"], "username": "u", "credential": "c"});
    for (age, ttl) in [(0, 600), (TURN_API_CACHE_MS - 1, 541)] {
        let ice = answer.ice(&settings, 1_000 + age).unwrap();
        assert_eq!(fields(&ice), json!({"iceServers": [stun, turn], "ttl": ttl}));
    }
    assert_eq!(answer.ice(&settings, 1_000 + TURN_API_CACHE_MS), None);
    let failure = Cached { at: 1_000, servers: None };
    let ice = failure.ice(&settings, 1_000 + TURN_API_RETRY_MS - 1).unwrap();
    assert_eq!(fields(&ice), json!({"iceServers": [stun], "ttl": 60, "degraded": true}));
    assert_eq!(failure.ice(&settings, 1_000 + TURN_API_RETRY_MS), None);
}

#[test]
fn one_source_of_turn_credentials_is_chosen() {
    let urls = ("TURN_URLS", "turn:a.example, turns:b.example:443?transport=tcp");
    let (shared, user, password) = (("TURN_SECRET", "s3cret"), ("TURN_USERNAME", "u"), ("TURN_PASSWORD", "s3cret"));
    let (key, token) = (("TURN_KEY_ID", "abc"), ("TURN_KEY_API_TOKEN", "s3cret"));
    assert_eq!(settings(&[]).turn, None);
    assert_eq!(settings(&[shared, token, user, password]).turn, None, "secrets may be set before the variables");
    assert!(matches!(settings(&[urls, shared]).turn, Some(TurnSource::Shared { urls, .. }) if urls.len() == 2));
    assert!(matches!(settings(&[urls, user, password]).turn, Some(TurnSource::Fixed { username, .. }) if username == "u"));
    let Some(TurnSource::Cloudflare { address, .. }) = settings(&[key, token]).turn else { panic!("no source") };
    assert_eq!(address, "https://rtc.live.cloudflare.com/v1/turn/keys/abc/credentials/generate-ice-servers");
    for vars in [&[urls, shared][..], &[urls, user, password], &[key, token]] {
        assert!(!format!("{:?}", settings(vars)).contains("s3cret"));
    }
}

#[test]
fn mistakes_in_the_variables_are_named() {
    let (urls, key, token) = (("TURN_URLS", "turn:a.example"), ("TURN_KEY_ID", "abc"), ("TURN_KEY_API_TOKEN", "t"));
    for (vars, expected) in [
        (&[urls][..], "The variable TURN_URLS must be empty until the secret TURN_SECRET,"),
        (&[urls, ("TURN_USERNAME", "u")], "The variable TURN_URLS must be empty until the secret TURN_SECRET,"),
        (
            &[("TURN_URLS", "turn:a, stun:b"), ("TURN_SECRET", "s")],
            "The variable TURN_URLS must be a list of TURN servers, separated by commas, such as turn:",
        ),
        (&[key], "The variable TURN_KEY_ID must be empty until the secret TURN_KEY_API_TOKEN is set."),
        (&[key, token, urls], "The variable TURN_URLS must be empty where TURN_KEY_ID is set:"),
        (&[("TURN_KEY_ID", "a/../b"), token], "The variable TURN_KEY_ID must be the id of a TURN key:"),
        (&[key, token, ("TURN_API_URL", "http://api.example")], "The variable TURN_API_URL must be an https address,"),
        (&[key, token, ("TURN_API_URL", "http://127.0.0.1.example")], "The variable TURN_API_URL must be an https address,"),
        (&[("TURN_TTL_S", "59")], "The variable TURN_TTL_S must be a number of seconds from 60 to 86400."),
        (&[("TURN_TTL_S", "86401")], "The variable TURN_TTL_S must be a number of seconds from 60 to 86400."),
        (&[("ICE_FOR_ALL", "yes")], "The variable ICE_FOR_ALL must be \"true\" or \"false\"."),
    ] {
        assert!(refused(vars).starts_with(expected), "{}", refused(vars));
    }
}
