//! The menu on a pseudo-terminal, key by key.

mod screen;

use serde_json::{Value, json};

use screen::{CONTROL_C, DOWN, ENTER, ESCAPE, Screen};

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
      Remove a provider
      Add models, switch them on and off
      Remove a model
      Add or edit a model alias
      Remove a model alias
      Rate-limit buckets of a provider
      Fallbacks of a model
      Default model
      Master key
      Migrate the config
      Show the config
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
    screen.press("want to do", &["Default", ENTER]).press("want to do", &[ESCAPE]);
    assert!(screen.text().contains("add a provider first"), "{}", screen.text());
    assert!(screen.end().success());
    assert!(!screen.file().exists(), "nothing was saved");
}

#[test]
fn a_dumb_terminal_gets_lines() {
    let mut screen = Screen::open(&config(), &[("TERM", "dumb")]);
    screen.type_line("Number", "10").type_line("Master key\n", "2");
    screen.type_line("The key", "short").type_line("this key is weak", "gw_MARKER-9pL4xV8cB1nK6tAnother");
    screen.type_line("Replace gw_7", "<").type_line("The key", "\x1b").type_line("Master key\n", "<");
    screen.type_line("13. Quit", "10").type_line("Master key\n", "2").type_line("The key", "\x03");
    assert_eq!(screen.end().code(), Some(130));
    assert!(!screen.bytes().contains('\x1b') && !screen.bytes().contains("MARKER"), "{}", screen.bytes());
    assert_eq!(screen.config(), config());
}

