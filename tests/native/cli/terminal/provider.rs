//! The provider wizard, against nobody and against a provider that answers.

use mock::{Mock, Reply, Seen};

use super::*;
use crate::cli::config::Home;

#[path = "../probe/mock.rs"]
#[expect(dead_code, reason = "one of its providers is enough here")]
mod mock;

const KEY: &str = "sk-test-0123456789abcdef";

/// It lists a model that it does not have any more.
fn provider(seen: &Seen) -> Reply {
    match (seen.has_bearer(), seen.path.as_str()) {
        (true, "/v1/models") => mock::openai_list(&["large", "small", "old"]),
        _ => mock::openai(seen, &["large", "small"]),
    }
}

/// Requests that a provider bills if it takes them.
fn billed(mock: &Mock) -> usize {
    let asked = mock.bodies("/v1/chat/completions").into_iter().chain(mock.bodies("/v1/responses"));
    asked.filter(|body| body.get("messages").or(body.get("input")).is_some()).count()
}

/// Types in all that can be said of it before it is asked.
fn describe(mock: &Mock) -> Screen {
    let mut screen = Screen::open(&Value::Null, &PLAIN);
    screen.press("want to do", &[ENTER]).press("Whose API", &[ENTER]);
    screen.press("Name of the provider", &["Lab", ENTER]).press("Id", &[ENTER]);
    screen.press("Base URL", &[&mock.at("/v1"), ENTER]);
    screen.press("Where is its API key", &[DOWN, ENTER]).press("^API key", &[KEY, ENTER]);
    screen.press("How is it shown", &[ENTER]);
    screen.press("Headers", &[DOWN, ENTER]).press("Name of the header", &["x-team", ENTER]);
    screen.press("Value of x-team", &["a", ENTER]).press("Headers", &[ENTER]);
    screen.press("Ask the provider", &[ENTER]);
    screen
}

