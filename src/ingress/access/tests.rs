//! Every way a token can be wrong, short of its signature.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{BODY_BYTES_MAX, Fault, Found, Keys, Mode, Team, Token, WAIT_MS};
use crate::{time::Millis, wire::Wire};

const NOW: Millis = Millis(1_795_338_000_000);
const NOW_S: u64 = NOW.0 / 1_000;
const AUD: &str = "4714c1358e65fe4b408ad6d432a5f878f08194bdb4752441fd56faefa9b2b6f2";

fn team() -> Team {
    Team {
        issuer: "https://t.cloudflareaccess.com".to_owned(),
        certs_url: String::new(),
        audiences: vec!["another-application".to_owned(), AUD.to_owned()],
        mode: Mode::Both,
    }
}

fn person() -> Value {
    json!({
        "aud": [AUD], "email": "a@b.test", "exp": NOW_S + 60, "iat": NOW_S - 60, "nbf": NOW_S - 60,
        "iss": "https://t.cloudflareaccess.com", "type": "app", "sub": "user-1", "country": "DE",
    })
}

fn service() -> Value {
    json!({
        "aud": AUD, "common_name": "id.access", "exp": NOW_S + 60, "iat": NOW_S,
        "iss": "https://t.cloudflareaccess.com", "type": "app", "sub": "",
    })
}

/// `claims` with some of them replaced, or with `null` removed.
fn with(mut claims: Value, changes: &Value) -> String {
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    claims.to_string()
}

fn token(header: &str, claims: &str) -> String {
    [header, claims, "signature"].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".")
}

const HEADER: &str = r#"{"alg":"RS256","kid":"k1","typ":"JWT"}"#;

fn check(token: &str) -> Result<String, Fault> {
    let token = Token::parse(token)?;
    token.claims.check(&team(), NOW).map(|identity| identity.as_str().to_owned())
}

#[test]
fn good_tokens_say_who_came() {
    let check = |claims: &str| check(&token(HEADER, claims)).unwrap();
    assert_eq!(check(&person().to_string()), "a@b.test");
    assert_eq!(check(&service().to_string()), "id.access");
    assert_eq!(check(&with(person(), &json!({ "email": null }))), "user-1");
    assert_eq!(check(&with(person(), &json!({ "common_name": "", "nbf": null, "iat": null }))), "a@b.test");
    assert_eq!(check(&with(person(), &json!({ "type": null, "aud": ["x", AUD] }))), "a@b.test");
    assert_eq!(check(&with(person(), &json!({ "email": "a\n\u{7f}b" }))), "ab");
    assert_eq!(check(&with(person(), &json!({ "email": "é".repeat(200) }))).len(), 160);
    let parsed = token(HEADER, &person().to_string());
    let parsed = Token::parse(&parsed).unwrap();
    assert_eq!((parsed.key_id.as_str(), parsed.signature.as_slice()), ("k1", &b"signature"[..]));
}

#[test]
fn wrong_claims_are_refused() {
    for (changes, fault) in [
        (json!({ "iss": "https://evil.cloudflareaccess.com" }), Fault::Issuer),
        (json!({ "iss": "https://t.cloudflareaccess.com/" }), Fault::Issuer),
        (json!({ "iss": null }), Fault::Issuer),
        (json!({ "aud": ["of-another-application"] }), Fault::Audience),
        (json!({ "aud": [] }), Fault::Audience),
        (json!({ "aud": "" }), Fault::Audience),
        (json!({ "aud": null }), Fault::Audience),
        (json!({ "aud": [AUD.to_uppercase()] }), Fault::Audience),
        (json!({ "type": "org" }), Fault::Type),
        (json!({ "exp": NOW_S - 30 }), Fault::Expired),
        (json!({ "exp": 0 }), Fault::Expired),
        (json!({ "exp": -1 }), Fault::Expired),
        (json!({ "exp": null }), Fault::Expired),
        (json!({ "nbf": NOW_S + 31 }), Fault::NotYetValid),
        (json!({ "iat": NOW_S + 31 }), Fault::NotYetValid),
        (json!({ "iat": 1e300 }), Fault::NotYetValid),
        (json!({ "email": null, "sub": null }), Fault::Anonymous),
        (json!({ "email": " ", "sub": "" }), Fault::Anonymous),
        (json!({ "exp": (NOW_S + 60).to_string() }), Fault::Malformed),
        (json!({ "aud": { "0": AUD } }), Fault::Malformed),
        (json!({ "aud": [AUD, 1] }), Fault::Malformed),
        (json!({ "email": 1 }), Fault::Malformed),
    ] {
        assert_eq!(check(&token(HEADER, &with(person(), &changes))), Err(fault), "{changes}");
    }
    for (name, late) in [("exp", NOW_S - 29), ("nbf", NOW_S + 30)] {
        assert!(check(&token(HEADER, &with(person(), &json!({ name: late })))).is_ok(), "{name}: leeway");
    }
}

