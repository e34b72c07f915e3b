//! Variables that name addresses: what is right in any spelling is taken, and what no browser could use is refused by name.
use beckon::settings::Settings;

fn read(name: &str, value: &str) -> Result<Settings, String> {
    let secret = |var: &str| (var == "TURN_SECRET" && name == "TURN_URLS").then(|| "secret".to_owned());
    Settings::read(|var| if var == name { Some(value.to_owned()) } else { secret(var) }).map_err(|bad| bad.to_string())
}

fn assert_refused(name: &str, value: &str, example: &str) {
    let refusal = read(name, value).expect_err(value);
    assert!(refusal.starts_with(&format!("The variable {name} must be")), "{value}: {refusal}");
    assert!(refusal.contains(example), "{value}: {refusal}");
}

#[test]
fn stun_servers_are_urls_of_rfc_7064() {
    for (value, expected) in [
        ("", &[][..]),
        ("stun:h", &["stun:h"]),
        (" stun:h:3478 , stuns:h.example:5349,", &["stun:h:3478", "stuns:h.example:5349"]),
        ("STUN:Host.Example", &["stun:Host.Example"]),
        ("stun:192.0.2.1:65535", &["stun:192.0.2.1:65535"]),
        ("stun:[2001:db8::1]:3478", &["stun:[2001:db8::1]:3478"]),
        ("stun:[::1]", &["stun:[::1]"]),
        ("stun:h1.4.example", &["stun:h1.4.example"]),
    ] {
        assert_eq!(read("STUN_URLS", value).unwrap().stun_urls, expected, "{value}");
    }
    for value in [
        "stun:h:3478?transport=udp",
        "stun://h",
        "stun:",
        "stun::3478",
        "h",
        "h:3478",
        "https://h",
        "turn:h",
        "stun:h:0",
        "stun:h:65536",
        "stun:h:",
        "stun:h:34x",
        "stun:h:+1",
        "stun:user@h",
        "stun:h/",
        "stun:h#x",
        "stun:h x",
        "stun:[2001:db8::1",
        "stun:[h]",
        "stun:2001:db8::1",
        "stun:h;stun:g",
        "stun:h stun:g",
        "stun:ü",
        "stun:h,nonsense",
        "stun:999.1.1.1",
        "stun:1.2.3",
    ] {
        assert_refused("STUN_URLS", value, "stun:stun.example.org:3478");
    }
}

#[test]
fn turn_servers_are_urls_of_rfc_7065() {
    for value in
        ["turn:h", "turns:h:443?transport=tcp", "turn:h?transport=udp", "TURN:h", "turn:[2001:db8::1]:3478?transport=udp"]
    {
        assert!(read("TURN_URLS", value).unwrap().turn.is_some(), "{value}");
    }
    for value in [
        "turn:h?transport=sctp",
        "turn:h?transport=",
        "turn:h?",
        "turn:h?TRANSPORT=udp",
        "turn:h?transport=udp&x",
        "turn://h",
        "stun:h",
        "turn:u:p@h",
        "turn",
    ] {
        assert_refused("TURN_URLS", value, "turns:turn.example.org:5349?transport=tcp");
    }
}

