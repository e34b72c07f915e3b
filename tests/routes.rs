//! Requests are read as PeerServer reads them.
use crate::world::settings;
use beckon::client::NetworkNumber;
use beckon::id::{PeerId, RealmKey, Token};
use beckon::wire::admin::{admin, AdminRequest};
use beckon::wire::answer::Answer;
use beckon::wire::refusal::Refusal;
use beckon::wire::route::{route, split_url, Claim, RequestLine, Route};

fn http(method: &str, path: &str, base: &str) -> Route {
    route(RequestLine { method, path, query: "", upgrade: false }, &settings(&[("BASE_PATH", base)]))
}

fn socket(query: &str) -> Route {
    route(RequestLine { method: "GET", path: "/peerjs", query, upgrade: true }, &settings(&[]))
}

fn claim(id: &str, token: &str, key: &str) -> Route {
    let (id, token) = (PeerId::parse(id).ok(), Token::parse(token).unwrap());
    let (reserve_for, guessable, network) = (None, true, NetworkNumber::default());
    Route::Socket(Claim {
        key: RealmKey::parse(key).unwrap(),
        id,
        token,
        roster: false,
        reserve_for,
        expired: false,
        guessable,
        network,
        data: None,
    })
}

#[test]
fn urls_fall_into_path_and_query() {
    assert_eq!(split_url("https://host:1/a/b?c=d?e#f"), ("/a/b", "c=d?e"));
    assert_eq!(split_url("https://host"), ("/", ""));
    assert_eq!(split_url("https://host/#/x?y"), ("/", ""));
}

#[test]
fn paths_are_tolerant() {
    for path in ["/peerjs/id", "/PeerJS/ID", "/peerjs//id", "/peerjs/id/", "/any%20thing/id"] {
        assert_eq!(http("GET", path, "/"), Route::NewId, "{path}");
    }
    for base in ["myapp", "/myapp", "/myapp/", "myapp/"] {
        assert_eq!(http("GET", "/myapp/peerjs/id", base), Route::NewId);
        assert_eq!(http("HEAD", "/MyApp", base), Route::About);
        assert_eq!(http("GET", "/peerjs/id", base), Route::Elsewhere);
    }
    assert_eq!(http("GET", "/outer/inner/k/peers", "/outer/inner"), Route::Peers(RealmKey::parse("k").ok()));
    assert_eq!(http("GET", "/a%20b/peers", "/"), Route::Peers(RealmKey::parse("a b").ok()));
    for (method, path) in [
        ("POST", "/peerjs/id"),
        ("GET", "/peerjs"),
        ("GET", "/peerjs/id/x"),
        ("GET", "/id"),
        ("GET", "//peerjs/id"),
        ("GET", "/peerjs/id//"),
    ] {
        assert_eq!(http(method, path, "/"), Route::Missing, "{method} {path}");
    }
    for path in ["/paths/", "/paths/path-stun", "/paths/other", "/path-stun", "/stun", "/paths/stun/", "/k/paths/stun"] {
        assert_eq!(http("POST", path, "/"), Route::Missing, "{path}");
    }
    assert_eq!(http("POST", "/paths/turn-tls", "/"), Route::PathReport("path-turn-tls"));
    assert_eq!(http("POST", "/myapp/paths/direct", "/myapp"), Route::PathReport("path-direct"));
    assert_eq!(http("GET", "/paths/stun", "/"), Route::Missing);
    for path in ["/%zz/id", "/%/peers", "/%ff/id"] {
        assert_eq!(http("GET", path, "/"), Route::Undecodable, "{path}");
    }
    assert_eq!(http("OPTIONS", "/no/such/path", "/"), Route::Preflight);
}

#[test]
fn rooms_are_at_the_root_whatever_the_base_path() {
    let at =
        |path, query| route(RequestLine { method: "GET", path, query, upgrade: true }, &settings(&[("BASE_PATH", "/myapp")]));
    assert!(matches!(at("/peerjs", "key=k&roster=1&token=t"), Route::Socket(claim) if claim.roster));
    assert!(matches!(at("/myapp/peerjs", "key=k&roster=1&token=t"), Route::Socket(claim) if claim.roster));
    assert_eq!(at("/peerjs", "key=k&id=i&token=t"), Route::StraySocket);
}

#[test]
fn the_sockets_path_is_exact() {
    for path in ["/peerjs/", "/PEERJS", "//peerjs", "/", "/other/peerjs", "/myapp/peerjs"] {
        let line = RequestLine { method: "GET", path, query: "key=k&id=i&token=t", upgrade: true };
        assert_eq!(route(line, &settings(&[])), Route::StraySocket, "{path}");
    }
    let line = RequestLine { method: "GET", path: "/myapp/peerjs", query: "key=k&id=i&token=t", upgrade: true };
    assert_eq!(route(line, &settings(&[("BASE_PATH", "/myapp")])), claim("i", "t", "k"));
}

#[test]
fn queries_are_read_as_forms() {
    let expected = claim("a b", "t", "peerjs");
    for query in
        ["key=peerjs&id=a+b&token=t&version=1.5.5", "id=x&token=t&id=a%20b&key=peerjs", "&&token=t&k%65y=peerjs&id=a+b&=&x"]
    {
        assert_eq!(socket(query), expected, "{query}");
    }
    assert_eq!(socket("key=peerjs&id=%C3%A9%zz%&token=t"), claim("é%zz%", "t", "peerjs"));
    assert_eq!(socket("key=peerjs&id=%ff&token=t"), claim("\u{fffd}", "t", "peerjs"));
}

