//! What there is to say about a model, and which get requests.

use super::*;

#[test]
fn a_model_key_by_key() {
    let mut screen = Screen::open(&config(), &PLAIN);
    screen.press("want to do", &["Models: add", ENTER]).press("Models of which", &[ENTER]);
    screen.press("What about them", &[DOWN, ENTER]).press("Which model", &[DOWN, ENTER]);
    screen.press("Other names", &["little large", ENTER]);
    insta::assert_snapshot!(screen.until_seen("# another model is called").text(), @r#"
    llm-router 2.0.0-alpha.1, config ~/.llm-router.json
    ? What do you want to do? Models: add, describe, switch on and off
    ? Models of which provider? alpha (Alpha)
    ? What about them? Names, formats, limits and capabilities of one
    ? Which model? small
    # another model is called `large`
    ? Other names little large
    [what else clients may call it; empty for none; Esc goes back]
    "#);
    screen.press("Other names", &[ERASE, "little", ENTER]);
    screen.press("Context window", &["128000", ENTER]).press("Longest answer", &[ENTER]);
    screen.press("What can it do", &["images", ENTER]).press("It sees images", &[DOWN, DOWN, ENTER]);
    screen.wait_for("What can it do");
    insta::assert_snapshot!(screen.text(), @r#"
    ? Longest answer
    ? What can it do? sees images: as its name suggests
    ? It sees images? no
    ? What can it do?
      That is all
      thinks when asked to: as its name suggests
      wants its reasoning_content back: as its name suggests
      writes <think> tags into its content: as its name suggests
      takes temperature and top_p: as its name suggests
      takes stop sequences: as its name suggests
      takes a JSON schema for its output: as its name suggests
    > sees images: no
      reads PDF documents: as its name suggests
      takes stream_options: as its name suggests
      takes system messages anywhere: as its name suggests
      goes on with an answer that was begun: as its name suggests
      can be forced to use a tool: as its name suggests
      takes what OpenAI's own models take: as its name suggests
      is asked as ChatGPT is by Codex: as its name suggests
      takes an effort beside tools: as its name suggests
      tells its thinking in short: as its name suggests
      takes only plain JSON schemas: as its name suggests
      efforts it can be asked to think with: as its name suggests
    [choose what to change; arrows, type to filter, Enter; Esc goes back]
    "#);
    screen.press("What can it do", &["all", ENTER]);
    screen.wait_for("Is this right");
    insta::assert_snapshot!(screen.text(), @r#"
    ? Longest answer
    ? What can it do? sees images: as its name suggests
    ? It sees images? no
    ? What can it do? That is all

      Model      alpha/small
      Names      little
      Formats    all of the provider
      Context    128000 tokens
      Answer     not said
      Can        sees images: no

    ? Is this right?
    > Save
      Change something
      Leave without saving
    [arrows, type to filter, Enter; Esc goes back]
    "#);
    screen.press("Is this right", &[ENTER]).press("want to do", &[ESCAPE]);
    assert!(screen.end().success());
    let mut expected = config();
    expected["providers"][0]["models"][1] = json!({ "id": "small", "aliases": ["little"],
        "contextWindow": 128_000, "capabilities": { "supportsImages": false } });
    assert_eq!(screen.config(), expected);
}

#[test]
fn models_and_providers_are_switched_off() {
    let mut screen = Screen::open(&config(), &PLAIN);
    screen.press("want to do", &["Models: add", ENTER]).press("Models of which", &[ENTER]);
    screen.press("What about them", &[DOWN, DOWN, ENTER]);
    screen.press("that get requests", &[DOWN, " ", ENTER]);
    screen.press("Is this right", &[ENTER]);
    screen.press("want to do", &["Switch providers", ENTER]);
    screen.press("Providers that get", &[" ", ENTER]);
    screen.wait_for("Is this right");
    assert!(screen.text().contains("\n  off  alpha\n"), "{}", screen.text());
    screen.press("Is this right", &[ENTER]).press("want to do", &[ESCAPE]);
    assert!(screen.end().success());
    let mut expected = config();
    expected["providers"][0]["models"][1]["enabled"] = json!(false);
    expected["providers"][0]["enabled"] = json!(false);
    assert_eq!(screen.config(), expected);
}
