//! The menu on a pseudo-terminal of 80 by 24, key by key.

mod alias;
mod buckets;
mod cloudflare;
mod confirm;
mod gateway;
mod leaving;
mod models;
mod provider;
mod screen;

use serde_json::{Value, json};

use screen::{CONTROL_C, DOWN, ENTER, ERASE, ESCAPE, Screen};

const PLAIN: [(&str, &str); 1] = [("NO_COLOR", "1")];

fn config() -> Value {
    json!({ "version": 2, "masterKey": "gw_7hQ2mZ9pL4xV8cB1nK6tR3wY", "providers": [
        { "id": "alpha", "name": "Alpha", "baseUrl": "https://alpha.test/v1", "format": "openai",
          "apiKeyEnv": "ALPHA_KEY", "models": [{ "id": "large" }, { "id": "small" }, { "id": "tiny" }] }] })
}

#[test]
fn the_menu_fits_and_ctrl_c_leaves_a_clean_terminal() {
    let mut screen = Screen::open(&config(), &PLAIN);
    screen.wait_for("What do you want to do?");
    insta::assert_snapshot!(screen.text(), @r#"
    llm-router 2.0.0-alpha.1, config ~/.llm-router.json
    ? What do you want to do?
    > Add or edit a provider
      Switch providers on and off
      Remove a provider
      Models: add, describe, switch on and off
      Remove a model
      Add or edit a model alias
      Remove a model alias
      Rate-limit buckets of a provider
      Fallbacks of a model
      Default model
      Master key
      Migrate the config
      Check the config
      Show the config
      Show the route of a request
      Gateway here: status, start, reload, stop
      Service of this system: install, show, uninstall
      Cloudflare: deploy, show the plan, another key
      Quit
    [arrows, type to filter, Enter; Esc goes back]
    "#);
    screen.press("What do you", &[CONTROL_C]);
    assert_eq!(screen.end().code(), Some(130));
    assert_eq!(screen.config(), config());
    assert!(!screen.bytes().contains("\x1b[38"), "no colour");
}

#[test]
fn escape_ends_in_peace() {
    let mut screen = Screen::open(&Value::Null, &PLAIN);
    screen.press("want to do", &["Default", ENTER]).until_seen("add a provider first");
    screen.press("want to do", &[ESCAPE]);
    assert!(screen.end().success());
    assert!(!screen.file().exists(), "nothing was saved");
}

#[test]
fn a_dumb_terminal_gets_lines() {
    let mut screen = Screen::open(&config(), &[("TERM", "dumb")]);
    screen.type_line("Number", "11").type_line("Master key\n", "2");
    screen.type_line("The key", "short").type_line("this key is weak", "gw_MARKER-9pL4xV8cB1nK6tAnother");
    screen.type_line("instead of gw_7", "<").type_line("The key", "\x1b").type_line("Master key\n", "<");
    screen.type_line("19. Quit", "11").type_line("Master key\n", "2").type_line("The key", "\x03");
    assert_eq!(screen.end().code(), Some(130));
    assert!(!screen.bytes().contains('\x1b') && !screen.bytes().contains("MARKER"), "{}", screen.bytes());
    assert_eq!(screen.config(), config());
}

#[test]
fn nobody_is_asked_where_there_is_no_terminal() {
    let home = tempfile::tempdir().unwrap();
    for arguments in [&[][..], &["config"], &["--config=other.json"]] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_llm-router"));
        let output = command.args(arguments).env("HOME", home.path()).output().unwrap();
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.starts_with("config=/") && !text.contains('?'), "{text}");
    }
}

/// Somebody types, and the answer goes elsewhere.
#[test]
fn nobody_is_asked_where_nobody_sees_the_question() {
    let home = tempfile::tempdir().unwrap();
    let pair = nix::pty::openpty(None, None).unwrap();
    let terminal = || std::process::Stdio::from(pair.slave.try_clone().unwrap());
    for stdout_is_one in [false, true] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_llm-router"));
        command.env_clear().env("HOME", home.path()).env("TERM", "xterm").stdin(terminal());
        if stdout_is_one {
            command.stdout(terminal()).stderr(std::process::Stdio::piped());
        } else {
            command.stderr(terminal()).stdout(std::process::Stdio::piped());
        }
        let output = command.output().unwrap();
        assert!(output.status.success());
        assert!(!String::from_utf8_lossy(&output.stderr).contains('?'));
    }
}

#[test]
fn a_dumb_terminal_takes_a_model_apart() {
    let mut before = config();
    before["providers"][0]["models"][0]["contextWindow"] = json!(1000);
    before["providers"][0]["models"][0]["aliases"] = json!(["big"]);
    let mut screen = Screen::open(&before, &[("TERM", "dumb")]);
    screen.type_line("Number", "4").type_line("Models of which provider?", "1");
    screen.type_line("What about them?", "2").type_line("Which model?", "1");
    screen.type_line("Other names", "-").type_line("Context window", "").type_line("Longest answer", "500");
    screen.type_line("What can it do?", "8").type_line("It sees images?", "3");
    screen.type_line("sees images: no", "1").type_line("Is this right?", "1");
    screen.type_line("19. Quit", "19");
    assert!(screen.end().success());
    assert!(!screen.bytes().contains('\x1b'), "{}", screen.bytes());
    let large = json!({ "id": "large", "contextWindow": 1000, "maxOutputTokens": 500,
        "capabilities": { "supportsImages": false } });
    before["providers"][0]["models"][0] = large;
    assert_eq!(screen.config(), before);
}
