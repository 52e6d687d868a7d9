//! Ends: of the gateway, and of a workerd under it.

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use super::process::{Gateway, Home, is_alive, until};

/// A response of `count` lines, one each 100 ms, of which the first has arrived.
async fn stream(gateway: &Gateway, count: usize) -> reqwest::Response {
    let url = format!("{}/ticks?count={count}&ms=100", gateway.url);
    let mut response = reqwest::get(url).await.unwrap();
    assert_eq!(response.chunk().await.unwrap().unwrap(), "tick 1\n");
    response
}

/// Whether these tests run under `nohup`, whose children do not mind a hangup.
fn hangups_are_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.is_some_and(|mask| u64::from_str_radix(mask.trim(), 16).unwrap() & 1 != 0)
}

#[tokio::test]
async fn requests_in_flight_are_finished() {
    let mut signals = vec![Signal::SIGTERM, Signal::SIGINT];
    if !hangups_are_ignored() {
        signals.push(Signal::SIGHUP);
    }
    // The interrupt goes to the whole group, as a terminal sends it.
    for signal in signals {
        let gateway = Home::new().start().await;
        let (workerd, url) = (gateway.workerd_pid(), gateway.url.clone());
        let response = stream(&gateway, 40).await;
        killpg(Pid::from_raw(gateway.pid()), signal).unwrap();
        gateway.says(0, &[signal.as_str(), "in flight"]).await;
        until("newcomers to be turned away", async || {
            let response = reqwest::get(format!("{url}/health")).await.ok()?;
            (response.status() == 503 && response.headers()["retry-after"] == "1").then_some(())
        })
        .await;
        let rest = response.text().await.unwrap();
        assert!(rest.ends_with("tick 40\n"), "{signal}: {rest}");
        let (status, stderr) = gateway.ended().await;
        assert_eq!(status.code(), Some(0), "{stderr}");
        assert!(!is_alive(workerd), "{signal}");
        assert!(!stderr.contains("workerd:"), "{stderr}");
    }
}

#[tokio::test]
async fn a_second_signal_does_not_wait() {
    let gateway = Home::new().start().await;
    let workerd = gateway.workerd_pid();
    let response = stream(&gateway, 10_000).await;
    gateway.signal(Signal::SIGTERM);
    gateway.says(0, &["SIGTERM", "in flight"]).await;
    gateway.signal(Signal::SIGINT);
    let (status, stderr) = gateway.ended().await;
    assert_eq!(status.code(), Some(0), "{stderr}");
    assert!(stderr.contains("SIGINT again"), "{stderr}");
    assert!(!is_alive(workerd));
    assert!(response.text().await.is_err());
}

#[tokio::test]
async fn a_hangup_is_nothing_under_nohup() {
    let home = Home::new();
    let gateway = home.start_as(home.command_after("trap '' HUP")).await;
    gateway.signal(Signal::SIGHUP);
    gateway.signal(Signal::SIGHUP);
    assert_eq!(gateway.get("/health").await["status"], "ok");
    assert_eq!(gateway.stderr(), "");
    gateway.stop().await;
}

#[tokio::test]
async fn a_dead_workerd_is_replaced_and_nobody_is_refused() {
    let gateway = Home::new().start().await;
    assert_eq!(gateway.get("/count").await, 1);
    for round in 2..5 {
        let from = gateway.stderr().len();
        let dead = gateway.workerd_pid();
        kill(Pid::from_raw(dead), Signal::SIGKILL).unwrap();
        until("its end", async || (!is_alive(dead)).then_some(())).await;
        assert_eq!(gateway.get("/count").await, round, "this one waited for the next workerd");
        gateway.says(from, &["workerd died", "SIGKILL"]).await;
        gateway.says(from, &["starting workerd again in", "ms"]).await;
        gateway.says(from, &["answers again"]).await;
    }
    let workerd = gateway.workerd_pid();
    gateway.stop().await;
    assert!(!is_alive(workerd));
}

#[tokio::test]
async fn it_stops_between_two_workerds_too() {
    let gateway = Home::new().start().await;
    kill(Pid::from_raw(gateway.workerd_pid()), Signal::SIGKILL).unwrap();
    gateway.says(0, &["starting workerd again"]).await;
    gateway.stop().await;
}