#[test]
fn a_bucket_key_by_key() {
    let mut screen = Screen::open(&config(), &PLAIN);
    screen.press("want to do", &["buckets", ENTER]);
    screen.press("Caps of which", &[ENTER]);
    screen.press("Buckets of alpha", &[ENTER]);
    screen.press("Name of the bucket", &["Six hours", ENTER]);
    screen.press("Which models", &[DOWN, ENTER]);
    // The first and the third.
    screen.press("Models that it counts", &[" ", DOWN, DOWN, " "]);
    insta::assert_snapshot!(screen.text(), @r#"
    llm-router 2.0.0-alpha.1, config ~/.llm-router.json
    ? What do you want to do? Rate-limit buckets of a provider
    ? Caps of which provider? alpha (Alpha)
    A cap is called a bucket: at most so many requests of these models in each
    window, aligned to the UTC calendar. A request has to fit into all buckets that
    count its model.
    ? Buckets of alpha Create a bucket
    ? Name of the bucket Six hours
    ? Which models does it count? Selected models
    ? Models that it counts
      [x] large
      [ ] small
    > [x] tiny
    [Space marks, type to filter, Enter; Esc goes back]
    "#);
    screen.press("Models that it counts", &[ENTER]);
    screen.press("Requests that fit", &["6x", ENTER]);
    insta::assert_snapshot!(screen.text(), @r#"
    llm-router 2.0.0-alpha.1, config ~/.llm-router.json
    ? What do you want to do? Rate-limit buckets of a provider
    ? Caps of which provider? alpha (Alpha)
    A cap is called a bucket: at most so many requests of these models in each
    window, aligned to the UTC calendar. A request has to fit into all buckets that
    count its model.
    ? Buckets of alpha Create a bucket
    ? Name of the bucket Six hours
    ? Which models does it count? Selected models
    ? Models that it counts 2 chosen
    # write a whole number from 1 to 4294967295
    ? Requests that fit into a window 6x
    [retries count, too; Esc goes back]
    "#);
    screen.press("Requests that fit", &["\x7f", "00", ENTER]);
    screen.press("A window is a", &["hour", ENTER]);
    screen.press("How many hours", &[ESCAPE]);
    screen.press("A window is a", &[ENTER]);
    screen.press("How many hours", &["\x7f", "6", ENTER]);
    screen.wait_for("Is this right");
    insta::assert_snapshot!(screen.text(), @r#"
    A cap is called a bucket: at most so many requests of these models in each
    window, aligned to the UTC calendar. A request has to fit into all buckets that
    count its model.
    ? Buckets of alpha Create a bucket
    ? Name of the bucket Six hours
    ? Which models does it count? Selected models
    ? Models that it counts 2 chosen
    ? Requests that fit into a window 600
    ? A window is a hour(s)
    ? How many hours are a window? <canceled>
    ? A window is a hour(s)
    ? How many hours are a window? 6

      Bucket of  alpha
      Name       Six hours
      Scope      large, tiny
      Cap        600 requests every 6 hours
      Id         six-hours

    ? Is this right?
    > Save
      Change something
      Leave without saving
    [arrows, type to filter, Enter; Esc goes back]
    "#);
    screen.press("Is this right", &[ENTER]);
    screen.press("Add another", &["y", ENTER]);
    screen.press("Name of the bucket", &["Month", ENTER]);
    screen.press("Which models", &[ENTER]);
    screen.press("Requests that fit", &["20000", ENTER]);
    screen.press("A window is a", &[ENTER]);
    screen.press("Is this right", &[ENTER]);
    screen.press("Add another", &[ENTER]);
    screen.press("Buckets of alpha", &["Done", ENTER]);
    screen.press("want to do", &["Quit", ENTER]);
    assert!(screen.end().success());
    let mut expected = config();
    expected["providers"][0]["rateLimits"] = json!([
        { "id": "six-hours", "name": "Six hours", "models": ["large", "tiny"], "requests": 600,
          "window": { "unit": "hour", "size": 6 } },
        { "id": "month", "name": "Month", "models": ["all"], "requests": 20000,
          "window": { "unit": "month", "size": 1 } },
    ]);
    assert_eq!(screen.config(), expected);
}

#[test]
fn a_provider_key_by_key() {
    let mut screen = Screen::open(&Value::Null, &PLAIN);
    screen.press("want to do", &[ENTER]);
    screen.wait_for("Whose API");
    insta::assert_snapshot!(screen.text(), @r#"
    llm-router 2.0.0-alpha.1, config ~/.llm-router.json
    ? What do you want to do? Add or edit a provider
    ? Whose API is it?
    > Another one, by its URL
      OpenAI
      Anthropic
      OpenRouter
      Google Gemini
      DeepSeek
      Groq
      Mistral
      xAI
      Together AI
      Fireworks AI
      Moonshot (Kimi)
      Z.ai (GLM)
      Z.ai (GLM coding plan)
      MiniMax
    v Cerebras
    [arrows, type to filter, Enter; Esc goes back]
    "#);
    screen.press("Whose API", &[ENTER]);
    screen.press("Name of the provider", &["Local Lab", ENTER]);
    screen.press("Id", &[ENTER]);
    // Nobody listens there.
    screen.press("Base URL", &["http://127.0.0.1:9/v1", ENTER]);
    screen.press("Where is its API key", &[DOWN, ENTER]);
    screen.press("API key", &["sk-MARKER-0123456789", ENTER]);
    screen.press("Headers", &[ENTER]);
    screen.press("Ask the provider", &[ENTER]);
    screen.press("The probe found nothing", &[DOWN, ENTER]);
    screen.press("Formats", &[ENTER]);
    screen.press("Models", &["qwen3 llama", ENTER]);
    screen.wait_for("Is this right");
    insta::assert_snapshot!(screen.text(), @r#"
    ? Headers of its own
    ? Ask the provider what it has? Yes
    This probe asks nothing that a provider bills.
      http://127.0.0.1:9/v1 (1 requests)
        unreachable: Connection refused (os error 111)
      Result: nothing that can be used
        note: http://127.0.0.1:9/v1 is unreachable: Connection refused (os error 111)
        1 requests, of which 0 were answered by a model (at most 0 could have been)
    ? The probe found nothing that can be used Go on without a probe
    ? Formats that it speaks 1 chosen
    ? Models qwen3 llama

      Provider   Local Lab (local-lab)
      URL        http://127.0.0.1:9/v1
      Formats    openai
      Key        sk-M...6789
      Models     qwen3, llama

    ? Is this right?
    > Save
      Change something
      Leave without saving
    [arrows, type to filter, Enter; Esc goes back]
    "#);
    screen.press("Is this right", &[ENTER]);
    screen.press("Set caps", &[ENTER]);
    screen.press("Make a master key", &[ENTER]);
    screen.press("Master key", &[ENTER]);
    screen.press("want to do", &[ESCAPE]);
    assert!(screen.end().success());
    assert!(!screen.bytes().contains("MARKER"), "the key is never shown");
    let saved = screen.config();
    let key = saved["masterKey"].as_str().unwrap();
    assert_eq!(screen.bytes().matches(key).count(), 1, "shown once");
    let expected = json!({
        "version": 2, "masterKey": key, "defaultModel": "local-lab/qwen3",
        "providers": [{
            "id": "local-lab", "name": "Local Lab", "baseUrl": "http://127.0.0.1:9/v1", "format": "openai",
            "formats": ["openai"], "apiKey": "sk-MARKER-0123456789",
            "models": [{ "id": "qwen3" }, { "id": "llama" }], "rateLimits": [],
        }],
    });
    assert_eq!(saved, expected);
}

#[test]
fn an_alias_key_by_key() {
    let mut screen = Screen::open(&config(), &PLAIN);
    screen.press("want to do", &["edit a model alias", ENTER]);
    screen.press("Name of the alias", &["team", ENTER]);
    screen.press("first choice", &["weighted", ENTER]);
    screen.press("Targets", &[" ", DOWN, " ", ENTER]);
    screen.press("Order and weights", &["@2", ENTER]);
    screen.press("Fallback targets", &[" ", ENTER]);
    screen.wait_for("Is this right");
    insta::assert_snapshot!(screen.text(), @r#"
    llm-router 2.0.0-alpha.1, config ~/.llm-router.json
    ? What do you want to do? Add or edit a model alias
    An alias is one name in front of several models. Fallback targets get requests
    only when no target is eligible.
    ? Name of the alias team
    ? Which target is the first choice? weighted-rr: in turns, by weight
    ? Targets 2 chosen
    ? Order and weights alpha/large, alpha/small@2
    ? Fallback targets, if any 1 chosen

      Alias      team
      Strategy   weighted-rr
      Targets    alpha/large
                 alpha/small@2
      Fallbacks  alpha/tiny

    ? Is this right?
    > Save
      Change something
      Leave without saving
    [arrows, type to filter, Enter; Esc goes back]
    "#);
    screen.press("Is this right", &[ENTER]);
    screen.press("want to do", &[ESCAPE]);
    assert!(screen.end().success());
    let team = json!({ "strategy": "weighted-rr",
        "targets": [{ "ref": "alpha/large" }, { "ref": "alpha/small", "weight": 2 }],
        "fallbackTargets": [{ "ref": "alpha/tiny" }] });
    assert_eq!(screen.config()["modelAliases"]["team"], team);
}