#[test]
fn sockets_are_refused_in_peerservers_order() {
    let refused = |query: &str, vars: &[(&str, &str)]| match route(
        RequestLine { method: "GET", path: "/peerjs", query, upgrade: true },
        &settings(vars),
    ) {
        Route::Refused { refusal, .. } => refusal,
        other => panic!("{query}: {other:?}"),
    };
    for query in ["", "key=k&id=i", "key=k&token=t", "id=i&token=t", "key=k&id=&token=t", "key=k&roster=1", "key=wrong&id=i"] {
        assert_eq!(refused(query, &[("ALLOWED_KEYS", "k")]), Refusal::Incomplete, "{query}");
    }
    let long = "x".repeat(1025);
    assert_eq!(refused(&format!("key=other&id={long}&token=t"), &[("ALLOWED_KEYS", "peerjs, k")]), Refusal::InvalidKey);
    assert_eq!(refused(&format!("key=k&id={long}&token=t"), &[]), Refusal::TooLong { what: "id", limit: 512 });
    assert_eq!(refused(&format!("key=k&id=i&token={}", long.repeat(4)), &[]), Refusal::TooLong { what: "token", limit: 4096 });
    assert_eq!(refused(&format!("key={long}&id=i&token=t"), &[]), Refusal::TooLong { what: "key", limit: 256 });
    assert_eq!(refused("key=peerjs&token=t&roster=1", &[]), Refusal::NoPublicRoster);
}

#[test]
fn cors_repeats_the_origins_that_are_allowed() {
    let header = |origin: Option<&str>, allowed: &str, name: &str| {
        let answer = Answer::no_discovery().with_cors(origin, &settings(&[("ALLOWED_ORIGINS", allowed)]));
        answer.headers.into_iter().find(|(header, _)| *header == name).map(|(_, value)| value)
    };
    let allow = "Access-Control-Allow-Origin";
    assert_eq!(header(Some("null"), "", allow).as_deref(), Some("null"));
    assert_eq!(
        header(Some("https://a.example"), "https://b.example,https://a.example", allow).as_deref(),
        Some("https://a.example")
    );
    assert_eq!(header(Some("https://c.example"), "https://b.example", allow), None);
    assert_eq!(header(None, "", allow), None);
    assert_eq!(header(None, "", "Vary").as_deref(), Some("Origin"));
}

#[test]
fn the_address_of_a_room_s_socket_may_be_asked_for_without_one() {
    for (base, path) in [("/", "/peerjs"), ("/myapp", "/myapp/peerjs"), ("/myapp", "/peerjs")] {
        for (method, query, upgrade, expected) in [
            ("GET", "roster=1", false, true),
            ("HEAD", "id=a&token=b&roster=1", false, true),
            ("GET", "", false, false),
            ("HEAD", "roster=2", false, false),
            ("POST", "roster=1", false, false),
            ("OPTIONS", "roster=1", false, false),
            ("GET", "roster=1", true, false),
        ] {
            let found = route(RequestLine { method, path, query, upgrade }, &settings(&[("BASE_PATH", base)]));
            assert_eq!(found == Route::NoUpgrade, expected, "{base} {method} {path} {query} {upgrade}: {found:?}");
        }
    }
    assert_eq!(
        route(RequestLine { method: "GET", path: "/peerjs/", query: "roster=1", upgrade: false }, &settings(&[])),
        Route::Missing
    );
    assert_eq!(Answer::no_upgrade().status, 426);
}

#[test]
fn an_operators_requests_are_read() {
    let asked = |method, path, query| admin(RequestLine { method, path, query, upgrade: false }, "/b/");
    let (key, id) = (RealmKey::parse("a/k").unwrap(), PeerId::parse("\u{e9}/").unwrap());
    assert_eq!(asked("GET", "/b/admin/realms/a%2Fk", ""), Some(Some(AdminRequest::Count(key.clone()))));
    let kick = |seconds, reason: &str| {
        Some(Some(AdminRequest::Kick { key: key.clone(), id: id.clone(), seconds, reason: reason.to_owned() }))
    };
    assert_eq!(asked("DELETE", "/b/admin/realms/a%2Fk/peers/%C3%A9%2F", "for=60&reason=no+more&x"), kick(60, "no more"));
    assert_eq!(asked("DELETE", "/b/admin/realms/a%2Fk/peers/%C3%A9%2F", ""), kick(0, ""));
    for (method, path, query) in [
        ("GET", "/b/admin/realms/", ""),
        ("GET", "/b/admin/realms/%", ""),
        ("DELETE", "/b/admin/realms/k/peers/", ""),
        ("DELETE", "/b/admin/realms/k/peers/%FF", ""),
        ("DELETE", "/b/admin/realms/k/peers/a", "for=-1"),
        ("DELETE", "/b/admin/realms/k/peers/a", "for=4294967296"),
        ("DELETE", "/b/admin/realms/k/peers/a", "for="),
    ] {
        assert_eq!(asked(method, path, query), Some(None), "{method} {path}?{query}");
    }
    for (method, path) in [
        ("GET", "/b/admin/realms"),
        ("GET", "/admin/realms/k"),
        ("DELETE", "/b/admin/realms/k"),
        ("POST", "/b/admin/realms/k"),
        ("GET", "/b/admin/realms/k/peers/a"),
        ("DELETE", "/b/admin/realms/k/others/a"),
        ("DELETE", "/b/admin/realms/k/peers/a/b"),
    ] {
        assert_eq!(asked(method, path, ""), None, "{method} {path}");
    }
}
