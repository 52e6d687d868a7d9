//! A config that changes under a running gateway.

use std::fs;
use std::os::unix::fs::symlink;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use super::process::{Home, config, is_alive, until};

/// With another provider, which takes its key from a variable.
fn grown() -> Value {
    let mut grown = config();
    let mut beta = grown["providers"][0].clone();
    beta["id"] = json!("beta");
    beta["name"] = json!("Beta");
    beta.as_object_mut().unwrap().remove("apiKey");
    beta["apiKeyEnv"] = json!("BETA_KEY");
    grown["providers"].as_array_mut().unwrap().push(beta);
    grown
}

#[tokio::test]
async fn a_good_config_goes_live_and_a_bad_one_does_not() {
    let home = Home::new().variable("BETA_KEY", "sk-beta");
    let gateway = home.start().await;
    let workerd = gateway.workerd_pid();
    let streaming = reqwest::get(format!("{}/ticks?count=30&ms=100", gateway.url)).await.unwrap();

    home.write_config(&grown().to_string());
    gateway.says(0, &["config reloaded: 2 providers"]).await;
    assert_eq!(gateway.get("/live").await, json!({ "config": grown(), "env": { "BETA_KEY": "sk-beta" } }));

    let mut broken = grown();
    broken["providers"][0]["rateLimits"][0]["requests"] = json!(0);
    broken["providers"][1]["baseUrl"] = json!("ftp://beta.test");
    let bad = [
        (broken.to_string(), vec!["$.providers[0].rateLimits[0].requests", "$.providers[1].baseUrl"]),
        ("{ \"half\": ".to_owned(), vec!["$"]),
        (json!({ "version": 2, "providers": [] }).to_string(), vec!["no provider is enabled"]),
        (with(grown(), "metadata", json!({ "refuse": true })).to_string(), vec!["refused by the Worker"]),
    ];
    for (text, reasons) in bad {
        let from = gateway.stderr().len();
        home.write_config(&text);
        gateway.says(from, &["config not reloaded"]).await;
        for reason in reasons {
            gateway.says(from, &[reason]).await;
        }
        assert_eq!(gateway.get("/live").await["config"], grown());
    }

    let from = gateway.stderr().len();
    fs::remove_file(home.config_path()).unwrap();
    gateway.says(from, &["No such file"]).await;

    // Written in place this time.
    let from = gateway.stderr().len();
    fs::write(home.config_path(), config().to_string()).unwrap();
    gateway.says(from, &["config reloaded: 1 provider"]).await;
    assert_eq!(gateway.get("/live").await, json!({ "config": config(), "env": {} }));

    assert!(streaming.text().await.unwrap().ends_with("tick 30\n"), "nothing of it touched a request");
    assert_eq!(gateway.workerd_pid(), workerd);
    gateway.stop().await;
}

#[tokio::test]
async fn what_says_the_same_is_not_reloaded() {
    let home = Home::new();
    let gateway = home.start().await;
    home.write_config(&config().to_string());
    fs::write(home.path().join("unrelated"), "x").unwrap();
    // The next real change is the first that is heard of.
    home.write_config(&grown().to_string());
    gateway.says(0, &["config reloaded: 2 providers"]).await;
    gateway.says(0, &["warning", "$BETA_KEY"]).await;
    assert_eq!(gateway.stderr().matches("reloaded").count(), 1, "{}", gateway.stderr());
    gateway.stop().await;
}

#[tokio::test]
async fn authentication_is_not_lost_by_a_reload() {
    let home = Home::new().argument("--require-auth");
    home.write_config(&with(config(), "masterKey", json!("gw_0123456789")).to_string());
    let gateway = home.start().await;
    assert!(gateway.stdout().contains("authorization: Bearer YOUR_MASTER_KEY"));
    home.write_config(&config().to_string());
    gateway.says(0, &["$.masterKey", "--require-auth"]).await;
    assert_eq!(gateway.get("/live").await, Value::Null);
    gateway.stop().await;
}

#[tokio::test]
async fn the_next_workerd_boots_with_the_last_good_config() {
    let home = Home::new().variable("BETA_KEY", "sk-beta");
    let gateway = home.start().await;
    home.write_config(&grown().to_string());
    gateway.says(0, &["config reloaded"]).await;
    home.write_config("{");
    gateway.says(0, &["config not reloaded"]).await;

    let dead = gateway.workerd_pid();
    kill(Pid::from_raw(dead), Signal::SIGKILL).unwrap();
    until("its end", async || (!is_alive(dead)).then_some(())).await;
    assert_eq!(gateway.get("/boot").await, grown());
    assert_eq!(gateway.get("/env").await["BETA_KEY"], "sk-beta");
    gateway.stop().await;
}

#[tokio::test]
async fn a_change_while_workerd_is_down_arrives_later() {
    let home = Home::new();
    let gateway = home.start().await;
    kill(Pid::from_raw(gateway.workerd_pid()), Signal::SIGKILL).unwrap();
    home.write_config(&grown().to_string());
    gateway.says(0, &["config reloaded: 2 providers"]).await;
    assert_eq!(gateway.get("/live").await["config"], grown());
    gateway.stop().await;
}

#[tokio::test]
async fn a_link_is_followed() {
    let home = Home::new();
    let elsewhere = home.path().join("dotfiles");
    fs::create_dir(&elsewhere).unwrap();
    fs::rename(home.config_path(), elsewhere.join("config.json")).unwrap();
    symlink(elsewhere.join("config.json"), home.config_path()).unwrap();
    let gateway = home.start().await;
    fs::write(elsewhere.join("config.json"), grown().to_string()).unwrap();
    gateway.says(0, &["config reloaded: 2 providers"]).await;
    gateway.stop().await;
}

#[tokio::test]
async fn watching_can_be_switched_off() {
    let home = Home::new().argument("--watch-config=false");
    let gateway = home.start().await;
    assert!(gateway.stdout().contains("not watched"));
    home.write_config(&grown().to_string());
    assert_eq!(gateway.get("/live").await, Value::Null);
    gateway.stop().await;
}

fn with(mut config: Value, field: &str, value: Value) -> Value {
    config[field] = value;
    config
}
