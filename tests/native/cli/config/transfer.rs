//! `export` and `import`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::{Home, sample, set};

#[test]
fn an_export_is_masked_unless_it_is_not() {
    let home = Home::with(&sample());
    let end = home.op(&["export"]).ok().notes("masked");
    assert!(!end.stdout.contains("sk-alpha") && !end.stdout.contains("pL4xV8"), "{end:?}");
    let masked: Value = serde_json::from_str(&end.stdout).unwrap();
    assert_eq!(masked["providers"][0]["apiKey"], "sk-a...6789");
    assert_eq!(masked["x-unknown"], sample()["x-unknown"]);
    assert_eq!(home.op(&["export", "--json"]).ok().json()["document"], masked);

    let end = home.op(&["export", "--with-secrets"]).ok();
    assert_eq!(end.stdout, home.text());
    home.op(&["export", "--with-secrets", "--out=backup.json"])
        .says(&[&format!("exported to {}", home.path().join("backup.json").display())]);
    let backup = home.path().join("backup.json");
    assert_eq!(fs::read_to_string(&backup).unwrap(), home.text());
    assert_eq!(fs::metadata(&backup).unwrap().permissions().mode() & 0o777, 0o600);
    Home::empty().refuses(2, &["export"], &["no config"]);
}

#[test]
fn what_is_exported_is_imported() {
    let home = Home::with(&sample());
    let masked = home.op(&["export"]).ok().stdout;
    // Masked keys stand for those that are here.
    home.op_reading(&["import", "-", "--replace"], &masked).ok();
    assert_eq!(home.config(), sample());
    home.op_reading(&["import", "--merge", "-"], &masked).ok();
    assert_eq!(home.config(), sample());
    // Elsewhere they stand for nothing.
    let other = Home::empty();
    let end = other.op_reading(&["import", "-"], &masked);
    assert_eq!(end.code, Some(2));
    assert!(end.stderr.contains("$.providers[0].apiKey") && end.stderr.contains("--with-secrets"), "{end:?}");
    assert!(!other.config_path().exists());

    home.op(&["export", "--with-secrets", "--out", "all.json"]).ok();
    other.op(&["import", home.path().join("all.json").to_str().unwrap()]).says(&["providers=2", "aliases=1"]);
    assert_eq!(other.config(), sample());
    assert_eq!(other.mode(), 0o600);
}

#[test]
fn a_merge_adds_and_overrides_by_id() {
    let home = Home::with(&sample());
    let team = json!({
        "defaultModel": "gamma/g",
        "providers": [
            { "id": "alpha", "base-url": "https://alpha2.test/v1", "format": "openai", "apiKeyEnv": "ALPHA", "models": [{ "id": "m-large", "maxOutputTokens": 5 }, "m-new", "m-small"],
              "rateLimits": [{ "id": "month", "models": ["all"], "requests": 1, "window": "1mo" }] },
            { "id": "gamma", "baseUrl": "https://gamma.test", "format": "claude", "models": ["g"] },
        ],
        "modelAliases": { "other": { "targets": ["gamma/g"] } },
    });
    fs::write(home.path().join("team.json"), team.to_string()).unwrap();
    home.refuses(2, &["import", "team.json"], &["--merge", "--replace"]);
    home.refuses(2, &["import", "team.json", "--merge", "--replace"], &["cannot be used with"]);
    home.op(&["import", "team.json", "--merge"]).says(&["providers=3", "aliases=2"]);
    let mut expected = sample();
    set(&mut expected, "/defaultModel", json!("gamma/g"));
    set(&mut expected, "/providers/0/baseUrl", json!("https://alpha2.test/v1"));
    expected["providers"][0].as_object_mut().unwrap().shift_remove("apiKey");
    set(&mut expected, "/providers/0/apiKeyEnv", json!("ALPHA"));
    set(&mut expected, "/providers/0/models/0/maxOutputTokens", json!(5));
    expected["providers"][0]["models"].as_array_mut().unwrap().push(json!("m-new"));
    set(&mut expected, "/providers/0/rateLimits/0/requests", json!(1));
    set(&mut expected, "/providers/0/rateLimits/0/window", json!("1mo"));
    expected["providers"].as_array_mut().unwrap().push(team["providers"][1].clone());
    set(&mut expected, "/modelAliases/other", team["modelAliases"]["other"].clone());
    assert_eq!(home.config(), expected);
}

#[test]
fn what_is_not_valid_is_not_imported() {
    let home = Home::with(&sample());
    for (text, part) in [
        ("{", "not valid JSON"),
        ("[]", "an object"),
        (r#"{"providers":[{"id":"x"}]}"#, "$.providers[0]"),
        (r#"{"version":2,"version":2}"#, "written twice"),
    ] {
        let end = home.op_reading(&["import", "-", "--replace"], text);
        assert_eq!(end.code, Some(2), "{text}: {end:?}");
        assert!(end.stderr.contains(part), "{text}: {end:?}");
    }
    home.refuses(2, &["import", "nowhere.json", "--merge"], &["nowhere.json"]);
    home.refuses(2, &["import"], &["FILE"]);
    assert_eq!(home.config(), sample());
}

#[test]
fn what_is_replaced_is_kept_beside() {
    let home = Home::with(&sample());
    let end = home.op_reading(&["import", "-", "--replace"], r#"{"providers":[]}"#).ok();
    let backup = end.stdout.lines().find_map(|line| line.strip_prefix("backup=")).unwrap().to_owned();
    assert_eq!(serde_json::from_str::<Value>(&fs::read_to_string(backup).unwrap()).unwrap(), sample());
    assert_eq!(home.config(), json!({ "providers": [] }));
}

/// Also a key that comes with a file is a key that is set.
#[test]
fn a_weak_master_key_is_not_imported_unasked() {
    let home = Home::with(&sample());
    let mut weak = sample();
    weak["masterKey"] = json!("letmein");
    weak["providers"][0]["name"] = json!("Renamed");
    let path = home.path().join("weak.json");
    std::fs::write(&path, weak.to_string()).unwrap();
    for mode in ["--merge", "--replace"] {
        home.refuses(
            2,
            &["import", "weak.json", mode],
            &["the master key is weak", "--allow-weak-master-key"],
        );
    }
    home.op(&["import", "weak.json", "--merge", "--allow-weak-master-key"]).ok();
    assert_eq!(home.config()["masterKey"], "letmein");
    // The one that is here already is not asked about again.
    home.op(&["import", "weak.json", "--merge"]).ok();
}
