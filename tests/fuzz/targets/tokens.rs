//! Tokens: never printed, equal when they are the same, and JWTs allow one id in their time, and nothing else.

use super::choices::Choices;
use super::javascript::stringify;
use beckon::id::{PeerId, RealmKey, Token};
use beckon::limits::{LASTING_TOKEN_CHARS, MAX_TOKEN_BYTES};
use beckon::wire::jwt::{Jwt, JwtError};

/// The bytes are a token, or choices that make a JWT.
pub fn tokens(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    if choices.byte() < 64 {
        return token(&String::from_utf8_lossy(choices.rest()));
    }
    let id = PeerId::parse(choices.one_of(&["ann", "b", "é\"\n"])).unwrap();
    let key = RealmKey::parse("app").unwrap();
    let sub = choices.one_of(&["ann", "b", "é\"\n", ""]);
    let now = choices.one_of(&[0, 1, 1_000, 1_700_000_000_000, u64::MAX]);
    let [exp, nbf] = [(); 2].map(|()| choices.one_of(&[0, 1, 1_700_000_000, 1_700_000_001, 1_700_000_061, u64::MAX]));
    let header = choices.one_of(&[
        r#"{"alg":"HS256"}"#,
        r#"{"typ":"JWT","alg":"HS256"}"#,
        r#"{"alg":"none"}"#,
        r#"{"alg":"HS512"}"#,
        r#"{"alg":["HS256"]}"#,
        r#"{"alg":"HS256","crit":["exp"]}"#,
        r#"{"alg":"none","alg":"HS256"}"#,
        "{}",
        "HS256",
    ]);
    let (audience, heard) = choices.one_of(&[
        ("", Err(JwtError::NoKey)),
        (r#","aud":"app""#, Ok(())),
        (r#","aud":["x","app"]"#, Ok(())),
        (r#","aud":"peerjs""#, Err(JwtError::OtherKey)),
        (r#","aud":[]"#, Err(JwtError::OtherKey)),
        (r#","aud":1"#, Err(JwtError::Unclear)),
        (r#","aud":"app","aud":"app""#, Err(JwtError::Unclear)),
    ]);
    let required = choices.once_in(2);
    let contents = format!(r#"{{"nbf":{nbf},"x":[{{}}],"exp":{exp},"sub":{}{audience}}}"#, stringify(sub));
    let signature: Vec<u8> = (0..choices.below(40)).map(|_| choices.byte()).collect();
    let text = format!("{}.{}.{}", base64url(header.as_bytes()), base64url(contents.as_bytes()), base64url(&signature));
    let expected = match () {
        () if !header.contains(r#":"HS256""#) || header.contains("none") => Err(JwtError::NotSigned),
        () if header.contains("crit") => Err(JwtError::Unknown),
        () if heard == Err(JwtError::Unclear) => heard,
        () if exp.saturating_mul(1000) <= now => Err(JwtError::Expired),
        () if nbf.saturating_mul(1000) > now.saturating_add(60_000) => Err(JwtError::TooEarly),
        () if sub != id.as_str() => Err(JwtError::OtherId),
        () if heard == Err(JwtError::NoKey) && !required => Ok(()),
        () => heard,
    };
    let parsed = Jwt::parse(&text);
    assert_eq!(
        parsed.as_ref().map_err(|error| *error).and_then(|jwt| jwt.allows(&id, &key, required, 0, now)),
        expected,
        "{header} {contents}"
    );
    if let Ok(jwt) = parsed {
        assert_eq!(text, format!("{}.{}", jwt.signed, base64url(&jwt.signature)));
    }
    token(&choices.damage(text));
}

/// Whatever text this is.
fn token(text: &str) {
    // The signed part is what came, and nothing that is allowed is left out of it.
    if let Ok(jwt) = Jwt::parse(text) {
        assert!(text.starts_with(jwt.signed) && jwt.signed.contains('.'));
        let _ = jwt.allows(&PeerId::parse("ann").unwrap(), &RealmKey::parse("app").unwrap(), true, 0, 0);
    }
    let token = Token::parse(text);
    assert_eq!(token.is_ok(), (1..=MAX_TOKEN_BYTES).contains(&text.len()));
    if let Ok(token) = token {
        assert_eq!(token.reveal(), text);
        assert_eq!(token.is_lasting(), text.chars().count() >= LASTING_TOKEN_CHARS);
        assert_eq!(format!("{token:?}"), "Token(…)");
        assert!(token == Token::parse(text).unwrap());
        let longer = Token::parse(&format!("{text}x"));
        assert!(longer.is_err() || longer != Ok(token));
    }
}

/// Base64url without padding, by the book (RFC 4648, 5).
pub fn base64url(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    let groups = bits.as_bytes().chunks(6).map(|group| String::from_utf8_lossy(group).into_owned());
    groups.map(|group| char::from(LETTERS[usize::from_str_radix(&format!("{group:0<6}"), 2).unwrap()])).collect()
}
