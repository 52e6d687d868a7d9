//! Which key is set, on which Worker, and what becomes of the config.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::fake::{ACCOUNT, Fake, OLD_KEY};
use super::{NEW_KEY, config, home, run, said};

#[tokio::test]
async fn asking_for_a_new_key_never_gives_the_configs() {
    let fake = Fake::start().await;
    let home = home(&fake);
    home.write_config(&config(Some(OLD_KEY)));
    let before = fs::read_to_string(home.config_path()).unwrap();
    let path = home.config_path();
    let end = run(&home, &fake, &["--generate-master-key=true", "--use-config-key=true", "--json"]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    let key = fake.text("LLM_ROUTER_MASTER_KEY").unwrap();
    assert_ne!(key, OLD_KEY);
    assert_eq!(said(&end)["generatedMasterKey"], json!(key));
    assert_eq!(fs::read_to_string(path).unwrap(), before);
    let notes = said(&end)["notes"].to_string();
    assert!(notes.contains("llm-router start") && notes.contains("--save"), "{notes}");
}

#[tokio::test]
async fn the_key_is_saved_where_that_is_asked_for() {
    let fake = Fake::start().await;
    let home = home(&fake);
    home.write_config(&config(Some(OLD_KEY)));
    let path = home.config_path();
    let end = run(&home, &fake, &["--generate-master-key", "--save", "--json"]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    let saved: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(saved["masterKey"], json!(fake.text("LLM_ROUTER_MASTER_KEY")));
    assert_eq!(saved["providers"], super::super::process::config()["providers"], "the rest stays");
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
}

/// `deploy` replaces the live key only by one of the config that is newer.
#[tokio::test]
async fn deploy_is_told_which_key_of_the_config_is_old() {
    let fake = Fake::start().await;
    let state = json!({ "salt": "00", "content": "c", "configKey": "another" }).to_string();
    fake.world().versions[0]
        .1
        .push(json!({ "name": "LLM_ROUTER_DEPLOY_STATE", "type": "plain_text", "text": state }));
    let with_config = home(&fake);
    with_config.write_config(&config(Some(OLD_KEY)));
    assert_eq!(run(&with_config, &fake, &["--generate-master-key"]).await.code, Some(0));
    let told: Value = serde_json::from_str(&fake.text("LLM_ROUTER_DEPLOY_STATE").unwrap()).unwrap();
    assert_eq!((&told["salt"], &told["content"]), (&json!("00"), &json!("c")));
    assert_eq!(told["configKey"].as_str().unwrap().len(), 8);
    assert_eq!(told["secrets"]["LLM_ROUTER_MASTER_KEY"].as_str().unwrap().len(), 8);

    // Without a config there is nothing to tell of its key.
    let live = fake.text("LLM_ROUTER_MASTER_KEY").unwrap();
    let without = home(&fake).variable("LLM_ROUTER_PREVIOUS_MASTER_KEY", &live);
    assert_eq!(run(&without, &fake, &["--generate-master-key"]).await.code, Some(0));
    let then: Value = serde_json::from_str(&fake.text("LLM_ROUTER_DEPLOY_STATE").unwrap()).unwrap();
    assert_eq!(then["configKey"], told["configKey"]);
    assert_ne!(then["upload"], told["upload"]);
    assert_ne!(then["secrets"], told["secrets"]);
}

#[tokio::test]
async fn a_given_key_is_checked_and_one_of_several_is_refused() {
    let fake = Fake::start().await;
    for (arguments, expected) in [
        (&["--master-key-env=WEAK"][..], "is weak"),
        (&["--master-key-env=NEW", "--generate-master-key"], "exclude each other"),
        (&["--master-key=x", "--generate-master-key"], "exclude each other"),
        (&["--master-key-env=ABSENT"], "no such variable"),
        (&[], "no key is given"),
        (&["--use-config-key=false"], "no key is given"),
        (&["--generate-master-key", "--save"], "--save"),
        (&["--generate-master-key", "--grace=1y"], "--grace"),
        (&["--generate-master-key", "--master-key-prefix=é"], "ASCII"),
        (&["--master-key-stdin=gw_oops"], "takes true or false"),
    ] {
        let home = home(&fake).variable("WEAK", "password").variable("NEW", NEW_KEY);
        let end = run(&home, &fake, arguments).await;
        assert_eq!(end.code, Some(2), "{arguments:?} {}", end.stderr);
        assert!(end.stderr.contains(expected), "{arguments:?} {}", end.stderr);
        assert!(!end.stderr.contains("gw_oops"));
    }
    assert!(fake.world().calls.is_empty(), "nobody was asked");

    let home = home(&fake).variable("WEAK", "password");
    let end = run(&home, &fake, &["--master-key-env=WEAK", "--allow-weak-master-key"]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    assert_eq!(fake.text("LLM_ROUTER_MASTER_KEY").as_deref(), Some("password"));
}

#[tokio::test]
async fn a_key_on_the_command_line_is_warned_of() {
    let fake = Fake::start().await;
    let end = run(&home(&fake), &fake, &[&format!("--master-key={NEW_KEY}")]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    assert!(end.stderr.contains("warning: ") && end.stderr.contains("--master-key-stdin"), "{}", end.stderr);
    assert!(!format!("{}{}", end.stdout, end.stderr).contains(NEW_KEY));
    assert_eq!(fake.text("LLM_ROUTER_MASTER_KEY").as_deref(), Some(NEW_KEY));
}

/// The name is found as `deploy` and wrangler find it.
#[tokio::test]
async fn the_worker_is_that_of_wrangler_toml_and_environment() {
    let fake = Fake::start().await;
    let toml = "name = \"llm-router-x\"\naccount_id = \"acc0123\"\n[env.production]\n[env.eu]\nname = \"llm-router-eu\"\n";
    for (file, arguments, script) in [
        (false, &[][..], "llm-router"),
        (false, &["--env=production"], "llm-router-production"),
        (true, &[], "llm-router-x"),
        (true, &["--env=production"], "llm-router-x-production"),
        (true, &["--env=eu"], "llm-router-eu"),
        (true, &["--env=eu", "--name=llm-router-own"], "llm-router-own"),
    ] {
        let home = home(&fake);
        if file {
            fs::write(home.path().join("wrangler.toml"), toml).unwrap();
        }
        let all = [&["--generate-master-key", "--dry-run", "--json"], arguments].concat();
        let end = run(&home, &fake, &all).await;
        assert_eq!(end.code, Some(0), "{}", end.stderr);
        assert_eq!(said(&end)["worker"], script, "{arguments:?}");
        assert_eq!(said(&end)["account"], if file { json!(ACCOUNT) } else { json!(null) });
    }
    let home = home(&fake);
    fs::write(home.path().join("wrangler.toml"), toml).unwrap();
    let end = run(&home, &fake, &["--generate-master-key", "--dry-run", "--env=prod"]).await;
    assert!(end.code == Some(2) && end.stderr.contains("production"), "{}", end.stderr);
}