#[test]
fn origins_are_taken_in_any_spelling_that_means_one() {
    for (value, origin) in [
        ("https://app.example", "https://app.example"),
        ("https://app.example/", "https://app.example"),
        ("HTTPS://App.Example", "https://app.example"),
        ("https://app.example:443", "https://app.example"),
        ("http://app.example:80/", "http://app.example"),
        ("http://app.example:443", "http://app.example:443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("capacitor://localhost", "capacitor://localhost"),
        ("chrome-extension://abcdefgh", "chrome-extension://abcdefgh"),
        ("http://[2001:DB8:0:0::1]:3000", "http://[2001:db8::1]:3000"),
        ("http://192.0.2.1", "http://192.0.2.1"),
        ("null", "null"),
        (" https://other.example , https://app.example/ ", "https://app.example"),
    ] {
        let settings = read("ALLOWED_ORIGINS", value).unwrap();
        assert!(settings.allows_origin(origin), "{value}");
        assert!(!settings.allows_origin("https://elsewhere.example"), "{value}");
    }
    for value in ["*", " * ", "https://app.example, *", ""] {
        assert!(read("ALLOWED_ORIGINS", value).unwrap().allows_origin("https://elsewhere.example"), "{value}");
    }
    for value in [
        "app.example",
        "https://",
        "https://app.example/path",
        "https://app.example//",
        "https://app.example?x",
        "https://app.example#x",
        "https://*.example",
        "https://user@app.example",
        "https://app.example:",
        "https://app.example:x",
        "//app.example",
        "https:app.example",
        "https://é.example",
        "https://a.example https://b.example",
        "**",
        "none",
        "://x",
        "1://x",
        "https://[::1",
        "https://app.example,app",
        "wss://app.example",
        "http://192.0.2.256",
        "http://4294967296",
        "http://0x7f000001",
        "http://10.0x1",
        ",",
        " , ,",
    ] {
        assert_refused("ALLOWED_ORIGINS", value, "https://app.example.org");
    }
}

#[test]
fn a_key_and_a_path_that_nothing_can_match_are_refused() {
    assert_refused("ALLOWED_KEYS", &format!("app,{}", "k".repeat(257)), "256 bytes");
    for value in [
        "/my app",
        "/a?b",
        "/a#b",
        "a\\b",
        "a\tb",
        "/é",
        "https://app.example/myapp",
        "/a//b",
        "/../a",
        "/{a}",
        "/%zz",
        "/a%",
        "/a%2",
        "/%2e%2E/a",
        "/%2e",
    ] {
        assert_refused("BASE_PATH", value, "/myapp");
    }
    for (value, path) in
        [("", "/"), ("/", "/"), ("myapp", "/myapp/"), ("/myapp/", "/myapp/"), ("/a/b", "/a/b/"), ("/my%20app", "/my%20app/")]
    {
        assert_eq!(read("BASE_PATH", value).unwrap().base_path, path);
    }
}

#[test]
fn every_other_variable_that_makes_no_sense_is_refused_by_name_with_what_is_right() {
    for name in ["CONCURRENT_LIMIT", "PEERS_PER_NETWORK", "ROOM_CAPACITY", "FRAMES_PER_SECOND", "BYTES_PER_SECOND"] {
        for value in ["", "many", "1.5", "1e3", "-1", "4294967296", "16 peers", "NaN"] {
            assert_refused(name, value, "such as 100");
        }
    }
    for name in ["EXPIRE_TIMEOUT_MS", "ALIVE_TIMEOUT_MS", "OWNER_GRACE_MS"] {
        for value in ["", "60 s", "0.5", "1e5", "-1", "3162240000001"] {
            assert_refused(name, value, "such as 60000");
        }
    }
    for name in ["ALLOW_DISCOVERY", "ICE_FOR_ALL", "REQUIRE_AUDIENCE"] {
        for value in ["", "yes", "1", "True", "on"] {
            assert_refused(name, value, "\"true\" or \"false\"");
        }
    }
    for value in ["", "59", "86401", "1h"] {
        assert_refused("TURN_TTL_S", value, "60 to 86400");
    }
    for value in ["", "0", "33", "two"] {
        assert_refused("PUBLIC_HOMES", value, "1 to 32");
    }
    for value in ["berlin", "WEUR", "weur ", "weur,me"] {
        assert_refused("LOCATION_HINT", value, "one of wnam, enam");
        assert_refused("JURISDICTION", value, "one of eu and fedramp");
    }
    for (name, value) in [("LOCATION_HINT", ""), ("LOCATION_HINT", "weur"), ("JURISDICTION", ""), ("JURISDICTION", "eu")] {
        assert!(read(name, value).is_ok(), "{name} {value}");
    }
}
