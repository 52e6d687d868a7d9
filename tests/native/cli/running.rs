//! `stop` and `reload`: what is done to a gateway that runs, and to nothing else.

use std::fs;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use super::process::{End, Gateway, Home, config, is_alive, until};

/// Runs another command in the home of a gateway.
async fn run(home: &Home, arguments: &[&str]) -> End {
    let mut command = home.command_of(env!("CARGO_BIN_EXE_llm-router").as_ref(), &words(arguments));
    End::of(command.output().await.unwrap())
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

async fn ended(gateway: Gateway) {
    let (status, stderr) = gateway.ended().await;
    assert_eq!(status.code(), Some(0), "{stderr}");
}

#[tokio::test]
async fn stop_lets_requests_finish() {
    let home = Home::new();
    let end = run(&home, &["stop"]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    assert!(end.stdout.contains("no running llm-router was found"), "{}", end.stdout);

    let gateway = home.start().await;
    let (pid, workerd, url) = (gateway.pid(), gateway.workerd_pid(), gateway.url.clone());
    let mut response = reqwest::get(format!("{url}/ticks?count=15&ms=100")).await.unwrap();
    assert_eq!(response.chunk().await.unwrap().unwrap(), "tick 1\n");
    let stopping = run(&home, &["stop", "--json"]);
    let (end, rest) = tokio::join!(stopping, response.text());
    assert!(rest.unwrap().ends_with("tick 15\n"));
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    let said: Value = serde_json::from_str(&end.stdout).unwrap();
    assert_eq!(said["stopped"][0]["mode"], "manual");
    assert_eq!(said["stopped"][0]["pid"], pid);
    assert_eq!(said["stopped"][0]["signal"], "SIGTERM");
    assert!(!is_alive(workerd));
    ended(gateway).await;

    let end = run(&home, &["stop", "--json"]).await;
    assert_eq!(serde_json::from_str::<Value>(&end.stdout).unwrap()["stopped"], json!([]));
}

#[tokio::test]
async fn stop_says_what_remains_and_kills_only_if_told_to() {
    let home = Home::new();
    let gateway = home.start().await;
    let workerd = gateway.workerd_pid();
    gateway.signal(Signal::SIGSTOP);
    let end = run(&home, &["stop", "--wait=1"]).await;
    assert_eq!(end.code, Some(1));
    let pid = gateway.pid().to_string();
    assert!(end.stderr.contains(&pid) && end.stderr.contains("--force"), "{}", end.stderr);
    assert!(is_alive(gateway.pid()) && is_alive(workerd));

    let end = run(&home, &["stop", "--wait=0", "--force"]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    assert!(end.stdout.contains("signal=SIGKILL"), "{}", end.stdout);
    assert!(!is_alive(workerd));
    let (status, _) = gateway.ended().await;
    assert_eq!(status.code(), None);
}

#[tokio::test]
async fn an_orphaned_workerd_is_stopped() {
    let home = Home::new();
    let gateway = home.start().await;
    let workerd = gateway.workerd_pid();
    gateway.signal(Signal::SIGKILL);
    gateway.ended().await;
    assert!(is_alive(workerd));
    assert_eq!(run(&home, &["reload"]).await.code, Some(1));
    let end = run(&home, &["stop"]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    assert!(end.stdout.contains("mode=orphan") && end.stdout.contains(&format!("pid={workerd}")));
    assert!(!is_alive(workerd));
    home.start().await.stop().await;
}

/// A number in a file that a crash left behind may be anybody's by now.
#[tokio::test]
async fn a_reused_pid_is_never_signalled() {
    let home = Home::new();
    let gateway = home.start().await;
    let path = home.state_path().join("run/pids");
    let pids = fs::read_to_string(&path).unwrap();
    gateway.stop().await;

    let mut bystander = std::process::Command::new("sleep").arg("60").stdout(Stdio::null()).spawn().unwrap();
    let mut stale: Value = serde_json::from_str(&pids).unwrap();
    for pid in ["/llmRouter", "/workerd", "/gateway/pid", "/runtime/pid"] {
        *stale.pointer_mut(pid).unwrap() = bystander.id().into();
    }
    fs::write(&path, stale.to_string()).unwrap();
    let end = run(&home, &["stop", "--force", "--wait=0"]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);

    // The same while somebody holds the lock.
    let lock = fs::File::open(home.state_path().join("lock")).unwrap();
    lock.lock().unwrap();
    let end = run(&home, &["stop", "--force", "--wait=0"]).await;
    assert_eq!(end.code, Some(1));
    assert!(end.stderr.contains("was not touched"), "{}", end.stderr);
    assert!(is_alive(bystander.id().try_into().unwrap()));
    bystander.kill().unwrap();
    bystander.wait().unwrap();
}

#[tokio::test]
async fn stop_finds_the_demo_and_other_state_directories() {
    let home = Home::empty().argument("--demo");
    let gateway = home.start().await;
    let end = run(&home, &["reload"]).await;
    assert!(end.code == Some(1) && end.stderr.contains("demo"), "{}", end.stderr);
    assert_eq!(run(&home, &["stop"]).await.code, Some(0));
    ended(gateway).await;
}

#[tokio::test]
async fn reload_says_whether_it_took_effect() {
    let home = Home::new().argument("--watch-config=false");
    let end = run(&home, &["reload"]).await;
    assert_eq!(end.code, Some(1));
    assert!(end.stderr.contains("hint:") && end.stderr.contains("llm-router start"), "{}", end.stderr);

    let gateway = home.start().await;
    let end = run(&home, &["reload", "--json"]).await;
    assert_eq!(serde_json::from_str::<Value>(&end.stdout).unwrap()["changed"], false, "{}", end.stderr);

    let mut grown = config();
    grown["providers"][0]["name"] = json!("Omega");
    home.write_config(&grown.to_string());
    let end = run(&home, &["reload"]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    assert!(end.stdout.contains("the config was reloaded") && end.stdout.contains("providers=1"));
    assert_eq!(gateway.get("/live").await["config"], grown);

    let mut broken = config();
    broken["providers"][0]["baseUrl"] = json!("ftp://x.test");
    let refused = json!({ "refuse": true });
    let mut refusable = config();
    refusable["metadata"] = refused;
    for (text, reason) in [
        (broken.to_string(), "$.providers[0].baseUrl"),
        ("{".to_owned(), "$"),
        (refusable.to_string(), "refused by the Worker"),
    ] {
        home.write_config(&text);
        for _ in 0..2 {
            let end = run(&home, &["reload"]).await;
            assert_eq!(end.code, Some(1));
            assert!(end.stderr.contains(reason), "{}", end.stderr);
        }
    }
    assert_eq!(gateway.get("/live").await["config"], grown);

    // The next workerd has it, too.
    kill(Pid::from_raw(gateway.workerd_pid()), Signal::SIGKILL).unwrap();
    until("the next workerd", async || {
        let response = reqwest::get(format!("{}/boot", gateway.url)).await.ok()?;
        (response.json::<Value>().await.ok()? == grown).then_some(())
    })
    .await;
    gateway.stop().await;
}

#[tokio::test]
async fn reload_reaches_a_gateway_with_a_long_path_and_a_watched_config() {
    let home = Home::new();
    let deep = home.path().join("d".repeat(120));
    let flag = format!("--state-dir={}", deep.display());
    let home = home.argument(&flag);
    let gateway = home.start().await;
    let end = run(&home, &["reload", &flag]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    assert_eq!(run(&home, &["stop", &flag]).await.code, Some(0));
    ended(gateway).await;
}
