//! Signed ids: which tokens allow an id of a key, and which do not. (Signatures are the Worker's: `tests/worker/identity.test.mjs`.)
use crate::world::settings;
use beckon::id::{PeerId, RealmKey};
use beckon::wire::jwt::{Jwt, JwtError};

const HS256: &str = r#"{"alg":"HS256"}"#;

/// Base64url without padding (RFC 4648, 5).
fn base64url(text: &str) -> String {
    const SYMBOLS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut encoded = String::new();
    for group in text.as_bytes().chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for symbol in 0..=group.len() {
            encoded.push(SYMBOLS[(bits >> (18 - 6 * symbol)) as usize & 63].into());
        }
    }
    encoded
}

fn check(header: &str, more: &str, key: &str, required: bool) -> Result<(), JwtError> {
    let contents = format!(r#"{{"sub":"ann","exp":2000{more}}}"#);
    let token = format!("{}.{}.c2ln", base64url(header), base64url(&contents));
    let (id, key) = (PeerId::parse("ann").unwrap(), RealmKey::parse(key).unwrap());
    Jwt::parse(&token)?.allows(&id, &key, required, 0, 1_000_000)
}

#[test]
fn an_audience_names_the_keys_that_a_statement_is_for() {
    for (audience, expected) in [
        (r#""app""#, Ok(())),
        (r#"["app"]"#, Ok(())),
        (r#"["other","app"]"#, Ok(())),
        (r#" [ "other" , "app" ] "#, Ok(())),
        (r#""\u0061pp""#, Ok(())),
        (r#""other""#, Err(JwtError::OtherKey)),
        (r#""App""#, Err(JwtError::OtherKey)),
        (r#""app ""#, Err(JwtError::OtherKey)),
        (r#""""#, Err(JwtError::OtherKey)),
        (r#""app,other""#, Err(JwtError::OtherKey)),
        (r#""[\"app\"]""#, Err(JwtError::OtherKey)),
        ("[]", Err(JwtError::OtherKey)),
        (r#"["other"]"#, Err(JwtError::OtherKey)),
        (r#"["app",1]"#, Err(JwtError::Unclear)),
        (r#"[["app"]]"#, Err(JwtError::Unclear)),
        (r#"{"app":true}"#, Err(JwtError::Unclear)),
        ("null", Err(JwtError::Unclear)),
        ("true", Err(JwtError::Unclear)),
        ("1", Err(JwtError::Unclear)),
        (r#""app","aud":"app""#, Err(JwtError::Unclear)),
        (r#""other","aud":"app""#, Err(JwtError::Unclear)),
        (r#""other","\u0061ud":"app""#, Err(JwtError::Unclear)),
    ] {
        for required in [false, true] {
            assert_eq!(check(HS256, &format!(r#","aud":{audience}"#), "app", required), expected, "{audience}");
        }
    }
    assert_eq!(check(HS256, "", "app", false), Ok(()), "as it was: for every key");
    assert_eq!(check(HS256, "", "app", true), Err(JwtError::NoKey));
    assert_eq!(check(HS256, r#","aud":"peerjs""#, "peerjs", true), Ok(()));
    assert!(settings(&[("REQUIRE_AUDIENCE", "true")]).require_audience && !settings(&[]).require_audience);
}

#[test]
fn a_header_that_demands_what_is_not_known_is_refused() {
    for (header, expected) in [
        (HS256, Ok(())),
        (r#"{"typ":"JWT","kid":"2026","jku":"https://evil.example","alg":"HS256","b64":true}"#, Ok(())),
        (r#"{"alg":"\u0048S256"}"#, Ok(())),
        (r#"{"alg":"HS256","crit":["exp"]}"#, Err(JwtError::Unknown)),
        (
            r#"{"alg":"HS256","crit":["http://example.com/UNDEFINED"],"http://example.com/UNDEFINED":true}"#,
            Err(JwtError::Unknown),
        ),
        (r#"{"alg":"HS256","crit":["b64"],"b64":false}"#, Err(JwtError::Unknown)),
        (r#"{"alg":"HS256","crit":["b64"],"b64":true}"#, Err(JwtError::Unknown)),
        (r#"{"alg":"HS256","b64":false}"#, Err(JwtError::Unknown)),
        (r#"{"alg":"HS256","b64":"true"}"#, Err(JwtError::Unknown)),
        (r#"{"crit":[],"alg":"HS256"}"#, Err(JwtError::Unknown)),
        (r#"{"crit":["alg"],"alg":"HS256"}"#, Err(JwtError::Unknown)),
        (r#"{"crit":"exp","alg":"HS256"}"#, Err(JwtError::Unknown)),
        (r#"{"crit":null,"alg":"HS256"}"#, Err(JwtError::Unknown)),
        (r#"{"crit":{},"alg":"HS256"}"#, Err(JwtError::Unknown)),
        (r#"{"\u0063rit":["exp"],"alg":"HS256"}"#, Err(JwtError::Unknown)),
        (r#"{"alg":"hs256"}"#, Err(JwtError::NotSigned)),
        (r#"{"alg":"HS256 "}"#, Err(JwtError::NotSigned)),
        (r#"{"alg":"none"}"#, Err(JwtError::NotSigned)),
        (r#"{"alg":null}"#, Err(JwtError::NotSigned)),
        (r#"{"alg":["HS256"]}"#, Err(JwtError::NotSigned)),
        (r#"{"ALG":"HS256"}"#, Err(JwtError::NotSigned)),
        (r#"{"alg":"none","alg":"HS256"}"#, Err(JwtError::NotSigned)),
        (r#"{"alg":"HS256","alg":"HS256"}"#, Err(JwtError::NotSigned)),
        (r#"{"alg":"HS256","typ":"a","typ":"b"}"#, Err(JwtError::NotSigned)),
        (r#"["alg","HS256"]"#, Err(JwtError::NotSigned)),
    ] {
        assert_eq!(check(header, "", "app", false), expected, "{header}");
    }
}

#[test]
fn what_a_statement_says_it_says_once_and_in_its_type() {
    for more in [
        r#","sub":"ann""#,
        r#","sub":"bob""#,
        r#","exp":9999"#,
        r#","nbf":1,"nbf":1"#,
        r#","role":1,"role":2"#,
        r#","nbf":"1""#,
        r#","nbf":null"#,
        r#","nbf":true"#,
    ] {
        assert_eq!(check(HS256, more, "app", false), Err(JwtError::Unclear), "{more}");
    }
    assert_eq!(
        check(HS256, r#","role":"teacher","iat":1,"iss":"x","jti":"y","x":{"sub":"bob","aud":"z"}"#, "app", false),
        Ok(())
    );
}

#[test]
fn moments_are_any_json_numbers_and_the_clock_of_who_signs_may_be_a_minute_ahead() {
    let at = |exp: &str, nbf: &str, now| {
        let contents = format!(r#"{{"sub":"ann","exp":{exp}{nbf}}}"#);
        let token = format!("{}.{}.c2ln", base64url(HS256), base64url(&contents));
        let (id, key) = (PeerId::parse("ann").unwrap(), RealmKey::parse("app").unwrap());
        Jwt::parse(&token).unwrap().allows(&id, &key, false, 0, now)
    };
    for (exp, now, expected) in [
        ("2000", 1_999_999, Ok(())),
        ("2000", 2_000_000, Err(JwtError::Expired)),
        ("2000.25", 2_000_249, Ok(())),
        ("2000.25", 2_000_250, Err(JwtError::Expired)),
        ("2e3", 1_999_999, Ok(())),
        ("2E+3", 2_000_000, Err(JwtError::Expired)),
        ("-1", 0, Err(JwtError::Expired)),
        ("1e300", u64::MAX - 1, Ok(())),
        ("1e999999999999", 2_000_000, Ok(())),
        ("200000e-2", 1_999_999, Ok(())),
        ("200000e-2", 2_000_000, Err(JwtError::Expired)),
        ("0.00200025e6", 2_000_249, Ok(())),
        ("0.00200025e6", 2_000_250, Err(JwtError::Expired)),
        ("9e-999999999999", 1, Err(JwtError::Expired)),
        ("0", 0, Err(JwtError::Expired)),
    ] {
        assert_eq!(at(exp, "", now), expected, "{exp} at {now}");
    }
    for (nbf, expected) in [
        ("1000", Ok(())),
        ("1001", Ok(())),
        ("1060", Ok(())),
        ("1060.001", Err(JwtError::TooEarly)),
        ("1061", Err(JwtError::TooEarly)),
        ("-1", Ok(())),
        ("-1.5e-3", Ok(())),
    ] {
        assert_eq!(at("9999", &format!(r#","nbf":{nbf}"#), 1_000_000), expected, "{nbf}");
    }
}
