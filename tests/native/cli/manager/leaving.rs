//! Ways out, and what nobody may see.

use super::*;

#[test]
fn escape_goes_back_to_the_first_question_and_to_the_menu() {
    let home = Home::new(&config());
    let before = fs::read_to_string(&home.path).unwrap();
    home.after(&[
        ("want to do", Pick("Add or edit a provider")),
        ("Which provider", Pick("A new")),
        ("Whose API", Enter),
        ("Name of the provider", Type("alpha")),
        ("Name of the provider", Type("Other")),
        ("Id", Esc),
        ("Name of the provider", Esc),
        ("Whose API", Esc),
        ("Which provider", Esc),
        ("want to do", Pick("Default model")),
        ("Default model", Esc),
    ]);
    assert_eq!(fs::read_to_string(&home.path).unwrap(), before);
}

#[test]
fn ctrl_c_ends_everything_and_keeps_what_was_saved() {
    let home = Home::new(&config());
    let (end, _) = home.answer(&[
        ("want to do", Pick("Default model")),
        ("Default model", Pick("beta/mini")),
        ("Is this right", Pick("Save")),
        ("want to do", Pick("Remove a provider")),
        ("which provider", CtrlC),
    ]);
    let Err(Halt::Stop(failure)) = end else { panic!("it goes on") };
    assert_eq!(failure.exit, Exit::Interrupted);
    assert_eq!(home.read()["defaultModel"], "beta/mini");
}

#[test]
fn secrets_are_not_on_the_screen() {
    let home = Home::new(&json!({ "version": 2, "masterKey": "gw_7hQ2mZ9pL4xV8cB1nK6tR3wY", "providers": [
        { "id": "a", "name": "A", "baseUrl": "https://a.test/v1?key=MARKER", "format": "openai",
          "apiKey": "sk-MARKER-MARKER-MARKER",
          "headers": { "authorization": "Bearer MARKER" }, "models": ["m"] }] }));
    let (_, screen) = home.answer(&[
        ("want to do", Pick("Add or edit a provider")),
        ("Which provider", Pick("a")),
        ("Name of the provider", Enter),
        ("Base URL", Enter),
        ("Where is its API key", Enter),
        ("How is it shown", Enter),
        ("Headers", Enter),
        ("Ask the provider", No),
        ("Formats", Enter),
        ("Models to use", Enter),
        ("More models", Enter),
        ("Is this right", Pick("Leave")),
        ("want to do", Pick("Show the config")),
        ("want to do", Pick("Quit")),
    ]);
    assert!(!screen.contains("MARKER"), "{screen}");
    assert!(!screen.contains("mZ9pL4"), "{screen}");
}