#[test]
fn what_is_no_token_is_refused() {
    let claims = person().to_string();
    let good = token(HEADER, &claims);
    let parts: Vec<&str> = good.split('.').collect();
    let (header, body) = (parts[0], parts[1]);
    for text in [
        "garbage".to_owned(),
        ".".to_owned(),
        "..".to_owned(),
        format!("{header}.{body}"),
        format!("{good}.{body}"),
        format!("{good}, {good}"),
        format!("{good}="),
        good.replace('.', " ."),
        token("", &claims),
        token("null", &claims),
        token("[]", &claims),
        token(HEADER, "{}x"),
        token(HEADER, "[]"),
        token(HEADER, &"[".repeat(10_000)),
        token(r#"{"alg":"RS256"}"#, &claims),
        token(r#"{"alg":"RS256","kid":""}"#, &claims),
        token(r#"{"alg":"RS256","kid":7}"#, &claims),
        token(&format!(r#"{{"alg":"RS256","kid":"{}"}}"#, "k".repeat(129)), &claims),
        token(r#"{"kid":"k1"}"#, &claims),
        token(r#"{"alg":["RS256"],"kid":"k1"}"#, &claims),
        token(r#"{"alg":"RS256","kid":"k1","crit":["b64"],"b64":false}"#, &claims),
        token(r#"{"alg":"none","alg":"RS256","kid":"k1"}"#, &claims),
        token(r#"{"alg":"RS256","kid":"k0","kid":"k1"}"#, &claims),
        token(HEADER, &claims.replacen('{', r#"{"aud":["x"],"#, 1)),
        token(HEADER, &claims.replacen('{', r#"{"exp":1,"#, 1)),
        token(HEADER, &with(person(), &json!({ "groups": "g".repeat(16 << 10) }))),
    ] {
        assert_eq!(check(&text), Err(Fault::Malformed), "{text:.80}");
    }
    for missing in ["", "  "] {
        assert_eq!(check(missing), Err(Fault::Missing));
    }
    for alg in ["none", "None", "HS256", "HS512", "rs256", "RS512", "PS256", "ES256", ""] {
        let header = json!({ "alg": alg, "kid": "k1" }).to_string();
        assert_eq!(check(&token(&header, &claims)), Err(Fault::Algorithm), "{alg}");
    }
}

#[test]
fn callers_learn_only_whether_to_come_again() {
    let told = |fault: Fault| fault.error().body(Wire::Chat, "req_1");
    for fault in [Fault::Malformed, Fault::Signature, Fault::Audience, Fault::Expired, Fault::UnknownKey] {
        assert_eq!(told(fault), told(Fault::Missing), "{}", fault.name());
        assert_eq!(fault.error().status_for(Wire::Chat), 403);
    }
    let error = Fault::KeysUnavailable { retry_after_ms: 2_500 }.error();
    assert_eq!(
        (error.status_for(Wire::Chat), error.headers()[0].clone()),
        (503, ("retry-after", "3".to_owned()))
    );
    assert_eq!(Fault::Misconfigured.error().status_for(Wire::Messages), 503);
}

/// A team's document with keys of these names.
fn published(names: &[&str]) -> Vec<u8> {
    let key = |name: &&str| {
        json!({
            "kid": name, "kty": "RSA", "alg": "RS256", "use": "sig", "e": "AQAB",
            "n": URL_SAFE_NO_PAD.encode([7; 256]),
        })
    };
    json!({ "keys": names.iter().map(key).collect::<Vec<_>>(), "public_certs": [] }).to_string().into_bytes()
}

fn filled(names: &[&str]) -> Keys {
    let mut keys = Keys::new(NOW);
    assert_eq!(keys.find("k1", NOW), Found::Fetch);
    keys.fetched(Some(&published(names)), NOW);
    keys
}

fn id(found: &Found) -> &str {
    match found {
        Found::Key(key) | Found::Refresh(key) => &key.id,
        found => panic!("{found:?}"),
    }
}

#[test]
fn keys_are_fetched_once_for_all_who_come_meanwhile() {
    let mut keys = Keys::new(NOW);
    assert_eq!(keys.find("k1", NOW), Found::Fetch);
    assert_eq!(keys.find("k1", NOW), Found::Wait);
    assert_eq!(keys.find("k2", NOW.after(4_000)), Found::Wait);
    keys.fetched(Some(&published(&["k1", "k2"])), NOW.after(4_500));
    assert_eq!(id(&keys.find("k1", NOW.after(60 * 60_000))), "k1");
    assert_eq!(id(&keys.settle("k2", NOW.after(5_000))), "k2");
    assert_eq!(keys.find("k1", NOW.after(4_500 + 60 * 60_000)), Found::Fetch, "an hour later");
}

#[test]
fn a_fetch_whose_request_was_cut_off_does_not_block_for_ever() {
    let mut keys = Keys::new(NOW);
    assert_eq!(keys.find("k1", NOW), Found::Fetch);
    assert_eq!(keys.find("k1", NOW.after(WAIT_MS)), Found::Fetch);
}

#[test]
fn a_rotated_key_is_found_at_once() {
    let mut keys = filled(&["k1"]);
    assert_eq!(keys.find("k2", NOW.after(1)), Found::Fetch);
    keys.fetched(Some(&published(&["k1", "k2"])), NOW.after(2));
    assert_eq!(id(&keys.find("k2", NOW.after(3))), "k2");
    assert_eq!(id(&keys.find("k1", NOW.after(3))), "k1");
    assert_eq!(keys.find("k3", NOW.after(4)), Found::Fetch);
    keys.fetched(Some(&published(&["k3"])), NOW.after(5));
    assert_eq!(keys.settle("k1", NOW.after(6)), Found::Fault(Fault::UnknownKey), "withdrawn");
}

#[test]
fn made_up_names_cost_a_bounded_number_of_fetches() {
    let mut keys = filled(&["k1"]);
    let mut fetches = 1;
    for number in 0..100_000_u64 {
        let now = NOW.after(number * 6 / 10); // a minute
        match keys.find(&format!("made up {number}"), now) {
            Found::Fetch => {
                fetches += 1;
                keys.fetched(Some(&published(&["k1"])), now);
            }
            found => assert_eq!(found, Found::Fault(Fault::UnknownKey)),
        }
        assert_eq!(id(&keys.find("k1", now)), "k1", "others are not disturbed");
    }
    assert!((6..=10).contains(&fetches), "{fetches}");
}

#[test]
fn without_keys_nobody_passes_and_is_told_when_to_come_again() {
    for body in [
        None,
        Some(b"<html>".to_vec()),
        Some(b"{}".to_vec()),
        Some(br#"{"keys":[]}"#.to_vec()),
        Some(br#"{"keys":[{"kid":"k1","kty":"EC","n":"AQAB","e":"AQAB"}]}"#.to_vec()),
        Some(String::from_utf8(published(&["k1"])).unwrap().replace("RS256", "PS256").into_bytes()),
        Some(String::from_utf8(published(&["k1"])).unwrap().replace("sig", "enc").into_bytes()),
        Some(br#"{"keys":[{"kid":"k1","kty":"RSA","n":"AQAB","e":"AQAB"}]}"#.to_vec()),
        Some([published(&["k1"]), vec![b' '; BODY_BYTES_MAX]].concat()),
    ] {
        let mut keys = Keys::new(NOW);
        assert_eq!(keys.find("k1", NOW), Found::Fetch);
        keys.fetched(body.as_deref(), NOW);
        assert!(!keys.had());
        let unavailable = Found::Fault(Fault::KeysUnavailable { retry_after_ms: 2_000 });
        assert_eq!(keys.find("k1", NOW), unavailable, "not twice in a row");
        assert_eq!(keys.settle("k1", NOW), unavailable);
        assert_eq!(keys.find("k1", NOW.after(2_000)), Found::Fetch);
    }
}

#[test]
fn an_outage_is_asked_into_slowly() {
    let mut keys = Keys::new(NOW);
    let mut fetches = 0;
    for second in 0..60 {
        match keys.find("k1", NOW.after(second * 1_000)) {
            Found::Fetch => {
                fetches += 1;
                keys.fetched(None, NOW.after(second * 1_000));
            }
            Found::Fault(Fault::KeysUnavailable { retry_after_ms }) => {
                assert!((1_000..=12_000).contains(&retry_after_ms), "{retry_after_ms}");
            }
            found => panic!("{found:?}"),
        }
    }
    assert!((5..=10).contains(&fetches), "{fetches}");
}

#[test]
fn keys_that_cannot_be_renewed_are_used_for_four_hours() {
    let hour = 60 * 60_000;
    let mut keys = filled(&["k1"]);
    assert_eq!(keys.find("k1", NOW.after(hour)), Found::Fetch);
    assert_eq!(keys.find("k1", NOW.after(hour)), Found::Wait);
    keys.fetched(None, NOW.after(hour));
    assert_eq!(id(&keys.settle("k1", NOW.after(hour))), "k1");
    assert!(matches!(keys.find("k1", NOW.after(hour + 1)), Found::Key(_)), "nobody waits");
    assert!(matches!(keys.find("k1", NOW.after(hour + 2_000)), Found::Refresh(_)), "but somebody asks");
    assert!(matches!(keys.find("k1", NOW.after(hour + 2_001)), Found::Key(_)));
    assert!(matches!(keys.settle("k2", NOW.after(hour)), Found::Fault(Fault::KeysUnavailable { .. })));
    keys.fetched(None, NOW.after(hour + 3_000));
    assert_eq!(id(&keys.settle("k1", NOW.after(4 * hour - 1))), "k1");
    assert!(matches!(keys.settle("k1", NOW.after(4 * hour)), Found::Fault(Fault::KeysUnavailable { .. })));
    assert_eq!(keys.find("k1", NOW.after(4 * hour)), Found::Fetch);
}

#[test]
fn a_document_of_many_keys_is_cut_off() {
    let names: Vec<String> = (0..40).map(|number| format!("k{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let keys = filled(&names);
    assert_eq!(id(&keys.settle("k15", NOW)), "k15");
    assert_eq!(keys.settle("k16", NOW), Found::Fault(Fault::UnknownKey));
}
