//! `set-master-key`

use serde_json::json;

use super::{Home, sample};

const STRONG: &str = "gw_Zx81vQpLm4NsT7yKd92Rb";

#[test]
fn an_explicit_key_is_masked() {
    let home = Home::with(&sample());
    let end = home
        .op(&["set-master-key", "--master-key", STRONG, "--generate-master-key=true"])
        .says(&["masterKey=gw_Z...92Rb"]);
    assert!(end.stderr.contains("visible to other users") && !format!("{end:?}").contains(STRONG), "{end:?}");
    assert_eq!(home.config()["masterKey"], STRONG);
    home.op_reading(&["set-master-key", "--master-key-stdin"], "gw_Another81vQpLm4NsT7yKd2\n").quiet().ok();
    assert_eq!(home.config()["masterKey"], "gw_Another81vQpLm4NsT7yKd2");
}

#[test]
fn a_generated_key_is_shown_once() {
    let home = Home::empty();
    for (flags, length, prefix) in [
        (&[][..], 48, "gw_"),
        (&["--master-key-length=64", "--master-key-prefix=team_"], 64, "team_"),
        (&["--masterKeyLength=9999"], 256, "gw_"),
        (&["--master-key-length=1"], 27, "gw_"),
    ] {
        let end = home.op(&[&["set-master-key", "--generate-master-key=true"], flags].concat()).ok();
        let key = home.config()["masterKey"].as_str().unwrap().to_owned();
        assert_eq!(key.len(), length, "{flags:?}");
        assert!(key.starts_with(prefix) && end.stdout.matches(&key).count() == 1, "{end:?}");
        assert!(!home.op(&["list"]).stdout.contains(&key));
    }
    assert_eq!(home.config().as_object().unwrap().keys().collect::<Vec<_>>(), ["version", "masterKey"]);
    assert_eq!(home.mode(), 0o600);
    let end = home.op(&["set-master-key", "--generate-master-key", "--json"]).ok();
    assert_eq!(end.json()["generatedMasterKey"], home.config()["masterKey"]);
}

#[test]
fn a_weak_key_is_refused_unless_insisted_on() {
    let home = Home::with(&sample());
    home.refuses(
        2,
        &["set-master-key", "--master-key=x"],
        &["the master key is weak", "shorter than 24", "--allow-weak-master-key"],
    );
    home.refuses(2, &["set-master-key", "--master-key=Password-Password-Password-1"], &["easy to guess"]);
    home.op(&["set-master-key", "--master-key=x", "--allow-weak-master-key=true"]).says(&["masterKey=*"]);
    assert_eq!(home.config()["masterKey"], "x");
}

#[test]
fn without_a_key_nothing_happens() {
    let home = Home::with(&sample());
    home.refuses(2, &["set-master-key"], &["no key is given", "--generate-master-key"]);
    home.refuses(2, &["set-master-key", "--generate-master-key=false"], &["no key is given"]);
    home.refuses(2, &["set-master-key", "--master-key-stdin"], &["must hold the key"]);
    home.refuses(
        2,
        &["set-master-key", "--generate-master-key", "--master-key-length=10abc"],
        &["--master-key-length"],
    );
    let end =
        home.op_reading(&["set-master-key", "--master-key-stdin"], "two words of a longer text 12345\n");
    assert_eq!(end.code, Some(2));
    assert_eq!(home.config(), sample());
}

#[test]
fn a_provider_may_bring_one() {
    let home = Home::with(&sample());
    home.op(&[
        "upsert-provider",
        "--provider-id=alpha",
        "--set-master-key=true",
        "--master-key",
        STRONG,
        "--skip-probe",
    ])
    .says(&["masterKey=gw_Z...92Rb"]);
    assert_eq!(home.config()["masterKey"], json!(STRONG));
}

/// Whoever writes a key where a boolean belongs has shown it to enough people.
#[test]
fn a_key_in_the_wrong_place_is_not_quoted() {
    let home = Home::with(&sample());
    for arguments in [
        ["set-master-key", "--master-key-stdin=sk-MARKER"],
        ["upsert-provider", "--api-key-stdin=sk-MARKER"],
        ["upsert-provider", "--set-master-key=sk-MARKER"],
    ] {
        for json in ["--json=false", "--json"] {
            let end = home.op(&[
                &arguments[..],
                &["--skip-probe"][..usize::from(arguments[0] != "set-master-key")],
                &[json],
            ]
            .concat());
            assert_eq!(end.code, Some(2));
            assert!(!format!("{end:?}").contains("MARKER"), "{end:?}");
        }
    }
}