/// What the command of the same name writes.
fn by_command(mock: &Mock) -> String {
    let home = Home::empty();
    let base = format!("--base-url={}", mock.at("/v1"));
    let flags = ["--name=Lab", &base, "--api-key-stdin", "--models=large", r#"--headers={"x-team":"a"}"#];
    let words = [&["upsert-provider", "--probe-rpm=100000"][..], &flags].concat();
    let end = tokio::task::block_in_place(|| home.op_reading(&words, KEY));
    assert_eq!(end.code, Some(0), "{end:?}");
    home.text()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_answers() {
    let mock = Mock::start(provider).await;
    let mut screen = describe(&mock);
    screen.wait_for("Models to use, of 3");
    insta::assert_snapshot!(screen.text().replace(&mock.url, "http://LAB"), @r#"
    llm-router 2.0.0-alpha.1, config ~/.llm-router.json
    ? What do you want to do? Add or edit a provider
    ? Whose API is it? Another one, by its URL
    ? Name of the provider Lab
    ? Id lab
    ? Base URL http://LAB/v1
    ? Where is its API key? Type it; it is stored in the config
    ? API key ********
    ? How is it shown its key? As its format expects it
    ? Headers of its own Add a header
    ? Name of the header x-team
    ? Value of x-team a
    ? Headers of its own That is all
    ? Ask the provider what it has? Yes
    This probe asks nothing that a provider bills.
      speaks openai at http://LAB/v1
      speaks openai-responses at http://LAB/v1
      lists 3 models
    ? Models to use, of 3
    > [ ] large
      [ ] small
      [ ] old
    [Space marks, type to filter, Enter; Esc goes back]
    "#);
    assert_eq!(billed(&mock), 0, "nothing that costs was asked yet");
    assert!(mock.seen().iter().all(|seen| seen.header("x-team") == "a"));
    // The first and the third.
    screen.press("Models to use, of 3", &[" ", DOWN, DOWN, " ", ENTER]);
    screen.press("More models", &[ENTER]);
    screen.wait_for("Ask each of these 2 models");
    insta::assert_snapshot!(screen.text().replace(&mock.url, "http://LAB"), @r#"
    llm-router 2.0.0-alpha.1, config ~/.llm-router.json
    ? What do you want to do? Add or edit a provider
    ? Whose API is it? Another one, by its URL
    ? Name of the provider Lab
    ? Id lab
    ? Base URL http://LAB/v1
    ? Where is its API key? Type it; it is stored in the config
    ? API key ********
    ? How is it shown its key? As its format expects it
    ? Headers of its own Add a header
    ? Name of the header x-team
    ? Value of x-team a
    ? Headers of its own That is all
    ? Ask the provider what it has? Yes
    This probe asks nothing that a provider bills.
      speaks openai at http://LAB/v1
      speaks openai-responses at http://LAB/v1
      lists 3 models
    ? Models to use, of 3 2 chosen
    ? More models, by name
    ? Ask each of these 2 models for one token? (y/N)
    [at most 6 requests that the provider bills; y or n, Esc goes back]
    "#);
    screen.press("Ask each of these 2 models", &["y", ENTER]);
    screen.press("Requests a minute", &[ESCAPE]).press("Ask each of these 2 models", &[ESCAPE]);
    screen.press("More models", &[ENTER]).press("Ask each of these 2 models", &["y", ENTER]);
    screen.press("Requests a minute", &[ERASE, "100000", ENTER]);
    screen.press("What about those", &[ESCAPE]).press("Ask each of these 2 models", &["y", ENTER]);
    screen.press("Requests a minute", &[ERASE, "100000", ENTER]);
    screen.press("What about those", &[DOWN, DOWN, ENTER]);
    screen.wait_for("Is this right");
    insta::assert_snapshot!(screen.text().replace(&mock.url, "http://LAB"), @r#"
    have access to it.); openai-responses: no such model (400: The requested model 'old' does not exist.)
    ? What about those that did not answer? <canceled>
    ? Ask each of these 2 models for one token? Yes
    ? Requests a minute 100000
    This probe asks models for one token each: at most 5 requests that are billed.
      1 of 2 models answered
      old: openai: no such model (404: The model `old` does not exist or you do not have access to it.); openai-responses: no such model (400: The requested model 'old' does not exist.)
    ? What about those that did not answer? Keep those that answered

      Provider   Lab (lab)
      URL        http://LAB/v1
      Formats    openai, openai-responses
      Key        sk-t...cdef
      Header     x-team: *
      Models     large

    ? Is this right?
    > Save
      Change something
      Leave without saving
    [arrows, type to filter, Enter; Esc goes back]
    "#);
    assert!(billed(&mock) > 0);
    screen.press("Is this right", &[ENTER]);
    screen.press("Set caps", &[ENTER]).press("Make a master key", &["n", ENTER]);
    screen.press("want to do", &[ESCAPE]);
    assert!(screen.end().success());
    assert!(!screen.bytes().contains(KEY), "the key is never shown");
    assert_eq!(std::fs::read_to_string(screen.file()).unwrap(), by_command(&mock));
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
      Cerebras
      Ollama (this machine)
      LM Studio (this machine)
    [arrows, type to filter, Enter; Esc goes back]
    "#);
    screen.press("Whose API", &[ENTER]);
    screen.press("Name of the provider", &["Local Lab", ENTER]);
    screen.press("Id", &[ENTER]);
    // Nobody listens there.
    screen.press("Base URL", &["http://127.0.0.1:9/v1", ENTER]);
    screen.press("Where is its API key", &[DOWN, ENTER]);
    screen.press("^API key", &["sk-MARKER-0123456789", ENTER]);
    screen.press("How is it shown", &[ENTER]);
    screen.press("Headers", &[ENTER]);
    screen.press("Ask the provider", &[ENTER]);
    screen.press("The probe found nothing", &[ESCAPE]).press("Ask the provider", &[ENTER]);
    screen.press("The probe found nothing", &[DOWN, ENTER]);
    screen.press("Formats", &[ENTER]);
    screen.press("Models", &["qwen3 llama", ENTER]);
    screen.wait_for("Is this right");
    insta::assert_snapshot!(screen.text(), @r#"
    ? The probe found nothing that can be used <canceled>
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
    screen.press("Is this right", &[ENTER]);
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
