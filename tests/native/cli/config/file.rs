//! The file itself: two edits at once, an end in the middle of one, links, places that cannot be written.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::process::Child;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Home, sample, set};

#[test]
fn twenty_edits_at_once_lose_nothing() {
    let home = Home::with(&sample());
    let children: Vec<Child> = (0..20)
        .map(|n| {
            let (model, tokens) = (format!("--model=new-{n}"), format!("--context-window={}", n + 1));
            home.command(&["config", "upsert-model", "--provider-id=beta", &model, &tokens]).spawn().unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let config = home.config();
    let mut models: Vec<String> =
        config["providers"][1]["models"].as_array().unwrap().iter().skip(1).map(Value::to_string).collect();
    models.sort();
    let mut expected: Vec<String> =
        (0..20).map(|n| json!({ "id": format!("new-{n}"), "contextWindow": n + 1 }).to_string()).collect();
    expected.sort();
    assert_eq!(models, expected);
    let mut rest = config;
    set(&mut rest, "/providers/1/models", json!(["m-mini"]));
    assert_eq!(rest, sample());
}

/// Whenever it is killed, the file is the old one or the new one, and the next edit works.
#[test]
fn a_kill_at_any_moment_leaves_a_whole_file() {
    let home = Home::with(&sample());
    // Large, so that writing takes a while.
    let padding = "x".repeat(300_000);
    let mut config = sample();
    set(&mut config, "/metadata", json!({ "padding": padding }));
    home.write(&format!("{config:#}\n"));
    let mut killed = 0;
    for round in 0..60_u64 {
        let name = format!("--name=Round {round}");
        let before = home.text();
        let mut child = home
            .command(&["config", "upsert-provider", "--provider-id=beta", &name, "--skip-probe"])
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_micros(round * 400));
        let _ = child.kill();
        killed += i32::from(!child.wait().unwrap().success());
        let mut after = config.clone();
        set(&mut after, "/providers/1/name", json!(format!("Round {round}")));
        let text = home.text();
        assert!(text == before || text == format!("{after:#}\n"), "round {round}: {} bytes", text.len());
    }
    assert!(killed > 0, "it was too quick to be killed");
    home.op(&["upsert-provider", "--provider-id=beta", "--name=Last", "--skip-probe"]).ok();
    let mut names: Vec<String> = fs::read_dir(home.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, [".llm-router.json", ".llm-router.json.lock"], "nothing is left lying about");
}

#[test]
fn numbers_stay_as_they_are_written() {
    let home = Home::empty();
    let text = r#"{
  "version": 2,
  "providers": [
    {
      "id": "a",
      "baseUrl": "https://a.test/v1",
      "format": "openai",
      "models": [
        {
          "id": "m",
          "contextWindow": 2e5,
          "cost": {
            "input": 1.50,
            "exact": 123456789012345678901234567890
          }
        }
      ]
    }
  ],
  "x-own": 1E-7
}
"#;
    home.write(text);
    home.op(&["upsert-provider", "--provider-id=a", "--name=A", "--skip-probe"]).ok();
    for part in ["2e5,", "1.50,", "123456789012345678901234567890\n", "1E-7\n", "\"name\": \"A\""] {
        assert!(home.text().contains(part), "{part}: {}", home.text());
    }
    home.op(&["export", "--with-secrets"]).says(&["\"input\": 1.50,"]);
}

#[test]
fn a_link_stays_a_link() {
    let home = Home::empty();
    fs::create_dir(home.path().join("dotfiles")).unwrap();
    let target = home.path().join("dotfiles/router.json");
    fs::write(&target, sample().to_string()).unwrap();
    fs::set_permissions(&target, fs::Permissions::from_mode(0o644)).unwrap();
    symlink("dotfiles/router.json", home.config_path()).unwrap();
    home.op(&["disable-provider", "--provider-id=beta"]).ok();
    assert!(fs::symlink_metadata(home.config_path()).unwrap().is_symlink());
    let written: Value = serde_json::from_str(&fs::read_to_string(&target).unwrap()).unwrap();
    assert_eq!(written["providers"][1]["enabled"], false);
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);

    // Also one to a file that does not exist yet.
    fs::remove_file(&target).unwrap();
    home.op(&["set-master-key", "--generate-master-key"]).ok();
    assert!(fs::symlink_metadata(home.config_path()).unwrap().is_symlink() && target.exists());
}

#[test]
fn another_file_may_be_named() {
    let home = Home::empty();
    for path in ["deep/er/router.json", "~/tilde.json"] {
        home.op(&["set-master-key", "--generate-master-key", "--config", path]).ok();
    }
    assert!(home.path().join("deep/er/router.json").exists() && home.path().join("tilde.json").exists());
    assert!(!home.config_path().exists());
    let mut command = home.command(&["config", "list"]);
    command.env_remove("HOME");
    let end = command.output().unwrap();
    assert_eq!(end.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&end.stderr).contains("--config"));
}

#[test]
fn a_broken_file_is_never_overwritten() {
    let home = Home::empty();
    for broken in ["{ \"providers\": [", "[1]", "nonsense", "{\"a\":1,\"a\":2}"] {
        home.write(broken);
        home.refuses(1, &["set-master-key", "--generate-master-key"], &["hint: mend it by hand"]);
        home.refuses(
            1,
            &[
                "upsert-provider",
                "--name=A",
                "--base-url=https://a.test",
                "--api-key-env=K",
                "--models=m",
                "--skip-probe",
            ],
            &[],
        );
    }
    fs::write(home.config_path(), b"\xff\xfe").unwrap();
    home.refuses(1, &["set-master-key", "--generate-master-key"], &["not UTF-8"]);
}

#[test]
fn what_would_not_be_valid_is_not_written() {
    let home = Home::with(&sample());
    home.refuses(
        2,
        &["upsert-provider", "--provider-id=alpha", "--headers={\"Host\":\"x\"}", "--skip-probe"],
        &["would not be valid any more", "$.providers[0].headers", "nothing was written"],
    );
}

#[test]
fn a_place_that_cannot_be_written_is_said() {
    let home = Home::with(&sample());
    let end = home.op(&["set-master-key", "--generate-master-key", "--config=/proc/nowhere/router.json"]);
    assert_eq!(end.code, Some(1), "{end:?}");
    assert!(end.stderr.contains("/proc/nowhere"), "{end:?}");

    // Root may write anywhere, so somebody else tries.
    let shared = tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().unwrap();
    let path = shared.path().join("router.json");
    fs::write(&path, sample().to_string()).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(shared.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let argument = format!("--config={}", path.display());
    let mut command = home.command(&["config", "disable-provider", "--provider-id=beta", &argument]);
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        command.uid(65534).gid(65534).current_dir("/");
    }
    let Ok(output) = command.output() else { return }; // nobody cannot even run the program here
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("ermission denied"), "{output:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), sample().to_string());
    fs::set_permissions(shared.path(), fs::Permissions::from_mode(0o755)).unwrap();
}
