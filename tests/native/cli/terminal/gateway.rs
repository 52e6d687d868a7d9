//! The gateway on this machine and its service, from the menu.

use super::*;
use crate::cli::process::Home;
use crate::cli::service::{SYSTEMCTL, with_manager};

fn variables(home: &Home) -> Vec<(&str, &str)> {
    let mut variables = home.variables();
    variables.push(("NO_COLOR", "1"));
    variables
}

/// With a master key to ask for.
fn keyed() -> Home {
    let home = Home::new();
    let mut config = crate::cli::process::config();
    config["masterKey"] = json!("gw_7hQ2mZ9pL4xV8cB1nK6tR3wY");
    home.write_config(&config.to_string());
    home
}

fn menu<'h>(home: &'h Home, entry: &str) -> Screen {
    let variables: Vec<(&'h str, &'h str)> = variables(home);
    let mut screen = Screen::run(home.path(), &[], &variables);
    screen.press("want to do", &[entry, ENTER]);
    screen
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_is_reloaded_and_stopped() {
    let home = Home::new();
    let mut screen = menu(&home, "Gateway here");
    screen.press("The gateway on", &["Let it", ENTER]);
    screen.press("want to do", &["Gateway here", ENTER]).press("The gateway on", &["How full", ENTER]);
    screen.wait_for("want to do");
    // The menu leaves what was said on the screen.
    for part in ["error: no running llm-router", "error: no gateway runs here", "hint: run one with"] {
        assert!(screen.text().contains(part), "{part}: {}", screen.text());
    }

    let gateway = home.start().await;
    screen.press("want to do", &["Gateway here", ENTER]).press("The gateway on", &["Let it", ENTER]);
    screen.press("want to do", &["Gateway here", ENTER]).press("The gateway on", &["Stop", ENTER]);
    screen.press("Stop the gateway", &[ESCAPE]).press("The gateway on", &[ENTER]);
    screen.press("Stop the gateway", &["y", ENTER]).press("want to do", &[ESCAPE]);
    assert!(screen.end().success());
    assert!(screen.bytes().contains("mode=manual"), "{}", screen.bytes());
    let (status, stderr) = gateway.ended().await;
    assert_eq!(status.code(), Some(0), "{stderr}");
}

#[test]
fn what_is_started_takes_the_terminal() {
    let home = keyed();
    let mut screen = menu(&home, "Gateway here");
    screen.press("The gateway on", &["Start it", ENTER]);
    screen.press("Address to listen", &[ERASE, "a b", ENTER]);
    screen.press("Address to listen", &[ERASE, "127.0.0.1", ENTER]);
    // Below those that the system gives to others.
    let begin = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    let is_free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let free = (begin..32_000).find(is_free).unwrap().to_string();
    screen.press("Port", &[ERASE, &free, ENTER]);
    screen.press("Ask clients", &[ENTER]);
    screen.press("Is this right", &[ENTER]);
    let url = format!("http://127.0.0.1:{free}");
    screen.until_shown(&url, 2);
    let stop = std::process::Command::new(env!("CARGO_BIN_EXE_llm-router"))
        .arg("stop")
        .env("HOME", home.path())
        .output()
        .unwrap();
    assert!(stop.status.success(), "{stop:?}");
    assert!(screen.end().success(), "{}", screen.text());
}

#[test]
fn the_route_of_a_request() {
    let home = Home::new();
    let mut screen = menu(&home, "route");
    screen.press("The route of which", &[ESCAPE]).press("want to do", &[ENTER]);
    screen.press("The route of which", &[DOWN, ENTER]).wait_for("want to do");
    for part in ["as if nothing had been used yet", "It goes to alpha/m-large"] {
        assert!(screen.text().contains(part), "{part}: {}", screen.text());
    }
    screen.press("want to do", &[ESCAPE]);
    assert!(screen.end().success());
}

#[test]
fn the_service_comes_as_it_was_and_goes() {
    let home = with_manager(keyed(), "systemctl", SYSTEMCTL);
    let unit = home.path().join(".config/systemd/user/llm-router.service");
    let read = || std::fs::read_to_string(&unit).unwrap();
    let mut screen = menu(&home, "Service");
    screen.press("The gateway as a service", &[ENTER]);
    screen.press("Address to listen", &[ENTER]).press("Port", &[ERASE, "4321", ENTER]);
    screen.press("Ask clients", &["y", ENTER]);
    screen.wait_for("Is this right");
    insta::assert_snapshot!(screen.text(), @r#"
    llm-router 2.0.0-alpha.1, config ~/.llm-router.json
    ? What do you want to do? Service of this system: install, show, uninstall
    ? The gateway as a service of this system Install it, or install it anew
    ? Address to listen on 127.0.0.1
    ? Port 4321
    ? Ask clients for the master key? Yes

      Address    http://127.0.0.1:4321
      Clients    have to present the master key
      It starts now, and whenever you log in.

    ? Is this right?
    > Install
      Change something
      Leave without installing
    [arrows, type to filter, Enter; Esc goes back]
    "#);
    screen.press("Is this right", &[ENTER]);
    screen.wait_for("want to do");
    let first = read();
    assert!(first.contains("--port=4321") && first.contains("--require-auth=true"), "{first}");

    // What is there is the default, also of what is not asked for.
    std::fs::write(&unit, first.replace("--watch-config=true", "--watch-config=false")).unwrap();
    let before = read();
    screen.press("want to do", &["Service", ENTER]).press("The gateway as a service", &[ENTER]);
    screen.press("Address to listen", &[ENTER]).press("Port 4321", &[ENTER]);
    screen.press("Ask clients", &[ENTER]).press("Is this right", &[ENTER]);
    screen.press("want to do", &["Service", ENTER]).press("The gateway as a service", &["Show", ENTER]);
    assert!(screen.wait_for("want to do").text().contains("installed=true"), "{}", screen.text());
    screen.press("want to do", &["Service", ENTER]).press("The gateway as a service", &["Uninst", ENTER]);
    screen.press("Stop the service", &[ENTER]);
    screen.wait_for("want to do");
    assert_eq!(read(), before);
    screen.press("want to do", &["Service", ENTER]).press("The gateway as a service", &["Uninst", ENTER]);
    screen.press("Stop the service", &["y", ENTER]).press("want to do", &[ESCAPE]);
    assert!(screen.end().success());
    assert!(!unit.exists());
}
